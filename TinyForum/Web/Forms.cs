using System.Security.Cryptography;
using TinyForum.Api;
using TinyForum.Http;
using TinyForum.Text;

namespace TinyForum.Web;

/// <summary>
/// How forms are shown and done. One that is refused comes back with every word in it and the reason beside its field; one that is sent when its
/// session has ended comes back with the fields of a login in it.
/// </summary>
internal static class Forms
{
    private const int KeyLength = 32;

    private static readonly Dictionary<string, string> None = [];

    /// <summary>Does what a form asks for and goes to the page that has it, or shows the form again.</summary>
    /// <param name="call">The request.</param>
    /// <param name="form">What was sent.</param>
    /// <param name="work">Does it, and says where to go; <see langword="null"/> if it has written the answer. The caller is logged in.</param>
    /// <param name="show">Shows the form again, with the rules that its fields break; with a text for the name <c>""</c> that concerns none.</param>
    /// <param name="before">What is done before the caller is logged in; it counts against the limits what is to be counted.</param>
    public static async ValueTask SubmitAsync(
        Call call, Form form, Func<Task<string?>> work, Func<IReadOnlyDictionary<string, string>, ValueTask> show,
        Func<Task>? before = null) => await AnswerAsync(call, form, async () =>
    {
        if (before is not null)
            await before().ConfigureAwait(false);
        if (call.Caller is null && form["username"].Length > 0)
            await AccountPages.LogInAsync(call, form).ConfigureAwait(false);
        if (call.Caller is null)
            throw ForumApi.LoginRequired();
        if (before is null)
            call.RateLimits.Count(call, changes: true);
        if (!form.Has("preview"))
        {
            if (await work().ConfigureAwait(false) is { } place)
                Page.Redirect(call.Exchange, place);
            TellDone(call, form["key"]);
            return;
        }
        RefusalException.ThrowIfInvalid(("body", form["body"].Length == 0 ? null : TextRule.PostBody.Check(form["body"])));
        call.Forum.Users.RequireStanding(call.User);
        await show(None).ConfigureAwait(false);
    }, show).ConfigureAwait(false);

