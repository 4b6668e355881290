using TinyForum.Api;
using TinyForum.Data;

namespace TinyForum.Web;

/// <summary>Reports, and what moderators do: with posts, threads and accounts; and the public log of it.</summary>
internal static class ModerationPages
{
    private const int MaxShown = 99; // of the reports that wait

    public static ValueTask Report(Call call) =>
        Report(call, Found(call) is { DeletedBy: null } post ? post : throw RefusalException.NotFound("post"), Form.Empty, mistakes: null);

    public static async ValueTask SendReport(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        await Forms.SubmitAsync(call, form, async () =>
        {
            var post = Found(call);
            await call.Forum.Reports.CreateAsync(call.User, call.Id, form["reason"], form.Key(call)).ConfigureAwait(false);
            return ThreadPages.PlaceOf(call, post.ThreadId, post.Number, isReported: true);
        }, mistakes => Report(call, Found(call), form, mistakes)).ConfigureAwait(false);
    }

    /// <summary>The reports with their posts in place; those of one post that wait stand together, where the oldest is.</summary>
    public static ValueTask Reports(Call call)
    {
        var state = call.Query("state", ReportState.Open, ("open", ReportState.Open), ("resolved", ReportState.Resolved));
        var list = $"page reports {state}";
        var reports = call.Forum.Reports.List(state, PagePosition.DefaultSize, call.Position(list));
        return Page.Write(call, w => w.Moderation, page =>
        {
            var (o, w) = (page.Out, page.Words);
            Begin(page, state == ReportState.Open ? w.OpenReports : w.ResolvedReports);
            if (reports.Items.Count == 0)
                o.Write($"<p class=\"empty\">{w.NoReports}</p>\n");
            if (state == ReportState.Open)
                Open(page, reports.Items);
            else
            {
                foreach (var report in reports.Items)
                    Show(page, [report], null);
            }
            ThreadPages.Paging(page, call.Next(list, reports.Next));
        });
    }

