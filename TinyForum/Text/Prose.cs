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

    // What a block of text may have of characters that open something, and a line of quotes and lists in each other: the parser takes time
    // that grows with their square. A post that people wrote has a tenth of it.
    private const int MaxOpenings = 500, MaxNesting = 50;

    // Stands for what is beyond that, and opens nothing.
    private const char Neutral = 'x';

    private const string Lead = ">-+*.) \t0123456789"; // what the markers of quotes and lists are made of

    private static readonly SearchValues<char> Openings = SearchValues.Create("*_[]!<`"), Markers = SearchValues.Create(Lead);

    private static readonly string[] Code = ["code", "kbd", "samp", "pre", "script", "style", "textarea"];

    private static readonly MarkdownPipeline Pipeline = MakePipeline();

    /// <summary>
    /// The text with all else blanked out, char by char. Of a block that is so tangled that it would take long to read, the rest is text, and so is a
    /// whole text that is nested too deeply.
    /// </summary>
    internal static char[] Of(string markdown)
    {
        MarkdownDocument document;
        try
        {
            document = Markdown.Parse(Untangled(markdown), Pipeline);
        }
        catch (Exception e) when (Markup.IsOfMarkdig(e)) // nested too deeply, say
        {
            return markdown.ToCharArray();
        }
        var text = new char[markdown.Length];
        Array.Fill(text, Blank);
        var code = "";
        foreach (var leaf in document.Descendants<LeafBlock>())
        {
            code = "";
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

    /// <summary>Whether a block is so tangled, or so deeply nested, that it would take long to read.</summary>
    internal static bool IsTangled(string markdown) => !ReferenceEquals(Untangled(markdown), markdown);

    private static MarkdownPipeline MakePipeline()
    {
        var builder = new MarkdownPipelineBuilder().UsePreciseSourceLocation();
        builder.BlockParsers.Replace<HtmlBlockParser>(new RawBlockParser());
        return builder.Build();
    }

    /// <summary>
    /// Of the blocks of HTML (CommonMark, section 4.6) the kinds 1 to 5, which are no text: comments and the like, scripts, and what is preformatted.
    /// What stands between the tags of the others is text as in a line.
    /// </summary>
    private sealed class RawBlockParser : HtmlBlockParser
    {
        public override BlockState TryOpen(BlockProcessor processor)
        {
            var state = base.TryOpen(processor);
            if (state == BlockState.None
                || processor.NewBlocks.Peek() is HtmlBlock { Type: not (HtmlBlockType.InterruptingBlock or HtmlBlockType.NonInterruptingBlock) })
                return state;
            processor.NewBlocks.Pop();
            return BlockState.None;
        }
    }

    /// <summary>The same text, char by char, but with what is too much of a block or a line replaced by what opens nothing.</summary>
    private static string Untangled(string markdown)
    {
        char[]? untangled = null;
        var openings = 0;
        for (var start = 0; start < markdown.Length;)
        {
            var length = markdown.AsSpan(start).IndexOfAny('\n', '\r');
            var line = markdown.AsSpan(start, length < 0 ? markdown.Length - start : length);
            openings = line.IsWhiteSpace() ? 0 : openings;
            for (var i = BehindContainers(line); i < line.Length && Markers.Contains(line[i]); i++)
            {
                if (!char.IsWhiteSpace(line[i]))
                    Neutralize(start + i);
            }
            for (var i = BehindFence(line); i < line.Length; i++)
            {
                if (Openings.Contains(line[i]) && ++openings > MaxOpenings)
                    Neutralize(start + i);
            }
            start += line.Length;
            start += markdown.AsSpan(start).StartsWith("\r\n") ? 2 : 1;
        }
        return untangled is null ? markdown : new string(untangled);

        void Neutralize(int at) => (untangled ??= markdown.ToCharArray())[at] = Neutral;
    }

    /// <summary>Where the markers of as many quotes and lists in each other as there may be end; the end of the line if it has fewer.</summary>
    private static int BehindContainers(ReadOnlySpan<char> line)
    {
        var nesting = 0;
        for (var at = 0; at < line.Length && nesting < MaxNesting; nesting++)
        {
            at += line[at..].IndexOfAnyExcept(' ', '\t') is >= 0 and var blanks ? blanks : line.Length - at;
            var rest = line[at..];
            var digits = rest.IndexOfAnyExceptInRange('0', '9');
            var marker = rest is ['>', ..] ? 1 : rest is ['-' or '+' or '*', ..] ? 1 : digits is > 0 and < 10 && rest[digits] is '.' or ')' ? digits + 1 : 0;
            var isList = marker > 0 && rest[0] != '>';
            if (marker == 0 || (isList && (IsRule(rest) || (marker < rest.Length && rest[marker] is not (' ' or '\t')))))
                return line.Length;
            at += marker;
            if (nesting == MaxNesting - 1)
                return at;
        }
        return line.Length;
    }

    /// <summary>Whether a line is a thematic break, or the underline of a heading: no list is in it.</summary>
    private static bool IsRule(ReadOnlySpan<char> line) => line[0] != '+' && line.Count(line[0]) > 2 && !line.ContainsAnyExcept(line[0], ' ', '\t');

    /// <summary>Where the line goes on behind the fence that it begins with, if it does: that has to stay whole.</summary>
    private static int BehindFence(ReadOnlySpan<char> line)
    {
        var start = line.Length - line.TrimStart(Lead).Length;
        var fence = line[start..].IndexOfAnyExcept('`');
        return line[start..].StartsWith("```") ? fence < 0 ? line.Length : start + fence : 0;
    }

    private static string Opened(string tag) => Array.Find(Code, name => IsTag(tag, "<", name)) ?? "";

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
