using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace TinyForum.Storage;

/// <summary>
/// Group commit: one thread takes the writes that wait, runs them in one transaction, commits once, and only then answers them all;
/// one that fails is undone alone. A lone write is committed at once; under load the cost of the disk's flush is shared.
/// </summary>
internal sealed class WriteQueue : IDisposable
{
    public const int DefaultMaxBatch = 512;
    public const int MaxWaiting = 10_000;

    private readonly Connection _connection;
    private readonly BlockingCollection<Write> _waiting = new(MaxWaiting);
    private readonly List<Write> _batch = [];
    private readonly int _maxBatch;
    private readonly Action<Connection> _check;
    private readonly Thread _thread;

    /// <param name="connection">Written through by this queue alone, and disposed with it.</param>
    /// <param name="maxBatch">How many writes are committed together at most.</param>
    /// <param name="check">Called before each transaction; what it throws refuses all writes of that.</param>
    public WriteQueue(Connection connection, int maxBatch, Action<Connection> check)
    {
        _connection = connection;
        _maxBatch = maxBatch;
        _check = check;
        _thread = new Thread(Run) { IsBackground = true, Name = "TinyForum writer" };
        _thread.Start();
    }

    /// <summary>How many writes wait to be run.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Told the size of every batch that was committed.</summary>
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

    /// <summary>Finishes what was accepted, then closes the connection.</summary>
    public void Dispose()
    {
        if (_waiting.IsAddingCompleted)
            return;
        _waiting.CompleteAdding();
        _thread.Join();
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
    /// Runs the writes in a transaction, commits it and answers them. Most writes go well, so that a savepoint around each, for which SQLite
    /// copies every page that it changes, is only set when the first try has shown that one is needed.
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
        Committed?.Invoke(writes.Count);
        foreach (var write in writes)
            write.Answer();
    }

    /// <summary>A write that throws undoes its own changes; an error that took the whole transaction with it is thrown on.</summary>
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

    /// <summary>What the writer is told. A write may refer to what was removed while it waited: its own author, erased since it was identified.</summary>
    private static Exception Reason(Exception e) => e switch
    {
        SqliteException { SqliteExtendedErrorCode: SQLITE_CONSTRAINT_FOREIGNKEY } => new RefusalException(RefusalKind.Conflict, "what this belongs to is gone"),
        SqliteException sqlite => (Exception?)Translate(sqlite) ?? e,
        _ => e,
    };

    /// <summary>The refusal for an error that is the machine's and not a bug, or <see langword="null"/>.</summary>
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
        [AllowNull]
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
