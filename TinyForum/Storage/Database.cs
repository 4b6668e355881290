using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using TinyForum.Data;
using TinyForum.Search;
using static SQLitePCL.raw;

namespace TinyForum.Storage;

/// <summary>
/// The forum's one file: SQLite in WAL mode with <c>synchronous=FULL</c>, several readers that never wait for a write, and one writer
/// (<see cref="WriteQueue"/>) that answers after its commit is on disk. Thread-safe.
/// </summary>
public sealed class Database : IDisposable
{
    /// <summary>The number of the schema that this version reads and writes.</summary>
    public const int SchemaVersion = 2;

    internal const int ApplicationId = 0x54466F72; // "TFor"
    private const int KeptReaders = 16;

    internal static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(5);

    private readonly TimeSpan _busyTimeout;
    private readonly Action<LogSeverity, string>? _tell;
    private readonly ConcurrentStack<Connection> _readers = new();
    private readonly Connection _watch;
    private readonly Lock _watchLock = new();
    private readonly WalIndex _walIndex;
    private readonly WriteQueue _writer;
    private int _disposed;
    private int _hasMoved;

    private Database(string path, bool isTemporary, int maxBatch, TimeSpan busyTimeout, Action<LogSeverity, string>? tell)
    {
        Path = path;
        IsTemporary = isTemporary;
        _busyTimeout = busyTimeout;
        _tell = tell;
        _watch = OpenConnection(readOnly: true);
        _watch.Number("SELECT count(*) FROM settings"); // makes SQLite map the WAL-index
        _walIndex = WalIndex.Of(_watch.Sqlite.Handle!);
        _writer = new WriteQueue(OpenConnection(readOnly: false), maxBatch, RequireInPlace);
    }

    /// <summary>The file's full path.</summary>
    public string Path { get; }

    /// <summary>Whether the file was made for this object alone and is removed with it.</summary>
    public bool IsTemporary { get; }

    internal WriteQueue Writer => _writer;

    /// <summary>Opens the database at <paramref name="path"/>, creating or migrating it if need be.</summary>
    /// <param name="path">The file; <see langword="null"/> makes a temporary one that goes when this object is disposed.</param>
    /// <param name="tell">Told, in a line for the operator, what takes long and what goes wrong; called by several threads at once.</param>
    /// <param name="maxBatch">How many waiting writes are committed together at most.</param>
    /// <exception cref="StartException">
    /// The file can't be opened or written, is no database, belongs to another program, or is of a newer schema.
    /// </exception>
    public static Database Open(string? path, Action<LogSeverity, string>? tell = null, int maxBatch = WriteQueue.DefaultMaxBatch) =>
        Open(path, Migrations.All, tell, maxBatch);

