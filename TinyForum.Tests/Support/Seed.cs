using TinyForum.Data;
using TinyForum.Search;
using TinyForum.Storage;

namespace TinyForum.Tests.Support;

/// <summary>Posts put straight into the database, for tests that are not about making them.</summary>
internal static class Seed
{
    /// <summary>A thread with its first post; the result is its id.</summary>
    public static Task<long> ThreadAsync(this Database database, long author, string title, string body, string[]? tags = null, long at = 0) =>
        database.WriteAsync(c =>
        {
            var id = (c.Number("SELECT max(id) FROM posts") ?? 0) + 1;
            c.Execute("""
                INSERT INTO threads (id, author_id, title, tags, last_post)
                VALUES ($id, $author, $title, $tags, $id)
                """, ("$id", id), ("$author", author), ("$title", title), ("$tags", System.Text.Json.JsonSerializer.Serialize(tags ?? [])));
            AddPost(c, id, id, 0, author, body, at);
            c.Retag(id, tags ?? []);
            SearchIndex.Put(c, id, PostTokens.Of(title, body));
            return id;
        });

    /// <summary>Gives a thread these tags instead of those that it has.</summary>
    public static void Retag(this Connection connection, long thread, params string[] tags)
    {
        connection.Execute("UPDATE tags SET threads = threads - 1 WHERE id IN (SELECT tag_id FROM thread_tags WHERE thread_id = $id)", ("$id", thread));
        connection.Execute("DELETE FROM thread_tags WHERE thread_id = $id", ("$id", thread));
        connection.Execute("UPDATE threads SET tags = $tags WHERE id = $id",
            ("$tags", System.Text.Json.JsonSerializer.Serialize(tags)), ("$id", thread));
        foreach (var tag in tags)
        {
            connection.Execute("INSERT INTO tags (name, threads) VALUES ($tag, 1) ON CONFLICT (name) DO UPDATE SET threads = threads + 1", ("$tag", tag));
            connection.Execute("""
                INSERT INTO thread_tags (tag_id, thread_id, author_id, pinned, last_post)
                SELECT (SELECT id FROM tags WHERE name = $tag), id, author_id, pinned, last_post FROM threads WHERE id = $id
                """, ("$tag", tag), ("$id", thread));
        }
    }

    /// <summary>A reply; the result is its id.</summary>
    public static Task<long> ReplyAsync(this Database database, long author, long thread, string body, long at = 0) => database.WriteAsync(c =>
    {
        var id = c.Number("SELECT max(id) FROM posts")!.Value + 1;
        AddPost(c, id, thread, 1 + c.Number("SELECT max(number) FROM posts WHERE thread_id = $thread", ("$thread", thread))!.Value, author, body, at);
        c.Execute("UPDATE threads SET last_post = $id, last_number = last_number + 1, replies = replies + 1 WHERE id = $thread",
            ("$id", id), ("$thread", thread));
        SearchIndex.Put(c, id, PostTokens.Of(null, body));
        return id;
    });

    /// <summary>Hides a post as the forum does.</summary>
    public static Task HideAsync(this Database database, long post) => database.WriteAsync(c =>
    {
        c.Execute("UPDATE posts SET deleted_at = 1, deleted_by = 1, deleted_as = 'moderator' WHERE id = $id", ("$id", post));
        c.Execute("UPDATE threads SET deleted = 1 WHERE id = $id", ("$id", post));
        c.Execute("DELETE FROM thread_tags WHERE thread_id = $id", ("$id", post));
        SearchIndex.Remove(c, post);
    });

    private static void AddPost(Connection connection, long id, long thread, long number, long author, string body, long at) => connection.Execute("""
        INSERT INTO posts (id, thread_id, number, author_id, body, created_at)
        VALUES ($id, $thread, $number, $author, $body, $at)
        """, ("$id", id), ("$thread", thread), ("$number", number), ("$author", author), ("$body", body), ("$at", at));
}
