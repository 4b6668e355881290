using System.Text;

namespace TinyForum.Bench;

/// <summary>
/// Text of many scripts whose words are as unevenly common as in life (Zipf: the k-th is about 1/k as common as the first), from a seed.
/// </summary>
internal sealed class MillionText
{
    private const string LatinOnsets = "b c d f g h l m n p r s t v w br ch cl dr fr gr pl pr sh st th tr";
    private const string LatinRimes = "a e i o u y an ar as el en er es in is it on or ou um al ent ing ion";
    private const string CyrillicOnsets = "б в г д ж з к л м н п р с т х ч ш бр вр гр др кр пр ст тр";
    private const string CyrillicRimes = "а е и о у ы я ал ан ар ел ен ер ин ит ов ой ом ост ств";
    private const string ArabicOnsets = "ب ت ج ح د ر س ش ص ع ف ق ك ل م ن ه و ي";
    private const string ArabicRimes = "ا و ي ة ان ات ين ول ار";

    private static readonly string[] Emoji = ["😀", "👍🏽", "🎉", "❤️", "🤔", "🚀", "👩‍👩‍👧", "🇩🇪"];
    private static readonly string[] Latin = Words(LatinOnsets, LatinRimes, 40_000, 1);
    private static readonly string[] Cyrillic = Words(CyrillicOnsets, CyrillicRimes, 20_000, 2);
    private static readonly string[] Arabic = Words(ArabicOnsets, ArabicRimes, 10_000, 3);
    private static readonly char[] Han = Shuffle(Enumerable.Range(0x4E00, 3_500), 4);
    private static readonly char[] Hangul = Shuffle(Enumerable.Range(0xAC00, 2_000), 5);

    private readonly StringBuilder _text = new();
    private readonly Random _random;

    public MillionText(int seed) => _random = new Random(seed);

    /// <summary>The commonest words, the first in about a third of all posts.</summary>
    public static IReadOnlyList<string> Common => Latin[..11];

    /// <summary>Words from the hundredth on, each rarer than the one before.</summary>
    public static IEnumerable<string> Rarer => Latin.Skip(100);

    /// <summary>The commonest Chinese characters.</summary>
    public static IReadOnlyList<string> Characters => [.. Han[..10].Select(c => $"{c}")];

    /// <summary>A title of 3 to 9 words.</summary>
    public string Title() => Text(_random.Next(3, 10));

    /// <summary>A body: most are short, a few are long.</summary>
    public string Body() => Text(3 + (int)(120 * Math.Pow(_random.NextDouble(), 4)));

    /// <summary>A number below <paramref name="count"/>, low ones more often.</summary>
    public int Zipf(int count) => (int)Math.Pow(count + 1, _random.NextDouble()) - 1;

    public int Next(int count) => _random.Next(count);

    private string Text(int words)
    {
        _text.Clear();
        var script = _random.Next(100);
        for (var i = 0; i < words; i++)
        {
            if (script < 50)
                Word(Latin);
            else if (script < 65)
                Word(Cyrillic);
            else if (script < 72)
                Word(Arabic);
            else if (script < 84)
                Run(Han, 3, "，");
            else if (script < 92)
                Japanese();
            else
                Run(Hangul, 3, " ");
            if (i % 12 == 11)
                _text.Append(script is >= 72 and < 92 ? "。" : ".\n");
        }
        if (_random.Next(10) == 0)
            _text.Append(' ').Append(Emoji[_random.Next(Emoji.Length)]);
        return _text.ToString().Trim();
    }

    private void Word(string[] words) => _text.Append(_text.Length == 0 ? "" : " ").Append(words[Zipf(words.Length)]);

    private void Run(char[] characters, int length, string separator)
    {
        for (var i = 0; i < length; i++)
            _text.Append(characters[Zipf(characters.Length)]);
        if (_random.Next(3) == 0)
            _text.Append(separator);
    }

    private void Japanese()
    {
        _text.Append(Han[Zipf(Han.Length)]);
        for (var i = 0; i < 3; i++)
            _text.Append((char)('\u3042' + Zipf(80)));
    }

    private static string[] Words(string onsets, string rimes, int count, int seed)
    {
        var random = new Random(seed);
        var (starts, ends) = (onsets.Split(' '), rimes.Split(' '));
        var words = new HashSet<string>(count);
        for (var length = 1; words.Count < count; length = 1 + Math.Min(4, words.Count / 400 + random.Next(2)))
            words.Add(string.Concat(Enumerable.Range(0, length).Select(_ => starts[random.Next(starts.Length)] + ends[random.Next(ends.Length)])));
        return [.. words];
    }

    private static char[] Shuffle(IEnumerable<int> characters, int seed)
    {
        var shuffled = characters.Select(c => (char)c).ToArray();
        new Random(seed).Shuffle(shuffled);
        return shuffled;
    }
}
