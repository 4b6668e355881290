using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)] // e_sqlite3 lies beside the program

namespace TinyForum.Storage;

/// <summary>
/// The file that SQLite uses: whether it is still in its place, whether anyone has it open, and how a new file takes its name such that
/// a crash leaves either the old or the new one whole.
/// </summary>
internal static unsafe partial class DatabaseFile
{
    private const int FileControlHasMoved = 20; // SQLITE_FCNTL_HAS_MOVED

    /// <summary>
    /// Whether the path of an open connection no longer leads to the file that it has open: the file was deleted, moved or replaced, and
    /// what is written into it is lost when the process ends. Costs a <c>stat</c> or two, some microseconds.
    /// </summary>
    public static bool HasMoved(Connection connection, string path)
    {
        var moved = 0;
        var code = FileControl(connection.Sqlite.Handle!.DangerousGetHandle(), "main", FileControlHasMoved, &moved);
        return (code == SQLitePCL.raw.SQLITE_OK && moved != 0) || !File.Exists(path + "-wal");
    }

    /// <summary>Makes an empty file that only its owner can read, unless it exists: SQLite gives its log the same mode.</summary>
    public static void CreatePrivate(string path)
    {
        // An existing file is not opened: closing it would drop the locks that SQLite in this process may hold on it.
        if (!Path.Exists(path) && Directory.Exists(Path.GetDirectoryName(path)))
            Private(path, FileMode.OpenOrCreate, FileShare.ReadWrite).Dispose();
    }

    /// <summary>Opens <paramref name="path"/>, empty and locked, to be filled and then <see cref="Publish">published</see>.</summary>
    /// <exception cref="DatabaseException">Someone else is writing it, or it can't be written.</exception>
    public static FileStream Claim(string path)
    {
        try
        {
            // On Unix the lock is flock's, which does not concern SQLite's own locks; on Windows it would keep SQLite out.
            var claim = Private(path, FileMode.OpenOrCreate, OperatingSystem.IsWindows() ? FileShare.ReadWrite : FileShare.None);
            claim.SetLength(0);
            return claim;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatabaseException($"cannot write {path}: {e.Message}", e);
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
        catch (SqliteException e) when (e.SqliteErrorCode is SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED)
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

    /// <summary>Flushes a finished file to disk and then renames it, replacing any file of that name.</summary>
    public static void Publish(FileStream claim, string path)
    {
        claim.Flush(flushToDisk: true);
        File.Move(claim.Name, path, overwrite: true);
        FlushFolder(path);
    }

    /// <summary>Flushes the folder of a file to disk, which makes a rename durable.</summary>
    public static void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        var folder = Open(Path.GetDirectoryName(Path.GetFullPath(path))!, flags: 0);
        if (folder < 0)
            return;
        _ = Flush(folder);
        _ = Close(folder);
    }

    /// <summary>Options for a file that its owner alone can read and write.</summary>
    internal static FileStreamOptions Private(FileMode mode, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share, BufferSize = 64 * 1024 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    private static FileStream Private(string path, FileMode mode, FileShare share) => new(path, Private(mode, share));

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_file_control", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int FileControl(nint database, string schema, int operation, void* argument);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Flush(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
