using System.Net;

namespace TinyForum;

/// <summary>A request as <see cref="ForumOptions.Authenticate"/> sees it: its head, which stays as it came.</summary>
public sealed class AuthenticationRequest
{
    private readonly ILookup<string, string> _headers;

    internal AuthenticationRequest(string method, string path, IPAddress remoteAddress, IEnumerable<(string Name, string Value)> headers)
    {
        (Method, Path, RemoteAddress) = (method, path, remoteAddress);
        _headers = headers.ToLookup(h => h.Name, h => h.Value, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The method, as in <c>GET</c>.</summary>
    public string Method { get; }

    /// <summary>The path as it was sent, without the base path and the query.</summary>
    public string Path { get; }

    /// <summary>The other end of the connection, which is the proxy if there is one.</summary>
    public IPAddress RemoteAddress { get; }

    /// <summary>The value of a header, whatever the case of its name; <see langword="null"/> if it was not sent, or more than once.</summary>
    public string? Header(string name) => Headers(name) is [var only] ? only : null;

    /// <summary>The values of a header, one for each time that it was sent.</summary>
    public IReadOnlyList<string> Headers(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return [.. _headers[name]];
    }
}
