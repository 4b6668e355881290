using TinyForum.Api;
using TinyForum.Data;

namespace TinyForum.Web;

/// <summary>What moderators and admins do with accounts: suspending, and giving roles.</summary>
internal static class SuspensionPages
{
    public static ValueTask List(Call call)
    {
        var accounts = call.Forum.Moderation.ListSuspended(PagePosition.DefaultSize, call.Position("page suspended"));
        return Page.Write(call, w => w.Suspended, page =>
        {
            var (o, w) = (page.Out, page.Words);
            ModerationPages.Begin(page, w.Suspended);
            if (accounts.Items.Count == 0)
                o.Write($"<p class=\"empty\">{w.EmptyList}</p>\n");
            o.Write($"<ul class=\"threads\">\n");
            foreach (var (user, role, suspension) in accounts.Items)
            {
                o.Write($"<li><p>{user}</p>\n");
                Show(page, user, role, suspension);
                o.Write($"</li>\n");
            }
            o.Write($"</ul>\n");
            ThreadPages.Paging(page, call.Next("page suspended", accounts.Next));
        });
    }

    /// <summary>Says that an account is suspended, with the button that ends it if the caller may.</summary>
    public static void Show(Page page, User user, Role role, Suspension suspension)
    {
        var (o, w) = (page.Out, page.Words);
        o.Write($"<p class=\"meta\">{w.Suspended}");
        if (suspension.Until is { } until)
            o.Write($" {w.Expires} {until}");
        o.Write($"</p>\n<p dir=\"auto\">{suspension.Reason}</p>\n");
        if (Permissions.MaySuspend(page.Call.Caller, user.Id, role) && page.Call.Forum.Spam.IsMarked(user))
            page.Button(Url.User(user.Username, "/unspam"), w.Unspam);
        else if (Permissions.MaySuspend(page.Call.Caller, user.Id, role))
            page.Button(Url.User(user.Username, "/lift"), w.Lift);
    }

    public static ValueTask Suspend(Call call)
    {
        call.Forum.Moderation.RequireMaySuspend(call.User, Found(call));
        return Suspend(call, Form.Empty, mistakes: null);
    }

    public static async ValueTask DoSuspend(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        await Forms.SubmitAsync(call, form, async () =>
        {
            await call.Forum.Moderation.SuspendAsync(call.User, Found(call), form["reason"], Until(form["until"]), form["invited"] == "1")
                .ConfigureAwait(false);
            return Url.User(call.Username).ToString();
        }, mistakes => Suspend(call, form, mistakes)).ConfigureAwait(false);
    }

    public static ValueTask Lift(Call call) => Forms.DoAsync(call, async () =>
    {
        await call.Forum.Moderation.LiftSuspensionAsync(call.User, Found(call)).ConfigureAwait(false);
        return Url.User(call.Username).ToString();
    });

    public static ValueTask Spam(Call call) => Forms.DoAsync(call, async () =>
    {
        var (user, isInQueue) = (Found(call), call.Exchange.Header("Referer")?.Contains("/moderation/held", StringComparison.Ordinal) == true);
        await call.Forum.Spam.MarkAsync(call.User, user).ConfigureAwait(false);
        return isInQueue ? "/moderation/held" : Url.User(call.Username).ToString();
    });

    public static ValueTask Unspam(Call call) => Forms.DoAsync(call, async () =>
    {
        await call.Forum.Spam.UndoAsync(call.User, Found(call)).ConfigureAwait(false);
        return Url.User(call.Username).ToString();
    });

    public static ValueTask Role(Call call) => call.Forum.Users.FindAccount(call.Username) is { Id: User.SystemId }
        ? throw UserStore.SystemHasNoRole() : Role(call, Form.Empty, mistakes: null);

    public static async ValueTask SaveRole(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        await Forms.SubmitAsync(call, form, async () =>
        {
            await Api.Endpoints.Profiles.SetRole(call, new(form["role"])).ConfigureAwait(false);
            return Url.User(call.Username).ToString();
        }, mistakes => Role(call, form, mistakes)).ConfigureAwait(false);
    }

    private static ValueTask Suspend(Call call, Form form, IReadOnlyDictionary<string, string>? mistakes)
    {
        var user = Found(call);
        return Page.Write(call, w => w.Suspend, page =>
        {
            var (o, w) = (page.Out, page.Words);
            o.Write($"<h1>{w.Suspend}{w.Colon}{user}</h1>\n<p>{w.SuspendHelp}</p>\n");
            Forms.Begin(page, Url.User(user.Username, "/suspend"), form, mistakes);
            Forms.Area(page, "reason", w.Reason, form["reason"], mistakes);
            Forms.Line(page, "until", w.Until, form["until"], mistakes, w.UntilHelp, type: "datetime-local");
            Forms.Choice(page, "invited", w.WithInvited, form["invited"], [("0", w.No), ("1", w.Yes)], mistakes);
            Forms.End(page, w.Suspend);
        });
    }

    private static ValueTask Role(Call call, Form form, IReadOnlyDictionary<string, string>? mistakes)
    {
        var account = call.Forum.Users.FindAccount(call.Username) ?? throw RefusalException.NotFound("user");
        return Page.Write(call, w => w.Role, page =>
        {
            var (o, w) = (page.Out, page.Words);
            o.Write($"<h1>{w.Role}{w.Colon}{new User(account.Id, account.Username)}</h1>\n");
            Forms.Begin(page, Url.User(account.Username, "/role"), form, mistakes);
            Forms.Choice(page, "role", w.Role, form.Or("role", RoleName.Of(account.Role)),
                [(RoleName.All[0], w.Member), (RoleName.All[1], w.Moderator), (RoleName.All[2], w.Admin)], mistakes);
            Forms.End(page, w.Save);
        });
    }

    /// <summary>A time as a browser's field has it, or as the API does, in UTC; none if it is empty.</summary>
    private static DateTimeOffset? Until(string text) => text.Length == 0 ? null
        : Rfc3339.TryParse(text, out var time) || Rfc3339.TryParse($"{text}Z", out time) || Rfc3339.TryParse($"{text}:00Z", out time)
            || Rfc3339.TryParse($"{text}T00:00:00Z", out time) ? time
        : throw RefusalException.Invalid("until", "must be a time such as 2026-01-31T09:30:00Z");

    private static User Found(Call call) => call.Forum.Users.Find(call.Username) ?? throw RefusalException.NotFound("user");
}
