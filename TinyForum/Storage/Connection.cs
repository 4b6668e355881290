using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace TinyForum.Storage;

/// <summary>
/// One SQLite connection that keeps its statements prepared. Not for use by two threads at once. Statements are kept by the identity of
/// their text: pass a literal or a text that is built once and kept. One that is built for each call would be prepared each time and
/// never freed.
/// </summary>
internal sealed class Connection : IDisposable
{
    private readonly List<Action<Connection>> _beforeCommit = [];
    private readonly Dictionary<string, Statement> _statements = new(ReferenceEqualityComparer.Instance);
    private bool _isWatched;
    private Statement? _current;
    private int _written; // by what has been prepared or run since it was asked for

    public Connection(string path, bool readOnly, TimeSpan busyTimeout)
    {
        Sqlite = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = readOnly ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWriteCreate,
            Pooling = false,
            DefaultTimeout = 1, // seconds of the provider's own polling; the wait that matters is busy_timeout, below
        }.ToString());
        Sqlite.Open();
        // Otherwise SQLite prepares a statement anew whenever a parameter of its LIMIT is bound, which takes longer than most reads.
        _ = sqlite3_db_config(Sqlite.Handle, SQLITE_DBCONFIG_ENABLE_QPSG, 1, out int _);
        Script($"PRAGMA busy_timeout = {(int)busyTimeout.TotalMilliseconds}");
    }

    /// <summary>The connection itself, for what this class has no method for (backup, raw handles).</summary>
    public SqliteConnection Sqlite { get; }

    /// <summary>Whether the file can be read alone, although it was opened for writing too: SQLite makes do with that.</summary>
    public bool IsReadOnly => SQLitePCL.raw.sqlite3_db_readonly(Sqlite.Handle, "main") != 0;

    /// <summary>From now on notes what statements may write; <paramref name="subjects"/> gives the bits of each.</summary>
    public void WatchWrites(Func<StatementWrite, int> subjects)
    {
        _isWatched = true;
        sqlite3_set_authorizer(Sqlite.Handle, (_, action, table, column, _, _) =>
        {
            var writes = action switch
            {
                SQLITE_INSERT or SQLITE_DELETE => subjects(new(table, null, action == SQLITE_INSERT)),
                SQLITE_UPDATE => subjects(new(table, column)),
                _ => 0,
            };
            _written |= writes;
            if (_current is not null)
                _current.Writes |= writes; // when it is prepared first, or anew because another process has changed the schema
            return SQLITE_OK;
        }, null);
    }

    /// <summary>What may have been written since this was called last.</summary>
    public int TakeWritten()
    {
        var written = _written;
        _written = 0;
        return written;
    }

    /// <summary>The texts of the statements that are kept.</summary>
    public IEnumerable<string> Statements => _statements.Keys;

    /// <returns>How many rows were changed.</returns>
    public int Execute(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters) => Prepare(sql, parameters).ExecuteNonQuery();

    /// <summary>The first row, mapped, or the default of <typeparamref name="T"/> if there is none.</summary>
    public T? First<T>(string sql, Func<Row, T> map, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var reader = Prepare(sql, parameters).ExecuteReader();
        return reader.Read() ? map(new Row(reader)) : default;
    }

    /// <summary>All rows, mapped.</summary>
    public List<T> All<T>(string sql, Func<Row, T> map, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var rows = new List<T>();
        ForEach(sql, row => rows.Add(map(row)), parameters);
        return rows;
    }

    /// <summary>Calls <paramref name="row"/> for each row, without keeping any.</summary>
    public void ForEach(string sql, Action<Row> row, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        While(sql, reader =>
        {
            row(reader);
            return true;
        }, parameters);

    /// <summary>Calls <paramref name="row"/> for each row until it returns false.</summary>
    /// <returns>Whether it never did.</returns>
    public bool While(string sql, Func<Row, bool> row, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var reader = Prepare(sql, parameters).ExecuteReader();
        if (!reader.HasRows)
            return true;
        var current = new Row(reader);
        while (reader.Read())
        {
            if (!row(current))
                return false;
        }
        return true;
    }

    /// <summary>The first column of the first row as a number; <see langword="null"/> if there is no row or it is NULL.</summary>
    public long? Number(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        First(sql, static r => r.IsDBNull(0) ? (long?)null : r.GetInt64(0), parameters);

    /// <summary>
    /// As <see cref="ForEach"/>, but until <paramref name="isOver"/>. It is asked again and again, on the way to a row as well, and told how many
    /// pages of the file the statement has looked at, and how many since its first row.
    /// </summary>
    /// <returns>Whether it got to the last row.</returns>
    public bool ForEachUntil(
        Func<long, long, bool> isOver, string sql, Action<Row> row, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        const int StepsBetween = 200; // of SQLite's virtual machine; FTS5 takes some for each page of its index
        var (start, first) = (PagesSoFar(), long.MaxValue);
        sqlite3_progress_handler(Sqlite.Handle, StepsBetween, _ => IsOver(PagesSoFar()) ? 1 : 0, null);
        try
        {
            ForEach(sql, r =>
            {
                first = Math.Min(first, PagesSoFar());
                row(r);
            }, parameters);
            return true;
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLITE_INTERRUPT)
        {
            return false;
        }
        finally
        {
            sqlite3_progress_handler(Sqlite.Handle, 0, null, null);
        }

        bool IsOver(long pages) => isOver(pages - start, Math.Max(0, pages - first));
    }

    /// <summary>Runs <paramref name="work"/>, whose statements fail once <paramref name="cancellation"/> is requested.</summary>
    /// <exception cref="OperationCanceledException">One did.</exception>
    public T Run<T>(Func<T> work, CancellationToken cancellation)
    {
        const int Steps = 1000; // of SQLite's virtual machine between two looks
        SQLitePCL.raw.sqlite3_progress_handler(Sqlite.Handle, Steps, _ => cancellation.IsCancellationRequested ? 1 : 0, null);
        using var checkpoint = cancellation.Register(Interrupt); // which takes no such steps
        try
        {
            return work();
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_INTERRUPT && cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, cancellation);
        }
        finally
        {
            SQLitePCL.raw.sqlite3_progress_handler(Sqlite.Handle, 0, null, null);
        }
    }

    /// <inheritdoc cref="Run{T}"/>
    public void Run(Action work, CancellationToken cancellation) => Run(
        () =>
        {
            work();
            return true;
        },
        cancellation);

    /// <summary>Interrupts the statement that is running or, if none is, the checkpoint when the connection is closed.</summary>
    public void Interrupt() => SQLitePCL.raw.sqlite3_interrupt(Sqlite.Handle!);

    /// <summary>How many pages of the write-ahead log are not in the file yet.</summary>
    public long UncopiedPages() => First("PRAGMA wal_checkpoint(NOOP)", static r => r.GetInt64(1) - r.GetInt64(2));

    /// <summary>Makes closing the connection leave the write-ahead log as it is.</summary>
    public void KeepLog()
    {
        const int NoCheckpointOnClose = 1006; // SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE
        _ = SQLitePCL.raw.sqlite3_db_config(Sqlite.Handle, NoCheckpointOnClose, 1, out _);
    }

    /// <summary>Runs <paramref name="change"/> in a transaction; an exception rolls it back.</summary>
    public void InTransaction(Action change)
    {
        Execute("BEGIN IMMEDIATE");
        try
        {
            change();
            Commit();
        }
        catch
        {
            RollBack();
            throw;
        }
    }

    /// <summary>Defers a change until just before the open transaction is committed; without a transaction it is made at once.</summary>
    /// <remarks>
    /// For the search index: FTS5 buffers changes and writes them out together, but also whenever a savepoint begins after one of them,
    /// and a statement that changes several rows begins one of its own. Deferred, they are written out once per commit.
    /// </remarks>
    public void BeforeCommit(Action<Connection> change)
    {
        if (IsInTransaction)
            _beforeCommit.Add(change);
        else
            change(this);
    }

    /// <summary>Makes the deferred changes and commits.</summary>
    public void Commit()
    {
        foreach (var change in _beforeCommit)
            change(this);
        _beforeCommit.Clear();
        Control("COMMIT");
    }

    /// <summary>Runs <paramref name="change"/> in a savepoint, so that an exception undoes it alone and not the transaction.</summary>
    /// <returns>The exception for which it was undone. One that <paramref name="isUndone"/> denies is thrown: the transaction must be rolled back.</returns>
    public Exception? InSavepoint(Action<Connection> change, Func<Exception, bool> isUndone)
    {
        var putOff = _beforeCommit.Count;
        Exception? undone = null;
        Control("SAVEPOINT write");
        try
        {
            change(this);
        }
        catch (Exception e) when (IsInTransaction && isUndone(e))
        {
            _beforeCommit.RemoveRange(putOff, _beforeCommit.Count - putOff);
            Control("ROLLBACK TO write");
            undone = e;
        }
        Control("RELEASE write");
        return undone;
    }

    /// <summary>
    /// Runs a statement that begins or ends something. FTS5 writes what it has put off then, with statements that it prepares on first use:
    /// what those write was noted with what put it off, and must not be with every later commit.
    /// </summary>
    private void Control(string sql)
    {
        var command = Prepare(sql, []);
        _current = null;
        command.ExecuteNonQuery();
    }

    /// <summary>Whether a transaction is open: some errors end it.</summary>
    public bool IsInTransaction => sqlite3_get_autocommit(Sqlite.Handle) == 0;

    /// <summary>Rolls the open transaction back, if there is one.</summary>
    public void RollBack()
    {
        _beforeCommit.Clear();
        try
        {
            if (IsInTransaction)
                Control("ROLLBACK");
        }
        catch (SqliteException)
        {
            // A ROLLBACK that reports an error has ended the transaction nevertheless (sqlite.org/lang_transaction.html, section 3).
        }
    }

    /// <summary>Runs one or several statements that are not kept prepared.</summary>
    public void Script(string sql)
    {
        using var command = Sqlite.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        do
        {
            // ExecuteNonQuery stops at the first row and swallows the errors of the statements after it.
            while (reader.Read())
            {
            }
        }
        while (reader.NextResult());
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values)
            statement.Command.Dispose();
        Sqlite.Dispose();
    }

    private long PagesSoFar()
    {
        _ = sqlite3_db_status(Sqlite.Handle, SQLITE_DBSTATUS_CACHE_HIT, out var hits, out _, resetFlg: 0);
        _ = sqlite3_db_status(Sqlite.Handle, SQLITE_DBSTATUS_CACHE_MISS, out var misses, out _, resetFlg: 0);
        return (long)hits + misses;
    }

    private SqliteCommand Prepare(string sql, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        if (!_statements.TryGetValue(sql, out _current))
            _statements.Add(sql, _current = New(sql, parameters));
        var command = _current.Command;
        if (!HasNames(command, parameters))
            SetNames(command, parameters);
        for (var i = 0; i < parameters.Length; i++)
            command.Parameters[i].Value = parameters[i].Value ?? DBNull.Value;
        _written |= _current.Writes;
        return command;
    }

    /// <summary>Whether a statement's last use gave the same parameters in the same order: another place may have the same SQL.</summary>
    private static bool HasNames(SqliteCommand command, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        if (command.Parameters.Count != parameters.Length)
            return false;
        for (var i = 0; i < parameters.Length; i++)
            if (command.Parameters[i].ParameterName != parameters[i].Name)
                return false;
        return true;
    }

    private static void SetNames(SqliteCommand command, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        command.Parameters.Clear();
        foreach (var (name, _) in parameters)
            command.Parameters.Add(new SqliteParameter { ParameterName = name });
    }

    private Statement New(string sql, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = Sqlite.CreateCommand();
        command.CommandText = sql;
        SetNames(command, parameters);
        _current = new Statement(command);
        if (_isWatched)
            command.Prepare();
        return _current;
    }

    private sealed class Statement(SqliteCommand command)
    {
        public SqliteCommand Command => command;

        /// <summary>The subjects of what it may write, a bit each.</summary>
        public int Writes { get; set; }
    }
}
