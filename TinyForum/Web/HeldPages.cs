using TinyForum.Api;
using TinyForum.Data;
using static System.FormattableString;

namespace TinyForum.Web;

/// <summary>Posts that wait for a moderator: as their author sees them, and the queue.</summary>
internal static class HeldPages
{
    private const int MaxHours = 1_000;

    /// <summary>The caller's own ones, and those that were declined.</summary>
    public static ValueTask Own(Call call)
    {
        var list = $"page held of {call.User.Id}";
        var held = call.Forum.Held.ListOwn(call.User, PagePosition.DefaultSize, call.Position(list));
        return Page.Write(call, w => w.Held, page =>
        {
            var (o, w) = (page.Out, page.Words);
            o.Write($"<h1>{w.Held}</h1>\n<p>{w.HeldHelp}</p>\n");
            if (held.Items.Count == 0)
                o.Write($"<p class=\"empty\">{w.EmptyList}</p>\n");
            foreach (var post in held.Items)
                Show(page, post);
            ThreadPages.Paging(page, call.Next(list, held.Next));
        });
    }

    /// <summary>The caller's own ones in a thread, or, without one, a line that says how many wait.</summary>
    public static void ShowOwn(Page page, long? threadId)
    {
        var (o, w) = (page.Out, page.Words);
        if (page.Call.Caller is not { } caller || page.Call.Forum.Held.OwnIn(caller, threadId) is not { Count: > 0 } held)
            return;
        if (threadId is null)
            o.Write($"<p class=\"note\"><a href=\"{new Url("/held")}\">{w.HeldCount(held.Count)}</a></p>\n");
        else
            foreach (var post in held)
                Show(page, post, isInPlace: true);
    }

    /// <summary>All that wait, with what may be done with each.</summary>
    public static ValueTask Queue(Call call)
    {
        var held = call.Forum.Held.List(PagePosition.DefaultSize, call.Position("page held"));
        return Page.Write(call, w => w.Held, page =>
        {
            ModerationPages.Begin(page, page.Words.Held);
            if (held.Items.Count == 0)
                page.Out.Write($"<p class=\"empty\">{page.Words.NoReports}</p>\n");
            else
                Clear(page);
            foreach (var post in held.Items)
                Decide(page, post);
            ThreadPages.Paging(page, call.Next("page held", held.Next));
        });
    }

    /// <summary>Removes the new accounts of the queue, after a flood.</summary>
    public static async ValueTask RemoveNew(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        await Forms.SubmitAsync(call, form, async () =>
        {
            var hours = int.TryParse(form["hours"], out var given) && given is > 0 and <= MaxHours
                ? given : throw RefusalException.Invalid("hours", $"must be 1 to {MaxHours}");
            await call.Forum.Spam.MarkNewAsync(call.User, call.Forum.Clock.GetUtcNow().AddHours(-hours)).ConfigureAwait(false);
            return "/moderation/held";
        }, mistakes => Queue(call)).ConfigureAwait(false);
    }

    private static void Clear(Page page)
    {
        var (o, w) = (page.Out, page.Words);
        o.Write($"<form method=\"post\" action=\"{new Url("/moderation/held")}\" class=\"row\">\n<label for=\"hours\">{w.RemoveNew}</label>\n");
        o.Write($"<select id=\"hours\" name=\"hours\"><option value=\"1\">{w.LastHour}</option><option value=\"24\">{w.LastDay}</option>");
        o.Write($"<option value=\"168\">{w.LastWeek}</option></select>\n<button class=\"link\">{w.Spam}</button></form>\n");
    }

    public static ValueTask Accept(Call call) => Forms.DoAsync(call, async () =>
    {
        _ = await call.Forum.Held.AcceptAsync(call.User, call.Id).ConfigureAwait(false) ?? throw RefusalException.NotFound("held post");
        return "/moderation/held";
    });

