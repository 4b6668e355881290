using System.Threading.RateLimiting;

namespace TinyForum.Concurrency;

/// <summary>
/// Bounds how much work of a kind runs at once, and with it the memory and the threads that it takes. What waits for its turn is bounded
/// in number and in time; past either it is refused. Turns come in the order they were asked for. Thread-safe.
/// </summary>
/// <param name="slots">How many run at once.</param>
/// <param name="maxWaiting">How many may wait, in slots.</param>
/// <param name="maxWait">How long each may wait.</param>
/// <param name="time">Tells how long that was.</param>
internal sealed class WorkLimiter(int slots, int maxWaiting, TimeSpan maxWait, TimeProvider time) : IAsyncDisposable
{
    private readonly ConcurrencyLimiter _limiter = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = slots,
        QueueLimit = maxWaiting,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    /// <summary>How many slots are waited for.</summary>
    public int Queued => (int)_limiter.GetStatistics()!.CurrentQueuedCount;

    /// <summary>How many slots are taken.</summary>
    public int Running => slots - (int)_limiter.GetStatistics()!.CurrentAvailablePermits;

    /// <summary>Runs <paramref name="work"/> when its turn has come. What is cancelled before that never runs.</summary>
    /// <param name="weight">How many slots it takes; if more than there are, it takes all.</param>
    /// <param name="work">What to run.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="RefusalException">Busy: too many wait, or this has waited too long, or the server is stopping.</exception>
    public async Task<T> RunAsync<T>(int weight, Func<Task<T>> work, CancellationToken cancellation)
    {
        var since = time.GetTimestamp();
        using var lease = await AcquireAsync(Math.Min(weight, slots), cancellation).ConfigureAwait(false);
        // Looked at when the wait ends, so that no timer is needed: whoever waits too long is behind others who have waited longer,
        // and they are all turned away in one go.
        if (!lease.IsAcquired || time.GetElapsedTime(since) > maxWait)
            throw Busy();
        return await work().ConfigureAwait(false);
    }

    /// <summary>Takes no more work, and refuses what waits. What runs goes on.</summary>
    public ValueTask DisposeAsync() => _limiter.DisposeAsync();

    private async ValueTask<RateLimitLease> AcquireAsync(int permits, CancellationToken cancellation)
    {
        try
        {
            return await _limiter.AcquireAsync(permits, cancellation).ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            throw Busy();
        }
    }

    // By then all who wait now have been answered or refused.
    private RefusalException Busy() => new(RefusalKind.Busy, "the server is busy, try again later") { RetryAfter = maxWait };
}
