using System.Globalization;
using TinyForum.Api;
using TinyForum.Data;

namespace TinyForum.Web;

/// <summary>Where the caller is logged in, the tokens of the caller's scripts, and whom the caller blocks.</summary>
internal static class CredentialPages
{
    /// <exception cref="RefusalException">Forbidden: the caller came with a token.</exception>
    public static void RequireSession(Call call)
    {
        if (call.User.TokenId is not null)
            throw ForumApi.SessionsOnly();
    }

    public static ValueTask Sessions(Call call) => Page.Write(call, w => w.Sessions, page =>
    {
        Permissions.RequireOwnLogin(call.User);
        var (o, w) = (page.Out, page.Words);
        SettingsPages.Begin(page, w.Sessions);
        o.Write($"<ul class=\"threads\">\n");
        foreach (var session in call.Forum.Sessions.List(call.User))
        {
            o.Write($"<li><p dir=\"auto\" title=\"{session.UserAgent}\">{Device.Of(session.UserAgent)}</p>\n<p class=\"meta\">{session.Ip} · ");
            o.Write($"{w.Begun} {session.CreatedAt} · {w.LastUsed} {session.LastUsedAt}");
            if (session.Id == call.User.SessionId)
                o.Write($" · <span class=\"mark\">{w.ThisSession}</span>");
            o.Write($"</p>\n");
            page.Button(new Url("/sessions/", session.Id, null, "/end"), w.LogOut);
            o.Write($"</li>\n");
        }
        o.Write($"</ul>\n");
        page.Button(new Url("/sessions/end"), w.LogOutEverywhere, style: "button");
    });

    public static ValueTask EndSession(Call call) => Forms.DoAsync(call, async () =>
    {
        RequireSession(call);
        await Api.Endpoints.Sessions.End(call).ConfigureAwait(false);
        return "/sessions";
    });

    public static ValueTask EndSessions(Call call) => Forms.DoAsync(call, async () =>
    {
        RequireSession(call);
        await call.Forum.Sessions.EndAllAsync(call.User, call.User).ConfigureAwait(false);
        return "/login";
    });

    public static ValueTask Tokens(Call call)
    {
        Permissions.RequireOwnLogin(call.User);
        return Tokens(call, Form.Empty, mistakes: null, made: null);
    }

    public static async ValueTask CreateToken(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        await Forms.SubmitAsync(call, form, async () =>
        {
            RequireSession(call);
            long? days = form["expires_in_days"] is not { Length: > 0 } text ? null
                : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0; // which is refused
            var made = await call.Forum.Tokens.CreateAsync(call.User, form["name"], form["scope"], days, form.Key(call)).ConfigureAwait(false);
            call.Exchange.IsSecret = true;
            await Tokens(call, Form.Empty, mistakes: null, made).ConfigureAwait(false);
            return null;
        }, mistakes => Tokens(call, form, mistakes, made: null)).ConfigureAwait(false);
    }

    public static ValueTask EndToken(Call call) => Forms.DoAsync(call, async () =>
    {
        RequireSession(call);
        await Api.Endpoints.Tokens.End(call).ConfigureAwait(false);
        return "/tokens";
    });

    public static ValueTask Blocks(Call call)
    {
        var list = $"page blocks {call.User.Id}";
        var blocks = call.Forum.Blocks.List(call.User, PagePosition.DefaultSize, call.Position(list));
        return Page.Write(call, w => w.Blocks, page =>
        {
            var (o, w) = (page.Out, page.Words);
            SettingsPages.Begin(page, w.Blocks);
            o.Write($"<p>{w.BlocksHelp}</p>\n<ul class=\"threads\">\n");
            foreach (var block in blocks.Items)
            {
                o.Write($"<li><p>{block.User}</p>\n<p class=\"meta\">{block.CreatedAt}</p>\n");
                page.Button(new Url("/blocks/", null, block.User.Username, "/remove"), w.Unblock);
                o.Write($"</li>\n");
            }
            o.Write($"</ul>\n");
            ThreadPages.Paging(page, call.Next(list, blocks.Next));
        });
    }

    public static ValueTask Block(Call call) => Forms.DoAsync(call, async () =>
        await call.Forum.Blocks.AddAsync(call.User, call.Username).ConfigureAwait(false) ? "/blocks" : throw RefusalException.NotFound("user"));

    public static ValueTask Unblock(Call call) => Forms.DoAsync(call, async () =>
        await call.Forum.Blocks.RemoveAsync(call.User, call.Username).ConfigureAwait(false) ? "/blocks" : throw RefusalException.NotFound("user"));

    private static ValueTask Tokens(Call call, Form form, IReadOnlyDictionary<string, string>? mistakes, IssuedToken? made) =>
        Page.Write(call, w => w.Tokens, page => Tokens(page, form, mistakes, made));

    private static void Tokens(Page page, Form form, IReadOnlyDictionary<string, string>? mistakes, IssuedToken? made)
    {
        var (o, w) = (page.Out, page.Words);
        SettingsPages.Begin(page, w.Tokens);
        o.Write($"<p>{w.TokensHelp}</p>\n");
        if (made is not null)
            o.Write($"<div class=\"done\" role=\"status\"><p>{w.TokenOnce}</p>\n<p><code>{made.Secret}</code></p></div>\n");
        o.Write($"<ul class=\"threads\">\n");
        foreach (var token in page.Call.Caller is { SessionId: not null } caller ? page.Call.Forum.Tokens.List(caller) : [])
        {
            o.Write($"<li><p dir=\"auto\">{token.Name}</p>\n<p class=\"meta\">{ScopeName.Of(token.MayWrite)} · {w.Begun} {token.CreatedAt}");
            if (token.ExpiresAt is { } end)
                o.Write($" · {w.Expires} {end}");
            if (token.LastUsedAt is { } used)
                o.Write($" · {w.LastUsed} {used}");
            o.Write($"</p>\n");
            page.Button(new Url("/tokens/", token.Id, null, "/end"), w.Delete);
            o.Write($"</li>\n");
        }
        o.Write($"</ul>\n");
        Forms.Begin(page, new Url("/tokens"), form, mistakes);
        Forms.Line(page, "name", w.TokenName, form["name"], mistakes);
        Forms.Choice(page, "scope", w.Scope, form["scope"], [(ScopeName.Read, w.ScopeRead), (ScopeName.Write, w.ScopeWrite)], mistakes);
        Forms.Line(page, "expires_in_days", w.Days, form["expires_in_days"], mistakes, w.DaysHelp);
        Forms.End(page, w.MakeToken);
    }
}
