using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace TinyForum.Data;

/// <summary>A post that was found.</summary>
/// <param name="Post">A thread's head or a reply.</param>
/// <param name="Excerpt">The part of its body where what was looked for stands, on one line.</param>
public sealed record SearchHit(Post Post, string Excerpt);

/// <summary>
/// The full-text index over visible posts, kept in the transactions that change them. Thread-safe.
/// </summary>
/// <remarks>
/// FTS5's own <c>bm25()</c> walks every hit to learn how rare a word is, millions for a common one. Here the newest
/// <see cref="WindowSize"/> hits are ranked, then the next older ones, and so on: a search that finds fewer is ranked as a whole, and one
/// that finds millions costs the same.
/// </remarks>
public sealed class SearchIndex
{
    /// <summary>How many hits are ranked together.</summary>
    internal const int WindowSize = 250;

    // Tokens of the meta column. Private use characters end words in a text (FoldedText), so none of these can be typed.
    private const char Author = '\uE000', Tagged = '\uE001', Hyphen = '\uE002';

    // In tokens and days. Only their order of magnitude matters.
    private const double AverageLength = 60, HalfLife = 90, RecencyBoost = 0.1;

    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(1);

    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _timeLimit;

    internal SearchIndex(Database database, TimeProvider clock, TimeSpan? timeLimit = null) =>
        (_database, _clock, _timeLimit) = (database, clock, timeLimit ?? TimeLimit);

    /// <summary>Makes a new post found.</summary>
    internal static void PutNew(Connection connection, long postId, string? title, string body, long authorId, IReadOnlyList<string> tags) =>
        connection.BeforeCommit(c => Add(c, postId, title, body, Meta(authorId, tags)));

    /// <summary>Makes a post found by its present text; also when it was indexed before. The post and its thread are written already.</summary>
    internal static void Put(Connection connection, long postId, string? title, string body) =>
        connection.BeforeCommit(c => PutNow(c, postId, title, body));

    /// <summary>As <see cref="Put"/>, before the transaction's end.</summary>
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

    /// <summary>Makes a post found that is not in the index.</summary>
    internal static void Add(Connection connection, long postId, string? title, string body, string meta) => connection.Execute("""
        INSERT INTO search (rowid, title, body, meta)
        VALUES ($id, $title, $body, $meta)
        """, ("$id", postId), ("$title", title is null ? "" : SearchText.Tokens(title)), ("$body", SearchText.Tokens(body)), ("$meta", meta));

    /// <summary>The tokens for the author of a post and the tags of its thread.</summary>
    internal static string Meta(long authorId, IReadOnlyList<string> tags) => string.Join(' ', [AuthorToken(authorId), .. tags.Select(TagToken)]);

    /// <summary>Puts a thread's posts anew: its tags were changed.</summary>
    internal static void PutThread(Connection connection, long threadId)
    {
        var posts = connection.All("""
            SELECT p.id, iif(p.number = 0, t.title, NULL), p.body
              FROM posts p
              JOIN threads t ON t.id = p.thread_id
             WHERE p.thread_id = $thread
               AND p.deleted_at IS NULL
            """, r => (Id: r.GetInt64(0), Title: r.IsDBNull(1) ? null : r.GetString(1), Body: r.GetString(2)), ("$thread", threadId));
        foreach (var post in posts)
            Put(connection, post.Id, post.Title, post.Body);
    }

    /// <summary>Makes a post no longer found.</summary>
    internal static void Remove(Connection connection, long postId) => connection.BeforeCommit(c => RemoveNow(c, postId));

    private static void RemoveNow(Connection connection, long postId) => connection.Execute("""
        DELETE FROM search
         WHERE rowid = $id
        """, ("$id", postId));

    /// <summary>Finds posts by words, "phrases", -exclusions, author:name and tag:name. Deleted posts and those of deleted threads are not found.</summary>
    /// <param name="text">What the user typed.</param>
    /// <param name="limit">How many posts a page has at most.</param>
    /// <param name="from"><see cref="Page{T}.Next"/> of the page before, from the same search.</param>
    /// <param name="viewerId">Who looks, for what is theirs.</param>
    /// <exception cref="Refusal">400: there is nothing to look for in the text. 503: it would take too long.</exception>
    public Page<SearchHit> Find(string text, int limit = 20, long[]? from = null, long? viewerId = null)
    {
        if (!SearchQuery.TryParse(text, out var query, out var why))
            throw Refusal.Invalid("q", why);
        try
        {
            return _database.ReadSnapshot(c => c.Within(_timeLimit, () => Find(c, query, limit, from, viewerId)));
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLITE_INTERRUPT)
        {
            throw new Refusal(503, "this search takes too long: try rarer words") { RetryAfter = TimeSpan.FromSeconds(1) };
        }
    }

