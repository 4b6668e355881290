using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;

namespace TinyForum.Http.Guard;

/// <summary>The few libc calls that <see cref="ConnectionGuard"/> needs on sockets that .NET owns and does not expose.</summary>
internal static unsafe partial class LinuxSocket
{
    private const int SolSocket = 1, SoLinger = 13, SoAttachFilter = 26, SoDetachFilter = 27, SoAcceptConn = 30, SoCookie = 57;
    private const int IpProtoTcp = 6, TcpNoDelay = 1, TcpInfoOption = 11, TcpUserTimeout = 18;
    private const int MsgDontWait = 0x40, MsgNoSignal = 0x4000;
    private const int ShutReadWrite = 2, DupFdCloseOnExec = 1030, RlimitNoFile = 7, OpenNonBlockCloseOnExec = 0x80800, TooManyFiles = 24;

    /// <summary>What the kernel knows of a connection: its <c>tcp_info</c> as of Linux 4.6, of which only these are read.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 148)]
    public struct TcpInfo
    {
        /// <summary>Segments that were sent and are not acknowledged yet.</summary>
        [FieldOffset(24)] public uint Unacked;
        [FieldOffset(120)] public ulong BytesAcked;
        [FieldOffset(128)] public ulong BytesReceived;
        /// <summary>Bytes written but not sent yet: above 0 for long only if the peer does not read.</summary>
        [FieldOffset(144)] public uint NotSentBytes;
    }

    /// <summary>A number that no other socket has had since the machine started; 0 if <paramref name="fd"/> is no open socket.</summary>
    public static ulong Cookie(int fd)
    {
        ulong cookie = 0;
        var length = sizeof(ulong);
        return getsockopt_fast(fd, SolSocket, SoCookie, &cookie, &length) == 0 ? cookie : 0;
    }

    public static bool TryGetInfo(int fd, out TcpInfo info)
    {
        fixed (TcpInfo* p = &info)
        {
            var length = sizeof(TcpInfo);
            return getsockopt(fd, IpProtoTcp, TcpInfoOption, p, &length) == 0 && length == sizeof(TcpInfo);
        }
    }

    public static bool IsListening(int fd)
    {
        int value = 0, length = sizeof(int);
        return getsockopt(fd, SolSocket, SoAcceptConn, &value, &length) == 0 && value != 0;
    }

    public static bool SetNoDelay(int fd) => SetTcpOption(fd, TcpNoDelay, 1);

    public static bool SetUserTimeout(int fd, TimeSpan timeout) => SetTcpOption(fd, TcpUserTimeout, (int)timeout.TotalMilliseconds);

    private static bool SetTcpOption(int fd, int option, int value) => setsockopt(fd, IpProtoTcp, option, &value, sizeof(int)) == 0;

    public static bool TryGetLocal(int fd, out SocketName name) => TryGetName(fd, ofPeer: false, out name);

    public static bool TryGetPeer(int fd, out SocketName name) => TryGetName(fd, ofPeer: true, out name);

