using TinyForum.Api;
using TinyForum.Data;

namespace TinyForum.Web;

/// <summary>What was found, and what happened.</summary>
internal static class SearchPages
{
    public static async ValueTask Search(Call call)
    {
        var text = call.Query("q") is { Length: > 0 } q ? q : null;
        var list = $"page search {text}";
        Dictionary<string, string>? mistakes = null;
        SearchPage? found = null;
        try
        {
            found = text is null ? null
                : await call.Forum.Search.FindAsync(text, PagePosition.DefaultSize, call.Position(list), call.Caller).ConfigureAwait(false);
        }
        catch (RefusalException e) when (e is { Kind: RefusalKind.Invalid, Errors: { } errors } && errors.ContainsKey("q"))
        {
            mistakes = new(errors);
            call.Exchange.Status = 400;
        }
        await Page.Write(call, w => text ?? w.Search, page =>
        {
            var (o, w) = (page.Out, page.Words);
            o.Write($"<h1><label for=\"q\">{w.Search}</label></h1>\n");
            o.Write($"<form method=\"get\" action=\"{new Url("/search")}\" class=\"sheet\" role=\"search\">\n");
            Forms.Line(page, "q", label: null, text ?? "", mistakes, w.SearchHelp, type: "search");
            o.Write($"<div class=\"buttons\"><button class=\"button\">{w.Search}</button></div>\n</form>\n");
            if (found is { IsPartial: true })
                o.Write($"<p class=\"help\">{w.Partial}</p>\n");
            if (found is { Items.Count: 0 })
                o.Write($"<p class=\"empty\">{w.NothingFound}</p>\n");
            var titles = call.Forum.Posts.Titles([.. found?.Items.Where(h => h.Post.Head is null).Select(h => h.Post.ThreadId) ?? []]);
            foreach (var hit in found?.Items ?? [])
                Hit(page, hit, titles);
            ThreadPages.Paging(page, call.Next(list, found?.Next), next: w.Next);
        }).ConfigureAwait(false);
    }

    public static ValueTask Notifications(Call call)
    {
        var list = $"page notifications {call.User.Id}";
        var notifications = call.Forum.Notifications.List(call.User, PagePosition.DefaultSize, call.Position(list));
        return Page.Write(call, w => w.Notifications, page =>
        {
            var (o, w) = (page.Out, page.Words);
            o.Write($"<h1>{w.Notifications}</h1>\n");
            if (notifications.Items.Count == 0)
                o.Write($"<p class=\"empty\">{w.EmptyList}</p>\n");
            else if (notifications.Items.Any(n => !n.IsRead))
                page.Tools(new Url("/notifications/read"), w.MarkAllRead);
            o.Write($"<ul class=\"threads\">\n");
            foreach (var notification in notifications.Items)
                Notification(page, notification);
            o.Write($"</ul>\n");
            ThreadPages.Paging(page, call.Next(list, notifications.Next));
        });
    }

    public static ValueTask MarkNotificationsRead(Call call) => Forms.DoAsync(call, async () =>
    {
        await call.Forum.Notifications.MarkAllReadAsync(call.User).ConfigureAwait(false);
        return "/notifications";
    });

    private static void Notification(Page page, Notification notification)
    {
        var (o, w, post) = (page.Out, page.Words, notification.Post);
        o.Write($"<li><p>");
        if (!notification.IsRead)
            o.Write($"<span class=\"count\">{w.Unread}</span> ");
        if (notification.From is { } from)
            o.Write($"{from} ");
        o.Write($"{w.Happened(notification.Kind)}");
        if (post is not null)
            o.Write($"{w.Colon}<a href=\"{Url.Post(post.Id)}\" dir=\"auto\">{post.Title ?? w.DeletedThread}</a>");
        o.Write($"</p>\n<p class=\"meta\">");
        if (post?.Number > 0)
            o.Write($"#{post.Number} · ");
        o.Write($"{notification.CreatedAt}</p></li>\n");
    }

    private static void Hit(Page page, SearchHit hit, IReadOnlyDictionary<long, string> titles)
    {
        var (o, post) = (page.Out, hit.Post);
        var title = post.Head?.Title ?? titles.GetValueOrDefault(post.ThreadId, "");
        o.Write($"<article>\n<h2 dir=\"auto\"><a href=\"{Url.Post(post.Id)}\">");
        Marked(o, title, hit.MatchesIn(title));
        o.Write($"</a></h2>\n<p class=\"meta\">");
        if (post.Number > 0)
            o.Write($"#{post.Number} · ");
        o.Write($"{post.Author} · {post.CreatedAt}");
        if (post.Head is { } head)
        {
            o.Write($" · {page.Words.Replies(head.Replies)}");
            foreach (var tag in head.Tags)
                o.Write($" <a class=\"tag\" href=\"{Url.Tag(tag)}\">{new Name(tag)}</a>");
        }
        o.Write($"</p>\n<p dir=\"auto\">");
        Marked(o, hit.Excerpt, hit.Matches);
        o.Write($"</p>\n</article>\n");
    }

    private static void Marked(HtmlWriter o, string text, IEnumerable<(int Start, int End)> matches)
    {
        var shown = 0;
        foreach (var (start, end) in matches)
        {
            o.Write($"{text[shown..start]}<mark>{text[start..end]}</mark>");
            shown = end;
        }
        o.Write($"{text[shown..]}");
    }
}
