using System.Diagnostics.CodeAnalysis;
using TinyForum.Text;

namespace TinyForum.Search;

/// <summary>A word or phrase as <see cref="FoldedText"/> has it: " token token ".</summary>
internal sealed record SearchTerm(string Pattern)
{
    /// <summary>The term as an FTS5 string, which its tokens, having no quotes, cannot leave.</summary>
    internal string Match => $"\"{Pattern.AsSpan(1, Pattern.Length - 2)}\"";

    /// <summary>The term a text makes, or null when there is nothing in it to find.</summary>
    internal static SearchTerm? Of(ReadOnlySpan<char> text)
    {
        using var folded = new FoldedText(text);
        return folded.Tokens == 0 ? null : new SearchTerm(folded.Chars.ToString());
    }
}

/// <summary>
/// What a user asked for: words, "phrases", author:name and tag:name, each with a minus before it to leave out what has it.
/// Anything else is text; nothing of FTS5's own syntax gets through.
/// </summary>
/// <param name="Match">The MATCH expression, or null when the query only names authors and tags.</param>
/// <param name="Terms">What the text must have, in the order of the first phrases of <paramref name="Match"/>.</param>
/// <param name="Authors">Names as typed, of which the author is one if there are any; see <see cref="Username.KeyOf"/>.</param>
/// <param name="Tags">Tags as typed, all of which the thread has; see <see cref="Tag"/>.</param>
/// <param name="NotAuthors">Names of none of which the author is the bearer.</param>
/// <param name="NotTags">Tags the thread has none of.</param>
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

    /// <summary>Reads a query; <paramref name="why"/> tells what is wrong with one that cannot be answered.</summary>
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

    // "author:" with something behind it; the fullwidth colon is what a Chinese or Japanese keyboard gives.
    private static bool TakeField(ref ReadOnlySpan<char> rest, string name)
    {
        if (!rest.StartsWith(name, StringComparison.OrdinalIgnoreCase)
            || rest[name.Length..] is not [':' or '：', var next, ..]
            || char.IsWhiteSpace(next))
        {
            return false;
        }
        rest = rest[(name.Length + 1)..];
        return true;
    }

    // What stands in quotes, typographic ones too, or else up to a space or a quote. A quote left open runs to the end.
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
