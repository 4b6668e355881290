using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;

namespace TinyForum.Http.Guard;

/// <summary>
/// Ends the connections that HttpListener on Linux would leave open forever or crash on: it has no timeouts that work, no limit on
/// connections, and none on a request line. A thread looks at the sockets from outside, asks the kernel what they have sent and received,
/// and shuts down those that break a limit. It never closes one: the descriptor belongs to .NET, which sees the end of the stream and
/// closes it.
/// </summary>
/// <remarks>
/// The server reports what it is doing: <see cref="BeginRequest"/> and <see cref="GuardedConnection.EndRequest"/> around each request, and
/// <see cref="GuardedConnection.BeginBody"/> and <see cref="GuardedConnection.EndBody"/> around reading its body. While a request is served,
/// its connection is only ended if the server is waiting for the client.
/// </remarks>
internal sealed class ConnectionGuard : IDisposable
{
    /// <summary>
    /// Quiet connections are not looked at in every sweep, which makes thousands of them cheap. What such a connection can send in
    /// between, one second at full loopback speed, is a fraction of what would crash HttpListener.
    /// </summary>
    private const int QuietSweeps = 10;

    /// <summary>The same for those whose request is being served meanwhile, from which HttpListener reads nothing.</summary>
    private const int ServedSweeps = 5 * QuietSweeps;

    private const int Headroom = 256; // descriptors looked at beyond the last one in use
    private const int FullSweepEvery = 1000; // milliseconds between two sweeps that look at all descriptors

    private readonly ConnectionLimits _limits;
    private readonly DescriptorBudget _descriptors;
    private readonly ListeningSockets _listening;
    private readonly bool _hearsAccepts;

    /// <summary>Connections by remote address and port, added by whichever sees one first: the sweep or a request.</summary>
    private readonly ConcurrentDictionary<SocketName, GuardedConnection> _byRemote = new();
    private readonly long[] _cut = new long[Enum.GetValues<CutReason>().Length];
    private readonly ManualResetEventSlim _disposed = new();
    private readonly Thread _thread;

    // The following fields belong to the sweep, under _gate.
    private readonly Lock _gate = new();
    private readonly Dictionary<AddressBlock, int> _perBlock = [];
    private Slot[] _slots = new Slot[1024];
    private int _connections, _sweeps, _top;
    private long _nextFullSweep;
    private bool _shutDown;

    /// <summary>The last known use of a descriptor: none, a socket of someone else, or a connection.</summary>
    private struct Slot
    {
        public ulong Cookie;
        public GuardedConnection? Connection;

        /// <summary>Copied from the connection, because following the reference thousands of times would cost more than anything else.</summary>
        public bool IsQuiet;
    }

    private ConnectionGuard(ConnectionLimits limits, DescriptorBudget descriptors, ListeningSockets listening, bool hearsAccepts)
    {
        (_limits, _descriptors, _listening, _hearsAccepts) = (limits, descriptors, listening, hearsAccepts);
        MaxConnections = Math.Min(limits.MaxConnections, descriptors.MaxConnections);
        _thread = new Thread(Run) { IsBackground = true, Name = "connection guard" };
        _thread.Start();
    }

    /// <summary>Connections open at the last sweep.</summary>
    public int Connections => Volatile.Read(ref _connections);

    public int MaxConnections { get; }

    public long CutOff(CutReason reason) =>
        Volatile.Read(ref _cut[(int)reason]) + (reason == CutReason.TooManyConnections ? _listening.Refused : 0);

