using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

internal sealed record SessionView(string CreatedAt, bool Current, string ExpiresAt, long Id, string Ip, string LastUsedAt, string UserAgent);

internal sealed record SessionsAnswer(IReadOnlyList<SessionView> Sessions) : Success;

/// <summary>Where the caller is logged in.</summary>
internal static class Sessions
{
    public static ValueTask<SessionsAnswer> List(Call call) => new(new SessionsAnswer(
        [.. call.Forum.Sessions.List(call.User.Id).Select(s => new SessionView(
            Clock.Rfc3339(s.CreatedAt), s.Id == call.User.SessionId, Clock.Rfc3339(s.ExpiresAt), s.Id, s.Ip, Clock.Rfc3339(s.LastUsedAt), s.UserAgent))]));

    public static async ValueTask<Done> End(Call call)
    {
        if (!await call.Forum.Sessions.EndAsync(call.User.Id, call.Id).ConfigureAwait(false))
            throw Refusal.NotFound("session");
        if (call.Id == call.User.SessionId)
            call.Exchange.SetHeader("Set-Cookie", SessionCookie.Expire(secure: call.IsHttps));
        return new Done();
    }
}
