using TinyForum.Text;

namespace TinyForum.Search;

/// <summary>The tokens that go into the full-text index.</summary>
internal static class SearchTokens
{
    /// <summary>
    /// The tokens of a text, to be inserted into columns of
    /// <c>CREATE VIRTUAL TABLE ... USING fts5(..., content = '', contentless_delete = 1, tokenize = 'ascii')</c>.
    /// </summary>
    internal static string Of(ReadOnlySpan<char> text)
    {
        using var folded = new FoldedText(text);
        return folded.Chars.Trim(' ').ToString();
    }

    internal static int Count(string tokens) => tokens.Length == 0 ? 0 : 1 + tokens.AsSpan().Count(' ');
}

/// <summary>The tokens of a post.</summary>
internal sealed record PostTokens(string Title, string Body)
{
    internal int Count => SearchTokens.Count(Title) + SearchTokens.Count(Body);

    internal static PostTokens Of(string? title, string body) => new(SearchTokens.Of(title), SearchTokens.Of(body));
}

/// <summary>The tokens of a body that a post is expected to have. They take milliseconds to make if it is long: too long for a write.</summary>
internal sealed class ExpectedBody(string? body)
{
    private readonly string _tokens = SearchTokens.Of(body);

    /// <summary>The tokens of the post with the title and body that it has.</summary>
    internal PostTokens Of(string? title, string actual) => new(SearchTokens.Of(title), actual == body ? _tokens : SearchTokens.Of(actual));
}
