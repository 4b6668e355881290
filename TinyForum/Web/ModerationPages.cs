using TinyForum.Api;
using TinyForum.Data;
using TinyForum.Text;

namespace TinyForum.Web;

/// <summary>Reports, and what moderators do: with posts, threads and accounts; and the public log of it.</summary>
internal static class ModerationPages
{
    private const int MaxShown = 99; // of the reports that wait

    public static ValueTask Report(Call call) => Report(call, Found(call), Form.Empty, mistakes: null);

    public static async ValueTask SendReport(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        var post = Found(call);
        await Forms.SubmitAsync(call, form, async () =>
        {
            await call.Forum.Reports.CreateAsync(call.User, call.Id, form["reason"], form.Key(call)).ConfigureAwait(false);
            return $"/posts/{call.Id}";
        }, mistakes => Report(call, post, form, mistakes)).ConfigureAwait(false);
    }

    /// <summary>The reports, with their posts in place.</summary>
    public static ValueTask Reports(Call call) => Reports(call, mistakes: null);

    /// <summary>Ends a report, with the post or without.</summary>
    public static async ValueTask Resolve(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        await Forms.SubmitAsync(call, form, async () =>
        {
            if (call.User.Role < Role.Moderator)
                throw Permissions.ModeratorsOnly();
            var report = call.Forum.Reports.Find(call.Id) ?? throw RefusalException.NotFound("report");
            if (report.ResolvedAt is not null)
                return "/moderation"; // by somebody else meanwhile
            var w = Preferences.Words(call.Exchange);
            var isDeleting = form["outcome"] == "delete";
            var resolution = form["resolution"] is { Length: > 0 } said ? said : isDeleting ? w.DeletedByReport : w.DismissedReport;
            RefusalException.ThrowIfInvalid(("resolution", TextRule.Reason.Check(resolution)));
            if (isDeleting && call.Forum.Posts.Find(report.PostId, call.User) is { DeletedBy: null })
                await call.Forum.Posts.DeleteAsync(call.User, report.PostId, resolution).ConfigureAwait(false);
            await call.Forum.Reports.ResolveAsync(call.User, call.Id, resolution).ConfigureAwait(false);
            return "/moderation";
        }, mistakes => Reports(call, mistakes)).ConfigureAwait(false);
    }

    public static ValueTask Pin(Call call) => Thread(call, id => call.Forum.Posts.PinAsync(call.User, id, pinned: true));

    public static ValueTask Unpin(Call call) => Thread(call, id => call.Forum.Posts.PinAsync(call.User, id, pinned: false));

    public static ValueTask Lock(Call call) => Thread(call, id => call.Forum.Posts.LockAsync(call.User, id, locked: true));

    public static ValueTask Unlock(Call call) => Thread(call, id => call.Forum.Posts.LockAsync(call.User, id, locked: false));

    public static ValueTask Log(Call call)
    {
        var entries = call.Forum.Moderation.List(PagePosition.DefaultSize, call.Position("page moderation log"));
        return Page.Write(call, w => w.ModerationLog, page =>
        {
            var (o, w) = (page.Out, page.Words);
            o.Write($"<h1>{w.ModerationLog}</h1>\n");
            if (entries.Items.Count == 0)
                o.Write($"<p class=\"empty\">{w.EmptyList}</p>\n");
            o.Write($"<ul class=\"threads\">\n");
            foreach (var entry in entries.Items)
            {
                o.Write($"<li><p class=\"meta\">{entry.CreatedAt} · {entry.Actor.Username} {w.Happened(entry.Action)}");
                if (entry.PostId is { } post)
                    o.Write($" · <a href=\"{Url.Post(post)}\">{post}</a>");
                if (entry.User is { } user)
                    o.Write($" · <a href=\"{Url.User(user.Username)}\">{user.Username}</a>");
                o.Write($"</p>");
                if (entry.Reason is not null)
                    o.Write($"<p dir=\"auto\">{entry.Reason}</p>");
                o.Write($"</li>\n");
            }
            o.Write($"</ul>\n");
            ThreadPages.Paging(page, call.Next("page moderation log", entries.Next));
        });
    }

    /// <summary>The way to the reports, with how many wait.</summary>
    public static void Link(Page page)
    {
        var (o, w) = (page.Out, page.Words);
        var waiting = page.Call.Forum.Reports.CountOpen(MaxShown + 1);
        o.Write($"<a href=\"{new Url("/moderation")}\">{w.Moderation}");
        if (waiting > 0)
            o.Write($" <span class=\"count\">{Math.Min(waiting, MaxShown)}{(waiting > MaxShown ? "+" : "")}</span>");
        o.Write($"</a>\n");
    }

