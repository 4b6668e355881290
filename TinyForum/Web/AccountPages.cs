using TinyForum.Api;
using TinyForum.Api.Endpoints;
using TinyForum.Data;
using TinyForum.Http;

namespace TinyForum.Web;

/// <summary>Registering, logging in and out, and users as others see them.</summary>
internal static class AccountPages
{
    public static ValueTask LogIn(Call call) => ShowToStranger(call, w => w.LogIn, () => LogIn(call, Form.Empty, mistakes: null));

    public static async ValueTask DoLogIn(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        await Forms.SubmitAsync(call, form, () => Onward(form), mistakes => LogIn(call, form, mistakes), before: () => LeaveAsync(call)).ConfigureAwait(false);
    }

    public static ValueTask Register(Call call) => ShowToStranger(call, w => w.Register, () => Register(call, Form.Empty, mistakes: null));

    public static async ValueTask DoRegister(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        var waits = false;
        await Forms.SubmitAsync(call, form, () => Onward(form), mistakes =>
        {
            if (!waits)
                return Register(call, form, mistakes);
            call.Exchange.Status = 202;
            return ApplicationPages.Sent(call);
        }, before: async () => waits = await RegisterAsync(call, form).ConfigureAwait(false)).ConfigureAwait(false);
    }

    /// <summary>Whoever sends it becomes somebody else: it counts for who it was, if anybody, as in the API.</summary>
    private static Task LeaveAsync(Call call)
    {
        call.RateLimits.Count(call, changes: true);
        call.Caller = null;
        return Task.CompletedTask;
    }

    /// <returns>Whether it waits for a moderator: then the login that follows is refused.</returns>
    private static async Task<bool> RegisterAsync(Call call, Form form)
    {
        await LeaveAsync(call).ConfigureAwait(false);
        var request = new RegistrationRequest(form["username"], form["password"], form.OrNull("application"), form.OrNull("invitation"));
        try
        {
            return await Accounts.Register(call, request).ConfigureAwait(false) is ApplicationSent;
        }
        catch (HttpRefusalException e) when (e.Status == 200) // taken: by the same form, if it was sent twice
        {
            try
            {
                await LogInAsync(call, form).ConfigureAwait(false);
            }
            catch (HttpRefusalException)
            {
                throw e;
            }
            return false;
        }
    }

    public static async ValueTask LogOut(Call call)
    {
        await Form.ReadAsync(call).ConfigureAwait(false);
        if (call.Caller?.SessionId is not null)
            await Accounts.LogOut(call).ConfigureAwait(false);
        Page.Redirect(call.Exchange, "/");
    }

    /// <summary>Starts a session with the name and the password of a form; the call goes on as its user's.</summary>
    public static async Task LogInAsync(Call call, Form form)
    {
        var token = await Accounts.StartSessionAsync(call, new Credentials(form["username"], form["password"])).ConfigureAwait(false);
        (call.Credential, call.Caller) = (token, call.Forum.Sessions.Find(token));
    }

    public static ValueTask User(Call call)
    {
        var account = call.Forum.Users.FindAccount(call.Username) ?? throw RefusalException.NotFound("user");
        var list = $"page threads of {account.Id}";
        var threads = call.Forum.Posts.Threads(new ThreadFilter(account.Id), PagePosition.DefaultSize, call.Position(list), call.Caller);
        return Page.Write(call, _ => account.Username, page =>
        {
            var (o, w) = (page.Out, page.Words);
            o.Write($"<h1 dir=\"auto\">{account.DisplayName ?? account.Username}</h1>\n<p class=\"meta\">");
            if (account.DisplayName is not null)
                o.Write($"{new Name(account.Username)} · ");
            o.Write($"{w.RoleOf(account.Role)} · {w.Since} {account.CreatedAt} · ");
            o.Write($"<a href=\"{Url.User(account.Username, "/posts")}\">{w.Posts(account.Posts)}</a>");
            if (account.InvitedBy is { } inviter)
                o.Write($" · {w.InvitedBy} {inviter}");
            o.Write($" · <a href=\"{Url.User(account.Username, "/invited")}\">{w.Invited}</a></p>\n");
            if (account.Bio is not null)
                o.Write($"<div class=\"text\" dir=\"auto\">\n{new Html(PostHtml.OfMessage(account.Bio))}</div>\n");
            if (call.Caller is { } caller && caller.Id != account.Id)
            {
                o.Write($"<div class=\"tools\"><a href=\"{new Url("/messages/new?to=", null, account.Username)}\">{w.WriteMessage}</a> ");
                page.Button(new Url("/blocks/", null, account.Username), w.Block);
                if (Permissions.MaySuspend(caller, account.Id, account.Role))
                {
                    o.Write($"<a href=\"{Url.User(account.Username, "/suspend")}\">{w.Suspend}</a> ");
                    if (!call.Forum.Spam.IsMarked(new User(account.Id, account.Username)))
                        page.Button(Url.User(account.Username, "/spam"), w.Spam);
                }
                if (caller.Role == Role.Admin && account.Id != Data.User.SystemId)
                {
                    o.Write($"<a href=\"{Url.User(account.Username, "/role")}\">{w.Role}</a> ");
                    page.Button(Url.User(account.Username, "/password-link"), w.PasswordLink);
                }
                o.Write($"</div>\n");
                call.EndsByTime = caller.Role >= Role.Moderator && account.Suspension is { Until: not null };
                if (caller.Role >= Role.Moderator && account.Suspension is { } suspension && !(suspension.Until <= call.Forum.Clock.GetUtcNow()))
                    SuspensionPages.Show(page, new User(account.Id, account.Username), account.Role, suspension);
            }
            else if (call.Caller is not null)
                o.Write($"<div class=\"tools\"><a href=\"{new Url("/settings")}\">{w.Settings}</a></div>\n");
            o.Write($"<h2>{w.Threads}</h2>\n");
            ThreadPages.Rows(page, threads.Items);
            ThreadPages.Paging(page, call.Next(list, threads.Next), Url.User(account.Username, "/feed"));
        }, Url.User(account.Username, "/feed"));
    }

