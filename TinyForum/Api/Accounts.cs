using TinyForum.Data;

namespace TinyForum.Api;

internal sealed record Credentials(string Username, string Password);

internal sealed record UserView(long Id, string Username)
{
    public static UserView Of(User user) => new(user.Id, user.Username);
}

internal sealed record UserAnswer(UserView User) : Success;

internal sealed record MeView(long Id, string Role, string Username);

internal sealed record MeAnswer(MeView User) : Success;

/// <summary>Accounts: registering, logging in and out, who one is.</summary>
internal static class Accounts
{
    public static async ValueTask<UserAnswer> Register(Call call, Credentials body)
    {
        var user = await call.Forum.Users.RegisterAsync(body.Username, body.Password).ConfigureAwait(false);
        return user is null ? throw new Refusal(200, "username already exists") : new UserAnswer(UserView.Of(user));
    }

    public static async ValueTask<Done> LogIn(Call call, Credentials body)
    {
        var user = call.Forum.Users.Find(body.Username) ?? throw new Refusal(200, "user does not exist");
        if (!await call.Forum.Users.VerifyPasswordAsync(user.Id, body.Password).ConfigureAwait(false))
            throw new Refusal(200, "username and password do not match");
        var token = await call.Forum.Sessions.StartAsync(user.Id, call.ClientAddress.ToString(), call.Exchange.Header("User-Agent") ?? "").ConfigureAwait(false);
        call.Exchange.AddHeader("Set-Cookie", SessionCookie.Make(token, secure: call.IsHttps));
        return new Done();
    }

    public static async ValueTask<Done> LogOut(Call call)
    {
        await call.Forum.Sessions.EndAsync(call.User.Id, call.User.SessionId!.Value).ConfigureAwait(false);
        call.Exchange.AddHeader("Set-Cookie", SessionCookie.Expire(secure: call.IsHttps));
        return new Done();
    }

    public static async ValueTask<Done> LogOutEverywhere(Call call)
    {
        var user = call.Forum.Users.Find(call.Username) ?? throw new Refusal(200, "user does not exist");
        var allowed = call.Caller is { } caller
            ? (caller.Id == user.Id && caller.MayWrite) || caller.Role == Role.Admin
            : call.Forum.Options.AnonymousLogout == true && call.IsDirectLoopback;
        if (!allowed)
            throw call.Caller is null ? ForumApi.LoginRequired() : Refusal.Forbidden("only the user or an admin may do this");
        return await call.Forum.Sessions.EndAllAsync(user.Id).ConfigureAwait(false) > 0 ? new Done() : throw new Refusal(200, "user did not log in");
    }

    public static ValueTask<UserAnswer> Find(Call call) =>
        call.Forum.Users.Find(call.Username) is { } user ? new(new UserAnswer(UserView.Of(user))) : throw new Refusal(200, "user does not exist");

    public static ValueTask<MeAnswer> Me(Call call) =>
        new(new MeAnswer(new MeView(call.User.Id, call.User.Role.ToString().ToLowerInvariant(), call.User.Username)));
}
