namespace TinyForum.Api.Endpoints;

internal sealed record SessionView(string CreatedAt, bool Current, string ExpiresAt, long Id, string Ip, string LastUsedAt, string UserAgent);

internal sealed record SessionsAnswer(IReadOnlyList<SessionView> Sessions) : Success;

/// <summary>Where the caller is logged in.</summary>
internal static class Sessions
{
    public static ValueTask<SessionsAnswer> List(Call call) => new(new SessionsAnswer(
        [.. call.Forum.Sessions.List(call.User).Select(s => new SessionView(
            Rfc3339.Format(s.CreatedAt), s.Id == call.User.SessionId, Rfc3339.Format(s.ExpiresAt), s.Id, s.Ip, Rfc3339.Format(s.LastUsedAt), s.UserAgent))]));

    public static async ValueTask<Done> End(Call call)
    {
        if (!await call.Forum.Sessions.EndAsync(call.User, call.Id).ConfigureAwait(false))
            throw RefusalException.NotFound("session");
        if (call.Id == call.User.SessionId)
            call.Exchange.SetHeader("Set-Cookie", call.Cookie.Expire(secure: call.IsHttps));
        return new Done();
    }
}
