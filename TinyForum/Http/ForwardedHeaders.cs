using System.Net;
using System.Net.Sockets;

namespace TinyForum.Http;

/// <summary>What a proxy says about the client: believed only if <see cref="ForumOptions.TrustProxy"/> is on and the proxy is near.</summary>
internal static class ForwardedHeaders
{
    /// <summary>
    /// Whether the client is on this machine, without a proxy in between. The request's host must be a name of loopback: a web page could make
    /// its own name resolve to this machine (DNS rebinding), and some proxies reveal themselves by nothing but the host.
    /// </summary>
    public static bool IsDirectLoopback(Exchange exchange) =>
        exchange.Remote is { } remote && IPAddress.IsLoopback(remote.Address)
        && exchange.Header("Forwarded") is null && !exchange.HasHeaderStartingWith("X-Forwarded-")
        && (exchange.HostName is "" or "127.0.0.1" || exchange.HostName.Equals("localhost", StringComparison.OrdinalIgnoreCase));

    /// <summary>The client's address: the last of <c>X-Forwarded-For</c>, which the trusted proxy has added, or else the connection's.</summary>
    public static IPAddress ClientAddress(Exchange exchange, bool trustProxy)
    {
        var peer = exchange.Remote?.Address ?? IPAddress.None;
        return trustProxy && IsNear(peer) && Last(exchange.Header("X-Forwarded-For")) is { } client && IPEndPoint.TryParse(client, out var address)
            ? address.Address : peer;
    }

    public static bool IsHttps(Exchange exchange, bool trustProxy) =>
        trustProxy && exchange.Remote is { } peer && IsNear(peer.Address)
        && string.Equals(Last(exchange.Header("X-Forwarded-Proto")), "https", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether an address belongs to this machine or a private network: only a proxy there is believed.</summary>
    internal static bool IsNear(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            return IPAddress.IsLoopback(address) || address.IsIPv6UniqueLocal || address.IsIPv6LinkLocal;
        return address.GetAddressBytes() is [127, ..] or [10, ..] or [172, >= 16 and < 32, ..] or [192, 168, ..] or [169, 254, ..];
    }

    private static string? Last(string? list) => list?[(list.LastIndexOf(',') + 1)..].Trim();
}
