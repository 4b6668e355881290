using TinyForum.Api;
using TinyForum.Data;

namespace TinyForum.Web;

/// <summary>Private messages.</summary>
internal static class MessagePages
{
    public static ValueTask List(Call call)
    {
        var with = call.Query("with");
        var peer = with is null ? null : call.Forum.Users.FindAuthor(with);
        var filter = new MailFilter(Mailbox.All, with is null ? null : peer?.Id ?? -1);
        var list = $"page messages {call.User.Id} {filter.With}";
        var messages = call.Forum.Messages.List(call.User, filter, PagePosition.DefaultSize, call.Position(list));
        return Page.Write(call, w => w.Messages, page =>
        {
            var (o, w) = (page.Out, page.Words);
            o.Write($"<div class=\"bar\"><h1 dir=\"auto\">{peer?.Username ?? with ?? w.Messages}</h1>\n");
            o.Write($"<a class=\"button\" href=\"{new Url("/messages/new?to=", null, with ?? "")}\">{w.WriteMessage}</a></div>\n");
            if (with is not null)
                o.Write($"<p><a href=\"{new Url("/messages")}\">{w.Messages}</a></p>\n");
            if (messages.Items.Count == 0)
                o.Write($"<p class=\"empty\">{w.EmptyList}</p>\n");
            else if (with is null && call.Forum.Messages.CountUnread(call.User) > 0)
                page.Tools(new Url("/messages/read"), w.MarkAllRead);
            foreach (var message in messages.Items)
                Show(page, message, isListed: with is null);
            ThreadPages.Paging(page, call.Next(list, messages.Next));
            if (peer is not null && call.Query("cursor") is null)
                Answer(page, peer, messages.Items is [var latest, ..] ? latest.Subject : null);
        });
    }

    public static ValueTask Find(Call call)
    {
        var message = Found(call);
        return Page.Write(call, w => message.Subject ?? w.Messages, page =>
        {
            page.Out.Write($"<h1 dir=\"auto\">{message.Subject ?? page.Words.Messages}</h1>\n");
            var peer = Peer(call, message);
            page.Out.Write($"<p><a href=\"{new Url("/messages?with=", null, peer.Username)}\">{page.Words.Conversation}{page.Words.Colon}");
            page.Out.Write($"{new Name(peer.Username)}</a></p>\n");
            Show(page, message);
            Answer(page, peer, message.Subject);
        });
    }

    public static ValueTask New(Call call) => Write(call, Form.Empty, mistakes: null);

    public static async ValueTask Send(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        await Forms.SubmitAsync(call, form, async () =>
        {
            var subject = form["subject"].Length == 0 ? null : form["subject"];
            if (call.Forum.Users.FindAuthor(form["to"]) is null)
                throw RefusalException.Invalid("to", form["to"].Length == 0 ? "is required" : "user does not exist");
            var message = await call.Forum.Messages.SendAsync(call.User, form["to"], subject, form["body"], form.Key(call)).ConfigureAwait(false);
            return $"/messages?with={Uri.EscapeDataString(message.To.Username)}";
        }, mistakes => Write(call, form, mistakes)).ConfigureAwait(false);
    }

    public static ValueTask MarkRead(Call call) => Forms.DoAsync(call, async () =>
        await call.Forum.Messages.MarkReadAsync(call.User, call.Id).ConfigureAwait(false) is null
            ? throw RefusalException.NotFound("message") : $"/messages/{call.Id}");

    public static ValueTask MarkAllRead(Call call) => Forms.DoAsync(call, async () =>
    {
        await call.Forum.Messages.MarkAllReadAsync(call.User).ConfigureAwait(false);
        return "/messages";
    });

    public static ValueTask Delete(Call call) => Forms.DoAsync(call, async () =>
    {
        await call.Forum.Messages.DeleteAsync(call.User, call.Id).ConfigureAwait(false);
        return "/messages";
    });

    private static User Peer(Call call, Message message) => message.From.Id == call.User.Id ? message.To : message.From;

    private static void Show(Page page, Message message, bool isListed = false)
    {
        var (o, w) = (page.Out, page.Words);
        var isUnread = message.To.Id == page.Call.User.Id && message.ReadAt is null;
        o.Write($"<article>\n");
        if (message.Subject is not null)
            o.Write($"<h2 dir=\"auto\"><a href=\"{new Url("/messages/", message.Id)}\">{message.Subject}</a></h2>\n");
        o.Write($"<p class=\"meta\">");
        if (isUnread)
            o.Write($"<span class=\"count\">{w.Unread}</span> ");
        o.Write($"{message.From} → {message.To} · <a href=\"{new Url("/messages/", message.Id)}\">{message.CreatedAt}</a>");
        if (isListed)
            o.Write($" · <a href=\"{new Url("/messages?with=", null, Peer(page.Call, message).Username)}\">{w.Conversation}</a>");
        o.Write($"</p>\n<div class=\"text\" dir=\"auto\">\n{new Html(PostHtml.OfMessage(message.Body))}</div>\n<div class=\"tools\">");
        if (isUnread)
            page.Button(new Url("/messages/", message.Id, null, "/read"), w.MarkRead, form: isListed ? null : "seen");
        page.Button(new Url("/messages/", message.Id, null, "/delete"), w.Delete);
        o.Write($"</div>\n</article>\n");
    }

    /// <summary>The form that goes on with a conversation, if the other is still there: it asks for the text alone.</summary>
    private static void Answer(Page page, User to, string? subject)
    {
        if (to.Id <= User.SystemId)
            return;
        var (o, w) = (page.Out, page.Words);
        o.Write($"<h2>{w.Reply}</h2>\n");
        Forms.Begin(page, new Url("/messages/new"), Form.Empty, mistakes: null);
        o.Write($"<input type=\"hidden\" name=\"to\" value=\"{to.Username}\">\n<input type=\"hidden\" name=\"subject\" value=\"{subject}\">\n");
        Forms.Area(page, "body", w.Text, "", mistakes: null, w.MarkdownHelp);
        Forms.End(page, w.Reply, hasPreview: true);
    }

    private static ValueTask Write(Call call, Form form, IReadOnlyDictionary<string, string>? mistakes) => Page.Write(call, w => w.WriteMessage, page =>
    {
        var w = page.Words;
        page.Out.Write($"<h1>{w.WriteMessage}</h1>\n");
        Forms.Begin(page, new Url("/messages/new"), form, mistakes, isMessage: true);
        Forms.Line(page, "to", w.To, form.Or("to", call.Query("to")), mistakes);
        Forms.Line(page, "subject", w.Subject, form["subject"], mistakes);
        Forms.Area(page, "body", w.Text, form["body"], mistakes, w.MarkdownHelp);
        Forms.End(page, w.Send, hasPreview: true);
    });

    private static Message Found(Call call) => call.Forum.Messages.Find(call.User, call.Id) ?? throw RefusalException.NotFound("message");
}
