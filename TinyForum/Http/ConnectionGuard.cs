using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;

namespace TinyForum.Http;

/// <summary>Why a connection was ended.</summary>
internal enum CutReason
{
    Idle,
    SlowRequest,
    TooManyBytes,
    SlowReader,
    TooManyConnections,
    TooManyFromAddress,
    Shutdown,
}

/// <summary>
/// Ends the connections that HttpListener on Linux leaves open for good or dies of: it has no timeouts that work, no limit of connections, none
/// of a header line. A thread looks at the sockets from outside, asks the kernel what they have sent and received, and shuts down those that
/// break a limit. It never closes one: the descriptor belongs to .NET, which reads an end of stream and closes it.
/// </summary>
/// <remarks>
/// The server says what it is doing: <see cref="BeginRequest"/> and <see cref="GuardedConnection.EndRequest"/> around each request, and
/// <see cref="GuardedConnection.BeginBody"/> and <see cref="GuardedConnection.EndBody"/> around reading its body. A connection being served is
/// only ended when it is the client that is waited for.
/// </remarks>
internal sealed class ConnectionGuard : IDisposable
{
    /// <summary>
    /// Connections on which nothing happens are looked at once in so many sweeps, which makes thousands of them cheap. What such a one can send
    /// meanwhile, a second at full loopback speed, is a fraction of what HttpListener dies of.
    /// </summary>
    private const int QuietSweeps = 10;

    /// <summary>Descriptors for what the process opens later: databases, logs, threads.</summary>
    private const int OtherDescriptors = 96;

    /// <summary>Descriptors looked at beyond the last one in use.</summary>
    private const int Headroom = 256;

    /// <summary>Milliseconds between two sweeps that look at all descriptors.</summary>
    private const int FullSweepEvery = 1000;

    private readonly ConnectionLimits _options;
    private readonly List<Listening> _listening;
    private readonly int _maxConnections;
    private readonly int _brakeAt;
    private readonly long _maxDescriptors;

    private static readonly byte[] TooMany = Answer503("{\n  \"message\": \"too many connections\",\n  \"status\": \"fail\"\n}\n");

    /// <summary>Connections by remote address and port, made by whoever sees one first: the sweep or a request.</summary>
    private readonly ConcurrentDictionary<SocketName, GuardedConnection> _byRemote = new();
    private readonly long[] _cut = new long[Enum.GetValues<CutReason>().Length];

    // What follows belongs to the sweep, under _gate.
    private readonly Lock _gate = new();
    private readonly Lock _brake = new();
    private readonly Dictionary<(ulong, ulong), int> _perHost = [];
    private readonly ManualResetEventSlim _disposed = new();
    private readonly Thread? _thread;
    private readonly Accepting _accepting;
    private Slot[] _slots = new Slot[1024];
    private int _connections, _sweeps, _top;
    private long _nextFullSweep;
    private bool _shutDown, _braked;

    private readonly record struct Listening(int Fd, ulong Cookie, SocketName Name);

    /// <summary>What a descriptor was when last seen: nothing, a socket that is none of ours, or a connection.</summary>
    private struct Slot
    {
        public ulong Cookie;
        public GuardedConnection? Connection;

        /// <summary>Copied from the connection, because following the reference thousands of times costs more than anything else.</summary>
        public bool IsQuiet;
    }

    [SupportedOSPlatform("linux")]
    private ConnectionGuard(ConnectionLimits options, List<Listening> listening, int maxConnections, long maxDescriptors, int brakeAt)
    {
        (_options, _listening, _maxConnections, _maxDescriptors, _brakeAt) = (options, listening, maxConnections, maxDescriptors, brakeAt);
        _thread = new Thread(Run) { IsBackground = true, Name = "connection guard" };
        _accepting = new Accepting(() => Brake());
        _thread.Start();
    }

    /// <summary>Connections open at the last sweep.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>How many connections may be open.</summary>
    public int MaxConnections => _maxConnections;

    /// <summary>How many connections were ended for that reason.</summary>
    public long CutOff(CutReason reason) => Volatile.Read(ref _cut[(int)reason]);

