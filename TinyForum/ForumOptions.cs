using System.Net;
using TinyForum.Data;
using TinyForum.Passwords;
using TinyForum.Storage;

namespace TinyForum;

/// <summary>The settings of a forum. The defaults suit a forum on your own machine.</summary>
public sealed record ForumOptions
{
    private const string UsualDatabase = "forum.db";

    /// <summary>
    /// Where to listen: <c>http://HOST:PORT</c> with an IPv4 address, <c>localhost</c> or <c>*</c>; port 0 takes any that is free.
    /// A loopback address answers to both <c>127.0.0.1</c> and <c>localhost</c>.
    /// </summary>
    public IReadOnlyList<string> Listen { get; init; } = ["http://127.0.0.1:5000"];

    /// <summary>
    /// The host names, without ports, that the forum answers to, as in <c>["forum.example"]</c>: a request for any other host gets a 421.
    /// <c>localhost</c>, <c>127.0.0.1</c> and the addresses it listens on are always allowed. <see langword="null"/>: any host, except on
    /// loopback, where only those are.
    /// </summary>
    public IReadOnlyList<string>? Hosts { get; init; }

    /// <summary>The database file, created if it does not exist; <see langword="null"/> for a temporary one, removed with the forum.</summary>
    public string? Database { get; init; } = UsualDatabase;

    /// <summary>
    /// Whether callers without credentials that connect directly from this machine may use <c>GET /api/logout/{username}</c>;
    /// <see langword="null"/>: only if the server listens on nothing but loopback.
    /// </summary>
    public bool? AnonymousLogout { get; init; }

    /// <summary>
    /// The networks of proxies that are believed: the last value of their <c>X-Forwarded-For</c> is the client's address, that of their
    /// <c>X-Forwarded-Proto</c> its scheme. Each must set both itself. <see cref="NearNetworks"/> are those of a proxy nearby.
    /// </summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary>
    /// The header, as in <c>Remote-User</c>, by which a proxy of <see cref="TrustedProxies"/> says whom it has logged in. Everybody else's is
    /// ignored. The proxy must remove what clients send of it.
    /// </summary>
    public string? AuthHeader { get; init; }

    /// <summary>
    /// Says who is calling, or <see langword="null"/> for nobody: asked for every request, twice for one that is refused, and by several threads at once.
    /// An account is made at first sight; it has no password. It goes before a cookie and a token.
    /// </summary>
    public Func<AuthenticationRequest, ValueTask<ExternalIdentity?>>? Authenticate { get; init; }

    /// <summary>Loopback, private, link-local and carrier-grade NAT (RFC 6598) addresses, of IPv4 and IPv6.</summary>
    public static IReadOnlyList<IPNetwork> NearNetworks { get; } =
    [
        .. ((string[])["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10",
            "::1/128", "fc00::/7", "fe80::/10"]).Select(IPNetwork.Parse),
    ];

    /// <summary>
    /// The origins, as in <c>https://app.example</c>, whose scripts may call the API with a token and read its answers (CORS); <c>*</c> for
    /// any. Their requests never count as a logged-in browser's.
    /// </summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary>The name of the session's cookie. Over https it is set with <c>__Host-</c> before it.</summary>
    public string CookieName { get; init; } = "tinyforum_session";

    /// <summary>The forum's name, on its pages and feeds.</summary>
    public string Title { get; init; } = "TinyForum";

    /// <summary>What the forum is, in a sentence, for search engines and its page about itself; <see langword="null"/> for a general one.</summary>
    public string? Description { get; init; }

    /// <summary>A style sheet that is added to the pages' own, of up to 256 KiB; read once, at the start.</summary>
    public string? StyleFile { get; init; }

    /// <summary>What the forum says about itself at <c>/about</c>: Markdown, of up to 256 KiB; read once, at the start.</summary>
    public string? AboutFile { get; init; }

    /// <summary>
    /// The path below which clients know the forum, as in <c>/forum</c>; empty for a host of its own. Requests are answered with it and without,
    /// since a proxy may cut it off.
    /// </summary>
    public string BasePath { get; init; } = "";

    /// <summary>
    /// The scheme, host and port under which clients know the forum, for feeds; <see langword="null"/>: what their requests name.
    /// </summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>Who may come in, and what new accounts may do, until an admin changes it while the forum runs (<see cref="PolicyStore"/>).</summary>
    public ForumPolicy Policy { get; init; } = new();

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

    /// <summary>How much memory answers may take that are kept to be sent again, in MiB.</summary>
    public int AnswerMemoryMiB { get; init; } = 64;

    /// <summary>How long the log of events goes back. The newest 100,000 are kept however old they are.</summary>
    public TimeSpan KeepEvents { get; init; } = TimeSpan.FromDays(7);

    /// <summary>The networks besides public ones that webhooks may be in, such as a receiver's on this machine.</summary>
    public IReadOnlyList<IPNetwork> WebhookAllow { get; init; } = [];

    /// <summary>The clock; for tests.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Called with every request and with messages for the operator, by several threads at once. What it throws is ignored.</summary>
    public Action<LogEntry>? Log { get; init; }

    /// <summary>Whether the server listens on more than loopback.</summary>
    internal bool IsPublic { get; init; }

    /// <summary>Whether commands find the database without being told where it is.</summary>
    internal bool HasUsualDatabase => Database == UsualDatabase;

    /// <summary>The most writes that are committed together; for measurements.</summary>
    internal int MaxBatch { get; init; } = WriteQueue.DefaultMaxBatch;

    /// <summary>How long a search may take; for tests.</summary>
    internal TimeSpan SearchTime { get; init; } = SearchIndex.TimeLimit;

    /// <summary>Finds the addresses of a name; for tests.</summary>
    internal Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    internal void Tell(LogSeverity severity, string message, Exception? exception = null)
    {
        try
        {
            Log?.Invoke(new LogEntry(TimeProvider.GetUtcNow(), severity, message, Exception: exception));
        }
        catch (Exception)
        {
            // There is nobody else to tell.
        }
    }
}
