using TinyForum.Concurrency;
using TinyForum.Data;
using TinyForum.Passwords;
using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum;

/// <summary>The forum without its server: the database and the stores. Shared by the server, the command line and the tests.</summary>
internal sealed class Forum : IAsyncDisposable
{
    // Searches are work for processors: more at once would only make each take longer. As many wait as are done within the wait.
    private static readonly int SearchesAtOnce = 2 * Environment.ProcessorCount, SearchesWaiting = 4 * SearchesAtOnce;
    private static readonly TimeSpan SearchWait = TimeSpan.FromSeconds(2);

    private const int MaxWaitingPages = 1000;
    private static readonly TimeSpan MaxPageWait = TimeSpan.FromSeconds(10);

    private const int ExportsWaiting = 16;
    private static readonly TimeSpan ExportWait = TimeSpan.FromSeconds(30);

    private readonly WorkThreads _exporting;

    /// <param name="options">The settings.</param>
    /// <param name="cancellation">Ends a migration of the database.</param>
    public Forum(ForumOptions options, CancellationToken cancellation = default)
    {
        UnicodeText.EnsureNormalizationWorks();
        Options = options;
        Clock = options.TimeProvider;
        Passwords = new PasswordHasher(options.Passwords, Clock); // may throw: nothing is open yet
        Database = ForumDatabase.Open(options.Database, (severity, line) => options.Tell(severity, line), options.MaxBatch, cancellation);
        try
        {
            Cursors = Cursors.Of(Database);
        }
        catch
        {
            Database.Abandon();
            throw;
        }
        Backlog = new Backlog(
            Database, c => (AccountErasure.Left(c) ?? ThreadRecount.Left(c) ?? TreeSuspension.Left(c) ?? SpamStore.Left(c)) is not null, SliceOfRest,
            e => options.Tell(LogSeverity.Error, "what a deletion left to be done can't be finished", e));
        Moderation = new ModerationStore(Database, Clock, Backlog);
        var keys = new IdempotencyKeys(Database, Clock);
        Filters = new FilterStore(Database, Clock, keys, Moderation);
        Policy = new PolicyStore(Database, Clock, Moderation, options.Policy, options.IsPublic);
        Users = new UserStore(Database, Clock, Passwords, Moderation, Backlog, Filters, Policy);
        Invitations = new InvitationStore(Database, Clock, Policy, keys);
        Registration = new RegistrationStore(Database, Clock, Passwords, Policy, Invitations, Users, Moderation, Filters);
        Sessions = new SessionTable(Database, Clock);
        Links = new OneTimeLinks(Database, Clock, Passwords, Users, Moderation);
        Identities = new IdentityStore(Database, Clock, Users);
        Tokens = new TokenStore(Database, Clock, keys);
        Messages = new MessageStore(Database, Clock, keys, Backlog, Policy, Filters);
        Blocks = new BlockStore(Database, Clock);
        Notifications = new NotificationStore(Database, Clock);
        Events = new EventLog(Database, Clock, options.KeepEvents);
        Webhooks = new WebhookStore(Database, Clock, keys);
        Posts = new PostStore(Database, Clock, Moderation, Notifications, keys, Backlog, Policy, Filters);
        Held = new HeldPostStore(Database, Clock, Posts, Moderation, Notifications);
        Spam = new SpamStore(Database, Clock, Posts, Moderation, Backlog);
        Reports = new ReportStore(Database, Clock, Moderation, Posts, keys);
        Pages = new WorkLimiter(2 * Environment.ProcessorCount, MaxWaitingPages, MaxPageWait, Clock);
        Searches = new WorkThreads("TinyForum search", SearchesAtOnce, SearchesWaiting, SearchWait, Clock);
        Search = new SearchIndex(Database, Searches, options.SearchTime);
        _exporting = new WorkThreads("TinyForum export", count: 1, ExportsWaiting, ExportWait, Clock);
        Exports = new AccountExport(Database, Clock, _exporting);
    }

    public ForumOptions Options { get; }

    public TimeProvider Clock { get; }

    public Database Database { get; }

    public PasswordHasher Passwords { get; }

    public Backlog Backlog { get; }

    public UserStore Users { get; }

    public PolicyStore Policy { get; }

    public InvitationStore Invitations { get; }

    public RegistrationStore Registration { get; }

    public SessionTable Sessions { get; }

    public OneTimeLinks Links { get; }

    public IdentityStore Identities { get; }

    public TokenStore Tokens { get; }

    public ModerationStore Moderation { get; }

    public FilterStore Filters { get; }

    public MessageStore Messages { get; }

    public BlockStore Blocks { get; }

    public ReportStore Reports { get; }

    public NotificationStore Notifications { get; }

    public SearchIndex Search { get; }

    public WorkThreads Searches { get; }

    public AccountExport Exports { get; }

    public PostStore Posts { get; }

    public HeldPostStore Held { get; }

    public SpamStore Spam { get; }

    public EventLog Events { get; }

    public WebhookStore Webhooks { get; }

    public Cursors Cursors { get; }

    /// <summary>Pages of lists may be long: made a few at a time, they take little memory, and what is short does not wait for them.</summary>
    public WorkLimiter Pages { get; }

    private void SliceOfRest(Connection connection)
    {
        if (TreeSuspension.Left(connection) is not null) // before who invited whom is erased
            TreeSuspension.Slice(connection, Clock.GetUtcNow());
        else if (AccountErasure.Left(connection) is { } user)
            AccountErasure.Slice(connection, user);
        else if (ThreadRecount.Left(connection) is { } thread)
            ThreadRecount.Slice(connection, thread);
        else if (SpamStore.Left(connection) is { } spammer)
            Spam.Slice(connection, spammer);
    }

    /// <summary>Finishes the accepted writes and closes the database.</summary>
    public ValueTask DisposeAsync() => EndAsync(Database.Dispose);

    /// <summary>As <see cref="DisposeAsync"/>, after a start that failed: a database that was made for it is removed.</summary>
    public ValueTask AbandonAsync() => EndAsync(Database.Abandon);

    private async ValueTask EndAsync(Action close)
    {
        await Events.DisposeAsync().ConfigureAwait(false);
        await Pages.DisposeAsync().ConfigureAwait(false);
        await Passwords.DisposeAsync().ConfigureAwait(false);
        await Searches.DisposeAsync().ConfigureAwait(false);
        await _exporting.DisposeAsync().ConfigureAwait(false);
        await Backlog.DisposeAsync().ConfigureAwait(false);
        close();
    }
}