    private static bool TryGetName(int fd, bool ofPeer, out SocketName name)
    {
        const ushort Inet = 2, Inet6 = 10;
        var length = 128;
        var address = stackalloc byte[length];
        var result = ofPeer ? getpeername(fd, address, &length) : getsockname(fd, address, &length);
        var family = *(ushort*)address;
        var port = BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(address + 2, 2));
        name = family switch
        {
            Inet => SocketName.From(new ReadOnlySpan<byte>(address + 4, 4), port),
            Inet6 => SocketName.From(new ReadOnlySpan<byte>(address + 8, 16), port),
            _ => default,
        };
        return result == 0 && family is (Inet or Inet6);
    }

    /// <summary>Sends what fits without waiting: on a socket that was never written to, a few hundred bytes always fit.</summary>
    public static void Send(int fd, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
            _ = send(fd, p, bytes.Length, MsgDontWait | MsgNoSignal);
    }

    /// <summary>Ends both directions; what was written before still goes out.</summary>
    public static void Shutdown(int fd) => _ = shutdown(fd, ShutReadWrite);

    /// <summary>Makes closing the socket reset the connection instead of keeping what the peer does not read.</summary>
    public static void ResetOnClose(int fd)
    {
        var linger = (OnOff: 1, Seconds: 0);
        _ = setsockopt(fd, SolSocket, SoLinger, &linger, sizeof(int) * 2);
    }

    /// <summary>Another descriptor of the same file; negative if none is free. See <see cref="PinnedSocket"/> before closing it.</summary>
    public static int Duplicate(int fd) => fcntl(fd, DupFdCloseOnExec, 0);

    public static void Close(int fd) => _ = close(fd);

    /// <summary>The lowest free descriptor; <see cref="int.MaxValue"/> if none is free, negative if the kernel does not tell.</summary>
    public static int LowestFree()
    {
        // A new file, because closing a duplicate of one that has locks, such as the database's, would drop the locks.
        var lowest = eventfd(0, OpenNonBlockCloseOnExec);
        if (lowest < 0)
            return Marshal.GetLastSystemError() == TooManyFiles ? int.MaxValue : lowest;
        Close(lowest);
        return lowest;
    }

    /// <summary>Makes a listening socket drop incoming connections, or accept them again; clients retry. Returns whether that worked.</summary>
    public static bool DropIncoming(int fd, bool drop)
    {
        const ulong Return0 = 0x06; // the classic filter's instruction: code, two jumps and a value in 2, 1, 1 and 4 bytes
        var instruction = Return0;
        nint* program = stackalloc nint[] { 1, (nint)(&instruction) }; // how many, and where
        return setsockopt(fd, SolSocket, drop ? SoAttachFilter : SoDetachFilter, program, sizeof(nint) * 2) == 0;
    }

    /// <summary>Accepts a connection if one is waiting; negative otherwise.</summary>
    public static int Accept(int fd) => accept4(fd, null, null, OpenNonBlockCloseOnExec);

    /// <summary>How many descriptors this process may have after raising its limit as far as possible; null if that is unknown.</summary>
    public static long? RaiseDescriptorLimit()
    {
        Limit limit;
        if (getrlimit(RlimitNoFile, &limit) != 0)
            return null;
        var raised = limit with { Soft = limit.Hard };
        var soft = setrlimit(RlimitNoFile, &raised) == 0 ? raised.Soft : limit.Soft;
        return (long)Math.Min(soft, long.MaxValue);
    }

    /// <summary>Compiles the code that a flood needs at once, by calling it without a socket.</summary>
    public static void Warm()
    {
        const int None = -1;
        DropIncoming(None, drop: true);
        _ = Duplicate(None);
        _ = Accept(None);
        Send(None, [0]);
        ResetOnClose(None);
        Shutdown(None);
        Close(None);
    }

    private record struct Limit(nuint Soft, nuint Hard);

    // Reads a number and never waits, once per descriptor and sweep: without the GC transition it costs a third less.
    [LibraryImport("libc", EntryPoint = "getsockopt"), SuppressGCTransition]
    private static partial int getsockopt_fast(int fd, int level, int option, void* value, int* length);

    [LibraryImport("libc")]
    private static partial int getsockopt(int fd, int level, int option, void* value, int* length);

    [LibraryImport("libc")]
    private static partial int setsockopt(int fd, int level, int option, void* value, int length);

    [LibraryImport("libc")]
    private static partial int getsockname(int fd, byte* address, int* length);

    [LibraryImport("libc")]
    private static partial int getpeername(int fd, byte* address, int* length);

    [LibraryImport("libc")]
    private static partial nint send(int fd, byte* bytes, nint length, int flags);

    [LibraryImport("libc")]
    private static partial int shutdown(int fd, int how);

    [LibraryImport("libc")]
    private static partial int accept4(int fd, byte* address, int* length, int flags);

    [LibraryImport("libc")]
    private static partial int eventfd(uint value, int flags);

    [LibraryImport("libc")]
    private static partial int fcntl(int fd, int command, int value);

    [LibraryImport("libc")]
    private static partial int close(int fd);

    [LibraryImport("libc")]
    private static partial int getrlimit(int resource, Limit* limit);

    [LibraryImport("libc")]
    private static partial int setrlimit(int resource, Limit* limit);
}

/// <summary>An address and a port as a key that costs no allocation; IPv4 in its IPv6-mapped form.</summary>
internal readonly record struct SocketName(ulong High, ulong Low, ushort Port)
{
    private const ulong MappedPrefix = 0xFFFF_0000_0000;

    public bool IsAnyAddress => High == 0 && Low is 0 or MappedPrefix;

    public bool IsLoopback => High == 0 && (Low == 1 || Low >> 24 == 0xFFFF7F);

    public AddressBlock Block => new(High, High == 0 ? Low : 0);

    public static SocketName From(IPEndPoint endPoint)
    {
        Span<byte> bytes = stackalloc byte[16];
        endPoint.Address.TryWriteBytes(bytes, out var written);
        return From(bytes[..written], (ushort)endPoint.Port);
    }

    public static SocketName From(ReadOnlySpan<byte> address, ushort port) => address.Length == 4
        ? new(0, MappedPrefix | BinaryPrimitives.ReadUInt32BigEndian(address), port)
        : new(BinaryPrimitives.ReadUInt64BigEndian(address), BinaryPrimitives.ReadUInt64BigEndian(address[8..]), port);

    // As in AddressBlock.
    public override int GetHashCode() => HashCode.Combine(High, Low, Port);
}
