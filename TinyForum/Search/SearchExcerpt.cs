using System.Globalization;
using TinyForum.Text;

namespace TinyForum.Search;

/// <summary>The part of a post that a search shows.</summary>
internal static class SearchExcerpt
{
    // At most this many matches of a term are considered for an excerpt.
    private const int MaxMatches = 64;

    /// <summary>
    /// The part of a text with the rarest of the terms that it has and, close to it, the next rarest and so on, or its beginning if it has none
    /// of them. One line of limited length, cut between words where possible and never inside what a reader sees as one character.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="terms">The terms.</param>
    /// <param name="length">How many characters the excerpt has at most.</param>
    /// <param name="counts">How common the terms are, in their order; all alike without it.</param>
    internal static string Of(string text, IReadOnlyList<SearchTerm> terms, int length = 160, IReadOnlyList<byte>? counts = null)
    {
        var (from, match) = Place(text, terms, length, counts);
        var start = StartAt(text, from, match);
        var end = EndAt(text, start, match, length);
        var cut = text.AsSpan(start, end - start).TrimEnd();
        var line = string.Create(cut.Length, cut, static (to, cut) =>
        {
            cut.CopyTo(to);
            to.ReplaceAny(Layout, ' ');
        });
        return $"{(start > 0 ? "…" : "")}{line}{(text.AsSpan(end).IsWhiteSpace() ? "" : "…")}";
    }

    /// <summary>Where a text has the terms, in order and without overlaps: the first character of each match, and the one behind its last.</summary>
    internal static IEnumerable<(int Start, int End)> Matches(string text, IReadOnlyList<SearchTerm> terms)
    {
        var end = 0;
        foreach (var (start, last, _) in Find(text, terms).Order())
        {
            if (start < end || last >= text.Length)
                continue;
            end = last + StringInfo.GetNextTextElementLength(text, last);
            yield return (start, end);
        }
    }

    private static List<(int Start, int End, int Term)> Find(string text, IReadOnlyList<SearchTerm> terms)
    {
        List<(int Start, int End, int Term)> matches = [];
        if (terms.Count == 0)
            return matches;
        using var folded = new FoldedText(text, origins: true);
        for (var term = 0; term < terms.Count; term++)
        {
            var pattern = terms[term].Pattern;
            var (at, count) = (0, 0);
            for (int next; count < MaxMatches && (next = folded.Chars[at..].IndexOf(pattern)) >= 0; count++)
            {
                at += next + 1;
                matches.Add((folded.Origin(at), folded.Origin(at + pattern.Length - 3), term));
            }
        }
        return matches;
    }

    private static readonly System.Buffers.SearchValues<char> Layout = System.Buffers.SearchValues.Create("\t\r\n");

    // Where the excerpt should begin, and the match it must not miss.
    private static (int From, int Match) Place(string text, IReadOnlyList<SearchTerm> terms, int length, IReadOnlyList<byte>? counts)
    {
        var matches = Find(text, terms);
        if (matches.Count == 0)
            return (0, 0);

        // The first of the windows whose terms are worth the most.
        matches.Sort();
        var found = new int[terms.Count];
        matches.ForEach(m => found[m.Term]++);
        var worth = Worth(found, counts);
        var (best, first, last) = (0L, 0, 0);
        var inside = new int[terms.Count];
        var sum = 0L;
        for (int left = 0, right = 0; right < matches.Count; right++)
        {
            sum += inside[matches[right].Term]++ == 0 ? worth[matches[right].Term] : 0;
            for (; left < right && matches[right].End - matches[left].Start > length * 2 / 3; left++)
                sum -= --inside[matches[left].Term] == 0 ? worth[matches[left].Term] : 0;
            if (sum > best)
                (best, first, last) = (sum, left, right);
        }
        var (start, end) = (matches[first].Start, matches[last].End);
        var before = Math.Max(0, length - (end - start)) / 3;
        return (Math.Max(0, Math.Min(start - before, text.Length - length)), start);
    }

    // A term is worth more than all those together that are more common; of those that are as common, in this text.
    private static long[] Worth(int[] found, IReadOnlyList<byte>? counts)
    {
        var worth = new long[found.Length];
        var (sum, next) = (0L, 1L);
        foreach (var alike in Enumerable.Range(0, found.Length).GroupBy(t => (counts?[t] ?? 0, found[t])).OrderByDescending(g => g.Key))
        {
            foreach (var term in alike)
                sum += worth[term] = next;
            next = sum + 1;
        }
        return worth;
    }

    private static int StartAt(string text, int from, int match)
    {
        var start = SafeBoundary(text, from);
        for (var next = start; next <= match && start < from; next += StringInfo.GetNextTextElementLength(text, next))
            start = next;
        if (start > 0)
        {
            // Move to the beginning of the next word, if that is near.
            for (var next = start; next <= match && next - start < 24; next += StringInfo.GetNextTextElementLength(text, next))
            {
                if (IsBreak(text, next))
                {
                    start = next;
                    break;
                }
            }
        }
        while (start < match && char.IsWhiteSpace(text[start]) && StringInfo.GetNextTextElementLength(text, start) == 1)
            start++;
        return start;
    }

    private static int EndAt(string text, int start, int match, int length)
    {
        var (end, word, room) = (start, start, length);
        while (end < text.Length)
        {
            var next = end + StringInfo.GetNextTextElementLength(text, end);
            room -= UnicodeText.Length(text.AsSpan(end, next - end)) is > 0 and var n ? n : next - end;
            if (room < 0)
                break;
            end = next;
            word = IsBreak(text, end) && end > match ? end : word;
        }
        if (end == start && end < text.Length)
        {
            // A letter with more marks than fit into the excerpt: the only character that is cut in the middle.
            foreach (var rune in text.AsSpan(start).EnumerateRunes())
            {
                if (length-- == 0)
                    break;
                end += rune.Utf16SequenceLength;
            }
            return end;
        }
        return end < text.Length && word > start && end - word < 24 ? word : end;
    }

    // Whether this is a boundary between words.
    private static bool IsBreak(string text, int at) => at == 0 || at >= text.Length || !(InWord(text[at - 1]) && InWord(text[at]));

    private static bool InWord(char c) =>
        !FoldedText.IsUnspaced(c) && !char.IsWhiteSpace(c) && !char.IsPunctuation(c) && !char.IsSurrogate(c);

    // The nearest boundary, at or before this position, of what StringInfo counts as one character, wherever it starts to count.
    private static int SafeBoundary(string text, int at)
    {
        while (at > 0 && text[at - 1] != '\n' && !(IsSimple(text[at - 1]) && IsSimple(text[at])))
            at--;
        return at;
    }

    private static bool IsSimple(char c) => c is (>= ' ' and <= '~') or (>= '\u00C0' and <= '\u024F') or (>= '\u0400' and <= '\u0481')
        or (>= '\u3041' and <= '\u3096') or (>= '\u30A1' and <= '\u30FA') or (>= '\u4E00' and <= '\u9FFF') or (>= '\uAC00' and <= '\uD7A3');
}
