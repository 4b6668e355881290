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

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private Queue<ReadOnlyMemory<byte>>? _waiting;
    private int _waitingBytes;
    private bool _isSending;
    private long _sent;

    public Caller? Caller => caller;

    public EventFilter Filter => filter;

    public bool SeesReports { get; set; }

    /// <summary>Until when the caller's rights need no look, unless something is written about them.</summary>
    public long StandsUntil { get; set; } = caller is null ? long.MaxValue : 0;

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

    /// <summary>Sends something, after what waits. Does not wait and does not throw.</summary>
    public void Offer(ReadOnlyMemory<byte> bytes)
    {
        OfferedAt = Environment.TickCount64;
        lock (_lock)
        {
            if (HasEnded)
                return;
            if (_isSending && (_waitingBytes += bytes.Length) > MaxWaiting)
            {
                End();
                return;
            }
            if (_isSending)
            {
                (_waiting ??= new()).Enqueue(bytes);
                return;
            }
            _isSending = true;
        }
        _ = SendAsync(bytes);
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
                lock (_lock)
                {
                    if (_waiting is null || !_waiting.TryDequeue(out bytes))
                    {
                        (_isSending, _waiting, _waitingBytes) = (false, null, 0);
                        return;
                    }
                    _waitingBytes -= bytes.Length;
                }
            }
        }
        catch (Exception)
        {
            End(); // the client has gone
        }
    }
}