    /// <summary>
    /// Guards the connections of a listener that has been started; null where that can't work. <paramref name="note"/> then says why, and
    /// otherwise what the guard had to change, if anything: the server logs it.
    /// </summary>
    public static ConnectionGuard? TryStart(HttpListener listener, ConnectionLimits options, out string? note)
    {
        note = null;
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
        {
            note = "connections are not guarded: that is for 64-bit Linux";
            return null;
        }

        try
        {
            var limit = LinuxSocket.RaiseDescriptorLimit() ?? 1024;
            var listening = FindListening(listener, DescriptorTableSize(limit));
            if (listening.Count == 0)
            {
                note = "connections are not guarded: the listening socket was not found";
                return null;
            }

            // Connections take none of the last: to start a thread takes two, and the process ends if there are none.
            var brakeAt = (int)Math.Min(limit - Math.Min(limit / 4, 1024), int.MaxValue);
            foreach (var (fd, _, _) in listening)
            {
                // Accepted sockets inherit the options.
                if (!LinuxSocket.TryGetInfo(fd, out _) || !LinuxSocket.SetNoDelay(fd) || !LinuxSocket.SetUserTimeout(fd, options.SendTimeout))
                {
                    note = "connections are not guarded: this kernel does not tell enough about its sockets";
                    return null;
                }
            }

            var inUse = LinuxSocket.Duplicate(listening[0].Fd); // the lowest number that is free
            LinuxSocket.Close(inUse);
            var affordable = Math.Max(1, brakeAt - inUse - OtherDescriptors);
            if (affordable < options.MaxConnections)
            {
                note = string.Create(CultureInfo.InvariantCulture,
                    $"at most {affordable} connections instead of {options.MaxConnections}: the process may have {limit} descriptors");
            }

            var guard = new ConnectionGuard(options, listening, Math.Min(affordable, options.MaxConnections), limit, brakeAt);
            if (!guard._accepting.IsHeard)
                note = (note is null ? "" : note + "; ") + "a flood of connections may use the descriptors up: the program was published without EventSourceSupport";
            return guard;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            note = $"connections are not guarded: {e.Message}";
            return null;
        }
    }

    /// <summary>
    /// Says that a request of this remote end is being served from now on; the server ends it in a <c>finally</c>. Null when the connection was
    /// just shut down: the client has been told, or can tell, that the request was not served, and it must not be.
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
    /// Shuts down every connection, and until disposal whatever else is accepted. Called once the listener has stopped accepting and requests
    /// are drained: HttpListener's own stop would send a <c>200 OK</c> to every open connection.
    /// </summary>
    public void Shutdown()
    {
        if (OperatingSystem.IsLinux())
        {
            lock (_gate)
            {
                _shutDown = true;
                Sweep(Environment.TickCount64, everything: true);
            }
        }
    }

    /// <summary>Stops looking; open connections stay.</summary>
    public void Dispose()
    {
        _accepting.Dispose();
        _disposed.Set();
        _thread?.Join();
        _disposed.Dispose();
    }

    [SupportedOSPlatform("linux")]
    private void Run()
    {
        LinuxSocket.Warm();
        long nextSweep = 0;
        while (!_disposed.Wait(Pause()))
        {
            lock (_gate)
            {
                var now = Environment.TickCount64;
                var tight = Brake();
                if (!tight && now < nextSweep)
                    continue;

                var everything = tight || now >= _nextFullSweep;
                Sweep(now, everything);
                nextSweep = now + (long)_options.SweepInterval.TotalMilliseconds;
                if (everything)
                {
                    ForgetUnseen(now);
                    _nextFullSweep = now + FullSweepEvery;
                }
            }
        }
    }

    private int Pause() => _braked || !_accepting.IsHeard ? 1 : (int)_options.SweepInterval.TotalMilliseconds;

    /// <summary>
    /// Keeps a burst of connections from using the descriptors up, which ends a process that is about to start a thread: as long as they are
    /// short, nothing more comes in, and what waits to be accepted is told so from here. Returns whether they are short.
    /// </summary>
    [SupportedOSPlatform("linux")]
    private bool Brake()
    {
        lock (_brake)
        {
            var tight = LinuxSocket.AllInUseBelow(_brakeAt, _listening[0].Fd);
            if (!tight && !_braked)
                return false;

            foreach (var (fd, cookie, _) in _listening)
            {
                // The listener may have closed it to stop, and the number be another's.
                if (LinuxSocket.Cookie(fd) != cookie)
                    continue;

                if (tight != _braked)
                    LinuxSocket.DropIncoming(fd, tight);

                for (int waiting; tight && (waiting = LinuxSocket.Accept(fd)) >= 0;)
                {
                    LinuxSocket.Send(waiting, TooMany);
                    LinuxSocket.Shutdown(waiting);
                    LinuxSocket.Close(waiting);
                    Interlocked.Increment(ref _cut[(int)CutReason.TooManyConnections]);
                }
            }

            _braked = tight;
            return tight;
        }
    }

