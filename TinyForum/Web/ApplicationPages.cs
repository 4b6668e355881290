using TinyForum.Api;
using TinyForum.Data;
using static System.FormattableString;

namespace TinyForum.Web;

/// <summary>The way in: applications, and invitations with who came with whose.</summary>
internal static class ApplicationPages
{
    public static ValueTask List(Call call)
    {
        var applications = call.Forum.Registration.Applications(PagePosition.DefaultSize, call.Position("page applications"));
        return Page.Write(call, w => w.Applications, page =>
        {
            ModerationPages.Begin(page, page.Words.Applications);
            if (applications.Items.Count == 0)
                page.Out.Write($"<p class=\"empty\">{page.Words.NoReports}</p>\n");
            foreach (var application in applications.Items)
                Decide(page, application);
            ThreadPages.Paging(page, call.Next("page applications", applications.Next));
        });
    }

    public static ValueTask Accept(Call call) => Forms.DoAsync(call, async () =>
    {
        _ = await call.Forum.Registration.AcceptAsync(call.User, call.Id).ConfigureAwait(false) ?? throw RefusalException.NotFound("application");
        return "/moderation/applications";
    });

    public static async ValueTask Decline(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        await Forms.SubmitAsync(call, form, async () =>
        {
            return await call.Forum.Registration.DeclineAsync(call.User, call.Id, form.OrNull("reason")).ConfigureAwait(false)
                ? "/moderation/applications" : throw RefusalException.NotFound("application");
        }, mistakes => Page.Write(call, w => w.Applications, page =>
        {
            ModerationPages.Begin(page, page.Words.Applications);
            Forms.Begin(page, new Url("/applications/", call.Id, null, "/decline"), form, mistakes);
            Forms.Line(page, "reason", page.Words.Reason, form["reason"], mistakes);
            Forms.End(page, page.Words.Decline);
        })).ConfigureAwait(false);
    }

    /// <summary>Says that an application waits.</summary>
    public static ValueTask Sent(Call call) => Page.Write(call, w => w.Register, page =>
        page.Out.Write($"<h1>{page.Words.ApplicationSent}</h1>\n<p>{page.Words.ApplicationSentHelp}</p>\n"));

    public static ValueTask Invitations(Call call) => Invitations(call, Form.Empty, mistakes: null, link: null);

    public static async ValueTask Invite(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        await Forms.SubmitAsync(call, form, async () =>
        {
            var days = form.OrNull("expires_in_days") is not { } text ? InvitationStore.DefaultDays : long.TryParse(text, out var given) ? given : 0;
            var (secret, _) = await call.Forum.Invitations.CreateAsync(call.User, days).ConfigureAwait(false);
            call.Exchange.IsSecret = true;
            await Invitations(call, Form.Empty, mistakes: null, Api.Endpoints.Invitations.UrlOf(call, secret)).ConfigureAwait(false);
            return null;
        }, mistakes => Invitations(call, form, mistakes, link: null)).ConfigureAwait(false);
    }

    public static ValueTask EndInvitation(Call call) => Forms.DoAsync(call, async () =>
        await call.Forum.Invitations.EndAsync(call.User, call.Id).ConfigureAwait(false) ? "/invitations" : throw RefusalException.NotFound("invitation"));

    /// <summary>Who came with an invitation of a user.</summary>
    public static ValueTask Invited(Call call)
    {
        var inviter = call.Forum.Users.Find(call.Username) ?? throw RefusalException.NotFound("user");
        var list = $"page invited by {inviter.Id}";
        var invited = call.Forum.Invitations.InvitedBy(inviter, PagePosition.DefaultSize, call.Position(list));
        return Page.Write(call, w => $"{inviter.Username}: {w.Invited}", page =>
        {
            var (o, w) = (page.Out, page.Words);
            o.Write($"<h1>{inviter}{w.Colon}{w.Invited}</h1>\n");
            if (invited.Items.Count == 0)
                o.Write($"<p class=\"empty\">{w.EmptyList}</p>\n");
            o.Write($"<ul class=\"threads\">\n");
            foreach (var user in invited.Items)
            {
                o.Write($"<li><p>{user} · ");
                o.Write($"<a href=\"{Url.User(user.Username, "/invited")}\">{w.Invited}</a></p></li>\n");
            }
            o.Write($"</ul>\n");
            ThreadPages.Paging(page, call.Next(list, invited.Next));
        });
    }

    private static ValueTask Invitations(Call call, Form form, IReadOnlyDictionary<string, string>? mistakes, Uri? link) =>
        Page.Write(call, w => w.Invitations, page =>
        {
            var (o, w) = (page.Out, page.Words);
            SettingsPages.Begin(page, w.Invitations);
            o.Write($"<p>{w.InvitationsHelp}</p>\n");
            if (link is not null)
                o.Write($"<div class=\"done\" role=\"status\"><p>{w.InvitationOnce}</p>\n<p><code>{link.ToString()}</code></p></div>\n");
            if (call.Caller is not { } caller)
                return;
            o.Write($"<ul class=\"threads\">\n");
            foreach (var invitation in call.Forum.Invitations.List(caller))
            {
                o.Write($"<li><p>{w.Begun} {invitation.CreatedAt} · {w.Expires} {invitation.ExpiresAt}</p>\n");
                page.Button(new Url("/invitations/", invitation.Id, null, "/end"), w.Delete);
                o.Write($"</li>\n");
            }
            o.Write($"</ul>\n");
            Forms.Begin(page, new Url("/invitations"), form, mistakes);
            Forms.Line(page, "expires_in_days", w.Days, form.Or("expires_in_days", Invariant($"{InvitationStore.DefaultDays}")), mistakes, type: "number");
            Forms.End(page, w.Invite);
        });

    private static void Decide(Page page, Application application)
    {
        var (o, w, id) = (page.Out, page.Words, Invariant($"application-{application.Id}"));
        o.Write($"<section class=\"report\" aria-labelledby=\"{id}\">\n<h2 id=\"{id}\" dir=\"auto\">{application.Username}</h2>\n");
        o.Write($"<p class=\"meta\">{application.CreatedAt}</p>\n<p class=\"said\" dir=\"auto\">{application.Text}</p>\n");
        o.Write($"<form method=\"post\" action=\"{new Url("/applications/", application.Id, null, "/decline")}\" class=\"row\">\n");
        o.Write($"<button class=\"button\" formaction=\"{new Url("/applications/", application.Id, null, "/accept")}\">{w.Accept}</button>\n");
        o.Write($"<label for=\"reason-{id}\">{w.Reason}</label>\n");
        o.Write($"<input id=\"reason-{id}\" name=\"reason\" type=\"text\" dir=\"auto\" autocomplete=\"off\">\n");
        o.Write($"<button class=\"link\">{w.Decline}</button>\n</form>\n</section>\n");
    }
}
