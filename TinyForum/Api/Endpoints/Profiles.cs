using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

internal sealed record ProfileView(string? Bio, string CreatedAt, string? DisplayName, long Id, UserView? InvitedBy, long Posts, string Role, string Username)
{
    public static ProfileView Of(Account account) => new(
        account.Bio, Rfc3339.Format(account.CreatedAt), account.DisplayName, account.Id,
        account.InvitedBy is { } inviter ? UserView.Of(inviter) : null, account.Posts, RoleName.Of(account.Role), account.Username);
}

internal sealed record ProfileAnswer(ProfileView Profile) : Success;

internal sealed record RoleChange(string Role);

/// <summary>Public profiles, and the assignment of roles.</summary>
internal static class Profiles
{
    public static ValueTask<ProfileAnswer> Get(Call call) =>
        new(new ProfileAnswer(ProfileView.Of(call.Forum.Users.FindAccount(call.Username) ?? throw RefusalException.NotFound("user"))));

    public static async ValueTask<ProfileAnswer> SetRole(Call call, RoleChange body)
    {
        var role = RoleName.Parse(body.Role)
            ?? throw RefusalException.Invalid("role", $"must be {string.Join(", ", RoleName.All.SkipLast(1))} or {RoleName.All[^1]}");
        var account = await call.Forum.Users.SetRoleAsync(call.User, call.Username, role).ConfigureAwait(false);
        return new ProfileAnswer(ProfileView.Of(account ?? throw RefusalException.NotFound("user")));
    }
}
