using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// What users have read: every post up to the id <c>users.read_up_to</c> and, in threads with a row in <c>reading</c>, every post up to
/// that row's number. A row always reaches further than <c>read_up_to</c>, and neither ever goes back.
/// </summary>
public sealed partial class PostStore
{
    /// <summary>Marks a thread as read up to its post <paramref name="number"/>, 0 for its head.</summary>
    /// <returns>Whether there is such a thread.</returns>
    /// <exception cref="RefusalException">Invalid: the thread has no post with that number.</exception>
    public Task<bool> MarkReadAsync(Actor reader, long threadId, long number) => _database.WriteAsync(reader, _clock, c =>
    {
        if (!IsVisibleThread(c, threadId))
            return false;
        if (c.Number("""
            SELECT 1
              FROM posts
             WHERE thread_id = $thread
               AND number = $number
            """, ("$thread", threadId), ("$number", number)) is null)
            throw RefusalException.Invalid("number", "must be the number of a post in this thread");
        MarkRead(c, reader.Id, threadId, number);
        return true;
    });

    /// <summary>Marks all existing posts as read.</summary>
    public Task MarkAllReadAsync(Actor reader) => _database.WriteAsync(reader, _clock, c =>
    {
        c.Execute("""
            UPDATE users
               SET read_up_to = (SELECT coalesce(max(id), 0) FROM posts)
             WHERE id = $user
            """, ("$user", reader.Id));
        return c.Execute("""
            DELETE FROM reading
             WHERE user_id = $user
            """, ("$user", reader.Id));
    });

    // Counted from the end, where the reading position usually is.
    private static void MarkRead(Connection connection, long userId, long threadId, long number) => connection.Execute("""
        INSERT INTO reading (user_id, thread_id, number, seen)
        SELECT me.id, t.id, p.number, t.replies - (SELECT count(*)
                                                     FROM posts later
                                                    WHERE later.thread_id = t.id
                                                      AND later.id > p.id
                                                      AND later.deleted_at IS NULL)
          FROM posts p
          JOIN threads t ON t.id = p.thread_id
          JOIN users me ON me.id = $user AND me.read_up_to < p.id
         WHERE p.thread_id = $thread
           AND p.number = $number
            ON CONFLICT (user_id, thread_id) DO UPDATE
           SET number = excluded.number, seen = excluded.seen
         WHERE excluded.number > reading.number
        """, ("$user", userId), ("$thread", threadId), ("$number", number));

    private static void CountRead(Connection connection, Post reply, int change) => connection.Execute("""
        UPDATE reading
           SET seen = seen + $change
         WHERE thread_id = $thread
           AND number >= $number
        """, ("$thread", reply.ThreadId), ("$number", reply.Number), ("$change", change));
}
