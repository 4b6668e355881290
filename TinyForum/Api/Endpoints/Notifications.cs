using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

internal sealed record PostReference(long Id, long Number, long Thread, string? Title);

internal sealed record NotificationView(string CreatedAt, UserView? From, long Id, string Kind, PostReference? Post, bool Read)
{
    public static NotificationView Of(Notification notification) => new(
        Rfc3339.Format(notification.CreatedAt), notification.From is { } from ? UserView.Of(from) : null, notification.Id, notification.Kind,
        notification.Post is { } post ? new PostReference(post.Id, post.Number, post.ThreadId, post.Title) : null,
        notification.IsRead);
}

internal sealed record NotificationsAnswer(string? Next, IReadOnlyList<NotificationView> Notifications, long Unread) : Success;

/// <summary>The caller's notifications.</summary>
internal static class Notifications
{
    public static ValueTask<NotificationsAnswer> List(Call call) => call.Page(
        $"notifications {call.User.Id}", (size, from) => call.Forum.Notifications.List(call.User, size, from),
        NotificationView.Of, (items, next) => new NotificationsAnswer(next, items, call.Forum.Notifications.CountUnread(call.User)));

    public static async ValueTask<UnreadAnswer> MarkAllRead(Call call)
    {
        await call.Forum.Notifications.MarkAllReadAsync(call.User).ConfigureAwait(false);
        return new UnreadAnswer(0);
    }
}
