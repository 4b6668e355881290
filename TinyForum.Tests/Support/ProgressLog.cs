using System.Globalization;
using System.Reflection;
using Microsoft.Testing.Platform.Builder;
using Microsoft.Testing.Platform.CommandLine;
using Microsoft.Testing.Platform.Extensions;
using Microsoft.Testing.Platform.Extensions.Messages;
using Microsoft.Testing.Platform.Extensions.OutputDevice;
using Microsoft.Testing.Platform.Extensions.TestHost;
using Microsoft.Testing.Platform.OutputDevice;
using Microsoft.Testing.Platform.Services;

namespace TinyForum.Tests.Support;

/// <summary>Says every few seconds how far the tests are where the output is no terminal: there the runner is silent while all is well.</summary>
internal sealed class ProgressLog(bool isOn, int? all, IOutputDevice output, TimeProvider clock)
    : IDataConsumer, ITestSessionLifetimeHandler, IOutputDeviceDataProducer, IDisposable
{
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    private ITimer? _timer;
    private int _done, _failed;

    /// <summary>Called by the program that the runner generates, which the project file tells of it.</summary>
    public static void AddExtensions(ITestApplicationBuilder builder, string[] _)
    {
        var log = new CompositeExtensionFactory<ProgressLog>(services => Create(services.GetCommandLineOptions(), services.GetOutputDevice()));
        builder.TestHost.AddDataConsumer(log);
        builder.TestHost.AddTestSessionLifetimeHandler(log);
    }

    public string Uid => nameof(ProgressLog);

    public string Version => "1";

    public string DisplayName => "progress";

    public string Description => "Says how far the tests are where the output is no terminal";

    public Type[] DataTypesConsumed { get; } = [typeof(TestNodeUpdateMessage)];

    public Task<bool> IsEnabledAsync() => Task.FromResult(isOn);

    public Task OnTestSessionStartingAsync(ITestSessionContext session)
    {
        _timer = clock.CreateTimer(_ => Say(), null, Every, Timeout.InfiniteTimeSpan);
        return Task.CompletedTask;
    }

    public async Task OnTestSessionFinishingAsync(ITestSessionContext session)
    {
        if (_timer is not null)
            await _timer.DisposeAsync();
    }

    public Task ConsumeAsync(IDataProducer producer, IData data, CancellationToken cancellation)
    {
        var state = ((TestNodeUpdateMessage)data).TestNode.Properties.SingleOrDefault<TestNodeStateProperty>();
        if (state is not (null or InProgressTestNodeStateProperty or DiscoveredTestNodeStateProperty))
            Interlocked.Increment(ref _done);
        if (state is FailedTestNodeStateProperty or ErrorTestNodeStateProperty or TimeoutTestNodeStateProperty)
            Interlocked.Increment(ref _failed);
        return Task.CompletedTask;
    }

    public void Dispose() => _timer?.Dispose();

    private static ProgressLog Create(ICommandLineOptions line, IOutputDevice output)
    {
        var isOff = line.TryGetOptionArgumentList("progress", out var progress) && progress is ["off" or "false" or "disable" or "0"];
        return new(Console.IsOutputRedirected && !isOff, line.IsOptionSet("filter") ? null : CountTests(), output, TimeProvider.System);
    }

    private void Say()
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{_done}{(all is null ? "" : $" of {all}")} tests done, {_failed} failed");
        output.DisplayAsync(this, new TextOutputDeviceData(text), CancellationToken.None).GetAwaiter().GetResult();
        _timer?.Change(Every, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How many tests there are in all; the runner knows, and does not say.</summary>
    private static int CountTests() => (
        from type in typeof(ProgressLog).Assembly.GetTypes()
        where type.IsDefined(typeof(TestClassAttribute))
        from method in type.GetMethods()
        where method.IsDefined(typeof(TestMethodAttribute))
        select method.GetCustomAttributes().OfType<ITestDataSource>().ToList() is { Count: > 0 } sources
            ? sources.Sum(source => source.GetData(method).Count()) : 1).Sum();
}
