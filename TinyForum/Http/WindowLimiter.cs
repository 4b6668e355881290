using System.Threading.RateLimiting;

namespace TinyForum.Http;

/// <summary>
/// A <see cref="RateLimit"/> for each key, with a bounded number of keys. When there are too many, the one with the most permits left of a few
/// taken at random is forgotten: whoever wants a key that has used its permits up to be forgotten has to use up those of nearly all others.
/// (PartitionedRateLimiter keeps every recent key, and its limiters can't use another clock.) Thread-safe.
/// </summary>
internal sealed class WindowLimiter<TKey>(RateLimit limit, TimeProvider clock, int maxKeys = 50_000) where TKey : notnull
{
    private const int Candidates = 16;

    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, Window> _windows = [];
    private readonly List<Window> _inNoOrder = [];
    private readonly LinkedList<Window> _byAge = []; // all windows have the same length: the oldest is the first to end

    /// <summary>How many keys are remembered.</summary>
    public int Count => _windows.Count;

    /// <summary>Takes one of the key's permits, if one is left. Disposing the lease gives it back; otherwise it is used until the window ends.</summary>
    public Taken Take(TKey key)
    {
        lock (_lock)
        {
            var now = clock.GetTimestamp();
            while (_byAge.First is { Value: var oldest } && clock.GetElapsedTime(oldest.Since, now) >= limit.Window)
                Forget(oldest);
            var window = _windows.GetValueOrDefault(key) ?? Begin(key, now);
            var isGranted = window.Used < limit.Permits;
            if (isGranted)
                window.Used++;
            return new Taken(new Lease(this, window, isGranted), limit.Permits, limit.Permits - window.Used,
                limit.Window - clock.GetElapsedTime(window.Since, now));
        }
    }

    private Window Begin(TKey key, long now)
    {
        if (_windows.Count == maxKeys)
            Forget(Enumerable.Range(0, Candidates).Select(_ => _inNoOrder[Random.Shared.Next(maxKeys)]).MinBy(w => (w.Used, w.Since))!);
        var window = new Window(key, now) { Place = _inNoOrder.Count };
        _windows.Add(key, window);
        _inNoOrder.Add(window);
        _byAge.AddLast(window.ByAge);
        return window;
    }

    private void Forget(Window window)
    {
        _windows.Remove(window.Key);
        _byAge.Remove(window.ByAge);
        var last = _inNoOrder[^1];
        (_inNoOrder[window.Place], last.Place) = (last, window.Place);
        _inNoOrder.RemoveAt(_inNoOrder.Count - 1);
        window.Place = -1;
    }

    private void GiveBack(Window window)
    {
        lock (_lock)
        {
            if (--window.Used == 0 && window.Place >= 0)
                Forget(window);
        }
    }

    private sealed class Window
    {
        public Window(TKey key, long since) => (Key, Since, ByAge) = (key, since, new(this));

        public TKey Key { get; }

        public long Since { get; }

        public LinkedListNode<Window> ByAge { get; }

        public int Used { get; set; }

        public int Place { get; set; } // in _inNoOrder; -1 once forgotten
    }

    private sealed class Lease(WindowLimiter<TKey> limiter, Window window, bool isAcquired) : RateLimitLease
    {
        private bool _isOver = !isAcquired;

        public override bool IsAcquired => isAcquired;

        public override IEnumerable<string> MetadataNames => [];

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = null;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            if (!Interlocked.Exchange(ref _isOver, true))
                limiter.GiveBack(window);
            base.Dispose(disposing);
        }
    }
}

/// <summary>A lease, acquired if a permit was left, and its window: how many permits it has and has left, and the time until it ends.</summary>
internal readonly record struct Taken(RateLimitLease Lease, int Limit, long Remaining, TimeSpan Reset);
