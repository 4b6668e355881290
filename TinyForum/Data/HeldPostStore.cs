using TinyForum.Search;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>Why a post waits for a moderator.</summary>
public enum HoldCause
{
    /// <summary>Its author is new (<see cref="ForumPolicy.HoldFirstPosts"/>).</summary>
    New,

    /// <summary>One of the forum's filters holds it.</summary>
    Filter,
}

/// <summary>A post that waits for a moderator, or was declined: nobody but its author and moderators learns of it.</summary>
/// <param name="Id">Its id, which is not that of the post that it may become.</param>
/// <param name="Author">Who wrote it.</param>
/// <param name="ThreadId">The thread that it replies in; <see langword="null"/> for a new thread.</param>
/// <param name="ReplyTo">The id of the post in the thread that it answers, if any.</param>
/// <param name="Title">The title of a new thread.</param>
/// <param name="Tags">The tags of a new thread.</param>
/// <param name="Body">The text.</param>
/// <param name="Cause">Why it waits.</param>
/// <param name="CreatedAt">When it was written.</param>
/// <param name="DeclinedAt">When it was declined; <see langword="null"/> if it waits.</param>
/// <param name="Reason">Why it was declined, if that was said.</param>
public sealed record HeldPost(
    long Id, User Author, long? ThreadId, long? ReplyTo, string? Title, IReadOnlyList<string>? Tags, string Body, HoldCause Cause,
    DateTimeOffset CreatedAt, DateTimeOffset? DeclinedAt, string? Reason);

/// <summary>
/// The posts that wait for a moderator. One that is accepted is written only then, with a number and a time of its own, so that whoever reads posts
/// can't meet one that waits. Thread-safe.
/// </summary>
public sealed class HeldPostStore
{
    /// <summary>How many posts of a user may wait.</summary>
    public const int MaxPerUser = 50;

    /// <summary>How long an author can read what was declined.</summary>
    public static readonly TimeSpan DeclinedFor = TimeSpan.FromDays(30);

    private const string Columns = """
        h.id, h.author_id, u.username, h.thread_id, h.reply_to, h.title, h.tags, h.body, h.cause, h.created_at, h.declined_at, h.reason
        """;

    // One that was taken back leaves its row, without a text, for a while: it counts among what its author wrote that day.
    private const string IsThere = "h.body <> ''";

    // When the posts of an account that is marked as spam were declined, as long as it is: no clock says so.
    private const long AsSpam = 253_402_300_799_000;

    private static readonly HeldPost Nothing = new(0, new User(0, ""), null, null, null, null, "-", default, default, default, null);

    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly PostStore _posts;
    private readonly ModerationStore _moderation;
    private readonly NotificationStore _notifications;

    internal HeldPostStore(Database database, TimeProvider clock, PostStore posts, ModerationStore moderation, NotificationStore notifications) =>
        (_database, _clock, _posts, _moderation, _notifications) = (database, clock, posts, moderation, notifications);

    /// <summary>A page of the posts that wait, oldest first; for moderators.</summary>
    /// <param name="limit">How many at most.</param>
    /// <param name="from">The <see cref="Page{T}.Next"/> of the page before.</param>
    public Page<HeldPost> List(int limit = PagePosition.DefaultSize, PagePosition? from = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return _database.Read(c => c.Page($"""
            SELECT {Columns}
              FROM held_posts h
              JOIN users u ON u.id = h.author_id
             WHERE h.declined_at IS NULL
               AND h.id > $after
             ORDER BY h.id
             LIMIT $limit
            """, Map, limit, last => [last.Id], ("$after", from?.KeyOf(1)[0] ?? 0)));
    }

