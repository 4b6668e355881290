using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)] // e_sqlite3 lies beside the program

namespace TinyForum.Storage;

/// <summary>The file that SQLite uses, and those that it keeps beside it: where they are, and whether anyone has them open.</summary>
internal static unsafe partial class DatabaseFile
{
    private const int MaxLinks = 40; // as many symbolic links in a row as Linux follows

    /// <summary>What SQLite appends to a database's name for its log, the log's index and its rollback journal.</summary>
    public static IReadOnlyList<string> Suffixes { get; } = ["-wal", "-shm", "-journal"];

    public static string Log(string path) => path + Suffixes[0];

    public static string LogIndex(string path) => path + Suffixes[1];

    /// <summary>The full path without symbolic links, beside which SQLite keeps the log; there need not be a file.</summary>
    /// <exception cref="DatabaseException">The links go in a circle.</exception>
    public static string RealPath(string path) => RealPath(Path.GetFullPath(path), MaxLinks);

    /// <summary>Requires that what is at <paramref name="path"/>, if anything, is a file and no folder, pipe or device.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="failure">What can't be done otherwise, as in "cannot open the database".</param>
    /// <exception cref="DatabaseException">It is something else.</exception>
    public static void RequireRegular(string path, string failure)
    {
        if (Directory.Exists(path))
            throw new DatabaseException($"{failure} {path}: it is a folder");
        if (FileStatus.Of(path) is { IsRegular: false })
            throw new DatabaseException($"{failure} {path}: it is not a regular file");
    }

    /// <summary>Requires that there is a file, so that a misspelt name is not taken for that of a new database.</summary>
    /// <exception cref="DatabaseException">There is none, or it can't be seen.</exception>
    public static void RequireThere(string path)
    {
        RequireRegular(path, "cannot open the database");
        if (!File.Exists(path))
            throw new DatabaseException(DatabaseFault.Unseen(path) is { } why ? $"cannot open the database {why}" : $"there is no database {path}");
    }

    /// <summary>Requires that a file, which need not exist, is neither the database nor one of those that SQLite keeps beside it.</summary>
    /// <exception cref="DatabaseException">It is, perhaps by another name, a symbolic or a hard link.</exception>
    public static void RequireApart(string file, string database)
    {
        var (real, realDatabase) = (RealPath(file), RealPath(database));
        if (IsSame(real, realDatabase))
            throw new DatabaseException($"{file} is the database itself");
        if (Suffixes.Any(suffix => IsSame(real, realDatabase + suffix)))
            throw new DatabaseException($"{file} is a part of the database {database}");
    }

    /// <summary>Makes an empty file that only its owner can read, unless there is one: SQLite gives its log the same mode.</summary>
    /// <returns>Whether it made it.</returns>
    public static bool CreatePrivate(string path)
    {
        // An existing file is not opened: closing it would drop the locks that SQLite in this process may hold on it.
        if (Path.Exists(path) || !Directory.Exists(Path.GetDirectoryName(path)))
            return false;
        try
        {
            using var file = Private(path, FileMode.CreateNew, FileShare.ReadWrite);
            Inherit(file, path);
            return true;
        }
        catch (IOException) when (Path.Exists(path))
        {
            return false; // another process was faster
        }
    }

    /// <summary>
    /// Gives a file the owner and the permissions of the one at <paramref name="path"/>. If there is none other and this process is root's, it gets
    /// the owner of the folder where that is possible, in whose name the server is likely to run.
    /// </summary>
    /// <exception cref="DatabaseException">This process may not give it to the owner of the other.</exception>
    public static void Inherit(FileStream file, string path)
    {
        const uint Root = 0;
        if (OperatingSystem.IsWindows() || FileStatus.Of(file.Name) is not { } mine)
            return;
        var other = FileStatus.Of(path) is { } there && there.Identity != mine.Identity ? there : default(FileStatus?);
        if ((other ?? (mine.Owner == Root ? FileStatus.Of(Path.GetDirectoryName(path)!) : null)) is not { } model)
            return;
        var isGiven = (model.Owner, model.Group) == (mine.Owner, mine.Group)
            || GiveTo((int)file.SafeFileHandle.DangerousGetHandle(), model.Owner, model.Group) == 0;
        if (!isGiven && other is not null)
            throw new DatabaseException(string.Create(CultureInfo.InvariantCulture,
                $"{path} is of user {model.Owner} and group {model.Group}: only root can replace it and leave it theirs"));
        if (other is not null)
            File.SetUnixFileMode(file.SafeFileHandle, model.Permissions);
    }

