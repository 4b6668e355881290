using TinyForum.Api;
using TinyForum.Api.Endpoints;
using TinyForum.Data;

namespace TinyForum.Web;

/// <summary>The caller's own account: profile, password, and its end.</summary>
internal static class SettingsPages
{
    public static ValueTask Profile(Call call) => Profile(call, Form.Empty, mistakes: null);

    public static async ValueTask SaveProfile(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        await Forms.SubmitAsync(call, form, async () =>
        {
            await call.Forum.Users.ChangeProfileAsync(call.User, form["display_name"], form["bio"]).ConfigureAwait(false);
            return Url.User(call.User.Username).ToString();
        }, mistakes => Profile(call, form, mistakes)).ConfigureAwait(false);
    }

    public static ValueTask Password(Call call)
    {
        Permissions.RequireOwnLogin(call.User);
        return Password(call, Form.Empty, mistakes: null);
    }

    public static async ValueTask SavePassword(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        await Forms.SubmitAsync(call, form, async () =>
        {
            CredentialPages.RequireSession(call);
            if (!await Me.SetPasswordAsync(call, new PasswordChange(form["current"], form["new"])).ConfigureAwait(false))
                throw RefusalException.Invalid("current", Me.WrongPasswordMessage);
            return "/settings/password?done=true";
        }, mistakes => Password(call, form, mistakes)).ConfigureAwait(false);
    }

    public static ValueTask End(Call call) => End(call, Form.Empty, mistakes: null);

    public static async ValueTask Erase(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        await Forms.SubmitAsync(call, form, async () =>
        {
            CredentialPages.RequireSession(call);
            if (!await Me.EraseAsync(call, form["current"]).ConfigureAwait(false))
                throw RefusalException.Invalid("current", Me.WrongPasswordMessage);
            return "/";
        }, mistakes => End(call, form, mistakes)).ConfigureAwait(false);
    }

    /// <summary>Begins a page of the settings: its heading, and the ways to the others.</summary>
    public static void Begin(Page page, string title)
    {
        var (o, w) = (page.Out, page.Words);
        o.Write($"<h1>{title}</h1>\n");
        if (page.Call.Caller is not null)
        {
            o.Write($"<nav class=\"sorts\" aria-label=\"{w.Settings}\">");
            foreach (var (path, label) in (ReadOnlySpan<(string, string)>)
                [
                    ("/settings", w.Profile), ("/settings/password", w.Password), ("/settings/look", w.Look), ("/sessions", w.Sessions),
                    ("/tokens", w.Tokens), ("/blocks", w.Blocks), ("/settings/erase", w.YourData),
                ])
            {
                if (page.Call.Caller.IsExternal && path is ("/settings/password" or "/sessions" or "/tokens"))
                    continue; // it has none of these
                o.Write($"<a href=\"{new Url(path)}\"{new Html(label == title ? " aria-current=\"page\"" : "")}>{label}</a> ");
            }
            o.Write($"</nav>\n");
        }
        if (page.Call.Flag("done"))
            o.Write($"<p class=\"done\" role=\"status\">{w.Done}</p>\n");
    }

    private static ValueTask Profile(Call call, Form form, IReadOnlyDictionary<string, string>? mistakes) => Page.Write(call, w => w.Profile, page =>
    {
        var w = page.Words;
        var account = call.Caller is null ? null : call.Forum.Users.FindAccount(call.User.Id);
        Begin(page, w.Profile);
        Forms.Begin(page, new Url("/settings"), form, mistakes);
        Forms.Line(page, "display_name", w.DisplayName, form.Or("display_name", account?.DisplayName), mistakes, w.DisplayNameHelp, autocomplete: "nickname");
        Forms.Area(page, "bio", w.Bio, form.Or("bio", account?.Bio), mistakes, w.MarkdownHelp);
        Forms.End(page, w.Save);
    });

    private static ValueTask Password(Call call, Form form, IReadOnlyDictionary<string, string>? mistakes) => Page.Write(call, w => w.Password, page =>
    {
        var w = page.Words;
        Begin(page, w.Password);
        Forms.Begin(page, new Url("/settings/password"), form, mistakes);
        if (call.Caller is { } caller) // tells password managers whose it is; it has no name, and is not sent
            page.Out.Write($"<input type=\"text\" autocomplete=\"username\" value=\"{caller.Username}\" readonly hidden>\n");
        Forms.Line(page, "current", w.CurrentPassword, "", mistakes, type: "password", autocomplete: "current-password");
        Forms.Line(page, "new", w.NewPassword, "", mistakes, w.PasswordHelp, type: "password", autocomplete: "new-password");
        Forms.End(page, w.Save);
    });

    private static ValueTask End(Call call, Form form, IReadOnlyDictionary<string, string>? mistakes) => Page.Write(call, w => w.YourData, page =>
    {
        var (o, w) = (page.Out, page.Words);
        Begin(page, w.YourData);
        o.Write($"<p>{w.ExportHelp}</p>\n<p><a class=\"button\" href=\"{new Url("/api/me/export")}\" download>{w.Export}</a></p>\n");
        o.Write($"<section aria-labelledby=\"erase\">\n<h2 id=\"erase\">{w.Erase}</h2>\n<p>{w.EraseHelp}</p>\n");
        Forms.Begin(page, new Url("/settings/erase"), form, mistakes);
        if (call.Caller is not { IsExternal: true })
            Forms.Line(page, "current", w.CurrentPassword, "", mistakes, type: "password", autocomplete: "current-password");
        Forms.End(page, w.Erase);
        o.Write($"</section>\n");
    });
}
