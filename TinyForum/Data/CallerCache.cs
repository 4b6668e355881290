using System.Buffers.Binary;
using System.Collections.Concurrent;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// The callers by the digests of their credentials, kept until something is written, by this process or another: a session that was ended is
/// not found from the very next request on. Thread-safe.
/// </summary>
internal sealed class CallerCache(Database database)
{
    internal const int MaxCallers = 10_000;

    // By half of the digest: as good as the whole, for nobody can choose one.
    private readonly ConcurrentDictionary<UInt128, Entry> _entries = new();

    /// <summary>Who calls.</summary>
    /// <param name="digest">Of the credential.</param>
    /// <param name="now">The time, Unix milliseconds.</param>
    /// <param name="load">Reads it from the database, if it is there.</param>
    public KnownCaller? Find(byte[] digest, long now, Func<byte[], long, KnownCaller?> load)
    {
        var key = BinaryPrimitives.ReadUInt128BigEndian(digest);
        var version = database.Version(); // before the reading
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

/// <summary>A caller as the database has it.</summary>
/// <param name="Caller">Who.</param>
/// <param name="LastUsedAt">When the credential was last used, as far as it is written.</param>
/// <param name="EndsAt">When it ends.</param>
internal sealed record KnownCaller(Caller Caller, long LastUsedAt, long EndsAt);
