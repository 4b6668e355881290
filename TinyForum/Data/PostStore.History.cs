using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>The versions of a post's text. A post that was never edited has no rows here: it is its only version.</summary>
public sealed partial class PostStore
{
    private const string VersionsOfPost = """
        SELECT v.revision, v.editor_id, e.username, v.title, v.tags, v.body, v.created_at
          FROM post_versions v
          JOIN users e ON e.id = v.editor_id
         WHERE v.post_id = $post
        """;

    /// <summary>
    /// The versions of a post, the current one first; <see langword="null"/> if there is no such post or
    /// <paramref name="viewer"/> may not see it.
    /// </summary>
    public Page<PostVersion>? History(
        long id, Actor? viewer = null, int limit = PagePosition.DefaultSize, PagePosition? from = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return _database.ReadSnapshot(c =>
        {
            if (Load(c, id, null, ofDeletedThreads: viewer?.Role >= Role.Moderator) is not { } post || !Permissions.MaySee(post, viewer))
                return null;
            if (post.Revision == 1)
                return new Page<PostVersion>([Original(post)], null);
            return c.Page($"""
                {VersionsOfPost}
                   AND v.revision < $before
                 ORDER BY v.revision DESC
                 LIMIT $limit
                """, MapVersion, limit, last => [last.Revision], ("$post", id), ("$before", from?.KeyOf(1)[0] ?? long.MaxValue));
        });
    }

    private static void Add(Connection connection, long postId, PostVersion version) => connection.Execute("""
        INSERT INTO post_versions (post_id, revision, editor_id, title, tags, body, created_at)
        VALUES ($post, $revision, $editor, $title, $tags, $body, $created_at)
        """, ("$post", postId), ("$revision", version.Revision), ("$editor", version.Editor.Id), ("$title", version.Title),
        ("$tags", version.Tags is null ? null : FormatTags(version.Tags)), ("$body", version.Body),
        ("$created_at", version.CreatedAt.ToUnixTimeMilliseconds()));

    /// <summary>A post as it was when it was new, deleted or not.</summary>
    private static Post? FindOriginal(Connection connection, long id)
    {
        if (connection.First(OnePost, Map, ("$id", id), ("$user", null)) is not { } post)
            return null;
        var first = post.Revision == 1 ? Original(post) : connection.First($"""
            {VersionsOfPost}
               AND v.revision = 1
            """, MapVersion, ("$post", id))!;
        return post with
        {
            Body = first.Body,
            EditedAt = null,
            Revision = 1,
            Likes = 0,
            Liked = false,
            DeletedBy = null,
            Head = post.Head is null ? null
                : new ThreadHead(first.Title!, first.Tags!, Replies: 0, Unread: 0, LatestPost: id, IsPinned: false, IsLocked: false),
        };
    }

    private static PostVersion Original(Post post) =>
        new(1, post.Author, post.Head?.Title, post.Head?.Tags, post.Body, post.CreatedAt);

    private static PostVersion MapVersion(Row row) => new(
        Revision: row.GetInt64(0),
        Editor: row.User(1),
        Title: row.TextOrNull(3),
        Tags: row.TextOrNull(4) is { } tags ? ParseTags(tags) : null,
        Body: row.GetString(5),
        CreatedAt: row.Time(6));
}
