using System.Net;

namespace TinyForum.Webhooks;

/// <summary>Which addresses webhooks may have: public ones, so that nobody reaches through the forum what only its machine can reach.</summary>
internal static class WebhookAddress
{
    // IANA's special-purpose registries (RFC 6890) and multicast.
    private static readonly IPNetwork[] NotPublic4 =
    [
        .. ((string[])["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
            "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
            "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"]).Select(IPNetwork.Parse),
    ];

    private static readonly IPNetwork Public6 = IPNetwork.Parse("2000::/3"); // all else is loopback, local, multicast, NAT64 or unassigned

    private static readonly IPNetwork[] NotPublic6 = // Teredo and others of IETF's, documentation, 6to4
        [.. ((string[])["2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"]).Select(IPNetwork.Parse)];

    /// <summary>Whether a webhook may have this address.</summary>
    /// <param name="address">The address, as a name was resolved to.</param>
    /// <param name="allowed">The networks that the operator allows besides.</param>
    public static bool IsAllowed(IPAddress address, IReadOnlyList<IPNetwork> allowed)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return IsPublic(plain) || allowed.Any(network => network.Contains(plain));
    }

    private static bool IsPublic(IPAddress address) => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork
        ? !NotPublic4.Any(network => network.Contains(address))
        : Public6.Contains(address) && !NotPublic6.Any(network => network.Contains(address));
}