    /// <summary>
    /// Guards the connections of a server that listens on these <paramref name="addresses"/>; null where that can't work.
    /// <paramref name="hearsAccepts"/>: the server calls <see cref="Accepted"/>. <paramref name="note"/> says why it can't or, if it does
    /// work, what the guard had to change: the server logs it.
    /// </summary>
    public static ConnectionGuard? TryStart(IEnumerable<IPEndPoint> addresses, bool hearsAccepts, ConnectionLimits limits, out string? note)
    {
        try
        {
            if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
                throw new PlatformNotSupportedException("this needs 64-bit Linux");
            var descriptors = new DescriptorBudget();
            var listening = ListeningSockets.Find(addresses, descriptors, limits.SendTimeout);
            var affordable = descriptors.MaxConnections;
            note = affordable >= limits.MaxConnections ? null : string.Create(CultureInfo.InvariantCulture,
                $"at most {affordable} connections instead of {limits.MaxConnections}: the process may have {descriptors.Limit} descriptors");
            return new ConnectionGuard(limits, descriptors, listening, hearsAccepts);
        }
        catch (Exception e) when (e is PlatformNotSupportedException or DllNotFoundException or EntryPointNotFoundException)
        {
            note = $"connections are not guarded: {e.Message}";
            return null;
        }
    }

    /// <summary>Reports that a connection was accepted, before another one is: accepting stops here when descriptors are short.</summary>
    public void Accepted() => _listening.Brake();

    /// <summary>
    /// Reports that a request of this remote end is being served from now on; the server ends it in a <c>finally</c>. Null if the connection was
    /// just shut down: the client knows that the request was not served, and it must not be.
    /// </summary>
    public GuardedConnection? BeginRequest(IPEndPoint remote)
    {
        var name = SocketName.From(remote);
        while (true)
        {
            var connection = Find(name);
            if (connection.TryBegin(out var cut))
                return connection;
            if (cut)
                return null;
            Forget(name, connection);
        }
    }

    /// <summary>
    /// Shuts down every connection and, until disposal, any that is still accepted. Called after the listener has stopped accepting and
    /// requests are drained: HttpListener's own stop would send a <c>200 OK</c> on every open connection.
    /// </summary>
    public void Shutdown()
    {
        lock (_gate)
        {
            _shutDown = true;
            Sweep(Environment.TickCount64, everything: true);
        }
    }

    /// <summary>Stops looking; open connections stay.</summary>
    public void Dispose()
    {
        _disposed.Set();
        _thread.Join();
        _disposed.Dispose();
    }

    private void Run()
    {
        LinuxSocket.Warm();
        for (long nextSweep = 0; ;)
        {
            try
            {
                if (_disposed.Wait(Pause()))
                    return;
                lock (_gate)
                    nextSweep = Look(Environment.TickCount64, nextSweep);
            }
            catch (Exception)
            {
                // Memory is short, and would stay short without the guard: the next sweep goes on from here.
            }
        }
    }

    /// <summary>Sweeps if it is time to. Returns when the next sweep is due.</summary>
    private long Look(long now, long nextSweep)
    {
        var tight = _listening.Brake();
        if (!tight && now < nextSweep)
            return nextSweep;
        var everything = tight || now >= _nextFullSweep;
        Sweep(now, everything);
        if (everything)
        {
            ForgetUnseen(now);
            _nextFullSweep = now + FullSweepEvery;
        }
        return now + (long)_limits.SweepInterval.TotalMilliseconds;
    }

    private int Pause() => _listening.IsBraked || !_hearsAccepts ? 1 : (int)_limits.SweepInterval.TotalMilliseconds;

