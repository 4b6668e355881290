using TinyForum.Storage;

namespace TinyForum.Tests.Support;

/// <summary>Keeps the writer busy until it is released: what is written meanwhile waits, and then comes as one group.</summary>
internal sealed class HeldWriter : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Database _database;
    private readonly Task _write;
    private readonly ManualResetEventSlim _released;

    private HeldWriter(Database database, Task write, ManualResetEventSlim released) =>
        (_database, _write, _released) = (database, write, released);

    /// <summary>Returns once the writer runs the write that holds it, so that nothing later gets into the same group.</summary>
    public static async Task<HeldWriter> HoldAsync(Database database)
    {
        var isHeld = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var released = new ManualResetEventSlim();
        var write = database.WriteAsync(_ =>
        {
            isHeld.TrySetResult();
            released.Wait(CancellationToken.None);
        });
        await isHeld.Task;
        return new HeldWriter(database, write, released);
    }

    /// <summary>Returns once as many writes wait.</summary>
    public void AwaitWaiting(int writes) => Assert.IsTrue(
        SpinWait.SpinUntil(() => _database.Writer.Waiting == writes, Patience), $"{_database.Writer.Waiting} writes wait, not {writes}");

    /// <summary>Lets the writer go on.</summary>
    public async Task ReleaseAsync()
    {
        _released.Set();
        await _write;
    }

    public void Dispose()
    {
        _released.Set();
        _write.Wait(CancellationToken.None);
        _released.Dispose();
    }
}
