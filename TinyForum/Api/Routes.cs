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

        Of<ReportRequest, ReportAnswer>("POST /api/posts/{id}/report", Writer, Moderation.Report, "Reports a post to the moderators", status: 201),
        Of<ReportsAnswer>("GET /api/reports", Moderator, Moderation.ListReports, "The reports of posts", query: ["state", "limit", "cursor"]),
        Of<ReportAnswer>("GET /api/reports/{id}", Moderator, Moderation.FindReport, "A report"),
        Of<ResolutionRequest, ReportAnswer>("PUT /api/reports/{id}", Moderator, Moderation.Resolve, "Closes a report"),
        Of<SuspensionRequest, SuspensionAnswer>("PUT /api/user/{username}/suspension", Moderator, Moderation.Suspend, "Shuts an account out"),
        Of<Done>("DELETE /api/user/{username}/suspension", Moderator, Moderation.LiftSuspension, "Lets an account in again"),
        Of<ModerationLogAnswer>("GET /api/moderation-log", Anyone, Moderation.Log, "What moderators did", kept: true, query: ["limit", "cursor"]),

        Of<Done>("GET /healthz", Anyone, Service.Health, "Whether the database answers"),
    ];
}
