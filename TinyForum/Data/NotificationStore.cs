namespace TinyForum.Data;

/// <summary>What users are told of: replies, mentions, moderation of their posts. Thread-safe.</summary>
public sealed class NotificationStore
{
    private readonly Database _database;
    private readonly TimeProvider _clock;

    internal NotificationStore(Database database, TimeProvider clock) => (_database, _clock) = (database, clock);

    /// <summary>Tells a user of something, in the transaction of what it tells of; nothing of one's own acts.</summary>
    internal void Notify(Connection connection, long userId, string kind, long postId, long fromId)
    {
        if (userId == fromId || userId <= 1)
            return;
        connection.Execute("""
            INSERT INTO notifications (user_id, kind, post_id, from_id, created_at)
            VALUES ($user, $kind, $post, $from, $now)
            """, ("$user", userId), ("$kind", kind), ("$post", postId), ("$from", fromId), ("$now", _clock.Now()));
        connection.Execute("""
            UPDATE users
               SET unread_notifications = unread_notifications + 1
             WHERE id = $user
            """, ("$user", userId));
    }

    /// <summary>
    /// Tells those whom a new post concerns: the author of the thread, of the post it replies to, and who is mentioned.
    /// Called once a post, in the transaction that makes it.
    /// </summary>
    internal void PostCreated(Connection connection, long postId, long authorId, long threadAuthorId, long? repliedToAuthorId, string body)
    {
        if (threadAuthorId != authorId)
            Notify(connection, threadAuthorId, "reply", postId, authorId);
        if (repliedToAuthorId is { } replied && replied != threadAuthorId)
            Notify(connection, replied, "reply", postId, authorId);
    }
}
