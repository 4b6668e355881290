using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace TinyForum.Storage;

/// <summary>What is wrong with a database, in words for its operator.</summary>
internal static partial class DatabaseFault
{
    private const int Visible = 0, Searchable = 1, Usable = 2 | 4; // access(2): F_OK, X_OK, W_OK | R_OK
    private const int NotThere = 2; // ENOENT

    /// <summary>The cause of an error.</summary>
    /// <param name="e">The error, of SQLite or of the file system.</param>
    /// <param name="path">The database's path.</param>
    public static string Explain(Exception e, string path) => e switch
    {
        SqliteException sqlite => Explain(sqlite, path),
        IOException or UnauthorizedAccessException => Obstacle(path) ?? e.Message,
        _ => e.Message,
    };

    private static string Explain(SqliteException e, string path) => e.SqliteErrorCode switch
    {
        SQLITE_NOTADB => "it is not a SQLite database",
        SQLITE_CORRUPT => "it is damaged (restore a backup)",
        SQLITE_BUSY or SQLITE_LOCKED => "another process holds it locked",
        SQLITE_FULL => "the disk is full",
        SQLITE_IOERR when e.SqliteExtendedErrorCode is SQLITE_IOERR_SHMSIZE => "the disk is full",
        SQLITE_CANTOPEN when Directory.Exists(path) => "it is a folder",
        SQLITE_READONLY or SQLITE_CANTOPEN or SQLITE_PERM or SQLITE_AUTH or SQLITE_IOERR when Obstacle(path) is { } obstacle => obstacle,
        SQLITE_CANTOPEN when !Directory.Exists(Path.GetDirectoryName(path)) => "its folder does not exist",
        SQLITE_READONLY => "the file or its folder can't be written",
        SQLITE_PERM or SQLITE_AUTH => "permission denied",
        SQLITE_CANTOPEN => "the file or its folder can't be opened or written",
        _ => e.Message,
    };

    /// <summary>What keeps this process from writing a database, and what SQLite puts beside it; <see langword="null"/> if nothing is found.</summary>
    public static string? Obstacle(string path) =>
        Unwritable(path) ?? (OperatingSystem.IsLinux() ? Denied(Path.GetDirectoryName(path) ?? path, Usable) : null);

    /// <summary>As <see cref="Obstacle"/>, for the files that are there.</summary>
    public static string? Unwritable(string path)
    {
        if (!OperatingSystem.IsLinux() || Path.GetDirectoryName(path) is not { } folder)
            return null;
        if (FileStatus.Of(folder) is { IsFolder: false })
            return $"{folder} is not a folder";
        return Denied(folder, Searchable)
            ?? DatabaseFile.Suffixes.Prepend("").Select(suffix => Denied(path + suffix, Usable)).FirstOrDefault(denied => denied is not null);
    }

    /// <summary>Why it can't be told whether there is a file; <see langword="null"/> if it can.</summary>
    public static string? Unseen(string path) => OperatingSystem.IsLinux() ? Denied(path, Visible) : null;

    private static string? Denied(string file, int how)
    {
        if (Access(file, how) == 0 || Marshal.GetLastPInvokeError() is var error && error == NotThere)
            return null;
        var why = $"{file}: {Marshal.GetPInvokeErrorMessage(error).ToLowerInvariant()}";
        return FileStatus.Of(file) is not { } status ? why : string.Create(CultureInfo.InvariantCulture,
            $"{why} (it is of user {status.Owner}, mode {Convert.ToString((int)status.Permissions, 8)}; this process is of user {UserId()})");
    }

    [LibraryImport("libc", EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Access(string path, int how);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial uint UserId();
}