    /// <summary>One look at every descriptor of the process that may be a connection of this listener.</summary>
    [SupportedOSPlatform("linux")]
    private void Sweep(long now, bool everything)
    {
        _sweeps++;
        var end = everything ? DescriptorTableSize(_maxDescriptors) : _top + Headroom;
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

            var cookie = LinuxSocket.Cookie(fd);
            if (cookie != slot.Cookie)
            {
                if (slot.Connection is not null)
                    Gone(slot.Connection);

                // The kernel hands out the lowest descriptor that is free, so that new ones are near those in use.
                slot = new Slot { Cookie = cookie, Connection = cookie == 0 ? null : Meet(fd, now) };
                if (slot.Connection is not null)
                    end = Math.Max(end, fd + Headroom);
            }

            if (slot.Connection is { } connection)
            {
                last = fd;
                if (connection.IsRetired)
                {
                    // Two descriptors had the same remote end in turn, and the older one's disappearance was noticed later.
                    slot.Connection = connection = Find(connection.Remote);
                }

                connection.SeenAt = now;
                if (!connection.IsCut && Judge(fd, connection, now) is { } reason)
                    Cut(fd, cookie, connection, reason);

                slot.IsQuiet = connection.IsQuiet && !connection.IsCut;
            }
        }

        _top = last;
    }

    /// <summary>Takes a new socket in if it is a connection of our listener.</summary>
    [SupportedOSPlatform("linux")]
    private GuardedConnection? Meet(int fd, long now)
    {
        if (!LinuxSocket.TryGetLocal(fd, out var local)
            || !_listening.Exists(one => one.Name.Port == local.Port && (one.Name == local || one.Name.IsAnyAddress))
            || !LinuxSocket.TryGetPeer(fd, out var remote))
        {
            return null;
        }

        var connection = Find(remote);
        if (connection.IsCut && connection.TryRetire())
        {
            Forget(remote, connection);
            connection = Find(remote);
        }

        connection.Meet(now);
        Volatile.Write(ref _connections, _connections + 1);
        ref var ofHost = ref CollectionsMarshal.GetValueRefOrAddDefault(_perHost, remote.Host, out _);
        ofHost++;
        if (_connections > _maxConnections)
            connection.Excess = CutReason.TooManyConnections;
        else if (_options.MaxConnectionsPerAddress > 0 && ofHost > _options.MaxConnectionsPerAddress
            && (_options.LimitLoopback || !remote.IsLoopback))
        {
            connection.Excess = CutReason.TooManyFromAddress;
        }

        return connection;
    }

    private void Gone(GuardedConnection connection)
    {
        Volatile.Write(ref _connections, _connections - 1);
        ref var ofHost = ref CollectionsMarshal.GetValueRefOrNullRef(_perHost, connection.Remote.Host);
        if (--ofHost == 0)
            _perHost.Remove(connection.Remote.Host);

        if (connection.TryRetire())
            Forget(connection.Remote, connection);
    }

    /// <summary>Why this connection has to end, if it has to.</summary>
    [SupportedOSPlatform("linux")]
    private CutReason? Judge(int fd, GuardedConnection connection, long now)
    {
        if (_shutDown)
            return CutReason.Shutdown;

        if (!LinuxSocket.TryGetInfo(fd, out var info))
            return null;

        var serving = connection.Observe(now, info);
        if (connection.SendingSince is { } sending && now - sending > _options.SendTimeout.TotalMilliseconds)
            return CutReason.SlowReader;

        if (connection.WaitingSince is { } waiting && now - waiting > _options.RequestTimeout.TotalMilliseconds)
            return CutReason.SlowRequest;

        if (serving)
            return null;

        if (connection.Excess is { } excess)
            return excess;

        if (connection.Received > _options.MaxRequestBytes)
            return CutReason.TooManyBytes;

        // An answer that a slow line still carries away is no idling.
        var idle = connection.WaitingSince is null && connection.SendingSince is null;
        return idle && now - connection.Since > _options.IdleTimeout.TotalMilliseconds ? CutReason.Idle : null;
    }

    [SupportedOSPlatform("linux")]
    private void Cut(int fd, ulong cookie, GuardedConnection connection, CutReason reason)
    {
        // Either a request began meanwhile, and the next sweep looks again, or BeginRequest refuses it: none is told to be lost and served.
        var neverServed = connection.NeverServed;
        if (!connection.TryCut() && reason != CutReason.Shutdown)
            return;

        // .NET may close the descriptor at any time, and the number may be another file's at once: a duplicate stays what it is.
        var duplicate = LinuxSocket.Duplicate(fd);
        var safe = duplicate < 0 ? fd : duplicate;
        if (LinuxSocket.Cookie(safe) == cookie)
        {
            if (neverServed && reason is (CutReason.TooManyConnections or CutReason.TooManyFromAddress))
                LinuxSocket.Send(safe, TooMany);

            if (reason is CutReason.SlowRequest or CutReason.TooManyBytes or CutReason.SlowReader)
            {
                // The kernel would keep megabytes for a client that does not read, and an attacker waiting for a window that never opens.
                LinuxSocket.ResetOnClose(safe);
            }

            Interlocked.Increment(ref _cut[(int)reason]);
            connection.IsCut = true;
            LinuxSocket.Shutdown(safe);
        }

        if (duplicate >= 0)
            LinuxSocket.Close(duplicate);
    }

    /// <summary>Drops what requests left behind of connections too short to be seen by a sweep.</summary>
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

    /// <summary>How far descriptors can reach: the size of the kernel's table, which grows with them; the limit where /proc does not tell.</summary>
    private static int DescriptorTableSize(long maxDescriptors)
    {
        var fallback = (int)Math.Min(maxDescriptors, 65_536);
        try
        {
            using var status = File.OpenHandle("/proc/self/status");
            Span<byte> text = stackalloc byte[4096];
            text = text[..RandomAccess.Read(status, text, 0)];
            var field = text.IndexOf("FDSize:"u8);
            return field >= 0 && Utf8Parser.TryParse(text[(field + 7)..].TrimStart("\t "u8), out int size, out _) ? size : fallback;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return fallback;
        }
    }

    /// <summary>The descriptors of the sockets a listener listens on, whose addresses HttpListener makes out of its prefixes.</summary>
    [SupportedOSPlatform("linux")]
    private static List<Listening> FindListening(HttpListener listener, int descriptors)
    {
        var wanted = new HashSet<SocketName>();
        foreach (var prefix in listener.Prefixes)
        {
            var uri = new Uri(prefix.Replace("://+", "://0.0.0.0", StringComparison.Ordinal).Replace("://*", "://0.0.0.0", StringComparison.Ordinal));
            foreach (var address in IPAddress.TryParse(uri.Host, out var literal) ? [literal] : Dns.GetHostAddresses(uri.Host)) // refuses 0.0.0.0
                wanted.Add(SocketName.From(new IPEndPoint(address, uri.Port)));
        }

        var found = new List<Listening>();
        for (var fd = 0; fd < descriptors; fd++)
        {
            if (LinuxSocket.IsListening(fd) && LinuxSocket.TryGetLocal(fd, out var name) && wanted.Contains(name))
                found.Add(new Listening(fd, LinuxSocket.Cookie(fd), name));
        }

        return found;
    }

    /// <summary>Calls back on the thread that has accepted a connection, before it accepts another: no one else tells so soon.</summary>
    private sealed class Accepting(Action accepted) : EventListener
    {
        /// <summary>Whether there are such calls: they can be left out of a program when it is published.</summary>
        public bool IsHeard { get; private set; }

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "System.Net.Sockets")
            {
                EnableEvents(eventSource, EventLevel.Informational);
                IsHeard = true;
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventName == "AcceptStop")
                accepted();
        }
    }

    private static byte[] Answer503(string json) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
        $"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: {json.Length}\r\nRetry-After: 1\r\nServer: TinyForum\r\nConnection: close\r\n\r\n{json}"));
}
