namespace TinyForum.Storage;

/// <summary>A migration from the schema before to schema <paramref name="To"/>, run in one transaction: SQL, then what SQL can't do.</summary>
internal sealed record Migration(int To, string Sql, Action<Connection, ProgressReporter>? Then = null);

/// <summary>What a statement may write.</summary>
/// <param name="Table">The table.</param>
/// <param name="Column">The column that is updated; <see langword="null"/> if rows are inserted or deleted.</param>
/// <param name="IsInsert">Whether rows are inserted.</param>
internal readonly record struct StatementWrite(string Table, string? Column, bool IsInsert = false);

/// <summary>What has to be known of a program's database to open it.</summary>
/// <param name="Program">The program's name, for messages.</param>
/// <param name="ApplicationId">The number that marks its databases (<c>PRAGMA application_id</c>).</param>
/// <param name="Version">The number of the schema that it reads and writes (<c>PRAGMA user_version</c>).</param>
/// <param name="Script">The SQL that makes the schema in an empty database.</param>
/// <param name="Migrations">The steps that bring older databases to that version, in rising order.</param>
/// <param name="PrepareReader">Called with each new reading connection, to register what its statements need.</param>
/// <param name="SubjectCount">How many subjects there are, see <see cref="Stamps"/>.</param>
/// <param name="SubjectsOf">The subjects that depend on what a statement may write, a bit each.</param>
internal sealed record DatabaseSchema(
    string Program, int ApplicationId, int Version, string Script, IReadOnlyList<Migration> Migrations, Action<Connection> PrepareReader,
    int SubjectCount, Func<StatementWrite, int> SubjectsOf)
{
    private const int MaxCopiedPages = 16 * 1024; // some hundred milliseconds

    /// <summary>Requires a database of this program, of this schema or an older one.</summary>
    /// <exception cref="DatabaseException">It belongs to another program, or has a newer schema.</exception>
    public int RequireKnown(Connection connection, string path)
    {
        if (connection.Number("PRAGMA application_id") != ApplicationId)
            throw new DatabaseException($"{path} is a SQLite database of another program");
        var version = (int)connection.Number("PRAGMA user_version")!.Value;
        return version <= Version ? version
            : throw new DatabaseException($"{path} has schema {version}, made by a newer {Program}; this one knows up to {Version}");
    }

    /// <summary>Requires a database of exactly this schema.</summary>
    /// <exception cref="DatabaseException">It belongs to another program, or has another schema.</exception>
    public void RequireCurrent(Connection connection, string path)
    {
        if (RequireKnown(connection, path) is var version && version != Version)
            throw new DatabaseException($"{path} has schema {version}, this {Program} works on {Version}; a server migrates older ones when it starts");
    }

    /// <summary>Brings a database to this schema: an empty one by the script, an older one by the missing migrations.</summary>
    /// <exception cref="DatabaseException">It belongs to another program, or has a newer schema.</exception>
    /// <exception cref="OperationCanceledException">A migration was cancelled, and undone.</exception>
    public void Apply(Connection connection, string path, Action<string> progress, CancellationToken cancellation = default)
    {
        if (connection.Number("PRAGMA application_id") == 0 && IsEmpty(connection))
        {
            Configure(connection);
            Create(connection);
            return;
        }
        var version = RequireKnown(connection, path);
        Configure(connection);
        foreach (var migration in Migrations.Where(m => m.To > version))
        {
            progress($"migrating the database to schema {migration.To}");
            try
            {
                connection.Run(() => connection.InTransaction(() => Migrate(connection, migration, progress)), cancellation);
            }
            catch (OperationCanceledException)
            {
                if (connection.UncopiedPages() > MaxCopiedPages)
                    connection.Interrupt(); // a log of gigabytes need not be copied into the file now
                throw;
            }
        }
    }

    private static void Configure(Connection connection) =>
        connection.Script("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;");

    private void Create(Connection connection) => connection.InTransaction(() =>
    {
        if (IsEmpty(connection)) // otherwise another process was faster
            connection.Script($"{Script}\nPRAGMA application_id = {ApplicationId}; PRAGMA user_version = {Version};");
    });

    private static void Migrate(Connection connection, Migration migration, Action<string> progress)
    {
        if (connection.Number("PRAGMA user_version") >= migration.To)
            return; // another process was faster
        connection.Script(migration.Sql);
        migration.Then?.Invoke(connection, new ProgressReporter(progress));
        connection.Script($"PRAGMA user_version = {migration.To}");
    }

    private static bool IsEmpty(Connection connection) => connection.Number("SELECT count(*) FROM sqlite_schema") == 0;
}
