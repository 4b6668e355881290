using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

internal sealed record SettingsView(
    long? HoldFirstPosts = null, long? InviteAfterDays = null, bool? LimitNewAccounts = null, long? NewAccountDailyPosts = null,
    long? NewAccountDailyThreads = null, long? NewAccountHours = null, long? NewAccountLinks = null, long? NewAccountMentions = null,
    bool? NewAccountMessages = null, long? NewAccountPosts = null, string? Registration = null)
{
    public static SettingsView Of(ForumPolicy p) => new(
        p.HoldFirstPosts, p.InviteAfterDays, p.LimitNewAccounts, p.NewAccountDailyPosts, p.NewAccountDailyThreads, p.NewAccountHours, p.NewAccountLinks,
        p.NewAccountMentions, p.NewAccountMessages, p.NewAccountPosts, RegistrationName.Of(p.Registration!.Value));

    public ForumPolicy ToPolicy() => new()
    {
        HoldFirstPosts = Int(HoldFirstPosts),
        InviteAfterDays = Int(InviteAfterDays),
        LimitNewAccounts = LimitNewAccounts,
        NewAccountDailyPosts = Int(NewAccountDailyPosts),
        NewAccountDailyThreads = Int(NewAccountDailyThreads),
        NewAccountHours = Int(NewAccountHours),
        NewAccountLinks = Int(NewAccountLinks),
        NewAccountMentions = Int(NewAccountMentions),
        NewAccountMessages = NewAccountMessages,
        NewAccountPosts = Int(NewAccountPosts),
        Registration = Registration is not { } name ? null : RegistrationName.Parse(name)
            ?? throw RefusalException.Invalid("registration", $"must be {string.Join(", ", RegistrationName.All.SkipLast(1))} or {RegistrationName.All[^1]}"),
    };

    private static int? Int(long? number) => number is { } given ? (int)Math.Clamp(given, int.MinValue, int.MaxValue) : null;
}

internal sealed record SettingsAnswer(SettingsView Settings) : Success;

/// <summary>Who may come in, and what new accounts may do.</summary>
internal static class Settings
{
    public static ValueTask<SettingsAnswer> Get(Call call) => new(new SettingsAnswer(SettingsView.Of(call.Forum.Policy.Current)));

    public static async ValueTask<SettingsAnswer> Change(Call call, SettingsView body) =>
        new(SettingsView.Of(await call.Forum.Policy.ChangeAsync(call.User, body.ToPolicy()).ConfigureAwait(false)));

    public static async ValueTask<SettingsAnswer> Reset(Call call) =>
        new(SettingsView.Of(await call.Forum.Policy.ResetAsync(call.User).ConfigureAwait(false)));
}