    private Page<SearchHit> Find(Connection connection, SearchQuery query, int limit, long[]? from, long? viewerId)
    {
        if (Expression(connection, query) is not { } match)
            return new Page<SearchHit>([], null);
        var at = from is null ? Start(connection, query.Terms) : SearchPosition.Of(from);
        var found = new List<SearchHit>(limit);
        var deletedThreads = new HashSet<long>();
        while (true)
        {
            var (ranked, low) = Rank(connection, match, query.Terms, at, deletedThreads);
            at = at with { Low = low };
            foreach (var (score, id, thread) in ranked.SkipWhile(p => !at.IsBefore(p.Score, p.Id)).ToList())
            {
                if (deletedThreads.Contains(thread))
                    continue;
                if (PostStore.Load(connection, id, viewerId) is not { } post)
                {
                    deletedThreads.Add(thread);
                    continue;
                }
                if (found.Count == limit)
                    return new Page<SearchHit>(found, at.ToNumbers());
                found.Add(new SearchHit(post, SearchText.Excerpt(post.Body, query.Terms)));
                at = at with { Score = score, Id = id };
            }
            if (low == SearchPosition.Lowest)
                return new Page<SearchHit>(found, null);
            at = at.Older(low);
            if (found.Count == limit)
                return new Page<SearchHit>(found, at.ToNumbers());
        }
    }

    private SearchPosition Start(Connection connection, IReadOnlyList<SearchTerm> terms)
    {
        var high = 1 + connection.Number("SELECT max(id) FROM posts") ?? 1;
        // A lone term's rarity does not change the order.
        var counts = terms.Count < 2 ? [] : terms.Select(t => Count(connection, t.Match, high)).ToList();
        return SearchPosition.First(high, _clock.Now(), counts);
    }

    /// <summary>About how many posts match, by how close together the newest of them stand.</summary>
    private static long Count(Connection connection, string match, long high)
    {
        const int Sample = 100;
        var (count, lowest) = connection.First("""
            SELECT count(*), min(id)
              FROM (SELECT rowid AS id
                      FROM search
                     WHERE search MATCH $match
                       AND rowid < $high
                     ORDER BY rowid DESC
                     LIMIT $sample)
            """, r => (r.GetInt64(0), r.IsDBNull(1) ? 0 : r.GetInt64(1)), ("$match", match), ("$high", high), ("$sample", Sample));
        return count < Sample ? count : count * high / (high - lowest);
    }

    /// <summary>The hits of one window, best first, and its lower end.</summary>
    /// <remarks>
    /// Replies of deleted threads are among them: to look up the thread of each would be half of all the pages that are read. Those of the
    /// threads that are known to be deleted get no score.
    /// </remarks>
    private static (List<(double Score, long Id, long Thread)> Ranked, long Low) Rank(
        Connection connection, string match, IReadOnlyList<SearchTerm> terms, SearchPosition at, HashSet<long> deletedThreads)
    {
        var (low, weights) = (at.Low, at.Weights(terms.Count));
        var ranked = connection.All("""
            SELECT p.id, p.thread_id, iif(p.number = 0, (SELECT title FROM threads WHERE id = p.id), ''), substr(p.body, 1, 4000), p.created_at
              FROM search s
             CROSS JOIN posts p ON p.id = s.rowid
             WHERE search MATCH $match
               AND s.rowid < $high
               AND s.rowid >= $low
               AND p.deleted_at IS NULL
             ORDER BY s.rowid DESC
             LIMIT $limit
            """, r => (Score: deletedThreads.Contains(r.GetInt64(1)) ? 0 : Score(r), Id: r.GetInt64(0), Thread: r.GetInt64(1)),
            ("$match", match), ("$high", at.High), ("$low", low), ("$limit", low > 0 ? 2 * WindowSize : WindowSize + 1));
        if (low == 0)
        {
            // The one too many tells that there are older ones. From now on the window has this end, whatever comes and goes in it.
            low = ranked.Count > WindowSize ? ranked[WindowSize - 1].Id : SearchPosition.Lowest;
            ranked = ranked.Count > WindowSize ? ranked[..WindowSize] : ranked;
        }
        ranked.Sort((a, b) => b.CompareTo(a));
        return (ranked, low);

        double Score(SqliteDataReader row)
        {
            var score = terms.Count == 0 ? 1 : SearchText.Score(row.GetString(2), row.GetString(3), terms, weights, AverageLength);
            var age = TimeSpan.FromMilliseconds(Math.Max(0, at.Now - row.GetInt64(4))).TotalDays;
            return score * (1 + RecencyBoost * Math.Pow(2, -age / HalfLife));
        }
    }

    /// <summary>The MATCH expression of a query with its authors and tags, or <see langword="null"/> if one it needs does not exist.</summary>
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

        string? OfAuthor(string name) => Username.KeyOf(name) is { } key && connection.Number("""
            SELECT id
              FROM users
             WHERE username_key = $key
               AND id > 0
            """, ("$key", key)) is { } id ? $"\"{AuthorToken(id)}\"" : null;

        static string? OfTag(string name) => Tag.TryParse(name, out var tag, out _) ? $"\"{TagToken(tag)}\"" : null;

        static List<string> Tokens(IReadOnlyList<string> names, Func<string, string?> token) => [.. names.Select(token).OfType<string>()];
    }

    private static string AuthorToken(long id) => $"{Author}{id}";

    private static string TagToken(string tag) => $"{Tagged}{tag.Replace('-', Hyphen)}";
}
