using System.Buffers;
using Markdig;
using Markdig.Parsers;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace TinyForum.Text;

/// <summary>
/// What of a post in Markdown (CommonMark 0.31) is read as text: not code, nor HTML, nor the addresses of links, nor escaped characters.
/// </summary>
internal static class Prose
{
    /// <summary>Stands for each char that is not text. A noncharacter, which means the same where a text has it.</summary>
    internal const char Blank = '\uFFFF';

    // What a block of text may have of characters that open something, and a line of them at its beginning: the parser takes time that grows
    // with their square. A post that people wrote has a tenth of it.
    private const int MaxOpenings = 500, MaxNesting = 50;

    private static readonly SearchValues<char> Openings = SearchValues.Create("*_[]!<`"), Nestings = SearchValues.Create(">-+*.) \t0123456789");

    private static readonly string[] InlineCode = ["code", "kbd", "samp"], BlockCode = ["pre", "script", "style", "textarea"];

    private static readonly MarkdownPipeline Pipeline = MakePipeline();

    /// <summary>
    /// The text with all else blanked out, char by char. One that is so deeply nested that it would take long to read is text as a whole.
    /// </summary>
    internal static char[] Of(string markdown)
    {
        if (IsTangled(markdown))
            return markdown.ToCharArray();
        MarkdownDocument document;
        try
        {
            document = Markdown.Parse(markdown, Pipeline);
        }
        catch (ArgumentException) // nested too deeply
        {
            return markdown.ToCharArray();
        }
        var text = new char[markdown.Length];
        Array.Fill(text, Blank);
        var code = "";
        foreach (var leaf in document.Descendants<LeafBlock>())
        {
            code = BlockCode.Contains(code) ? code : "";
            foreach (var inline in leaf.Inline is null ? [] : leaf.Inline.Descendants())
            {
                if (inline is HtmlInline html)
                    code = code.Length == 0 ? Opened(html.Tag) : Closes(html.Tag, code) ? "" : code;
                else if (code.Length == 0)
                    Show(inline);
            }
        }
        BlankAddresses(text);
        return text;

        void Show(MarkdownObject inline)
        {
            var (from, to) = (inline.Span.Start, inline.Span.End + 1);
            switch (inline)
            {
                case LiteralInline literal:
                    Copy(literal.IsFirstCharacterEscaped ? to - literal.Content.Length + 1 : from, to);
                    break;
                case EmphasisInline emphasis: // a name may begin or end with these
                    Copy(from, from + emphasis.DelimiterCount);
                    Copy(to - emphasis.DelimiterCount, to);
                    break;
                case LineBreakInline:
                    Copy(from, to);
                    break;
            }
        }

        void Copy(int from, int to) => markdown.AsSpan(from, to - from).CopyTo(text.AsSpan(from));
    }

    private static MarkdownPipeline MakePipeline()
    {
        var builder = new MarkdownPipelineBuilder().UsePreciseSourceLocation();
        builder.BlockParsers.TryRemove<HtmlBlockParser>(); // what stands between the tags of a block is text as in a line
        return builder.Build();
    }

    private static bool IsTangled(ReadOnlySpan<char> markdown)
    {
        var openings = 0;
        foreach (var line in markdown.EnumerateLines())
        {
            openings = line.IsWhiteSpace() ? 0 : openings;
            var lead = line.IndexOfAnyExcept(Nestings);
            var nesting = 0;
            foreach (var c in lead < 0 ? line : line[..lead])
                nesting += c is '>' or '-' or '+' or '*' or '.' or ')' ? 1 : 0;
            foreach (var c in line)
                openings += Openings.Contains(c) ? 1 : 0;
            if (openings > MaxOpenings || nesting > MaxNesting)
                return true;
        }
        return false;
    }

    private static string Opened(string tag) => Array.Find([.. InlineCode, .. BlockCode], name => IsTag(tag, "<", name)) ?? "";

    private static bool Closes(string tag, string name) => IsTag(tag, "</", name);

    private static bool IsTag(string tag, string start, string name) =>
        tag.StartsWith(start + name, StringComparison.OrdinalIgnoreCase) && !char.IsAsciiLetterOrDigit(tag[start.Length + name.Length]);

    private static readonly SearchValues<string> Addresses = SearchValues.Create(["://", "www."], StringComparison.OrdinalIgnoreCase);

    /// <summary>Blanks out bare addresses, up to white space or to the punctuation of scripts that have no space behind one.</summary>
    private static void BlankAddresses(Span<char> text)
    {
        for (var at = 0; at < text.Length;)
        {
            var found = text[at..].IndexOfAny(Addresses);
            if (found < 0)
                return;
            var end = at + found;
            while (end < text.Length && !EndsAddress(text[end]))
                text[end++] = Blank;
            at = end;
        }
    }

    private static bool EndsAddress(char c) =>
        c is Blank or '<' || char.IsWhiteSpace(c) || (c >= '\u2E80' && char.IsPunctuation(c));
}
