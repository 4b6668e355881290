// Writes TinyForum/Text/unicode.txt, from which all that the program knows of Unicode comes, by the files of one version:
//   dotnet run docs/unicode-tables.cs -- <folder of Scripts.txt, CaseFolding.txt, ...> <allkeys.txt> <confusables.txt> TinyForum/Text/unicode.txt
// They are at https://www.unicode.org/Public/15.0.0/ucd/ (and in Debian's package unicode-data, which has allkeys.txt too),
// https://www.unicode.org/Public/UCA/15.0.0/allkeys.txt and https://www.unicode.org/Public/security/15.0.0/confusables.txt.
// Take the same version everywhere: a name's key is stored, so a character's folding must not change under it. Normalisation is .NET's, which
// is the same in every version from 15.0.0 on for the characters of that version.
using System.Globalization;
using System.Text;

var (ucd, allkeys, confusables, output) = (args[0], args[1], args[2], args[3]);
foreach (var file in (string[])[allkeys, confusables, Path.Combine(ucd, "Scripts.txt")])
{
    if (!File.ReadLines(file).Take(30).Any(line => line.Contains("15.0.0", StringComparison.Ordinal)))
        throw new InvalidOperationException($"{file} is not of Unicode 15.0.0");
}
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
static List<int[]> Runs(IEnumerable<KeyValuePair<int, int>> pairs)
{
    var runs = new List<int[]>();
    foreach (var (from, to) in pairs)
    {
        if (runs.Count > 0 && runs[^1] is var run && run[3] == to - from && from - run[1] <= 2 && (run[2] == 0 || run[2] == from - run[1]))
        {
            run[2] = from - run[1];
            run[1] = from;
        }
        else
            runs.Add([from, from, 0, to - from]);
    }
    return runs;
}

static List<int> Ranges(IEnumerable<int> characters)
{
    var ranges = new List<int>();
    foreach (var c in characters)
    {
        if (ranges.Count > 0 && ranges[^1] == c - 1)
            ranges[^1] = c;
        else
            ranges.AddRange([c, c]);
    }
    return ranges;
}

static int[] Normal(IEnumerable<int> text, NormalizationForm form) =>
    [.. string.Concat(text.Select(char.ConvertFromUtf32)).Normalize(form).EnumerateRunes().Select(r => r.Value)];

var all = Enumerable.Range(0, Limit).Where(Rune.IsValid).ToList();
var caseFolds = new Dictionary<int, int[]>();
foreach (var (c, _, fields) in Read("CaseFolding.txt").Where(line => line.Fields[1] is "C" or "F"))
    caseFolds[c] = [.. fields[2].Split(' ').Select(Hex)];
int[] FoldCase(int c) => caseFolds.GetValueOrDefault(c, [c]);

// What search folds a letter, mark or number to: the characters that stand for its primary weights in DUCET. Not those with variable elements:
// they are numbers and modifiers that CLDR's root collation does not ignore either. Nor the ideographic zero, which is a Han character in use.
// Only what is its own NFKC is looked up.
var keys = new Dictionary<int, (bool IsVariable, int Weight)[]>();
foreach (var fields in File.ReadLines(allkeys).Select(line => line.Split('#')[0].Split(';')).Where(f => f.Length == 2 && f[0][0] != '@'))
{
    if (fields[0].Trim() is { } c && !c.Contains(' ', StringComparison.Ordinal))
        keys[Hex(c)] = [.. fields[1].Trim(' ', '[', ']').Split("][").Select(e => (e[0] == '*', Hex(e[1..5])))];
}
var weighed = all.Where(c => category[c][0] is 'L' or 'M' or 'N' && keys.TryGetValue(c, out var key) && !key.Any(e => e.IsVariable && e.Weight > 0)
    && c != 0x3007 && Normal([c], NormalizationForm.FormKC).SequenceEqual([c])).ToList();
int[] Weights(int c) => [.. keys[c].Select(e => e.Weight).Where(w => w > 0)];
var standing = new Dictionary<int, int>();
foreach (var c in weighed.OrderBy(c => keys[c].Length).ThenBy(c => c))
{
    if (Weights(c) is [var weight] && FoldCase(c).SequenceEqual([c]))
        standing.TryAdd(weight, c);
}

