using System.Collections.Frozen;
using TinyForum.Api;
using TinyForum.Api.Events;
using TinyForum.Data;
using TinyForum.Http;
using TinyForum.Http.Guard;
using TinyForum.Maintenance;
using TinyForum.Passwords;
using TinyForum.Storage;
using TinyForum.Telemetry;
using TinyForum.Web;
using TinyForum.Webhooks;

namespace TinyForum;

/// <summary>A running forum, to be embedded: <c>await using var forum = await ForumServer.StartAsync(new ForumOptions());</c></summary>
/// <remarks>
/// The methods of the stores take no <see cref="CancellationToken"/>: a read ends within milliseconds, and an accepted write is carried out.
/// Only those that wait for a password to be hashed take one.
/// <para>
/// What only a program can get wrong, such as <see langword="null"/> or a limit of 0, is an <see cref="ArgumentException"/> that names the
/// parameter, and is thrown by the call itself, before there is a task. What breaks a rule that users can break is a <see cref="RefusalException"/>.
/// </para>
/// </remarks>
public sealed class ForumServer : IAsyncDisposable
{
    private readonly ForumApi _api;
    private readonly ListenerLoop _loop;
    private readonly WebhookSender _webhooks;
    private readonly BackupSchedule? _backups;

    private ForumServer(Forum forum, ForumTelemetry telemetry, ForumApi api, ListenerLoop loop, WebhookSender webhooks)
    {
        (Forum, Telemetry, _api, _loop, _webhooks) = (forum, telemetry, api, loop, webhooks);
        if (forum.Options.BackupEvery is { } every)
            _backups = new BackupSchedule(forum.Database.Path, every, forum.Options);
    }

    /// <summary>An address to find the forum at on this machine, with a final slash; the first one if it listens on several.</summary>
    public Uri Url => At(_loop.Addresses[0].Url);

    /// <summary>
    /// Where the first account of an empty forum is made, which is its admin: works once, for a day. <see langword="null"/> if there was an account
    /// when it started.
    /// </summary>
    public Uri? SetupUrl { get; private init; }

    /// <summary>Every address it listens on; <c>http://0.0.0.0:5000/</c> if it is all that this machine has.</summary>
    public IReadOnlyList<Uri> Urls => [.. _loop.Addresses.Select(a => At(a.Bound))];

    /// <summary>The same addresses, as a browser on this machine can open them.</summary>
    internal IReadOnlyList<Uri> UrlsToOpen => [.. _loop.Addresses.Select(a => At(a.Url))];

    /// <summary>The address under which clients know the forum, if it was given one.</summary>
    internal Uri? PublicUrl => Forum.Options.PublicUrl is { } url ? At(url) : null;

    /// <summary>The full path of the database's file.</summary>
    public string DatabasePath => Forum.Database.Path;

    /// <summary>The accounts.</summary>
    public UserStore Users => Forum.Users;

    /// <summary>The sessions.</summary>
    public SessionTable Sessions => Forum.Sessions;

    /// <summary>The links that set a password, once.</summary>
    public OneTimeLinks Links => Forum.Links;

    /// <summary>The threads and replies.</summary>
    public PostStore Posts => Forum.Posts;

    /// <summary>The access tokens.</summary>
    public TokenStore Tokens => Forum.Tokens;

    /// <summary>The private messages.</summary>
    public MessageStore Messages => Forum.Messages;

    /// <summary>The blocks between users.</summary>
    public BlockStore Blocks => Forum.Blocks;

    /// <summary>Who may come in, and what new accounts may do.</summary>
    public PolicyStore Policy => Forum.Policy;

    /// <summary>The invitations, and who invited whom.</summary>
    public InvitationStore Invitations => Forum.Invitations;

    /// <summary>Registering as the policy has it, and the applications.</summary>
    public RegistrationStore Registration => Forum.Registration;

    /// <summary>The users' notifications.</summary>
    public NotificationStore Notifications => Forum.Notifications;

