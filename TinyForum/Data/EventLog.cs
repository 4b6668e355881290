using System.Runtime.CompilerServices;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// What happened, in one log (a transactional outbox): each event is written in the transaction of what it tells of, by whatever process, and
/// everything that tells of changes reads it here. Thread-safe.
/// </summary>
public sealed class EventLog : IAsyncDisposable
{
    /// <summary>How many events are kept at least, however old they are.</summary>
    internal const int KeptAtLeast = 100_000;

    /// <summary>How many events are read at once unless told.</summary>
    internal const int ReadAtOnce = 500;

    private const int SweptAtOnce = 500;

    // At what other processes have written, while somebody waits for it, and while nobody does.
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50), LookSeldom = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(1);

    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _keptFor;
    private readonly int _keptAtLeast;
    private readonly AutoResetEvent _look = new(false); // set by a commit of this process, and when somebody begins to wait
    private readonly Lock _starting = new();
    private Task? _watching;
    private int _waiting; // for something to happen
    private long _awaitedAt = long.MinValue / 2;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isStopping;

    internal EventLog(Database database, TimeProvider clock, TimeSpan keptFor, int keptAtLeast = KeptAtLeast)
    {
        (_database, _clock, _keptFor, _keptAtLeast) = (database, clock, keptFor, keptAtLeast);
        database.Writer.Committed += OnCommit;
    }

    /// <summary>The numbers of the oldest and the newest event that are kept; 1 and 0 if none is.</summary>
    public (long Oldest, long Newest) Range => _database.Read(c => c.First("""
        SELECT coalesce((SELECT min(number) FROM events), 1), coalesce((SELECT max(number) FROM events), 0)
        """, r => (r.GetInt64(0), r.GetInt64(1))));

    /// <summary>The events behind a number, in order.</summary>
    /// <param name="after">The number of the last event that is known.</param>
    /// <param name="limit">How many at most.</param>
    public IReadOnlyList<ForumEvent> Read(long after, int limit = ReadAtOnce)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return _database.Read(c => Read(c, after, limit));
    }

    internal static List<ForumEvent> Read(Connection connection, long after, int limit) => connection.All("""
        SELECT number, kind, created_at, post_id, thread_id, user_id, item_id
          FROM events
         WHERE number > $after
         ORDER BY number
         LIMIT $limit
        """, Map, ("$after", after), ("$limit", limit));

    /// <summary>
    /// All events behind a number, and from then on each one once it is committed, by this process or another: <c>await foreach</c> over it. Who is
    /// slow holds up nobody. An event number that was handled is where to go on from, in another process or after a restart as well.
    /// </summary>
    /// <param name="after">The number of the last event that is known; <see langword="null"/> for what happens from now on.</param>
    /// <param name="cancellationToken">Ends it, as the end of the forum does.</param>
    /// <exception cref="RefusalException">Invalid: events behind that number are no longer kept.</exception>
    public IAsyncEnumerable<ForumEvent> ReadAsync(long? after = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(after ?? 0, nameof(after)); // here, not at the first step
        return FollowAsync(after, cancellationToken);
    }

    private async IAsyncEnumerable<ForumEvent> FollowAsync(long? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var last = after ?? Range.Newest; ;)
        {
            var change = NextChange;
            if (_isStopping)
                yield break;
            var events = Read(last);
            foreach (var next in events)
            {
                if (next.Number != last + 1) // also when the reader is so slow that they went meanwhile
                    throw RefusalException.Invalid("after", $"must be at least {next.Number - 1}: older events are not kept");
                yield return next;
                last = next.Number;
            }
            if (events.Count == 0)
                await WaitAsync(change, Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Ends at the next change: something happens, or somebody's session, token or role changes. To be taken before what is read.</summary>
    internal Task NextChange
    {
        get
        {
            Start();
            return Volatile.Read(ref _changed).Task;
        }
    }

    /// <summary>Waits for a <see cref="NextChange"/>, by whatever process.</summary>
    /// <exception cref="TimeoutException">There is none for that long.</exception>
    internal async Task WaitAsync(Task change, TimeSpan timeout, CancellationToken cancellation)
    {
        var wasAwaited = IsAwaited;
        Interlocked.Increment(ref _waiting);
        Volatile.Write(ref _awaitedAt, Environment.TickCount64);
        if (!wasAwaited)
            _look.Set();
        try
        {
            await change.WaitAsync(timeout, cancellation).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Writes an event in the transaction of what it tells of, right before the commit: numbers follow commits.</summary>
    internal static void Add(Connection connection, ForumEvent happened) => connection.BeforeCommit(c => c.Execute("""
        INSERT INTO events (kind, created_at, post_id, thread_id, user_id, item_id)
        VALUES ($kind, $at, $post, $thread, (SELECT id FROM users WHERE id = $user), $item) -- erased by a write of the same transaction
        """, ("$kind", happened.Kind), ("$at", happened.CreatedAt.ToUnixTimeMilliseconds()), ("$post", happened.PostId),
        ("$thread", happened.ThreadId), ("$user", happened.UserId), ("$item", happened.ItemId)));

    /// <summary>Looks for new events and removes old ones from now on, until it is disposed.</summary>
    internal void Start()
    {
        lock (_starting)
            _watching ??= Task.Factory.StartNew(Watch, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Removes the oldest events that are neither young nor few enough.</summary>
    /// <returns>Whether there may be more.</returns>
    internal async Task<bool> SweepAsync() => await _database.WriteAsync(c => c.Execute("""
        DELETE FROM events
         WHERE number IN (SELECT number
                            FROM events
                           ORDER BY number
                           LIMIT $limit)
           AND number <= (SELECT max(number) FROM events) - $kept
           AND number < coalesce((SELECT min(number)
                                    FROM (SELECT number, created_at
                                            FROM events
                                           ORDER BY number
                                           LIMIT $limit) first
                                   WHERE created_at >= $oldest), (SELECT max(number) FROM events) + 1) -- the first that is young, whatever a clock did
        """, ("$kept", _keptAtLeast), ("$oldest", _clock.Now() - (long)_keptFor.TotalMilliseconds), ("$limit", SweptAtOnce)))
        .ConfigureAwait(false) == SweptAtOnce;

    /// <summary>Stops looking.</summary>
    public async ValueTask DisposeAsync()
    {
        _database.Writer.Committed -= OnCommit;
        _isStopping = true;
        _look.Set();
        if (_watching is not null)
            await _watching.ConfigureAwait(false);
        Volatile.Read(ref _changed).TrySetResult(); // who waits sees that it is over
    }

    /// <summary>Whether somebody waits, or has until a moment ago and does again after that.</summary>
    private bool IsAwaited => Volatile.Read(ref _waiting) > 0 || Environment.TickCount64 - Volatile.Read(ref _awaitedAt) < LookSeldom.TotalMilliseconds;

    private void OnCommit(int writes) => _look.Set();

    /// <summary>Has a thread of its own: to be woken twenty times a second costs one of the pool several times as much, for it spins.</summary>
    private void Watch()
    {
        (long, long) seen = (-1, -1);
        var nextSweep = Environment.TickCount64 + (long)SweepEvery.TotalMilliseconds;
        while (!_isStopping)
        {
            try
            {
                var stamps = (_database.Stamp((int)Subject.Events), _database.Stamp((int)Subject.Callers));
                if (stamps != seen)
                    Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
                seen = stamps;
                var now = Environment.TickCount64;
                if (now >= nextSweep)
                {
                    nextSweep = now + (long)SweepEvery.TotalMilliseconds; // not at once again if it fails
                    if (SweepAsync().GetAwaiter().GetResult())
                    {
                        nextSweep = now;
                        continue; // and in between tells what has happened
                    }
                }
                _look.WaitOne(IsAwaited ? LookEvery : LookSeldom);
            }
            catch (Exception)
            {
                // The database is busy or away, which whoever reads the log is told; it is looked at again.
                _look.WaitOne(LookEvery);
            }
        }
    }

    private static ForumEvent Map(Row row) => new(
        row.GetInt64(0), row.GetString(1), row.Time(2), row.NumberOrNull(3), row.NumberOrNull(4), row.NumberOrNull(5), row.NumberOrNull(6));
}
