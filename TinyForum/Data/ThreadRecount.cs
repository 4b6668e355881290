using TinyForum.Search;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// Takes the replies of a deleted thread out of their authors' counts and the search index and hides the notifications of them, or undoes that
/// for a restored one. <c>recounts</c> has how far it has come with a thread: the replies below <c>post_id</c> are out. Which way it goes,
/// the thread itself tells, so that it may be deleted and restored again before all is done.
/// </summary>
internal static class ThreadRecount
{
    /// <summary>How many replies a slice has at most.</summary>
    internal const int SliceSize = 100;

    /// <summary>How many characters of text a slice puts back into the search index, or a reply's if that is longer.</summary>
    internal const int SliceText = 32_000;

    /// <summary>Begins, in the transaction that deletes or restores the thread.</summary>
    /// <returns>Whether all is done already.</returns>
    public static bool Begin(Connection connection, long threadId, bool deleted)
    {
        connection.Execute("""
            INSERT INTO recounts (thread_id, post_id)
            SELECT t.id, CASE WHEN $deleted THEN 0 ELSE latest.id + 1 END
              FROM threads t
              JOIN posts latest ON latest.thread_id = t.id AND latest.number = t.last_number
             WHERE t.id = $thread
                ON CONFLICT (thread_id) DO NOTHING
            """, ("$deleted", deleted), ("$thread", threadId));
        return Slice(connection, threadId);
    }

    /// <summary>Does the next slice of a thread.</summary>
    /// <returns>Whether nothing is left of it.</returns>
    public static bool Slice(Connection connection, long threadId)
    {
        if (connection.First("""
            SELECT c.post_id, t.deleted
              FROM recounts c
              JOIN threads t ON t.id = c.thread_id
             WHERE c.thread_id = $thread
            """, r => new { PostId = r.GetInt64(0), IsDeleted = r.GetBoolean(1) }, ("$thread", threadId)) is not { } done)
            return true;
        var next = done.IsDeleted ? TakeOut(connection, threadId, done.PostId) : PutBack(connection, threadId, done.PostId);
        connection.Execute(next is null ? "DELETE FROM recounts WHERE thread_id = $thread" : "UPDATE recounts SET post_id = $post WHERE thread_id = $thread",
            ("$thread", threadId), ("$post", next));
        return next is null;
    }

    /// <returns>Where the next slice begins; <see langword="null"/> if this was the last.</returns>
    private static long? TakeOut(Connection connection, long threadId, long from)
    {
        var replies = connection.All(Upwards, r => r.GetInt64(0), ("$thread", threadId), ("$post", from), ("$limit", SliceSize + 1));
        var next = replies.Count > SliceSize ? replies[^1] : (long?)null;
        var to = next ?? long.MaxValue;
        foreach (var reply in replies.Where(id => id < to && id != threadId))
            SearchIndex.Remove(connection, reply);
        Count(connection, threadId, from, to, -1);
        NotificationStore.PostsDeleted(connection, threadId, from, to);
        return next;
    }

    private static long? PutBack(Connection connection, long threadId, long to)
    {
        var (size, text, from) = (0, 0, to);
        var isWhole = connection.While(Downwards, row =>
        {
            (size, text) = (size + 1, text + row.GetString(1).Length);
            if (size > 1 && (size > SliceSize || text > SliceText))
                return false;
            from = row.GetInt64(0);
            if (from != threadId)
                SearchIndex.Put(connection, from, PostTokens.Of(null, row.GetString(1)));
            return true;
        }, ("$thread", threadId), ("$post", to));
        from = isWhole ? 0 : from;
        Count(connection, threadId, from, to, 1);
        NotificationStore.PostsRestored(connection, threadId, from, to);
        return isWhole ? null : from;
    }

    /// <summary>The thread that is to be gone on with; <see langword="null"/> if none is.</summary>
    public static long? Left(Connection connection) => connection.Number("SELECT min(thread_id) FROM recounts");

    /// <summary>Whether a reply is out of its author's count: its thread is deleted, or it has still to be put back.</summary>
    public static bool IsOut(Connection connection, Post reply) => IsOut(connection, reply.ThreadId, reply.Id);

    /// <inheritdoc cref="IsOut(Connection, Post)"/>
    public static bool IsOut(Connection connection, long threadId, long replyId) => connection.Number("""
        SELECT 1
          FROM threads t
          LEFT JOIN recounts c ON c.thread_id = t.id
         WHERE t.id = $thread
           AND CASE WHEN c.thread_id IS NULL THEN t.deleted = 1 ELSE c.post_id > $post END
        """, ("$thread", threadId), ("$post", replyId)) is not null;

    // By the index of visible posts: the table itself has to be read past their texts to learn which are deleted.
    private const string Upwards = """
        SELECT id
          FROM posts INDEXED BY posts_visible
         WHERE thread_id = $thread
           AND id >= $post
           AND deleted_at IS NULL
         ORDER BY id
         LIMIT $limit
        """;

    private const string Downwards = """
        SELECT id, body
          FROM posts INDEXED BY posts_visible
         WHERE thread_id = $thread
           AND id < $post
           AND deleted_at IS NULL
         ORDER BY id DESC
        """;

    private static void Count(Connection connection, long threadId, long from, long to, int sign) => connection.Execute("""
        UPDATE users
           SET posts = users.posts + $sign * visible.posts
          FROM (SELECT author_id, count(*) AS posts
                  FROM posts INDEXED BY posts_visible
                 WHERE thread_id = $thread
                   AND id >= $from
                   AND id < $to
                   AND id <> $thread
                   AND deleted_at IS NULL
                 GROUP BY author_id) visible
         WHERE users.id = visible.author_id
        """, ("$sign", sign), ("$thread", threadId), ("$from", from), ("$to", to));
}
