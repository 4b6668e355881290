using TinyForum.Api;
using TinyForum.Data;
using TinyForum.Text;

namespace TinyForum.Web;

/// <summary>The versions of a post, newest first, each with what changed in it.</summary>
internal static class HistoryPages
{
    public static ValueTask Show(Call call)
    {
        var list = $"page history {call.Id}";
        var versions = call.Forum.Posts.History(call.Id, call.Caller, PagePosition.DefaultSize, call.Position(list)) ?? throw RefusalException.NotFound("post");
        var older = versions.Next is { } next ? call.Forum.Posts.History(call.Id, call.Caller, 1, next)?.Items : null;
        var post = call.Forum.Posts.Find(call.Id, call.Caller) ?? throw RefusalException.NotFound("post");
        PostVersion?[] before = [.. versions.Items.Skip(1), older is [var first, ..] ? first : null];
        return Page.Write(call, w => w.History, page =>
        {
            PostPages.Heading(page, page.Words.History, post);
            var difference = new TextDifference();
            foreach (var (version, previous) in versions.Items.Zip(before))
                Show(page, version, previous, difference);
            ThreadPages.Paging(page, call.Next(list, versions.Next));
        });
    }

    private static void Show(Page page, PostVersion version, PostVersion? before, TextDifference difference)
    {
        var (o, w) = (page.Out, page.Words);
        o.Write($"<article>\n<p class=\"meta\">{w.Version} {version.Revision} · {version.Editor} · {version.CreatedAt}</p>\n");
        if (version.Title is not null)
        {
            o.Write($"<h2 dir=\"auto\">");
            Write(o, difference, before?.Title ?? version.Title, version.Title);
            o.Write($"</h2>\n");
        }
        if (version.Tags is { Count: > 0 } || before?.Tags is { Count: > 0 })
        {
            o.Write($"<p class=\"meta\" dir=\"auto\">");
            var tags = string.Join(' ', version.Tags ?? []);
            Write(o, difference, before is null ? tags : string.Join(' ', before.Tags ?? []), tags);
            o.Write($"</p>\n");
        }
        o.Write($"<div class=\"source\" dir=\"auto\">");
        Write(o, difference, before?.Body ?? version.Body, version.Body);
        o.Write($"</div>\n</article>\n");
    }

    private static void Write(HtmlWriter o, TextDifference difference, string before, string after)
    {
        foreach (var (kind, text) in difference.Between(before, after))
        {
            if (kind == PieceKind.Same)
                o.Write($"{text}");
            else if (kind == PieceKind.Added)
                o.Write($"<ins>{text}</ins>");
            else
                o.Write($"<del>{text}</del>");
        }
    }
}
