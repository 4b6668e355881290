using System.CommandLine;
using System.Globalization;
using System.Net;
using TinyForum.Data;
using TinyForum.Maintenance;
using TinyForum.Passwords;

namespace TinyForum.CommandLine;

/// <summary>Every setting of the server, a line or two each.</summary>
internal static class Settings
{
    private static readonly ForumOptions Defaults = new();

    public static readonly Setting<string> Database = Setting.Of("--database", Defaults.Database!, SettingValue.Text("FILE"),
        "The database, created if it does not exist");

    public static readonly Setting<LogFormat> Log = Setting.Of("--log", LogFormat.Text, SettingValue.Log,
        "How to log requests, a line each, on standard output");

    public static readonly Setting<IReadOnlyList<string>> Listen = Setting.Of("--listen", Defaults.Listen, SettingValue.List("URL"),
        "Where to listen: http://HOST:PORT with an IPv4 address, localhost or * for all. May be repeated");

    private static readonly Setting<IReadOnlyList<string>?> Hosts = Setting.Of("--host", Defaults.Hosts, SettingValue.OrNone(SettingValue.HostNames, "any"),
        "A name that requests may have as their Host, besides this machine's own. May be repeated");

    private static readonly Setting<string> Title = Setting.Of("--title", Defaults.Title, SettingValue.Text("TEXT"),
        "The forum's name, on its pages and feeds");

    private static readonly Setting<string?> Description = Setting.Of("--description", Defaults.Description, SettingValue.Text("TEXT"), "a general one",
        "What the forum is, in a sentence, for search engines and its page about itself");

    private static readonly Setting<string?> StyleFile = Setting.Of("--style", Defaults.StyleFile, SettingValue.Text("FILE"), "none",
        "A style sheet that is added to the pages' own");

    private static readonly Setting<string?> AboutFile = Setting.Of("--about", Defaults.AboutFile, SettingValue.Text("FILE"), "none",
        "What the forum says about itself at /about, in Markdown");

    public static readonly Setting<string> BasePath = Setting.Of("--base-path", Defaults.BasePath, SettingValue.BasePath,
        "The path below which clients know the forum, such as /forum, whether a proxy cuts it off or not");

    public static readonly Setting<Uri?> PublicUrl = Setting.Of("--public-url", Defaults.PublicUrl, SettingValue.Origin, "as requests name it",
        "The address under which clients know the forum, such as https://forum.example");

    private static readonly Setting<bool?> AnonymousLogout = Setting.Of(
        "--anonymous-logout", Defaults.AnonymousLogout, SettingValue.Switch, "on if it listens on loopback alone",
        "Whether GET /api/logout/NAME needs no login from this machine");

    private static readonly Setting<IReadOnlyList<IPNetwork>> TrustProxy = Setting.Of("--trust-proxy", Defaults.TrustedProxies, SettingValue.Networks,
        "Believe X-Forwarded-For and X-Forwarded-Proto of proxies that overwrite them: in these networks or, with on, on this machine and in private ones");

    private static readonly Setting<string?> AuthHeader = Setting.Of(
        "--auth-header", Defaults.AuthHeader, SettingValue.OrNone(SettingValue.HeaderName, "none"),
        "The header in which a trusted proxy says whom it has logged in, such as Remote-User");

    private static readonly Setting<IReadOnlyList<string>?> Cors = Setting.Of("--cors", null, SettingValue.OrNone(SettingValue.Origins, "none"),
        "Origins whose scripts may call the API, with a token and without cookies; * for any. May be repeated");

    private static readonly Setting<string> CookieName = Setting.Of("--cookie-name", Defaults.CookieName, SettingValue.CookieName,
        "The name of the session's cookie; over https __Host- is put before it");

    private static readonly Setting<bool> RateLimits = Setting.Of("--rate-limits", Defaults.RateLimits.Enabled, SettingValue.Switch,
        "Whether the limits below apply");

    private static readonly Setting<RateLimit?> FailedLogins = Setting.Of("--limit-failed-logins", Defaults.RateLimits.FailedLogins,
        SettingValue.Limit, "Wrong passwords for one account from one address");

    private static readonly Setting<RateLimit?> FailedLoginsPerAddress = Setting.Of("--limit-failed-logins-per-address",
        Defaults.RateLimits.FailedLoginsPerAddress, SettingValue.Limit, "Wrong passwords from one address, whatever the account");

