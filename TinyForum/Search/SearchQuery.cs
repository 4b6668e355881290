using System.Diagnostics.CodeAnalysis;
using System.Text;
using TinyForum.Text;

namespace TinyForum.Search;

/// <summary>A word or phrase in the form of <see cref="FoldedText"/>: " token token ".</summary>
internal sealed record SearchTerm(string Pattern)
{
    /// <summary>The term as an FTS5 string. Tokens have no quotes, so they cannot end it.</summary>
    internal string Match => $"\"{Pattern.AsSpan(1, Pattern.Length - 2)}\"";

    /// <summary>The term of a text, or null if it has no token.</summary>
    internal static SearchTerm? Of(ReadOnlySpan<char> text)
    {
        using var folded = new FoldedText(text);
        return folded.Tokens == 0 ? null : new SearchTerm(folded.Chars.ToString());
    }
}

/// <summary>
/// A parsed search: words, "phrases", author:name and tag:name; a leading minus excludes. Anything else is text: none of FTS5's own
/// syntax gets through.
/// </summary>
/// <param name="Terms">What the text must contain. There may be none if there are authors or tags.</param>
/// <param name="Without">What it may not contain.</param>
/// <param name="Authors">Usernames as typed. If there are any, the author must be one of them; see <see cref="Username.KeyOf"/>.</param>
/// <param name="Tags">Tags as typed, all of which the thread must have; see <see cref="Tag"/>.</param>
/// <param name="NotAuthors">Usernames as typed, none of which may be the author's.</param>
/// <param name="NotTags">Tags as typed, none of which the thread may have.</param>
internal sealed record SearchQuery(
    IReadOnlyList<SearchTerm> Terms,
    IReadOnlyList<SearchTerm> Without,
    IReadOnlyList<string> Authors,
    IReadOnlyList<string> Tags,
    IReadOnlyList<string> NotAuthors,
    IReadOnlyList<string> NotTags)
{
    private const int MaxLength = 200;
    internal const int MaxTerms = 32;

    /// <summary>Parses a query; <paramref name="why"/> says what is wrong with an invalid one.</summary>
    internal static bool TryParse(string text, [NotNullWhen(true)] out SearchQuery? query, [NotNullWhen(false)] out string? why)
    {
        query = null;
        if (UnicodeText.Length(text) is not (>= 0 and <= MaxLength) || text.Length == 0)
        {
            why = $"must be 1 to {MaxLength} characters";
            return false;
        }

        List<SearchTerm> terms = [], without = [];
        List<string> authors = [], notAuthors = [], tags = [], notTags = [];
        var (minus, isStart) = (false, true); // a minus counts at the start of what has spaces or quotes around it, and for all of that
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            var isMinus = isStart && rest is [var sign, var next, ..] && IsMinus(sign) && !IsMinus(next) && !char.IsWhiteSpace(next);
            if (!isMinus && SeparatorAt(rest, 0) is > 0 and var separator)
            {
                isStart |= char.IsWhiteSpace(rest[0]);
                rest = rest[separator..];
                continue;
            }
            if (isStart)
            {
                minus = isMinus;
                rest = minus ? rest[1..] : rest;
            }
            var field = TakeField(ref rest, "author") ? (minus ? notAuthors : authors)
                : TakeField(ref rest, "tag") ? (minus ? notTags : tags) : null;
            var value = TakeValue(ref rest, out isStart);
            if (field is not null)
                field.Add(value.TrimStart('@').ToString());
            else if (SearchTerm.Of(value) is { } term)
            {
                var list = minus ? without : terms;
                if (!list.Contains(term))
                    list.Add(term);
            }
        }

        var excluded = without.Count + notAuthors.Count + notTags.Count;
        var wanted = terms.Count + authors.Count + tags.Count;
        why = wanted + excluded > MaxTerms ? $"must have at most {MaxTerms} words"
            : wanted > 0 ? null
            : excluded > 0 ? "must have a word to look for, an author or a tag besides what is excluded"
            : "must have a word to look for: letters, digits or emoji. Other signs are found behind or before letters alone, as in C++, C# and .NET";
        if (why is null)
            query = new SearchQuery(terms, without, authors, tags, notAuthors, notTags);
        return why is null;
    }

    // "author:" with something after it; the fullwidth colon is what a Chinese or Japanese keyboard types.
    private static bool TakeField(ref ReadOnlySpan<char> rest, string name)
    {
        if (!rest.StartsWith(name, StringComparison.OrdinalIgnoreCase)
            || rest[name.Length..] is not [':' or '：', _, ..]
            || SeparatorAt(rest, name.Length + 1) > 0)
            return false;
        rest = rest[(name.Length + 1)..];
        return true;
    }

    // The text in quotes, typographic ones too, or else up to the next separator or quote. An open quote runs to the end.
    private static ReadOnlySpan<char> TakeValue(ref ReadOnlySpan<char> rest, out bool isQuoted)
    {
        isQuoted = !rest.IsEmpty && IsQuote(rest[0]);
        var from = isQuoted ? 1 : 0;
        var to = from;
        while (to < rest.Length && !IsQuote(rest[to]) && (isQuoted || SeparatorAt(rest, to) == 0))
            to++;
        var value = rest[from..to];
        rest = rest[(isQuoted && to < rest.Length ? to + 1 : to)..];
        return value;
    }

    private static bool IsMinus(char c) => c is '-' or '－' or '﹣' or '−';

    private static bool IsQuote(char c) => c is '"' or '“' or '”' or '„' or '‟' or '＂';

    // How many chars a separator has that stands here; 0 if there is none. A comma between digits belongs to the number, and a plus or number
    // sign that is not alone between letters or digits to the word before, as in C++.
    private static int SeparatorAt(ReadOnlySpan<char> text, int at)
    {
        if (char.IsWhiteSpace(text[at]))
            return 1;
        if (text[at] == ',' && at > 0 && char.IsAsciiDigit(text[at - 1]) && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1]))
            return 0;
        if (text[at] is '+' or '#')
            return at > 0 && char.IsLetterOrDigit(text[at - 1]) && at + 1 < text.Length && char.IsLetterOrDigit(text[at + 1]) ? 1 : 0;
        Rune.DecodeFromUtf16(text[at..], out var rune, out var length);
        return CharacterMap.Contains(UnicodeTables.Separators, rune.Value) ? length : 0;
    }
}
