using Microsoft.Data.Sqlite;
using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>A notification of a user.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Kind"><c>reply</c>, <c>mention</c>, or a moderator's action on the user's post, named as in the moderation log.</param>
/// <param name="CreatedAt">When it happened.</param>
/// <param name="IsRead">Whether it was marked as read.</param>
/// <param name="From">Who did it.</param>
/// <param name="Post">The post it is about.</param>
public sealed record Notification(long Id, string Kind, DateTimeOffset CreatedAt, bool IsRead, User? From, NotificationPost? Post);

/// <summary>The post that a <see cref="Notification"/> is about.</summary>
/// <param name="Id">The post.</param>
/// <param name="Number">Its place in the thread; 0 for the first post.</param>
/// <param name="ThreadId">The thread.</param>
/// <param name="Title">The thread's title, unless the thread is deleted.</param>
public sealed record NotificationPost(long Id, long Number, long ThreadId, string? Title);

/// <summary>
/// The users' notifications of replies, mentions, and moderation of their posts. A user has at most <see cref="Max"/>: a further one
/// replaces the oldest that was read, or the oldest if none was. Thread-safe.
/// </summary>
public sealed class NotificationStore
{
    /// <summary>How many a user has at most.</summary>
    public const int Max = 1_000;

    private readonly Database _database;
    private readonly TimeProvider _clock;

    internal NotificationStore(Database database, TimeProvider clock) => (_database, _clock) = (database, clock);

    /// <summary>A page of the actor's notifications, newest first.</summary>
    /// <param name="actor">Whose notifications.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="from">The <see cref="Page{T}.Next"/> of the page before.</param>
    public Page<Notification> List(Actor actor, int limit = PagePosition.DefaultSize, PagePosition? from = null) => _database.Read(c => c.Page("""
        SELECT n.id, n.kind, n.created_at, n.read, f.id, f.username, p.id, p.number, p.thread_id, t.title
          FROM notifications n
          LEFT JOIN users f ON f.id = n.from_id
          LEFT JOIN posts p ON p.id = n.post_id
          LEFT JOIN threads t ON t.id = n.thread_id AND t.deleted = 0
         WHERE n.user_id = $user
           AND n.id < $before
         ORDER BY n.id DESC
         LIMIT $limit
        """, Map, limit, last => [last.Id], ("$user", actor.Id), ("$before", from?.KeyOf(1)[0] ?? long.MaxValue)));

    /// <summary>How many notifications the actor has not read.</summary>
    public long CountUnread(Actor actor) => _database.Read(c => c.Number("""
        SELECT unread_notifications
          FROM users
         WHERE id = $user
        """, ("$user", actor.Id))) ?? 0;

    /// <summary>Marks all of the actor's notifications as read.</summary>
    public Task MarkAllReadAsync(Actor actor) => _database.WriteAsync(actor, _clock, c =>
    {
        var marked = c.Execute("""
            UPDATE notifications
               SET read = 1
             WHERE user_id = $user
               AND read = 0
            """, ("$user", actor.Id));
        return Count(c, actor.Id, 0, -marked);
    });

    /// <summary>
    /// Notifies a user, in the transaction of the event itself. Nobody is notified of their own actions, and suspended users of nothing.
    /// </summary>
    internal void Notify(Connection connection, long userId, string kind, long postId, long fromId)
    {
        var told = connection.Execute($"""
            INSERT INTO notifications (user_id, kind, post_id, thread_id, from_id, created_at)
            SELECT u.id, $kind, p.id, p.thread_id, $from, $now
              FROM users u
              JOIN posts p ON p.id = $post
             WHERE u.id = $user
               AND {User.IsRegistered}
               AND u.id <> $from
               AND {Suspension.IsNotInForce}
            """, ("$kind", kind), ("$from", fromId), ("$now", _clock.Now()), ("$post", postId), ("$user", userId));
        if (told > 0 && Count(connection, userId, 1, 1) > Max)
            RemoveOldest(connection, userId);
    }

    /// <summary>
    /// Notifies the users whom a new post concerns: the authors of the thread and of the post that it replies to, and mentioned users; each
    /// once, and nobody who blocks its author. Called once per post, in the transaction that creates it.
    /// </summary>
    internal void PostCreated(Connection connection, long postId, long authorId, long threadAuthorId, long? repliedToAuthorId, string body)
    {
        var told = new HashSet<long> { authorId };
        Tell(threadAuthorId, "reply");
        if (repliedToAuthorId is { } replied)
            Tell(replied, "reply");
        foreach (var (key, otherwise) in Mentions.Find(body))
        {
            var user = UserStore.FindByKey(connection, key) ?? (otherwise is null ? null : UserStore.FindByKey(connection, otherwise));
            if (user is not null)
                Tell(user.Id, "mention");
        }

        void Tell(long userId, string kind)
        {
            if (told.Add(userId) && !BlockStore.Has(connection, userId, authorId))
                Notify(connection, userId, kind, postId, authorId);
        }
    }

    /// <summary>
    /// Removes the notifications about the posts of a thread with ids from <paramref name="from"/> to below <paramref name="to"/>, which are
    /// deleted with it or by themselves, except those of moderation. They do not come back when the post is restored.
    /// </summary>
    internal static void PostsDeleted(Connection connection, long threadId, long from, long to)
    {
        var gone = connection.All("""
            DELETE FROM notifications
             WHERE thread_id = $thread
               AND post_id >= $from
               AND post_id < $to
               AND kind IN ('reply', 'mention')
            RETURNING user_id, read
            """, r => (UserId: r.GetInt64(0), Unread: 1 - r.GetInt64(1)), ("$thread", threadId), ("$from", from), ("$to", to));
        foreach (var (userId, unread) in gone)
            Count(connection, userId, -1, -unread);
    }

    private static void RemoveOldest(Connection connection, long userId)
    {
        var wasRead = connection.Number("""
            DELETE FROM notifications
             WHERE id = coalesce((SELECT min(id) FROM notifications WHERE user_id = $user AND read = 1),
                                 (SELECT min(id) FROM notifications WHERE user_id = $user AND read = 0))
            RETURNING read
            """, ("$user", userId));
        Count(connection, userId, -1, wasRead!.Value - 1);
    }

    /// <summary>Adds to a user's counts; returns how many notifications the user has then.</summary>
    private static long Count(Connection connection, long userId, long all, long unread) => connection.Number("""
        UPDATE users
           SET notifications        = notifications + $all,
               unread_notifications = unread_notifications + $unread
         WHERE id = $user
        RETURNING notifications
        """, ("$all", all), ("$unread", unread), ("$user", userId)) ?? 0;

    private static Notification Map(SqliteDataReader row) => new(
        row.GetInt64(0), row.GetString(1), row.Time(2), row.GetBoolean(3), row.UserOrNull(4),
        row.IsDBNull(6) ? null : new NotificationPost(row.GetInt64(6), row.GetInt64(7), row.GetInt64(8), row.TextOrNull(9)));
}