    /// <summary>Suspensions and the public log of moderation.</summary>
    public ModerationStore Moderation => Forum.Moderation;

    /// <summary>The reports of posts to the moderators.</summary>
    public ReportStore Reports => Forum.Reports;

    /// <summary>The posts that wait for a moderator.</summary>
    public HeldPostStore Held => Forum.Held;

    /// <summary>One action against spam.</summary>
    public SpamStore Spam => Forum.Spam;

    /// <summary>What holds or refuses texts.</summary>
    public FilterStore Filters => Forum.Filters;

    /// <summary>What happens, as a log that can be followed.</summary>
    public EventLog Events => Forum.Events;

    /// <summary>The addresses that are told of what happens.</summary>
    public WebhookStore Webhooks => Forum.Webhooks;

    /// <summary>The full-text search.</summary>
    public SearchIndex Search => Forum.Search;

    internal Forum Forum { get; }

    internal Database Database => Forum.Database;

    internal ForumTelemetry Telemetry { get; }

    internal ConnectionGuard? Guard => _loop.Guard;

    internal int InFlight => _loop.InFlight;

    internal int KeptAnswers => _api.KeptAnswers;

    /// <summary>Opens the database and starts listening.</summary>
    /// <exception cref="ArgumentException">
    /// One or more of the options break a rule; the message names each, as in <c>ForumOptions.Connections.MaxConnections must be 1 or more</c>.
    /// </exception>
    /// <exception cref="StartException">
    /// The machine refuses: a file or the database can't be used, an address can't be listened on; nothing stays open, and no new file stays.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled; if that was during a migration of the database, it is undone.</exception>
    public static Task<ForumServer> StartAsync(ForumOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        OptionRules.Check(options);
        return StartUncheckedAsync(options, cancellationToken);
    }

    /// <summary>As <see cref="StartAsync"/>, for the command line, which has messages of its own that name flags.</summary>
    internal static Task<ForumServer> StartUncheckedAsync(ForumOptions options, CancellationToken cancellationToken) =>
        Task.Run(() => Start(options, cancellationToken), cancellationToken);

