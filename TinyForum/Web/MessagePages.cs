using TinyForum.Api;
using TinyForum.Data;

namespace TinyForum.Web;

/// <summary>Private messages.</summary>
internal static class MessagePages
{
    public static ValueTask List(Call call)
    {
        var with = call.Query("with");
        var filter = new MailFilter(Mailbox.All, with is null ? null : call.Forum.Users.FindAuthor(with)?.Id ?? -1);
        var list = $"page messages {call.User.Id} {filter.With}";
        var messages = call.Forum.Messages.List(call.User, filter, PagePosition.DefaultSize, call.Position(list));
        return Page.Write(call, w => w.Messages, page =>
        {
            var (o, w) = (page.Out, page.Words);
            o.Write($"<div class=\"bar\"><h1>{with ?? w.Messages}</h1>\n");
            o.Write($"<a class=\"button\" href=\"{new Url("/messages/new?to=", null, with ?? "")}\">{w.WriteMessage}</a></div>\n");
            if (with is not null)
                o.Write($"<p><a href=\"{new Url("/messages")}\">{w.Messages}</a></p>\n");
            if (messages.Items.Count == 0)
                o.Write($"<p class=\"empty\">{w.EmptyList}</p>\n");
            foreach (var message in messages.Items)
                Show(page, message);
            ThreadPages.Paging(page, call.Next(list, messages.Next));
        });
    }

    public static ValueTask Find(Call call)
    {
        var message = Found(call);
        return Page.Write(call, w => message.Subject ?? w.Messages, page =>
        {
            page.Out.Write($"<h1 dir=\"auto\">{message.Subject ?? page.Words.Messages}</h1>\n");
            Show(page, message);
            var peer = message.From.Id == call.User.Id ? message.To : message.From;
            Write(page, peer.Username, Form.Empty, mistakes: null, page.Words.Reply);
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
    {
        return await call.Forum.Messages.MarkReadAsync(call.User, call.Id).ConfigureAwait(false) is null
            ? throw RefusalException.NotFound("message") : $"/messages/{call.Id}";
    });

    public static ValueTask Delete(Call call) => Forms.DoAsync(call, async () =>
    {
        await call.Forum.Messages.DeleteAsync(call.User, call.Id).ConfigureAwait(false);
        return "/messages";
    });

    private static void Show(Page page, Message message)
    {
        var (o, w) = (page.Out, page.Words);
        var isMine = message.From.Id == page.Call.User.Id;
        o.Write($"<article>\n<p class=\"meta\"><a href=\"{Url.User(message.From.Username)}\">{message.From.Username}</a> → ");
        o.Write($"<a href=\"{Url.User(message.To.Username)}\">{message.To.Username}</a> · {message.CreatedAt} · ");
        o.Write($"<a href=\"{new Url("/messages/", message.Id)}\">{message.Subject ?? $"#{message.Id}"}</a> · ");
        o.Write($"<a href=\"{new Url("/messages?with=", null, (isMine ? message.To : message.From).Username)}\">{w.Messages}</a></p>\n");
        o.Write($"<div class=\"text\" dir=\"auto\">\n{new Html(PostHtml.OfMessage(message.Body))}</div>\n<div class=\"tools\">");
        if (!isMine && message.ReadAt is null)
            page.Button(new Url("/messages/", message.Id, null, "/read"), w.MarkRead);
        page.Button(new Url("/messages/", message.Id, null, "/delete"), w.Delete);
        o.Write($"</div>\n</article>\n");
    }

    private static ValueTask Write(Call call, Form form, IReadOnlyDictionary<string, string>? mistakes) => Page.Write(call, w => w.WriteMessage, page =>
    {
        page.Out.Write($"<h1>{page.Words.WriteMessage}</h1>\n");
        Write(page, form.Or("to", call.Query("to")), form, mistakes, page.Words.Send);
    });

    private static void Write(Page page, string to, Form form, IReadOnlyDictionary<string, string>? mistakes, string label)
    {
        var w = page.Words;
        Forms.Begin(page, new Url("/messages/new"), form, mistakes);
        Forms.Line(page, "to", w.To, to, mistakes);
        Forms.Line(page, "subject", w.Subject, form["subject"], mistakes);
        Forms.Area(page, "body", w.Text, form["body"], mistakes, w.MarkdownHelp);
        Forms.End(page, label, hasPreview: true);
    }

    private static Message Found(Call call) => call.Forum.Messages.Find(call.User, call.Id) ?? throw RefusalException.NotFound("message");
}
