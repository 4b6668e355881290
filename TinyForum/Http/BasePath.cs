using System.Text.RegularExpressions;

namespace TinyForum.Http;

/// <summary>The path below which a server is found, as in <c>/forum</c>; empty for a host of its own.</summary>
internal static partial class BasePath
{
    /// <summary>Reads one, with or without a slash at its end.</summary>
    /// <exception cref="FormatException">It is malformed.</exception>
    public static string Parse(string text)
    {
        var path = text.TrimEnd('/');
        return Form().IsMatch(path) ? path
            : throw new FormatException("must be / or a path such as /forum, of letters, digits, -, _, ~ and dots that a letter or a digit precedes");
    }

    /// <summary>
    /// A request's target without the base path, which a proxy may have cut off already; then it is as it was. An absolute target
    /// (RFC 9112, section 3.2.2) keeps its host.
    /// </summary>
    public static string Cut(string target, string basePath)
    {
        if (basePath.Length == 0)
            return target;
        var start = target is ['/', ..] ? 0
            : target.IndexOf("://", StringComparison.Ordinal) is > 0 and var scheme && target.IndexOf('/', scheme + 3) is > 0 and var path ? path : -1;
        if (start < 0 || string.CompareOrdinal(target, start, basePath, 0, basePath.Length) != 0)
            return target;
        var rest = target.AsSpan(start + basePath.Length);
        return rest is [] or ['?', ..] ? $"{target.AsSpan(0, start)}/{rest}" : rest is ['/', ..] ? $"{target.AsSpan(0, start)}{rest}" : target;
    }

    [GeneratedRegex(@"\A(/[A-Za-z0-9_~-]+(\.+[A-Za-z0-9_~-]+)*)*\z")]
    private static partial Regex Form();
}
