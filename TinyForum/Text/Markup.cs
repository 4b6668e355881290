using System.Text.Encodings.Web;
using System.Text.Unicode;
using Markdig;
using Markdig.Extensions.EmphasisExtras;
using Markdig.Extensions.Tables;
using Markdig.Extensions.TaskLists;
using Markdig.Helpers;
using Markdig.Parsers;
using Markdig.Parsers.Inlines;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Renderers.Html.Inlines;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace TinyForum.Text;

/// <summary>
/// The Markdown of a text as HTML that is safe to show: CommonMark 0.31 with tables, strikethrough and task lists as GitHub has them, bare
/// addresses and mentions as links, emphasis between characters of scripts without spaces, and without HTML of the text's own. Images are
/// links, so that others' servers do not see readers; headings begin at the second level, whichever they were, and leave none out. Nothing has a
/// style of its own, which pages' policy would refuse.
/// </summary>
internal static partial class Markup
{
    private const int MaxHeading = 6;

    // What a block may have of these: the parsers of emphasis and of tables take time that grows with their square, and a heading costs
    // as much as many lines. A text that people wrote has a tenth of it.
    private const int MaxStrikes = 500, MaxBars = 2_000, MaxUnderlines = 500;

    private static readonly MarkdownPipeline Pipeline = MakePipeline();

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    [ThreadStatic]
    private static HtmlRenderer? _threadRenderer;

    /// <summary>Whether Markdig may have thrown an exception because of a text: it has been met with texts that are legal.</summary>
    public static bool IsOfMarkdig(Exception e) =>
        e is ArgumentException or InvalidOperationException or IndexOutOfRangeException or NullReferenceException;

    /// <summary>The HTML of a text; of one that is so tangled that it would take long to read, the text as it was written.</summary>
    /// <param name="markdown">The text.</param>
    /// <param name="find">Finds the address of a user's page by the key of the name (see <see cref="Username.KeyOf"/>), for mentions.</param>
    public static string Html(string markdown, Func<string, string?> find)
    {
        if (Prose.IsTangled(markdown) || IsTangled(markdown))
            return AsWritten(markdown);
        try
        {
            var context = new MarkdownParserContext();
            context.Properties[typeof(MentionParser)] = Mentions.Places(markdown, find);
            var document = Markdown.Parse(markdown, Pipeline, context);
            Outline(document);
            var renderer = _threadRenderer ??= MakeRenderer();
            var writer = (StringWriter)renderer.Writer;
            writer.GetStringBuilder().Clear();
            renderer.Render(document);
            return writer.ToString();
        }
        catch (Exception e) when (IsOfMarkdig(e))
        {
            _threadRenderer = null;
            return AsWritten(markdown);
        }
    }

    /// <summary>Whether a link of a text may lead there: to a page or an address of mail, or within this site.</summary>
    /// <remarks>Browsers skip control characters in addresses.</remarks>
    internal static bool IsAllowed(string? url) =>
        url is not null && !url.AsSpan().ContainsAnyInRange('\0', '\u001F')
        && (url.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || url.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
            || url.StartsWith("mailto:", StringComparison.OrdinalIgnoreCase) || (url is ['/', ..] && url is not ['/', '/' or '\\', ..]));

    private static string AsWritten(string text) =>
        $"<p>{Encoder.Encode(text).Replace("&#xA;", "<br />\n", StringComparison.Ordinal)}</p>\n";

    /// <summary>Makes of the levels of headings how deep each is within the others, below the heading of the page.</summary>
    private static void Outline(MarkdownDocument document)
    {
        var open = new Stack<int>();
        foreach (var heading in document.Descendants<HeadingBlock>())
        {
            while (open.TryPeek(out var level) && level >= heading.Level)
                open.Pop();
            open.Push(heading.Level);
            heading.Level = Math.Min(open.Count + 1, MaxHeading);
        }
    }

    private static bool IsTangled(string markdown)
    {
        var (strikes, bars, underlines) = (0, 0, 0);
        foreach (var line in markdown.AsSpan().EnumerateLines())
        {
            if (line.IsWhiteSpace())
                (strikes, bars) = (0, 0);
            underlines += line.TrimStart() is ['=', ..] ? 1 : 0;
            strikes += line.Count('~');
            bars += line.Count('|');
            if (strikes > MaxStrikes || bars > MaxBars || underlines > MaxUnderlines)
                return true;
        }
        return false;
    }

