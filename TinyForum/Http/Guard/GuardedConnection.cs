namespace TinyForum.Http.Guard;

/// <summary>
/// A connection as <see cref="ConnectionGuard"/> sees it. The server calls <see cref="EndRequest"/>, <see cref="BeginBody"/> and
/// <see cref="EndBody"/>; everything else belongs to the guard, and all but <see cref="TryBegin"/> to its sweep.
/// </summary>
internal sealed class GuardedConnection(SocketName remote)
{
    /// <summary>How many bytes count as progress within a timeout, so that sending one byte at a time does not evade it.</summary>
    private const int Progress = 4096;

    private const int QuietAfter = 500; // milliseconds without a change

    /// <summary>States in which no request can begin: the connection was shut down; the object was dropped for a new one.</summary>
    private const long CutOff = -1, Retired = -2;

    /// <summary>
    /// The number of requests begun so far in the upper half, and of those being served in the lower (two for a moment: one may begin before the
    /// last one has reported its end). One field, so that the guard ends a connection only if no request begins meanwhile.
    /// </summary>
    private long _state;
    private int _bodies;

    // As the last sweep left them.
    private long _seenState;
    private ulong _seenReceived, _receivedMark, _ackedMark;

    private long _since; // when a request began or ended, or the connection itself began
    private long? _waitingSince; // for the rest of a request
    private long? _sendingSince; // what the client does not read
    private long _received; // bytes, while no request was being served

    public SocketName Remote { get; } = remote;

    public long SeenAt { get; set; } = Environment.TickCount64;

    /// <summary>Whether nothing is happening, so that it can be looked at less often.</summary>
    public bool IsQuiet { get; private set; }

    /// <summary>Whether nothing is happening and the same request is still being served, as one for a stream is. Asks the kernel nothing.</summary>
    public bool IsServedQuietly => IsQuiet && (int)_seenState > 0 && Volatile.Read(ref _state) == _seenState;

    /// <summary>The limit on connections that this connection exceeds.</summary>
    public CutReason? Excess { get; set; }

    public bool IsCut { get; set; }

    public bool IsRetired => Volatile.Read(ref _state) == Retired;

    public bool NeverServed => Volatile.Read(ref _state) == 0;

    /// <summary>Begins a request, unless the connection <paramref name="isCut"/> or this object is retired.</summary>
    public bool TryBegin(out bool isCut)
    {
        var state = Volatile.Read(ref _state);
        while (state >= 0)
        {
            var seen = Interlocked.CompareExchange(ref _state, state + (1L << 32) + 1, state);
            if (seen == state)
                break;
            state = seen;
        }
        isCut = state == CutOff;
        return state >= 0;
    }

    public void EndRequest() => Interlocked.Decrement(ref _state);

    /// <summary>Reports that the request's body is being read, so that the server is waiting for the client.</summary>
    public void BeginBody() => Interlocked.Increment(ref _bodies);

    public void EndBody() => Interlocked.Decrement(ref _bodies);

    /// <summary>
    /// Lets no request begin from now on. False if one has begun since <see cref="Judge"/>, whose verdict is then out of date. A request that
    /// was already being served may be ended, since the verdict took it into account.
    /// </summary>
    public bool TryCut() => (int)_seenState > 0 || Interlocked.CompareExchange(ref _state, CutOff, _seenState) == _seenState;

    /// <summary>Retires the object, unless a request is being served.</summary>
    public bool TryRetire()
    {
        var state = Volatile.Read(ref _state);
        return (state == CutOff || (int)state == 0) && Interlocked.CompareExchange(ref _state, Retired, state) == state;
    }

    /// <summary>Starts over because this remote end has a new socket.</summary>
    public void Meet(long now)
    {
        (SeenAt, _since, _waitingSince, _sendingSince) = (now, now, null, null);
        (_seenState, _seenReceived, _receivedMark, _ackedMark) = (0, 0, 0, 0);
        (IsQuiet, IsCut, Excess) = (false, false, null);
    }

    /// <summary>Why this connection has to be ended, if it has to, judged by the kernel's counters and the server's reports.</summary>
    public CutReason? Judge(long now, int fd, ConnectionLimits limits)
    {
        if (!LinuxSocket.TryGetInfo(fd, out var info))
            return null;
        var serving = Observe(now, info);
        if (_sendingSince is { } sending && now - sending > limits.SendTimeout.TotalMilliseconds)
            return CutReason.SlowReader;
        if (_waitingSince is { } waiting && now - waiting > limits.RequestTimeout.TotalMilliseconds)
            return CutReason.SlowRequest;
        if (serving)
            return null;
        if (Excess is { } excess)
            return excess;
        if (_received > limits.MaxRequestBytes)
            return CutReason.TooManyBytes;
        // A connection is not idle while a slow line still carries its answer.
        var idle = _waitingSince is null && _sendingSince is null;
        return idle && now - _since > limits.IdleTimeout.TotalMilliseconds ? CutReason.Idle : null;
    }

    /// <summary>Records what has changed since the last sweep. Returns whether a request is being served.</summary>
    private bool Observe(long now, in LinuxSocket.TcpInfo info)
    {
        var state = Volatile.Read(ref _state);
        var serving = (int)state > 0;
        if (state != _seenState)
        {
            // The bytes so far belong to requests that have begun, so a new budget begins. Only if the server was waiting for this request's
            // header does the time that took count for its body too.
            var sameRequest = (int)_seenState == 0 && state == _seenState + (1L << 32) + 1;
            (_waitingSince, _receivedMark, _since, _seenState) = (sameRequest ? _waitingSince : null, info.BytesReceived, now, state);
        }
        _received = serving ? 0 : (long)(info.BytesReceived - _receivedMark);
        if (serving ? Volatile.Read(ref _bodies) <= 0 : _received == 0)
            _waitingSince = null;
        else if (_waitingSince is null)
            _waitingSince = now;
        else if (serving && info.BytesReceived - _receivedMark >= Progress)
        {
            // A long body may take longer as long as it makes progress; a header may not.
            (_waitingSince, _receivedMark) = (now, info.BytesReceived);
        }
        if (info.Unacked == 0 && info.NotSentBytes == 0)
            _sendingSince = null;
        else if (_sendingSince is null || info.BytesAcked - _ackedMark >= (info.NotSentBytes > 0 ? Progress : 1UL))
        {
            // As long as nothing is waiting to be sent, any acknowledgement counts: small answers sent slowly are not the reader's fault.
            (_sendingSince, _ackedMark) = (now, info.BytesAcked);
        }
        IsQuiet = _waitingSince is null && _sendingSince is null && info.BytesReceived == _seenReceived && now - _since > QuietAfter;
        _seenReceived = info.BytesReceived;
        return serving;
    }
}
