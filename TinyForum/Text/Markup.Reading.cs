using System.Text;
using Markdig;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace TinyForum.Text;

internal static partial class Markup
{
    private static readonly Dictionary<int, (int Length, string Address)> NoMentions = [];

    /// <summary>What readers see of a text as <see cref="Html"/> shows it, without markup, and where its links lead.</summary>
    internal static (string Shown, IReadOnlyList<string> Links) Read(string markdown)
    {
        if (Prose.IsTangled(markdown) || IsTangled(markdown))
            return (markdown, []);
        try
        {
            var context = new MarkdownParserContext();
            context.Properties[typeof(MentionParser)] = NoMentions;
            var (shown, links) = (new StringBuilder(markdown.Length), new List<string>());
            foreach (var leaf in Markdown.Parse(markdown, Pipeline, context).Descendants<LeafBlock>())
            {
                if (leaf is CodeBlock)
                    shown.Append(leaf.Lines.ToString());
                foreach (var inline in leaf.Inline?.Descendants() ?? [])
                    Read(inline, shown, links);
                shown.Append('\n');
            }
            return (shown.ToString().TrimEnd('\n'), links);
        }
        catch (Exception e) when (IsOfMarkdig(e))
        {
            return (markdown, []);
        }
    }

    private static void Read(MarkdownObject inline, StringBuilder shown, List<string> links)
    {
        switch (inline)
        {
            case LiteralInline literal:
                shown.Append(literal.Content.AsSpan());
                break;
            case HtmlEntityInline entity:
                shown.Append(entity.Transcoded.AsSpan());
                break;
            case CodeInline code:
                shown.Append(code.Content);
                break;
            case LineBreakInline:
                shown.Append('\n');
                break;
            case AutolinkInline address:
                shown.Append(address.Url);
                links.Add(address.IsEmail ? $"mailto:{address.Url}" : address.Url);
                break;
            case LinkInline link when (link.GetDynamicUrl?.Invoke() ?? link.Url) is { } url:
                if (link is { IsImage: true, FirstChild: null })
                    shown.Append(url);
                if (IsAllowed(url))
                    links.Add(url);
                break;
        }
    }
}
