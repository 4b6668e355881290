using System.Runtime.InteropServices;

namespace TinyForum.CommandLine;

/// <summary>
/// The libraries of the system that .NET loads when it first needs them; where one is missing it aborts the process. This asks .NET's own
/// loaders beforehand, by their names in .NET 10.
/// </summary>
internal static partial class SystemLibraries
{
    /// <exception cref="StartException">One is missing; the message says what to install.</exception>
    public static void Require()
    {
        if (!OperatingSystem.IsLinux())
            return;
        if (LoadIcu() == 0)
        {
            AppContext.SetSwitch("System.Globalization.Invariant", true); // without it, even to write the message takes ICU
            throw Missing("ICU", "libicu72 (Debian 12), libicu76 (Debian 13), libicu (Fedora) or icu-libs (Alpine)");
        }
        if (IsOpenSslAvailable() == 0)
            throw Missing("OpenSSL", "libssl3 (Debian 12), libssl3t64 (Debian 13), openssl-libs (Fedora) or libssl3 (Alpine)");
    }

    private static StartException Missing(string library, string packages) => new($"this system lacks {library}: install {packages}");

    [LibraryImport("libSystem.Globalization.Native", EntryPoint = "GlobalizationNative_LoadICU")]
    private static partial int LoadIcu();

    [LibraryImport("libSystem.Security.Cryptography.Native.OpenSsl", EntryPoint = "CryptoNative_OpenSslAvailable")]
    private static partial int IsOpenSslAvailable();
}
