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
        yield return OfFile("backup", "Copies the database to FILE while it is in use, and checks the copy", Save);
        yield return OfFile("restore", "Replaces the database by the backup FILE; no server may be using it, and the old one is kept", Restore);
        yield return Check();
        yield return OfFile("export", "Writes the whole forum to FILE as newline-delimited JSON, compressed if its name ends in .gz", Export);
        yield return OfFile("import", "Reads what export wrote into an empty forum", Import);
    }

    private static Command OfFile(string name, string help, Func<string, string, Task> run)
    {
        var file = new Argument<string>("FILE");
        var command = new Command(name, help) { file };
        command.SetAction(async (line, _) =>
        {
            await run(Settings.Database.In(line), line.GetRequiredValue(file)).ConfigureAwait(false);
            return 0;
        });
        return command;
    }

    private static Task Save(string database, string file)
    {
        RequireThere(database);
        Backup.Save(database, file, Tell);
        Console.WriteLine($"{database} is backed up to {file}");
        return Task.CompletedTask;
    }

    private static Task Restore(string database, string file)
    {
        var kept = Backup.Restore(file, database, DateTimeOffset.UtcNow, Tell);
        Console.WriteLine(kept is null ? $"{file} is restored to {database}" : $"{file} is restored to {database}; what was there is now {kept}");
        return Task.CompletedTask;
    }

    private static Command Check()
    {
        var vacuum = new Option<bool>("--vacuum") { Description = "If the file is sound, also rewrite it, so that nothing that was deleted stays in it" };
        var command = new Command("check", "Checks the database with SQLite's own checks, and every count that the forum keeps") { vacuum };
        command.SetAction(line =>
        {
            var database = Settings.Database.In(line);
            RequireThere(database);
            return Check(database, line.GetValue(vacuum));
        });
        return command;
    }

    private static int Check(string database, bool vacuum)
    {
        try
        {
            using var connection = new Connection(database, readOnly: !vacuum, BusyTimeout);
            ForumDatabase.Schema.RequireCurrent(connection, database);
            var faults = IntegrityCheck.Run(connection, rule => Console.WriteLine($"checking {rule}"));
            foreach (var fault in faults)
                Console.WriteLine($"FAULT {fault}");
            Console.WriteLine(faults.Count == 0 ? $"{database} is sound" : $"{database} is not sound");
            if (faults.Count == 0 && vacuum)
                IntegrityCheck.Vacuum(connection);
            return faults.Count == 0 ? 0 : 1;
        }
        catch (SqliteException e)
        {
            throw new CommandException($"cannot check {database}: {Database.Explain(e, database)}", e);
        }
    }

    private static Task Export(string database, string file)
    {
        RequireThere(database);
        file = Path.GetFullPath(file);
        try
        {
            using var connection = new Connection(database, readOnly: true, BusyTimeout);
            ForumDatabase.Schema.RequireCurrent(connection, database);
            using var claim = DatabaseFile.Claim(file + ".partial");
            try
            {
                var rows = Write(connection, claim, isCompressed: Compressed(file));
                DatabaseFile.Publish(claim, file);
                Console.WriteLine($"{rows} rows of {database} are exported to {file}");
                return Task.CompletedTask;
            }
            catch
            {
                File.Delete(claim.Name);
                throw;
            }
        }
        catch (SqliteException e)
        {
            throw new CommandException($"cannot export {database}: {Database.Explain(e, database)}", e);
        }
    }

    private static long Write(Connection connection, Stream file, bool isCompressed)
    {
        if (!isCompressed)
            return ExportImport.Export(connection, file, Tell);
        using var output = new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true);
        return ExportImport.Export(connection, output, Tell);
    }

    private static async Task Import(string database, string file)
    {
        if (!File.Exists(file))
            throw new CommandException($"there is no file {file}");
        await using var stream = File.OpenRead(file);
        await using var plain = Compressed(file) ? new GZipStream(stream, CompressionMode.Decompress) : (Stream)stream;
        using var input = new StreamReader(plain, new UTF8Encoding(false, throwOnInvalidBytes: true));
        using var target = ForumDatabase.Open(database, (_, line) => Tell(line));
        var rows = await target.WriteAsync(c => ExportImport.Import(c, input, Tell)).ConfigureAwait(false);
        Console.WriteLine($"{rows} rows are imported into {database}; restart a server that was running on it");
    }

    private static bool Compressed(string file) => file.EndsWith(".gz", StringComparison.Ordinal);

    private static void Tell(string line) => Console.Error.WriteLine(line);

    /// <summary>Requires that the database exists, so that a misspelt name does not create one.</summary>
    internal static void RequireThere(string database)
    {
        if (!File.Exists(database))
            throw new CommandException($"there is no database {database}");
    }
}
