using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// The threads and replies. Writes maintain the counts and orders, so that every read is a few index seeks. A deleted post stays visible
/// to moderators, and to its author if nobody else deleted it, and does not exist for everyone else. Thread-safe.
/// </summary>
public sealed partial class PostStore
{
    // The columns that Map reads, of the post p by the user a in the thread t. Joins adds what depends on the viewer $user.
    private const string Columns = $"""
        p.id, p.thread_id, p.number, p.author_id, a.username, p.body, p.created_at, p.edited_at, p.revision, p.likes,
               CASE WHEN me.id IS NOT NULL THEN l.user_id IS NOT NULL END, p.reply_to, p.deleted_as,
               t.title, t.tags, t.replies, t.last_post, t.pinned, t.locked,
               CASE WHEN me.id IS NOT NULL AND p.number = 0 THEN {Unread} END
        """;

    // What the viewer has read of the thread t: the posts with ids up to this.
    private const string ReadId = "coalesce(seen.id, me.read_up_to)";

    // The number of the last of them.
    private const string ReadUpTo = """
        coalesce(seen.number, CASE WHEN me.read_up_to > 0 THEN (SELECT last.number
                                           FROM posts last
                                          WHERE last.thread_id = t.id
                                            AND last.id <= me.read_up_to
                                            AND last.deleted_at IS NULL
                                          ORDER BY last.id DESC
                                          LIMIT 1) END, -1)
        """;

    // How many visible posts that are not the viewer's come behind that. Most threads have no deleted replies to count.
    private const string Unread = $"""
        (CASE WHEN t.last_post <= {ReadId} THEN 0 ELSE t.last_number - {ReadUpTo}
                 - (SELECT count(*)
                      FROM posts own
                     WHERE own.author_id = me.id
                       AND own.thread_id = t.id
                       AND own.id > {ReadId}
                       AND own.deleted_at IS NULL)
                 - CASE WHEN t.replies = t.last_number THEN 0 ELSE (SELECT count(*)
                                                                      FROM posts gone
                                                                     WHERE gone.thread_id = t.id
                                                                       AND gone.number > {ReadUpTo}
                                                                       AND gone.deleted_at IS NOT NULL) END END)
        """;

    // Whether that is 0. Own replies move the mark on while it is, so that the first visible post behind the mark is another's, unless one was
    // deleted: then it is looked for among as many as this, and with so many own ones behind the mark, it is not said to be 0.
    private const string HasReadAll = $"""
        NOT EXISTS (SELECT 1 FROM {Behind} WHERE behind.author_id <> me.id)
               AND NOT EXISTS (SELECT 1 FROM {Behind} LIMIT 1 OFFSET 999)
        """;

    private const string Behind = $"""
        (SELECT author_id
                                     FROM posts
                                    WHERE thread_id = t.id
                                      AND id > {ReadId}
                                      AND deleted_at IS NULL
                                    ORDER BY id
                                    LIMIT 1000) behind
        """;

    private const string Joins = """
        JOIN users a ON a.id = p.author_id
          LEFT JOIN users me ON me.id = $user
          LEFT JOIN likes l ON l.post_id = p.id AND l.user_id = $user
          LEFT JOIN reading r ON r.user_id = $user AND r.thread_id = p.thread_id
          LEFT JOIN posts seen ON seen.thread_id = r.thread_id AND seen.number = r.number AND seen.id > me.read_up_to
        """;

    private const string OnePost = $"""
        SELECT {Columns}
          FROM posts p
          JOIN threads t ON t.id = p.thread_id
          {Joins}
         WHERE p.id = $id
        """;

    private const string OnePostOfVisibleThread = $"""
        {OnePost}
           AND (p.number = 0 OR t.deleted = 0)
        """;

    private const string RepliesOfThread = $"""
        SELECT {Columns}
          FROM posts p
          JOIN threads t ON t.id = p.thread_id
          {Joins}
         WHERE p.thread_id = $thread
           AND p.number > $after
         ORDER BY p.number
         LIMIT $limit
        """;

    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly ModerationStore _moderation;
    private readonly NotificationStore _notifications;
    private readonly IdempotencyKeys _keys;
    private readonly Backlog _backlog;
    private readonly PolicyStore _policy;
    private readonly FilterStore _filters;

    internal PostStore(
        Database database, TimeProvider clock, ModerationStore moderation, NotificationStore notifications, IdempotencyKeys keys, Backlog backlog,
        PolicyStore policy, FilterStore filters)
    {
        (_database, _clock, _moderation, _notifications, _keys) = (database, clock, moderation, notifications, keys);
        (_backlog, _policy, _filters) = (backlog, policy, filters);
    }

