using System.CommandLine;
using TinyForum.Data;

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

    /// <summary>
    /// Serves until it is told to stop, then finishes what was accepted. Told so while it starts, it undoes a migration that is under way. A
    /// second signal ends the process at once.
    /// </summary>
    public static async Task<int> RunAsync(ParseResult line)
    {
        var options = Settings.Options(line);
        var format = Settings.Log.In(line);
        using var log = new LogWriter(format, Console.OpenStandardOutput(), Console.Error);
        using var signals = new StopSignals();
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stop = signals.Token.Register(stopped.SetResult);
        try
        {
            var server = await ForumServer.StartUncheckedAsync(options with { Log = log.Write }, signals.Token).ConfigureAwait(false);
            Greet(server, format, log);
            ServiceManager.Ready();
            await stopped.Task.ConfigureAwait(false);
            ServiceManager.Stopping();
            Tell(log, "stopping");
            await server.DisposeAsync().AsTask().WaitAsync(options.DrainTimeout + LastWrites).ConfigureAwait(false);
            Tell(log, "stopped");
        }
        catch (TimeoutException e)
        {
            throw new CommandException("not everything that was accepted could be finished in time", e);
        }
        catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
        {
            Tell(log, "stopped before it had started");
        }
        return 0;
    }

    private static void Greet(ForumServer server, LogFormat format, LogWriter log)
    {
        var version = typeof(Serve).Assembly.GetName().Version!.ToString(3);
        var addresses = server.UrlsToOpen.Zip(server.Urls, (open, bound) => open == bound ? $"{open}" : $"{open} on every address of this machine");
        var known = server.PublicUrl is { } url ? $", and is known as {url}" : "";
        var greeting = $"TinyForum {version} listens on {string.Join(" and ", addresses)}{known} (database {server.DatabasePath})";
        Say(greeting);
        if (server.SetupUrl is { } setup)
            Say($"nobody has an account yet: make the first one, the admin's, at {setup} (once, within {OneTimeLinks.SetupLifetime.TotalHours} hours)");

        void Say(string line)
        {
            if (format == LogFormat.Off)
                Terminal.Say(line);
            else
                Tell(log, line);
        }
    }

    private static void Tell(LogWriter log, string what) => log.Write(new LogEntry(DateTimeOffset.UtcNow, LogSeverity.Information, what));
}
