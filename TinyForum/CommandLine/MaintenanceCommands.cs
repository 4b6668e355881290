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

    private static Command OfFile(string name, string help, Action<string, string> run)
    {
        var file = new Argument<string>("FILE");
        var command = new Command(name, help) { file };
        command.SetAction(line => run(Settings.Database.In(line), line.GetRequiredValue(file)));
        return command;
    }

    private static void Save(string database, string file)
    {
        RequireThere(database);
        Backup.Save(database, file, Tell);
        Console.WriteLine($"{database} is backed up to {file}");
    }

    private static void Restore(string database, string file)
    {
        var kept = Backup.Restore(file, database, DateTimeOffset.UtcNow, Tell);
        Console.WriteLine(kept is null ? $"{file} is restored to {database}" : $"{file} is restored to {database}; what was there is now {kept}");
    }

    private static Command Check()
    {
        var vacuum = new Option<bool>("--vacuum") { Description = "If the file is sound, also rewrite it, so that nothing that was deleted stays in it" };
        var command = new Command("check", "Checks the database with SQLite's own checks, and every count that the forum keeps") { vacuum };
        command.SetAction(line => Check(Settings.Database.In(line), line.GetValue(vacuum)));
        return command;
    }

    private static int Check(string database, bool vacuum)
    {
        var isSound = false;
        With(database, "check", readOnly: !vacuum, connection =>
        {
            var faults = IntegrityCheck.Run(connection, rule => Console.WriteLine($"checking {rule}"));
            foreach (var fault in faults)
                Console.WriteLine($"FAULT {fault}");
            isSound = faults.Count == 0;
            Console.WriteLine(isSound ? $"{database} is sound" : $"{database} is not sound");
            if (isSound && vacuum)
                IntegrityCheck.Vacuum(connection);
        });
        return isSound ? 0 : 1;
    }

    private static void Export(string database, string file)
    {
        file = Path.GetFullPath(file);
        With(database, "export", readOnly: true, connection =>
        {
            using var claim = DatabaseFile.Claim(file + ".partial");
            try
            {
                var rows = Write(connection, claim, isCompressed: Compressed(file));
                DatabaseFile.Publish(claim, file);
                Console.WriteLine($"{rows} rows of {database} are exported to {file}");
            }
            catch
            {
                File.Delete(claim.Name);
                throw;
            }
        });
    }

    private static void With(string database, string verb, bool readOnly, Action<Connection> run)
    {
        RequireThere(database);
        try
        {
            using var connection = new Connection(database, readOnly, BusyTimeout);
            ForumDatabase.Schema.RequireCurrent(connection, database);
            run(connection);
        }
        catch (SqliteException e)
        {
            throw new CommandException($"cannot {verb} {database}: {Database.Explain(e, database)}", e);
        }
    }

    private static long Write(Connection connection, Stream file, bool isCompressed)
    {
        using var compressed = isCompressed ? new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true) : null;
        return ExportImport.Export(connection, compressed ?? file, Tell);
    }

    private static void Import(string database, string file)
    {
        if (!File.Exists(file))
            throw new CommandException($"there is no file {file}");
        using var stream = File.OpenRead(file);
        using var plain = Compressed(file) ? new GZipStream(stream, CompressionMode.Decompress) : (Stream)stream;
        using var input = new StreamReader(plain, new UTF8Encoding(false, throwOnInvalidBytes: true));
        using var target = ForumDatabase.Open(database, (_, line) => Tell(line));
        var rows = target.WriteAsync(c => ExportImport.Import(c, input, Tell)).GetAwaiter().GetResult();
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
