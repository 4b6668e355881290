using System.Runtime.CompilerServices;

namespace TinyForum.Tests.Support;

/// <summary>The files of this repository, for the tests that hold them to account.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string Find([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
