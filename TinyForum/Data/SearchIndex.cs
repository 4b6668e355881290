using TinyForum.Concurrency;
using TinyForum.Search;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>A post that a search found.</summary>
/// <param name="Post">The head of a thread, or a reply.</param>
/// <param name="Excerpt">The part of its body with the words that were searched for, on one line.</param>
public sealed record SearchHit(Post Post, string Excerpt)
{
    internal IReadOnlyList<SearchTerm> Terms { private get; init; } = [];

    /// <summary>Where the excerpt has words that were searched for: the first character of each, and the one behind its last.</summary>
    public IEnumerable<(int Start, int End)> Matches => MatchesIn(Excerpt);

    /// <summary>Where another text has them, as the title.</summary>
    internal IEnumerable<(int Start, int End)> MatchesIn(string text) => SearchExcerpt.Matches(text, Terms);
}

/// <summary>A page of a search.</summary>
/// <param name="Items">The hits, at most as many as were asked for.</param>
/// <param name="Next">The position of the next page, for the same search; <see langword="null"/> on the last page.</param>
/// <param name="IsPartial">Whether the time ran out: these are the best of what was found until then, and <paramref name="Next"/> goes on from there.</param>
public sealed record SearchPage(IReadOnlyList<SearchHit> Items, PagePosition? Next, bool IsPartial) : Page<SearchHit>(Items, Next);

/// <summary>
/// The full-text index over visible posts, kept in the transactions that change them. Thread-safe.
/// </summary>
/// <remarks>
/// What is indexed of a post is its text, and a token each for its author and its thread, which stay the same: a thread's tags are looked up
/// when they are searched for, so that changing them changes nothing here.
/// </remarks>
public sealed class SearchIndex
{
    /// <summary>How many hits are ranked together; see <see cref="SearchWalk"/>.</summary>
    internal const int WindowSize = 250;

    // Prefixes of tokens in the meta column. Private use characters end words in a text (FoldedText, which has some too), so nobody can type them.
    private const char Author = '\uE000', Thread = '\uE001';

    /// <summary>How long a search may take.</summary>
    internal static readonly TimeSpan TimeLimit = TimeSpan.FromMilliseconds(300);

    private readonly Database _database;
    private readonly WorkThreads? _threads;
    private readonly TimeSpan _timeLimit;

    internal SearchIndex(Database database, WorkThreads? threads = null, TimeSpan? timeLimit = null) =>
        (_database, _threads, _timeLimit) = (database, threads, timeLimit ?? TimeLimit);

    /// <summary>Indexes a new post.</summary>
    internal static void PutNew(Connection connection, long postId, PostTokens tokens, long authorId, long threadId) =>
        connection.BeforeCommit(c => Add(c, postId, tokens, authorId, threadId));

    /// <summary>Indexes a post by its current text, whether it was indexed before or not. The post must have been written.</summary>
    internal static void Put(Connection connection, long postId, PostTokens tokens) => connection.BeforeCommit(c =>
    {
        RemoveNow(c, postId);
        var (author, thread) = c.First("""
            SELECT author_id, thread_id
              FROM posts
             WHERE id = $id
            """, r => (r.GetInt64(0), r.GetInt64(1)), ("$id", postId));
        Add(c, postId, tokens, author, thread);
    });

    /// <summary>Indexes a post that is not in the index.</summary>
    internal static void Add(Connection connection, long postId, PostTokens tokens, long authorId, long threadId) => connection.Execute("""
        INSERT INTO search (rowid, title, body, meta)
        VALUES ($row, $title, $body, $meta)
        """, ("$row", Relevance.Row(postId, tokens.Count)), ("$title", tokens.Title), ("$body", tokens.Body),
        ("$meta", $"{AuthorToken(authorId)} {ThreadToken(threadId)}"));

    /// <summary>Fills an empty index with every visible post of visible threads.</summary>
    internal static void Fill(Connection connection, ProgressReporter pace) => connection.ForEach("""
        SELECT p.id, CASE p.number WHEN 0 THEN t.title END, p.body, p.author_id, p.thread_id
          FROM posts p
         CROSS JOIN threads t ON t.id = p.thread_id
          LEFT JOIN recounts c ON c.thread_id = p.thread_id
         WHERE p.deleted_at IS NULL
           AND CASE WHEN c.thread_id IS NULL OR p.number = 0 THEN t.deleted = 0 ELSE p.id >= c.post_id END
         ORDER BY p.id
        """, row => // in rowid order: FTS5 flushes its buffer whenever a rowid is below the one before
        {
            Add(connection, row.GetInt64(0), PostTokens.Of(row.TextOrNull(1), row.GetString(2)), row.GetInt64(3), row.GetInt64(4));
            if (pace.IsDue)
                pace.Tell($"search index, post {row.GetInt64(0)}");
        });

    /// <summary>Removes a post from the index.</summary>
    internal static void Remove(Connection connection, long postId) => connection.BeforeCommit(c => RemoveNow(c, postId));

    private static void RemoveNow(Connection connection, long postId) => connection.Execute("""
        DELETE FROM search
         WHERE rowid BETWEEN $first AND $last
        """, ("$first", Relevance.FirstRow(postId)), ("$last", Relevance.LastRow(postId)));

    /// <summary>The token of a post's author.</summary>
    internal static string AuthorToken(long id) => $"{Author}{id}";

    /// <summary>The token of the posts of a thread.</summary>
    internal static string ThreadToken(long id) => $"{Thread}{id}";

    /// <summary>
    /// Finds posts by words, "phrases", -exclusions, author:name and tag:name. Deleted posts and those of deleted threads are not found.
    /// How many searches run at once is bounded, and they run on threads of their own.
    /// </summary>
    /// <param name="text">What the user typed.</param>
    /// <param name="limit">How many posts a page has at most.</param>
    /// <param name="from">The <see cref="Page{T}.Next"/> of the page before, from the same search.</param>
    /// <param name="viewer">The user for whom likes and unread counts are told.</param>
    /// <exception cref="RefusalException">Invalid: the text has nothing to search for. Busy: too many searches wait already.</exception>
    public Task<SearchPage> FindAsync(string text, int limit = PagePosition.DefaultSize, PagePosition? from = null, Actor? viewer = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        var query = Parse(text);
        return _threads is null ? Task.FromResult(Find(query, limit, from, viewer)) : _threads.RunAsync(() => Find(query, limit, from, viewer));
    }

    /// <summary>As <see cref="FindAsync"/>, on the calling thread and at once, however many others run.</summary>
    /// <exception cref="RefusalException">Invalid: the text has nothing to search for.</exception>
    public SearchPage Find(string text, int limit = PagePosition.DefaultSize, PagePosition? from = null, Actor? viewer = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return Find(Parse(text), limit, from, viewer);
    }

    private SearchPage Find(SearchQuery query, int limit, PagePosition? from, Actor? viewer) =>
        _database.ReadSnapshot(c => new SearchWalk(c, query, viewer?.Id, _timeLimit).Page(limit, from?.KeyOf(SearchPosition.Numbers)));

    private static SearchQuery Parse(string text) =>
        SearchQuery.TryParse(text, out var query, out var why) ? query : throw RefusalException.Invalid("q", why);
}
