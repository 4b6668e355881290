using System.CommandLine;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using TinyForum.Http.Guard;
using TinyForum.Storage;

namespace TinyForum.CommandLine;

/// <summary>The program: its commands, and what becomes of their failures.</summary>
internal static class CommandLineProgram
{
    /// <summary>The exit code of a bug, by sysexits.h.</summary>
    internal const int InternalError = 70;

    private static readonly InvocationConfiguration Configuration = new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };

    /// <returns>
    /// 0; 1 if it could not be done, with a line on standard error that says why; 128 and its number if a signal ended it before it was done;
    /// <see cref="InternalError"/> for a bug, with its stack.
    /// </returns>
    public static Task<int> RunAsync(string[] args)
    {
        try
        {
            SystemLibraries.Require(); // first, because to load any other library takes ICU
            DescriptorBudget.Require();
            SqliteLibrary.GiveEachConnectionToOneThread();
            return RunCommandAsync(args);
        }
        catch (StartException e)
        {
            return Task.FromResult(Fail(e.Message));
        }
    }

    private static async Task<int> RunCommandAsync(string[] args)
    {
        using var tooLarge = IgnoreFileSizeSignal();
        try
        {
            foreach (var warning in UnknownVariables.In(Variables()))
                Terminal.Warn($"tinyforum: {warning}");
            var line = Root().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null }); // @NAME is a name
            if (line.Errors.Count > 0)
                return Fail(line.Errors[0].Message);
            return await line.InvokeAsync(Configuration).ConfigureAwait(false);
        }
        catch (RefusalException e)
        {
            return Fail(e.Errors is null ? e.Message : string.Join("; ", e.Errors.Select(error => $"the {error.Key} {error.Value}")));
        }
        catch (Exception e)
        {
            if (CauseOf(e) is { } cause)
                return Fail(cause.Message);
            Terminal.Warn($"tinyforum: this is a bug, please report it: {e}");
            return InternalError;
        }
    }

    private static Dictionary<string, string> Variables() => Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
        .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "");

    internal static RootCommand Root()
    {
        var root = new RootCommand("A small self-hosted forum: one process, one database file");
        Settings.Database.Option.Recursive = true;
        root.Options.Add(Settings.Database.Option);
        foreach (var setting in Settings.OfServe)
            root.Options.Add(setting.Option);
        root.Subcommands.Add(Serve.Command());
        root.Subcommands.Add(Health.Command());
        root.Subcommands.Add(UserCommands.Command());
        foreach (var command in MaintenanceCommands.Commands())
            root.Subcommands.Add(command);
        root.SetAction((line, _) => Serve.RunAsync(line));
        return root;
    }

    /// <summary>What of an exception lies with the machine or whoever runs the program; <see langword="null"/> if it is a bug.</summary>
    private static Exception? CauseOf(Exception e) => e switch
    {
        StartException or CommandException or DatabaseException or TimeoutException or InvalidDataException => e,
        IOException or UnauthorizedAccessException or SocketException or OutOfMemoryException or PlatformNotSupportedException => e,
        TypeInitializationException or AggregateException => e.InnerException is { } inner ? CauseOf(inner) : null,
        _ => null,
    };

    /// <summary>Without this, a file that reaches the size that <c>ulimit -f</c> allows ends the process: the write fails instead.</summary>
    private static PosixSignalRegistration? IgnoreFileSizeSignal()
    {
        const int FileSizeExceeded = 25; // SIGXFSZ
        return OperatingSystem.IsLinux() ? PosixSignalRegistration.Create((PosixSignal)FileSizeExceeded, context => context.Cancel = true) : null;
    }

    private static int Fail(string why)
    {
        Terminal.Warn($"tinyforum: {why.ReplaceLineEndings(" ")}");
        return 1;
    }
}
