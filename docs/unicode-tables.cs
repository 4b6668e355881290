// Writes TinyForum/Text/unicode.txt from the Unicode Character Database:
//   dotnet run docs/unicode-tables.cs -- <folder of Scripts.txt, CaseFolding.txt, ...> TinyForum/Text/unicode.txt
// The files are at https://www.unicode.org/Public/15.0.0/ucd/ and in Debian's package unicode-data. Take the same
// version everywhere: a name's key is stored, so a character's folding must not change under it.
using System.Globalization;
using System.Text;

var ucd = args[0];
const int Limit = 0x110000;

// File lines are "0041..005A ; Latin # comment"; @missing lines are comments and stand for what a fresh array holds.
IEnumerable<(int First, int Last, string[] Fields)> Read(string file) =>
    from line in File.ReadLines(Path.Combine(ucd, file))
    let data = line.Split('#')[0]
    where data.Contains(';', StringComparison.Ordinal)
    let fields = data.Split(';', StringSplitOptions.TrimEntries)
    let range = fields[0].Split("..")
    select (Hex(range[0]), Hex(range[^1]), fields);

static int Hex(string s) => int.Parse(s, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

T[] Property<T>(string file, T missing, Func<string[], T?> value)
{
    var of = new T[Limit];
    Array.Fill(of, missing);
    foreach (var (first, last, fields) in Read(file))
    {
        if (value(fields) is { } v)
            Array.Fill(of, v, first, last - first + 1);
    }
    return of;
}

var alias = File.ReadLines(Path.Combine(ucd, "PropertyValueAliases.txt"))
    .Select(line => line.Split(';', StringSplitOptions.TrimEntries))
    .Where(fields => fields[0] == "sc")
    .ToDictionary(fields => fields[1], fields => fields[2]);

var script = Property("Scripts.txt", "Unknown", f => f[1]);
var extensions = Property("ScriptExtensions.txt", "", f => string.Join(' ', f[1].Split(' ').Select(a => alias[a])));
var category = Property("extracted/DerivedGeneralCategory.txt", "Cn", f => f[1]);
var ignorable = Property("DerivedCoreProperties.txt", "", f => f[1] == "Default_Ignorable_Code_Point" ? f[1] : null);

// Name characters: letters, their marks and decimal digits, none of them invisible. Other numbers (Nl, No) are left out,
// as UAX #31 does for No: they look like letters or fold to digits. The ideographic zero is in, being a Han character in use.
bool InName(int c) => ignorable[c].Length == 0
    && (category[c] is "Lu" or "Ll" or "Lt" or "Lm" or "Lo" or "Mn" or "Mc" or "Nd" || c is '_' or '-' or '.' or 0x3007);

// UTS #39, 5.1 and 5.2: Han, kana, Bopomofo and Hangul also count as the writing systems that mix them, and Latin counts as
// all three, which makes "highly restrictive" a plain intersection.
IEnumerable<string> Augmented(string s) => s switch
{
    "Latin" or "Han" => [s, "Japanese", "Korean", "Han with Bopomofo"],
    "Hiragana" or "Katakana" => [s, "Japanese"],
    "Hangul" => [s, "Korean"],
    "Bopomofo" => [s, "Han with Bopomofo"],
    _ => [s],
};
string SetOf(int c) => script[c] is "Common" or "Inherited" && extensions[c].Length == 0
    ? ""
    : string.Join(' ', (extensions[c].Length > 0 ? extensions[c] : script[c]).Split(' ')
        .OrderBy(s => s != script[c]).SelectMany(Augmented).Distinct().Select(s => s.Replace(' ', '-')));

var sets = new List<string> { "" };
var ids = new List<string>();
var ranges = new List<uint>();
var previous = 0u;
for (var c = 0; c < Limit; c++)
{
    var value = 0u;
    if (InName(c))
    {
        var set = SetOf(c);
        var index = sets.IndexOf(set);
        if (index < 0)
        {
            index = sets.Count;
            sets.Add(set);
            ids.AddRange(set.Split(' ').Except(ids));
        }
        var kind = category[c][0] switch { 'L' => 1, 'M' => 2, 'N' when c != 0x3007 => 3, 'N' => 1, _ => 4 };
        value = (uint)(index << 3 | kind);
    }
    if (value != previous)
    {
        ranges.Add((uint)c << 11 | value);
        previous = value;
    }
}
if (sets.Count > 255 || ids.Count > 255)
    throw new InvalidOperationException("Too many sets of scripts for the packing.");

var folds = new SortedDictionary<int, int>();
var full = new List<string>();
foreach (var (c, _, fields) in Read("CaseFolding.txt"))
{
    var to = fields[2].Split(' ').Select(Hex).ToArray();
    if (fields[1] == "C")
        folds[c] = to[0];
    else if (fields[1] == "F")
        full.Add(string.Concat(to.Prepend(c).Select(x => (char)x)).PadRight(4, '\0'));
}
// Runs of equal distance, every character or every other one.
var runs = new List<int[]>();
foreach (var (from, to) in folds)
{
    if (runs.Count > 0 && runs[^1] is var run && run[3] == to - from && from - run[1] <= 2 && (run[2] == 0 || run[2] == from - run[1]))
    {
        run[2] = from - run[1];
        run[1] = from;
    }
    else
        runs.Add([from, from, 0, to - from]);
}

var text = new StringBuilder("""
    # Made by docs/unicode-tables.cs from Unicode 15.0.0; TinyForum/Text/UnicodeTables.cs says what the tables are.
    # Data from the Unicode Character Database, © Unicode, Inc., https://www.unicode.org/license.txt

    """);
void Table<T>(string name, IEnumerable<T> items)
{
    text.Append('\n').Append(name);
    var width = 999;
    foreach (var item in items.Select(i => string.Create(CultureInfo.InvariantCulture, $" {i}")))
    {
        width += item.Length;
        if (width > 150)
        {
            text.Append('\n');
            width = item.Length;
        }
        text.Append(item);
    }
    text.Append('\n');
}
var members = sets.Select(s => s.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
Table("Names", ranges);
Table("SetStarts", members.Aggregate((List<int>)[0], (starts, set) => [.. starts, starts[^1] + set.Length]));
Table("Sets", members.SelectMany(set => set).Select(s => ids.IndexOf(s)));
Table("Folds", runs.SelectMany(r => r));
Table("FullFolds", full.Order(StringComparer.Ordinal).SelectMany(f => f).Select(c => (int)c));
Table("Scripts", ids.Select(s => s.Replace(' ', '_').Replace('-', '_')));
File.WriteAllText(args[1], text.ToString());
