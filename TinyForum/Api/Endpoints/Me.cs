using System.Text.Json;
using TinyForum.Data;
using TinyForum.Http;

namespace TinyForum.Api.Endpoints;

internal sealed record UnreadView(long Messages, long Notifications);

internal sealed record MeView(string? Bio, string CreatedAt, string? DisplayName, long Id, string Role, UnreadView Unread, string Username);

internal sealed record MeAnswer(MeView User) : Success
{
    public static MeAnswer Of(Account account) => new(new MeView(
        account.Bio, Rfc3339.Format(account.CreatedAt), account.DisplayName, account.Id, RoleName.Of(account.Role),
        new UnreadView(account.UnreadMessages, account.UnreadNotifications), account.Username));
}

internal sealed record ProfileChange(string? Bio = null, string? DisplayName = null);

internal sealed record PasswordChange(string Current, string New);

internal sealed record PasswordProof(string Password);

/// <summary>What an export looks like. It is written as a stream, never as this.</summary>
internal sealed record ExportAnswer(JsonElement Export) : Success;

/// <summary>The caller's own account.</summary>
internal static class Me
{
    internal const string WrongPasswordMessage = "wrong password";

    public static ValueTask<MeAnswer> Get(Call call) => new(MeAnswer.Of(call.Forum.Users.FindAccount(call.User.Id) ?? throw ForumApi.LoginRequired()));

    public static async ValueTask<MeAnswer> Change(Call call, ProfileChange body)
    {
        Account? expected = null;
        if (call.Exchange.Header("If-Match") is { } condition)
        {
            expected = call.Forum.Users.FindAccount(call.User.Id) ?? throw ForumApi.LoginRequired();
            if (!ConditionalGet.Matches(condition, ETagOf(expected)))
                throw new RefusalException(RefusalKind.Stale, "the account has changed since");
        }
        var account = await call.Forum.Users.ChangeProfileAsync(call.User, body.DisplayName, body.Bio, expected).ConfigureAwait(false);
        return MeAnswer.Of(account ?? throw ForumApi.LoginRequired());
    }

    public static async ValueTask<Done> ChangePassword(Call call, PasswordChange body) =>
        await SetPasswordAsync(call, body).ConfigureAwait(false) ? new Done() : throw WrongPassword();

    /// <returns>Whether the current password is right.</returns>
    public static async Task<bool> SetPasswordAsync(Call call, PasswordChange body)
    {
        Permissions.RequireOwnLogin(call.User);
        PasswordStore.RequireValid("new", body.New);
        return await Accounts.Prove(call, call.User.Id, body.Current).ConfigureAwait(false) is { } proof && await call.Forum.Users.Passwords
            .SetAsync(call.User, call.User, body.New, "new", proof, call.User.SessionId, CancellationToken.None).ConfigureAwait(false);
    }

    public static async ValueTask<Done> Erase(Call call, PasswordProof body) =>
        await EraseAsync(call, body.Password).ConfigureAwait(false) ? new Done() : throw WrongPassword();

    /// <summary>Erases the account. That of another program's login has no password to prove.</summary>
    /// <returns>Whether the password is right.</returns>
    public static async Task<bool> EraseAsync(Call call, string password)
    {
        var proof = call.User.IsExternal ? null : await Accounts.Prove(call, call.User.Id, password).ConfigureAwait(false);
        if ((proof is null && !call.User.IsExternal)
            || !await call.Forum.Users.EraseAsync(call.User, proof).ConfigureAwait(false))
            return false;
        call.Exchange.SetHeader("Set-Cookie", call.Cookie.Expire(secure: call.IsHttps));
        return true;
    }

    public static async ValueTask Export(Call call)
    {
        var export = await call.Forum.Exports.MakeAsync(call.User, Json.WriterOptions, (writer, write) =>
        {
            writer.WriteStartObject();
            writer.WritePropertyName("export");
            write();
            writer.WriteString("status", "success");
            writer.WriteEndObject();
        }).ConfigureAwait(false);
        call.ETag = ConditionalGet.ETagOfDigest(export.Digest);
        call.Exchange.BodyStream = export.Content;
        call.Exchange.SetHeader("Content-Disposition", "attachment; filename=\"tinyforum-export.json\"");
    }

    private static string ETagOf(Account account) => ConditionalGet.ETagOf(JsonResponder.Render(MeAnswer.Of(account), ApiJson.Type<MeAnswer>()));

    private static RefusalException WrongPassword() => RefusalException.Forbidden(WrongPasswordMessage);
}
