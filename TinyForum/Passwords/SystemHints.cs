using System.Runtime.InteropServices;

namespace TinyForum.Passwords;

/// <summary>Wishes the kernel may grant or ignore: nothing depends on them but speed, so a refusal is not an error.</summary>
internal static unsafe partial class SystemHints
{
    private const int AdviseHugePages = 14;
    private const int OfProcess = 0;
    private const int Caller = 0;
    private const int Niceness = 10;

    /// <summary>Fewer page faults and fewer misses of the TLB, where huge pages are given to those who ask (Linux's default).</summary>
    public static void PreferHugePages(void* start, nuint bytes)
    {
        if (OperatingSystem.IsLinux())
            _ = Advise(start, bytes, AdviseHugePages);
    }

    /// <summary>Lets other threads go first. On Linux .NET ignores priorities; there niceness, a process's by name, is each thread's own.</summary>
    public static void LowerThisThreadsPriority()
    {
        Thread.CurrentThread.Priority = ThreadPriority.BelowNormal;
        if (OperatingSystem.IsLinux())
            _ = SetPriority(OfProcess, Caller, Niceness);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(void* start, nuint bytes, int advice);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetPriority(int which, int who, int niceness);
}
