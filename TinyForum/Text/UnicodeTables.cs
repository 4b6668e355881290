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

    /// <summary>What search takes letters, marks and numbers for: equal primary weights (DUCET, UTS #10), equal results.</summary>
    public static readonly CharacterMap Letters = Map(nameof(Letters));

    /// <summary>Prototypes of characters that look alike (UTS #39, 4).</summary>
    public static readonly CharacterMap Skeletons = Map(nameof(Skeletons));

    /// <summary>Characters whose dot goes under an accent, so that another dot does not show: first, last.</summary>
    public static readonly int[] SoftDotted = Numbers<int>(nameof(SoftDotted));

    /// <summary>Characters that show nothing and take no room: first, last.</summary>
    public static readonly int[] Invisible = Numbers<int>(nameof(Invisible));

    /// <summary>Characters that take room and show nothing, but for white space.</summary>
    public static readonly int[] Blank = Numbers<int>(nameof(Blank));

    /// <summary>Characters between words rather than in them, but for white space and quotes: first, last.</summary>
    public static readonly int[] Separators = Numbers<int>(nameof(Separators));

    public static readonly string[] Scripts = [.. Tables[nameof(Scripts)].Select(s => s.Replace('_', ' '))];

    private static T[] Numbers<T>(string table) where T : ISpanParsable<T> => [.. Tables[table].Select(n => T.Parse(n, CultureInfo.InvariantCulture))];

    private static CharacterMap Map(string table) =>
        new(Numbers<int>(table + "Runs"), Numbers<int>(table + "ToNothing"), Numbers<int>(table + "ToMore"));

    // A paragraph for each table, which begins with its name.
    private static Dictionary<string, string[]> Read()
    {
        using var stream = typeof(UnicodeTables).Assembly.GetManifestResourceStream("unicode.txt")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split("\n\n").Select(table => table.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .ToDictionary(words => words[0], words => words[1..]);
    }
}