    private static MarkdownPipeline MakePipeline()
    {
        var builder = new MarkdownPipelineBuilder()
            .UsePreciseSourceLocation()
            .UsePipeTables(new PipeTableOptions { RequireHeaderSeparator = true, UseGfmRules = true })
            .UseEmphasisExtras(EmphasisExtraOptions.Strikethrough)
            .UseTaskLists()
            .UseCjkFriendlyEmphasis()
            .DisableHtml();
        builder.InlineParsers.InsertBefore<LinkInlineParser>(new BareLinkParser());
        builder.InlineParsers.InsertBefore<LinkInlineParser>(new MentionParser());
        return builder.Build();
    }

    private static HtmlRenderer MakeRenderer()
    {
        var renderer = new HtmlRenderer(new StringWriter());
        Pipeline.Setup(renderer);
        renderer.ObjectRenderers.ReplaceOrAdd<LinkInlineRenderer>(new LinkRenderer());
        renderer.ObjectRenderers.ReplaceOrAdd<AutolinkInlineRenderer>(new AddressRenderer());
        renderer.ObjectRenderers.ReplaceOrAdd<CodeBlockRenderer>(new CodeRenderer());
        renderer.ObjectRenderers.ReplaceOrAdd<HtmlTableRenderer>(new TableRenderer());
        renderer.ObjectRenderers.ReplaceOrAdd<HtmlTaskListRenderer>(new TaskRenderer());
        return renderer;
    }

    private static void WriteLink(HtmlRenderer renderer, string url, string? title = null)
    {
        renderer.Write("<a href=\"").WriteEscapeUrl(url).Write("\"");
        if (!string.IsNullOrEmpty(title))
            renderer.Write(" title=\"").WriteEscape(title).Write("\"");
        renderer.Write(url is ['/', ..] ? ">" : " rel=\"nofollow ugc noopener\">");
    }

    /// <summary>Whether an image or an address stands in a link, which cannot have another.</summary>
    private static bool IsInLink(Inline inline)
    {
        for (var outer = inline.Parent; outer is not null; outer = outer.Parent)
        {
            if (outer is LinkInline)
                return true;
        }
        return false;
    }

    private sealed class LinkRenderer : HtmlObjectRenderer<LinkInline>
    {
        protected override void Write(HtmlRenderer renderer, LinkInline link)
        {
            var url = link.GetDynamicUrl?.Invoke() ?? link.Url;
            var isLink = renderer.EnableHtmlForInline && IsAllowed(url) && !IsInLink(link);
            if (isLink)
                WriteLink(renderer, url!, link.Title);
            if (link is { IsImage: true, FirstChild: null })
                renderer.WriteEscape(url);
            else
                renderer.WriteChildren(link);
            if (isLink)
                renderer.Write("</a>");
        }

    }

    private sealed class AddressRenderer : HtmlObjectRenderer<AutolinkInline>
    {
        protected override void Write(HtmlRenderer renderer, AutolinkInline address)
        {
            var url = address.IsEmail ? $"mailto:{address.Url}" : address.Url;
            if (!IsAllowed(url))
            {
                renderer.WriteEscape($"<{address.Url}>");
                return;
            }
            var isLink = !IsInLink(address);
            if (isLink)
                WriteLink(renderer, url);
            renderer.WriteEscape(address.Url);
            if (isLink)
                renderer.Write("</a>");
        }
    }

    /// <summary>Code, in a box that keys can scroll: not every browser lets them into what scrolls.</summary>
    private sealed class CodeRenderer : HtmlObjectRenderer<CodeBlock>
    {
        protected override void Write(HtmlRenderer renderer, CodeBlock code)
        {
            renderer.EnsureLine();
            renderer.Write("<pre tabindex=\"0\"><code").WriteAttributes(code).Write(">");
            renderer.WriteLeafRawLines(code, writeEndOfLines: true, escape: true).WriteLine("</code></pre>");
        }
    }

    /// <summary>Tables, in a box that keys can scroll; a column's alignment is a class of its cells.</summary>
    private sealed class TableRenderer : HtmlObjectRenderer<Table>
    {
        protected override void Write(HtmlRenderer renderer, Table table)
        {
            renderer.EnsureLine();
            renderer.Write("<div class=\"wide\" tabindex=\"0\">").WriteLine("<table>");
            var part = "";
            foreach (var row in table.OfType<TableRow>())
            {
                if (part != (row.IsHeader ? "thead" : "tbody"))
                {
                    if (part.Length > 0)
                        renderer.WriteLine($"</{part}>");
                    part = row.IsHeader ? "thead" : "tbody";
                    renderer.WriteLine($"<{part}>");
                }
                WriteRow(renderer, table, row);
            }
            if (part.Length > 0)
                renderer.WriteLine($"</{part}>");
            renderer.WriteLine("</table></div>");
        }

