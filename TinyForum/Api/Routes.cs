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
        Of<ProfileAnswer>("GET /api/user/{username}/profile", Anyone, Profiles.Get, "An account as others see it", kept: true),
        Of<RoleChange, ProfileAnswer>("PUT /api/user/{username}/role", Admin, Profiles.SetRole, "Gives an account a role"),

        Of<MeAnswer>("GET /api/me", Reader, Me.Get, "The caller's own account"),
        Of<ProfileChange, MeAnswer>("PATCH /api/me", Writer, Me.Change, "Changes the caller's profile; empty texts remove"),
        Of<PasswordChange, Done>("PUT /api/me/password", Session, Me.ChangePassword, "Changes the password; ends all other sessions and all tokens"),
        Of<PasswordProof, Done>("DELETE /api/me", Session, Me.Erase, "Erases the account; posts stay, by deleted"),
        Of<ExportAnswer>("GET /api/me/export", Session, Me.Export, "Everything stored about the caller"),
        Of<SessionsAnswer>("GET /api/sessions", Session, Sessions.List, "Where the caller is logged in, the last used first"),
        Of<Done>("DELETE /api/sessions/{id}", Session, Sessions.End, "Ends one of the caller's sessions"),
        Of<TokensAnswer>("GET /api/tokens", Session, Tokens.List, "The caller's tokens, the newest first"),
        Of<NewToken, TokenAnswer>("POST /api/tokens", Session, Tokens.Create, "Makes a token, which is shown this once", status: 201),
        Of<Done>("DELETE /api/tokens/{id}", Session, Tokens.End, "Ends one of the caller's tokens"),

        Of<Done>("GET /healthz", Anyone, Service.Health, "Whether the database answers"),
    ];
}
