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

    /// <summary>Writes a copy of <paramref name="database"/> to <paramref name="file"/>.</summary>
    /// <param name="database">The database, which may be in use.</param>
    /// <param name="file">The copy: a single file, readable by its owner alone.</param>
    /// <param name="force">Whether it may replace a file; never the database itself, nor another that is in use.</param>
    /// <param name="progress">Called with the progress every two seconds.</param>
    /// <param name="cancellation">Ends the copying; <paramref name="file"/> stays as it is.</param>
    /// <exception cref="DatabaseException">The database can't be read, the file can't be written, or the copy is damaged.</exception>
    public static void Save(
        string database, string file, bool force = false, Action<string>? progress = null, CancellationToken cancellation = default)
    {
        DatabaseFile.RequireThere(database);
        using var copy = UnfinishedFile.BeginOutput(file, database, force);
        Copy(database, copy, progress, cancellation);
        copy.Finish();
    }

    /// <summary>
    /// Replaces <paramref name="database"/> by a copy of <paramref name="file"/>, with its owner and permissions; the old file is kept
    /// under another name. Killed at any moment, this leaves the one or the other in its place.
    /// </summary>
    /// <param name="file">The backup.</param>
    /// <param name="database">The database, which need not exist; if it is a symbolic link, what it leads to is replaced.</param>
    /// <param name="now">The time for the name of the old file.</param>
    /// <param name="progress">Called with the progress every two seconds.</param>
    /// <param name="step">Called before each change that others see; for tests.</param>
    /// <param name="cancellation">Ends the copying; once that is done, the replacement is too.</param>
    /// <returns>The new name of the old file, or <see langword="null"/> if there was none.</returns>
    /// <exception cref="DatabaseException">As for <see cref="Save"/>, or someone has the database open.</exception>
    public static string? Restore(
        string file, string database, DateTimeOffset now, Action<string>? progress = null, Action? step = null,
        CancellationToken cancellation = default)
    {
        DatabaseFile.RequireThere(file);
        DatabaseFile.RequireRegular(database, "cannot replace");
        database = DatabaseFile.RealPath(database);
        DatabaseFile.RequireApart(file, database);
        var isThere = File.Exists(database);
        using var copy = UnfinishedFile.Begin(database);
        Copy(file, copy, progress, cancellation);
        copy.Inherit();
        copy.Flush();
        step?.Invoke();
        var kept = isThere ? string.Create(CultureInfo.InvariantCulture, $"{database}.before-restore-{now.UtcDateTime:yyyyMMdd'T'HHmmssfff'Z'}") : null;
        if (kept is not null)
            copy.KeepReplaced(kept);
        // The log of a damaged database, which can't be checkpointed, belongs to the old file and would damage the new one.
        foreach (var suffix in DatabaseFile.Suffixes.Where(suffix => File.Exists(database + suffix)))
        {
            step?.Invoke();
            File.Move(database + suffix, (kept ?? database + ".before-restore") + suffix, overwrite: true);
        }
        step?.Invoke();
        copy.Finish();
        return kept;
    }

    private static void Copy(string from, UnfinishedFile to, Action<string>? progress, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        try
        {
            using var source = new Connection(from, readOnly: true, BusyTimeout);
            ForumDatabase.Schema.RequireKnown(source, from);
            using var copy = new Connection(to.Name, readOnly: false, BusyTimeout);
            copy.Script("PRAGMA synchronous = OFF"); // flushed once, when the copy is finished
            CopyPages(source, copy, progress, cancellation);
            copy.Script("PRAGMA journal_mode = DELETE"); // the copy has to be a single file
            if (copy.Run(() => copy.All("PRAGMA integrity_check(1)", r => r.GetString(0)), cancellation) is not ["ok"] and var faults)
                throw new DatabaseException($"{from} is damaged: {faults[0].ReplaceLineEndings(" ")}");
        }
        catch (SqliteException e)
        {
            throw new DatabaseException($"cannot copy {from} to {to.Name}: {DatabaseFault.Explain(e, from)}", e);
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
