using System.Buffers.Binary;
using System.Collections.Concurrent;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// Callers by the digest of their credential, kept until anything is written that may concern them, by this process or another. A session that
/// is ended is therefore not found from the next request on. Thread-safe.
/// </summary>
internal sealed class CallerCache(Database database)
{
    internal const int MaxCallers = 10_000;

    // The key is half of the digest, which is as good as the whole: nobody can choose it.
    private readonly ConcurrentDictionary<UInt128, Entry> _entries = new();

    /// <summary>The caller with a credential; <paramref name="load"/> reads it from the database.</summary>
    public KnownCaller? Find(byte[] digest, long now, Func<byte[], long, KnownCaller?> load)
    {
        var key = BinaryPrimitives.ReadUInt128BigEndian(digest);
        var version = database.Stamp((int)Subject.Callers); // before reading
        if (_entries.TryGetValue(key, out var entry) && entry.Version == version && now < entry.Known.EndsAt)
            return entry.Known;
        if (load(digest, now) is not { } known)
            return null;
        if (_entries.Count >= MaxCallers)
            _entries.Clear();
        _entries[key] = new Entry(version, known);
        return known;
    }

    private sealed record Entry(long Version, KnownCaller Known);
}

/// <summary>A caller as read from the database, and when the credential expires unless it is used.</summary>
internal sealed class KnownCaller(Caller caller, long lastUsedAt, long endsAt)
{
    private long _lastUsedAt = lastUsedAt;

    public Caller Caller => caller;

    public long EndsAt => endsAt;

    /// <summary>When the last use was that is recorded.</summary>
    public long LastUsedAt
    {
        get => Volatile.Read(ref _lastUsedAt);
        set => Volatile.Write(ref _lastUsedAt, value);
    }
}
