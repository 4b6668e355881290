using System.Collections.Concurrent;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// Records when a credential was last used, at most once a minute, so that a read rarely causes a write. The request does not wait for it.
/// <paramref name="update"/> is the statement, with the parameters <c>$id</c> and <c>$now</c>.
/// </summary>
internal sealed class LastUse(Database database, string update)
{
    private const long Interval = 60_000;

    private readonly ConcurrentDictionary<long, bool> _underWay = new();

    /// <param name="id">The credential's id.</param>
    /// <param name="known">What is known of it, which this keeps up with.</param>
    /// <param name="now">When it is used.</param>
    /// <returns>Whether it is being written; if not, the recorded one is less than a minute older.</returns>
    public bool Note(long id, KnownCaller known, long now)
    {
        if (now - known.LastUsedAt < Interval || !_underWay.TryAdd(id, true))
            return false;
        _ = WriteAsync(id, known, now);
        return true;
    }

    private async Task WriteAsync(long id, KnownCaller known, long now)
    {
        try
        {
            await database.WriteAsync(c => c.Execute(update, ("$id", id), ("$now", now))).ConfigureAwait(false);
            known.LastUsedAt = now;
        }
        catch (RefusalException)
        {
            // The queue or the disk is full: the next use tries again.
        }
        finally
        {
            _underWay.TryRemove(id, out _);
        }
    }
}
