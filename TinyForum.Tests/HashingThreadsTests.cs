using TinyForum.Passwords;

namespace TinyForum.Tests;

[TestClass]
public sealed class HashingThreadsTests(TestContext context)
{
    private static readonly TimeSpan maxWait = TimeSpan.FromSeconds(30);

    private readonly ManualClock _clock = new();

    [TestMethod]
    public async Task No_more_run_at_once_than_there_are_threads()
    {
        await using var threads = new HashingThreads(3, 100, maxWait, _clock);
        int running = 0, most = 0;
        var all = Enumerable.Range(0, 60).Select(i => threads.RunAsync(
            () =>
            {
                InterlockedMax(ref most, Interlocked.Increment(ref running));
                Thread.Yield();
                Interlocked.Decrement(ref running);
                return i;
            },
            context.CancellationToken));
        CollectionAssert.AreEqual(Enumerable.Range(0, 60).ToArray(), await Task.WhenAll(all));
        Assert.IsInRange(1, 3, most);
    }

    [TestMethod]
    public async Task Past_the_number_that_may_wait_the_answer_is_503_with_a_time_to_try_again()
    {
        await using var threads = new HashingThreads(1, 2, maxWait, _clock);
        using var gate = new Gate();
        var first = await OccupyAsync(threads, gate);
        var second = threads.RunAsync(() => 2, context.CancellationToken);
        var third = threads.RunAsync(() => 3, context.CancellationToken);
        Assert.AreEqual((2, 1), (threads.Queued, threads.Running));

        var refusal = await Assert.ThrowsExactlyAsync<RefusalException>(() => threads.RunAsync(() => 4, context.CancellationToken));
        Assert.AreEqual((RefusalKind.Busy, maxWait), (refusal.Kind, refusal.RetryAfter));

        gate.Open();
        CollectionAssert.AreEqual((int[])[1, 2, 3], await Task.WhenAll(first, second, third));
        Assert.AreEqual(0, threads.Queued);
    }

    [TestMethod]
    public async Task What_has_waited_too_long_is_refused_and_does_not_run()
    {
        await using var threads = new HashingThreads(1, 10, maxWait, _clock);
        using var gate = new Gate();
        var first = await OccupyAsync(threads, gate);
        var ran = false;
        var late = threads.RunAsync(() => ran = true, context.CancellationToken);
        _clock.Advance(maxWait / 2);
        var inTime = threads.RunAsync(() => 3, context.CancellationToken);
        _clock.Advance(maxWait / 2 + TimeSpan.FromMilliseconds(1));
        gate.Open();

        Assert.AreEqual(RefusalKind.Busy, (await Assert.ThrowsExactlyAsync<RefusalException>(() => late)).Kind);
        Assert.IsFalse(ran);
        Assert.AreEqual((1, 3), (await first, await inTime));
    }

    [TestMethod]
    public async Task What_is_cancelled_while_it_waits_is_over_at_once_and_never_runs()
    {
        await using var threads = new HashingThreads(1, 10, maxWait, _clock);
        using var gate = new Gate();
        var first = await OccupyAsync(threads, gate);
        using var cancelling = new CancellationTokenSource();
        var ran = false;
        var cancelled = threads.RunAsync(() => ran = true, cancelling.Token);
        await cancelling.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => cancelled);

        gate.Open();
        await first;
        await threads.RunAsync(() => 2, context.CancellationToken);
        Assert.IsFalse(ran);
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public async Task On_Linux_other_threads_go_first()
    {
        await using var threads = new HashingThreads(1, 10, maxWait, _clock);
        var stat = await threads.RunAsync(() => File.ReadAllText("/proc/thread-self/stat"), context.CancellationToken);
        var fromState = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        Assert.AreEqual("10", fromState[16], "niceness");
    }

    [TestMethod]
    public async Task A_failure_reaches_the_caller_and_leaves_the_thread_working()
    {
        await using var threads = new HashingThreads(1, 10, maxWait, _clock);
        var failing = threads.RunAsync<int>(() => throw new FormatException(), context.CancellationToken);
        await Assert.ThrowsExactlyAsync<FormatException>(() => failing);
        Assert.AreEqual(2, await threads.RunAsync(() => 2, context.CancellationToken));
    }

    [TestMethod]
    public async Task Disposal_finishes_what_was_accepted_and_refuses_the_rest()
    {
        var threads = new HashingThreads(1, 10, maxWait, _clock);
        using var gate = new Gate();
        var first = await OccupyAsync(threads, gate);
        var second = threads.RunAsync(() => 2, context.CancellationToken);
        var disposal = threads.DisposeAsync();
        Assert.AreEqual(RefusalKind.Busy, (await Assert.ThrowsExactlyAsync<RefusalException>(() => threads.RunAsync(() => 3, context.CancellationToken))).Kind);
        Assert.IsFalse(disposal.IsCompleted);

        gate.Open();
        await disposal;
        Assert.AreEqual((1, 2), (await first, await second));
    }

    /// <summary>Returns when the one thread is held at the gate.</summary>
    private async Task<Task<int>> OccupyAsync(HashingThreads threads, Gate gate)
    {
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var work = threads.RunAsync(
            () =>
            {
                held.SetResult();
                gate.Pass(context.CancellationToken);
                return 1;
            },
            context.CancellationToken);
        await held.Task;
        return work;
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); seen < value; seen = Volatile.Read(ref most))
            Interlocked.CompareExchange(ref most, value, seen);
    }

    /// <summary>Opens when told to, or at the test's end, so that a failed test does not leave a thread behind.</summary>
    private sealed class Gate : IDisposable
    {
        private readonly ManualResetEventSlim _open = new();

        public void Open() => _open.Set();

        public void Pass(CancellationToken cancellation) => _open.Wait(cancellation);

        public void Dispose() => _open.Set();
    }

    private sealed class ManualClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Volatile.Read(ref _ticks);

        public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
    }
}
