using TinyForum.Concurrency;
using TinyForum.Data;
using TinyForum.Passwords;
using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum;

/// <summary>The forum without its server: the database and the stores. Shared by the server, the command line and the tests.</summary>
internal sealed class Forum : IAsyncDisposable
{
    private const int MaxWaitingPages = 1000;
    private static readonly TimeSpan MaxPageWait = TimeSpan.FromSeconds(10);

    /// <param name="options">The settings.</param>
    /// <param name="cancellation">Ends a migration of the database.</param>
    public Forum(ForumOptions options, CancellationToken cancellation = default)
    {
        UnicodeText.EnsureNormalizationWorks();
        Options = options;
        Clock = options.TimeProvider;
        Passwords = new PasswordHasher(options.Passwords, Clock); // may throw: nothing is open yet
        Database = ForumDatabase.Open(options.Database, (severity, line) => options.Tell(severity, line), options.MaxBatch, cancellation);
        Moderation = new ModerationStore(Database, Clock);
        Users = new UserStore(Database, Clock, Passwords, Moderation);
        Sessions = new SessionTable(Database, Clock);
        var keys = new IdempotencyKeys(Database, Clock);
        Tokens = new TokenStore(Database, Clock, keys);
        Messages = new MessageStore(Database, Clock, keys);
        Blocks = new BlockStore(Database, Clock);
        Reports = new ReportStore(Database, Clock, Moderation, keys);
        Notifications = new NotificationStore(Database, Clock);
        Posts = new PostStore(Database, Clock, Moderation, Notifications, keys);
        Search = new SearchIndex(Database);
        Pages = new WorkLimiter(2 * Environment.ProcessorCount, MaxWaitingPages, MaxPageWait, Clock);
        try
        {
            Cursors = Cursors.Of(Database);
        }
        catch
        {
            Database.Abandon();
            throw;
        }
    }

    public ForumOptions Options { get; }

    public TimeProvider Clock { get; }

    public Database Database { get; }

    public PasswordHasher Passwords { get; }

    public UserStore Users { get; }

    public SessionTable Sessions { get; }

    public TokenStore Tokens { get; }

    public ModerationStore Moderation { get; }

    public MessageStore Messages { get; }

    public BlockStore Blocks { get; }

    public ReportStore Reports { get; }

    public NotificationStore Notifications { get; }

    public SearchIndex Search { get; }

    public PostStore Posts { get; }

    public Cursors Cursors { get; }

    /// <summary>Pages of lists may be long: made a few at a time, they take little memory, and what is short does not wait for them.</summary>
    public WorkLimiter Pages { get; }

    /// <summary>Finishes the accepted writes and closes the database.</summary>
    public async ValueTask DisposeAsync()
    {
        await Pages.DisposeAsync().ConfigureAwait(false);
        await Passwords.DisposeAsync().ConfigureAwait(false);
        Database.Dispose();
    }

    /// <summary>As <see cref="DisposeAsync"/>, after a start that failed: a database that was made for it is removed.</summary>
    public async ValueTask AbandonAsync()
    {
        await Passwords.DisposeAsync().ConfigureAwait(false);
        Database.Abandon();
    }
}