    /// <summary>One look at every descriptor of the process that may be a connection of this listener.</summary>
    private void Sweep(long now, bool everything)
    {
        _sweeps++;
        var end = everything ? _descriptors.TableSize() : _top + Headroom;
        var last = 0;
        for (var fd = 0; fd < end; fd++)
        {
            if (fd == _slots.Length)
                Array.Resize(ref _slots, 2 * fd);
            ref var slot = ref _slots[fd];
            if (slot.IsQuiet && (fd + _sweeps) % QuietSweeps != 0 && !_shutDown)
            {
                last = fd;
                continue;
            }
            if (slot.Connection is { IsServedQuietly: true } served && (fd + _sweeps) % ServedSweeps != 0 && !_shutDown)
            {
                last = fd;
                served.SeenAt = now;
                continue;
            }
            var cookie = LinuxSocket.Cookie(fd);
            if (cookie != slot.Cookie)
            {
                var gone = slot.Connection;
                slot = default;
                if (gone is not null)
                    Gone(gone);
                // The kernel assigns the lowest free descriptor, so that new ones are near those in use.
                slot = new Slot { Cookie = cookie, Connection = cookie == 0 ? null : Meet(fd, now) };
                if (slot.Connection is not null)
                    end = Math.Max(end, fd + Headroom);
            }
            if (slot.Connection is { } connection)
            {
                last = fd;
                // Two descriptors had the same remote end, one after the other, and the end of the older one was noticed later.
                if (connection.IsRetired)
                    slot.Connection = connection = Find(connection.Remote);
                connection.SeenAt = now;
                if (!connection.IsCut && (_shutDown ? CutReason.Shutdown : connection.Judge(now, fd, _limits)) is { } reason)
                    Cut(fd, cookie, connection, reason);
                slot.IsQuiet = connection.IsQuiet && !connection.IsCut;
            }
        }
        _top = last;
    }

    /// <summary>Starts to track a new socket; null if it is no connection of our listener.</summary>
    private GuardedConnection? Meet(int fd, long now)
    {
        if (!LinuxSocket.TryGetLocal(fd, out var local) || !_listening.Accepted(local) || !LinuxSocket.TryGetPeer(fd, out var remote))
            return null;
        var connection = Find(remote);
        if (connection.IsCut && connection.TryRetire())
        {
            Forget(remote, connection);
            connection = Find(remote);
        }
        connection.Meet(now);
        var ofBlock = ++CollectionsMarshal.GetValueRefOrAddDefault(_perBlock, remote.Block, out _);
        Volatile.Write(ref _connections, _connections + 1);
        if (_connections > MaxConnections)
            connection.Excess = CutReason.TooManyConnections;
        else if (_limits.MaxConnectionsPerAddress is > 0 and var most && ofBlock > most && (_limits.LimitLoopback || !remote.IsLoopback))
            connection.Excess = CutReason.TooManyFromAddress;
        return connection;
    }

    private void Gone(GuardedConnection connection)
    {
        Volatile.Write(ref _connections, _connections - 1);
        if (--CollectionsMarshal.GetValueRefOrNullRef(_perBlock, connection.Remote.Block) == 0)
            _perBlock.Remove(connection.Remote.Block);
        if (connection.TryRetire())
            Forget(connection.Remote, connection);
    }

    private void Cut(int fd, ulong cookie, GuardedConnection connection, CutReason reason)
    {
        // Either a request began meanwhile, and the next sweep looks again, or BeginRequest refuses it: no request is both served and cut off.
        var neverServed = connection.NeverServed;
        if (!connection.TryCut() && reason != CutReason.Shutdown)
            return;
        using var socket = new PinnedSocket(fd, cookie);
        if (!socket.IsOpen)
            return;
        if (neverServed && reason is CutReason.TooManyConnections or CutReason.TooManyFromAddress)
            LinuxSocket.Send(socket.Fd, ListeningSockets.TooMany.Span);
        // Otherwise the kernel would keep megabytes for a client that does not read, as long as an attacker likes.
        if (reason is CutReason.SlowRequest or CutReason.TooManyBytes or CutReason.SlowReader)
            LinuxSocket.ResetOnClose(socket.Fd);
        Interlocked.Increment(ref _cut[(int)reason]);
        connection.IsCut = true;
        LinuxSocket.Shutdown(socket.Fd);
    }

    /// <summary>Removes the entries of connections that were too short for a sweep to see.</summary>
    private void ForgetUnseen(long now)
    {
        foreach (var (name, connection) in _byRemote)
        {
            if (now - connection.SeenAt > 2 * FullSweepEvery && connection.TryRetire())
                Forget(name, connection);
        }
    }

    private GuardedConnection Find(SocketName remote) => _byRemote.GetOrAdd(remote, static name => new GuardedConnection(name));

    private void Forget(SocketName remote, GuardedConnection connection) => _byRemote.TryRemove(new(remote, connection));
}
