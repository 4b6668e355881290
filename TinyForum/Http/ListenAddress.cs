using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace TinyForum.Http;

/// <summary>An address to listen on; port 0 is any free one.</summary>
internal sealed record ListenAddress(string Host, int Port)
{
    public bool IsLoopback => IPAddress.IsLoopback(Ip);

    public bool IsAny => Ip.Equals(IPAddress.Any);

    /// <summary>The address itself.</summary>
    public Uri Bound => new($"http://{Host}:{Port}/");

    /// <summary>What to open in a browser.</summary>
    public Uri Url => IsAny ? new($"http://localhost:{Port}/") : Bound;

    public IPEndPoint EndPoint => new(Ip, Port);

    /// <summary>
    /// The prefixes by which HttpListener listens on it by itself: a prefix with a literal host answers only requests for that host, so that
    /// loopback needs one for each of its usual names, and all addresses <c>+</c>. There are none for any other address.
    /// </summary>
    public IReadOnlyList<string> Prefixes => IsAny ? [$"http://+:{Port}/"]
        : Ip.Equals(IPAddress.Loopback) ? [$"http://127.0.0.1:{Port}/", $"http://localhost:{Port}/"]
        : [];

    private IPAddress Ip => Host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(Host);

    /// <exception cref="StartException">It is not an address that can be listened on.</exception>
    public static ListenAddress Parse(string text)
    {
        if (HasImpossiblePort(text))
            throw Bad(text, $"must have a port from {IPEndPoint.MinPort} to {IPEndPoint.MaxPort}");
        var wildcard = text.Replace("//*", "//0.0.0.0", StringComparison.Ordinal).Replace("//+", "//0.0.0.0", StringComparison.Ordinal);
        if (!Uri.TryCreate(wildcard, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp)
            throw Bad(text, "must look like http://127.0.0.1:5000 (for https put a proxy in front)");
        if (uri.AbsolutePath != "/" || uri.Query.Length > 0 || uri.UserInfo.Length > 0)
            throw Bad(text, "must be a host and a port and nothing else");
        if (uri.HostNameType == UriHostNameType.IPv6)
            throw Bad(text, "must not be an IPv6 address: HttpListener refuses requests whose Host is one");
        if (uri.Host != "localhost" && !(IPAddress.TryParse(uri.Host, out var ip) && ip.AddressFamily == AddressFamily.InterNetwork))
            throw Bad(text, "must name localhost, an IPv4 address or * for all");
        return new ListenAddress(uri.Host, uri.Port);
    }

    /// <summary>Whether a URL ends in a number that no port has, for which .NET takes it for no URL at all.</summary>
    public static bool HasImpossiblePort(string url) => url.TrimEnd('/') is var authority && authority.LastIndexOf(':') is > 0 and var colon
        && authority[(colon + 1)..] is { Length: > 0 } port && port.TrimStart('-').All(char.IsAsciiDigit)
        && !ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    /// <summary>This address with a port that was free a moment ago instead of 0; someone may take it before it is used.</summary>
    /// <exception cref="SocketException">The machine has no such address.</exception>
    public ListenAddress WithFreePort()
    {
        if (Port != 0)
            return this;
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(EndPoint);
        return this with { Port = ((IPEndPoint)probe.LocalEndPoint!).Port };
    }

    private static StartException Bad(string text, string why) => new($"cannot listen on \"{text}\": it {why}");
}
