using TinyForum.Api;
using TinyForum.Api.Endpoints;
using TinyForum.Data;

namespace TinyForum.Web;

/// <summary>Where links lead that work once, and where an admin makes one. What is in the query of such a page is on no other.</summary>
internal static class LinkPages
{
    public static ValueTask SetUp(Call call)
    {
        call.Forum.Links.RequireSetup(call.Query("key") ?? "");
        return SetUp(call, Form.Empty, mistakes: null);
    }

    public static async ValueTask DoSetUp(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        await Forms.AnswerAsync(call, form, async () =>
        {
            await SetUpAsync(call, form).ConfigureAwait(false);
            Page.Redirect(call.Exchange, "/");
        }, mistakes => SetUp(call, form, mistakes)).ConfigureAwait(false);
    }

    public static ValueTask Reset(Call call)
    {
        call.Forum.Links.RequirePasswordLink(call.Query("key") ?? "");
        return Reset(call, Form.Empty, mistakes: null);
    }

    public static async ValueTask DoReset(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        await Forms.AnswerAsync(call, form, async () =>
        {
            await Links.ResetPassword(call, new PasswordReset(form["link"], form["password"])).ConfigureAwait(false);
            call.Caller = null; // that session may have been ended
            await Page.Write(call, w => w.SetPassword, page =>
            {
                var (o, w) = (page.Out, page.Words);
                o.Write($"<h1>{w.SetPassword}</h1>\n<p class=\"done\" role=\"status\">{w.PasswordIsSet}</p>\n");
                o.Write($"<p><a class=\"button\" href=\"{new Url("/login")}\">{w.LogIn}</a></p>\n");
            }).ConfigureAwait(false);
        }, mistakes => Reset(call, form, mistakes)).ConfigureAwait(false);
    }

    /// <summary>Makes a link by which a user sets a new password, and shows it to the admin.</summary>
    public static async ValueTask Make(Call call)
    {
        await Form.ReadAsync(call).ConfigureAwait(false);
        if (call.Caller is null)
            throw ForumApi.LoginRequired();
        call.RateLimits.Count(call, changes: true);
        var link = (await Links.MakePasswordLink(call).ConfigureAwait(false)).Link;
        call.Exchange.Status = 200;
        var user = call.Forum.Users.Find(call.Username) ?? throw RefusalException.NotFound("user");
        await Page.Write(call, w => w.PasswordLink, page =>
        {
            var (o, w) = (page.Out, page.Words);
            o.Write($"<h1>{w.PasswordLink}{w.Colon}{user}</h1>\n");
            o.Write($"<div class=\"done\" role=\"status\"><p>{w.PasswordLinkHelp}</p>\n<p><code>{link.Url}</code></p></div>\n");
        }).ConfigureAwait(false);
    }

    private static async Task SetUpAsync(Call call, Form form)
    {
        try
        {
            await Links.SetUpAsync(call, new SetupRequest(form["link"], form["password"], form["username"])).ConfigureAwait(false);
        }
        catch (RefusalException e) when (e.Kind == RefusalKind.Forbidden) // used: by the same form, if it was sent twice
        {
            try
            {
                await AccountPages.LogInAsync(call, form).ConfigureAwait(false);
            }
            catch (Http.HttpRefusalException)
            {
                throw e;
            }
        }
    }

    private static ValueTask SetUp(Call call, Form form, IReadOnlyDictionary<string, string>? mistakes) => Page.Write(call, w => w.SetUp, page =>
    {
        var w = page.Words;
        page.Out.Write($"<h1>{w.SetUp}</h1>\n<p>{w.SetUpHelp}</p>\n");
        Begin(page, new Url("/setup"), form, mistakes);
        Forms.Login(page, form, mistakes, isNew: true);
        Forms.End(page, w.SetUp);
    });

    private static ValueTask Reset(Call call, Form form, IReadOnlyDictionary<string, string>? mistakes) => Page.Write(call, w => w.SetPassword, page =>
    {
        var w = page.Words;
        page.Out.Write($"<h1>{w.SetPassword}</h1>\n");
        Begin(page, new Url(OneTimeLinks.PasswordPath), form, mistakes);
        Forms.Line(page, "password", w.NewPassword, "", mistakes, w.PasswordHelp, type: "password", autocomplete: "new-password");
        Forms.End(page, w.Save);
    });

    private static void Begin(Page page, Url action, Form form, IReadOnlyDictionary<string, string>? mistakes)
    {
        Forms.Begin(page, action, form, mistakes, hasLogin: true);
        page.Out.Write($"<input type=\"hidden\" name=\"link\" value=\"{form.Or("link", page.Call.Query("key"))}\">\n");
    }
}
