using System.Runtime.InteropServices;

namespace TinyForum.Storage;

/// <summary>
/// A file that is being made. Until it is finished and on disk it has another name, so that a crash leaves what was there before it or all
/// of it; disposed before that, it is removed. Readable by its owner alone.
/// </summary>
internal sealed partial class UnfinishedFile : IDisposable
{
    private const string Suffix = ".partial";

    private readonly string _path;
    private readonly bool _replaces;
    private readonly Connection? _held;
    private bool _isFinished;

    internal UnfinishedFile(FileStream stream, string path, bool replaces, Connection? held = null) =>
        (Stream, _path, _replaces, _held) = (stream, path, replaces, held);

    /// <summary>What to write it with.</summary>
    public FileStream Stream { get; }

    /// <summary>Its name while it is unfinished.</summary>
    public string Name => Stream.Name;

    /// <summary>Begins a file that is to replace the one at <paramref name="path"/>, if there is one; nobody may have that open as a database.</summary>
    /// <param name="path">The name that it gets in the end, without symbolic links.</param>
    /// <exception cref="DatabaseException">Someone else is writing it, or has the other open, or it can't be written.</exception>
    public static UnfinishedFile Begin(string path)
    {
        var name = path + Suffix;
        if (FileStatus.Of(name, followLinks: false) is { IsRegular: false } or { Links: > 1 })
            throw new DatabaseException($"cannot write {name}: what is there is not a file of that name alone");
        var replaces = File.Exists(path);
        var held = replaces ? DatabaseFile.Hold(path) : null;
        try
        {
            // On Unix the lock is flock's, which does not concern SQLite's own locks; on Windows it would keep SQLite out.
            var stream = DatabaseFile.Private(name, FileMode.OpenOrCreate, OperatingSystem.IsWindows() ? FileShare.ReadWrite : FileShare.None);
            stream.SetLength(0);
            return new UnfinishedFile(stream, path, replaces, held);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            held?.Dispose();
            throw new DatabaseException($"cannot write {name}: {e.Message}", e);
        }
    }

    /// <summary>Begins a file that is made out of a database and must not harm that or any other.</summary>
    /// <param name="path">Where it is to be; if that is a symbolic link, where that leads.</param>
    /// <param name="database">The database.</param>
    /// <param name="force">Whether it may replace a file.</param>
    /// <exception cref="DatabaseException">It would replace what it must not, or as for <see cref="Begin"/>.</exception>
    public static UnfinishedFile BeginOutput(string path, string database, bool force)
    {
        path = Path.GetFullPath(path);
        DatabaseFile.RequireRegular(path, "cannot write");
        var real = DatabaseFile.RealPath(path);
        DatabaseFile.RequireApart(path, database);
        DatabaseFile.RequireApart(real + Suffix, database);
        if (DatabaseFile.Suffixes.FirstOrDefault(s => real.EndsWith(s, StringComparison.Ordinal) && File.Exists(real[..^s.Length])) is { } companion)
            throw new DatabaseException($"{path} is a part of the database {real[..^companion.Length]}");
        if (!force && Path.Exists(path))
            throw new DatabaseException($"{path} exists already; --force replaces it");
        var file = Begin(real);
        if (DatabaseFile.Suffixes.FirstOrDefault(s => File.Exists(real + s)) is not { } left)
            return file;
        file.Dispose();
        throw new DatabaseException($"cannot write {path}: {real + left} was left by a database of that name, and SQLite would take it for the new file's");
    }

    /// <summary>Gives it the owner and the permissions of the file that it is to replace; see <see cref="DatabaseFile.Inherit"/>.</summary>
    /// <exception cref="DatabaseException">This process may not give it to that owner.</exception>
    public void Inherit() => DatabaseFile.Inherit(Stream, _path);

    /// <summary>Keeps the file that it is to replace under another name as well, so that there is always one in its place.</summary>
    public void KeepReplaced(string name)
    {
        if (OperatingSystem.IsWindows() || Link(_path, name) != 0)
            File.Move(_path, name); // a file system without hard links
        FlushFolder(name);
    }

    /// <summary>Flushes it to disk.</summary>
    public void Flush() => Stream.Flush(flushToDisk: true);

    /// <summary>Flushes it to disk, gives it its name, and flushes that too.</summary>
    /// <exception cref="IOException">There is a file of that name, and it may not replace one.</exception>
    public void Finish()
    {
        Flush();
        File.Move(Name, _path, overwrite: _replaces);
        _isFinished = true;
        FlushFolder(_path);
    }

    public void Dispose()
    {
        if (!_isFinished)
            File.Delete(Name);
        Stream.Dispose();
        _held?.Dispose();
    }

    /// <summary>Flushes the folder of a file to disk, which makes what was renamed in it last.</summary>
    private static void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        var folder = Open(Path.GetDirectoryName(path)!, flags: 0);
        if (folder < 0)
            return;
        _ = Flush(folder);
        _ = Close(folder);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Flush(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Link(string path, string name);
}
