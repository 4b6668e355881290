using System.CommandLine;
using System.IO.Compression;
using System.Text;
using Microsoft.Data.Sqlite;
using TinyForum.Data;
using TinyForum.Maintenance;
using TinyForum.Storage;

namespace TinyForum.CommandLine;

/// <summary>The operator's commands for a database; all but <c>restore</c> work beside a running server.</summary>
internal static class MaintenanceCommands
{
    private static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(30);

    public static IEnumerable<Command> Commands()
    {
        yield return Output("backup", "Copies the database to FILE while it is in use, and checks the copy", Save);
        yield return Input("restore", "Replaces the database by the backup FILE; no server may be using it, and the old one is kept", Restore);
        yield return Check();
        yield return Output("export", "Writes the whole forum to FILE as newline-delimited JSON, compressed if its name ends in .gz", Export);
        yield return Input("import", "Reads what export wrote into an empty forum", Import);
    }

    private static Command Input(string name, string help, Func<string, string, CancellationToken, string> run) => OfFile(name, help, [],
        (line, database, file, cancellation) => run(database, file, cancellation));

    private static Command Output(string name, string help, Func<string, string, bool, CancellationToken, string> run)
    {
        var force = new Option<bool>("--force") { Description = "Replace FILE if it exists; never a database that is in use" };
        return OfFile(name, help, [force], (line, database, file, cancellation) => run(database, file, line.GetValue(force), cancellation));
    }

    private static Command OfFile(
        string name, string help, Option[] options, Func<ParseResult, string, string, CancellationToken, string> run)
    {
        var argument = new Argument<string>("FILE");
        var command = new Command(name, help) { argument };
        foreach (var option in options)
            command.Options.Add(option);
        command.SetAction(line => StopSignals.Run(cancellation =>
        {
            if (line.GetRequiredValue(argument) is not { Length: > 0 } file)
                throw new CommandException("FILE: must not be empty");
            Terminal.Say(run(line, Settings.DatabaseIn(line), Path.GetFullPath(file), cancellation));
            return 0;
        }));
        return command;
    }

    private static string Save(string database, string file, bool force, CancellationToken cancellation)
    {
        Backup.Save(database, file, force, Terminal.Warn, cancellation);
        return $"{database} is backed up to {file}";
    }

    private static string Restore(string database, string file, CancellationToken cancellation)
    {
        var kept = Backup.Restore(file, database, DateTimeOffset.UtcNow, Terminal.Warn, cancellation: cancellation);
        return kept is null ? $"{file} is restored to {database}" : $"{file} is restored to {database}; what was there is now {kept}";
    }

    private static Command Check()
    {
        var vacuum = new Option<bool>("--vacuum") { Description = "If the file is sound, also rewrite it, so that nothing that was deleted stays in it" };
        var command = new Command("check", "Checks the database with SQLite's own checks, and every count that the forum keeps") { vacuum };
        command.SetAction(line => StopSignals.Run(cancellation => Check(Settings.DatabaseIn(line), line.GetValue(vacuum), cancellation)));
        return command;
    }

    private static int Check(string database, bool vacuum, CancellationToken cancellation)
    {
        var isSound = false;
        With(database, "check", readOnly: !vacuum, connection =>
        {
            var faults = IntegrityCheck.Run(connection, rule => Terminal.Say($"checking {rule}"));
            foreach (var fault in faults)
                Terminal.Say($"FAULT {fault}");
            isSound = faults.Count == 0;
            Terminal.Say(isSound ? $"{database} is sound" : $"{database} is not sound");
            if (isSound && vacuum)
                IntegrityCheck.Vacuum(connection);
        }, cancellation);
        return isSound ? 0 : 1;
    }

    private static string Export(string database, string file, bool force, CancellationToken cancellation)
    {
        var rows = 0L;
        With(database, "export", readOnly: true, connection =>
        {
            using var output = UnfinishedFile.BeginOutput(file, database, force);
            rows = Write(connection, output.Stream, isCompressed: Compressed(file));
            output.Finish();
        }, cancellation);
        return $"{rows} rows of {database} are exported to {file}";
    }

    private static void With(string database, string verb, bool readOnly, Action<Connection> run, CancellationToken cancellation)
    {
        DatabaseFile.RequireThere(database);
        try
        {
            using var connection = new Connection(database, readOnly, BusyTimeout);
            ForumDatabase.Schema.RequireCurrent(connection, database);
            connection.Run(() => run(connection), cancellation);
        }
        catch (SqliteException e)
        {
            throw new CommandException($"cannot {verb} {database}: {DatabaseFault.Explain(e, database)}", e);
        }
    }

    private static long Write(Connection connection, Stream file, bool isCompressed)
    {
        using var compressed = isCompressed ? new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true) : null;
        return ExportImport.Export(connection, compressed ?? file, Terminal.Warn);
    }

    private static string Import(string database, string file, CancellationToken cancellation)
    {
        if (!File.Exists(file))
            throw new CommandException(Directory.Exists(file) ? $"{file} is a folder" : $"there is no file {file}");
        DatabaseFile.RequireApart(file, database);
        using var stream = File.OpenRead(file);
        using var plain = Compressed(file) ? new GZipStream(stream, CompressionMode.Decompress) : (Stream)stream;
        using var input = new StreamReader(plain, new UTF8Encoding(false, throwOnInvalidBytes: true));
        var target = ForumDatabase.Open(database, (_, line) => Terminal.Warn(line), cancellation: cancellation);
        try
        {
            var rows = target.WriteAsync(c => c.Run(() => ExportImport.Import(c, input, Terminal.Warn), cancellation)).GetAwaiter().GetResult();
            target.Dispose();
            return $"{rows} rows are imported into {database}; restart a server that was running on it";
        }
        catch
        {
            target.Abandon();
            throw;
        }
    }

    private static bool Compressed(string file) => file.EndsWith(".gz", StringComparison.Ordinal);
}