    /// <summary>The heading of what moderators do, with the ways to all of it.</summary>
    public static void Begin(Page page, string current)
    {
        var (o, w, forum) = (page.Out, page.Words, page.Call.Forum);
        o.Write($"<h1>{w.Moderation}</h1>\n<nav class=\"sorts\" aria-label=\"{w.Moderation}\">");
        Tab("/moderation", w.OpenReports);
        Tab("/moderation?state=resolved", w.ResolvedReports);
        Tab("/moderation/held", w.Held, forum.Held.CountWaiting(MaxShown + 1));
        Tab("/moderation/applications", w.Applications, forum.Registration.CountApplications());
        Tab("/moderation/suspended", w.Suspended);
        if (page.Call.Caller?.Role == Role.Admin)
            Tab("/moderation/settings", w.Settings);
        o.Write($"</nav>\n");

        void Tab(string path, string label, long waiting = 0)
        {
            o.Write($"<a href=\"{new Url(path)}\"{new Html(label == current ? " aria-current=\"page\"" : "")}>{label}");
            if (waiting > 0)
                o.Write($" <span class=\"count\">{Count(waiting)}</span>");
            o.Write($"</a> ");
        }
    }

    private static string Count(long waiting) => FormattableString.Invariant($"{Math.Min(waiting, MaxShown)}{(waiting > MaxShown ? "+" : "")}");

    /// <summary>Ends what is reported of a post up to a report, with the post or without.</summary>
    public static async ValueTask Resolve(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        var isDeleting = form["outcome"] == "delete";
        await Forms.SubmitAsync(call, form, async () =>
        {
            var resolution = form.OrNull("resolution") ?? (isDeleting ? Words.English.DeletedByReport : Words.English.DismissedReport);
            await call.Forum.Reports.ResolveOpenAsync(call.User, call.Id, resolution, isDeleting).ConfigureAwait(false);
            return "/moderation";
        }, mistakes => Page.Write(call, w => w.Moderation, page =>
        {
            var (o, w) = (page.Out, page.Words);
            o.Write($"<h1>{w.Moderation}</h1>\n");
            if (call.Caller?.Role >= Role.Moderator && call.Forum.Reports.Find(call.Id) is { } report)
                Show(page, [report], null);
            Forms.Begin(page, new Url("/reports/", call.Id), form, mistakes);
            o.Write($"<input type=\"hidden\" name=\"outcome\" value=\"{form["outcome"]}\">\n");
            Forms.Line(page, "resolution", w.Resolution, form["resolution"], mistakes);
            Forms.End(page, isDeleting ? w.DeletePost : w.Dismiss);
        })).ConfigureAwait(false);
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
            var titles = call.Forum.Posts.PlacesOf([.. entries.Items.Select(e => e.PostId).OfType<long>()]);
            foreach (var entry in entries.Items)
                Entry(page, entry, entry.PostId is { } post ? titles.GetValueOrDefault(post) : default);
            o.Write($"</ul>\n");
            ThreadPages.Paging(page, call.Next("page moderation log", entries.Next));
        });
    }

    private static void Entry(Page page, ModerationEntry entry, (string? Title, long Number, long Thread) post)
    {
        var (o, w) = (page.Out, page.Words);
        o.Write($"<li><p>{entry.Actor} {w.Happened(entry.Action)}");
        if (entry.PostId is { } id)
            o.Write($"{w.Colon}<a href=\"{Url.Post(id)}\" dir=\"auto\">{post.Title ?? w.DeletedThread}</a>");
        if (post.Number > 0)
            o.Write($" #{post.Number}");
        if (entry.User is { } user)
            o.Write($"{w.Colon}{user}");
        o.Write($"</p>\n<p class=\"meta\">{entry.CreatedAt}</p>");
        if (entry.Reason is not null)
            o.Write($"<p dir=\"auto\">{(entry.Action == "role" && RoleName.Parse(entry.Reason) is { } role ? w.RoleOf(role) : w.Said(entry.Reason))}</p>");
        o.Write($"</li>\n");
    }

    /// <summary>The way to the reports, with how many wait.</summary>
    public static void Link(Page page)
    {
        var (o, w) = (page.Out, page.Words);
        var (reports, held, applications) = (
            page.Call.Forum.Reports.CountOpen(MaxShown + 1), page.Call.Forum.Held.CountWaiting(MaxShown + 1), page.Call.Forum.Registration.CountApplications());
        var first = reports > 0 ? "" : held > 0 ? "/held" : applications > 0 ? "/applications" : "";
        o.Write($"<a href=\"{new Url("/moderation", Rest: first)}\">");
        o.Write($"{w.Moderation}");
        if (reports + held + applications > 0)
            o.Write($" <span class=\"count\">{Count(reports + held + applications)}</span>");
        o.Write($"</a>\n");
    }

    private static void Open(Page page, IReadOnlyList<Report> reports)
    {
        foreach (var some in reports.GroupBy(r => r.PostId))
        {
            var all = page.Call.Forum.Reports.List(ReportState.Open, PagePosition.DefaultSize, from: null, some.Key).Items;
            if (all.Count > 0 && all[0].Id >= some.First().Id) // else they are on a page before
                Show(page, all, all[^1].Id);
        }
    }

    /// <summary>Shows a post with what is reported of it.</summary>
    /// <param name="page">The page.</param>
    /// <param name="reports">The reports, of one post.</param>
    /// <param name="last">The last of those that are to be resolved, if some are.</param>
    private static void Show(Page page, IReadOnlyList<Report> reports, long? last)
    {
        var (o, w, call, id) = (page.Out, page.Words, page.Call, reports[0].Id);
        var post = call.Forum.Posts.Find(reports[0].PostId, call.Caller);
        o.Write($"<section class=\"report\" aria-labelledby=\"report-{id}\">\n<h2 id=\"report-{id}\">{w.Report} {id}</h2>\n");
        if (post is not null)
        {
            o.Write($"<h3 dir=\"auto\"><a href=\"{Url.Post(post.Id)}\">{call.Forum.Posts.Titles([post.ThreadId])[post.ThreadId]}</a></h3>\n");
            PostPages.Article(page, post);
        }
        foreach (var report in reports)
        {
            o.Write($"<p class=\"meta\">{w.ReportedBy} {report.Reporter} · {report.CreatedAt}</p>\n");
            o.Write($"<p class=\"said\" dir=\"auto\">{report.Reason}</p>\n");
            if (report is { Resolution: { } resolution, ResolvedAt: { } at })
            {
                o.Write($"<p class=\"meta\">{w.Resolved} · {new Name(report.ResolvedBy?.Username ?? "")} · {at}</p>\n");
                o.Write($"<p class=\"said\" dir=\"auto\">{w.Said(resolution)}</p>\n");
            }
        }
        if (last is { } number)
        {
            o.Write($"<form method=\"post\" action=\"{new Url("/reports/", number)}\" class=\"row\">");
            o.Write($"<label for=\"resolution-{number}\">{w.Resolution}</label>\n");
            o.Write($"<input id=\"resolution-{number}\" name=\"resolution\" type=\"text\" dir=\"auto\" autocomplete=\"off\">\n");
            o.Write($"<button class=\"link\" name=\"outcome\" value=\"dismiss\">{w.Dismiss}</button>\n");
            if (post is { DeletedBy: null })
                o.Write($"<button class=\"link\" name=\"outcome\" value=\"delete\">{w.DeletePost}</button>\n");
            o.Write($"</form>\n");
        }
        if (post is not null && call.Forum.Users.FindAccount(post.Author.Id) is { } author && Permissions.MaySuspend(call.Caller, author.Id, author.Role))
        {
            o.Write($"<div class=\"tools\"><a href=\"{Url.User(author.Username, "/suspend")}\">{w.Suspend} {new Name(author.Username)}</a> ");
            page.Button(Url.User(author.Username, "/spam"), w.Spam);
            o.Write($"</div>\n");
        }
        o.Write($"</section>\n");
    }

    private static ValueTask Report(Call call, Post post, Form form, IReadOnlyDictionary<string, string>? mistakes) => Page.Write(call, w => w.Report, page =>
    {
        var (o, w) = (page.Out, page.Words);
        PostPages.Heading(page, w.Report, post);
        o.Write($"<p>{w.ReportHelp}</p>\n");
        PostPages.Article(page, post);
        Forms.Begin(page, Url.Post(post.Id, "/report"), form, mistakes);
        Forms.Area(page, "reason", w.Reason, form["reason"], mistakes);
        Forms.End(page, w.Report);
    });

    private static ValueTask Thread(Call call, Func<long, Task<bool>> change) => Forms.DoAsync(call, async () =>
        await change(call.Id).ConfigureAwait(false) ? $"/posts/{call.Id}" : throw RefusalException.NotFound("thread"));

    private static Post Found(Call call) => call.Forum.Posts.Find(call.Id, call.Caller) ?? throw RefusalException.NotFound("post");
}