    private static async Task<ForumServer> Start(ForumOptions options, CancellationToken cancellation)
    {
        DescriptorBudget.Require();
        var addresses = options.Listen.Select(ListenAddress.Parse).ToList();
        if (addresses.Count == 0)
            throw new StartException("there is no address to listen on");
        options = options with { BasePath = BasePathOf(options) };
        if (options is { AuthHeader: not null, TrustedProxies.Count: 0 })
            throw new StartException("--auth-header needs --trust-proxy: only a proxy that is trusted may say who is calling");
        var anonymousLogout = options.AnonymousLogout ?? (options.AuthHeader is null && addresses.TrueForAll(a => a.IsLoopback));
        var site = new Site(OperatorFile.Read("the style sheet", options.StyleFile), OperatorFile.Read("the page", options.AboutFile));
        var forum = Open(options with { AnonymousLogout = anonymousLogout, IsPublic = addresses.Exists(a => !a.IsLoopback) }, cancellation);
        var telemetry = new ForumTelemetry();
        try
        {
            var api = new ForumApi(forum, telemetry.Prometheus.Write, site);
            if (ForumApi.Takes(site, options.BasePath))
                throw new StartException($"the base path must not begin as the forum's own paths do, as {options.BasePath} does");
            var hosts = HostsOf(options, addresses);
            var boundary = new Boundary(
                api.ServeAsync, hosts, options.TimeProvider, options.Log, ForumTelemetry.Activities,
                (exchange, duration) => telemetry.Answered(exchange.Method, exchange.Route, exchange.Status, duration), probe: "/healthz", api.ShowsAsync);
            await WarmUp.Once(api.ServeAsync, ForumApi.WarmUpRequest, [.. ForumApi.NeededLater, .. PasswordHasher.Needed]).ConfigureAwait(false);
            var loop = ListenerLoop.Start(
                addresses, boundary, options.Connections, note => options.Tell(LogSeverity.Warning, note), options.DrainTimeout,
                basePath: options.BasePath);
            forum.Backlog.Resume();
            forum.Events.Start();
            var webhooks = SendWebhooks(forum);
            Gauges.Observe(telemetry, forum, api, loop, webhooks);
            var setup = await BeginSetupAsync(forum).ConfigureAwait(false);
            return new ForumServer(forum, telemetry, api, loop, webhooks)
            {
                SetupUrl = setup is null ? null
                    : new Uri(options.PublicUrl ?? loop.Addresses[0].Url, $"{options.BasePath}{OneTimeLinks.SetupPath}?key={setup}"),
            };
        }
        catch
        {
            telemetry.Dispose();
            await forum.AbandonAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task<string?> BeginSetupAsync(Forum forum)
    {
        if (forum.Options.AuthHeader is not null || forum.Options.Authenticate is not null)
            return null; // whoever opened the link would have made an account by that
        try
        {
            return await forum.Links.BeginSetupAsync().ConfigureAwait(false);
        }
        catch (RefusalException e)
        {
            forum.Options.Tell(LogSeverity.Warning, $"there is no link to set the forum up: {e.Message}");
            return null;
        }
    }

    private static WebhookSender SendWebhooks(Forum forum)
    {
        var teller = new EventTeller(forum);
        return new WebhookSender(
            forum.Webhooks, new WebhookDeliveries(forum.Database, forum.Clock, forum.Notifications), forum.Events,
            new WebhookClient(forum.Options.WebhookAllow, forum.Options.Resolve, forum.Clock),
            (delivery, happened) => WebhookBody.Render(teller, delivery, happened, forum.Clock.GetUtcNow()),
            forum.Clock, note => forum.Options.Tell(LogSeverity.Warning, note));
    }

    /// <summary>The names that it answers to: those given and its own; <see langword="null"/> for any.</summary>
    private static FrozenSet<string>? HostsOf(ForumOptions options, IReadOnlyList<ListenAddress> addresses)
    {
        if (options.Hosts is null)
            return null;
        var own = addresses.Where(a => !a.IsAny).Select(a => a.Host);
        var hosts = options.Hosts.Select(HostOf).Concat(["127.0.0.1", "localhost", .. own]).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        if (options.PublicUrl is { } url && !hosts.Contains(url.IdnHost))
        {
            options.Tell(LogSeverity.Warning,
                $"requests for {url.IdnHost}, the host of the public address, are refused: only {string.Join(", ", options.Hosts)} may be asked for");
        }
        return hosts;
    }

    private static string HostOf(string name)
    {
        try
        {
            return HostName.Parse(name);
        }
        catch (FormatException e)
        {
            throw new StartException($"a host {e.Message}, not \"{name}\"", e);
        }
    }

    private Uri At(Uri address) => new(address, $"{Forum.Options.BasePath}/");

    private static string BasePathOf(ForumOptions options)
    {
        try
        {
            return BasePath.Parse(options.BasePath);
        }
        catch (FormatException e)
        {
            throw new StartException($"the base path {e.Message}, not \"{options.BasePath}\"", e);
        }
    }

    private static Forum Open(ForumOptions options, CancellationToken cancellation)
    {
        try
        {
            return new Forum(options, cancellation);
        }
        catch (Exception e) when (e is DatabaseException or PlatformNotSupportedException or RefusalException)
        {
            throw new StartException(e.Message, e);
        }
    }

    /// <summary>Stops accepting requests, finishes the accepted ones and closes the database.</summary>
    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync().ConfigureAwait(false);
        await _api.DisposeAsync().ConfigureAwait(false);
        await _webhooks.DisposeAsync().ConfigureAwait(false);
        if (_backups is not null)
            await _backups.DisposeAsync().ConfigureAwait(false);
        Telemetry.Dispose();
        await Forum.DisposeAsync().ConfigureAwait(false);
    }
}
