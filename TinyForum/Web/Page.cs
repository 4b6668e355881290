using TinyForum.Api;
using TinyForum.Data;
using TinyForum.Http;

namespace TinyForum.Web;

/// <summary>A page while it is written: whose it is, in which language, and what stands around its content.</summary>
internal sealed class Page
{
    internal const string ContentType = "text/html; charset=utf-8";

    private Page(Call call) => (Call, Words, Out) = (call, Preferences.Words(call.Exchange), new HtmlWriter(call.Exchange.Body, call.Exchange.BasePath));

    public Call Call { get; }

    public Words Words { get; }

    public HtmlWriter Out { get; }

    public Site Site => (Site)Call.Pages;

    /// <summary>What the forum is, in a sentence.</summary>
    public string Description => Call.Forum.Options.Description ?? Words.Description;

    /// <summary>Writes a page.</summary>
    /// <param name="call">The request that it answers.</param>
    /// <param name="title">Its title, given its words.</param>
    /// <param name="content">Writes what is between header and footer.</param>
    /// <param name="feed">The feed of what it shows.</param>
    /// <param name="description">What it is about, in a sentence or two; <see langword="null"/>: what the forum is.</param>
    public static ValueTask Write(Call call, Func<Words, string> title, Action<Page> content, Url? feed = null, string? description = null)
    {
        call.Exchange.DiscardBody();
        call.Exchange.ContentType = ContentType;
        if (call.Exchange is { Method: "POST", IsSecret: false })
            call.Exchange.SetHeader("Cache-Control", "private, no-cache"); // so that one can go back to the form, with what was written in it
        var page = new Page(call);
        page.Begin(title(page.Words), description, feed ?? new Url("/feed"));
        content(page);
        page.End();
        return default;
    }

    /// <summary>Sends the browser to another page, by its path within the forum.</summary>
    public static void Redirect(Exchange exchange, string location)
    {
        exchange.DiscardBody();
        exchange.Status = 303;
        exchange.SetHeader("Location", exchange.BasePath + location);
    }

    /// <summary>An address as a client gave it if it is a page of this forum; else the front.</summary>
    public static string Within(string address) =>
        address is ['/', ..] && address is not ['/', '/', ..] && !address.AsSpan().ContainsAnyExceptInRange('!', '~') && !address.Contains('\\')
        && !address.Contains("/.", StringComparison.Ordinal) && !address.Contains("%2e", StringComparison.OrdinalIgnoreCase) ? address : "/";

    /// <summary>What leads a login or a registration back to a page, in its query.</summary>
    public static string? Onward(string? path) => path is null or "" or "/" ? null : $"?next={Uri.EscapeDataString(Within(path))}";

    /// <summary>The address of this page, if somebody may want to come back to it.</summary>
    private string? Here => Call.Exchange.Status != 200 || Call.Endpoint.IsSecret || !Call.Endpoint.Pattern.StartsWith("GET ", StringComparison.Ordinal) ? null
        : Call.Endpoint.Query.Contains("next") ? Call.Query("next") : Call.Exchange.Target.Canonical(Call.Endpoint.Query);

    /// <summary>Where the script says what is new: replies of a thread, or threads.</summary>
    public void News(string one, string many, long? thread = null)
    {
        Out.Write($"<div class=\"news\" role=\"status\" data-one=\"{one}\" data-many=\"{many}\"");
        if (thread is { } id)
            Out.Write($" data-thread=\"{id}\"");
        Out.Write($"></div>\n");
    }

    /// <summary>A form that is only a button.</summary>
    /// <param name="action">What it does.</param>
    /// <param name="label">What is on it.</param>
    /// <param name="form">What kind of form it is: <c>seen</c> is sent by the script once it is in view.</param>
    /// <param name="style">How it looks.</param>
    public void Button(Url action, string label, string? form = null, string style = "link")
    {
        Out.Write($"<form method=\"post\" action=\"{action}\"");
        if (form is not null)
            Out.Write($" class=\"{form}\"");
        Out.Write($"><button class=\"{style}\">{label}</button></form>");
    }

