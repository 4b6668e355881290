using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

internal sealed record NewToken(string Name, string Scope, long? ExpiresInDays = null);

/// <summary>A token; <paramref name="Token"/>, which is nowhere stored, only in answer to the request that made it.</summary>
internal sealed record TokenView(string CreatedAt, string? ExpiresAt, long Id, string? LastUsedAt, string Name, string Scope, string? Token)
{
    public static TokenView Of(AccessToken token, string? secret = null) => new(
        Clock.Rfc3339(token.CreatedAt), token.ExpiresAt is { } end ? Clock.Rfc3339(end) : null, token.Id,
        token.LastUsedAt is { } use ? Clock.Rfc3339(use) : null, token.Name, token.MayWrite ? "write" : "read", secret);
}

internal sealed record TokenAnswer(TokenView Token) : Success;

internal sealed record TokensAnswer(IReadOnlyList<TokenView> Tokens) : Success;

/// <summary>The tokens by which the caller's scripts call.</summary>
internal static class Tokens
{
    public static ValueTask<TokensAnswer> List(Call call) =>
        new(new TokensAnswer([.. call.Forum.Tokens.List(call.User.Id).Select(t => TokenView.Of(t))]));

    public static async ValueTask<TokenAnswer> Create(Call call, NewToken body)
    {
        var errors = TokenStore.Mistakes(body.Name, body.ExpiresInDays);
        if (body.Scope is not ("read" or "write"))
            errors["scope"] = "must be read or write";
        if (errors.Count > 0)
            throw Refusal.Invalid(errors);
        var secret = SessionTable.NewToken();
        return await call.CreateAsync(
            c => new TokenAnswer(TokenView.Of(call.Forum.Tokens.Create(c, call.User.Id, body.Name, body.Scope == "write", body.ExpiresInDays, secret), secret)),
            answer => $"/api/tokens/{answer.Token.Id}", isSecret: true).ConfigureAwait(false);
    }

    public static async ValueTask<Done> End(Call call) =>
        await call.Forum.Tokens.EndAsync(call.User.Id, call.Id).ConfigureAwait(false) ? new Done() : throw Refusal.NotFound("token");
}
