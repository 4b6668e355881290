using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>Renews the keys of the tags of an older database, in which they were compared by lower case.</summary>
internal static class TagKeys
{
    /// <summary>Renews them. Tags that are one from now on become the oldest of them, and their threads show that.</summary>
    public static void Renew(Connection connection)
    {
        var tags = connection.All("SELECT id, coalesce(shown, name), name FROM tags ORDER BY id",
            r => new { Id = r.GetInt64(0), Shown = r.GetString(1), Name = r.GetString(2), Key = UnicodeText.Key(r.GetString(1)) });
        foreach (var same in tags.GroupBy(t => t.Key).Where(g => g.Count() > 1 || g.First().Name != g.Key))
        {
            var first = same.First();
            foreach (var other in same.Skip(1))
                Merge(connection, other.Id, other.Shown, first.Id, first.Shown);
            connection.Execute("""
                UPDATE tags
                   SET name = $key, shown = nullif($shown, $key), threads = (SELECT count(*) FROM thread_tags WHERE tag_id = $id)
                 WHERE id = $id
                """, ("$id", first.Id), ("$key", same.Key), ("$shown", first.Shown));
        }
    }

    private static void Merge(Connection connection, long from, string shownFrom, long to, string shownTo)
    {
        foreach (var (thread, tags) in connection.All("""
            SELECT id, tags
              FROM threads
             WHERE tags LIKE '%"' || $shown || '"%'
            """, r => (r.GetInt64(0), r.GetString(1)), ("$shown", shownFrom)))
        {
            connection.Execute("UPDATE threads SET tags = $tags WHERE id = $id", ("$id", thread),
                ("$tags", PostStore.FormatTags([.. PostStore.ParseTags(tags).Select(t => t == shownFrom ? shownTo : t).Distinct()])));
        }
        connection.Execute("""
            INSERT INTO thread_tags (tag_id, thread_id, author_id, pinned, last_post)
            SELECT $to, thread_id, author_id, pinned, last_post
              FROM thread_tags
             WHERE tag_id = $from
                ON CONFLICT DO NOTHING
            """, ("$from", from), ("$to", to));
        connection.Execute("DELETE FROM thread_tags WHERE tag_id = $from", ("$from", from));
        connection.Execute("DELETE FROM tags WHERE id = $from", ("$from", from));
    }
}
