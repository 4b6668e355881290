using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// What users have read: every post up to the id <c>users.read_up_to</c> and, in threads with a row in <c>reading</c>, every post up to
/// that row's number. A row that reaches no further than <c>read_up_to</c> says nothing, and neither ever goes back.
/// </summary>
public sealed partial class PostStore
{
    private const int ForgottenAtOnce = 500;

    /// <summary>Marks a thread as read up to its post <paramref name="number"/>, 0 for its head.</summary>
    /// <returns>Whether there is such a thread.</returns>
    /// <exception cref="RefusalException">Invalid: the thread has no post with that number.</exception>
    public Task<bool> MarkReadAsync(Actor reader, long threadId, long number)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threadId);
        return _database.WriteAsync(reader, _clock, c =>
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
    }

    /// <summary>Marks all existing posts as read.</summary>
    public Task MarkAllReadAsync(Actor reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return MarkAllReadCoreAsync(reader);
    }

    private async Task MarkAllReadCoreAsync(Actor reader)
    {
        await _database.WriteAsync(reader, _clock, c => c.Execute("""
            UPDATE users
               SET read_up_to = (SELECT coalesce(max(id), 0) FROM posts)
             WHERE id = $user
            """, ("$user", reader.Id))).ConfigureAwait(false);
        for (long? last = -1; last is { } after;) // the rows that say nothing from now on
            last = await _backlog.NextAsync(c => ForgetRead(c, reader.Id, after)).ConfigureAwait(false);
    }

    /// <summary>Removes the rows of the next threads that say nothing. Returns the last of those threads; <see langword="null"/> at the end.</summary>
    private static long? ForgetRead(Connection connection, long userId, long after)
    {
        var last = connection.Number("""
            SELECT max(thread_id)
              FROM (SELECT thread_id
                      FROM reading
                     WHERE user_id = $user
                       AND thread_id > $after
                     ORDER BY thread_id
                     LIMIT $limit)
            """, ("$user", userId), ("$after", after), ("$limit", ForgottenAtOnce));
        if (last is not null)
            connection.Execute("""
                DELETE FROM reading
                 WHERE user_id = $user
                   AND thread_id > $after
                   AND thread_id <= $last
                   AND (SELECT id FROM posts p WHERE p.thread_id = reading.thread_id AND p.number = reading.number)
                       <= (SELECT read_up_to FROM users WHERE id = $user)
                """, ("$user", userId), ("$after", after), ("$last", last));
        return last;
    }

    // The first visible post of another behind the viewer's mark, if it is among the next ones.
    internal const string FirstUnreadOfThread = $"""
        SELECT (SELECT behind.number
                  FROM (SELECT number, author_id, deleted_at
                          FROM posts
                         WHERE thread_id = t.id
                           AND number > {ReadUpTo}
                         ORDER BY number
                         LIMIT 1000) behind
                 WHERE behind.author_id <> me.id
                   AND behind.deleted_at IS NULL
                 ORDER BY behind.number
                 LIMIT 1)
          FROM threads t
          JOIN users me ON me.id = $user
          LEFT JOIN reading r ON r.user_id = me.id AND r.thread_id = t.id
          LEFT JOIN posts seen ON seen.thread_id = r.thread_id AND seen.number = r.number AND seen.id > me.read_up_to
         WHERE t.id = $thread
        """;

    /// <summary>The number of the first post in a thread that a user has not read; <see langword="null"/> if there is none.</summary>
    public long? FirstUnread(Actor reader, long threadId)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threadId);
        return _database.Read(c => c.Number(FirstUnreadOfThread, ("$user", reader.Id), ("$thread", threadId)));
    }

    private static void MarkRead(Connection connection, long userId, long threadId, long number) => connection.Execute("""
        INSERT INTO reading (user_id, thread_id, number)
        SELECT me.id, p.thread_id, p.number
          FROM posts p
          JOIN users me ON me.id = $user AND me.read_up_to < p.id
         WHERE p.thread_id = $thread
           AND p.number = $number
            ON CONFLICT (user_id, thread_id) DO UPDATE
           SET number = excluded.number
         WHERE excluded.number > reading.number
        """, ("$user", userId), ("$thread", threadId), ("$number", number));
}
