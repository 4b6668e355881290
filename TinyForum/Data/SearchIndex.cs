using Microsoft.Data.Sqlite;
using TinyForum.Search;
using TinyForum.Storage;
using TinyForum.Text;
using static SQLitePCL.raw;

namespace TinyForum.Data;

/// <summary>A post that a search found.</summary>
/// <param name="Post">The head of a thread, or a reply.</param>
/// <param name="Excerpt">The part of its body with the words that were searched for, on one line.</param>
public sealed record SearchHit(Post Post, string Excerpt);

/// <summary>
/// The full-text index over visible posts, kept in the transactions that change them. Thread-safe.
/// </summary>
/// <remarks>
/// The newest <see cref="WindowSize"/> hits are ranked, then the next older ones, and so on. A search with fewer hits is ranked as a whole,
/// and one with millions costs the same. Only the texts of posts that are shown are read; see <see cref="Relevance"/>.
/// </remarks>
public sealed class SearchIndex
{
    /// <summary>How many hits are ranked together.</summary>
    internal const int WindowSize = 250;

    // Prefixes of tokens in the meta column. Private use characters end words in a text (FoldedText), so nobody can type them.
    private const char Author = '\uE000', Tagged = '\uE001', Hyphen = '\uE002';

    // The bonus of the newest posts, and the share of newer posts (of those below the window's end) at which it has halved.
    private const double RecencyBoost = 0.1, HalfLife = 0.125;

    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(1);

    private readonly Database _database;
    private readonly TimeSpan _timeLimit;

    internal SearchIndex(Database database, TimeSpan? timeLimit = null) => (_database, _timeLimit) = (database, timeLimit ?? TimeLimit);

    /// <summary>Indexes a new post.</summary>
    internal static void PutNew(Connection connection, long postId, string? title, string body, long authorId, IReadOnlyList<string> tags) =>
        connection.BeforeCommit(c => Add(c, postId, title, body, Meta(authorId, tags)));

    /// <summary>Indexes a post by its current text, whether it was indexed before or not. The post and its thread must have been written.</summary>
    internal static void Put(Connection connection, long postId, string? title, string body) =>
        connection.BeforeCommit(c => PutNow(c, postId, title, body));

    /// <summary>As <see cref="Put"/>, but at once instead of at the end of the transaction.</summary>
    internal static void PutNow(Connection connection, long postId, string? title, string body)
    {
        RemoveNow(connection, postId);
        Add(connection, postId, title, body, connection.First("""
            SELECT p.author_id, t.tags
              FROM posts p
              JOIN threads t ON t.id = p.thread_id
             WHERE p.id = $id
            """, r => Meta(r.GetInt64(0), PostStore.ParseTags(r.GetString(1))), ("$id", postId))!);
    }

    /// <summary>Indexes a post that is not in the index.</summary>
    internal static void Add(Connection connection, long postId, string? title, string body, string meta)
    {
        var (head, text) = (SearchTokens.Of(title), SearchTokens.Of(body));
        connection.Execute("""
            INSERT INTO search (rowid, title, body, meta)
            VALUES ($row, $title, $body, $meta)
            """, ("$row", Relevance.Row(postId, SearchTokens.Count(head) + SearchTokens.Count(text))), ("$title", head), ("$body", text), ("$meta", meta));
    }

    /// <summary>Fills an empty index with every visible post.</summary>
    internal static void Fill(Connection connection, ProgressReporter pace) => connection.ForEach("""
        SELECT p.id, CASE p.number WHEN 0 THEN t.title END, p.body, p.author_id, t.tags
          FROM posts p
         CROSS JOIN threads t ON t.id = p.thread_id
         WHERE p.deleted_at IS NULL
         ORDER BY p.id
        """, row => // in rowid order: FTS5 flushes its buffer whenever a rowid is below the one before
        {
            Add(connection, row.GetInt64(0), row.IsDBNull(1) ? null : row.GetString(1), row.GetString(2),
                Meta(row.GetInt64(3), PostStore.ParseTags(row.GetString(4))));
            if (pace.IsDue)
                pace.Tell($"search index, post {row.GetInt64(0)}");
        });

