using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

internal sealed record NewInvitation(long? ExpiresInDays = null);

internal sealed record InvitationView(string CreatedAt, string ExpiresAt, long Id, string? Token = null, string? Url = null)
{
    public static InvitationView Of(Invitation invitation) =>
        new(Rfc3339.Format(invitation.CreatedAt), Rfc3339.Format(invitation.ExpiresAt), invitation.Id);
}

internal sealed record InvitationAnswer(InvitationView Invitation) : Success;

internal sealed record InvitationsAnswer(IReadOnlyList<InvitationView> Invitations) : Success;

internal sealed record InvitedAnswer(IReadOnlyList<UserView> Users, string? Next) : Success;

/// <summary>Links with which others may register, and who came with whose.</summary>
internal static class Invitations
{
    public static async ValueTask<InvitationAnswer> Create(Call call, NewInvitation body)
    {
        var key = call.IdempotencyKey();
        var (secret, invitation) = await call.Forum.Invitations.CreateAsync(call.User, body.ExpiresInDays ?? InvitationStore.DefaultDays, key)
            .ConfigureAwait(false);
        var view = InvitationView.Of(invitation) with { Token = secret, Url = UrlOf(call, secret).ToString() };
        return call.Created(new InvitationAnswer(view), $"/api/invitations/{invitation.Id}", key);
    }

    /// <summary>The address at which somebody registers with an invitation.</summary>
    public static Uri UrlOf(Call call, string secret) => new(call.Origin, $"{call.Exchange.BasePath}/register?invitation={secret}");

    public static ValueTask<InvitationsAnswer> List(Call call) =>
        new(new InvitationsAnswer([.. call.Forum.Invitations.List(call.User).Select(InvitationView.Of)]));

    public static async ValueTask<Done> End(Call call) => await call.Forum.Invitations.EndAsync(call.User, call.Id).ConfigureAwait(false)
        ? new Done() : throw RefusalException.NotFound("invitation");

    public static ValueTask<InvitedAnswer> Invited(Call call)
    {
        var inviter = call.Forum.Users.Find(call.Username) ?? throw RefusalException.NotFound("user");
        return call.Page($"invited by {inviter.Id}", (size, from) => call.Forum.Invitations.InvitedBy(inviter, size, from),
            UserView.Of, (users, next) => new InvitedAnswer(users, next));
    }
}
