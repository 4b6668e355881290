using TinyForum.Data;
using TinyForum.Http;

namespace TinyForum.Api.Events;

/// <summary>What a stream begins with: the numbers of the events that are kept.</summary>
internal sealed record EventRangeView(long Newest, long Oldest);

/// <summary>
/// The clients that read events as they happen. One loop reads the log and offers each event to all of them, rendered once for all who may see
/// the same; a client that comes with a number reads the log by itself until it has caught up. Thread-safe.
/// </summary>
internal sealed class EventStreams : IAsyncDisposable
{
    /// <summary>How long nothing is sent at most: proxies end connections that are quiet for a minute.</summary>
    internal static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>How long a stream lasts that another program's login began: its client comes back, and shows that it is still logged in.</summary>
    internal static readonly TimeSpan ExternalLifetime = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan KeepUpEvery = TimeSpan.FromSeconds(1);
    private const int Turns = 5; // to ask takes a system call
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    // To one client, before it is another's turn; and to how many at the same time: pages are to be made meanwhile.
    private const int ReplayedAtOnce = 100;
    private readonly SemaphoreSlim _replaying = new(Math.Max(1, Environment.ProcessorCount / 2));

    // With more streams than this, what happens within a moment is sent together: a write to each takes some microseconds.
    private const int Many = 200;
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(25);

    private static readonly byte[] Comment = ":\n\n"u8.ToArray();

    private readonly Forum _forum;
    private readonly EventTeller _teller;
    private readonly OpenStreams _open = new();
    private readonly List<EventStream> _streams = []; // its own lock, which nobody holds while anything has to be waited for
    private readonly List<EventStream> _round = []; // those that are told at this time
    private readonly CancellationTokenSource _stopping = new();
    private Task? _running;
    private long _after;
    private long _callers = -1;
    private long _keepUpAt;
    private long _turn; // of those that are asked whether they have left
    private long _told;

    public EventStreams(Forum forum) => (_forum, _teller) = (forum, new EventTeller(forum));

    /// <inheritdoc cref="OpenStreams.Count"/>
    public int Count => _open.Count;

    /// <summary>How many events were told, to one client each.</summary>
    public long Told => Volatile.Read(ref _told);

    /// <summary>Serves a stream until it ends.</summary>
    /// <param name="call">The request.</param>
    /// <param name="filter">What the client wants.</param>
    /// <param name="after">The number of the last event that it knows; <see langword="null"/> if it wants what happens from now on.</param>
    /// <exception cref="HttpRefusalException">503: too many are open.</exception>
    public async Task ServeAsync(Call call, EventFilter filter, long? after)
    {
        using var counted = _open.Open(call.Caller?.Id, call.IsDirectLoopback ? null : AddressBlock.Of(call.ClientAddress));
        call.Exchange.ContentType = "text/event-stream; charset=utf-8"; // which it always is; Python's requests takes Latin-1 if it is not said
        call.Exchange.SetHeader("X-Accel-Buffering", "no"); // nginx would hold events back
        var connection = await call.Exchange.BeginStreamAsync().ConfigureAwait(false);
        var stream = new EventStream(connection, () => call.Exchange.ClientHasLeft, call.Caller, filter)
        {
            EndsAt = call.Caller is { IsExternal: true } ? _forum.Clock.Now() + (long)ExternalLifetime.TotalMilliseconds : long.MaxValue,
        };
        using var stopping = call.Exchange.Stopping.Register(stream.End);
        await BeginAsync(stream, after).ConfigureAwait(false);
        await stream.Ended.ConfigureAwait(false);
        call.Exchange.EndStream(stream.Sent);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (_running is not null)
            await _running.ConfigureAwait(false);
    }

    /// <summary>Greets, replays what the client has missed, and lets the stream in with the others.</summary>
    private async Task BeginAsync(EventStream stream, long? after)
    {
        var (oldest, newest) = _forum.Events.Range;
        var reconnection = TimeSpan.FromMilliseconds(Random.Shared.Next(1_000, 5_000)); // so that not all come back at once
        long? begun = after is null ? newest : null; // else one that is cut off before its first event could not say what it has missed
        stream.Offer(EventTeller.Frame("hello", new EventRangeView(newest, oldest), begun, reconnection));
        stream.After = after ?? newest;
        if (stream.After < oldest - 1 || stream.After > newest)
            Resync(stream);
        while (!stream.HasEnded && !TryJoin(stream))
        {
            if (stream.IsBehind && !await CatchUpAsync(stream).ConfigureAwait(false))
                return;
            await _replaying.WaitAsync(_stopping.Token).ConfigureAwait(false);
            try
            {
                Replay(stream);
            }
            finally
            {
                _replaying.Release();
            }
        }
    }

    /// <summary>Offers the next events that a client has missed, until it has to read them first; ends the stream if the client has left.</summary>
    private void Replay(EventStream stream)
    {
        if (stream.HasLeft)
            stream.End();
        if (stream.HasEnded)
            return;
        var events = _forum.Events.Read(stream.After, ReplayedAtOnce);
        if (!Recheck(stream))
            return;
        foreach (var happened in events)
        {
            if (happened.Number != stream.After + 1) // removed meanwhile
            {
                Resync(stream);
                return;
            }
            if (stream.IsBehind)
                return;
            if (stream.Filter.Wants(happened) && _teller.Frame(happened, stream.Caller, stream.SeesReports) is { } frame)
                stream.Offer(frame);
            stream.After = happened.Number;
        }
    }

    /// <summary>Says that events which the client has not had are no longer kept, and goes on from now.</summary>
    private void Resync(EventStream stream)
    {
        var (oldest, newest) = _forum.Events.Range;
        stream.Offer(EventTeller.Frame("resync", new EventRangeView(newest, oldest), number: newest));
        stream.After = newest;
    }

