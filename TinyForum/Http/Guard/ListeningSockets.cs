using System.Globalization;
using System.Net;
using System.Text;

namespace TinyForum.Http.Guard;

/// <summary>
/// The sockets that a server listens on, and a brake on them: while descriptors are short, no connection is accepted, because a burst
/// would use up the last ones. Thread-safe.
/// </summary>
internal sealed class ListeningSockets(List<ListeningSockets.ListeningSocket> sockets, DescriptorBudget descriptors)
{
    private readonly Lock _gate = new();
    private long _refused;

    internal readonly record struct ListeningSocket(int Fd, ulong Cookie, SocketName Name);

    /// <summary>The answer to a connection that is one too many.</summary>
    public static ReadOnlyMemory<byte> TooMany { get; } = Answer503("{\n  \"message\": \"too many connections\",\n  \"status\": \"fail\"\n}\n");

    public bool IsBraked { get; private set; }

    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Finds the sockets that listen on these addresses, and sets the options that accepted sockets inherit.</summary>
    /// <exception cref="PlatformNotSupportedException">There are none, or the kernel does not tell enough about them.</exception>
    public static ListeningSockets Find(IEnumerable<IPEndPoint> addresses, DescriptorBudget descriptors, TimeSpan sendTimeout)
    {
        var wanted = addresses.Select(SocketName.From).ToHashSet();
        var found = new List<ListeningSocket>();
        var end = descriptors.TableSize();
        for (var fd = 0; fd < end; fd++)
        {
            if (LinuxSocket.IsListening(fd) && LinuxSocket.TryGetLocal(fd, out var name) && wanted.Contains(name))
                found.Add(new ListeningSocket(fd, LinuxSocket.Cookie(fd), name));
        }
        if (found.Count == 0)
            throw new PlatformNotSupportedException("the listening socket was not found");
        if (!found.TrueForAll(s =>
            LinuxSocket.TryGetInfo(s.Fd, out _) && LinuxSocket.SetNoDelay(s.Fd) && LinuxSocket.SetUserTimeout(s.Fd, sendTimeout)))
            throw new PlatformNotSupportedException("this kernel does not tell enough about its sockets");
        return new ListeningSockets(found, descriptors);
    }

    /// <summary>Whether a connection with this local end was accepted here.</summary>
    public bool Accepted(SocketName local) => sockets.Exists(s => s.Name.Port == local.Port && (s.Name == local || s.Name.IsAnyAddress));

    /// <summary>Accepts nothing while descriptors are short, and refuses those who wait. Returns whether descriptors are short.</summary>
    public bool Brake()
    {
        lock (_gate)
        {
            var isShort = descriptors.AreShort();
            if (!isShort && !IsBraked)
                return false;
            foreach (var (fd, cookie, _) in sockets)
            {
                // The listener may have closed the socket to stop, and its number may belong to another file by now. That this happens between
                // these calls can't be excluded: a duplicate would keep the port open.
                if (LinuxSocket.Cookie(fd) != cookie)
                    continue;
                if (isShort != IsBraked)
                    LinuxSocket.DropIncoming(fd, isShort);
                for (int waiting; isShort && (waiting = LinuxSocket.Accept(fd)) >= 0;)
                {
                    LinuxSocket.Send(waiting, TooMany.Span);
                    LinuxSocket.Shutdown(waiting);
                    LinuxSocket.Close(waiting);
                    Interlocked.Increment(ref _refused);
                }
            }
            return IsBraked = isShort;
        }
    }

    private static byte[] Answer503(string json) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
        $"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: {json.Length}\r\n"
        + $"Retry-After: 1\r\nServer: TinyForum\r\nConnection: close\r\n\r\n{json}"));
}
