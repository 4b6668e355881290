using System.Globalization;
using Microsoft.Data.Sqlite;
using TinyForum.Data;
using TinyForum.Storage;
using static SQLitePCL.raw;

namespace TinyForum.Maintenance;

/// <summary>Copies of a whole database: made while it is in use, checked, and renamed into place so that a crash never leaves half a copy.</summary>
internal static class Backup
{
    private const int PagesAtOnce = 1024;

    private static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Writes a copy of <paramref name="database"/> to <paramref name="file"/>, replacing what is there.</summary>
    /// <param name="database">The database, which may be in use.</param>
    /// <param name="file">The copy: a single file, readable by its owner alone.</param>
    /// <param name="progress">Called with the progress every two seconds.</param>
    /// <param name="cancellation">Ends the copying; <paramref name="file"/> stays as it is.</param>
    /// <exception cref="DatabaseException">The database can't be read, the file can't be written, or the copy is damaged.</exception>
    public static void Save(string database, string file, Action<string>? progress = null, CancellationToken cancellation = default)
    {
        file = Path.GetFullPath(file);
        if (file == Path.GetFullPath(database))
            throw new DatabaseException($"{file} is the database itself");
        using var claim = Copy(database, file + ".partial", progress, cancellation);
        DatabaseFile.Publish(claim, file);
    }

    /// <summary>Replaces <paramref name="database"/> by a copy of <paramref name="file"/>; the old file is kept under another name.</summary>
    /// <returns>The new name of the old file, or <see langword="null"/> if there was none.</returns>
    /// <exception cref="DatabaseException">As for <see cref="Save"/>, or someone has the database open.</exception>
    public static string? Restore(string file, string database, DateTimeOffset now, Action<string>? progress = null)
    {
        database = Path.GetFullPath(database);
        if (Path.GetFullPath(file) == database)
            throw new DatabaseException($"{file} is the database itself");
        using var held = File.Exists(database) ? Hold(database) : null;
        using var claim = Copy(file, database + ".partial", progress, CancellationToken.None);
        string? kept = null;
        if (File.Exists(database))
        {
            kept = string.Create(CultureInfo.InvariantCulture, $"{database}.before-restore-{now.UtcDateTime:yyyyMMdd'T'HHmmssfff'Z'}");
            File.Move(database, kept);
        }
        // The log of a damaged database, which can't be checkpointed, belongs to the old file and would damage the new one.
        foreach (var suffix in (ReadOnlySpan<string>)["-wal", "-shm", "-journal"])
        {
            if (File.Exists(database + suffix))
                File.Move(database + suffix, (kept ?? database + ".before-restore") + suffix, overwrite: true);
        }
        DatabaseFile.Publish(claim, database);
        return kept;
    }

    private static Connection? Hold(string database)
    {
        try
        {
            return DatabaseFile.TakeExclusively(database)
                ?? throw new DatabaseException($"{database} is in use: stop the server first");
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SQLITE_NOTADB or SQLITE_CORRUPT)
        {
            return null; // damaged: the reason to restore a backup
        }
        catch (SqliteException e)
        {
            throw new DatabaseException($"cannot open the database {database}: {Database.Explain(e, database)}", e);
        }
    }

    private static FileStream Copy(string from, string to, Action<string>? progress, CancellationToken cancellation)
    {
        if (!File.Exists(from))
            throw new DatabaseException($"there is no database {from}");
        cancellation.ThrowIfCancellationRequested();
        var claim = DatabaseFile.Claim(to);
        try
        {
            using var source = new Connection(from, readOnly: true, BusyTimeout);
            ForumDatabase.Schema.RequireKnown(source, from);
            using (var copy = new Connection(to, readOnly: false, BusyTimeout))
            using (cancellation.Register(() => sqlite3_interrupt(copy.Sqlite.Handle!)))
            {
                copy.Script("PRAGMA synchronous = OFF"); // flushed once, when the copy is published
                CopyPages(source, copy, progress, cancellation);
                copy.Script("PRAGMA journal_mode = DELETE"); // the copy has to be a single file
                if (copy.All("PRAGMA integrity_check(1)", r => r.GetString(0)) is not ["ok"] and var faults)
                    throw new DatabaseException($"{from} is damaged: {faults[0].ReplaceLineEndings(" ")}");
            }
            return claim;
        }
        catch (Exception e)
        {
            File.Delete(to);
            claim.Dispose();
            cancellation.ThrowIfCancellationRequested();
            throw e is SqliteException sqlite ? new DatabaseException($"cannot copy {from} to {to}: {Database.Explain(sqlite, from)}", e) : e;
        }
    }

    private static void CopyPages(Connection source, Connection copy, Action<string>? progress, CancellationToken cancellation)
    {
        var pace = new ProgressReporter(progress);
        // One read transaction from the first page to the last: without it, any write would restart the copy.
        source.Script("BEGIN; SELECT count(*) FROM sqlite_schema;");
        using var backup = sqlite3_backup_init(copy.Sqlite.Handle!, "main", source.Sqlite.Handle!, "main");
        int code;
        while ((code = sqlite3_backup_step(backup, PagesAtOnce)) is SQLITE_OK)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!pace.IsDue)
                continue;
            var pages = sqlite3_backup_pagecount(backup);
            pace.Tell($"{100L * (pages - sqlite3_backup_remaining(backup)) / Math.Max(pages, 1)} % of {pages} pages");
        }
        source.Script("COMMIT");
        if (code != SQLITE_DONE)
            throw new SqliteException("the copy was cut off", code);
    }
}
