using System.Runtime.InteropServices;

namespace TinyForum.Tests.Support;

/// <summary>A file system of 4 MB, to be filled.</summary>
internal sealed partial class SmallDisk : IDisposable
{
    private const int Detach = 2; // MNT_DETACH: also while files are open

    private readonly string _path;

    private SmallDisk(string path) => _path = path;

    /// <summary>Mounts one, or returns <see langword="null"/> where this process may not.</summary>
    public static SmallDisk? Mount(string path) =>
        OperatingSystem.IsLinux() && Mount("tmpfs", path, "tmpfs", 0, "size=4m") == 0 ? new SmallDisk(path) : null;

    /// <summary>Writes a file that takes all the room there is.</summary>
    public static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var size = 64 * 1024;
        while (size > 0)
        {
            try
            {
                file.Write(new byte[size]);
            }
            catch (IOException)
            {
                size /= 2;
            }
        }
    }

    public void Dispose() => _ = Unmount(_path, Detach);

    [LibraryImport("libc", EntryPoint = "mount", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(string source, string target, string type, nuint flags, string data);

    [LibraryImport("libc", EntryPoint = "umount2", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unmount(string target, int flags);
}
