using System.Collections.Concurrent;

namespace TinyForum.Passwords;

/// <summary>
/// A thread for each processor, at low priority, for work that takes one whole: the rest of the server stays responsive, and memory is
/// bounded by what runs. What waits for them is bounded in number and in time; past either it is refused.
/// </summary>
internal sealed class HashingThreads : IAsyncDisposable
{
    private readonly BlockingCollection<Action> _waiting;
    private readonly TimeSpan _maxWait;
    private readonly TimeProvider _time;
    private readonly Task[] _threads;
    private int _running;

    public HashingThreads(int threads, int maxWaiting, TimeSpan maxWait, TimeProvider time)
    {
        _waiting = new BlockingCollection<Action>(maxWaiting);
        _maxWait = maxWait;
        _time = time;
        _threads = [.. Enumerable.Range(0, threads).Select(_ =>
            Task.Factory.StartNew(Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
    }

    /// <summary>How many wait for a thread.</summary>
    public int Queued => _waiting.Count;

    /// <summary>How many have one.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Runs <paramref name="work"/> when a thread is free. What is cancelled before that never runs.</summary>
    /// <exception cref="RefusalException">503: too many wait, or this has waited too long, or the server is stopping.</exception>
    public async Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellation)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var since = _time.GetTimestamp();
        using var registration = cancellation.Register(() => result.TrySetCanceled(cancellation));
        if (!TryAdd(() => Complete(result, work, since)))
            throw Busy();
        return await result.Task;
    }

    /// <summary>Takes no more work, and finishes what it has.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.CompleteAdding();
        await Task.WhenAll(_threads);
    }

    private bool TryAdd(Action work)
    {
        try
        {
            return _waiting.TryAdd(work);
        }
        catch (InvalidOperationException) when (_waiting.IsAddingCompleted)
        {
            return false;
        }
    }

    private void Work()
    {
        SystemHints.LowerThisThreadsPriority();
        foreach (var work in _waiting.GetConsumingEnumerable())
        {
            Interlocked.Increment(ref _running);
            work();
            Interlocked.Decrement(ref _running);
        }
    }

    // A wait is looked at when it ends, so that no timer is needed: whoever waits too long is behind others who have waited longer,
    // and they are all turned away in one go.
    private void Complete<T>(TaskCompletionSource<T> result, Func<T> work, long since)
    {
        try
        {
            if (result.Task.IsCompleted)
                return;
            result.TrySetResult(_time.GetElapsedTime(since) <= _maxWait ? work() : throw Busy());
        }
        catch (Exception failure)
        {
            result.TrySetException(failure);
        }
    }

    // By then all who wait now have been answered or refused.
    private RefusalException Busy() => new(RefusalKind.Busy, "the server is busy, try again later") { RetryAfter = _maxWait };
}
