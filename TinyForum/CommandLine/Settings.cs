using System.CommandLine;

namespace TinyForum.CommandLine;

/// <summary>Every setting of the server, a line or two each.</summary>
internal static class Settings
{
    private static readonly ForumOptions Defaults = new();

    public static readonly Setting<string> Database =
        Setting.Of("--database", "FILE", Defaults.Database!, text => text, "The database, made if there is none. Default: forum.db in the working directory");

    public static readonly Setting<LogFormat> Log = Setting.Of("--log", "text|json|off", LogFormat.Text, ParseLog, "A line for each request on standard output. Default: text");

    private static readonly Setting<IReadOnlyList<string>> Listen = Setting.List("--listen", "URL", Defaults.Listen,
        "Where to listen: http://HOST:PORT with an IPv4 address, localhost or * for all. May be repeated. Default: http://127.0.0.1:5000");

    private static readonly Setting<IReadOnlyList<string>?> Hosts = Setting.List("--host", "NAME", Defaults.Hosts,
        "A name that requests may give as their Host, beside this machine's own. May be repeated. Default: any");

    private static readonly Setting<bool?> AnonymousLogout = Setting.Switch("--anonymous-logout", Defaults.AnonymousLogout, on => (bool?)on,
        "Whether GET /api/logout/NAME needs no login from this machine. Default: on if the server listens on loopback alone");

    private static readonly Setting<bool> TrustProxy = Setting.Switch("--trust-proxy", Defaults.TrustProxy, on => on,
        "Believe X-Forwarded-For and X-Forwarded-Proto: only behind a proxy that overwrites them. Default: off");

    private static readonly Setting<bool> RateLimits =
        Setting.Switch("--rate-limits", Defaults.RateLimits.Enabled, on => on, "Whether any of the limits below holds. Default: on");

    private static readonly Setting<RateLimit> FailedLogins = Limit("--limit-failed-logins", Defaults.RateLimits.FailedLogins,
        "Wrong passwords for an account from an address. Default: 10/5m");

    private static readonly Setting<RateLimit> Registrations = Limit("--limit-registrations", Defaults.RateLimits.Registrations,
        "New accounts from an address. Default: 30/1h");

    private static readonly Setting<RateLimit> Writes = Limit("--limit-writes", Defaults.RateLimits.Writes,
        "Requests of a user that change something. Default: 60/1m");

    private static readonly Setting<RateLimit> Searches = Limit("--limit-searches", Defaults.RateLimits.Searches,
        "Searches from an address. Default: 60/1m");

    private static readonly Setting<int> MaxConnections = Setting.Of("--max-connections", "NUMBER", Defaults.Connections.MaxConnections,
        text => Setting.Number(text, from: 1), "Connections in all; one too many is answered 503. Default: 10000");

    private static readonly Setting<int> MaxConnectionsPerAddress = Setting.Of("--max-connections-per-address", "NUMBER",
        Defaults.Connections.MaxConnectionsPerAddress, text => Setting.Number(text, from: 0),
        "Connections of one address but loopback; 0 for no limit, as behind a proxy on another machine. Default: 256");

    private static readonly Setting<TimeSpan?> BackupEvery = Setting.Of("--backup-every", "TIME", Defaults.BackupEvery, text => (TimeSpan?)Setting.Duration(text),
        "Back the database up this often, such as 24h. Default: never");

    private static readonly Setting<int> BackupKeep = Setting.Of("--backup-keep", "NUMBER", Defaults.BackupKeep, text => Setting.Number(text, from: 1),
        "How many of those backups to keep. Default: 7");

    private static readonly Setting<string?> BackupDirectory = Setting.Of("--backup-dir", "DIR", Defaults.BackupDirectory, text => text,
        "The folder for those backups. Default: backups beside the database");

    private static readonly Setting<int> PasswordMemory = Setting.Of("--password-memory", "KIB", Defaults.Passwords.MemoryKiB, text => Setting.Number(text, from: 8),
        $"Memory for hashing one password, in KiB. Default: {Defaults.Passwords.MemoryKiB}");

    private static readonly Setting<int> PasswordIterations = Setting.Of("--password-iterations", "NUMBER", Defaults.Passwords.Iterations, text => Setting.Number(text, from: 1),
        $"Passes over that memory. Default: {Defaults.Passwords.Iterations}");

    /// <summary>Those of <c>serve</c>, in the order of its help; every command has <see cref="Database"/>.</summary>
    public static IReadOnlyList<Setting> OfServe { get; } =
    [
        Listen, Hosts, Log, AnonymousLogout, TrustProxy, RateLimits, FailedLogins, Registrations, Writes, Searches,
        MaxConnections, MaxConnectionsPerAddress, BackupEvery, BackupKeep, BackupDirectory, PasswordMemory, PasswordIterations,
    ];

    /// <summary>The options that a command line and the environment say.</summary>
    /// <exception cref="StartException">One of them is malformed.</exception>
    public static ForumOptions Options(ParseResult line) => Defaults with
    {
        Listen = Listen.In(line),
        Hosts = Hosts.In(line),
        Database = Database.In(line),
        AnonymousLogout = AnonymousLogout.In(line),
        TrustProxy = TrustProxy.In(line),
        RateLimits = new RateLimitOptions
        {
            Enabled = RateLimits.In(line),
            FailedLogins = FailedLogins.In(line),
            Registrations = Registrations.In(line),
            Writes = Writes.In(line),
            Searches = Searches.In(line),
        },
        Connections = Defaults.Connections with
        {
            MaxConnections = MaxConnections.In(line),
            MaxConnectionsPerAddress = MaxConnectionsPerAddress.In(line),
        },
        BackupEvery = BackupEvery.In(line),
        BackupKeep = BackupKeep.In(line),
        BackupDirectory = BackupDirectory.In(line),
        Passwords = Defaults.Passwords with { MemoryKiB = PasswordMemory.In(line), Iterations = PasswordIterations.In(line) },
    };

    private static Setting<RateLimit> Limit(string flag, RateLimit fallback, string help) => Setting.Of(flag, "NUMBER/TIME", fallback, ParseLimit, help);

    private static RateLimit ParseLimit(string text) => text.Split('/') is [var permits, var window]
        ? new RateLimit(Setting.Number(permits, from: 1), Setting.Duration(window))
        : throw new FormatException("must be a number and a time, such as 60/1m");

    private static LogFormat ParseLog(string text) => text switch
    {
        "text" => LogFormat.Text,
        "json" => LogFormat.Json,
        "off" => LogFormat.Off,
        _ => throw new FormatException("must be text, json or off"),
    };
}
