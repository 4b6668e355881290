using System.CommandLine;
using TinyForum.Storage;

namespace TinyForum.CommandLine;

/// <summary>The program: its commands, and what becomes of their failures.</summary>
internal static class CommandLineProgram
{
    /// <returns>0; 1 if it could not be done, with a line on standard error that says why.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            SystemLibraries.Require();
            var line = Root().Parse(args);
            if (line.Errors.Count > 0)
                return Fail(line.Errors[0].Message);
            return await line.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null })
                .ConfigureAwait(false);
        }
        catch (RefusalException e)
        {
            return Fail(e.Errors is null ? e.Message : string.Join("; ", e.Errors.Select(error => $"the {error.Key} {error.Value}")));
        }
        catch (Exception e) when (e is StartException or CommandException or DatabaseException
            or IOException or UnauthorizedAccessException or TimeoutException or InvalidDataException)
        {
            return Fail(e.Message);
        }
    }

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

    private static int Fail(string why)
    {
        Console.Error.WriteLine($"tinyforum: {why.ReplaceLineEndings(" ")}");
        return 1;
    }
}