    private static readonly Setting<RateLimit?> Registrations = Setting.Of("--limit-registrations", Defaults.RateLimits.Registrations,
        SettingValue.Limit, "New accounts from one address");

    private static readonly Setting<RateLimit?> Writes = Setting.Of("--limit-writes", Defaults.RateLimits.Writes,
        SettingValue.Limit, "Requests of one user that change something");

    private static readonly Setting<RateLimit?> Searches = Setting.Of("--limit-searches", Defaults.RateLimits.Searches,
        SettingValue.Limit, "Searches from one address");

    private static readonly Setting<Registration?> Registration = Setting.Of<Registration>("--registration", null, SettingValue.Registration,
        RegistrationName.Of(default),
        "Who may register: anyone, whose application a moderator accepts, who was invited, or nobody. An admin may change this and what follows later");

    private static readonly Setting<bool?> LimitNewAccounts = Setting.Of<bool>("--limit-new-accounts", null, SettingValue.Switch,
        "on if anyone may register and it listens on more than loopback, or posts are held", "Whether the limits below apply to new accounts");

    private static readonly Setting<int?> HoldFirstPosts = Policy("hold_first_posts",
        "How many posts of an account wait until a moderator accepts them", "1 if anyone may register and it listens on more than loopback, else 0");

    private static readonly Setting<int?> NewAccountHours = Policy("new_account_hours", "For how many hours an account is new");

    private static readonly Setting<int?> NewAccountPosts = Policy("new_account_posts", "With fewer posts that others may see than these an account is new");

    private static readonly Setting<int?> NewAccountLinks = Policy("new_account_links", "Links in a post of a new account");

    private static readonly Setting<int?> NewAccountMentions = Policy("new_account_mentions", "Mentions in a post of a new account");

    private static readonly Setting<int?> NewAccountDailyThreads = Policy("new_account_daily_threads", "Threads of a new account in a day");

    private static readonly Setting<int?> NewAccountDailyPosts = Policy("new_account_daily_posts", "Posts of a new account in a day, threads included");

    private static readonly Setting<bool?> NewAccountMessages = Setting.Of<bool>("--new-account-messages", null, SettingValue.Switch,
        "off", "Whether a new account may write private messages to users who have not written to it");

    private static readonly Setting<int?> InviteAfterDays = Policy("invite_after_days",
        "For how many days members have an account before they may invite others");

    private static readonly Setting<int> MaxConnections = Setting.Of("--max-connections", Defaults.Connections.MaxConnections,
        SettingValue.Number(from: 1), "Connections in all; one too many is answered 503");

    private static readonly Setting<int> MaxConnectionsPerAddress = Setting.Of(
        "--max-connections-per-address", Defaults.Connections.MaxConnectionsPerAddress, SettingValue.Number(from: 0),
        "Connections from one address, except loopback; 0 for no limit, as behind a proxy on another machine");

    private static readonly Setting<TimeSpan?> BackupEvery = Setting.Of("--backup-every", Defaults.BackupEvery,
        SettingValue.TimeOrNever(BackupSchedule.Shortest), "Back the database up this often, such as 24h");

    private static readonly Setting<int> BackupKeep = Setting.Of("--backup-keep", Defaults.BackupKeep, SettingValue.Number(from: 1),
        "How many of these backups to keep");

    private static readonly Setting<string?> BackupDirectory = Setting.Of(
        "--backup-dir", Defaults.BackupDirectory, SettingValue.Text("DIR"), "backups beside the database", "The folder for these backups");

    private static readonly Setting<TimeSpan> KeepEvents = Setting.Of("--keep-events", Defaults.KeepEvents, SettingValue.Time,
        $"How far the log of events goes back; its newest {EventLog.KeptAtLeast.ToString("N0", CultureInfo.InvariantCulture)} stay however old they are");

    private static readonly Setting<IReadOnlyList<IPNetwork>> WebhookAllow = Setting.Of("--webhook-allow", Defaults.WebhookAllow, SettingValue.Networks,
        "Networks besides public ones that webhooks may be in; on for this machine and private ones");

    private static readonly Setting<int> AnswerMemory = Setting.Of("--answer-memory", Defaults.AnswerMemoryMiB,
        SettingValue.Number(from: 1, name: "MIB"), "Memory for answers that are kept to be sent again, in MiB");

    private static readonly Setting<int> PasswordMemory = Setting.Of("--password-memory", Defaults.Passwords.MemoryKiB,
        SettingValue.Number(PhcString.MinMemoryKiB, PhcString.MaxMemoryKiB, "KIB"), "Memory for hashing one password, in KiB");

