using System.Globalization;

namespace TinyForum.Text;

/// <summary>What is needed of the Unicode Character Database and .NET does not have; <c>unicode.txt</c> holds it.</summary>
internal static class UnicodeTables
{
    private static readonly Dictionary<string, string[]> Tables = Read();

    /// <summary>Name characters (UAX #24, UAX #31), up to the next entry: code point &lt;&lt; 11 | set of scripts &lt;&lt; 3 | NameKind.</summary>
    public static readonly uint[] Names = Numbers<uint>(nameof(Names));

    /// <summary>Where each set of scripts starts in <see cref="Sets"/>, and the end of the last.</summary>
    public static readonly ushort[] SetStarts = Numbers<ushort>(nameof(SetStarts));

    /// <summary>The sets, one behind the other, as indexes into <see cref="Scripts"/>, each starting with the character's own script.</summary>
    public static readonly byte[] Sets = Numbers<byte>(nameof(Sets));

    /// <summary>Case folding, status C: first, last, step (0 for a single one), distance.</summary>
    public static readonly int[] Folds = Numbers<int>(nameof(Folds));

    /// <summary>Case folding, status F: from, then up to three to, padded with 0.</summary>
    public static readonly ushort[] FullFolds = Numbers<ushort>(nameof(FullFolds));

    public static readonly string[] Scripts = [.. Tables[nameof(Scripts)].Select(s => s.Replace('_', ' '))];

    private static T[] Numbers<T>(string table) where T : ISpanParsable<T> => [.. Tables[table].Select(n => T.Parse(n, CultureInfo.InvariantCulture))];

    // A paragraph for each table, which begins with its name.
    private static Dictionary<string, string[]> Read()
    {
        using var stream = typeof(UnicodeTables).Assembly.GetManifestResourceStream("unicode.txt")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split("\n\n").Select(table => table.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .ToDictionary(words => words[0], words => words[1..]);
    }
}
