using static TinyForum.Api.Access;
using static TinyForum.Api.Endpoint;

namespace TinyForum.Api;

/// <summary>Every endpoint, a line each: the index of this folder.</summary>
internal static class Routes
{
    public static IReadOnlyList<Endpoint> Table { get; } =
    [
        Of<Credentials, UserAnswer>("POST /api/register", Anyone, Accounts.Register, "Registers an account"),
        Of<Credentials, Done>("POST /api/login", Anyone, Accounts.LogIn, "Logs in: starts a session"),
        Of<Done>("POST /api/logout", Session, Accounts.LogOut, "Ends the session that sent it"),
        Of<Done>("GET /api/logout/{username}", Anyone, Accounts.LogOutEverywhere, "Ends every session of a user", changesByGet: true),
        Of<UserAnswer>("GET /api/user/{username}", Anyone, Accounts.Find, "An account's number and name", kept: true),
        Of<MeAnswer>("GET /api/me", Reader, Accounts.Me, "The caller's own account"),

        Of<MessagesAnswer>("GET /api/messages", Reader, Messages.List, "The caller's private messages, newest first", query: ["box", "with", "unread", "limit", "cursor"]),
        Of<MessageDraft, MessageAnswer>("POST /api/messages", Writer, Messages.Send, "Sends a private message", status: 201),
        Of<UnreadAnswer>("PUT /api/messages/read", Writer, Messages.MarkAllRead, "Marks all private messages as read"),
        Of<MessageAnswer>("GET /api/messages/{id}", Reader, Messages.Find, "A private message of the caller's"),
        Of<Done>("DELETE /api/messages/{id}", Writer, Messages.Delete, "Removes a private message from the caller's side"),
        Of<UnreadAnswer>("PUT /api/messages/{id}/read", Writer, Messages.MarkRead, "Marks a private message as read"),

        Of<BlocksAnswer>("GET /api/blocks", Reader, Blocks.List, "Whom the caller blocks", query: ["limit", "cursor"]),
        Of<Done>("PUT /api/blocks/{username}", Writer, Blocks.Add, "Blocks a user"),
        Of<Done>("DELETE /api/blocks/{username}", Writer, Blocks.Remove, "Unblocks a user"),

        Of<NotificationsAnswer>("GET /api/notifications", Reader, Notifications.List, "What the caller is told of, newest first", query: ["limit", "cursor"]),
        Of<UnreadAnswer>("PUT /api/notifications/read", Writer, Notifications.MarkAllRead, "Marks all notifications as read"),

        Of<Done>("GET /healthz", Anyone, Service.Health, "Whether the database answers"),
    ];
}
