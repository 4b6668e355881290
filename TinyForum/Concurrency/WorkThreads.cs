using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace TinyForum.Concurrency;

/// <summary>
/// Threads of its own for work that keeps each busy for long, so that the pool's, which serve requests, stay free; they go after those where
/// processors are short. What waits for a thread is bounded as by <see cref="WorkLimiter"/>. Thread-safe.
/// </summary>
internal sealed partial class WorkThreads : IAsyncDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly WorkLimiter _limiter;
    private readonly Thread[] _threads;
    private bool _isDisposed;

    /// <param name="name">What they do, for debuggers.</param>
    /// <param name="count">How many threads. All start at once: later there might be no file descriptors left for it.</param>
    /// <param name="maxWaiting">How much may wait.</param>
    /// <param name="maxWait">How long each may wait.</param>
    /// <param name="time">Tells how long that was.</param>
    public WorkThreads(string name, int count, int maxWaiting, TimeSpan maxWait, TimeProvider time)
    {
        _limiter = new WorkLimiter(count, maxWaiting, maxWait, time);
        _threads = [.. Enumerable.Range(0, count).Select(_ => new Thread(Run) { IsBackground = true, Name = name })];
        foreach (var thread in _threads)
            thread.Start();
    }

    /// <inheritdoc cref="WorkLimiter.Queued"/>
    public int Queued => _limiter.Queued;

    /// <inheritdoc cref="WorkLimiter.Running"/>
    public int Running => _limiter.Running;

    /// <summary>Runs <paramref name="work"/> on one of the threads when its turn has come.</summary>
    /// <exception cref="RefusalException">Busy: too much waits, or this has waited too long, or the server is stopping.</exception>
    public Task<T> RunAsync<T>(Func<T> work) => _limiter.RunAsync(1, () => Put(work), CancellationToken.None);

    /// <summary>Takes no more work, refuses what waits, and ends when what runs is done.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
            return;
        await _limiter.DisposeAsync().ConfigureAwait(false);
        _work.CompleteAdding();
        foreach (var thread in _threads)
            thread.Join();
        _work.Dispose();
    }

    private Task<T> Put<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }

    private void Run()
    {
        const int ThisThread = 0, Nice = 10;
        if (OperatingSystem.IsLinux())
            _ = SetPriority(0, ThisThread, Nice); // .NET's own priorities do nothing there
        foreach (var work in _work.GetConsumingEnumerable())
            work();
    }

    /// <summary>setpriority(2): of PRIO_PROCESS, which on Linux is one thread.</summary>
    [LibraryImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetPriority(int which, int who, int nice);
}
