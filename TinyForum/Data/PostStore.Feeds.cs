using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>A post in a feed.</summary>
/// <param name="Post">The post.</param>
/// <param name="Title">The title of its thread.</param>
public sealed record FeedPost(Post Post, string Title)
{
    /// <summary>When it was written or last edited.</summary>
    public DateTimeOffset UpdatedAt => Post.EditedAt ?? Post.CreatedAt;
}

/// <summary>The newest posts of something, newest first, wherever they are pinned.</summary>
/// <param name="Posts">The posts, as anyone may see them.</param>
/// <param name="Next">Where the older ones begin; <see langword="null"/> if there are none, or it is not known.</param>
/// <param name="UpdatedAt">When the last of them was written, edited or, among them, deleted; <see langword="null"/> if there never was one.</param>
public sealed record PostFeed(IReadOnlyList<FeedPost> Posts, DateTimeOffset? UpdatedAt, PagePosition? Next = null);

/// <summary>What feeds show.</summary>
public sealed partial class PostStore
{
    internal const int FeedSize = 30;

    // How many posts that feeds do not show are looked through for those that they do, and for when they were deleted.
    private const int MaxHidden = 1_000;

    internal const string DeletedThreads = """
        SELECT p.deleted_at, t.tags
          FROM threads t INDEXED BY threads_deleted
          CROSS JOIN posts p ON p.id = t.id
         WHERE t.deleted = 1
           AND t.id > $oldest
         ORDER BY t.id DESC
         LIMIT $limit
        """;

    internal const string FeedOfThread = $"""
        {FeedColumns}
          FROM posts p
          JOIN threads t ON t.id = p.thread_id
          JOIN posts head ON head.id = t.id
          {Joins}
         WHERE p.thread_id = $id
         ORDER BY p.number DESC
         LIMIT $limit
        """;

    internal const string FeedOfAuthor = $"""
        {FeedColumns}
          FROM posts p INDEXED BY posts_by_author
          CROSS JOIN threads t ON t.id = p.thread_id
          JOIN posts head ON head.id = t.id
          {Joins}
         WHERE p.author_id = $id
           AND p.id < $before
         ORDER BY p.id DESC
         LIMIT $limit
        """;

    internal const string ThreadsByIds = """
        SELECT t.id, coalesce(p.edited_at, p.created_at)
          FROM threads t
          JOIN posts p ON p.id = t.last_post
         WHERE t.id > $after
           AND t.id <= $last
           AND t.deleted = 0
         ORDER BY t.id
        """;

    private const string FeedColumns = $"SELECT {Columns}, coalesce(p.deleted_at, head.deleted_at)";

    /// <summary>The highest id that a thread ever had; 0 if there never was one.</summary>
    internal long LastThread() => _database.Read(c => c.Number("SELECT max(id) FROM threads") ?? 0);

    /// <summary>The threads whose ids are above one and not above another, and when each was last written to.</summary>
    internal IReadOnlyList<(long Id, DateTimeOffset ChangedAt)> ThreadsBetween(long after, long last) => _database.Read(c =>
        c.All(ThreadsByIds, row => (row.GetInt64(0), row.Time(1)), ("$after", after), ("$last", last)));

    /// <summary>The feed of the forum's threads, or of those with a tag, whatever its case and width.</summary>
    /// <returns><see langword="null"/> if no thread has the tag.</returns>
    public PostFeed? ThreadsFeed(string? tag = null) => _database.ReadSnapshot(c =>
    {
        var id = tag is null ? null : c.Number("SELECT id FROM tags WHERE name = $name", ("$name", Tag.KeyOf(tag)));
        if (tag is not null && id is null)
            return null;
        var sql = Array.Find(Lists, l => l.IsTagged == tag is not null && !l.IsByAuthor)!.Newest;
        var threads = new List<Post>();
        foreach (var pinned in (long[])[1, 0])
        {
            threads.AddRange(c.All(sql, Map, ("$user", null), ("$tag", id), ("$unread", false), ("$falls", long.MaxValue), ("$pinned", pinned),
                ("$before", long.MaxValue), ("$behind", 0), ("$limit", FeedSize)));
        }
        var rows = new PageRows<Post>(FeedSize);
        foreach (var thread in threads.OrderByDescending(t => t.Id))
        {
            if (!rows.Add(thread))
                break;
        }
        var page = rows.ToPage(last => [last.Id]);
        if (tag is not null && page.Items.Count == 0)
            return null;
        var deleted = c.All(DeletedThreads, r => (At: r.Time(0), Tags: ParseTags(r.GetString(1))),
            ("$oldest", page.Next is null ? 0 : page.Items[^1].Id), ("$limit", MaxHidden));
        var key = tag is null ? null : Tag.KeyOf(tag);
        return Feed([.. page.Items.Select(t => new FeedPost(t, t.Head!.Title))],
            deleted.Where(d => key is null || d.Tags.Any(t => Tag.KeyOf(t) == key)).Select(d => d.At));
    });

    /// <summary>The feed of a thread: its replies, and its first post; <see langword="null"/> if not everyone may see such a thread.</summary>
    public PostFeed? ThreadFeed(long threadId)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threadId);
        return _database.ReadSnapshot(c => IsVisibleThread(c, threadId) ? Feed(c, FeedOfThread, threadId) : null);
    }

    /// <summary>The feed of what a user writes, threads and replies.</summary>
    /// <param name="authorId">The user.</param>
    /// <param name="from">The <see cref="PostFeed.Next"/> of the feed before.</param>
    public PostFeed AuthorFeed(long authorId, PagePosition? from = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(authorId);
        return _database.ReadSnapshot(c => Feed(c, FeedOfAuthor, authorId, from?.KeyOf(1)[0] ?? long.MaxValue));
    }

    private static PostFeed Feed(Connection connection, string sql, long id, long before = long.MaxValue)
    {
        var rows = new PageRows<Post>(FeedSize);
        var titles = new List<string>();
        var deletions = new List<DateTimeOffset>();
        var (seen, last) = (0, before);
        connection.While(sql, row =>
        {
            if (row.TimeOrNull(20) is { } deletedAt)
                deletions.Add(deletedAt);
            else if (!rows.Add(Map(row)))
                return false;
            else
                titles.Add(row.GetString(13));
            (seen, last) = (seen + 1, row.GetInt64(0));
            return true;
        }, ("$id", id), ("$before", before), ("$user", null), ("$limit", FeedSize + MaxHidden));
        var page = rows.ToPage(post => [post.Id]);
        var next = page.Next ?? (seen == FeedSize + MaxHidden ? new PagePosition(last) : null);
        return Feed([.. page.Items.Zip(titles, (post, title) => new FeedPost(post, title))], deletions) with { Next = next };
    }

    private static PostFeed Feed(IReadOnlyList<FeedPost> posts, IEnumerable<DateTimeOffset> deletions)
    {
        var times = posts.Select(p => p.UpdatedAt).Concat(deletions).ToList();
        return new PostFeed(posts, times.Count == 0 ? null : times.Max());
    }
}