    /// <summary>Does what a form asks for, of whoever sends it, or shows the form again.</summary>
    public static async ValueTask AnswerAsync(Call call, Form form, Func<Task> work, Func<IReadOnlyDictionary<string, string>, ValueTask> show)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (RefusalException e)
        {
            RefusalStatus.Set(call.Exchange, e);
            await ShowAgainAsync(call, form, show, e.Message, e.Errors).ConfigureAwait(false);
        }
        catch (HttpRefusalException e)
        {
            RefusalStatus.Set(call.Exchange, e);
            call.Exchange.Status = e.Status == 200 ? 400 : e.Status; // the oldest refusals of the API have that
            await ShowAgainAsync(call, form, show, e.Message, errors: null).ConfigureAwait(false);
        }
    }

    /// <summary>Shows a form that was refused; if what it belongs to is gone, only what was written in it.</summary>
    private static async Task ShowAgainAsync(
        Call call, Form form, Func<IReadOnlyDictionary<string, string>, ValueTask> show, string message, IReadOnlyDictionary<string, string>? errors)
    {
        try
        {
            await show(errors ?? new Dictionary<string, string> { [""] = message }).ConfigureAwait(false);
        }
        catch (RefusalException e) when (e.Kind == RefusalKind.NotFound)
        {
            await ErrorPages.Write(call, message, errors, form.Or("body", form["reason"])).ConfigureAwait(false);
        }
    }

    /// <summary>Does what a button asks for, which has no fields.</summary>
    public static async ValueTask DoAsync(Call call, Func<Task<string>> work)
    {
        await Form.ReadAsync(call).ConfigureAwait(false);
        if (call.Caller is null)
            throw ForumApi.LoginRequired();
        call.RateLimits.Count(call, changes: true);
        Page.Redirect(call.Exchange, await work().ConfigureAwait(false));
    }

    /// <summary>Begins a form, with a summary of what is wrong with it and the preview that it asked for.</summary>
    public static void Begin(
        Page page, Url action, Form form, IReadOnlyDictionary<string, string>? mistakes, bool hasLogin = false, bool isMessage = false)
    {
        var o = page.Out;
        Mistakes(page, mistakes);
        if (form.Has("preview") && mistakes == None && form["body"].Length > 0) // what is refused costs nothing more
        {
            o.Write($"<article class=\"preview\"><p class=\"meta\">{page.Words.Preview}</p>\n");
            var html = isMessage ? PostHtml.OfMessage(form["body"]) : page.Call.Html.Of(form["body"]);
            o.Write($"<div class=\"text\" dir=\"auto\">\n{new Html(html)}</div></article>\n");
        }
        o.Write($"<form method=\"post\" action=\"{action}\" class=\"sheet\">\n");
        if (page.Call.Caller is null && mistakes is not null && !hasLogin)
            Login(page, form, mistakes);
    }

    /// <summary>A summary of what is wrong with a form.</summary>
    public static void Mistakes(Page page, IReadOnlyDictionary<string, string>? mistakes)
    {
        var o = page.Out;
        if (mistakes?.Count > 0)
        {
            o.Write($"<div class=\"mistakes\" role=\"alert\" tabindex=\"-1\"><p>{page.Words.Mistakes}</p><ul>\n");
            foreach (var (field, rule) in mistakes)
            {
                if (field.Length == 0)
                    o.Write($"<li>{page.Words.Sentence(rule)}</li>\n");
                else
                    o.Write($"<li><a href=\"#{field}\">{page.Words.Field(field)}</a>{page.Words.Colon}{page.Words.Refusal(rule)}</li>\n");
            }
            o.Write($"</ul>");
            if (page.Call.Exchange.RetryAfter is { } seconds)
                o.Write($"<p>{page.Words.ComeBack(seconds)}</p>");
            o.Write($"</div>\n");
        }
    }

    /// <summary>A field of one line; its label may be elsewhere.</summary>
    public static void Line(
        Page page, string name, string? label, string value, IReadOnlyDictionary<string, string>? mistakes, string? help = null, string type = "text",
        string autocomplete = "off")
    {
        var o = page.Out;
        if (label is not null)
            o.Write($"<label for=\"{name}\">{label}</label>\n");
        o.Write($"<input id=\"{name}\" name=\"{name}\" type=\"{type}\" autocomplete=\"{autocomplete}\"");
        if (type != "password")
            o.Write($" value=\"{value}\" dir=\"auto\"");
        Tie(page, name, mistakes, help);
        o.Write($">\n");
        Explain(page, name, mistakes, help);
    }

    /// <summary>A field of many lines.</summary>
    public static void Area(Page page, string name, string label, string value, IReadOnlyDictionary<string, string>? mistakes, string? help = null)
    {
        var o = page.Out;
        o.Write($"<label for=\"{name}\">{label}</label>\n<textarea id=\"{name}\" name=\"{name}\" rows=\"10\" dir=\"auto\"");
        Tie(page, name, mistakes, help);
        o.Write($">\n{value}</textarea>\n");
        Explain(page, name, mistakes, help);
    }

    /// <summary>A field with a few values to choose from.</summary>
    public static void Choice(
        Page page, string name, string label, string value, ReadOnlySpan<(string Value, string Label)> values,
        IReadOnlyDictionary<string, string>? mistakes = null)
    {
        var o = page.Out;
        o.Write($"<label for=\"{name}\">{label}</label>\n<select id=\"{name}\" name=\"{name}\"");
        Tie(page, name, mistakes, help: null);
        o.Write($">\n");
        foreach (var (each, shown) in values)
            o.Write($"<option value=\"{each}\"{new Html(each == value ? " selected" : "")}>{shown}</option>\n");
        o.Write($"</select>\n");
        Explain(page, name, mistakes, help: null);
    }

    /// <summary>Ends a form with its button.</summary>
    public static void End(Page page, string label, bool hasPreview = false)
    {
        var o = page.Out;
        o.Write($"<input type=\"hidden\" name=\"key\" value=\"{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyLength / 2))}\">\n");
        o.Write($"<div class=\"buttons\"><button class=\"button\">{label}</button>");
        if (hasPreview)
            o.Write($" <button class=\"link\" name=\"preview\" value=\"1\">{page.Words.Preview}</button>");
        o.Write($"</div>\n</form>\n");
    }

    /// <summary>The fields of a login, or of a registration.</summary>
    public static void Login(Page page, Form form, IReadOnlyDictionary<string, string>? mistakes, bool isNew = false)
    {
        var w = page.Words;
        Line(page, "username", w.Username, form["username"], mistakes, isNew ? w.UsernameHelp : null, autocomplete: "username");
        Line(page, "password", w.Password, "", mistakes, isNew ? w.NewPasswordHelp : null, type: "password",
            autocomplete: isNew ? "new-password" : "current-password");
    }

    /// <summary>Tells the script on the next page which form is done, so that its draft may go.</summary>
    private static void TellDone(Call call, string key)
    {
        if (key.Length == KeyLength && key.All(char.IsAsciiHexDigitLower))
            call.Exchange.AddHeader("Set-Cookie", $"tinyforum_sent_{key}=1; Max-Age=60; Path=/; SameSite=Lax{(call.IsHttps ? "; Secure" : "")}");
    }

    /// <summary>Ties the help and the rule that is broken, which come behind a field, to it.</summary>
    private static void Tie(Page page, string name, IReadOnlyDictionary<string, string>? mistakes, string? help)
    {
        if (mistakes?.ContainsKey(name) == true)
            page.Out.Write($" aria-invalid=\"true\" aria-describedby=\"{name}-mistake\"");
        else if (help is not null)
            page.Out.Write($" aria-describedby=\"{name}-help\"");
    }

    private static void Explain(Page page, string name, IReadOnlyDictionary<string, string>? mistakes, string? help)
    {
        if (mistakes?.GetValueOrDefault(name) is { } mistake)
            page.Out.Write($"<p class=\"mistake\" id=\"{name}-mistake\">{page.Words.Refusal(mistake)}</p>\n");
        else if (help is not null)
            page.Out.Write($"<p class=\"help\" id=\"{name}-help\">{help}</p>\n");
    }
}
