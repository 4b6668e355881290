using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// The lists of threads, read by key downwards in stretches of one index each: the pinned threads first, then the others. A thread that
/// moves up while someone pages is met where it was or not at all; one that moves down is marked (<c>threads.fell</c> and
/// <c>unpinned</c>) and left out by walks that began before, so that no walk meets a thread twice.
/// </summary>
public sealed partial class PostStore
{
    private const string Listed = """
        t.deleted = 0
           AND ($unread = 0 OR CASE WHEN r.seen IS NULL THEN t.last_post > me.read_up_to ELSE t.replies > r.seen END)
        """;

    // CROSS JOIN: in this order, whatever the planner makes of statistics.
    private const string Newest = $"""
        SELECT {Columns}
          FROM threads t INDEXED BY threads_newest
          CROSS JOIN posts p ON p.id = t.id
          {Joins}
         WHERE t.pinned = $pinned
           AND t.id < $before
           AND t.id > $behind
           AND t.unpinned <= $falls
           AND {Listed}
         ORDER BY t.id DESC
         LIMIT $limit
        """;

    private const string Active = $"""
        SELECT {Columns}
          FROM threads t INDEXED BY threads_active
          CROSS JOIN posts p ON p.id = t.id
          {Joins}
         WHERE t.pinned = $pinned
           AND t.last_post < $before
           AND t.last_post > $behind
           AND t.fell <= $falls
           AND {Listed}
         ORDER BY t.last_post DESC
         LIMIT $limit
        """;

    private const string NewestByAuthor = $"""
        SELECT {Columns}
          FROM threads t INDEXED BY threads_newest_by_author
          CROSS JOIN posts p ON p.id = t.id
          {Joins}
         WHERE t.author_id = $author
           AND t.pinned = $pinned
           AND t.id < $before
           AND t.id > $behind
           AND t.unpinned <= $falls
           AND {Listed}
         ORDER BY t.id DESC
         LIMIT $limit
        """;

    private const string ActiveByAuthor = $"""
        SELECT {Columns}
          FROM threads t INDEXED BY threads_active_by_author
          CROSS JOIN posts p ON p.id = t.id
          {Joins}
         WHERE t.author_id = $author
           AND t.pinned = $pinned
           AND t.last_post < $before
           AND t.last_post > $behind
           AND t.fell <= $falls
           AND {Listed}
         ORDER BY t.last_post DESC
         LIMIT $limit
        """;

    private const string NewestTagged = $"""
        SELECT {Columns}
          FROM thread_tags g
          CROSS JOIN threads t ON t.id = g.thread_id
          CROSS JOIN posts p ON p.id = t.id
          {Joins}
         WHERE g.tag_id = $tag
           AND g.pinned = $pinned
           AND g.thread_id < $before
           AND g.thread_id > $behind
           AND t.unpinned <= $falls
           AND {Listed}
         ORDER BY g.thread_id DESC
         LIMIT $limit
        """;

    private const string ActiveTagged = $"""
        SELECT {Columns}
          FROM thread_tags g INDEXED BY thread_tags_active
          CROSS JOIN threads t ON t.id = g.thread_id
          CROSS JOIN posts p ON p.id = t.id
          {Joins}
         WHERE g.tag_id = $tag
           AND g.pinned = $pinned
           AND g.last_post < $before
           AND g.last_post > $behind
           AND t.fell <= $falls
           AND {Listed}
         ORDER BY g.last_post DESC
         LIMIT $limit
        """;

    private const string NewestTaggedByAuthor = $"""
        SELECT {Columns}
          FROM thread_tags g INDEXED BY thread_tags_newest_by_author
          CROSS JOIN threads t ON t.id = g.thread_id
          CROSS JOIN posts p ON p.id = t.id
          {Joins}
         WHERE g.tag_id = $tag
           AND g.author_id = $author
           AND g.pinned = $pinned
           AND g.thread_id < $before
           AND g.thread_id > $behind
           AND t.unpinned <= $falls
           AND {Listed}
         ORDER BY g.thread_id DESC
         LIMIT $limit
        """;

    private const string ActiveTaggedByAuthor = $"""
        SELECT {Columns}
          FROM thread_tags g INDEXED BY thread_tags_active_by_author
          CROSS JOIN threads t ON t.id = g.thread_id
          CROSS JOIN posts p ON p.id = t.id
          {Joins}
         WHERE g.tag_id = $tag
           AND g.author_id = $author
           AND g.pinned = $pinned
           AND g.last_post < $before
           AND g.last_post > $behind
           AND t.fell <= $falls
           AND {Listed}
         ORDER BY g.last_post DESC
         LIMIT $limit
        """;

    // Threads of before the viewer last marked everything as read, with something newer in them. The one order that no index has: they are
    // found by activity and listed by age. What is sorted is bounded by what was active since the marking.
    internal const string Revived = $"""
        SELECT {Columns}
          FROM threads t INDEXED BY threads_active
          CROSS JOIN posts p ON p.id = t.id
          {Joins}
         WHERE t.pinned = $pinned
           AND t.last_post > $read
           AND t.id <= $read
           AND t.id < $before
           AND t.unpinned <= $falls
           AND {Listed}
         ORDER BY t.id DESC
         LIMIT $limit
        """;

