using System.CommandLine;
using System.Runtime.InteropServices;

namespace TinyForum.CommandLine;

/// <summary><c>serve</c>: runs the server until it is told to stop.</summary>
internal static class Serve
{
    private static readonly TimeSpan LastWrites = TimeSpan.FromSeconds(5);

    public static Command Command()
    {
        var command = new Command("serve", "Runs the server. The default when no command is given");
        foreach (var setting in Settings.OfServe)
            command.Options.Add(setting.Option);
        command.SetAction((line, _) => RunAsync(line));
        return command;
    }

    /// <summary>Serves until SIGTERM or Ctrl-C, then finishes what was accepted. A second signal ends the process at once.</summary>
    public static async Task<int> RunAsync(ParseResult line)
    {
        var options = Settings.Options(line);
        var format = Settings.Log.In(line);
        using var log = new LogWriter(format, Console.OpenStandardOutput(), Console.Error);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(signal, stopped));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Stop(signal, stopped));

        var server = await ForumServer.StartAsync(options with { Log = log.Write }).ConfigureAwait(false);
        var version = typeof(Serve).Assembly.GetName().Version!.ToString(3);
        var greeting = $"TinyForum {version} listens on {string.Join(" and ", server.Urls)} (database {server.DatabasePath})";
        if (format == LogFormat.Off)
            Console.WriteLine(greeting);
        else
            log.Write(new LogEntry(DateTimeOffset.UtcNow, LogSeverity.Information, greeting));
        ServiceManager.Ready();

        await stopped.Task.ConfigureAwait(false);
        ServiceManager.Stopping();
        log.Write(new LogEntry(DateTimeOffset.UtcNow, LogSeverity.Information, "stopping"));
        await server.DisposeAsync().AsTask().WaitAsync(options.DrainTimeout + LastWrites).ConfigureAwait(false);
        log.Write(new LogEntry(DateTimeOffset.UtcNow, LogSeverity.Information, "stopped"));
        return 0;
    }

    private static void Stop(PosixSignalContext signal, TaskCompletionSource stopped)
    {
        signal.Cancel = true;
        if (!stopped.TrySetResult())
            Environment.Exit(128 + (signal.Signal == PosixSignal.SIGINT ? 2 : 15));
    }
}
