using System.Net;
using System.Net.Sockets;

namespace TinyForum.Http;

/// <summary>An address to listen on, within what <see cref="HttpListener"/> supports on Linux; port 0 is any free one.</summary>
internal sealed record ListenAddress(string Host, int Port)
{
    public bool IsLoopback => Host is "localhost" || (IPAddress.TryParse(Host, out var ip) && IPAddress.IsLoopback(ip));

    /// <summary>What to open in a browser.</summary>
    public Uri Url => new($"http://{(IsAny ? "localhost" : Host)}:{Port}/");

    /// <summary>
    /// The listener's prefixes. A prefix with a literal host answers only requests for that host, so that loopback needs one for each of its
    /// usual names. Any other address uses <c>+</c>.
    /// </summary>
    public IEnumerable<string> Prefixes => IsLoopback
        ? [$"http://127.0.0.1:{Port}/", $"http://localhost:{Port}/"]
        : [$"http://+:{Port}/"];

    private bool IsAny => Host is "0.0.0.0" or "*" or "+";

    /// <exception cref="StartException">It is not an address that can be listened on.</exception>
    public static ListenAddress Parse(string text)
    {
        var wildcard = text.Replace("//*", "//0.0.0.0", StringComparison.Ordinal).Replace("//+", "//0.0.0.0", StringComparison.Ordinal);
        if (!Uri.TryCreate(wildcard, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp)
            throw Bad(text, "must look like http://127.0.0.1:5000 (for https put a proxy in front)");
        if (uri.AbsolutePath != "/" || uri.Query.Length > 0 || uri.UserInfo.Length > 0)
            throw Bad(text, "must be a host and a port and nothing else");
        if (uri.HostNameType == UriHostNameType.IPv6)
            throw Bad(text, "must not be an IPv6 address: HttpListener can't listen on one");
        if (uri.Host is not ("0.0.0.0" or "localhost") && !(IPAddress.TryParse(uri.Host, out var ip) && ip.AddressFamily == AddressFamily.InterNetwork))
            throw Bad(text, "must name localhost, an IPv4 address or * for all");
        return new ListenAddress(uri.Host, uri.Port);
    }

    /// <summary>This address with a port that was free a moment ago instead of 0; someone may take it before it is used.</summary>
    public ListenAddress WithFreePort()
    {
        if (Port != 0)
            return this;
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IsLoopback ? IPAddress.Loopback : IPAddress.Any, 0));
        return this with { Port = ((IPEndPoint)probe.LocalEndPoint!).Port };
    }

    private static StartException Bad(string text, string why) => new($"cannot listen on \"{text}\": it {why}");
}