    /// <summary>Waits until a client has read what it was sent, for the queue is for what happens meanwhile; one that does not read is cut off.</summary>
    /// <returns>Whether the stream still stands, and who reads it.</returns>
    private async Task<bool> CatchUpAsync(EventStream stream)
    {
        for (var since = Environment.TickCount64; stream.IsBehind; await Task.Delay(Pause).ConfigureAwait(false))
        {
            if (stream.HasEnded || stream.HasLeft || Environment.TickCount64 - since > Heartbeat.TotalMilliseconds)
            {
                stream.End();
                return false;
            }
        }
        return Recheck(stream);
    }

    /// <summary>Lets a stream in that has all that the others have.</summary>
    private bool TryJoin(EventStream stream)
    {
        lock (_streams)
        {
            if (_running is null)
            {
                _after = _forum.Events.Range.Newest; // who has missed more reads it by itself
                _running = Task.Run(RunAsync);
            }
            if (stream.After < _after)
                return false;
            stream.StandsUntil = stream.Caller is null ? long.MaxValue : 0; // something may have been written since they were looked at
            _streams.Add(stream);
            return true;
        }
    }

    private async Task RunAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            KeepUp();
            try
            {
                var change = _forum.Events.NextChange;
                var hasTold = Tell();
                if (_round.Count > Many)
                    await Task.Delay(Moment, _stopping.Token).ConfigureAwait(false);
                if (!hasTold)
                    await _forum.Events.WaitAsync(change, KeepUpEvery, _stopping.Token).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // Nothing happened.
            }
            catch (Exception e)
            {
                Note(e);
                await Task.Delay(KeepUpEvery, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Tells the streams what happened since the last time, as far as those who read may know of it now.</summary>
    /// <returns>Whether something did; there may be more then.</returns>
    private bool Tell()
    {
        var events = _forum.Events.Read(_after);
        if (TakeRound(events.Count > 0 ? events[^1].Number : null))
            return events.Count > 0;
        var batch = events.Count == 0 ? null : new EventBatch(_teller, events);
        var before = _after;
        lock (_streams)
        {
            _round.Clear();
            _round.AddRange(_streams);
            _after = batch?.Last ?? _after; // who joins from now on has read up to there
        }
        try
        {
            Recheck();
        }
        catch
        {
            lock (_streams)
                _after = before;
            throw;
        }
        if (batch is not null)
            Tell(batch);
        return events.Count > 0;
    }

    /// <summary>Lets go of the streams that have ended; if none is left, goes on behind what happened.</summary>
    /// <returns>Whether none is left.</returns>
    private bool TakeRound(long? last)
    {
        lock (_streams)
        {
            _streams.RemoveAll(s => s.HasEnded);
            if (_streams.Count > 0)
                return false;
            _round.Clear();
            _after = last ?? _after;
            return true;
        }
    }

    private void Tell(EventBatch batch) => Parallel.For(0, (_round.Count + Many - 1) / Many, share =>
    {
        var told = 0L;
        for (var i = share * Many; i < Math.Min(_round.Count, (share + 1) * Many); i++)
            told += Tell(batch, _round[i]);
        Interlocked.Add(ref _told, told);
    });

    private int Tell(EventBatch batch, EventStream stream)
    {
        try
        {
            return batch.Tell(stream);
        }
        catch (Exception e)
        {
            stream.End(); // its client comes back with the number of what it has; the others are told
            Note(e);
            return 0;
        }
    }

    private void Note(Exception e)
    {
        if (e is not (RefusalException or OperationCanceledException)) // busy
            _forum.Options.Tell(LogSeverity.Error, "what happened can't be told to event streams, which is tried again", e);
    }

    /// <summary>Ends the streams of clients that have left, some of them each time, and shows the others that somebody is there.</summary>
    private void KeepUp()
    {
        var now = Environment.TickCount64;
        if (now < _keepUpAt)
            return;
        _keepUpAt = now + (long)KeepUpEvery.TotalMilliseconds;
        _turn++;
        for (var i = 0; i < _round.Count; i++)
        {
            var stream = _round[i];
            if ((_turn + i) % Turns == 0 && stream.HasLeft)
                stream.End();
            else if (now - stream.OfferedAt > Heartbeat.TotalMilliseconds)
                stream.Offer(Comment);
        }
    }

    /// <summary>Ends the streams whose session or token has ended, and looks who may read reports: if anything has been written about those.</summary>
    private void Recheck()
    {
        var stamp = _forum.Database.Stamp((int)Subject.Callers); // before reading
        Recheck(_round, stamp == _callers ? _forum.Clock.Now() : long.MaxValue);
        _callers = stamp;
    }

    /// <summary>The same for some streams, of which all are looked at that may have ended by a time.</summary>
    private void Recheck(List<EventStream> streams, long time)
    {
        var due = streams.FindAll(stream => stream.Caller is not null && stream.StandsUntil <= time);
        if (due.Count == 0)
            return;
        _forum.Database.Read(c =>
        {
            foreach (var stream in due)
            {
                var now = _forum.Clock.Now();
                var stands = Permissions.Stands(c, stream.Caller!, now, out var isModerator, out var until);
                (stream.SeesReports, stream.StandsUntil) = (isModerator && stream.Caller!.MayWrite, Math.Min(until, stream.EndsAt));
                if (!stands || stream.EndsAt <= now)
                    stream.End();
            }
            return true;
        });
    }

    /// <summary>The same for one.</summary>
    /// <returns>Whether it stands.</returns>
    private bool Recheck(EventStream stream)
    {
        Recheck([stream], long.MaxValue);
        return !stream.HasEnded;
    }
}
