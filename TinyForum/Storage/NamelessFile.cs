namespace TinyForum.Storage;

/// <summary>
/// A temporary file for what is too long for memory. It loses its name as soon as it is open, so that nobody else opens it and nothing is left
/// of it once it is closed, even by a crash. (On Windows it keeps its name until then.)
/// </summary>
internal sealed class NamelessFile : FileStream
{
    private Action? _closed;

    /// <param name="folder">The folder, on whose disk it takes room.</param>
    /// <param name="closed">Called once it is closed.</param>
    /// <exception cref="IOException">It can't be made there.</exception>
    public NamelessFile(string folder, Action? closed = null) : base(Path.Combine(folder, $".tinyforum-{Guid.NewGuid():N}.tmp"), Options())
    {
        _closed = closed;
        if (!OperatingSystem.IsWindows())
            File.Delete(Name);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        Interlocked.Exchange(ref _closed, null)?.Invoke();
    }

    private static FileStreamOptions Options()
    {
        var options = DatabaseFile.Private(FileMode.CreateNew, FileShare.None);
        options.Options = FileOptions.Asynchronous | (OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None);
        return options;
    }
}
