using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>A notification of a user.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Kind">
/// <c>reply</c>, <c>mention</c>, a moderator's action on the user's post, named as in the moderation log, or, for admins, <c>webhook.failed</c>
/// or <c>webhook.off</c>.
/// </param>
/// <param name="CreatedAt">When it happened.</param>
/// <param name="IsRead">Whether it was marked as read.</param>
/// <param name="From">Who did it.</param>
/// <param name="Post">The post it is about, if any.</param>
public sealed record Notification(long Id, string Kind, DateTimeOffset CreatedAt, bool IsRead, User? From, NotificationPost? Post);

/// <summary>The post that a <see cref="Notification"/> is about.</summary>
/// <param name="Id">The post.</param>
/// <param name="Number">Its place in the thread; 0 for the first post.</param>
/// <param name="ThreadId">The thread.</param>
/// <param name="Title">The thread's title, unless the thread is deleted.</param>
public sealed record NotificationPost(long Id, long Number, long ThreadId, string? Title);

/// <summary>
/// The users' notifications of replies, mentions, and moderation of their posts. Those of a deleted post's replies and mentions are hidden
/// until it is restored. A user has at most <see cref="Max"/>: a further one replaces the oldest that is hidden, or else the oldest that was
/// read, or else the oldest. Thread-safe.
/// </summary>
public sealed class NotificationStore
{
    /// <summary>How many a user has at most.</summary>
    public const int Max = 1_000;

    private const string Select = """
        SELECT n.id, n.kind, n.created_at, n.read, f.id, f.username, p.id, p.number, p.thread_id, t.title
          FROM notifications n
          LEFT JOIN users f ON f.id = n.from_id
          LEFT JOIN posts p ON p.id = n.post_id
          LEFT JOIN threads t ON t.id = n.thread_id AND t.deleted = 0
        """;

    private const string IsUnreadOfThread = """
        n.hidden = 0
           AND n.read = 0
           AND n.thread_id = $thread
           AND EXISTS (SELECT 1 FROM posts p WHERE p.id = n.post_id AND p.number <= $number)
        """;

    private readonly Database _database;
    private readonly TimeProvider _clock;

    internal NotificationStore(Database database, TimeProvider clock) => (_database, _clock) = (database, clock);

