using System.Buffers;
using System.Text;

namespace TinyForum.Text;

/// <summary>
/// Finds @names in what is text of a post (<see cref="Prose"/>), so that a decorator in a pasted program mentions nobody.
/// </summary>
/// <remarks>
/// Where a name ends can't be told from the text alone: sentences go on behind it without a space in many scripts, and both names and
/// sentences may end in dots, hyphens and underscores. So a mention is a list of the names that it may stand for, the longest first.
/// </remarks>
internal static class Mentions
{
    /// <summary>How many users a post tells at most.</summary>
    internal const int Max = 20;

    /// <summary>How many names are tried for a post at most.</summary>
    internal const int MaxTries = 2_000;

    // A letter of a name is written in three characters at most, as syllables of Hangul are.
    private const int MaxRunes = 3 * Username.MaxLength;

    private static readonly char[] Stops = ['.', '-'], Signs = ['.', '-', '_'];

    /// <summary>The ids of the users that a text mentions, each once, in order, at most <see cref="Max"/>.</summary>
    /// <param name="body">The text.</param>
    /// <param name="find">Looks up a user by the key of the name (see <see cref="Username.KeyOf"/>).</param>
    internal static IReadOnlyList<long> Find(string body, Func<string, long?> find)
    {
        var (found, known, tries) = (new List<long>(), new Dictionary<string, long?>(), 0);
        foreach (var names in Names(body))
        {
            foreach (var name in Chosen(names.TakeWhile(_ => ++tries <= MaxTries), LookUp))
            {
                if (found.Count < Max && !found.Contains(name))
                    found.Add(name);
            }
            if (found.Count == Max || tries > MaxTries)
                break;
        }
        return found;

        long? LookUp(string key)
        {
            if (!known.TryGetValue(key, out var id))
                known[key] = id = find(key);
            return id;
        }
    }

    /// <summary>The first name that someone has. If it ends like a sentence, whoever has the name without that is meant as well.</summary>
    private static IEnumerable<long> Chosen(IEnumerable<string> names, Func<string, long?> find)
    {
        string? also = null;
        foreach (var name in names)
        {
            if (also is not null && name != also)
                continue;
            if (find(name) is { } id)
                yield return id;
            else if (also is null)
                continue;
            if (also is not null || !Stops.Contains(name[^1]))
                yield break;
            also = name.TrimEnd(Stops);
        }
    }

    /// <summary>How often a text may mention somebody, whether there is such a user or not.</summary>
    internal static int Count(string body) => Runs(body).Count();

    /// <summary>Whether a text may mention anybody.</summary>
    internal static bool MayBeIn(string body) => body.AsSpan().ContainsAny(AtSigns);

    /// <summary>Where a text mentions users, by the place of the sign: how long that is, and the address of the user's page.</summary>
    /// <param name="body">The text.</param>
    /// <param name="find">Finds the address of a user's page by the key of the name.</param>
    internal static IReadOnlyDictionary<int, (int Length, string Address)> Places(string body, Func<string, string?> find)
    {
        var (places, known, tries) = (new Dictionary<int, (int, string)>(), new Dictionary<string, string?>(), 0);
        foreach (var (at, names) in Runs(body))
        {
            foreach (var (key, length) in names.TakeWhile(_ => ++tries <= MaxTries))
            {
                if (!known.TryGetValue(key, out var address))
                    known[key] = address = find(key);
                if (address is null)
                    continue;
                places[at] = (1 + length, address);
                break;
            }
        }
        return places;
    }

    /// <summary>For each mention the keys of the names that it may stand for, the longest first.</summary>
    internal static IEnumerable<IEnumerable<string>> Names(string body) => Runs(body).Select(run => run.Names.Select(name => name.Key));

    private static IEnumerable<(int At, IEnumerable<(string Key, int Length)> Names)> Runs(string body)
    {
        if (!MayBeIn(body))
            yield break;
        var text = Prose.Of(body);
        for (var at = 0; at < text.Length; at++)
        {
            if (!IsAtSign(text[at]))
                continue;
            var run = Run(text.AsSpan(at + 1));
            if (run > 0 && MayPrecede(text.AsSpan(0, at)))
                yield return (at, Keys(new string(text, at + 1, run), IsOfAddress(text, at + 1 + run)));
            at += run;
        }
    }

