using TinyForum.Data;
using TinyForum.Passwords;
using TinyForum.Storage;

namespace TinyForum;

/// <summary>The settings of a forum. The defaults suit a forum on your own machine.</summary>
public sealed record ForumOptions
{
    /// <summary>
    /// Where to listen: <c>http://HOST:PORT</c> with an IPv4 address, <c>localhost</c> or <c>*</c>; port 0 takes any that is free.
    /// A loopback address answers to both <c>127.0.0.1</c> and <c>localhost</c>.
    /// </summary>
    public IReadOnlyList<string> Listen { get; init; } = ["http://127.0.0.1:5000"];

    /// <summary>
    /// The host names, without ports, that the forum answers to, as in <c>["forum.example"]</c>: a request for any other host gets a 421.
    /// <c>localhost</c> and <c>127.0.0.1</c> are always allowed. <see langword="null"/>: any host, except on loopback, where only those two are.
    /// </summary>
    public IReadOnlyList<string>? Hosts { get; init; }

    /// <summary>The database file, created if it does not exist; <see langword="null"/> for a temporary one, removed with the forum.</summary>
    public string? Database { get; init; } = "forum.db";

    /// <summary>
    /// Whether callers without credentials that connect directly from this machine may use <c>GET /api/logout/{username}</c>;
    /// <see langword="null"/>: only if the server listens on nothing but loopback.
    /// </summary>
    public bool? AnonymousLogout { get; init; }

    /// <summary>
    /// Whether to believe the last value of <c>X-Forwarded-For</c> and of <c>X-Forwarded-Proto</c>, if they come from a loopback or private
    /// address. Turn it on only behind a proxy that sets both.
    /// </summary>
    public bool TrustProxy { get; init; }

    /// <summary>How passwords are hashed.</summary>
    public PasswordOptions Passwords { get; init; } = new();

    /// <summary>What a connection may do before it is ended.</summary>
    public ConnectionLimits Connections { get; init; } = new();

    /// <summary>How much one client may do.</summary>
    public RateLimitOptions RateLimits { get; init; } = new();

    /// <summary>How long disposal waits for accepted requests.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the server backs the database up, at least one minute; <see langword="null"/> for never.</summary>
    public TimeSpan? BackupEvery { get; init; }

    /// <summary>How many of those backups are kept; older ones are removed.</summary>
    public int BackupKeep { get; init; } = 7;

    /// <summary>The folder for those backups; <see langword="null"/> for <c>backups</c> beside the database.</summary>
    public string? BackupDirectory { get; init; }

    /// <summary>The clock; for tests.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Called with every request and with messages for the operator, by several threads at once.</summary>
    public Action<LogEntry>? Log { get; init; }

    /// <summary>The most writes that are committed together; for measurements.</summary>
    internal int MaxBatch { get; init; } = WriteQueue.DefaultMaxBatch;

    /// <summary>How long a search may take; for tests.</summary>
    internal TimeSpan SearchTime { get; init; } = SearchIndex.TimeLimit;

    internal void Tell(LogSeverity severity, string message, Exception? exception = null) =>
        Log?.Invoke(new LogEntry(TimeProvider.GetUtcNow(), severity, message, Exception: exception));
}
