using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

internal sealed record MessageDraft(string To, string Body, string? Subject = null);

internal sealed record MessageView(
    string Body, string CreatedAt, UserView From, string? Html, long Id, string? ReadAt, string? Subject, UserView To)
{
    public static MessageView Of(Call call, Message message) => Of(message) with { Html = call.WantsHtml ? PostHtml.OfMessage(message.Body) : null };

    public static MessageView Of(Message message) => new(
        message.Body, Rfc3339.Format(message.CreatedAt), UserView.Of(message.From), Html: null, message.Id,
        message.ReadAt is { } readAt ? Rfc3339.Format(readAt) : null, message.Subject, UserView.Of(message.To));
}

internal sealed record MessageAnswer(MessageView PrivateMessage) : Success;

internal sealed record MessagesAnswer(IReadOnlyList<MessageView> Messages, string? Next, long Unread) : Success;

internal sealed record UnreadAnswer(long Unread) : Success;

/// <summary>Private messages. Callers see only their own, whatever their role.</summary>
internal static class Messages
{
    public static ValueTask<MessagesAnswer> List(Call call)
    {
        var filter = new MailFilter(
            call.Query("box", Mailbox.Inbox, ("inbox", Mailbox.Inbox), ("sent", Mailbox.Sent), ("all", Mailbox.All)), With(call), call.Flag("unread"));
        return call.Page(
            $"messages {call.User.Id} {filter.Box} {filter.With} {filter.Unread}",
            (size, from) => call.Forum.Messages.List(call.User, filter, size, from),
            message => MessageView.Of(call, message), (messages, next) => new MessagesAnswer(messages, next, call.Forum.Messages.CountUnread(call.User)));
    }

    public static async ValueTask<MessageAnswer> Send(Call call, MessageDraft body)
    {
        var key = call.IdempotencyKey();
        var message = await call.Forum.Messages.SendAsync(call.User, body.To, body.Subject, body.Body, key).ConfigureAwait(false);
        return call.Created(new MessageAnswer(MessageView.Of(message)), $"/api/messages/{message.Id}", key);
    }

    public static ValueTask<MessageAnswer> Find(Call call) =>
        new(new MessageAnswer(MessageView.Of(call, call.Forum.Messages.Find(call.User, call.Id) ?? throw NoSuchMessage())));

    public static async ValueTask<UnreadAnswer> MarkRead(Call call) =>
        new(await call.Forum.Messages.MarkReadAsync(call.User, call.Id).ConfigureAwait(false) ?? throw NoSuchMessage());

    public static async ValueTask<UnreadAnswer> MarkAllRead(Call call) =>
        new(await call.Forum.Messages.MarkAllReadAsync(call.User).ConfigureAwait(false));

    public static async ValueTask<Done> Delete(Call call) =>
        await call.Forum.Messages.DeleteAsync(call.User, call.Id).ConfigureAwait(false) ? new Done() : throw NoSuchMessage();

    private static RefusalException NoSuchMessage() => RefusalException.NotFound("message");
    // A user who does not exist has no conversations.
    private static long? With(Call call) => call.Query("with") is { } username ? call.Forum.Users.FindAuthor(username)?.Id ?? -1 : null;
}
