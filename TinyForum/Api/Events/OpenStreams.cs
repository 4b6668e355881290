using TinyForum.Http;

namespace TinyForum.Api.Events;

/// <summary>Counts the streams that are open, in all, of each user and of each address, and bounds them. Thread-safe.</summary>
internal sealed class OpenStreams
{
    internal const int MaxOfUser = 32, MaxOfAddress = 64, MaxInAll = 10_000;

    private static readonly object All = new();

    private readonly Dictionary<object, int> _open = [];

    /// <summary>How many streams are open.</summary>
    public int Count
    {
        get
        {
            lock (_open)
                return _open.GetValueOrDefault(All);
        }
    }

    /// <summary>Counts a stream until the result is disposed.</summary>
    /// <param name="userId">Whose it is, if known.</param>
    /// <param name="address">Where it comes from, if that counts.</param>
    /// <exception cref="HttpRefusalException">503: too many are open.</exception>
    public IDisposable Open(long? userId, AddressBlock? address)
    {
        List<object> keys = [All];
        if (userId is { } user)
            keys.Add(user);
        if (address is { } block)
            keys.Add(block);
        lock (_open)
        {
            foreach (var key in keys)
            {
                var most = key is long ? MaxOfUser : key is AddressBlock ? MaxOfAddress : MaxInAll;
                if (_open.GetValueOrDefault(key) >= most)
                    throw new HttpRefusalException(503, "too many event streams are open") { RetryAfter = EventStreams.Heartbeat };
            }
            foreach (var key in keys)
                _open[key] = _open.GetValueOrDefault(key) + 1;
        }
        return new Stream(this, keys);
    }

    private void Close(List<object> keys)
    {
        lock (_open)
        {
            foreach (var key in keys)
            {
                if (--_open[key] == 0)
                    _open.Remove(key);
            }
        }
    }

    private sealed class Stream(OpenStreams streams, List<object> keys) : IDisposable
    {
        public void Dispose() => streams.Close(keys);
    }
}
