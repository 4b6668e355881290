using TinyForum.Data;

namespace TinyForum.Api.Events;

/// <summary>Which events a client wants.</summary>
/// <param name="Kinds">Their kinds; <see langword="null"/> for all.</param>
/// <param name="ThreadId">Their thread; <see langword="null"/> for any, and for those that have none.</param>
internal sealed record EventFilter(IReadOnlySet<string>? Kinds, long? ThreadId)
{
    public bool IsNone => Kinds is null && ThreadId is null;

    public bool Wants(ForumEvent happened) => (Kinds is null || Kinds.Contains(happened.Kind)) && (ThreadId is null || ThreadId == happened.ThreadId);
}

/// <summary>
/// A client that reads events. What it does not read yet waits in a bounded queue; when that is full, the stream ends, and the client comes
/// back with the number of the last event that it has got. While nothing happens it takes no thread and no timer.
/// </summary>
/// <param name="connection">Where to write; an exception says that the client has gone.</param>
/// <param name="hasLeft">Whether the client has closed the connection.</param>
/// <param name="caller">Who reads, if known.</param>
/// <param name="filter">What is wanted.</param>
internal sealed class EventStream(Stream connection, Func<bool> hasLeft, Caller? caller, EventFilter filter)
{
    /// <summary>The most that waits for a client, in bytes.</summary>
    internal const int MaxWaiting = 1024 * 1024;

    private const int SentAtOnce = 16 * 1024; // of frames that wait

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private Queue<byte[]>? _waiting;
    private int _waitingBytes;
    private bool _isSending;
    private long _sent;

    public Caller? Caller => caller;

    public EventFilter Filter => filter;

    public bool SeesReports { get; set; }

    /// <summary>Until when the caller's rights need no look, unless something is written about them.</summary>
    public long StandsUntil { get; set; } = caller is null ? long.MaxValue : 0;

    /// <summary>When it ends at the latest, as milliseconds of the forum's clock.</summary>
    public long EndsAt { get; init; } = long.MaxValue;

    /// <summary>The number up to which everything has been offered.</summary>
    public long After { get; set; }

    /// <summary>When something was offered last, as <see cref="Environment.TickCount64"/>.</summary>
    public long OfferedAt { get; private set; } = Environment.TickCount64;

    /// <summary>Ends when the stream does.</summary>
    public Task Ended => _ended.Task;

    public bool HasEnded => _ended.Task.IsCompleted;

    /// <summary>How many bytes were sent.</summary>
    public long Sent => Volatile.Read(ref _sent);

    public bool HasLeft => hasLeft();

    /// <summary>Whether more waits than one may write at once.</summary>
    public bool IsBehind
    {
        get
        {
            lock (_lock)
                return _waitingBytes > MaxWaiting / 4;
        }
    }

    /// <summary>Sends frames, after what waits. Does not wait and does not throw. They are shared with other streams, not copied.</summary>
    public void Offer(params ReadOnlySpan<byte[]> frames)
    {
        OfferedAt = Environment.TickCount64;
        ReadOnlyMemory<byte> first = frames[0];
        lock (_lock)
        {
            if (HasEnded)
                return;
            foreach (var frame in _isSending ? frames : frames[1..])
            {
                (_waiting ??= new()).Enqueue(frame);
                _waitingBytes += frame.Length;
            }
            if (_waitingBytes > MaxWaiting)
                End();
            if (_isSending)
                return;
            _isSending = true;
        }
        _ = SendAsync(first);
    }

    public void End() => _ended.TrySetResult();

    private async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            while (!HasEnded)
            {
                await connection.WriteAsync(bytes).ConfigureAwait(false);
                Volatile.Write(ref _sent, _sent + bytes.Length);
                if (!TryTake(out bytes))
                    return;
            }
        }
        catch (Exception)
        {
            End(); // the client has gone
        }
    }

    /// <summary>Takes what is to be sent next; if nothing is, the stream is idle from then on.</summary>
    private bool TryTake(out ReadOnlyMemory<byte> bytes)
    {
        lock (_lock)
        {
            bytes = default;
            if (_waiting is not { Count: > 0 })
            {
                (_isSending, _waiting, _waitingBytes) = (false, null, 0);
                return false;
            }
            var first = _waiting.Dequeue();
            var length = first.Length;
            _waitingBytes -= length;
            if (_waiting.Count == 0 || length + _waiting.Peek().Length > SentAtOnce)
            {
                bytes = first;
                return true;
            }
            var together = new byte[SentAtOnce]; // each write takes some microseconds
            first.CopyTo(together, 0);
            for (; _waiting.TryPeek(out var next) && length + next.Length <= SentAtOnce; length += next.Length)
            {
                _waiting.Dequeue().CopyTo(together, length);
                _waitingBytes -= next.Length;
            }
            bytes = together.AsMemory(0, length);
            return true;
        }
    }
}
