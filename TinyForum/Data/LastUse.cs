using System.Collections.Concurrent;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// Writes down when a credential was last used, at most once a minute each, so that reading stays a read. The request does not wait for it.
/// </summary>
/// <param name="database">Where to.</param>
/// <param name="update">The statement, of <c>$id</c> and <c>$now</c>.</param>
internal sealed class LastUse(Database database, string update)
{
    private const long Interval = 60_000;

    private readonly ConcurrentDictionary<long, bool> _underWay = new();

    /// <summary>Notes a use.</summary>
    /// <returns>Whether it is being written; if not, one less than a minute older stands.</returns>
    public bool Note(long id, long lastUsedAt, long now)
    {
        if (now - lastUsedAt < Interval || !_underWay.TryAdd(id, true))
            return false;
        _ = WriteAsync(id, now);
        return true;
    }

    private async Task WriteAsync(long id, long now)
    {
        try
        {
            await database.WriteAsync(c => c.Execute(update, ("$id", id), ("$now", now))).ConfigureAwait(false);
        }
        catch (RefusalException)
        {
            // The queue is full or the disk is: the next use tries again.
        }
        finally
        {
            _underWay.TryRemove(id, out _);
        }
    }
}
