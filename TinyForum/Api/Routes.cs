using TinyForum.Api.Endpoints;
using static TinyForum.Api.Access;
using static TinyForum.Api.Endpoint;
using Subject = TinyForum.Data.Subject;

namespace TinyForum.Api;

/// <summary>Every endpoint, a line each: the index of this folder.</summary>
internal static class Routes
{
    public static IReadOnlyList<Endpoint> Table { get; } =
    [
        OrWaiting<RegistrationRequest, UserAnswer, ApplicationSent>("POST /api/register", Anyone, Accounts.Register, "Registers an account", refuses: [200]),
        Of<Credentials, Done>("POST /api/login", Anyone, Accounts.LogIn, "Logs in: starts a session", refuses: [200]),
        Of<Done>("POST /api/logout", Session, Accounts.LogOut, "Ends the session that sent it"),
        Of<Done>("GET /api/logout/{username}", Anyone, Accounts.LogOutEverywhere, "Ends every session of a user", changesByGet: true, refuses: [200]),
        Of<SetupRequest, UserAnswer>("POST /api/setup", Anyone, Links.SetUp, "Makes the first account, an admin, and logs it in"),
        Of<PasswordReset, Done>("POST /api/password-reset", Anyone, Links.ResetPassword,
            "Sets a password by a link; ends all sessions and tokens of the account"),
        Of<LinkAnswer>("POST /api/user/{username}/password-link", Admin, Links.MakePasswordLink,
            "Makes a link by which a user sets a new password, once", status: 201),
        Of<UserAnswer>("GET /api/user/{username}", Anyone, Accounts.Find, "An account's number and name", kept: true, refuses: [200]),
        Of<ProfileAnswer>("GET /api/user/{username}/profile", Anyone, Profiles.Get, "An account as others see it", kept: true),
        Of<RoleChange, ProfileAnswer>("PUT /api/user/{username}/role", Admin, Profiles.SetRole, "Gives an account a role", refuses: [409]),

        Of<InvitedAnswer>("GET /api/user/{username}/invited", Anyone, Invitations.Invited, "Who came with an invitation of a user",
            kept: true, query: ["limit", "cursor"]),

        Of<MeAnswer>("GET /api/me", Reader, Me.Get, "The caller's own account", kept: true),
        Of<ProfileChange, MeAnswer>("PATCH /api/me", Writer, Me.Change, "Changes the caller's profile; an empty text removes"),
        Of<PasswordChange, Done>("PUT /api/me/password", Session, Me.ChangePassword, "Changes the password; ends all other sessions and all tokens"),
        Of<PasswordProof, Done>("DELETE /api/me", Session, Me.Erase, "Erases the account; its posts stay, with deleted as their author", refuses: [409]),
        Streamed<ExportAnswer>("GET /api/me/export", Session, Me.Export, "Everything stored about the caller, one at a time", refuses: [409]),
        Of<SessionsAnswer>("GET /api/sessions", Session, Sessions.List, "Where the caller is logged in, most recently used first"),
        Of<Done>("DELETE /api/sessions/{id}", Session, Sessions.End, "Ends one of the caller's sessions"),
        Of<TokensAnswer>("GET /api/tokens", Session, Tokens.List, "The caller's tokens, newest first"),
        Of<NewToken, TokenAnswer>("POST /api/tokens", Session, Tokens.Create, "Creates a token, which is shown only this once", status: 201),
        Of<Done>("DELETE /api/tokens/{id}", Session, Tokens.End, "Ends one of the caller's tokens"),

        Of<PostsAnswer>("GET /api/posts", Anyone, Threads.List, "The threads, newest or latest reply first",
            kept: true, isMarked: true, query: ["sort", "author", "tag", "unread", "html", "limit", "cursor"]),
        OrWaiting<NewThread, PostAnswer, HeldAnswer>("POST /api/posts", Writer, Posts.Create, "Creates a thread", status: 201),
        Of<PostAnswer>("GET /api/posts/{id}", Anyone, Posts.Find, "A thread's first post, or a reply",
            kept: true, isMarked: true, query: ["html"]),
        Of<PostEdit, PostAnswer>("PATCH /api/posts/{id}", Writer, Posts.Edit, "Changes a post's text and keeps the old version",
            query: ["reason"]),
        Of<Done>("DELETE /api/posts/{id}", Writer, Posts.Delete, "Deletes a post; a thread with its replies", query: ["reason"]),
        Of<PostAnswer>("POST /api/posts/{id}/restore", Writer, Posts.Restore, "Restores a post that the same side deleted", query: ["reason"]),
        Of<VersionsAnswer>("GET /api/posts/{id}/history", Anyone, Posts.History, "The versions of a post's text, newest first",
            kept: true, query: ["limit", "cursor"]),
        Of<LikesAnswer>("PUT /api/posts/{id}/like", Writer, Posts.Like, "Likes a post"),
        Of<LikesAnswer>("DELETE /api/posts/{id}/like", Writer, Posts.Unlike, "Removes the like from a post"),
        Of<RepliesAnswer>("GET /api/posts/{id}/replies", Anyone, Threads.Replies, "The replies of a thread, oldest first",
            kept: true, isMarked: true, query: ["after", "html", "limit", "cursor"]),
        OrWaiting<NewReply, PostAnswer, HeldAnswer>("POST /api/posts/{id}/replies", Writer, Threads.Reply, "Replies in a thread", status: 201),
        Of<ReadMark, Done>("PUT /api/posts/{id}/read", Writer, Threads.MarkRead, "Marks a thread as read up to a reply"),
        Of<Done>("PUT /api/posts/read", Writer, Threads.MarkAllRead, "Marks everything as read"),
        Of<Done>("PUT /api/posts/{id}/pin", Moderator, Threads.Pin, "Pins a thread to the top of the lists", query: ["reason"]),
        Of<Done>("DELETE /api/posts/{id}/pin", Moderator, Threads.Unpin, "Unpins a thread", query: ["reason"]),
        Of<Done>("PUT /api/posts/{id}/lock", Moderator, Threads.Lock, "Closes a thread to replies", query: ["reason"]),
        Of<Done>("DELETE /api/posts/{id}/lock", Moderator, Threads.Unlock, "Opens a thread to replies again", query: ["reason"]),
        Of<TextToShow, PreviewAnswer>("POST /api/preview", Writer, Posts.Preview, "A text as it would be shown in a post"),
        Of<TagsAnswer>("GET /api/tags", Anyone, Threads.Tags, "The tags in use, by name", kept: true, query: ["limit", "cursor"]),

        Of<MessagesAnswer>("GET /api/messages", Reader, Messages.List, "The caller's private messages, newest first",
            kept: true, subject: Subject.Messages, query: ["box", "with", "unread", "html", "limit", "cursor"], isSecret: true),
        Of<MessageDraft, MessageAnswer>("POST /api/messages", Writer, Messages.Send, "Sends a private message", status: 201, refuses: [404]),
        Of<UnreadAnswer>("PUT /api/messages/read", Writer, Messages.MarkAllRead, "Marks all private messages as read"),
        Of<MessageAnswer>("GET /api/messages/{id}", Reader, Messages.Find, "A private message of the caller's",
            kept: true, subject: Subject.Messages, isSecret: true, query: ["html"]),
        Of<Done>("DELETE /api/messages/{id}", Writer, Messages.Delete, "Deletes the caller's copy of a private message"),
        Of<UnreadAnswer>("PUT /api/messages/{id}/read", Writer, Messages.MarkRead, "Marks a private message as read"),

        Of<BlocksAnswer>("GET /api/blocks", Reader, Blocks.List, "The users whom the caller blocks", kept: true, query: ["limit", "cursor"]),
        Of<Done>("PUT /api/blocks/{username}", Writer, Blocks.Add, "Blocks a user"),
        Of<Done>("DELETE /api/blocks/{username}", Writer, Blocks.Remove, "Unblocks a user"),

        Of<NotificationsAnswer>("GET /api/notifications", Reader, Notifications.List, "The caller's notifications, newest first",
            kept: true, subject: Subject.Notifications, query: ["limit", "cursor"]),
        Of<UnreadAnswer>("PUT /api/notifications/read", Writer, Notifications.MarkAllRead, "Marks all notifications as read"),

        Of<SearchAnswer>("GET /api/search", Anyone, Endpoints.Search.Find, "Finds posts by words, best match first",
            query: ["q", "limit", "cursor"], isSearch: true),

        Of<ReportRequest, ReportAnswer>("POST /api/posts/{id}/report", Writer, Moderation.Report, "Reports a post to the moderators", status: 201),
        Of<ReportsAnswer>("GET /api/reports", Moderator, Moderation.ListReports, "The reports of posts", query: ["state", "post", "limit", "cursor"]),
        Of<ReportAnswer>("GET /api/reports/{id}", Moderator, Moderation.FindReport, "A report"),
        Of<ResolutionRequest, ReportAnswer>("PUT /api/reports/{id}", Moderator, Moderation.Resolve, "Resolves a report"),
        Of<SuspensionRequest, SuspensionAnswer>("PUT /api/user/{username}/suspension", Moderator, Moderation.Suspend, "Suspends an account", refuses: [409]),
        Of<Done>("DELETE /api/user/{username}/suspension", Moderator, Moderation.LiftSuspension, "Lifts a suspension", query: ["invited"]),
        Of<SpamRequest, Done>("POST /api/user/{username}/spam", Moderator, Moderation.MarkSpam,
            "Suspends an account, hides all that it wrote and closes its reports", refuses: [409]),
        Of<NewSpamRequest, NewSpamAnswer>("POST /api/held/spam", Moderator, Moderation.MarkNewSpam,
            "Does so with all new accounts whose posts wait and of which nothing was accepted"),
        Of<Done>("DELETE /api/user/{username}/spam", Moderator, Moderation.UnmarkSpam, "Undoes that"),
        Of<ModerationLogAnswer>("GET /api/moderation-log", Anyone, Moderation.Log, "The public log of moderation", kept: true, query: ["limit", "cursor"]),

        Of<HeldPostsAnswer>("GET /api/held", Moderator, Held.List, "The posts that wait for a moderator, oldest first", query: ["limit", "cursor"]),
        Of<HeldPostsAnswer>("GET /api/me/held", Reader, Held.ListOwn, "The caller's posts that wait for a moderator or were declined, newest first",
            query: ["limit", "cursor"]),
        Of<HeldAnswer>("GET /api/held/{id}", Reader, Held.Find, "A post that waits or was declined; for its author and moderators"),
        Of<Done>("DELETE /api/held/{id}", Writer, Held.Withdraw, "Takes back one of the caller's own"),
        Of<PostAnswer>("POST /api/held/{id}/accept", Moderator, Held.Accept, "Publishes a post that waits", refuses: [409]),
        Of<Refusal, Done>("POST /api/held/{id}/decline", Moderator, Held.Decline, "Declines a post that waits"),

        Of<ApplicationsAnswer>("GET /api/applications", Moderator, Applications.List, "Who wants to come in, oldest first", query: ["limit", "cursor"]),
        Of<UserAnswer>("POST /api/applications/{id}/accept", Moderator, Applications.Accept, "Makes an account of an application", refuses: [409]),
        Of<Refusal, Done>("POST /api/applications/{id}/decline", Moderator, Applications.Decline, "Declines an application"),
        Of<InvitationsAnswer>("GET /api/invitations", Reader, Invitations.List, "The caller's invitations that may still be used, newest first"),
        Of<NewInvitation, InvitationAnswer>("POST /api/invitations", Writer, Invitations.Create,
            "Makes a link with which somebody may register, once", status: 201),
        Of<Done>("DELETE /api/invitations/{id}", Writer, Invitations.End, "Ends one of the caller's invitations"),
        Of<SettingsAnswer>("GET /api/settings", Admin, Endpoints.Settings.Get, "Who may come in, and what new accounts may do"),
        Of<SettingsView, SettingsAnswer>("PUT /api/settings", Admin, Endpoints.Settings.Change, "Changes that; what is absent stays"),
        Of<SettingsAnswer>("DELETE /api/settings", Admin, Endpoints.Settings.Reset, "Makes it what it was set to at the start"),

        Streamed<EventsAnswer>("GET /api/events", Anyone, Endpoints.Events.Read, "What happened, as a list; to who accepts text/event-stream, as a stream",
            query: ["after", "kinds", "thread", "limit"]),

        Feed("GET /feed", Feeds.Forum, "The newest threads"),
        Feed("GET /posts/{id}/feed", Feeds.Thread, "A thread's newest replies, and its first post"),
        Feed("GET /user/{username}/feed", Feeds.User, "What a user wrote last"),
        Feed("GET /tags/{tag}/feed", Feeds.Tagged, "The newest threads with a tag"),

        Of<WebhooksAnswer>("GET /api/webhooks", Admin, Endpoints.Webhooks.List, "The webhooks, newest first"),
        Of<NewWebhook, WebhookAnswer>("POST /api/webhooks", Admin, Endpoints.Webhooks.Create,
            "Makes a webhook, whose secret is shown only this once", status: 201),
        Of<WebhookAnswer>("GET /api/webhooks/{id}", Admin, Endpoints.Webhooks.Find, "A webhook"),
        Of<WebhookChange, WebhookAnswer>("PATCH /api/webhooks/{id}", Admin, Endpoints.Webhooks.Change,
            "Changes a webhook, switches it on or off, or gives it a new secret"),
        Of<Done>("DELETE /api/webhooks/{id}", Admin, Endpoints.Webhooks.Remove, "Removes a webhook"),
        Of<DeliveriesAnswer>("GET /api/webhooks/{id}/deliveries", Admin, Endpoints.Webhooks.Deliveries, "What was sent to a webhook, newest first",
            query: ["limit", "cursor"]),
        Of<DeliveryAnswer>("POST /api/webhooks/{id}/deliveries/{delivery}/redeliver", Admin, Endpoints.Webhooks.Redeliver,
            "Sends a delivery again", status: 202, refuses: [409]),
        Of<DeliveryAnswer>("POST /api/webhooks/{id}/test", Admin, Endpoints.Webhooks.Test, "Sends a message that says nothing, once",
            status: 202, refuses: [409]),

        Of<Done>("GET /healthz", Anyone, Service.Health, "Whether the database answers"),
        Of("GET /metrics", Anyone, Service.Metrics, "Metrics for Prometheus; for this machine and admins",
            "text/plain; version=0.0.4; charset=utf-8", refuses: [403]),
        Of("GET /api/openapi.json", Anyone, Service.OpenApi, "This document", "application/json", kept: true),
    ];
}
