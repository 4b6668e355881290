using System.Text;

namespace TinyForum.Text;

/// <summary>What characters become of themselves, as <c>unicode.txt</c> has it. Those that it lacks stay as they are.</summary>
/// <param name="runs">One to one, every character or every other one: first, last, step (0 for a single one), distance.</param>
/// <param name="toNothing">To nothing: first, last.</param>
/// <param name="toMore">One to several: the character, how many, and as many characters.</param>
internal sealed class CharacterMap(int[] runs, int[] toNothing, int[] toMore)
{
    private readonly Dictionary<int, string> _more = ReadMore(toMore);

    /// <summary>Writes what a character becomes, and how many chars that is; false if the map lacks it.</summary>
    public bool TryMap(Rune rune, Span<char> to, out int length)
    {
        length = 0;
        if (Contains(toNothing, rune.Value))
            return true;
        if (TryFind(runs, rune.Value, out var other))
            length = new Rune(other).EncodeToUtf16(to);
        else if (_more.TryGetValue(rune.Value, out var more))
        {
            more.CopyTo(to);
            length = more.Length;
        }
        else
            return false;
        return true;
    }

    /// <summary>Looks a character up in runs: first, last, step, distance. What is not there is itself.</summary>
    public static bool TryFind(ReadOnlySpan<int> runs, int c, out int other)
    {
        other = c;
        var (low, high) = (0, runs.Length / 4 - 1);
        while (low <= high)
        {
            var at = (low + high) / 2;
            var run = runs.Slice(at * 4, 4);
            if (c >= run[0] && c <= run[1])
            {
                if (run[2] == 2 && (c - run[0]) % 2 != 0)
                    return false;
                other = c + run[3];
                return true;
            }
            (low, high) = run[1] < c ? (at + 1, high) : (low, at - 1);
        }
        return false;
    }

    /// <summary>Whether a character is in one of the ranges: first, last.</summary>
    public static bool Contains(ReadOnlySpan<int> ranges, int c)
    {
        var (low, high) = (0, ranges.Length / 2 - 1);
        while (low <= high)
        {
            var at = (low + high) / 2;
            if (c >= ranges[2 * at] && c <= ranges[2 * at + 1])
                return true;
            (low, high) = ranges[2 * at + 1] < c ? (at + 1, high) : (low, at - 1);
        }
        return false;
    }

    private static Dictionary<int, string> ReadMore(ReadOnlySpan<int> numbers)
    {
        var more = new Dictionary<int, string>();
        for (; !numbers.IsEmpty; numbers = numbers[(2 + numbers[1])..])
        {
            var text = new StringBuilder();
            foreach (var c in numbers.Slice(2, numbers[1]))
                text.Append(char.ConvertFromUtf32(c));
            more.Add(numbers[0], text.ToString());
        }
        return more;
    }
}