    /// <summary>Removes a database that was just made, unless someone else has it open by now.</summary>
    public static void Discard(string path)
    {
        try
        {
            using var held = TakeExclusively(path);
            if (held is not null)
                File.Delete(path);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            // It stays; why it is of no use is told already.
        }
    }

    /// <summary>
    /// Checkpoints a database's log and keeps everyone else out until the result is disposed; <see langword="null"/> if another connection
    /// has it open: in WAL mode every connection holds a shared lock for as long as it lives, even when idle.
    /// </summary>
    /// <exception cref="SqliteException">It is not a database, or it is damaged.</exception>
    public static Connection? TakeExclusively(string path)
    {
        var connection = new Connection(path, readOnly: false, TimeSpan.FromSeconds(1));
        try
        {
            connection.Script("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE;");
            if (connection.First("PRAGMA journal_mode", r => r.GetString(0)) == "delete")
                return connection;
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SQLITE_BUSY or SQLITE_LOCKED)
        {
        }
        catch
        {
            connection.Dispose();
            throw;
        }
        connection.Dispose(); // someone has it open, or has opened it in between
        return null;
    }

    /// <summary>As <see cref="TakeExclusively"/>, for a file that is to be replaced; <see langword="null"/> if it is damaged, empty, or no database.</summary>
    /// <exception cref="DatabaseException">Someone has it open, or it can't be opened.</exception>
    public static Connection? Hold(string path)
    {
        try
        {
            return new FileInfo(path).Length == 0 ? null : TakeExclusively(path) ?? throw new DatabaseException($"{path} is in use: stop the server first");
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SQLITE_NOTADB or SQLITE_CORRUPT)
        {
            return null;
        }
        catch (SqliteException e)
        {
            throw new DatabaseException($"cannot open the database {path}: {DatabaseFault.Explain(e, path)}", e);
        }
    }

    /// <summary>Opens a file that only its owner can read.</summary>
    public static FileStream Private(string path, FileMode mode, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share, BufferSize = 64 * 1024 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, options);
    }

    private static string RealPath(string path, int links)
    {
        if (links == 0)
            throw new DatabaseException($"{path}: too many symbolic links, or a circle of them");
        if (OperatingSystem.IsWindows() || Path.GetDirectoryName(path) is not { } folder)
            return path;
        if (Resolve(path) is { } real)
            return real;
        if (Resolve(folder) is not { } realFolder)
            return path;
        var name = Path.Combine(realFolder, Path.GetFileName(path));
        return new FileInfo(name).LinkTarget is { } target ? RealPath(Path.GetFullPath(target, realFolder), links - 1) : name;
    }

    private static string? Resolve(string path)
    {
        const int LongestPath = 4096;
        var buffer = stackalloc byte[LongestPath];
        return Marshal.PtrToStringUTF8((nint)Resolve(path, buffer));
    }

    private static bool IsSame(string file, string other) => FileStatus.Of(file) is { } a && FileStatus.Of(other) is { } b
        ? a.Identity == b.Identity
        : file == other;

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_file_control", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int FileControl(nint database, string schema, int operation, void* argument);

    [LibraryImport("libc", EntryPoint = "fchown")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GiveTo(int descriptor, uint owner, uint group);

    [LibraryImport("libc", EntryPoint = "realpath", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial byte* Resolve(string path, byte* resolved);

}
