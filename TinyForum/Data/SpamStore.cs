using TinyForum.Search;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// One action against an account that sends spam: it is suspended, what it wrote is hidden, and the reports by it and about its posts are closed. All
/// that can be undone. The account is out at once; the rest goes in slices (<see cref="Backlog"/>). Thread-safe.
/// </summary>
public sealed class SpamStore
{
    /// <summary>How many posts, messages or reports a slice has at most.</summary>
    internal const int SliceSize = 50;

    private const string Reason = "spam";

    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly PostStore _posts;
    private readonly ModerationStore _moderation;
    private readonly Backlog _backlog;

    internal SpamStore(Database database, TimeProvider clock, PostStore posts, ModerationStore moderation, Backlog backlog) =>
        (_database, _clock, _posts, _moderation, _backlog) = (database, clock, posts, moderation, backlog);

    /// <summary>Suspends an account for good, hides its posts and messages and closes its reports. Repeating it changes nothing.</summary>
    /// <param name="actor">The moderator.</param>
    /// <param name="user">The account.</param>
    /// <param name="reason">More about it, which the account and the log show.</param>
    /// <exception cref="RefusalException">
    /// Forbidden, NotFound, Conflict: as <see cref="ModerationStore.SuspendAsync"/>. Invalid: the reason breaks its rule.
    /// </exception>
    public Task MarkAsync(Actor actor, User user, string? reason = null)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentNullException.ThrowIfNull(user);
        return MarkCoreAsync(actor, user, reason);
    }

    private async Task MarkCoreAsync(Actor actor, User user, string? reason)
    {
        await _database.WriteAsync(actor, _clock, c =>
        {
            Permissions.RequireMaySuspend(c, actor, user.Id);
            Permissions.RequireAnotherAdmin(c, user.Id, _clock.Now());
            if (IsMarked(c, user.Id))
                return false;
            Mark(c, actor, user.Id, reason);
            _moderation.Log(c, actor, "spam", postId: null, user.Id, reason);
            return true;
        }).ConfigureAwait(false);
        await FinishAsync(user.Id).ConfigureAwait(false);
    }

    /// <summary>
    /// Marks every member who has registered since some time, has posts that wait for a moderator and none that others may see. Each can be undone.
    /// </summary>
    /// <param name="actor">The moderator.</param>
    /// <param name="since">The time.</param>
    /// <param name="reason">More about it, which the accounts show, and the log, which has one line.</param>
    /// <returns>How many were marked.</returns>
    /// <exception cref="RefusalException">Forbidden: the actor is no moderator. Invalid: the reason breaks its rule.</exception>
    public Task<int> MarkNewAsync(Actor actor, DateTimeOffset since, string? reason = null)
    {
        ArgumentNullException.ThrowIfNull(actor);
        return MarkNewCoreAsync(actor, since.ToUnixTimeMilliseconds(), reason);
    }

    private async Task<int> MarkNewCoreAsync(Actor actor, long since, string? reason)
    {
        var (all, some) = (0, 0);
        do
        {
            some = await _database.WriteAsync(actor, _clock, c =>
            {
                Permissions.RequireModerator(c, actor);
                var authors = c.All(NewOnesInQueue, r => r.GetInt64(0), ("$since", since), ("$actor", actor.Id), ("$limit", SliceSize));
                foreach (var author in authors)
                    Mark(c, actor, author, reason);
                if (all == 0 && authors.Count > 0)
                    _moderation.Log(c, actor, "spam_new", postId: null, userId: null, reason);
                return authors.Count;
            }).ConfigureAwait(false);
            all += some;
        }
        while (some == SliceSize);
        _backlog.Resume();
        return all;
    }

    // By the queue, since there may be very many accounts. Who is marked stands in it no more.
    private const string NewOnesInQueue = """
        SELECT DISTINCT h.author_id
          FROM held_posts h INDEXED BY held_posts_open
          JOIN users u ON u.id = h.author_id
         WHERE h.declined_at IS NULL
           AND h.id > 0
           AND u.role = 'member'
           AND u.posts = 0
           AND u.created_at >= $since
           AND u.id <> $actor
         LIMIT $limit
        """;

    private void Mark(Connection connection, Actor actor, long userId, string? reason)
    {
        connection.Execute("""
            INSERT INTO spam (user_id, actor_id, created_at, suspension, suspended_until)
            SELECT id, $actor, $now, suspension, suspended_until
              FROM users
             WHERE id = $user
                ON CONFLICT (user_id) DO UPDATE SET actor_id = excluded.actor_id, created_at = excluded.created_at, suspension = excluded.suspension,
                                                    suspended_until = excluded.suspended_until, is_undone = 0, is_done = 0
            """, ("$actor", actor.Id), ("$now", _clock.Now()), ("$user", userId));
        connection.Execute("UPDATE users SET suspension = $reason, suspended_until = NULL WHERE id = $user", ("$reason", reason ?? Reason), ("$user", userId));
        HeldPostStore.Hide(connection, userId);
        SessionTable.EndAccess(connection, userId);
        EventLog.Add(connection, new ForumEvent(0, EventKind.UserSuspended, _clock.GetUtcNow(), UserId: userId));
    }

    /// <summary>Undoes that: the account is as it was before, and what was hidden or closed with it is as it was.</summary>
    /// <returns>Whether it was marked.</returns>
    /// <exception cref="RefusalException">Forbidden, NotFound: as <see cref="ModerationStore.SuspendAsync"/>.</exception>
    public Task<bool> UndoAsync(Actor actor, User user)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentNullException.ThrowIfNull(user);
        return UndoCoreAsync(actor, user);
    }

    private async Task<bool> UndoCoreAsync(Actor actor, User user)
    {
        var isUndone = await _database.WriteAsync(actor, _clock, c =>
        {
            Permissions.RequireMaySuspend(c, actor, user.Id);
            if (!IsMarked(c, user.Id))
                return false;
            c.Execute("""
                UPDATE users
                   SET suspension = spam.suspension, suspended_until = spam.suspended_until
                  FROM spam
                 WHERE users.id = spam.user_id
                   AND spam.user_id = $user
                """, ("$user", user.Id));
            c.Execute("UPDATE spam SET is_undone = 1, is_done = 0 WHERE user_id = $user", ("$user", user.Id));
            HeldPostStore.Show(c, user.Id);
            _moderation.Log(c, actor, "unspam", postId: null, user.Id, reason: null);
            EventLog.Add(c, new ForumEvent(0, EventKind.UserUnsuspended, _clock.GetUtcNow(), UserId: user.Id));
            return true;
        }).ConfigureAwait(false);
        if (isUndone)
            await FinishAsync(user.Id).ConfigureAwait(false);
        return isUndone;
    }

    /// <summary>Whether an account is marked.</summary>
    public bool IsMarked(User user)
    {
        ArgumentNullException.ThrowIfNull(user);
        return _database.Read(c => IsMarked(c, user.Id));
    }

    /// <summary>Requires that an account is not marked: only undoing that lifts its suspension, since more goes with it.</summary>
    /// <exception cref="RefusalException">Conflict: it is.</exception>
    internal static void RequireNotMarked(Connection connection, long userId)
    {
        if (IsMarked(connection, userId))
            throw new RefusalException(RefusalKind.Conflict, "the account was removed as spam: undo that first");
    }

    private static bool IsMarked(Connection connection, long userId) =>
        connection.Number("SELECT 1 FROM spam WHERE user_id = $user AND is_undone = 0", ("$user", userId)) is not null;

    private async Task FinishAsync(long userId)
    {
        await _backlog.FinishAsync(c => Slice(c, userId)).ConfigureAwait(false);
        _backlog.Resume(); // long threads of its own have still to be gone through
    }

    /// <summary>The account that is to be gone on with; <see langword="null"/> if none is.</summary>
    internal static long? Left(Connection connection) => connection.Number("SELECT min(user_id) FROM spam WHERE is_done = 0");

    /// <summary>Does the next slice of an account.</summary>
    /// <returns>Whether nothing is left of it.</returns>
    internal bool Slice(Connection connection, long userId)
    {
        if (connection.First("""
            SELECT actor_id, is_undone
              FROM spam
             WHERE user_id = $user
               AND is_done = 0
            """, r => new { Actor = r.GetInt64(0), IsUndone = r.GetBoolean(1) }, ("$user", userId)) is not { } spam)
            return true;
        if (spam.IsUndone)
        {
            if (ShowPosts(connection, userId) > 0 || ShowMail(connection, userId) > 0 || OpenReports(connection, userId) > 0)
                return false;
            connection.Execute("DELETE FROM spam WHERE user_id = $user", ("$user", userId));
            return true;
        }
        if (HidePosts(connection, userId, spam.Actor) > 0 || HideMail(connection, userId) > 0 || CloseReports(connection, userId, spam.Actor) > 0)
            return false;
        connection.Execute("UPDATE spam SET is_done = 1 WHERE user_id = $user", ("$user", userId));
        return true;
    }

    private int HidePosts(Connection connection, long userId, long actorId)
    {
        var posts = connection.All("""
            SELECT id
              FROM posts
             WHERE author_id = $user
               AND deleted_at IS NULL
             ORDER BY thread_id, id
             LIMIT $limit
            """, r => r.GetInt64(0), ("$user", userId), ("$limit", SliceSize));
        foreach (var id in posts)
        {
            connection.Execute("INSERT INTO spam_posts (user_id, post_id) VALUES ($user, $post) ON CONFLICT DO NOTHING", ("$user", userId), ("$post", id));
            var post = PostStore.Load(connection, id, viewerId: null, ofDeletedThreads: true)!;
            _posts.Hide(connection, post, actorId, Side.Moderator);
            if (post.Head?.Replies > 0)
                break; // which is work enough for a slice
        }
        return posts.Count;
    }

    private int ShowPosts(Connection connection, long userId)
    {
        var (size, text) = (0, 0);
        foreach (var id in connection.All("SELECT post_id FROM spam_posts WHERE user_id = $user ORDER BY post_id LIMIT $limit",
            r => r.GetInt64(0), ("$user", userId), ("$limit", SliceSize)))
        {
            var post = PostStore.Load(connection, id, viewerId: null, ofDeletedThreads: true)!;
            if (size > 0 && text + post.Body.Length > ThreadRecount.SliceText)
                break;
            (size, text) = (size + 1, text + post.Body.Length);
            connection.Execute("DELETE FROM spam_posts WHERE user_id = $user AND post_id = $post", ("$user", userId), ("$post", id));
            if (post.DeletedBy == Side.Moderator)
                _posts.Show(connection, post, () => PostTokens.Of(post.Head?.Title, post.Body));
            if (post.Head?.Replies > 0)
                break;
        }
        return size;
    }

    private static int HideMail(Connection connection, long userId)
    {
        var mail = connection.All("""
            SELECT b.owner_id, b.message_id, b.unread
              FROM mailbox b
             WHERE b.peer_id = $user
               AND b.inbox = 1
               AND b.owner_id <> $user
             LIMIT $limit
            """, r => (Owner: r.GetInt64(0), Message: r.GetInt64(1), Unread: r.GetInt64(2)), ("$user", userId), ("$limit", SliceSize));
        foreach (var (owner, message, unread) in mail)
        {
            connection.Execute("INSERT INTO spam_mail (user_id, owner_id, message_id, unread) VALUES ($user, $owner, $message, $unread) ON CONFLICT DO NOTHING",
                ("$user", userId), ("$owner", owner), ("$message", message), ("$unread", unread));
            connection.Execute("DELETE FROM mailbox WHERE owner_id = $owner AND message_id = $message", ("$owner", owner), ("$message", message));
            MessageStore.AddUnread(connection, owner, -unread);
        }
        return mail.Count;
    }

    private static int ShowMail(Connection connection, long userId)
    {
        var mail = connection.All("SELECT owner_id, message_id, unread FROM spam_mail WHERE user_id = $user LIMIT $limit",
            r => (Owner: r.GetInt64(0), Message: r.GetInt64(1), Unread: r.GetInt64(2)), ("$user", userId), ("$limit", SliceSize));
        foreach (var (owner, message, unread) in mail)
        {
            connection.Execute("INSERT INTO mailbox (owner_id, message_id, peer_id, inbox, sent, unread) VALUES ($owner, $message, $user, 1, 0, $unread)",
                ("$user", userId), ("$owner", owner), ("$message", message), ("$unread", unread));
            connection.Execute("DELETE FROM spam_mail WHERE user_id = $user AND owner_id = $owner AND message_id = $message",
                ("$user", userId), ("$owner", owner), ("$message", message));
            MessageStore.AddUnread(connection, owner, unread);
        }
        return mail.Count;
    }

    private int CloseReports(Connection connection, long userId, long actorId)
    {
        var reports = connection.All("""
            SELECT r.id, r.post_id
              FROM reports r
              JOIN posts p ON p.id = r.post_id
             WHERE r.resolved_at IS NULL
               AND (r.reporter_id = $user OR p.author_id = $user)
             ORDER BY r.id
             LIMIT $limit
            """, r => (Id: r.GetInt64(0), Post: r.GetInt64(1)), ("$user", userId), ("$limit", SliceSize));
        foreach (var (id, post) in reports)
        {
            connection.Execute("INSERT INTO spam_reports (user_id, report_id) VALUES ($user, $report) ON CONFLICT DO NOTHING",
                ("$user", userId), ("$report", id));
            EventLog.Add(connection, new ForumEvent(0, EventKind.ReportResolved, _clock.GetUtcNow(), post, ItemId: id));
            connection.Execute("UPDATE reports SET resolution = $reason, resolved_by = $actor, resolved_at = $now WHERE id = $report",
                ("$reason", Reason), ("$actor", actorId), ("$now", _clock.Now()), ("$report", id));
        }
        return reports.Count;
    }

    private static int OpenReports(Connection connection, long userId)
    {
        var reports = connection.All("SELECT report_id FROM spam_reports WHERE user_id = $user LIMIT $limit",
            r => r.GetInt64(0), ("$user", userId), ("$limit", SliceSize));
        foreach (var id in reports)
        {
            connection.Execute("DELETE FROM spam_reports WHERE user_id = $user AND report_id = $report", ("$user", userId), ("$report", id));
            // Unless the same user has reported the post again.
            connection.Execute("""
                UPDATE reports
                   SET resolution = NULL, resolved_by = NULL, resolved_at = NULL
                 WHERE id = $report
                   AND resolution = $reason
                   AND NOT EXISTS (SELECT 1
                                     FROM reports other
                                    WHERE other.post_id = reports.post_id
                                      AND other.reporter_id = reports.reporter_id
                                      AND other.reporter_id > 0
                                      AND other.resolved_at IS NULL)
                """, ("$report", id), ("$reason", Reason));
        }
        return reports.Count;
    }
}