    /// <summary>What a user wrote, threads and replies.</summary>
    public static ValueTask Posts(Call call)
    {
        var account = call.Forum.Users.FindAccount(call.Username) ?? throw RefusalException.NotFound("user");
        var list = $"page posts of {account.Id}";
        var posts = call.Forum.Posts.AuthorFeed(account.Id, call.Position(list));
        return Page.Write(call, w => $"{account.Username}: {w.AllPosts}", page =>
        {
            var (o, w) = (page.Out, page.Words);
            o.Write($"<h1>{new User(account.Id, account.Username)}{w.Colon}{w.AllPosts}</h1>\n");
            if (posts.Posts.Count == 0)
                o.Write($"<p class=\"empty\">{w.EmptyList}</p>\n");
            foreach (var (post, title) in posts.Posts)
            {
                o.Write($"<article>\n<p class=\"meta\"><a href=\"{Url.Post(post.Id)}\" dir=\"auto\">{title}</a> · #{post.Number} · {post.CreatedAt}</p>\n");
                o.Write($"<div class=\"text\" dir=\"auto\">\n{new Html(call.Html.Of(post))}</div>\n</article>\n");
            }
            ThreadPages.Paging(page, call.Next(list, posts.Next), Url.User(account.Username, "/feed"));
        }, Url.User(account.Username, "/feed"));
    }

    private static ValueTask LoggedIn(Call call, Func<Words, string> title) => Page.Write(call, title, page =>
    {
        var (o, w) = (page.Out, page.Words);
        o.Write($"<h1>{title(w)}</h1>\n<p>{w.LoggedInAs}{w.Colon}{call.User}</p>\n<div class=\"tools\">");
        o.Write($"<a href=\"{new Url(Page.Within(call.Query("next") ?? "/"))}\">{w.GoOn}</a> ");
        page.Button(new Url("/logout"), w.LogOut);
        o.Write($"</div>\n");
    });

    /// <summary>Shows a form to get in by, unless the reader is in already, or another program lets readers in.</summary>
    private static ValueTask ShowToStranger(Call call, Func<Words, string> title, Func<ValueTask> show)
    {
        if (call.External is not null)
            Page.Redirect(call.Exchange, Page.Within(call.Query("next") ?? "/"));
        return call.External is not null ? default : call.Caller is null ? show() : LoggedIn(call, title);
    }

    private static ValueTask LogIn(Call call, Form form, IReadOnlyDictionary<string, string>? mistakes) => Page.Write(call, w => w.LogIn, page =>
    {
        var w = page.Words;
        page.Out.Write($"<h1>{w.LogIn}</h1>\n");
        Forms.Begin(page, new Url("/login"), form, mistakes);
        if (mistakes is null)
            Forms.Login(page, form, mistakes);
        Ending(page, form, w.LogIn);
        page.Out.Write($"<p>{w.NoAccount} <a href=\"{Other(page, form, "/register")}\">{w.Register}</a></p>\n");
        page.Out.Write($"<p class=\"help\">{w.LostPassword}</p>\n");
    });

    private static ValueTask Register(Call call, Form form, IReadOnlyDictionary<string, string>? mistakes) => Page.Write(call, w => w.Register, page =>
    {
        var w = page.Words;
        page.Out.Write($"<h1>{w.Register}</h1>\n");
        var registration = page.Call.Forum.Policy.Current.Registration;
        var invitation = form.Or("invitation", page.Call.Query("invitation"));
        if (registration == Registration.Closed)
        {
            page.Out.Write($"<p>{w.RegistrationClosed}</p>\n");
            return;
        }
        Forms.Begin(page, new Url("/register"), form, mistakes, hasLogin: true);
        if (registration == Registration.Invite || invitation.Length > 0)
            Forms.Line(page, "invitation", w.Invitation, invitation, mistakes, w.InvitationHelp);
        Forms.Login(page, form, mistakes, isNew: true);
        if (registration == Registration.Approval && invitation.Length == 0)
            Forms.Area(page, "application", w.Application, form["application"], mistakes, w.ApplicationHelp);
        Ending(page, form, w.Register);
        page.Out.Write($"<p>{w.HasAccount} <a href=\"{Other(page, form, "/login")}\">{w.LogIn}</a></p>\n");
    });

    private static Url Other(Page page, Form form, string path) => new(path, Rest: Page.Onward(form.Or("next", page.Call.Query("next"))));

    private static Task<string?> Onward(Form form) => Task.FromResult<string?>(Page.Within(form["next"]));

    private static void Ending(Page page, Form form, string label)
    {
        page.Out.Write($"<input type=\"hidden\" name=\"next\" value=\"{form.Or("next", page.Call.Query("next"))}\">\n");
        Forms.End(page, label);
    }
}