    private static ValueTask Reports(Call call, IReadOnlyDictionary<string, string>? mistakes)
    {
        if (call.Caller is not { } caller) // a form that was refused leads here too
            throw ForumApi.LoginRequired();
        if (caller.Role < Role.Moderator)
            throw Permissions.ModeratorsOnly();
        var state = call.Query("state", ReportState.Open, ("open", ReportState.Open), ("resolved", ReportState.Resolved));
        var list = $"page reports {state}";
        var isForm = call.Exchange.Method == "POST"; // which has no cursor
        var reports = call.Forum.Reports.List(state, PagePosition.DefaultSize, isForm ? null : call.Position(list));
        return Page.Write(call, w => w.Moderation, page =>
        {
            var (o, w) = (page.Out, page.Words);
            o.Write($"<h1>{w.Moderation}</h1>\n<nav class=\"sorts\" aria-label=\"{w.Moderation}\">");
            Tab("", w.OpenReports, state == ReportState.Open);
            Tab("?state=resolved", w.ResolvedReports, state == ReportState.Resolved);
            o.Write($"<a href=\"{new Url("/moderation/suspended")}\">{w.Suspended}</a></nav>\n");
            Forms.Mistakes(page, mistakes);
            if (reports.Items.Count == 0)
                o.Write($"<p class=\"empty\">{w.NoReports}</p>\n");
            foreach (var report in reports.Items)
                Show(page, report);
            ThreadPages.Paging(page, call.Next(list, reports.Next));

            void Tab(string rest, string label, bool isCurrent) =>
                o.Write($"<a href=\"{new Url("/moderation", Rest: rest)}\"{new Html(isCurrent ? " aria-current=\"page\"" : "")}>{label}</a> ");
        });
    }

    private static void Show(Page page, Report report)
    {
        var (o, w, call) = (page.Out, page.Words, page.Call);
        var post = call.Forum.Posts.Find(report.PostId, call.Caller);
        o.Write($"<section class=\"report\" aria-labelledby=\"report-{report.Id}\">\n<h2 id=\"report-{report.Id}\" dir=\"auto\">{report.Reason}</h2>\n");
        o.Write($"<p class=\"meta\"><a href=\"{Url.User(report.Reporter.Username)}\">{report.Reporter.Username}</a> · {report.CreatedAt}");
        if (report is { Resolution: { } resolution, ResolvedAt: { } at })
            o.Write($" · {w.Resolved} {at} {report.ResolvedBy?.Username}</p>\n<p dir=\"auto\">{resolution}");
        o.Write($"</p>\n");
        if (post is not null)
            PostPages.Article(page, post, isAlone: true);
        if (report.ResolvedAt is null)
        {
            o.Write($"<form method=\"post\" action=\"{new Url("/reports/", report.Id)}\" class=\"row\">");
            o.Write($"<label for=\"resolution-{report.Id}\">{w.Resolution}</label>\n");
            o.Write($"<input id=\"resolution-{report.Id}\" name=\"resolution\" type=\"text\" dir=\"auto\">\n");
            o.Write($"<button class=\"link\" name=\"outcome\" value=\"dismiss\">{w.Dismiss}</button>\n");
            if (post is { DeletedBy: null })
                o.Write($"<button class=\"link\" name=\"outcome\" value=\"delete\">{w.DeletePost}</button>\n");
            o.Write($"</form>\n");
        }
        if (post is not null && post.Author.Id != call.User.Id)
            o.Write($"<p class=\"tools\"><a href=\"{Url.User(post.Author.Username, "/suspend")}\">{w.Suspend} {post.Author.Username}</a></p>\n");
        o.Write($"</section>\n");
    }

    private static ValueTask Report(Call call, Post post, Form form, IReadOnlyDictionary<string, string>? mistakes) => Page.Write(call, w => w.Report, page =>
    {
        var (o, w) = (page.Out, page.Words);
        o.Write($"<h1>{w.Report}: <a href=\"{Url.Post(post.Id)}\">#{post.Number}</a></h1>\n<p>{w.ReportHelp}</p>\n");
        PostPages.Article(page, post, isAlone: true);
        Forms.Begin(page, Url.Post(post.Id, "/report"), form, mistakes);
        Forms.Area(page, "reason", w.Reason, form["reason"], mistakes);
        Forms.End(page, w.Report);
    });

    private static ValueTask Thread(Call call, Func<long, Task<bool>> change) => Forms.DoAsync(call, async () =>
    {
        await change(call.Id).ConfigureAwait(false);
        return $"/posts/{call.Id}";
    });

    private static Post Found(Call call) => call.Forum.Posts.Find(call.Id, call.Caller) ?? throw RefusalException.NotFound("post");
}
