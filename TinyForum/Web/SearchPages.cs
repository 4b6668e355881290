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
            o.Write($"<h1>{w.Search}</h1>\n<form method=\"get\" action=\"{new Url("/search")}\" class=\"sheet\" role=\"search\">\n");
            Forms.Line(page, "q", w.Search, text ?? "", mistakes, w.SearchHelp, type: "search");
            o.Write($"<div class=\"buttons\"><button class=\"button\">{w.Search}</button></div>\n</form>\n");
            if (found is { IsPartial: true })
                o.Write($"<p class=\"help\">{w.Partial}</p>\n");
            if (found is { Items.Count: 0 })
                o.Write($"<p class=\"empty\">{w.NothingFound}</p>\n");
            foreach (var hit in found?.Items ?? [])
                Hit(page, hit);
            ThreadPages.Paging(page, call.Next(list, found?.Next));
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
            else
                page.Button(new Url("/notifications/read"), w.MarkRead);
            o.Write($"<ul class=\"threads\">\n");
            foreach (var notification in notifications.Items)
            {
                o.Write($"<li{new Html(notification.IsRead ? "" : " class=\"unread\"")}><p class=\"meta\">{notification.CreatedAt} · ");
                o.Write($"{w.Happened(notification.Kind)}");
                if (notification.From is { } from)
                    o.Write($" · <a href=\"{Url.User(from.Username)}\">{from.Username}</a>");
                if (notification.Post is { } post)
                    o.Write($" · <a href=\"{Url.Post(post.Id)}\">{post.Title ?? "?"} #{post.Number}</a>");
                o.Write($"</p></li>\n");
            }
            o.Write($"</ul>\n");
            ThreadPages.Paging(page, call.Next(list, notifications.Next));
        });
    }

    public static ValueTask MarkNotificationsRead(Call call) => Forms.DoAsync(call, async () =>
    {
        await call.Forum.Notifications.MarkAllReadAsync(call.User).ConfigureAwait(false);
        return "/notifications";
    });

    private static void Hit(Page page, SearchHit hit)
    {
        var o = page.Out;
        o.Write($"<article>\n<p class=\"meta\"><a href=\"{Url.Post(hit.Post.Id)}\">{hit.Post.Head?.Title ?? $"#{hit.Post.Number}"}</a> · ");
        o.Write($"{hit.Post.Author.Username} · {hit.Post.CreatedAt}</p>\n<p dir=\"auto\">");
        var shown = 0;
        foreach (var (start, end) in hit.Matches)
        {
            o.Write($"{hit.Excerpt[shown..start]}<mark>{hit.Excerpt[start..end]}</mark>");
            shown = end;
        }
        o.Write($"{hit.Excerpt[shown..]}</p>\n</article>\n");
    }
}
