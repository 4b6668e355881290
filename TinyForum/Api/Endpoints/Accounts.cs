using TinyForum.Data;
using TinyForum.Http;

namespace TinyForum.Api.Endpoints;

internal sealed record Credentials(string Username, string Password);

internal sealed record RegistrationRequest(string Username, string Password, string? Application = null, string? Invitation = null);

internal sealed record ApplicationSent(string Message) : Success;

internal sealed record UserView(long Id, string Username)
{
    public static UserView Of(User user) => new(user.Id, user.Username);
}

internal sealed record UserAnswer(UserView User) : Success;

/// <summary>Accounts: registering, logging in and out, looking a user up.</summary>
internal static class Accounts
{
    /// <returns>A <see cref="UserAnswer"/>, or an <see cref="ApplicationSent"/>.</returns>
    public static async ValueTask<Success> Register(Call call, RegistrationRequest body)
    {
        call.RequireNoExternalLogin();
        var counted = call.RateLimits.Registration(call);
        RegistrationResult? result = null;
        try
        {
            result = await call.Forum.Registration.RegisterAsync(new Registrant(body.Username, body.Password, body.Application, body.Invitation))
                .ConfigureAwait(false);
        }
        finally
        {
            if (result is null)
                counted?.Dispose();
        }
        return result is null ? throw new HttpRefusalException(200, "username already exists")
            : result.Account is { } user ? new UserAnswer(UserView.Of(user)) : new ApplicationSent("the application waits for a moderator");
    }

    public static async ValueTask<Done> LogIn(Call call, Credentials body)
    {
        await StartSessionAsync(call, body).ConfigureAwait(false);
        return new Done();
    }

    /// <summary>Starts a session and sets its cookie.</summary>
    /// <returns>Its token.</returns>
    public static async Task<string> StartSessionAsync(Call call, Credentials body)
    {
        call.RequireNoExternalLogin();
        var user = call.Forum.Users.Find(body.Username);
        var proof = await Prove(call, user?.Id, body.Password).ConfigureAwait(false);
        if (user is null && await call.Forum.Registration.WhyNotAsync(body.Username, body.Password).ConfigureAwait(false) is { } why)
            throw RefusalException.Forbidden(why);
        if (user is null)
            throw new HttpRefusalException(200, "user does not exist");
        if (proof is null)
            throw Mismatch();
        if (call.Forum.Users.FindSuspension(user) is { } suspension)
            throw RefusalException.Forbidden(Describe(suspension));
        return await StartSessionAsync(call, user, proof).ConfigureAwait(false);
    }

    /// <summary>As above, for a user whose stored password hash is the proven one.</summary>
    public static async Task<string> StartSessionAsync(Call call, User user, string? proof)
    {
        var token = await call.Forum.Sessions.StartAsync(user, call.ClientAddress.ToString(), call.Exchange.Header("User-Agent") ?? "", proof)
            .ConfigureAwait(false) ?? throw Mismatch(); // the password was changed a moment ago
        call.Exchange.SetHeader("Set-Cookie", call.Cookie.Make(token, secure: call.IsHttps));
        return token;
    }

    public static async ValueTask<Done> LogOut(Call call)
    {
        Permissions.RequireOwnLogin(call.User);
        await call.Forum.Sessions.EndAsync(call.User, call.User.SessionId!.Value).ConfigureAwait(false);
        call.Exchange.SetHeader("Set-Cookie", call.Cookie.Expire(secure: call.IsHttps));
        return new Done();
    }

    public static async ValueTask<Done> LogOutEverywhere(Call call)
    {
        var user = call.Forum.Users.Find(call.Username) ?? throw new HttpRefusalException(200, "user does not exist");
        var isOpen = call.Forum.Options.AnonymousLogout == true && call.IsDirectLoopback;
        if (call.Caller is null && !isOpen)
            throw ForumApi.LoginRequired();
        // A browser sends the cookie, and a proxy its header, with another site's link, and over plain http it does not tell that the link is another site's.
        if (!isOpen && call.Caller is { TokenId: null } && !call.IsHttps && call.Exchange.Header("Sec-Fetch-Site") is null)
            throw RefusalException.Forbidden("over http a cookie is not enough for this: use POST /api/logout or a token");
        // Anybody may have put the link into a post.
        if (call.Exchange.Header("Sec-Fetch-Dest") is not (null or "empty") && call.Exchange.Header("Sec-Fetch-Site") != "none")
            throw RefusalException.Forbidden("following a link is not enough for this: use POST /api/logout or a token");
        if (call.Caller is { MayWrite: false })
            throw Permissions.ReadersMayNot();
        return await call.Forum.Sessions.EndAllAsync(call.Caller ?? Actor.System, user).ConfigureAwait(false) > 0
            ? new Done() : throw new HttpRefusalException(200, "user did not log in");
    }

    public static ValueTask<UserAnswer> Find(Call call) =>
        call.Forum.Users.Find(call.Username) is { } user ? new(new UserAnswer(UserView.Of(user))) : throw new HttpRefusalException(200, "user does not exist");

    /// <summary>Tries a password, counting it if it is wrong. It is wrong for a user who does not exist.</summary>
    /// <returns>The stored hash that it matches, or <see langword="null"/>.</returns>
    /// <exception cref="HttpRefusalException">429: too many passwords were wrong.</exception>
    /// <exception cref="RefusalException">Busy: too many passwords are being hashed.</exception>
    public static async ValueTask<string?> Prove(Call call, long? userId, string password)
    {
        var counted = call.RateLimits.FailedLogin(call, userId);
        var isWrong = false;
        try
        {
            var proof = userId is { } id
                ? await call.Forum.Users.Passwords.ProveAsync(id, password, CancellationToken.None).ConfigureAwait(false) : null;
            isWrong = proof is null;
            return proof;
        }
        finally
        {
            if (!isWrong)
                counted?.Dispose();
        }
    }

    private static HttpRefusalException Mismatch() => new(200, "username and password do not match");

    public static string Describe(Suspension suspension) =>
        $"this account is suspended{(suspension.Until is { } until ? $" until {Rfc3339.Format(until)}" : "")}: {suspension.Reason}";
}