    /// <summary>A page of the actor's notifications, newest first.</summary>
    /// <param name="actor">Whose notifications.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="from">The <see cref="Page{T}.Next"/> of the page before.</param>
    public Page<Notification> List(Actor actor, int limit = PagePosition.DefaultSize, PagePosition? from = null)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return _database.Read(c => c.Page($"""
            {Select}
             WHERE n.user_id = $user
               AND n.hidden = 0
               AND n.id < $before
             ORDER BY n.id DESC
             LIMIT $limit
            """, Map, limit, last => [last.Id], ("$user", actor.Id), ("$before", from?.KeyOf(1)[0] ?? long.MaxValue)));
    }

    /// <summary>A notification, or <see langword="null"/> if the actor has none with that id, or it is hidden.</summary>
    public Notification? Find(Actor actor, long id)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return _database.Read(c => c.First($"""
            {Select}
             WHERE n.id = $id
               AND n.user_id = $user
               AND n.hidden = 0
            """, Map, ("$id", id), ("$user", actor.Id)));
    }

    /// <summary>How many notifications the actor has not read.</summary>
    public long CountUnread(Actor actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        return _database.Read(c => c.Number("""
            SELECT unread_notifications
              FROM users
             WHERE id = $user
            """, ("$user", actor.Id))) ?? 0;
    }

    /// <summary>Whether the actor has not read a notification about a thread's posts up to a number.</summary>
    internal bool AnyUnread(Actor actor, long threadId, long number) => _database.Read(c => c.Number($"""
        SELECT 1
          FROM users u
          JOIN notifications n ON n.user_id = u.id
         WHERE u.id = $user
           AND u.unread_notifications > 0
           AND {IsUnreadOfThread}
         LIMIT 1
        """, ("$user", actor.Id), ("$thread", threadId), ("$number", number))) is not null;

    /// <summary>Marks the actor's notifications about a thread's posts up to a number as read.</summary>
    internal Task MarkReadAsync(Actor actor, long threadId, long number) => !AnyUnread(actor, threadId, number) ? Task.CompletedTask
        : _database.WriteAsync(actor, _clock, c =>
        {
            var marked = c.Execute($"""
                UPDATE notifications AS n
                   SET read = 1
                 WHERE n.user_id = $user
                   AND {IsUnreadOfThread}
                """, ("$user", actor.Id), ("$thread", threadId), ("$number", number));
            return Count(c, actor.Id, 0, -marked);
        });

    /// <summary>Marks all of the actor's notifications as read.</summary>
    public Task MarkAllReadAsync(Actor actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        return _database.WriteAsync(actor, _clock, c =>
        {
            var marked = c.Execute("""
                UPDATE notifications
                   SET read = 1
                 WHERE user_id = $user
                   AND hidden = 0
                   AND read = 0
                """, ("$user", actor.Id));
            return Count(c, actor.Id, 0, -marked);
        });
    }

    /// <summary>
    /// Notifies a user, in the transaction of the event itself. Nobody is notified of their own actions, and users who are suspended for good
    /// of nothing.
    /// </summary>
    internal void Notify(Connection connection, long userId, string kind, long postId, long fromId)
    {
        var told = connection.First($"""
            INSERT INTO notifications (user_id, kind, post_id, thread_id, from_id, created_at)
            SELECT u.id, $kind, p.id, p.thread_id, $from, $now
              FROM users u
              JOIN posts p ON p.id = $post
             WHERE u.id = $user
               AND {User.IsRegistered}
               AND u.id <> $from
               AND (u.suspension IS NULL OR u.suspended_until IS NOT NULL)
            RETURNING id, thread_id
            """, r => new { Id = r.GetInt64(0), ThreadId = r.GetInt64(1) },
            ("$kind", kind), ("$from", fromId), ("$now", _clock.Now()), ("$post", postId), ("$user", userId));
        if (told is null)
            return;
        EventLog.Add(connection, new ForumEvent(0, EventKind.NotificationCreated, _clock.GetUtcNow(), postId, told.ThreadId, userId, told.Id));
        if (Count(connection, userId, 1, 1) > Max)
            RemoveOldest(connection, userId);
    }

    /// <summary>Notifies a user of what is about no post, in the transaction of the event itself.</summary>
    internal void Notify(Connection connection, long userId, string kind, long fromId) => Tell(connection, connection.All($"""
        INSERT INTO notifications (user_id, kind, from_id, created_at)
        SELECT u.id, $kind, $from, $now
          FROM users u
         WHERE u.id = $user
           AND {User.IsRegistered}
           AND u.id <> $from
           AND (u.suspension IS NULL OR u.suspended_until IS NOT NULL)
        RETURNING user_id, id
        """, r => (r.GetInt64(0), r.GetInt64(1)), ("$kind", kind), ("$from", fromId), ("$now", _clock.Now()), ("$user", userId)));

    /// <summary>Notifies every admin of what concerns the forum itself, in the transaction of the event.</summary>
    internal void NotifyAdmins(Connection connection, string kind) => Tell(connection, connection.All("""
        INSERT INTO notifications (user_id, kind, created_at)
        SELECT id, $kind, $now
          FROM users
         WHERE role = 'admin'
           AND id > 1
        RETURNING user_id, id
        """, r => (r.GetInt64(0), r.GetInt64(1)), ("$kind", kind), ("$now", _clock.Now())));

    private void Tell(Connection connection, IEnumerable<(long User, long Id)> told)
    {
        foreach (var (user, id) in told)
        {
            EventLog.Add(connection, new ForumEvent(0, EventKind.NotificationCreated, _clock.GetUtcNow(), UserId: user, ItemId: id));
            if (Count(connection, user, 1, 1) > Max)
                RemoveOldest(connection, user);
        }
    }

    /// <summary>
    /// Notifies the users whom a new post concerns: the authors of the thread and of the post that it replies to, and mentioned users; each
    /// once, and nobody who blocks its author. Called once per post, in the transaction that creates it.
    /// </summary>
    internal void PostCreated(
        Connection connection, long postId, long authorId, long threadAuthorId, long? repliedToAuthorId, IReadOnlyList<long> mentioned)
    {
        var told = new HashSet<long> { authorId };
        foreach (var userId in repliedToAuthorId is { } repliedTo ? (ReadOnlySpan<long>)[threadAuthorId, repliedTo] : [threadAuthorId])
            Tell(userId, "reply");
        foreach (var userId in mentioned)
            Tell(userId, Mention);

        void Tell(long userId, string kind)
        {
            if (told.Add(userId))
                NotifyUnlessBlocked(connection, userId, kind, postId, authorId);
        }
    }

    /// <summary>
    /// Notifies the users whom an edit mentions and nobody did before, and takes back what the others have not read, in the transaction of the edit.
    /// </summary>
    internal void PostEdited(Connection connection, Post post, long editorId, IReadOnlyList<long> before, IReadOnlyList<long> after)
    {
        foreach (var userId in before.Except(after))
        {
            var taken = connection.All("""
                DELETE FROM notifications
                 WHERE thread_id = $thread
                   AND post_id = $post
                   AND user_id = $user
                   AND kind = 'mention'
                   AND read = 0
                RETURNING hidden
                """, r => r.GetInt64(0), ("$thread", post.ThreadId), ("$post", post.Id), ("$user", userId));
            Count(connection, userId, -taken.Count, -taken.Count(hidden => hidden == 0)); // of those that are hidden none was counted as unread
        }
        foreach (var userId in after.Except([.. before, editorId, post.Author.Id]).Where(user => !IsTold(connection, post, user)))
            NotifyUnlessBlocked(connection, userId, Mention, post.Id, editorId);
    }

    /// <summary>
    /// Hides the notifications about the posts of a thread with ids from <paramref name="from"/> to below <paramref name="to"/>, which are
    /// deleted with it or by themselves, except those of moderation.
    /// </summary>
    internal static void PostsDeleted(Connection connection, long threadId, long from, long to) => CountUnread(connection, -1, connection.All("""
        UPDATE notifications
           SET hidden = 1
         WHERE thread_id = $thread
           AND post_id >= $from
           AND post_id < $to
           AND kind IN ('reply', 'mention')
           AND hidden = 0
        RETURNING user_id, read
        """, HiddenOrShown, ("$thread", threadId), ("$from", from), ("$to", to)));

    /// <summary>Shows those of the posts that are not deleted by themselves again, read or unread as they were.</summary>
    internal static void PostsRestored(Connection connection, long threadId, long from, long to) => CountUnread(connection, 1, connection.All("""
        UPDATE notifications
           SET hidden = 0
         WHERE thread_id = $thread
           AND post_id >= $from
           AND post_id < $to
           AND hidden = 1
           AND (SELECT deleted_at FROM posts p WHERE p.id = post_id) IS NULL
        RETURNING user_id, read
        """, HiddenOrShown, ("$thread", threadId), ("$from", from), ("$to", to)));

    private const string Mention = "mention";

    private void NotifyUnlessBlocked(Connection connection, long userId, string kind, long postId, long fromId)
    {
        if (!BlockStore.Has(connection, userId, fromId))
            Notify(connection, userId, kind, postId, fromId);
    }

    private static bool IsTold(Connection connection, Post post, long userId) => connection.Number("""
        SELECT 1
          FROM notifications
         WHERE thread_id = $thread
           AND post_id = $post
           AND user_id = $user
           AND kind IN ('reply', 'mention')
        """, ("$thread", post.ThreadId), ("$post", post.Id), ("$user", userId)) is not null;

    private static (long UserId, bool IsRead) HiddenOrShown(Row row) => (row.GetInt64(0), row.GetBoolean(1));

    private static void CountUnread(Connection connection, int sign, IEnumerable<(long UserId, bool IsRead)> changed)
    {
        foreach (var user in changed.Where(n => !n.IsRead).GroupBy(n => n.UserId))
            Count(connection, user.Key, 0, sign * user.Count());
    }

    private static void RemoveOldest(Connection connection, long userId)
    {
        var unread = connection.Number("""
            DELETE FROM notifications
             WHERE id = (SELECT id
                           FROM notifications
                          WHERE user_id = $user
                          ORDER BY hidden DESC, read DESC, id
                          LIMIT 1)
            RETURNING (1 - hidden) * (1 - read)
            """, ("$user", userId));
        Count(connection, userId, -1, -unread!.Value);
    }

    /// <summary>Adds to a user's counts; returns how many notifications the user has then.</summary>
    private static long Count(Connection connection, long userId, long all, long unread) => connection.Number("""
        UPDATE users
           SET notifications        = notifications + $all,
               unread_notifications = unread_notifications + $unread
         WHERE id = $user
        RETURNING notifications
        """, ("$all", all), ("$unread", unread), ("$user", userId)) ?? 0;

    private static Notification Map(Row row) => new(
        row.GetInt64(0), row.GetString(1), row.Time(2), row.GetBoolean(3), row.UserOrNull(4),
        row.IsDBNull(6) ? null : new NotificationPost(row.GetInt64(6), row.GetInt64(7), row.GetInt64(8), row.TextOrNull(9)));
}