    private static readonly Setting<int> PasswordIterations = Setting.Of("--password-iterations", Defaults.Passwords.Iterations,
        SettingValue.Number(from: 1, to: (int)(PhcString.MaxWorkKiB / PhcString.MinMemoryKiB)), "Passes over that memory");

    private static Setting<int?> Policy(string name, string help, string? fallback = null) => Setting.Of<int>(
        $"--{name.Replace('_', '-')}", null, SettingValue.Number(from: 0, to: ForumPolicy.NumberOf(name).Most),
        fallback ?? ForumPolicy.NumberOf(name).Default!.Value.ToString(CultureInfo.InvariantCulture), help);

    /// <summary>The settings of <c>serve</c>, in the order of its help; every command has <see cref="Database"/>.</summary>
    public static IReadOnlyList<Setting> OfServe { get; } =
    [
        Listen, Title, Description, AboutFile, StyleFile, Hosts, PublicUrl, BasePath, Log, AnonymousLogout, TrustProxy, AuthHeader, Cors, CookieName,
        RateLimits, FailedLogins, FailedLoginsPerAddress, Registrations, Writes, Searches, Registration, LimitNewAccounts, HoldFirstPosts, NewAccountHours,
        NewAccountPosts, NewAccountLinks, NewAccountMentions, NewAccountDailyThreads, NewAccountDailyPosts, NewAccountMessages, InviteAfterDays,
        MaxConnections, MaxConnectionsPerAddress, BackupEvery, BackupKeep,
        BackupDirectory, KeepEvents, WebhookAllow, AnswerMemory, PasswordMemory, PasswordIterations,
    ];

    /// <summary>The full path of the database, which all commands but <c>serve</c> show when they fail.</summary>
    /// <exception cref="CommandException">It is malformed.</exception>
    public static string DatabaseIn(ParseResult line) => Path.GetFullPath(Database.In(line));

    /// <summary>The options that the command line and the environment give.</summary>
    /// <exception cref="CommandException">One of them is malformed.</exception>
    public static ForumOptions Options(ParseResult line) => Defaults with
    {
        Listen = Listen.In(line),
        Hosts = Hosts.In(line),
        PublicUrl = PublicUrl.In(line),
        Title = Title.In(line),
        Description = Description.In(line),
        AboutFile = AboutFile.In(line),
        StyleFile = StyleFile.In(line),
        BasePath = BasePath.In(line),
        Database = Database.In(line),
        AnonymousLogout = AnonymousLogout.In(line),
        TrustedProxies = TrustProxy.In(line),
        AuthHeader = AuthHeader.In(line),
        CorsOrigins = Cors.In(line) ?? [],
        CookieName = CookieName.In(line),
        RateLimits = new RateLimitOptions
        {
            Enabled = RateLimits.In(line),
            FailedLogins = FailedLogins.In(line),
            FailedLoginsPerAddress = FailedLoginsPerAddress.In(line),
            Registrations = Registrations.In(line),
            Writes = Writes.In(line),
            Searches = Searches.In(line),
        },
        Policy = new ForumPolicy
        {
            Registration = Registration.In(line),
            LimitNewAccounts = LimitNewAccounts.In(line),
            HoldFirstPosts = HoldFirstPosts.In(line),
            NewAccountHours = NewAccountHours.In(line),
            NewAccountPosts = NewAccountPosts.In(line),
            NewAccountLinks = NewAccountLinks.In(line),
            NewAccountMentions = NewAccountMentions.In(line),
            NewAccountDailyThreads = NewAccountDailyThreads.In(line),
            NewAccountDailyPosts = NewAccountDailyPosts.In(line),
            NewAccountMessages = NewAccountMessages.In(line),
            InviteAfterDays = InviteAfterDays.In(line),
        },
        Connections = Defaults.Connections with
        {
            MaxConnections = MaxConnections.In(line),
            MaxConnectionsPerAddress = MaxConnectionsPerAddress.In(line),
        },
        BackupEvery = BackupEvery.In(line),
        BackupKeep = BackupKeep.In(line),
        BackupDirectory = BackupDirectory.In(line),
        KeepEvents = KeepEvents.In(line),
        WebhookAllow = WebhookAllow.In(line),
        AnswerMemoryMiB = AnswerMemory.In(line),
        Passwords = Defaults.Passwords with { MemoryKiB = PasswordMemory.In(line), Iterations = PasswordIterations.In(line) },
    };
}