    /// <summary>The post, or <see langword="null"/> if it does not exist or <paramref name="viewer"/> may not see it.</summary>
    public Post? Find(long id, Actor? viewer = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return _database.Read(c => Load(c, id, viewer?.Id, ofDeletedThreads: viewer?.Role >= Role.Moderator)) is { } post
            && Permissions.MaySee(post, viewer) ? post : null;
    }

    /// <summary>
    /// A page of a thread's replies, oldest first; deleted ones have no text. <see langword="null"/> if there is no such thread, or
    /// it is deleted and <paramref name="viewer"/> no moderator.
    /// </summary>
    /// <param name="threadId">The thread.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="from">The <see cref="Page{T}.Next"/> of the page before.</param>
    /// <param name="after">The number of the reply after which the first page begins.</param>
    /// <param name="viewer">The user for whom likes are told.</param>
    public Page<Post>? Replies(
        long threadId, int limit = PagePosition.DefaultSize, PagePosition? from = null, long after = 0, Actor? viewer = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threadId);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        return _database.ReadSnapshot(c =>
        {
            if (!IsVisibleThread(c, threadId) && !(viewer?.Role >= Role.Moderator && Load(c, threadId, null) is { Head: not null }))
                return null;
            return c.Page(RepliesOfThread, MapStub, limit, last => [last.Number],
                ("$thread", threadId), ("$after", from?.KeyOf(1)[0] ?? after), ("$user", viewer?.Id));
        });
    }

    /// <summary>A page of the tags of visible threads, by name.</summary>
    public Page<TagCount> Tags(int limit = PagePosition.DefaultSize, PagePosition? from = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return _database.Read(c =>
        {
            var page = c.Page("""
                SELECT id, coalesce(shown, name), threads
                  FROM tags
                 WHERE threads > 0
                   AND name > coalesce((SELECT name FROM tags WHERE id = $after), '')
                 ORDER BY name
                 LIMIT $limit
                """, r => (Id: r.GetInt64(0), Tag: new TagCount(r.GetString(1), r.GetInt64(2))), limit, last => [last.Id], ("$after", from?.KeyOf(1)[0]));
            return new Page<TagCount>([.. page.Items.Select(i => i.Tag)], page.Next);
        });
    }

    /// <summary>The post, deleted or not; <see langword="null"/> for a reply of a deleted thread, unless those are asked for, too.</summary>
    internal static Post? Load(Connection connection, long id, long? viewerId, bool ofDeletedThreads = false) =>
        connection.First(ofDeletedThreads ? OnePost : OnePostOfVisibleThread, Map, ("$id", id), ("$user", viewerId));

    private static bool IsVisibleThread(Connection connection, long id) => connection.Number("""
        SELECT 1
          FROM threads
         WHERE id = $id
           AND deleted = 0
        """, ("$id", id)) is not null;

    private static Post Map(Row row) => new(
        Id: row.GetInt64(0),
        ThreadId: row.GetInt64(1),
        Number: row.GetInt64(2),
        Author: row.User(3),
        Body: row.GetString(5),
        CreatedAt: row.Time(6),
        EditedAt: row.TimeOrNull(7),
        Revision: row.GetInt64(8),
        Likes: row.GetInt64(9),
        Liked: row.IsDBNull(10) ? null : row.GetBoolean(10),
        ReplyTo: row.NumberOrNull(11),
        DeletedBy: row.IsDBNull(12) ? null : row.GetString(12) == "author" ? Side.Author : Side.Moderator,
        Head: row.GetInt64(2) > 0 ? null : new ThreadHead(
            Title: row.GetString(13),
            Tags: ParseTags(row.GetString(14)),
            Replies: row.GetInt64(15),
            LatestPost: row.GetInt64(16),
            IsPinned: row.GetBoolean(17),
            IsLocked: row.GetBoolean(18),
            Unread: row.NumberOrNull(19)));

    private static Post MapStub(Row row)
    {
        var post = Map(row);
        return post.DeletedBy is null ? post : post with { Body = "" };
    }

    // A JSON array of tags needs no escapes: tags have only letters, digits and hyphens.
    internal static string FormatTags(IReadOnlyList<string> tags) => tags.Count == 0 ? "[]" : $"[\"{string.Join("\",\"", tags)}\"]";

    internal static string[] ParseTags(string json) => json.Length <= 2 ? [] : json[2..^2].Split("\",\"");
}
