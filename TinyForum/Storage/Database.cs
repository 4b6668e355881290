using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace TinyForum.Storage;

/// <summary>
/// A SQLite file in WAL mode with <c>synchronous=FULL</c>: several readers that never wait for a write, and one writer
/// (<see cref="WriteQueue"/>) that answers after its commit is on disk. Thread-safe.
/// </summary>
internal sealed class Database : IDisposable
{
    private const int KeptReaders = 16;

    internal static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(5);

    private readonly DatabaseSchema _schema;
    private readonly TimeSpan _busyTimeout;
    private readonly Action<LogSeverity, string>? _tell;
    private readonly ConcurrentStack<Connection> _readers = new();
    private readonly Connection _watch;
    private readonly Lock _watchLock = new();
    private readonly WalIndex _walIndex;
    private bool _disposed, _hasMoved;

    private Database(string path, bool isTemporary, DatabaseSchema schema, int maxBatch, TimeSpan busyTimeout, Action<LogSeverity, string>? tell)
    {
        Path = path;
        IsTemporary = isTemporary;
        _schema = schema;
        _busyTimeout = busyTimeout;
        _tell = tell;
        _watch = OpenConnection(readOnly: true);
        _watch.Number("SELECT count(*) FROM sqlite_schema"); // makes SQLite map the WAL-index
        _walIndex = WalIndex.Of(_watch.Sqlite.Handle!);
        Writer = new WriteQueue(OpenConnection(readOnly: false), maxBatch, RequireInPlace);
    }

    public string Path { get; }

    /// <summary>Whether the file is temporary: made for this object alone and removed with it.</summary>
    public bool IsTemporary { get; }

    public WriteQueue Writer { get; }

    /// <summary>Opens the database at <paramref name="path"/>, creating or migrating it if need be.</summary>
    /// <remarks>
    /// Without a path the database is temporary: it is removed when this object is disposed. <paramref name="tell"/> gets a line for the
    /// operator when something takes long or goes wrong, from several threads at once.
    /// </remarks>
    /// <exception cref="DatabaseException">
    /// The file can't be opened or written, is not a database, belongs to another program, or has a newer schema.
    /// </exception>
    public static Database Open(
        string? path, DatabaseSchema schema, Action<LogSeverity, string>? tell = null, int maxBatch = WriteQueue.DefaultMaxBatch,
        TimeSpan? busyTimeout = null)
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
                schema.Apply(connection, path, how => tell?.Invoke(LogSeverity.Information, how));
            return new Database(path, isTemporary, schema, maxBatch, patience, tell);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatabaseException($"cannot open the database {path}: {e.Message}", e);
        }
        catch (SqliteException e)
        {
            throw new DatabaseException($"cannot open the database {path}: {Explain(e, path)}", e);
        }
    }

    /// <summary>Runs <paramref name="read"/> on a read-only connection that nobody else uses meanwhile.</summary>
    public T Read<T>(Func<Connection, T> read)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!_readers.TryPop(out var connection))
        {
            RequireInPlace(); // otherwise this reader would open another file than the ones before it
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
            if (_readers.Count < KeptReaders && !_disposed)
                _readers.Push(connection);
            else
                connection.Dispose();
        }
    }

    /// <summary>As <see cref="Read"/>, in one transaction: every statement sees the same state of the database.</summary>
    public T ReadSnapshot<T>(Func<Connection, T> read) => Read(c =>
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
    public IEnumerable<string> ReaderStatements => _readers.SelectMany(r => r.Statements).Distinct();

    /// <summary>
    /// Runs <paramref name="write"/> on the writer's thread inside a transaction; the task ends once that is on disk. An exception undoes
    /// its own changes alone. It may run several times (a batch in which one write fails is run again), so it must change nothing but the
    /// database.
    /// </summary>
    public Task<T> WriteAsync<T>(Func<Connection, T> write) => Writer.Enqueue(write);

    /// <summary>Checks that the database answers.</summary>
    /// <exception cref="RefusalException">Unavailable or Busy: it does not.</exception>
    public void Probe()
    {
        RequireInPlace();
        Read(c => c.Number("SELECT count(*) FROM sqlite_schema"));
    }

    /// <summary>
    /// A number that changes with every commit, by this process or another. What was read after taking the number is current for as long
    /// as the number stays the same.
    /// </summary>
    public long Version() => _walIndex.Version;

    /// <summary>Requires that the open file is still the one at its path.</summary>
    /// <exception cref="RefusalException">Unavailable: it was deleted, moved or replaced; what is written into it now would be lost.</exception>
    public void RequireInPlace()
    {
        lock (_watchLock)
            RequireInPlace(_watch);
    }

    private void RequireInPlace(Connection connection)
    {
        var hasMoved = DatabaseFile.HasMoved(connection, Path);
        if (Interlocked.Exchange(ref _hasMoved, hasMoved) != hasMoved)
            _tell?.Invoke(hasMoved ? LogSeverity.Error : LogSeverity.Information, hasMoved
                ? $"{Path} or its -wal was deleted, moved or replaced: nothing can be written; put it back or restart"
                : $"{Path} is back in its place");
        if (hasMoved)
            throw new RefusalException(RefusalKind.Unavailable, "the database is not available") { RetryAfter = TimeSpan.FromSeconds(30) };
    }

    /// <summary>Finishes the accepted writes, checkpoints the write-ahead log into the file and closes it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, true))
            return;
        while (_readers.TryPop(out var reader))
            reader.Dispose();
        lock (_watchLock)
            _watch.Dispose();
        Writer.Dispose(); // the last connection to close: SQLite then checkpoints and removes the log
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
            _schema.PrepareReader(connection);
        return connection;
    }

    public static string Explain(SqliteException e, string path) => e.SqliteErrorCode switch
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
