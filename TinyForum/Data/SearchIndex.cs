namespace TinyForum.Data;

/// <summary>The full-text index over visible posts, kept in the transactions that change them. Thread-safe.</summary>
public sealed class SearchIndex
{
    private readonly Database _database;

    internal SearchIndex(Database database) => _database = database;

    /// <summary>Makes a post found by its present text; also when it was indexed before.</summary>
    internal static void Put(Connection connection, long postId, string? title, string body) => connection.Execute("""
        INSERT OR REPLACE INTO search (rowid, title, body)
        VALUES ($id, $title, $body)
        """, ("$id", postId), ("$title", title ?? ""), ("$body", body));

    /// <summary>Makes a post no longer found.</summary>
    internal static void Remove(Connection connection, long postId) => connection.Execute("""
        DELETE FROM search
         WHERE rowid = $id
        """, ("$id", postId));
}
