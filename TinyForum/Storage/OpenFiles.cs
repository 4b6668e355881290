namespace TinyForum.Storage;

/// <summary>
/// The three files of a database that this process has open, its log and the log's index included: whether they are still what others
/// find in their places. What is written into one that was deleted, moved or replaced is lost when the process ends.
/// </summary>
internal sealed class OpenFiles
{
    private const string Descriptors = "/proc/self/fd";

    private readonly string _given;
    private readonly List<(string Path, FileIdentity? Identity)> _files;

    private OpenFiles(string given, List<(string Path, FileIdentity? Identity)> files) => (_given, _files) = (given, files);

    /// <summary>Remembers which files a database that was just opened and read has open.</summary>
    /// <param name="given">The path by which it was opened, which may be a symbolic link.</param>
    /// <param name="path">The path to which that leads.</param>
    /// <remarks>
    /// The descriptors of the process tell what SQLite opened; what lies at the paths now may have got there since. Without <c>/proc</c>
    /// that has to do nevertheless, and on other systems than Linux it has to do that there are files.
    /// </remarks>
    public static OpenFiles Of(string given, string path)
    {
        string[] paths = [path, DatabaseFile.Log(path), DatabaseFile.LogIndex(path)];
        var open = Open(paths);
        return new OpenFiles(given, [.. paths.Select(p => (p, open.Count > 0 ? open.GetValueOrDefault(p) : IdentityAt(p)))]);
    }

    /// <summary>The first file that is no longer in its place, or <see langword="null"/>. Costs a <c>statx</c> each, some microseconds.</summary>
    public string? Misplaced()
    {
        foreach (var file in _files)
        {
            if (!IsInPlace(file))
                return file.Path;
        }
        var (path, identity) = _files[0];
        return _given == path || identity is null || FileStatus.Of(_given)?.Identity == identity ? null : _given;
    }

    /// <summary>Whether the index of the log is still in its place: if not, others write without knowing of this process.</summary>
    public bool IsLogIndexInPlace => IsInPlace(_files[2]);

    private static bool IsInPlace((string Path, FileIdentity? Identity) file) =>
        file.Identity is { } identity ? IdentityAt(file.Path) == identity : File.Exists(file.Path);

    private static FileIdentity? IdentityAt(string path) => FileStatus.Of(path, followLinks: false)?.Identity;

    private static Dictionary<string, FileIdentity> Open(string[] paths)
    {
        var open = new Dictionary<string, FileIdentity>();
        if (!Directory.Exists(Descriptors))
            return open;
        foreach (var descriptor in Directory.EnumerateFileSystemEntries(Descriptors))
        {
            // The kernel's name of an open file follows it when it is moved, and says so when it is deleted.
            if (new FileInfo(descriptor).LinkTarget is { } name && paths.Contains(name) && FileStatus.Of(descriptor) is { } status)
                open[name] = status.Identity;
        }
        return open;
    }
}