    internal const string RevivedByAuthor = $"""
        SELECT {Columns}
          FROM threads t INDEXED BY threads_active_by_author
          CROSS JOIN posts p ON p.id = t.id
          {Joins}
         WHERE t.author_id = $author
           AND t.pinned = $pinned
           AND t.last_post > $read
           AND t.id <= $read
           AND t.id < $before
           AND t.unpinned <= $falls
           AND {Listed}
         ORDER BY t.id DESC
         LIMIT $limit
        """;

    internal const string RevivedTagged = $"""
        SELECT {Columns}
          FROM thread_tags g INDEXED BY thread_tags_active
          CROSS JOIN threads t ON t.id = g.thread_id
          CROSS JOIN posts p ON p.id = t.id
          {Joins}
         WHERE g.tag_id = $tag
           AND g.pinned = $pinned
           AND g.last_post > $read
           AND g.thread_id <= $read
           AND g.thread_id < $before
           AND t.unpinned <= $falls
           AND {Listed}
         ORDER BY g.thread_id DESC
         LIMIT $limit
        """;

    internal const string RevivedTaggedByAuthor = $"""
        SELECT {Columns}
          FROM thread_tags g INDEXED BY thread_tags_active_by_author
          CROSS JOIN threads t ON t.id = g.thread_id
          CROSS JOIN posts p ON p.id = t.id
          {Joins}
         WHERE g.tag_id = $tag
           AND g.author_id = $author
           AND g.pinned = $pinned
           AND g.last_post > $read
           AND g.thread_id <= $read
           AND g.thread_id < $before
           AND t.unpinned <= $falls
           AND {Listed}
         ORDER BY g.thread_id DESC
         LIMIT $limit
        """;

    /// <summary>The threads that <paramref name="filter"/> asks for, pinned ones first.</summary>
    /// <param name="filter">What narrows and sorts them.</param>
    /// <param name="limit">How many, at most.</param>
    /// <param name="from"><see cref="Page{T}.Next"/> of the page before, from the same filter.</param>
    /// <param name="viewer">Who looks, for what is theirs; needed for unread ones.</param>
    public Page<Post> Threads(ThreadFilter filter, int limit = PagePosition.DefaultSize, PagePosition? from = null, Actor? viewer = null) =>
        _database.ReadSnapshot(c => Threads(c, filter, limit, from?.KeyOf(3), viewer?.Id));

    private static Page<Post> Threads(Connection connection, ThreadFilter filter, int limit, long[]? from, long? viewerId)
    {
        var tag = filter.Tag is null ? null : TagId(connection, filter.Tag);
        if (filter.Tag is not null && tag is null)
            return Page<Post>.Empty;
        var falls = from?[2] ?? connection.Number("SELECT value FROM settings WHERE name = 'falls'");
        var read = filter.Unread ? connection.Number("SELECT read_up_to FROM users WHERE id = $id", ("$id", viewerId)) ?? 0 : 0;
        var rows = new List<Post>();
        foreach (var (sql, pinned, behind) in Stretches(filter, read))
        {
            var before = from is null || from[0] > pinned ? long.MaxValue : from[0] == pinned ? from[1] : 0;
            if (rows.Count > limit || before == 0)
                continue;
            rows.AddRange(connection.All(sql, Map,
                ("$user", viewerId), ("$author", filter.AuthorId), ("$tag", tag), ("$unread", filter.Unread), ("$read", read),
                ("$falls", falls), ("$pinned", pinned), ("$before", before), ("$behind", behind), ("$limit", limit + 1 - rows.Count)));
        }
        return Page<Post>.Cut(rows, limit, last => [last.Head!.IsPinned ? 1 : 0, filter.Active ? last.Head.LatestPost : last.Id, falls!.Value]);
    }

    private static IEnumerable<(string Sql, long Pinned, long Behind)> Stretches(ThreadFilter filter, long read)
    {
        var (newest, active, revived) = (filter.Tag, filter.AuthorId) switch
        {
            (null, null) => (Newest, Active, Revived),
            (null, _) => (NewestByAuthor, ActiveByAuthor, RevivedByAuthor),
            (_, null) => (NewestTagged, ActiveTagged, RevivedTagged),
            _ => (NewestTaggedByAuthor, ActiveTaggedByAuthor, RevivedTaggedByAuthor),
        };
        yield return (filter.Active ? active : newest, 1, 0);
        yield return (filter.Active ? active : newest, 0, read);
        if (!filter.Active && read > 0)
            yield return (revived, 0, 0);
    }

    private static long? TagId(Connection connection, string tag) => connection.Number("""
        SELECT id
          FROM tags
         WHERE name = $name
        """, ("$name", tag));
}
