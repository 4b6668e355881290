using System.Threading.RateLimiting;

namespace TinyForum.Http;

/// <summary>
/// A <see cref="RateLimit"/> for each key, with a bounded number of keys. All windows have the same length, so that the oldest is the first
/// to end and is removed when there are too many. (PartitionedRateLimiter keeps every recent key, and its limiters can't use another clock.)
/// Thread-safe.
/// </summary>
internal sealed class WindowLimiter<TKey>(RateLimit limit, TimeProvider clock, int maxKeys = 10_000) where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, Window> _windows = [];
    private readonly Queue<TKey> _byAge = [];

    /// <summary>How many keys are remembered.</summary>
    public int Count => _windows.Count;

    /// <summary>Takes one of the key's permits, if one is left. Disposing the lease gives it back; otherwise it is used until the window ends.</summary>
    public Taken Take(TKey key)
    {
        lock (_lock)
        {
            var now = clock.GetTimestamp();
            while (_byAge.TryPeek(out var oldest) && clock.GetElapsedTime(_windows[oldest].Since, now) >= limit.Window)
                DropOldest();
            if (!_windows.TryGetValue(key, out var window))
            {
                if (_windows.Count == maxKeys)
                    DropOldest();
                window = new Window(now, new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = limit.Permits, QueueLimit = 0 }));
                _windows.Add(key, window);
                _byAge.Enqueue(key);
            }
            var lease = window.Permits.AttemptAcquire();
            return new Taken(lease, limit.Permits,
                window.Permits.GetStatistics()!.CurrentAvailablePermits, limit.Window - clock.GetElapsedTime(window.Since, now));
        }
    }

    private void DropOldest() => _windows.Remove(_byAge.Dequeue()); // this kind of limiter has nothing to dispose

    private sealed record Window(long Since, ConcurrencyLimiter Permits);
}

/// <summary>A lease, acquired if a permit was left, and its window: how many permits it has and has left, and the time until it ends.</summary>
internal readonly record struct Taken(RateLimitLease Lease, int Limit, long Remaining, TimeSpan Reset);
