using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>A numbered step from the schema before to schema <paramref name="To"/>, run in one transaction: SQL, then what SQL can't do.</summary>
internal sealed record Migration(int To, string Sql, Action<Connection, ProgressReporter>? Then = null);

/// <summary>
/// How a database comes to the current schema: a new one by <c>schema.sql</c> whole, an older one by the numbered steps it lacks.
/// A change of the schema is made in both places, and a test holds their results against each other.
/// </summary>
internal static class Migrations
{
    /// <summary>The steps in rising order.</summary>
    public static IReadOnlyList<Migration> All { get; } =
    [
        new(2, "INSERT INTO search (search) VALUES ('delete-all')", SearchIndex.Fill), // rowids with the posts' lengths
    ];

    /// <summary>The text of <c>schema.sql</c>.</summary>
    public static string Schema()
    {
        using var stream = typeof(Migrations).Assembly.GetManifestResourceStream("schema.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
