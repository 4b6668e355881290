using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

internal sealed record SetupRequest(string Key, string Password, string Username);

internal sealed record PasswordReset(string Key, string Password);

internal sealed record LinkView(string ExpiresAt, string Url);

internal sealed record LinkAnswer(LinkView Link) : Success;

/// <summary>Links that work once: to make the first account, and to set a password.</summary>
internal static class Links
{
    public static async ValueTask<UserAnswer> SetUp(Call call, SetupRequest body) => new(UserView.Of(await SetUpAsync(call, body).ConfigureAwait(false)));

    /// <summary>Makes the first account, an admin, and logs it in.</summary>
    public static async Task<Actor> SetUpAsync(Call call, SetupRequest body)
    {
        var admin = await call.Forum.Links.SetUpAsync(body.Key, body.Username, body.Password).ConfigureAwait(false);
        await Accounts.StartSessionAsync(call, admin, proof: null).ConfigureAwait(false);
        return admin;
    }

    public static async ValueTask<LinkAnswer> MakePasswordLink(Call call)
    {
        var user = call.Forum.Users.FindAccount(call.Username) ?? throw RefusalException.NotFound("user");
        var origin = call.Origin.GetLeftPart(UriPartial.Authority);
        var link = await call.Forum.Links.MakePasswordLinkAsync(call.User, new User(user.Id, user.Username)).ConfigureAwait(false);
        var answer = new LinkAnswer(new LinkView(Rfc3339.Format(link.ExpiresAt), origin + call.Exchange.BasePath + link.Path));
        return call.Created(answer, OneTimeLinks.PasswordPath); // without the key: heads of answers are logged more often than their bodies
    }

    public static async ValueTask<Done> ResetPassword(Call call, PasswordReset body)
    {
        await call.Forum.Links.SetPasswordAsync(body.Key, body.Password).ConfigureAwait(false);
        return new Done();
    }
}
