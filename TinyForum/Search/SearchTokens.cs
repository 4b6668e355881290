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
