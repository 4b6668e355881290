using TinyForum.Data;
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
            SearchIndex.Put(c, id, title, body);
            return id;
        });

    /// <summary>A reply; the result is its id.</summary>
    public static Task<long> ReplyAsync(this Database database, long author, long thread, string body, long at = 0) => database.WriteAsync(c =>
    {
        var id = c.Number("SELECT max(id) FROM posts")!.Value + 1;
        AddPost(c, id, thread, 1 + c.Number("SELECT max(number) FROM posts WHERE thread_id = $thread", ("$thread", thread))!.Value, author, body, at);
        SearchIndex.Put(c, id, null, body);
        return id;
    });

    /// <summary>Hides a post as the forum does.</summary>
    public static Task HideAsync(this Database database, long post) => database.WriteAsync(c =>
    {
        c.Execute("UPDATE posts SET deleted_at = 1, deleted_by = 1, deleted_as = 'moderator' WHERE id = $id", ("$id", post));
        c.Execute("UPDATE threads SET deleted = 1 WHERE id = $id", ("$id", post));
        SearchIndex.Remove(c, post);
    });

    private static void AddPost(Connection connection, long id, long thread, long number, long author, string body, long at) => connection.Execute("""
        INSERT INTO posts (id, thread_id, number, author_id, body, created_at)
        VALUES ($id, $thread, $number, $author, $body, $at)
        """, ("$id", id), ("$thread", thread), ("$number", number), ("$author", author), ("$body", body), ("$at", at));
}