    /// <summary>The same, on a line of its own.</summary>
    public void Tools(Url action, string label)
    {
        Out.Write($"<div class=\"tools\">");
        Button(action, label);
        Out.Write($"</div>\n");
    }

    private void Begin(string title, string? description, Url feed)
    {
        Out.Write($"""
            <!doctype html>
            <html lang="{Words.Language}"{new Html(Preferences.Theme(Call.Exchange) is { Length: > 0 } theme ? $" data-theme=\"{theme}\"" : "")}>
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{title} – {Call.Forum.Options.Title}</title>
            <meta name="description" content="{description ?? Description}">
            <link rel="stylesheet" href="{Site.Style.Url}">
            <script type="module" src="{Site.Script.Url}"></script>
            <link rel="icon" href="{Site.Icon.Url}">
            <link rel="alternate" type="application/atom+xml" href="{feed}">
            </head>
            <body>
            <a class="skip" href="#main">{Words.Skip}</a>
            <header>
            <nav aria-label="{Call.Forum.Options.Title}">
            <a class="home" href="{Url.Front}">{Call.Forum.Options.Title}</a>
            <a href="{new Url("/tags")}">{Words.Tags}</a>
            <a href="{new Url("/search#q")}">{Words.Search}</a>

            """);
        if (Call.Caller is { } caller)
        {
            Count(new Url("/notifications"), Words.Notifications, EventKind.NotificationCreated, Call.Forum.Notifications.CountUnread(caller));
            Count(new Url("/messages"), Words.Messages, EventKind.MessageCreated, Call.Forum.Messages.CountUnread(caller));
            if (caller.Role >= Role.Moderator)
                ModerationPages.Link(this);
            Out.Write($"{caller}\n");
            if (!caller.IsExternal)
                Button(new Url("/logout"), Words.LogOut);
        }
        else if (Call.External is null)
        {
            var onward = Onward(Here);
            Out.Write($"<a href=\"{new Url("/login", Rest: onward)}\">{Words.LogIn}</a>\n");
            Out.Write($"<a href=\"{new Url("/register", Rest: onward)}\">{Words.Register}</a>\n");
        }
        Out.Write($"</nav>\n</header>\n<main id=\"main\"");
        if (Call.NewestEvent is { } newest)
            Out.Write($" data-event=\"{newest}\" data-stream=\"{new Url("/api/events")}\"");
        if (Call.Caller is not null)
            Out.Write($" data-user=\"{Call.Caller.Username}\"");
        Out.Write($">\n");
    }

    private void Count(Url url, string label, string kind, long count)
    {
        Out.Write($"<a href=\"{url}\" data-count=\"{kind}\">{label}");
        if (count > 0)
            Out.Write($" <span class=\"count\">{count}</span>");
        Out.Write($"</a>\n");
    }

    private void End() => Out.Write($"""

        </main>
        <footer>
        <a href="{new Url("/feed")}">{Words.Feed}</a>
        <a href="{new Url("/moderation-log")}">{Words.ModerationLog}</a>
        <a href="{new Url("/about")}">{Words.About}</a>
        <a href="{new Url(Call.Caller is null ? "/settings/look" : "/settings")}">{(Call.Caller is null ? Words.Look : Words.Settings)}</a>
        <form method="post" action="{new Url("/language")}"><button class="link" lang="{(Words.Language == "en" ? "zh" : "en")}">{Words.Other}</button></form>
        </footer>
        <dialog id="keys" aria-labelledby="keys-title">
        <h2 id="keys-title">{Words.Keys}</h2>
        <dl>
        <dt><kbd>j</kbd> <kbd>k</kbd></dt><dd>{Words.KeyStep}</dd>
        <dt><kbd>u</kbd></dt><dd>{Words.KeyUp}</dd>
        <dt><kbd>r</kbd></dt><dd>{Words.Reply}</dd>
        <dt><kbd>/</kbd></dt><dd>{Words.Search}</dd>
        <dt><kbd>?</kbd></dt><dd>{Words.KeyHelp}</dd>
        </dl>
        <form method="dialog">
        <label><input type="checkbox" checked> {Words.UseKeys}</label>
        <button class="button">{Words.Close}</button>
        </form>
        </dialog>
        </body>
        </html>

        """);
}