    /// <summary>The tokens for the author of a post and the tags of its thread.</summary>
    internal static string Meta(long authorId, IReadOnlyList<string> tags) => string.Join(' ', [AuthorToken(authorId), .. tags.Select(TagToken)]);

    /// <summary>Indexes a thread's posts again after its tags were changed.</summary>
    internal static void PutThread(Connection connection, long threadId)
    {
        var posts = connection.All("""
            SELECT p.id, CASE p.number WHEN 0 THEN t.title END, p.body
              FROM posts p
              JOIN threads t ON t.id = p.thread_id
             WHERE p.thread_id = $thread
               AND p.deleted_at IS NULL
            """, r => (Id: r.GetInt64(0), Title: r.IsDBNull(1) ? null : r.GetString(1), Body: r.GetString(2)), ("$thread", threadId));
        foreach (var post in posts)
            Put(connection, post.Id, post.Title, post.Body);
    }

    /// <summary>Removes a post from the index.</summary>
    internal static void Remove(Connection connection, long postId) => connection.BeforeCommit(c => RemoveNow(c, postId));

    private static void RemoveNow(Connection connection, long postId) => connection.Execute("""
        DELETE FROM search
         WHERE rowid BETWEEN $first AND $last
        """, ("$first", Relevance.FirstRow(postId)), ("$last", Relevance.LastRow(postId)));

    /// <summary>Finds posts by words, "phrases", -exclusions, author:name and tag:name. Deleted posts and those of deleted threads are not found.</summary>
    /// <param name="text">What the user typed.</param>
    /// <param name="limit">How many posts a page has at most.</param>
    /// <param name="from">The <see cref="Page{T}.Next"/> of the page before, from the same search.</param>
    /// <param name="viewer">The user for whom likes and unread counts are told.</param>
    /// <exception cref="RefusalException">Invalid: the text has nothing to search for. Busy: the search would take too long.</exception>
    public Page<SearchHit> Find(string text, int limit = PagePosition.DefaultSize, PagePosition? from = null, Actor? viewer = null)
    {
        if (!SearchQuery.TryParse(text, out var query, out var why))
            throw RefusalException.Invalid("q", why);
        try
        {
            return _database.ReadSnapshot(c => c.Within(_timeLimit, () => Find(c, query, limit, from?.KeyOf(SearchPosition.Numbers), viewer?.Id)));
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLITE_INTERRUPT)
        {
            throw new RefusalException(RefusalKind.Busy, "this search takes too long: try rarer words") { RetryAfter = TimeSpan.FromSeconds(1) };
        }
    }

    private static Page<SearchHit> Find(Connection connection, SearchQuery query, int limit, long[]? from, long? viewerId)
    {
        if (Expression(connection, query) is not { } match)
            return Page<SearchHit>.Empty;
        var at = from is null ? Start(connection, query.Terms) : SearchPosition.Of(from);
        var found = new List<SearchHit>(limit);
        while (true)
        {
            var (ranked, low) = Rank(connection, match, query.Terms.Count, at);
            at = at with { Low = low };
            foreach (var (score, id) in ranked.SkipWhile(p => !at.IsBefore(p.Score, p.Id)))
            {
                if (PostStore.Load(connection, id, viewerId) is not { DeletedBy: null } post) // a reply of a deleted thread
                    continue;
                if (found.Count == limit)
                    return new Page<SearchHit>(found, new PagePosition(at.ToNumbers()));
                found.Add(new SearchHit(post, SearchExcerpt.Of(post.Body, query.Terms)));
                at = at with { Score = score, Id = id };
            }
            if (low == SearchPosition.Lowest)
                return new Page<SearchHit>(found, null);
            at = at.Older(low);
            if (found.Count == limit)
                return new Page<SearchHit>(found, new PagePosition(at.ToNumbers()));
        }
    }

