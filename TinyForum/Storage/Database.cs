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

    /// <summary>How long the log may stay once all of it is in the file, in bytes: it grows while something is read or written for long.</summary>
    internal const int MaxIdleLog = 64 * 1024 * 1024;

    internal static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(5);

    private readonly DatabaseSchema _schema;
    private readonly TimeSpan _busyTimeout;
    private readonly Action<LogSeverity, string>? _tell;
    private readonly ConcurrentStack<Connection> _readers = new();
    private readonly Connection _watch;
    private readonly WalIndex _walIndex;
    private readonly OpenFiles _files;
    private readonly Stamps _stamps;
    private readonly bool _isNew;
    private long? _commitsOfOthers;
    private string? _fault;
    private bool _disposed;

    private Database(Place place, DatabaseSchema schema, int maxBatch, TimeSpan busyTimeout, Action<LogSeverity, string>? tell)
    {
        (Path, IsTemporary, _isNew) = (place.Path, place.IsTemporary, place.IsNew);
        (_schema, _busyTimeout, _tell) = (schema, busyTimeout, tell);
        Connection? writer = null;
        try
        {
            _watch = OpenConnection(readOnly: true);
            writer = OpenConnection(readOnly: false);
            RequireWritable(writer);
            _walIndex = WalIndex.Of(_watch.Sqlite.Handle!);
            _files = OpenFiles.Of(place.Given, Path);
            if (_files.Misplaced() is { } file)
                throw new DatabaseException($"{file} was replaced while it was being opened: try again");
        }
        catch
        {
            writer?.Dispose();
            _watch?.Dispose();
            throw;
        }
        _stamps = new Stamps(Version, schema.SubjectCount);
        writer.WatchWrites(schema.SubjectsOf);
        Writer = new WriteQueue(writer, maxBatch, BeforeWrites, AfterCommit, BeforeClose);
    }

    /// <summary>Where a database is: the path that was given, and where its links lead.</summary>
    private sealed record Place(string Given, string Path, bool IsTemporary, bool IsNew);

    /// <summary>The file's full path, without symbolic links.</summary>
    public string Path { get; }

    /// <summary>Whether the file is temporary: made for this object alone and removed with it.</summary>
    public bool IsTemporary { get; }

    public WriteQueue Writer { get; }

    private string LogPath => DatabaseFile.Log(Path);

    /// <summary>Opens the database at <paramref name="path"/>, creating or migrating it if need be. If that fails, no new file is left.</summary>
    /// <remarks>
    /// Without a path the database is temporary: it is removed when this object is disposed. <paramref name="tell"/> gets a line for the
    /// operator when something takes long or goes wrong, from several threads at once. <paramref name="cancellation"/> ends a migration.
    /// </remarks>
    /// <exception cref="DatabaseException">
    /// The file can't be opened or written, is not a database, belongs to another program, or has a newer schema.
    /// </exception>
    /// <exception cref="OperationCanceledException">A migration was cancelled; the database is as it was before that.</exception>
    public static Database Open(
        string? path, DatabaseSchema schema, Action<LogSeverity, string>? tell = null, int maxBatch = WriteQueue.DefaultMaxBatch,
        TimeSpan? busyTimeout = null, CancellationToken cancellation = default)
    {
        var patience = busyTimeout ?? BusyTimeout;
        var given = path is null
            ? System.IO.Path.Combine(Directory.CreateTempSubdirectory("tinyforum-").FullName, "forum.db")
            : System.IO.Path.GetFullPath(path);
        Place? place = null;
        try
        {
            var real = DatabaseFile.RealPath(given);
            place = new Place(given, real, IsTemporary: path is null, IsNew: false);
            DatabaseFile.RequireRegular(real, "cannot open the database");
            if (DatabaseFault.Unwritable(real) is { } unwritable) // before SQLite leaves files beside it
                throw new DatabaseException($"cannot open the database {given}: {unwritable}");
            place = place with { IsNew = DatabaseFile.CreatePrivate(real) };
            using (var connection = new Connection(real, readOnly: false, patience))
            {
                if (connection.IsReadOnly)
                    throw new DatabaseException($"cannot open the database {given}: {DatabaseFault.Obstacle(real) ?? "it can't be written"}");
                schema.Apply(connection, real, how => tell?.Invoke(LogSeverity.Information, how), cancellation);
            }
            return new Database(place, schema, maxBatch, patience, tell);
        }
        catch (Exception e)
        {
            if (place is not null)
                Remove(place.Path, place.IsTemporary, place.IsNew);
            if (e is SqliteException or IOException or UnauthorizedAccessException or NotSupportedException)
                throw new DatabaseException($"cannot open the database {given}: {DatabaseFault.Explain(e, place?.Path ?? given)}", e);
            throw;
        }
    }

    /// <summary>Runs <paramref name="read"/> on a read-only connection that nobody else uses meanwhile.</summary>
    public T Read<T>(Func<Connection, T> read)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Connection? connection = null;
        try
        {
            connection = _readers.TryPop(out var idle) ? idle : OpenReader();
            return read(connection);
        }
        catch (SqliteException e) when (WriteQueue.Translate(e) is { } refusal)
        {
            throw refusal;
        }
        finally
        {
            if (connection is not null && _readers.Count < KeptReaders && !_disposed)
                _readers.Push(connection);
            else
                connection?.Dispose();
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

    /// <summary>As <see cref="Version"/>, but commits of this process that have nothing to do with the subject leave it as it is.</summary>
    public long Stamp(int subject) => _stamps.Of(subject);

    /// <summary>Requires that the open files are still those in their places.</summary>
    /// <exception cref="RefusalException">Unavailable: one was deleted, moved or replaced; what is written now would be lost.</exception>
    public void RequireInPlace()
    {
        var fault = Fault();
        if (Interlocked.Exchange(ref _fault, fault) != fault)
            _tell?.Invoke(fault is null ? LogSeverity.Information : LogSeverity.Error, fault ?? $"{Path} is back in its place");
        if (fault is not null)
            throw new RefusalException(RefusalKind.Unavailable, "the database is not available") { RetryAfter = TimeSpan.FromSeconds(30) };
    }

    /// <summary>Finishes the accepted writes, checkpoints the write-ahead log into the file and closes it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, true))
            return;
        while (_readers.TryPop(out var reader))
            reader.Dispose();
        Writer.Dispose(); // the last connection to close: SQLite then checkpoints and removes the log
        Remove(Path, IsTemporary, isNew: false);
    }

    /// <summary>As <see cref="Dispose"/>; and if this object made the file and nobody else has it open, it is removed.</summary>
    public void Abandon()
    {
        Dispose();
        Remove(Path, isTemporary: false, _isNew);
    }

    private static void Remove(string path, bool isTemporary, bool isNew)
    {
        if (isTemporary)
            Directory.Delete(System.IO.Path.GetDirectoryName(path)!, recursive: true);
        else if (isNew)
            DatabaseFile.Discard(path);
    }

    /// <summary>SQLite opens a log that it may not write for reading alone, and says so at the first write.</summary>
    private static void RequireWritable(Connection connection)
    {
        try
        {
            connection.Script("BEGIN IMMEDIATE; ROLLBACK;");
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SQLITE_BUSY or SQLITE_LOCKED)
        {
            // Someone else is writing.
        }
    }

    private void BeforeWrites(Connection writer)
    {
        RequireInPlace();
        _commitsOfOthers = writer.Number("PRAGMA data_version");
        writer.TakeWritten();
        _stamps.Begin();
    }

    private void AfterCommit(Connection writer)
    {
        try
        {
            _stamps.End(writer.TakeWritten(), () => writer.Number("PRAGMA data_version") == _commitsOfOthers);
        }
        catch (SqliteException)
        {
            // The commit stands; nothing that was kept does.
        }
    }

    /// <summary>
    /// Keeps SQLite from copying the log into the file and removing it where others may have written what this process can't see: into a
    /// log that took the place of this one, or with an index of the log that took the place of this one's.
    /// </summary>
    private void BeforeClose(Connection writer)
    {
        if (Fault() is not null
            && (!_files.IsLogIndexInPlace || _walIndex.IsOvertaken(LogPath) || _commitsOfOthers != writer.Number("PRAGMA data_version")))
            writer.KeepLog();
        _watch.Dispose();
    }

    /// <summary>A line for the operator if a file is not in its place, or if others have written to the log while one was not.</summary>
    private string? Fault()
    {
        if (_files.Misplaced() is { } file)
            return $"{file} was deleted, moved or replaced: nothing can be written; put it back or restart";
        return _fault is null || !_walIndex.IsOvertaken(LogPath) ? null
            : $"{LogPath} was written by another process while a file was away: nothing can be written; restart";
    }

    private Connection OpenReader()
    {
        RequireInPlace(); // otherwise it would open other files than the readers before it
        var reader = OpenConnection(readOnly: true);
        try
        {
            RequireInPlace();
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    private Connection OpenConnection(bool readOnly)
    {
        var connection = new Connection(Path, readOnly, _busyTimeout);
        try
        {
            connection.Script("""
                PRAGMA foreign_keys  = ON;
                PRAGMA secure_delete = ON;
                PRAGMA temp_store    = MEMORY;
                PRAGMA trusted_schema = OFF;
                PRAGMA cache_size    = -16000;
                """);
            connection.Script(readOnly ? "PRAGMA query_only = ON" : $"PRAGMA synchronous = FULL; PRAGMA journal_size_limit = {MaxIdleLog}");
            if (readOnly)
                _schema.PrepareReader(connection);
            connection.Script("SELECT count(*) FROM sqlite_schema"); // opens the log and maps its index now, while they are known to be in place
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