    /// <summary>Whether what ends here is the name in an address: behind it comes an @ that is no mention's.</summary>
    private static bool IsOfAddress(ReadOnlySpan<char> text, int end) => end < text.Length && IsAtSign(text[end]) && !MayPrecede(text[..end]);

    private static readonly SearchValues<char> AtSigns = SearchValues.Create("@\uFE6B\uFF20");

    private static bool IsAtSign(char c) => AtSigns.Contains(c);

    /// <summary>The keys of the beginnings of a run of name characters that may be a name: shorter ones alone, if the whole run is of an address.</summary>
    private static IEnumerable<(string Key, int Length)> Keys(string run, bool isOfAddress)
    {
        var keys = new HashSet<string>();
        var longest = Longest(run);
        for (var end = longest; end > 0; end = Shorter(run.AsSpan(0, longest), end))
        {
            if (end == run.Length && isOfAddress)
                continue;
            foreach (var name in (string[])[run[..end], run[..end].TrimEnd(Stops), run[..end].TrimEnd(Signs)])
            {
                if (Username.KeyOf(name) is { } key && UnicodeText.Length(key) <= 2 * Username.MaxLength && keys.Add(key))
                    yield return (key, name.Length);
            }
        }
    }

    /// <summary>The length of the longest name that a run may begin with.</summary>
    private static int Longest(ReadOnlySpan<char> run)
    {
        var (length, runes) = (0, 0);
        foreach (var rune in run.EnumerateRunes())
        {
            if (length + rune.Utf16SequenceLength > Username.MaxChars || (runes += UnicodeText.IsMark(rune) ? 0 : 1) > MaxRunes)
                break;
            length += rune.Utf16SequenceLength;
        }
        return length;
    }

    /// <summary>Where a name may end before <paramref name="end"/>: where the script changes, or anywhere in a script without spaces.</summary>
    private static int Shorter(ReadOnlySpan<char> run, int end)
    {
        var after = default(Rune);
        for (var at = end; at > 0;)
        {
            Rune.DecodeLastFromUtf16(run[..at], out var before, out var length);
            if (at < end && IsBoundary(run[..at], before, after))
                return at;
            (at, after) = (at - length, before);
        }
        return 0;
    }

    private static bool IsBoundary(ReadOnlySpan<char> name, Rune last, Rune after)
    {
        var next = UnicodeText.InName(after.Value);
        if (next.Kind == NameKind.Mark)
            return false;
        if (FoldedText.IsUnspaced(last.Value) || FoldedText.IsUnspaced(after.Value))
            return true;
        var others = UnicodeText.Scripts(next.Set);
        return !others.IsEmpty && ScriptsAtEnd(name) is { IsEmpty: false } scripts && !scripts.ContainsAny(others);
    }

    /// <summary>The scripts of the last character that has any: digits, dots and hyphens have none.</summary>
    private static ReadOnlySpan<byte> ScriptsAtEnd(ReadOnlySpan<char> name)
    {
        while (!name.IsEmpty)
        {
            Rune.DecodeLastFromUtf16(name, out var rune, out var length);
            if (UnicodeText.Scripts(UnicodeText.InName(rune.Value).Set) is { IsEmpty: false } scripts)
                return scripts;
            name = name[..^length];
        }
        return default;
    }

    private static int Run(ReadOnlySpan<char> text)
    {
        var length = 0;
        while (length < text.Length && Rune.DecodeFromUtf16(text[length..], out var rune, out var more) == OperationStatus.Done
            && UnicodeText.InName(rune.Value).Kind != NameKind.None)
            length += more;
        return length;
    }

    // Not in a mail address, nor in a link to another site's profile. Han and the like need no space before the @, nor do emphasis and dashes.
    private static bool MayPrecede(ReadOnlySpan<char> before)
    {
        var signs = before.TrimEnd("_-");
        if (signs.IsEmpty || Rune.DecodeLastFromUtf16(signs, out var rune, out _) != OperationStatus.Done)
            return true;
        if (rune.Value == '.' || FoldedText.IsUnspaced(rune.Value))
            return true;
        return rune.Value != '/' && !(rune.IsBmp && IsAtSign((char)rune.Value)) && UnicodeText.InName(rune.Value).Kind == NameKind.None;
    }
}