    public static async ValueTask Decline(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        await Forms.SubmitAsync(call, form, async () =>
        {
            return await call.Forum.Held.DeclineAsync(call.User, call.Id, form.OrNull("reason")).ConfigureAwait(false)
                ? "/moderation/held" : throw RefusalException.NotFound("held post");
        }, mistakes => Page.Write(call, w => w.Held, page =>
        {
            ModerationPages.Begin(page, page.Words.Held);
            Forms.Begin(page, new Url("/held/", call.Id, null, "/decline"), form, mistakes);
            Forms.Line(page, "reason", page.Words.Reason, form["reason"], mistakes);
            Forms.End(page, page.Words.Decline);
        })).ConfigureAwait(false);
    }

    public static ValueTask Withdraw(Call call) => Forms.DoAsync(call, async () =>
        await call.Forum.Held.WithdrawAsync(call.User, call.Id).ConfigureAwait(false) ? "/held" : throw RefusalException.NotFound("held post"));

    private static void Show(Page page, HeldPost held, bool isInPlace = false)
    {
        var (o, w) = (page.Out, page.Words);
        o.Write($"<article id=\"{Invariant($"h{held.Id}")}\" class=\"held\">\n<p class=\"meta\"><strong>");
        o.Write($"{(held.DeclinedAt is null ? w.Waits : w.Declined)}</strong> · {held.CreatedAt}</p>\n");
        if (held.Reason is not null)
            o.Write($"<p class=\"said\" dir=\"auto\">{held.Reason}</p>\n");
        Text(page, held, isInPlace);
        if (page.Call.Caller?.Id == held.Author.Id)
            page.Tools(new Url("/held/", held.Id, null, "/withdraw"), w.Withdraw);
        o.Write($"</article>\n");
    }

    private static void Decide(Page page, HeldPost held)
    {
        var (o, w, id) = (page.Out, page.Words, Invariant($"held-{held.Id}"));
        o.Write($"<section class=\"report\" aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{(held.ThreadId is null ? w.NewThread : w.Reply)} {held.Id}</h2>\n");
        o.Write($"<p class=\"meta\">{held.Author} · {held.CreatedAt} · ");
        o.Write($"{(held.Cause == HoldCause.New ? w.HeldAsNew : w.HeldByFilter)}</p>\n<article>\n");
        Text(page, held);
        o.Write($"</article>\n<form method=\"post\" action=\"{new Url("/held/", held.Id, null, "/decline")}\" class=\"row\">\n");
        o.Write($"<button class=\"button\" formaction=\"{new Url("/held/", held.Id, null, "/accept")}\">{w.Accept}</button>\n");
        o.Write($"<label for=\"reason-{id}\">{w.Reason}</label>\n");
        o.Write($"<input id=\"reason-{id}\" name=\"reason\" type=\"text\" dir=\"auto\" autocomplete=\"off\">\n");
        o.Write($"<button class=\"link\">{w.Decline}</button>\n");
        if (page.Call.Forum.Users.FindAccount(held.Author.Id) is { } author && Permissions.MaySuspend(page.Call.Caller, author.Id, author.Role))
            o.Write($"<button class=\"link\" formaction=\"{Url.User(author.Username, "/spam")}\">{w.Spam}</button>\n");
        o.Write($"</form>\n</section>\n");
    }

    private static void Text(Page page, HeldPost held, bool isInPlace = false)
    {
        var o = page.Out;
        if (held.ThreadId is { } thread && !isInPlace)
        {
            var head = page.Call.Forum.Posts.Find(thread, page.Call.Caller)?.Head;
            o.Write($"<p><a href=\"{Url.Post(thread)}\" dir=\"auto\">{head?.Title ?? page.Words.DeletedThread}</a></p>\n");
        }
        else if (held.Title is not null)
            o.Write($"<p dir=\"auto\"><strong>{held.Title}</strong></p>\n");
        if (held.Tags?.Count > 0)
            o.Write($"<p class=\"meta\">{string.Join(", ", held.Tags)}</p>\n");
        o.Write($"<div class=\"text\" dir=\"auto\">\n{new Html(page.Call.Html.Of(held.Body))}</div>\n");
    }
}
