using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

internal sealed record PostReference(long Id, long Number, long Thread, string? Title);

internal sealed record NotificationView(string CreatedAt, UserView? From, long Id, string Kind, PostReference? Post, bool Read)
{
    public static NotificationView Of(Notification notification) => new(
        Clock.Rfc3339(notification.CreatedAt),
        notification.From is { } from ? UserView.Of(from) : null,
        notification.Id,
        notification.Kind,
        notification.Post is { } post ? new PostReference(post.Id, post.Number, post.ThreadId, post.Title) : null,
        notification.IsRead);
}

internal sealed record NotificationsAnswer(string? Next, IReadOnlyList<NotificationView> Notifications, long Unread) : Success;

/// <summary>What the caller is told of.</summary>
internal static class Notifications
{
    public static ValueTask<NotificationsAnswer> List(Call call)
    {
        var list = $"notifications {call.User.Id}";
        var page = call.Forum.Notifications.List(call.User.Id, call.Limit, call.Cursor(list, 1));
        return new(new NotificationsAnswer(
            call.Next(list, page.Next), [.. page.Items.Select(NotificationView.Of)], call.Forum.Notifications.CountUnread(call.User.Id)));
    }

    public static async ValueTask<UnreadAnswer> MarkAllRead(Call call)
    {
        await call.Forum.Notifications.MarkAllReadAsync(call.User.Id).ConfigureAwait(false);
        return new UnreadAnswer(0);
    }
}