        private static void WriteRow(HtmlRenderer renderer, Table table, TableRow row)
        {
            var name = row.IsHeader ? "th" : "td";
            renderer.WriteLine("<tr>");
            for (var i = 0; i < row.Count; i++)
            {
                var alignment = i < table.ColumnDefinitions.Count ? table.ColumnDefinitions[i].Alignment : null;
                renderer.Write($"<{name}");
                if (alignment is TableColumnAlign.Center or TableColumnAlign.Right)
                    renderer.Write(alignment == TableColumnAlign.Center ? " class=\"center\">" : " class=\"right\">");
                else
                    renderer.Write(">");
                var outer = renderer.ImplicitParagraph;
                renderer.ImplicitParagraph = true;
                renderer.Write(row[i]);
                renderer.ImplicitParagraph = outer;
                renderer.WriteLine($"</{name}>");
            }
            renderer.WriteLine("</tr>");
        }
    }

    /// <summary>A task's box is a character: a field that nobody can change would have to have a label.</summary>
    private sealed class TaskRenderer : HtmlObjectRenderer<TaskList>
    {
        protected override void Write(HtmlRenderer renderer, TaskList task) => renderer.Write(task.Checked ? "☑" : "☐");
    }

    /// <summary>
    /// Bare addresses, as GitHub's extension of CommonMark has them, but that they may also begin behind a character of a script without spaces, and
    /// end before its punctuation.
    /// </summary>
    private sealed class BareLinkParser : InlineParser
    {
        private static readonly string[] Beginnings = ["https://", "http://", "www."];

        public BareLinkParser() => OpeningCharacters = ['h', 'H', 'w', 'W'];

        public override bool Match(InlineProcessor processor, ref StringSlice slice)
        {
            var rest = slice.AsSpan();
            if (Beginning(rest) is not { } beginning || !MayPrecede(slice.PeekCharExtra(-1)) || IsInLabel(processor.Inline))
                return false;
            if (rest.Length == beginning.Length || !char.IsLetterOrDigit(rest[beginning.Length]))
                return false;
            var length = End(rest);
            var text = rest[..length].ToString();
            processor.Inline = new LinkInline(beginning == "www." ? $"https://{text}" : text, "")
            {
                IsClosed = true,
                IsAutoLink = true,
            }.AppendChild(new LiteralInline(text));
            slice.Start += length;
            return true;
        }

        private static string? Beginning(ReadOnlySpan<char> text)
        {
            foreach (var beginning in Beginnings)
            {
                if (text.StartsWith(beginning, StringComparison.OrdinalIgnoreCase))
                    return beginning;
            }
            return null;
        }

        private static bool MayPrecede(char c) =>
            c is '\0' or '*' or '_' or '~' or '(' or '"' or '\'' or '[' || char.IsWhiteSpace(c) || c >= '\u2E80';

        private static bool IsInLabel(Inline? inline)
        {
            for (; inline is not null; inline = inline.Parent)
            {
                if (inline is LinkDelimiterInline { IsActive: true })
                    return true;
            }
            return false;
        }

        private static int End(ReadOnlySpan<char> text)
        {
            var end = 0;
            while (end < text.Length && !EndsAddress(text[end]))
                end++;
            var open = text[..end].Count('(') - text[..end].Count(')');
            while (text[end - 1] is '?' or '!' or '.' or ',' or ':' or ';' or '*' or '_' or '~' or '\'' or '"' || (text[end - 1] == ')' && open < 0))
                open += text[--end] == ')' ? 1 : 0;
            return end;
        }

        private static bool EndsAddress(char c) =>
            c is '<' or '>' or '|' or '`' or '[' or ']' or '\0' || char.IsWhiteSpace(c) || (c >= '\u2E80' && char.IsPunctuation(c));
    }

    /// <summary>Mentions, where <see cref="Mentions"/> finds them.</summary>
    private sealed class MentionParser : InlineParser
    {
        public MentionParser() => OpeningCharacters = ['@', '\uFE6B', '\uFF20'];

        public override bool Match(InlineProcessor processor, ref StringSlice slice)
        {
            var places = (IReadOnlyDictionary<int, (int Length, string Address)>)processor.Context!.Properties[typeof(MentionParser)];
            if (places.Count == 0 || !places.TryGetValue(processor.GetSourcePosition(slice.Start), out var mention) || mention.Length > slice.Length)
                return false;
            processor.Inline = new LinkInline(mention.Address, "")
            {
                IsClosed = true,
            }.AppendChild(new LiteralInline(slice.AsSpan()[..mention.Length].ToString()));
            slice.Start += mention.Length;
            return true;
        }
    }
}