    internal static Database Open(
        string? path, IReadOnlyList<Migration> migrations, Action<LogSeverity, string>? tell, int maxBatch, TimeSpan? busyTimeout = null)
    {
        var patience = busyTimeout ?? BusyTimeout;
        var isTemporary = path is null;
        path = isTemporary
            ? System.IO.Path.Combine(Directory.CreateTempSubdirectory("tinyforum-").FullName, "forum.db")
            : System.IO.Path.GetFullPath(path!);
        try
        {
            DatabaseFile.CreatePrivate(path);
            using (var connection = new Connection(path, readOnly: false, patience))
                Prepare(connection, path, migrations, tell);
            return new Database(path, isTemporary, maxBatch, patience, tell);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"cannot open the database {path}: {e.Message}", e);
        }
        catch (SqliteException e)
        {
            throw new StartException($"cannot open the database {path}: {Explain(e, path)}", e);
        }
    }

    /// <summary>Runs <paramref name="read"/> on a connection that no one else uses meanwhile and that can't write.</summary>
    internal T Read<T>(Func<Connection, T> read)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (!_readers.TryPop(out var connection))
        {
            RequireInPlace(); // else this reader would see another file than the ones before it
            connection = OpenConnection(readOnly: true);
        }
        try
        {
            return read(connection);
        }
        catch (SqliteException e) when (WriteQueue.Translate(e) is { } refusal)
        {
            throw refusal;
        }
        finally
        {
            if (_readers.Count < KeptReaders && _disposed == 0)
                _readers.Push(connection);
            else
                connection.Dispose();
        }
    }

    /// <summary>As <see cref="Read"/>, with every statement seeing the same state of the database.</summary>
    internal T ReadSnapshot<T>(Func<Connection, T> read) => Read(c =>
    {
        c.Execute("BEGIN");
        try
        {
            return read(c);
        }
        finally
        {
            c.RollBack();
        }
    });

    /// <summary>Every statement that idle readers keep prepared; for the test of query plans.</summary>
    internal IEnumerable<string> ReaderStatements => _readers.SelectMany(r => r.Statements).Distinct();

    /// <summary>
    /// Runs <paramref name="write"/> on the writer's thread inside a transaction; the task ends once that is on disk. What it throws
    /// undoes its own changes alone. It may run several times (a batch in which one fails is run again), so it must not change
    /// anything but the database.
    /// </summary>
    internal Task<T> WriteAsync<T>(Func<Connection, T> write) => _writer.Enqueue(write);

    /// <summary>As <see cref="WriteAsync{T}"/>, for a write that has nothing to tell.</summary>
    internal Task WriteAsync(Action<Connection> write) => _writer.Enqueue(c =>
    {
        write(c);
        return true;
    });

    /// <summary>Reads something, to see whether the database answers.</summary>
    /// <exception cref="Refusal">503: it does not.</exception>
    internal void Probe()
    {
        RequireInPlace();
        Read(c => c.Number("SELECT count(*) FROM settings"));
    }

    /// <summary>
    /// A number that changes with every commit, by this process or another. What was read while it had one value is still current
    /// as long as it has it, provided that the number was taken before the reading.
    /// </summary>
    internal long Version() => _walIndex.Version;

    /// <summary>Sees to it that the file is still the one at its path.</summary>
    /// <exception cref="Refusal">503: it was deleted, moved or replaced; what is written into it now would be lost.</exception>
    internal void RequireInPlace()
    {
        lock (_watchLock)
            RequireInPlace(_watch);
    }

    private void RequireInPlace(Connection connection)
    {
        var hasMoved = DatabaseFile.HasMoved(connection, Path);
        if (Interlocked.Exchange(ref _hasMoved, hasMoved ? 1 : 0) != (hasMoved ? 1 : 0))
        {
            _tell?.Invoke(hasMoved ? LogSeverity.Error : LogSeverity.Information, hasMoved
                ? $"{Path} or its -wal was deleted, moved or replaced: nothing can be written; put it back or restart"
                : $"{Path} is back in its place");
        }
        if (hasMoved)
            throw new Refusal(503, "the database is not available") { RetryAfter = TimeSpan.FromSeconds(30) };
    }

    /// <summary>Finishes the writes that were accepted, folds the log into the file and closes it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        while (_readers.TryPop(out var reader))
            reader.Dispose();
        lock (_watchLock)
            _watch.Dispose();
        _writer.Dispose(); // the last to close: SQLite then checkpoints and removes the log
        if (IsTemporary)
            Directory.Delete(System.IO.Path.GetDirectoryName(Path)!, recursive: true);
    }

    private Connection OpenConnection(bool readOnly)
    {
        var connection = new Connection(Path, readOnly, _busyTimeout);
        connection.Script("""
            PRAGMA foreign_keys  = ON;
            PRAGMA secure_delete = ON;
            PRAGMA temp_store    = MEMORY;
            PRAGMA trusted_schema = OFF;
            PRAGMA cache_size    = -16000;
            """);
        connection.Script(readOnly ? "PRAGMA query_only = ON" : "PRAGMA synchronous = FULL");
        if (readOnly)
            Relevance.Register(connection.Sqlite.Handle!);
        return connection;
    }

    private static void Prepare(Connection connection, string path, IReadOnlyList<Migration> migrations, Action<LogSeverity, string>? tell)
    {
        var latest = SchemaVersion;
        foreach (var migration in migrations)
            latest = Math.Max(latest, migration.To);
        var version = (int)connection.Number("PRAGMA user_version")!.Value;
        var application = connection.Number("PRAGMA application_id")!.Value;
        var isEmpty = version == 0 && application == 0 && connection.Number("SELECT count(*) FROM sqlite_schema") == 0;
        if (!isEmpty && application != ApplicationId)
            throw new StartException($"{path} is a SQLite database of another program");
        if (version > latest)
            throw new StartException($"{path} has schema {version}, made by a newer TinyForum; this one knows up to {latest}");

        connection.Script("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
        if (isEmpty)
            Create(connection);
        else
            Migrate(connection, version, migrations, tell);
    }

    /// <summary>Sees to it that a database, opened by hand, is a forum of the schema that this version works on.</summary>
    /// <exception cref="StartException">It is another program's, or of another schema.</exception>
    internal static void RequireCurrent(Connection connection, string path)
    {
        if (connection.Number("PRAGMA application_id") != ApplicationId)
            throw new StartException($"{path} is a SQLite database of another program");
        if (connection.Number("PRAGMA user_version") is var version && version != SchemaVersion)
            throw new StartException($"{path} has schema {version}, this TinyForum works on {SchemaVersion}; a server migrates older ones when it starts");
    }

    private static void Create(Connection connection) => connection.InTransaction(() =>
    {
        if (connection.Number("SELECT count(*) FROM sqlite_schema") == 0) // else another process was faster
            connection.Script($"{Migrations.Schema()}\nPRAGMA application_id = {ApplicationId}; PRAGMA user_version = {SchemaVersion};");
    });

    private static void Migrate(Connection connection, int version, IReadOnlyList<Migration> migrations, Action<LogSeverity, string>? tell)
    {
        foreach (var migration in migrations)
        {
            if (migration.To <= version)
                continue;
            tell?.Invoke(LogSeverity.Information, $"migrating the database to schema {migration.To}");
            connection.InTransaction(() =>
            {
                if (connection.Number("PRAGMA user_version") >= migration.To)
                    return; // another process was faster
                connection.Script(migration.Sql);
                migration.Then?.Invoke(connection, new ProgressReporter(how => tell?.Invoke(LogSeverity.Information, how)));
                connection.Script($"PRAGMA user_version = {migration.To}");
            });
        }
    }

    internal static string Explain(SqliteException e, string path) => e.SqliteErrorCode switch
    {
        SQLITE_NOTADB => "it is not a SQLite database",
        SQLITE_CORRUPT => "it is damaged (restore a backup)",
        SQLITE_BUSY or SQLITE_LOCKED => "another process holds it locked",
        SQLITE_FULL => "the disk is full",
        SQLITE_READONLY => "the file or its folder can't be written",
        SQLITE_PERM or SQLITE_AUTH => "permission denied",
        SQLITE_CANTOPEN when Directory.Exists(path) => "it is a folder",
        SQLITE_CANTOPEN when !Directory.Exists(System.IO.Path.GetDirectoryName(path)) => "its folder does not exist",
        SQLITE_CANTOPEN => "the file or its folder can't be opened or written",
        _ => e.Message,
    };
}
