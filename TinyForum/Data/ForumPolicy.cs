namespace TinyForum.Data;

/// <summary>Who may register.</summary>
public enum Registration
{
    /// <summary>Anyone.</summary>
    Open,

    /// <summary>Anyone whose application a moderator accepts, and who was invited.</summary>
    Approval,

    /// <summary>Who was invited.</summary>
    Invite,

    /// <summary>Nobody.</summary>
    Closed,
}

/// <summary>The ways to register as the tables and the API spell them.</summary>
internal static class RegistrationName
{
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<Registration>().Select(Of)];

    public static string Of(Registration registration) => registration.ToString().ToLowerInvariant();

    /// <summary>The one with this name, or <see langword="null"/>.</summary>
    public static Registration? Parse(string name) => All.ToList().IndexOf(name) is >= 0 and var at ? (Registration)at : null;
}

/// <summary>
/// Who may come in, and what new accounts may do. What is <see langword="null"/> is as it is by default, or, in a change, stays as it is.
/// An account is new until it is old enough and has enough posts that others may see; moderators and admins are never.
/// </summary>
public sealed record ForumPolicy
{
    /// <summary>Who may register; <see cref="Data.Registration.Open"/> by default.</summary>
    public Registration? Registration { get; init; }

    /// <summary>
    /// Whether there are limits to what new accounts may do. By default there are if posts are held, or if anyone may register and the server
    /// listens on more than loopback.
    /// </summary>
    public bool? LimitNewAccounts { get; init; }

    /// <summary>
    /// How many posts of an account a moderator has to accept before others see what it writes. By default 1 if anyone may register and the
    /// server listens on more than loopback, else 0.
    /// </summary>
    public int? HoldFirstPosts { get; init; }

    /// <summary>For how many hours an account is new; 24 by default.</summary>
    public int? NewAccountHours { get; init; }

    /// <summary>With fewer posts than these that others may see an account is new; 3 by default.</summary>
    public int? NewAccountPosts { get; init; }

    /// <summary>How many links a post of a new account may have; 2 by default.</summary>
    public int? NewAccountLinks { get; init; }

    /// <summary>How many mentions a post of a new account may have; 2 by default.</summary>
    public int? NewAccountMentions { get; init; }

    /// <summary>How many threads a new account may begin in 24 hours; 3 by default.</summary>
    public int? NewAccountDailyThreads { get; init; }

    /// <summary>How many posts a new account may write in 24 hours, threads included; 10 by default.</summary>
    public int? NewAccountDailyPosts { get; init; }

    /// <summary>Whether a new account may write private messages to users who have not written to it; not by default.</summary>
    public bool? NewAccountMessages { get; init; }

    /// <summary>How many days a member has to have an account before it can invite others; 7 by default.</summary>
    public int? InviteAfterDays { get; init; }

    /// <summary>The numbers among them, with the greatest value and the default of each. A switch is 0 or 1.</summary>
    internal static IReadOnlyList<Number> Numbers { get; } =
    [
        new("registration", (int)Data.Registration.Closed, 0, p => (int?)p.Registration, (p, n) => p with { Registration = (Registration?)n }),
        new("limit_new_accounts", 1, null, p => Of(p.LimitNewAccounts), (p, n) => p with { LimitNewAccounts = Is(n) }),
        new("hold_first_posts", 1_000, null, p => p.HoldFirstPosts, (p, n) => p with { HoldFirstPosts = n }),
        new("new_account_hours", 8_760, 24, p => p.NewAccountHours, (p, n) => p with { NewAccountHours = n }),
        new("new_account_posts", 1_000, 3, p => p.NewAccountPosts, (p, n) => p with { NewAccountPosts = n }),
        new("new_account_links", 1_000, 2, p => p.NewAccountLinks, (p, n) => p with { NewAccountLinks = n }),
        new("new_account_mentions", 1_000, 2, p => p.NewAccountMentions, (p, n) => p with { NewAccountMentions = n }),
        new("new_account_daily_threads", 1_000, 3, p => p.NewAccountDailyThreads, (p, n) => p with { NewAccountDailyThreads = n }),
        new("new_account_daily_posts", 1_000, 10, p => p.NewAccountDailyPosts, (p, n) => p with { NewAccountDailyPosts = n }),
        new("new_account_messages", 1, 0, p => Of(p.NewAccountMessages), (p, n) => p with { NewAccountMessages = Is(n) }),
        new("invite_after_days", 3_650, 7, p => p.InviteAfterDays, (p, n) => p with { InviteAfterDays = n }),
    ];

    internal static Number NumberOf(string name) => Numbers.First(n => n.Name == name);

    /// <summary>This, and where it says nothing another.</summary>
    internal ForumPolicy Or(ForumPolicy other) => Numbers.Aggregate(this, (policy, n) => n.With(policy, n.Of(policy) ?? n.Of(other)));

    /// <summary>This with the defaults where it says nothing.</summary>
    internal ForumPolicy Whole(bool isPublic)
    {
        var policy = Numbers.Aggregate(this, (policy, n) => n.With(policy, n.Of(policy) ?? n.Default));
        var isOpen = isPublic && policy.Registration == Data.Registration.Open;
        var isLimited = policy.LimitNewAccounts ?? (isOpen || policy.HoldFirstPosts > 0);
        return policy with { LimitNewAccounts = isLimited, HoldFirstPosts = isLimited ? policy.HoldFirstPosts ?? (isOpen ? 1 : 0) : 0 };
    }

    /// <exception cref="RefusalException">Invalid: names the numbers that are out of range.</exception>
    internal void Check() => RefusalException.ThrowIfInvalid(
        [.. Numbers.Select(n => (n.Name, n.BrokenBy(this)))]);

    private static int? Of(bool? value) => value is { } given ? given ? 1 : 0 : null;

    private static bool? Is(int? value) => value is { } given ? given == 1 : null;

    /// <summary>One of the numbers.</summary>
    /// <param name="Name">As the tables and the API spell it.</param>
    /// <param name="Most">Its greatest value; the least is 0.</param>
    /// <param name="Default">Its default, if that is always the same.</param>
    /// <param name="Of">Reads it.</param>
    /// <param name="With">Sets it.</param>
    internal sealed record Number(string Name, int Most, int? Default, Func<ForumPolicy, int?> Of, Func<ForumPolicy, int?, ForumPolicy> With)
    {
        /// <summary>Its rule, if a policy breaks it.</summary>
        public string? BrokenBy(ForumPolicy policy) => Of(policy) is { } value && (value < 0 || value > Most) ? $"must be 0 to {Most}" : null;
    }
}