    private static SearchPosition Start(Connection connection, IReadOnlyList<SearchTerm> terms)
    {
        var high = 1 + connection.Number("SELECT max(id) FROM posts") ?? 1;
        // The rarity of a single term does not change the order.
        var counts = terms.Count < 2 ? [] : terms.Select(t => Count(connection, t.Match, high)).ToList();
        return SearchPosition.First(high, counts);
    }

    /// <summary>Estimates how many posts match, from the density of the newest matches.</summary>
    private static long Count(Connection connection, string match, long high)
    {
        const int Sample = 100;
        var (count, lowest) = connection.First("""
            SELECT count(*), min(id)
              FROM (SELECT rowid AS id
                      FROM search
                     WHERE search MATCH $match
                     ORDER BY rowid DESC
                     LIMIT $sample)
            """, r => (r.GetInt64(0), r.IsDBNull(1) ? 0 : Relevance.Post(r.GetInt64(1))), ("$match", match), ("$sample", Sample));
        return count < Sample ? count : count * high / (high - lowest);
    }

    /// <summary>The hits of one window, best first, and its lower end. Replies of deleted threads are included.</summary>
    private static (List<(double Score, long Id)> Ranked, long Low) Rank(Connection connection, string match, int terms, SearchPosition at)
    {
        var low = at.Low;
        var ranked = connection.All("""
            SELECT rowid, relevance(search, $weights)
              FROM search
             WHERE search MATCH $match
               AND rowid < $high
               AND rowid >= $low
             ORDER BY rowid DESC
             LIMIT $limit
            """, r => (Score: Score(Relevance.Post(r.GetInt64(0)), r.GetDouble(1)), Id: Relevance.Post(r.GetInt64(0))),
            ("$weights", Relevance.Parameter(at.Weights(terms))), ("$match", match),
            ("$high", Relevance.FirstRow(at.High)), ("$low", Relevance.FirstRow(low)), ("$limit", low > 0 ? 2 * WindowSize : WindowSize + 1));
        if (low == 0)
        {
            // The extra row shows that there are older ones. From now on the window ends here, whatever is added or removed in it.
            low = ranked.Count > WindowSize ? ranked[WindowSize - 1].Id : SearchPosition.Lowest;
            ranked = ranked.Count > WindowSize ? ranked[..WindowSize] : ranked;
        }
        ranked.Sort((a, b) => b.CompareTo(a));
        return (ranked, low);

        double Score(long id, double relevance) =>
            (terms == 0 ? 1 : relevance) * (1 + RecencyBoost * Math.Pow(2, -(at.High - id) / (HalfLife * at.High)));
    }

    /// <summary>The MATCH expression of a query with its authors and tags; <see langword="null"/> if a required one does not exist.</summary>
    private static string? Expression(Connection connection, SearchQuery query)
    {
        var authors = Tokens(query.Authors, OfAuthor);
        var tags = Tokens(query.Tags, OfTag);
        if ((authors.Count == 0 && query.Authors.Count > 0) || tags.Count < query.Tags.Count)
            return null;
        var match = string.Join(" AND ", ((string?[])[
            query.Match is { } words ? $"({words})" : null,
            authors.Count > 0 ? $"({string.Join(" OR ", authors)})" : null,
            .. tags]).OfType<string>());
        List<string> without = [.. Tokens(query.NotAuthors, OfAuthor), .. Tokens(query.NotTags, OfTag)];
        return without.Count == 0 ? match : $"({match}) NOT ({string.Join(" OR ", without)})";

        string? OfAuthor(string name) =>
            Username.KeyOf(name) is { } key && UserStore.FindByKey(connection, key) is { Id: var id } ? $"\"{AuthorToken(id)}\"" : null;

        static string? OfTag(string name) => Tag.TryParse(name, out var tag, out _) ? $"\"{TagToken(tag)}\"" : null;

        static List<string> Tokens(IReadOnlyList<string> names, Func<string, string?> token) => [.. names.Select(token).OfType<string>()];
    }

    private static string AuthorToken(long id) => $"{Author}{id}";

    private static string TagToken(string tag) => $"{Tagged}{tag.Replace('-', Hyphen)}";
}
