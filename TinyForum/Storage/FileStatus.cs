using System.Runtime.InteropServices;

namespace TinyForum.Storage;

/// <summary>Which file it is: two names with the same identity are of one file.</summary>
internal readonly record struct FileIdentity(uint DeviceMajor, uint DeviceMinor, ulong Inode);

/// <summary>
/// What Linux tells of a file: which it is, of what type, whose, and how many names it has. Asking opens nothing, because closing any
/// descriptor of a database drops the locks that SQLite holds on it in this process (fcntl(2)).
/// </summary>
internal readonly unsafe partial record struct FileStatus(FileIdentity Identity, ushort Mode, uint Owner, uint Group, uint Links)
{
    private const int AtCurrentFolder = -100, NoFollow = 0x100; // AT_FDCWD, AT_SYMLINK_NOFOLLOW
    private const uint BasicStats = 0x7FF; // STATX_BASIC_STATS
    private const int TypeMask = 0xF000, Regular = 0x8000, Folder = 0x4000, Link = 0xA000;

    public bool IsRegular => (Mode & TypeMask) == Regular;

    public bool IsFolder => (Mode & TypeMask) == Folder;

    public bool IsLink => (Mode & TypeMask) == Link;

    public UnixFileMode Permissions => (UnixFileMode)(Mode & 0x1FF);

    /// <summary>The status of the file at <paramref name="path"/>; <see langword="null"/> if there is none that can be seen, or this is not Linux.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="followLinks">Whether a symbolic link counts as the file to which it leads, or as itself.</param>
    public static FileStatus? Of(string path, bool followLinks = true)
    {
        Statx status; // laid out the same on every architecture, unlike stat's
        return OperatingSystem.IsLinux() && Read(AtCurrentFolder, path, followLinks ? 0 : NoFollow, BasicStats, &status) == 0
            ? new FileStatus(new FileIdentity(status.DeviceMajor, status.DeviceMinor, status.Inode), status.Mode, status.Owner, status.Group, status.Links)
            : null;
    }

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(16)] public uint Links;
        [FieldOffset(20)] public uint Owner;
        [FieldOffset(24)] public uint Group;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Read(int folder, string path, int flags, uint mask, Statx* status);
}
