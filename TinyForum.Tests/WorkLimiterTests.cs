using TinyForum.Concurrency;

namespace TinyForum.Tests;

[TestClass]
public sealed class WorkLimiterTests(TestContext context)
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(30);

    private readonly ManualClock _clock = new();

    [TestMethod]
    public async Task No_more_run_at_once_than_there_are_slots()
    {
        await using var limiter = new WorkLimiter(3, 100, MaxWait, _clock);
        int running = 0, most = 0;
        var all = Enumerable.Range(0, 60).Select(i => limiter.RunAsync(
            1,
            async () =>
            {
                InterlockedMax(ref most, Interlocked.Increment(ref running));
                await Task.Yield();
                Interlocked.Decrement(ref running);
                return i;
            },
            context.CancellationToken));
        CollectionAssert.AreEqual(Enumerable.Range(0, 60).ToArray(), await Task.WhenAll(all));
        Assert.IsInRange(2, 3, most);
    }

    [TestMethod]
    public async Task Past_the_number_that_may_wait_the_answer_is_503_with_a_time_to_try_again()
    {
        await using var limiter = new WorkLimiter(1, 2, MaxWait, _clock);
        var gate = new TaskCompletionSource<int>();
        var first = limiter.RunAsync(1, () => gate.Task, context.CancellationToken);
        var second = Run(limiter, 2);
        var third = Run(limiter, 3);
        Assert.AreEqual((2, 1), (limiter.Queued, limiter.Running));

        var refusal = await Assert.ThrowsExactlyAsync<RefusalException>(() => Run(limiter, 4));
        Assert.AreEqual((RefusalKind.Busy, MaxWait), (refusal.Kind, refusal.RetryAfter));

        gate.SetResult(1);
        CollectionAssert.AreEqual((int[])[1, 2, 3], await Task.WhenAll(first, second, third));
        Assert.AreEqual(0, limiter.Queued);
    }

    [TestMethod]
    [DataRow(2, 2, DisplayName = "what takes two slots")]
    [DataRow(9, 3, DisplayName = "what would take more than there are takes all")]
    public async Task Heavy_work_takes_several_slots(int weight, int taken)
    {
        await using var limiter = new WorkLimiter(3, 100, MaxWait, _clock);
        var gate = new TaskCompletionSource<int>();
        var heavy = limiter.RunAsync(weight, () => gate.Task, context.CancellationToken);
        Assert.AreEqual(taken, limiter.Running);
        var other = limiter.RunAsync(2, () => Task.FromResult(2), context.CancellationToken);
        Assert.IsFalse(other.IsCompleted, "it has to wait for two slots");

        gate.SetResult(1);
        CollectionAssert.AreEqual((int[])[1, 2], await Task.WhenAll(heavy, other));
    }

    [TestMethod]
    public async Task What_has_waited_too_long_is_refused_and_does_not_run()
    {
        await using var limiter = new WorkLimiter(1, 10, MaxWait, _clock);
        var gate = new TaskCompletionSource<int>();
        var first = limiter.RunAsync(1, () => gate.Task, context.CancellationToken);
        var ran = false;
        var late = limiter.RunAsync(1, () => Task.FromResult(ran = true), context.CancellationToken);
        _clock.Advance(MaxWait / 2);
        var inTime = Run(limiter, 3);
        _clock.Advance(MaxWait / 2 + TimeSpan.FromMilliseconds(1));
        gate.SetResult(1);

        Assert.AreEqual(RefusalKind.Busy, (await Assert.ThrowsExactlyAsync<RefusalException>(() => late)).Kind);
        Assert.IsFalse(ran);
        Assert.AreEqual((1, 3), (await first, await inTime));
    }

    [TestMethod]
    public async Task What_is_cancelled_while_it_waits_is_over_at_once_and_never_runs()
    {
        await using var limiter = new WorkLimiter(1, 10, MaxWait, _clock);
        var gate = new TaskCompletionSource<int>();
        var first = limiter.RunAsync(1, () => gate.Task, context.CancellationToken);
        using var cancelling = new CancellationTokenSource();
        var ran = false;
        var cancelled = limiter.RunAsync(1, () => Task.FromResult(ran = true), cancelling.Token);
        await cancelling.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => cancelled);

        gate.SetResult(1);
        await first;
        await Run(limiter, 2);
        Assert.IsFalse(ran);
    }

    [TestMethod]
    public async Task A_failure_reaches_the_caller_and_frees_the_slot()
    {
        await using var limiter = new WorkLimiter(1, 10, MaxWait, _clock);
        var failing = limiter.RunAsync<int>(1, () => throw new FormatException(), context.CancellationToken);
        await Assert.ThrowsExactlyAsync<FormatException>(() => failing);
        Assert.AreEqual(2, await Run(limiter, 2));
    }

    [TestMethod]
    public async Task Disposal_refuses_what_waits_and_what_comes_and_lets_the_rest_finish()
    {
        var limiter = new WorkLimiter(1, 10, MaxWait, _clock);
        var gate = new TaskCompletionSource<int>();
        var first = limiter.RunAsync(1, () => gate.Task, context.CancellationToken);
        var second = Run(limiter, 2);
        await limiter.DisposeAsync();
        foreach (var refused in (Task<int>[])[second, Run(limiter, 3)])
            Assert.AreEqual(RefusalKind.Busy, (await Assert.ThrowsExactlyAsync<RefusalException>(() => refused)).Kind);

        gate.SetResult(1);
        Assert.AreEqual(1, await first);
    }

    private Task<int> Run(WorkLimiter limiter, int result) =>
        limiter.RunAsync(1, () => Task.FromResult(result), context.CancellationToken);

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); seen < value; seen = Volatile.Read(ref most))
            Interlocked.CompareExchange(ref most, value, seen);
    }

    private sealed class ManualClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Volatile.Read(ref _ticks);

        public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
    }
}
