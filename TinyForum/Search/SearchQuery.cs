using System.Diagnostics.CodeAnalysis;
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
/// <param name="Match">The MATCH expression, or null when the query only names authors and tags.</param>
/// <param name="Terms">What the text must contain, in the order of the first phrases of <paramref name="Match"/>.</param>
/// <param name="Authors">Usernames as typed. If there are any, the author must be one of them; see <see cref="Username.KeyOf"/>.</param>
/// <param name="Tags">Tags as typed, all of which the thread must have; see <see cref="Tag"/>.</param>
/// <param name="NotAuthors">Usernames as typed, none of which may be the author's.</param>
/// <param name="NotTags">Tags as typed, none of which the thread may have.</param>
internal sealed record SearchQuery(
    string? Match,
    IReadOnlyList<SearchTerm> Terms,
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
        for (var rest = text.AsSpan().TrimStart(); !rest.IsEmpty; rest = rest.TrimStart())
        {
            var minus = rest is ['-', not '-', ..] && !char.IsWhiteSpace(rest[1]);
            rest = minus ? rest[1..] : rest;
            var field = TakeField(ref rest, "author") ? (minus ? notAuthors : authors)
                : TakeField(ref rest, "tag") ? (minus ? notTags : tags) : null;
            var value = TakeValue(ref rest);
            if (field is not null)
                field.Add(value.TrimStart('@').ToString());
            else if (SearchTerm.Of(value) is { } term)
            {
                var list = minus ? without : terms;
                if (!list.Contains(term))
                    list.Add(term);
            }
        }

        var count = terms.Count + without.Count + authors.Count + notAuthors.Count + tags.Count + notTags.Count;
        why = count > MaxTerms ? $"must have at most {MaxTerms} words"
            : terms.Count == 0 && (without.Count > 0 || authors.Count + tags.Count == 0) ? "must have a word to look for"
            : null;
        if (why is null)
            query = new SearchQuery(Expression(terms, without), terms, authors, tags, notAuthors, notTags);
        return why is null;
    }

    private static string? Expression(List<SearchTerm> terms, List<SearchTerm> without)
    {
        if (terms.Count == 0)
            return null;
        var match = string.Join(" AND ", terms.Select(t => t.Match));
        return without.Count == 0 ? match : $"({match}) NOT ({string.Join(" OR ", without.Select(t => t.Match))})";
    }

    // "author:" with something after it; the fullwidth colon is what a Chinese or Japanese keyboard types.
    private static bool TakeField(ref ReadOnlySpan<char> rest, string name)
    {
        if (!rest.StartsWith(name, StringComparison.OrdinalIgnoreCase)
            || rest[name.Length..] is not [':' or '：', var next, ..]
            || char.IsWhiteSpace(next))
            return false;
        rest = rest[(name.Length + 1)..];
        return true;
    }

    // The text in quotes, typographic ones too, or else up to the next space or quote. An open quote runs to the end.
    private static ReadOnlySpan<char> TakeValue(ref ReadOnlySpan<char> rest)
    {
        var quoted = IsQuote(rest[0]);
        var from = quoted ? 1 : 0;
        var to = from;
        while (to < rest.Length && !IsQuote(rest[to]) && (quoted || !char.IsWhiteSpace(rest[to])))
            to++;
        var value = rest[from..to];
        rest = rest[(quoted && to < rest.Length ? to + 1 : to)..];
        return value;
    }

    private static bool IsQuote(char c) => c is '"' or '“' or '”' or '„' or '‟' or '＂';
}