// What DUCET holds apart at its first level and a search should not, and the halves of what it holds together as one.
var beyond = new Dictionary<int, int[]>
{
    ['\u0131'] = ['i'],        // dotless i: its capital is a plain I
    ['\u0622'] = ['\u0627'],   // forms of alef, teh marbuta, alef maksura, Farsi yeh and keheh, which writers use for each other
    ['\u0623'] = ['\u0627'],
    ['\u0625'] = ['\u0627'],
    ['\u0671'] = ['\u0627'],
    ['\u0629'] = ['\u0647'],
    ['\u0649'] = ['\u064A'],
    ['\u06CC'] = ['\u064A'],
    ['\u06A9'] = ['\u0643'],
    ['\u0E4D'] = ['\u0E4D'],   // NFKC makes it and aa of the vowels am of Thai and Lao
    ['\u0ECD'] = ['\u0ECD'],
};
var letters = new SortedDictionary<int, int[]>();
foreach (var c in weighed)
{
    var to = beyond.GetValueOrDefault(c) ?? (Weights(c).All(standing.ContainsKey)
        ? [.. Weights(c).Select(w => standing[w]).SelectMany(t => beyond.GetValueOrDefault(t, [t]))] : FoldCase(c));
    if (!to.SequenceEqual(FoldCase(c)))
        letters[c] = to;
}
foreach (var (c, to) in letters)
{
    if (to.Any(letters.ContainsKey) || to.Any(t => !FoldCase(t).SequenceEqual([t])) || !Normal(to, NormalizationForm.FormKC).SequenceEqual(to))
        throw new InvalidOperationException($"U+{c:X4} does not fold to what stays as it is");
}

// The prototypes of name characters and of what they decompose into (UTS #39, 4). Digits and "m" keep theirs: plain names have them beside
// "O", "l" and "rn".
var inNames = all.Where(InName).SelectMany(c => Normal([c], NormalizationForm.FormD).Concat(Normal([c], NormalizationForm.FormKD))).ToHashSet();
var skeletons = new SortedDictionary<int, int[]>(File.ReadLines(confusables).Select(line => line.TrimStart('\uFEFF').Split('#')[0].Split(';'))
    .Where(f => f.Length > 2 && inNames.Contains(Hex(f[0].Trim())) && !"0123456789m".Any(c => c == Hex(f[0].Trim())))
    .ToDictionary(f => Hex(f[0].Trim()), f => f[1].Trim().Split(' ').Select(Hex).ToArray()));

// What shows nothing: default ignorables, and format characters but those that stand before numbers and show.
var properties = Read("PropList.txt").ToLookup(line => line.Fields[1], line => (line.First, line.Last));
IEnumerable<int> Having(string property) => properties[property].SelectMany(r => Enumerable.Range(r.First, r.Last - r.First + 1)).Where(Rune.IsValid);
var prepended = Having("Prepended_Concatenation_Mark").ToHashSet();
bool IsInvisible(int c) => ignorable[c].Length > 0 || (category[c] == "Cf" && !prepended.Contains(c));

// What stands between words in a query: punctuation and signs, but for quotes and for what stands within words, too. (Symbols, such as emoji,
// are words.)
var separators = Having("Terminal_Punctuation").Concat(all.Where(c => category[c] is "Ps" or "Pe" or "Pi" or "Pf" or "Po" or "Pd" or "Sm" or "Sc" or "Sk"))
    .Except("'＇’.．:-－‐‑@＠&＆+＋#＃=＝~～·‧・･׳״་༌\"“”„‟＂".Select(c => (int)c)).Except(Enumerable.Range(0x1F3FB, 5)).Order().Distinct();

var text = new StringBuilder("""
    # Made by docs/unicode-tables.cs from Unicode 15.0.0, its DUCET and confusables; TinyForum/Text/UnicodeTables.cs says what the tables are.
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
// One to one as runs, nothing as ranges, and the rest as the character, a number and as many characters.
void Mapping(string name, SortedDictionary<int, int[]> map)
{
    Table(name + "Runs", Runs(map.Where(m => m.Value.Length == 1).Select(m => KeyValuePair.Create(m.Key, m.Value[0]))).SelectMany(r => r));
    Table(name + "ToNothing", Ranges(map.Where(m => m.Value.Length == 0).Select(m => m.Key)));
    Table(name + "ToMore", map.Where(m => m.Value.Length > 1).SelectMany(m => (int[])[m.Key, m.Value.Length, .. m.Value]));
}
var members = sets.Select(s => s.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
Table("Names", ranges);
Table("SetStarts", members.Aggregate((List<int>)[0], (starts, set) => [.. starts, starts[^1] + set.Length]));
Table("Sets", members.SelectMany(set => set).Select(s => ids.IndexOf(s)));
Table("Folds", Runs(folds).SelectMany(r => r));
Table("FullFolds", full.Order(StringComparer.Ordinal).SelectMany(f => f).Select(c => (int)c));
Mapping("Letters", letters);
Mapping("Skeletons", skeletons);
Table("SoftDotted", Ranges(Having("Soft_Dotted").Order()));
Table("Invisible", Ranges(all.Where(IsInvisible)));
Table("Blank", (int[])[0x2800, 0x16FE4, 0x1D159]); // the empty Braille cell, Khitan's filler, the empty note
Table("Separators", Ranges(separators));
Table("Scripts", ids.Select(s => s.Replace(' ', '_').Replace('-', '_')));
File.WriteAllText(output, text.ToString());
