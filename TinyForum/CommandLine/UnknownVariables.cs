using TinyForum.Text;

namespace TinyForum.CommandLine;

/// <summary>Finds variables in the environment that were meant to set something and set nothing.</summary>
internal static class UnknownVariables
{
    /// <summary>What the tests and run.sh read, who may run the program.</summary>
    private static readonly string[] OfTests =
        ["CASES", "CHROMIUM", "FUZZ_CASES", "FUZZ_SEED", "PROGRAM", "REFUSALS", "SCREENSHOTS", "TEST_KILLS", "WRITE_DOCS"];

    private static readonly StringComparer Names = OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    /// <summary>A line for each of the variables that is not empty and that no setting has, with the name that was likely meant.</summary>
    public static IEnumerable<string> In(IReadOnlyDictionary<string, string> environment)
    {
        var settings = Settings.OfServe.Append(Settings.Database).Select(s => s.Variable[Setting.Prefix.Length..]).ToList();
        var known = settings.Concat(OfTests).Select(name => Setting.Prefix + name).ToHashSet(Names);
        return
            from variable in environment
            where variable.Value.Length > 0 && !known.Contains(variable.Key)
            let name = NameIn(variable.Key)
            where name is not null
            orderby variable.Key
            select Nearest.Of(name, settings) is { } nearest
                ? $"{variable.Key} sets nothing: did you mean {Setting.Prefix}{nearest}?"
                : $"{variable.Key} sets nothing: serve --help has the names of the variables";
    }

    /// <summary>What follows the prefix, however that is written.</summary>
    private static string? NameIn(string variable)
    {
        var word = Setting.Prefix.TrimEnd('_');
        var plain = variable.Replace('-', '_');
        if (plain.StartsWith("TINY_FORUM", StringComparison.OrdinalIgnoreCase))
            plain = plain.Remove("TINY".Length, 1);
        return plain.StartsWith(word, StringComparison.OrdinalIgnoreCase) && plain[word.Length..].Trim('_') is { Length: > 0 } name ? name : null;
    }
}
