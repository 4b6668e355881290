using Microsoft.Data.Sqlite;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>The versions of a post's text. A post that was never edited has no rows here: it is its only version.</summary>
public sealed partial class PostStore
{
    /// <summary>
    /// The versions of a post, the current one first; <see langword="null"/> if there is no such post that
    /// <paramref name="viewer"/> may see.
    /// </summary>
    public Page<PostVersion>? History(long id, Caller? viewer = null, int limit = 20, long[]? from = null) => _database.ReadSnapshot(c =>
    {
        if (Load(c, id, null) is not { } post || !MaySee(post, viewer))
            return null;
        if (post.Revision == 1)
            return new Page<PostVersion>([Original(post)], null);
        var rows = c.All("""
            SELECT v.revision, v.editor_id, e.username, v.title, v.tags, v.body, v.created_at
              FROM post_versions v
              JOIN users e ON e.id = v.editor_id
             WHERE v.post_id = $post
               AND v.revision < $before
             ORDER BY v.revision DESC
             LIMIT $limit
            """, MapVersion, ("$post", id), ("$before", from?[0] ?? long.MaxValue), ("$limit", limit + 1));
        return Page<PostVersion>.Cut(rows, limit, last => [last.Revision]);
    });

    private static void Add(Connection connection, long postId, PostVersion version) => connection.Execute("""
        INSERT INTO post_versions (post_id, revision, editor_id, title, tags, body, created_at)
        VALUES ($post, $revision, $editor, $title, $tags, $body, $created_at)
        """, ("$post", postId), ("$revision", version.Revision), ("$editor", version.Editor.Id), ("$title", version.Title),
        ("$tags", version.Tags is null ? null : FormatTags(version.Tags)), ("$body", version.Body), ("$created_at", version.CreatedAt));

    private static PostVersion Original(Post post) =>
        new(1, post.Author, post.Head?.Title, post.Head?.Tags, post.Body, post.CreatedAt);

    private static PostVersion MapVersion(SqliteDataReader row) => new(
        Revision: row.GetInt64(0),
        Editor: new User(row.GetInt64(1), row.GetString(2)),
        Title: row.IsDBNull(3) ? null : row.GetString(3),
        Tags: row.IsDBNull(4) ? null : ParseTags(row.GetString(4)),
        Body: row.GetString(5),
        CreatedAt: row.GetInt64(6));
}
