using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace TinyForum.Storage;

/// <summary>
/// Group commit: one thread takes the waiting writes, runs them in one transaction, commits once, and only then answers them all.
/// A write that fails is undone alone. A lone write is committed at once; under load the writes share the cost of the flush to disk.
/// </summary>
internal sealed class WriteQueue : IDisposable
{
    public const int DefaultMaxBatch = 512;
    public const int MaxWaiting = 10_000;

    private readonly Connection _connection;
    private readonly BlockingCollection<Write> _waiting = new(MaxWaiting);
    private readonly List<Write> _batch = [];
    private readonly int _maxBatch;
    private readonly Action<Connection> _check, _committed, _closing;
    private readonly Thread _thread;

    /// <param name="connection">The connection, which this queue alone uses and disposes.</param>
    /// <param name="maxBatch">How many writes are committed together at most.</param>
    /// <param name="check">Called at the begin of each transaction; if it throws, all writes of that transaction are refused.</param>
    /// <param name="committed">Called after each commit, before its writes are answered.</param>
    /// <param name="closing">Called before the connection is closed.</param>
    public WriteQueue(Connection connection, int maxBatch, Action<Connection> check, Action<Connection> committed, Action<Connection> closing)
    {
        _connection = connection;
        _maxBatch = maxBatch;
        (_check, _committed, _closing) = (check, committed, closing);
        _thread = new Thread(Run) { IsBackground = true, Name = "TinyForum writer" };
        _thread.Start();
    }

    public int Waiting => _waiting.Count;

    /// <summary>Raised with the size of every committed batch.</summary>
    public Action<int>? Committed { get; set; }

    public Task<T> Enqueue<T>(Func<Connection, T> write)
    {
        var work = new Write<T>(write);
        try
        {
            if (!_waiting.TryAdd(work))
                throw new RefusalException(RefusalKind.Busy, "too many writes are waiting") { RetryAfter = TimeSpan.FromSeconds(1) };
        }
        catch (InvalidOperationException) // adding was completed by Dispose
        {
            throw new RefusalException(RefusalKind.Unavailable, "the server is shutting down") { RetryAfter = TimeSpan.FromSeconds(5) };
        }
        return work.Task;
    }

    /// <summary>Finishes the accepted writes, then closes the connection.</summary>
    public void Dispose()
    {
        if (_waiting.IsAddingCompleted)
            return;
        _waiting.CompleteAdding();
        _thread.Join();
        _closing(_connection);
        _connection.Dispose();
        _waiting.Dispose();
    }

    private void Run()
    {
        foreach (var first in _waiting.GetConsumingEnumerable())
        {
            _batch.Add(first);
            while (_batch.Count < _maxBatch && _waiting.TryTake(out var next))
                _batch.Add(next);
            Commit(_batch);
            _batch.Clear();
        }
    }

    /// <summary>
    /// Runs the writes in a transaction, commits it and answers them. Most writes succeed. A savepoint around each, for which SQLite copies
    /// every page that the write changes, is therefore only set once the first try has failed.
    /// </summary>
    private void Commit(List<Write> writes, bool inSavepoints = false)
    {
        try
        {
            _connection.Execute("BEGIN IMMEDIATE");
            _check(_connection);
        }
        catch (Exception e)
        {
            _connection.RollBack();
            Fail(writes, e);
            return;
        }
        try
        {
            foreach (var write in writes)
            {
                if (inSavepoints)
                    RunInSavepoint(write);
                else
                    write.Run(_connection);
            }
            _connection.Commit();
        }
        catch (Exception e)
        {
            _connection.RollBack();
            if (writes.Count == 1)
                Fail(writes, e);
            else if (!inSavepoints && !IsOfTheMachine(e))
                Commit(writes, inSavepoints: true);
            else
                foreach (var write in writes)
                    Commit([write]);
            return;
        }
        _committed(_connection);
        Committed?.Invoke(writes.Count);
        foreach (var write in writes)
            write.Answer();
    }

    /// <summary>Undoes the changes of a write that throws; an error that ended the whole transaction is rethrown.</summary>
    private void RunInSavepoint(Write write)
    {
        if (_connection.InSavepoint(write.Run, static e => !IsOfTheMachine(e)) is { } e)
            write.Refuse(Reason(e));
    }

    private static void Fail(List<Write> writes, Exception e)
    {
        foreach (var write in writes)
        {
            write.Refuse(Reason(e));
            write.Answer();
        }
    }

    private static bool IsOfTheMachine(Exception e) => e is SqliteException sqlite && Translate(sqlite) is not null;

    /// <summary>The exception that the caller gets. A write may refer to something that was removed while it waited, such as its erased author.</summary>
    private static Exception Reason(Exception e) => e switch
    {
        SqliteException { SqliteExtendedErrorCode: SQLITE_CONSTRAINT_FOREIGNKEY } =>
            new RefusalException(RefusalKind.Conflict, "what this refers to no longer exists"),
        SqliteException sqlite => (Exception?)Translate(sqlite) ?? e,
        _ => e,
    };

    /// <summary>The refusal for an error of the machine or the file; <see langword="null"/> for a bug.</summary>
    public static RefusalException? Translate(SqliteException e) => e.SqliteErrorCode switch
    {
        SQLITE_FULL => Unavailable("storage is full"),
        SQLITE_IOERR when e.SqliteExtendedErrorCode is SQLITE_IOERR_SHMSIZE => Unavailable("storage is full"),
        SQLITE_BUSY or SQLITE_LOCKED => new RefusalException(RefusalKind.Busy, "the database is busy") { RetryAfter = TimeSpan.FromSeconds(1) },
        SQLITE_IOERR or SQLITE_READONLY or SQLITE_CANTOPEN or SQLITE_CORRUPT or SQLITE_NOTADB => Unavailable("the database is not available"),
        _ => null,
    };

    private static RefusalException Unavailable(string why) => new(RefusalKind.Unavailable, why) { RetryAfter = TimeSpan.FromSeconds(30) };

    private abstract class Write
    {
        public abstract void Run(Connection connection);
        public abstract void Refuse(Exception why);
        public abstract void Answer();
    }

    private sealed class Write<T>(Func<Connection, T> write) : Write
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T _result = default!;
        private Exception? _refused;

        public Task<T> Task => _done.Task;

        public override void Run(Connection connection)
        {
            _refused = null;
            _result = write(connection);
        }

        public override void Refuse(Exception why) => _refused = why;

        public override void Answer()
        {
            if (_refused is null)
                _done.SetResult(_result);
            else
                _done.SetException(_refused);
        }
    }
}
