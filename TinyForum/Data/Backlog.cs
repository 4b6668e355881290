using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// Work on so many rows that everyone's writes would wait for one transaction of it. It is done in slices, each a write of its own, and only
/// one slice of all such work is in the writer's queue at a time. What is left to be done is told by the rows themselves, so that a crash or a
/// full disk between two slices leaves a rest that <see cref="Resume"/> does. Thread-safe.
/// </summary>
/// <param name="database">The database.</param>
/// <param name="isLeft">Whether anything is left to be done.</param>
/// <param name="rest">Does a slice of what is left.</param>
/// <param name="failed">Called with an exception that nobody waits for.</param>
internal sealed class Backlog(Database database, Func<Connection, bool> isLeft, Action<Connection> rest, Action<Exception> failed) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _turn = new(1);
    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _lock = new();
    private Task _resumed = Task.CompletedTask;

    /// <summary>
    /// Repeats a slice until it returns that nothing is left. If the database can't be written meanwhile, or is being closed, this returns, and
    /// the rest is done later.
    /// </summary>
    public async Task FinishAsync(Func<Connection, bool> slice)
    {
        try
        {
            while (!await NextAsync(slice).ConfigureAwait(false))
            {
            }
        }
        catch (RefusalException)
        {
            Resume();
        }
    }

    /// <summary>Does one slice when its turn has come.</summary>
    /// <exception cref="RefusalException">Unavailable or Busy: the database can't be written or is being closed.</exception>
    public async Task<T> NextAsync<T>(Func<Connection, T> slice)
    {
        try
        {
            await _turn.WaitAsync(_ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            throw new RefusalException(RefusalKind.Unavailable, "the server is shutting down") { RetryAfter = TimeSpan.FromSeconds(5) };
        }
        try
        {
            return await database.WriteAsync(slice).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Does what was left undone, and tries again until it is done.</summary>
    public void Resume()
    {
        lock (_lock)
        {
            if (_resumed.IsCompleted && !_ended.IsCancellationRequested)
                _resumed = Task.Run(ResumeAsync);
        }
    }

    /// <summary>Begins no further slice.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        await _resumed.ConfigureAwait(false);
    }

    private async Task ResumeAsync()
    {
        while (!_ended.IsCancellationRequested)
        {
            try
            {
                while (database.Read(isLeft))
                    await NextAsync(c => { rest(c); return true; }).ConfigureAwait(false);
                return;
            }
            catch (RefusalException)
            {
                await Task.Delay(Pause, _ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception e)
            {
                failed(e);
                return;
            }
        }
    }
}
