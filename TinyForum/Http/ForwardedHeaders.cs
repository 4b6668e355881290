using System.Net;

namespace TinyForum.Http;

/// <summary>What a proxy says about the client. It is believed only if the proxy's address is in one of the trusted networks.</summary>
internal static class ForwardedHeaders
{
    /// <summary>What proxies and content delivery networks add to a request; browsers and programs do not send them.</summary>
    private static readonly string[] OfProxies =
        ["Via", "Forwarded", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "True-Client-IP", "Fastly-Client-IP", "Fly-Client-IP", "CDN-Loop"];

    private static readonly string[] OfProxiesByPrefix = ["X-Forwarded", "X-Original-", "CF-", "X-Envoy-"];

    private const int MaxName = 64;

    /// <summary>What clients say in their own name.</summary>
    private static readonly string[] OfClients = ["Host", "Cookie", "Authorization", "Origin", "Referer", "User-Agent", "Accept", "Connection", "Content-Type"];

    /// <summary>
    /// Whether the client is on this machine, without a proxy in between as far as can be told. The request's host must be a name of
    /// loopback: a web page could make its own name resolve to this machine (DNS rebinding), and some proxies reveal themselves by
    /// nothing but the host, or by speaking HTTP/1.0.
    /// </summary>
    public static bool IsDirectLoopback(Exchange exchange) =>
        exchange.Remote is { } remote && IPAddress.IsLoopback(remote.Address) && exchange.IsHttp11
        && (exchange.HostName.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(exchange.HostName, out var host) && IPAddress.IsLoopback(host)))
        && (exchange.AuthHeader is null || exchange.Header(exchange.AuthHeader) is null)
        && !exchange.HasHeader(name => OfProxies.Contains(name, StringComparer.OrdinalIgnoreCase)
            || OfProxiesByPrefix.Any(p => name.StartsWith(p, StringComparison.OrdinalIgnoreCase)));

    /// <summary>The client's address: the last of <c>X-Forwarded-For</c>, which a trusted proxy has added, or else the connection's.</summary>
    public static IPAddress ClientAddress(Exchange exchange, IReadOnlyList<IPNetwork> trusted)
    {
        var peer = exchange.Remote?.Address ?? IPAddress.None;
        return IsTrusted(peer, trusted) && Last(exchange.Header("X-Forwarded-For")) is { } client && IPEndPoint.TryParse(client, out var address)
            ? address.Address : peer;
    }

    public static bool IsHttps(Exchange exchange, IReadOnlyList<IPNetwork> trusted) =>
        exchange.Remote is { } peer && IsTrusted(peer.Address, trusted)
        && string.Equals(Last(exchange.Header("X-Forwarded-Proto")), "https", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether someone who is not trusted passes on what others have asked.</summary>
    public static bool IsUntrustedProxy(Exchange exchange, IReadOnlyList<IPNetwork> trusted) =>
        (exchange.Header("X-Forwarded-For") ?? exchange.Header("Forwarded")) is not null
        && exchange.Remote is { } peer && !IsTrusted(peer.Address, trusted);

    /// <summary>Whether a header can have that name, and it is a proxy's to set.</summary>
    public static bool IsName(string name) => name.Length is > 0 and <= MaxName && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
        && !OfClients.Contains(name, StringComparer.OrdinalIgnoreCase);

    internal static bool IsTrusted(IPAddress address, IReadOnlyList<IPNetwork> trusted)
    {
        if (trusted.Count == 0)
            return false;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return trusted.Any(network => network.Contains(address));
    }

    private static string? Last(string? list) => list?[(list.LastIndexOf(',') + 1)..].Trim();
}
