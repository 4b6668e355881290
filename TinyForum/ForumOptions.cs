using TinyForum.Passwords;
using TinyForum.Storage;

namespace TinyForum;

/// <summary>How a forum runs. Every setting has a default that suits a forum on one's own machine.</summary>
public sealed record ForumOptions
{
    /// <summary>
    /// Where to listen: <c>http://HOST:PORT</c> with an IPv4 address, <c>localhost</c> or <c>*</c>; port 0 takes any that is free.
    /// A loopback address answers to both <c>127.0.0.1</c> and <c>localhost</c>.
    /// </summary>
    public IReadOnlyList<string> Listen { get; init; } = ["http://127.0.0.1:5000"];

    /// <summary>
    /// The names, without ports, by which the forum may be called, as in <c>["forum.example"]</c>: a request for any other host is a 421. Loopback's two
    /// names are always among them. <see langword="null"/>: any host on an address that is not loopback; on loopback, its own names alone.
    /// </summary>
    public IReadOnlyList<string>? Hosts { get; init; }

    /// <summary>The database file, made if there is none; <see langword="null"/> for a temporary one that goes with the forum.</summary>
    public string? Database { get; init; } = "forum.db";

    /// <summary>
    /// Whether <c>GET /api/logout/{username}</c> is honoured for callers without credentials that connect straight from this machine;
    /// <see langword="null"/>: if the server listens on loopback alone.
    /// </summary>
    public bool? AnonymousLogout { get; init; }

    /// <summary>
    /// Whether the last of <c>X-Forwarded-For</c> and of <c>X-Forwarded-Proto</c> count, where they come from a loopback or private address.
    /// Only behind a proxy that sets both.
    /// </summary>
    public bool TrustProxy { get; init; }

    /// <summary>How passwords are hashed.</summary>
    public PasswordOptions Passwords { get; init; } = new();

    /// <summary>What a connection may do before it is ended.</summary>
    public ConnectionLimits Connections { get; init; } = new();

    /// <summary>How much one client may do.</summary>
    public RateLimitOptions RateLimits { get; init; } = new();

    /// <summary>How long disposal waits for the requests that were accepted.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the database is backed up while it is served, one minute at least; <see langword="null"/> for never.</summary>
    public TimeSpan? BackupEvery { get; init; }

    /// <summary>How many of those backups are kept; the oldest go.</summary>
    public int BackupKeep { get; init; } = 7;

    /// <summary>The folder for those backups; <see langword="null"/> for <c>backups</c> beside the database.</summary>
    public string? BackupDirectory { get; init; }

    /// <summary>The clock; for tests.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Told of every request and of what its operator should know; called by several threads at once.</summary>
    public Action<LogEntry>? Log { get; init; }

    /// <summary>How many waiting writes are committed together at most; for measurements.</summary>
    internal int MaxBatch { get; init; } = WriteQueue.DefaultMaxBatch;

    internal void Tell(LogSeverity severity, string message, Exception? exception = null) =>
        Log?.Invoke(new LogEntry(TimeProvider.GetUtcNow(), severity, message, Exception: exception));
}
