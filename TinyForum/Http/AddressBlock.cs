using System.Net;
using TinyForum.Http.Guard;

namespace TinyForum.Http;

/// <summary>The address that counts as one client: an IPv4 address, or an IPv6 /64 network, any address of which a subscriber may use.</summary>
internal readonly record struct AddressBlock(ulong High, ulong Low)
{
    public static AddressBlock Of(IPAddress address) => SocketName.From(new IPEndPoint(address, 0)).Block;

    // Seeded per process, unlike a record's own: the clients choose these numbers.
    public override int GetHashCode() => HashCode.Combine(High, Low);
}
