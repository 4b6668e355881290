using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace TinyForum.Http;

/// <summary>The address that counts as one client: an IPv4 address, or the /64 network of an IPv6 address.</summary>
internal readonly record struct AddressBlock(ulong Bits, bool IsIPv6)
{
    public static AddressBlock Of(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? new(BinaryPrimitives.ReadUInt64BigEndian(bytes), true)
            : new(BinaryPrimitives.ReadUInt32BigEndian(bytes), false);
    }
}