    /// <summary>A page of the actor's posts that wait or were declined, newest first.</summary>
    /// <param name="actor">Who wrote them.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="from">The <see cref="Page{T}.Next"/> of the page before.</param>
    public Page<HeldPost> ListOwn(Actor actor, int limit = PagePosition.DefaultSize, PagePosition? from = null)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return _database.Read(c => c.Page($"""
            SELECT {Columns}
              FROM held_posts h
              JOIN users u ON u.id = h.author_id
             WHERE h.author_id = $user
               AND h.id < $before
               AND {IsThere}
             ORDER BY h.id DESC
             LIMIT $limit
            """, Map, limit, last => [last.Id], ("$user", actor.Id), ("$before", from?.KeyOf(1)[0] ?? long.MaxValue)));
    }

    /// <summary>The actor's posts that wait in a thread, or, without one, to become threads; oldest first.</summary>
    internal IReadOnlyList<HeldPost> OwnIn(Actor actor, long? threadId) => _database.Read(c => c.All($"""
        SELECT {Columns}
          FROM held_posts h
          JOIN users u ON u.id = h.author_id
         WHERE h.author_id = $user
           AND h.declined_at IS NULL
           AND coalesce(h.thread_id, 0) = $thread
         ORDER BY h.id
        """, Map, ("$user", actor.Id), ("$thread", threadId ?? 0)));

    /// <summary>How many posts wait, counting no further than <paramref name="most"/>.</summary>
    internal long CountWaiting(int most) => _database.Read(c => c.Number($"""
        SELECT count(*)
          FROM (SELECT 1
                  FROM held_posts h INDEXED BY held_posts_open
                 WHERE h.declined_at IS NULL
                   AND h.id > 0
                 LIMIT $most)
        """, ("$most", most)))!.Value;

    /// <summary>A post that waits or was declined; <see langword="null"/> if there is none, or the actor is neither its author nor a moderator.</summary>
    public HeldPost? Find(Actor actor, long id)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return _database.Read(c => Find(c, id)) is { } post
            && (post.Author.Id == actor.Id || actor.Role >= Role.Moderator) ? post : null;
    }

    /// <summary>Writes a post that waits, as of now, and tells its author.</summary>
    /// <returns>The post; <see langword="null"/> if no such post waits.</returns>
    /// <exception cref="RefusalException">
    /// Forbidden: the actor is no moderator. NotFound: the thread is gone. Conflict: its author is suspended.
    /// </exception>
    public Task<Post?> AcceptAsync(Actor moderator, long id)
    {
        ArgumentNullException.ThrowIfNull(moderator);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        var held = _database.Read(c => Find(c, id)) ?? Nothing; // what waits never changes
        var text = PostText.Check(held.Title, held.Body, held.Tags);
        var (tokens, mentioned) = (PostTokens.Of(held.Title, held.Body), _posts.MentionedBy(held.Body));
        return _database.WriteAsync(moderator, _clock, c =>
        {
            Permissions.RequireModerator(c, moderator);
            if (held.Id != id || Find(c, id) is not { DeclinedAt: null })
                return null;
            RequireNotSuspended(c, held.Author);
            var post = _posts.Accept(c, held, text, tokens, mentioned, moderator.Id);
            c.Execute("""
                UPDATE idempotency_keys
                   SET kind = 'post', made_id = $post
                 WHERE user_id = $author
                   AND kind = 'held'
                   AND made_id = $held
                """, ("$post", post.Id), ("$author", held.Author.Id), ("$held", id));
            Remove(c, id);
            _moderation.Log(c, moderator, "accept_post", post.Id, userId: null, reason: null);
            return post;
        });
    }

    /// <summary>Declines a post that waits. Its author can read it, and the reason, for <see cref="DeclinedFor"/>.</summary>
    /// <returns>Whether such a post waited.</returns>
    /// <exception cref="RefusalException">Forbidden: the actor is no moderator. Invalid: the reason breaks its rule.</exception>
    public Task<bool> DeclineAsync(Actor moderator, long id, string? reason)
    {
        ArgumentNullException.ThrowIfNull(moderator);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return _database.WriteAsync(moderator, _clock, c =>
        {
            Permissions.RequireModerator(c, moderator);
            if (Find(c, id) is not { DeclinedAt: null } held)
                return false;
            c.Execute("""
                UPDATE held_posts
                   SET declined_at = $now, reason = $reason
                 WHERE id = $id
                """, ("$now", _clock.Now()), ("$reason", reason), ("$id", id));
            _moderation.Log(c, moderator, "decline_post", postId: null, held.Author.Id, reason);
            _notifications.Notify(c, held.Author.Id, "decline_post", moderator.Id);
            return true;
        });
    }

    /// <summary>Takes back one of the actor's own posts that waits or was declined.</summary>
    /// <returns>Whether there was one.</returns>
    public Task<bool> WithdrawAsync(Actor actor, long id)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return _database.WriteAsync(actor, _clock, c => c.Execute("""
            UPDATE held_posts
               SET title = NULL, tags = NULL, body = '', reason = NULL, declined_at = coalesce(declined_at, $now)
             WHERE id = $id
               AND author_id = $user
               AND body <> ''
            """, ("$now", _clock.Now()), ("$id", id), ("$user", actor.Id)) > 0);
    }

    /// <summary>Lets a post wait, in the caller's transaction.</summary>
    /// <exception cref="RefusalException">Conflict: <see cref="MaxPerUser"/> wait.</exception>
    internal static HeldPost Hold(Connection connection, User author, NewPost post, HoldCause cause, long now)
    {
        if (connection.Number("SELECT count(*) FROM held_posts WHERE author_id = $author AND declined_at IS NULL", ("$author", author.Id)) >= MaxPerUser)
            throw new RefusalException(RefusalKind.Conflict, $"{MaxPerUser} of your posts wait for a moderator already");
        connection.Execute("""
            DELETE FROM held_posts
             WHERE id IN (SELECT id FROM held_posts WHERE declined_at <= $oldest ORDER BY declined_at LIMIT $limit)
            """, ("$oldest", now - (long)DeclinedFor.TotalMilliseconds), ("$limit", SessionTable.SweptAtOnce));
        var id = connection.Number("""
            INSERT INTO held_posts (author_id, thread_id, reply_to, title, tags, body, cause, created_at)
            VALUES ($author, $thread, $reply_to, $title, $tags, $body, $cause, $now)
            RETURNING id
            """, ("$author", author.Id), ("$thread", post.ThreadId), ("$reply_to", post.ReplyTo), ("$title", post.Text.Title),
            ("$tags", post.Text.Tags is { } tags ? PostStore.FormatTags([.. tags.Select(t => t.Shown)]) : null), ("$body", post.Text.Body),
            ("$cause", NameOf(cause)), ("$now", now))!.Value;
        return Find(connection, id)!;
    }

    /// <summary>Takes the posts of an account out of the queue that is marked as spam.</summary>
    internal static void Hide(Connection connection, long authorId) => connection.Execute("""
        UPDATE held_posts
           SET declined_at = $spam
         WHERE author_id = $author
           AND declined_at IS NULL
        """, ("$spam", AsSpam), ("$author", authorId));

    /// <summary>Undoes that.</summary>
    internal static void Show(Connection connection, long authorId) => connection.Execute("""
        UPDATE held_posts
           SET declined_at = NULL
         WHERE author_id = $author
           AND declined_at = $spam
        """, ("$spam", AsSpam), ("$author", authorId));

    internal static HeldPost? Find(Connection connection, long id) => connection.First($"""
        SELECT {Columns}
          FROM held_posts h
          JOIN users u ON u.id = h.author_id
         WHERE h.id = $id
           AND {IsThere}
        """, Map, ("$id", id));

    internal static string NameOf(HoldCause cause) => cause == HoldCause.New ? "new" : "filter";

    private void RequireNotSuspended(Connection connection, User author)
    {
        if (connection.Number($"SELECT 1 FROM users u WHERE u.id = $id AND {User.IsRegistered} AND {Suspension.IsNotInForce}",
            ("$id", author.Id), ("$now", _clock.Now())) is null)
            throw new RefusalException(RefusalKind.Conflict, "its author is suspended");
    }

    private static void Remove(Connection connection, long id) => connection.Execute("DELETE FROM held_posts WHERE id = $id", ("$id", id));

    private static HeldPost Map(Row row) => new(
        row.GetInt64(0), row.User(1), row.NumberOrNull(3), row.NumberOrNull(4), row.TextOrNull(5),
        row.TextOrNull(6) is { } tags ? PostStore.ParseTags(tags) : null, row.GetString(7), row.GetString(8) == "new" ? HoldCause.New : HoldCause.Filter,
        row.Time(9), row.TimeOrNull(10), row.TextOrNull(11));
}
