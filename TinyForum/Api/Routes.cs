using static TinyForum.Api.Access;
using static TinyForum.Api.Endpoint;

namespace TinyForum.Api;

/// <summary>Every endpoint, a line each: the index of this folder.</summary>
internal static class Routes
{
    public static IReadOnlyList<Endpoint> Table { get; } =
    [
        Of<Credentials, UserAnswer>("POST /api/register", Anyone, Accounts.Register, "Registers an account", refuses: [200]),
        Of<Credentials, Done>("POST /api/login", Anyone, Accounts.LogIn, "Logs in: starts a session", refuses: [200]),
        Of<Done>("POST /api/logout", Session, Accounts.LogOut, "Ends the session that sent it"),
        Of<Done>("GET /api/logout/{username}", Anyone, Accounts.LogOutEverywhere, "Ends every session of a user", changesByGet: true, refuses: [200]),
        Of<UserAnswer>("GET /api/user/{username}", Anyone, Accounts.Find, "An account's number and name", kept: true, refuses: [200]),
        Of<MeAnswer>("GET /api/me", Reader, Accounts.Me, "The caller's own account"),

        Of<Done>("GET /healthz", Anyone, Service.Health, "Whether the database answers"),
        Of("GET /metrics", Anyone, Service.Metrics, "What the server has been doing, for Prometheus: for this machine and admins", PrometheusText.ContentType, refuses: [403]),
        Of("GET /api/openapi.json", Anyone, Service.OpenApi, "This document", "application/json", kept: true),
    ];
}
