using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

internal sealed record NewToken(string Name, string Scope, long? ExpiresInDays = null);

/// <summary>A token. <paramref name="Token"/>, the secret, is only in the answer to the request that created it.</summary>
internal sealed record TokenView(string CreatedAt, string? ExpiresAt, long Id, string? LastUsedAt, string Name, string Scope, string? Token)
{
    public static TokenView Of(AccessToken token, string? secret = null) => new(
        Rfc3339.Format(token.CreatedAt), token.ExpiresAt is { } end ? Rfc3339.Format(end) : null, token.Id,
        token.LastUsedAt is { } use ? Rfc3339.Format(use) : null, token.Name, ScopeName.Of(token.MayWrite), secret);
}

internal sealed record TokenAnswer(TokenView Token) : Success;

internal sealed record TokensAnswer(IReadOnlyList<TokenView> Tokens) : Success;

/// <summary>The access tokens of the caller's scripts.</summary>
internal static class Tokens
{
    public static ValueTask<TokensAnswer> List(Call call) =>
        new(new TokensAnswer([.. call.Forum.Tokens.List(call.User).Select(t => TokenView.Of(t))]));

    public static async ValueTask<TokenAnswer> Create(Call call, NewToken body)
    {
        var key = call.IdempotencyKey();
        var issued = await call.Forum.Tokens.CreateAsync(call.User, body.Name, body.Scope, body.ExpiresInDays, key).ConfigureAwait(false);
        return call.Created(new TokenAnswer(TokenView.Of(issued.Token, issued.Secret)), $"/api/tokens/{issued.Token.Id}", key);
    }

    public static async ValueTask<Done> End(Call call) =>
        await call.Forum.Tokens.EndAsync(call.User, call.Id).ConfigureAwait(false) ? new Done() : throw RefusalException.NotFound("token");
}
