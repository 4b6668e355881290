using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

internal sealed record ProfileView(string? Bio, string CreatedAt, string? DisplayName, long Id, long Posts, string Role, string Username)
{
    public static ProfileView Of(Account account) => new(
        account.Bio, Clock.Rfc3339(account.CreatedAt), account.DisplayName, account.Id, account.Posts, UserStore.NameOf(account.Role), account.Username);
}

internal sealed record ProfileAnswer(ProfileView Profile) : Success;

internal sealed record RoleChange(string Role);

/// <summary>Accounts as others see them, and the roles they are given.</summary>
internal static class Profiles
{
    public static ValueTask<ProfileAnswer> Get(Call call) =>
        new(new ProfileAnswer(ProfileView.Of(call.Forum.Users.FindAccount(call.Username) ?? throw Refusal.NotFound("user"))));

    public static async ValueTask<ProfileAnswer> SetRole(Call call, RoleChange body)
    {
        var role = body.Role switch
        {
            "member" => Role.Member,
            "moderator" => Role.Moderator,
            "admin" => Role.Admin,
            _ => throw Refusal.Invalid("role", "must be member, moderator or admin"),
        };
        var account = await call.Forum.Users.SetRoleAsync(call.Username, role, call.User.Id).ConfigureAwait(false);
        return new ProfileAnswer(ProfileView.Of(account ?? throw Refusal.NotFound("user")));
    }
}
