using Microsoft.Testing.Platform.Extensions.Messages;
using Microsoft.Testing.Platform.Extensions.OutputDevice;
using Microsoft.Testing.Platform.OutputDevice;
using Microsoft.Testing.Platform.TestHost;

namespace TinyForum.Tests;

[TestClass]
public sealed class ProgressLogTests(TestContext test)
{
    [TestMethod]
    public async Task Every_few_seconds_the_tests_say_how_far_they_are()
    {
        var time = new ManualTime();
        var screen = new Screen();
        using var log = new ProgressLog(isOn: true, all: 3, screen, time);
        await log.OnTestSessionStartingAsync(null!);
        await TellAsync(new InProgressTestNodeStateProperty());
        await TellAsync(new PassedTestNodeStateProperty());
        time.Advance(ProgressLog.Every);
        await TellAsync(new FailedTestNodeStateProperty());
        await TellAsync(new SkippedTestNodeStateProperty());
        time.Advance(ProgressLog.Every);
        await log.OnTestSessionFinishingAsync(null!);
        time.Advance(ProgressLog.Every);
        CollectionAssert.AreEqual((string[])["1 of 3 tests done, 0 failed", "3 of 3 tests done, 1 failed"], screen.Lines);

        Task TellAsync(TestNodeStateProperty state) => log.ConsumeAsync(null!, new TestNodeUpdateMessage(
            new SessionUid("s"), new TestNode { Uid = "t", DisplayName = "t", Properties = new PropertyBag(state) }), test.CancellationToken);
    }

    private sealed class Screen : IOutputDevice
    {
        public List<string> Lines { get; } = [];

        public Task DisplayAsync(IOutputDeviceDataProducer producer, IOutputDeviceData data, CancellationToken cancellationToken)
        {
            Lines.Add(((TextOutputDeviceData)data).Text);
            return Task.CompletedTask;
        }
    }
}
