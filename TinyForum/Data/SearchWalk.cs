using System.Diagnostics;
using TinyForum.Search;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// One search: a walk through the hits from the newest on, window by window. The hits of a window are ranked, then those of the next older
/// one. A window has <see cref="SearchIndex.WindowSize"/> hits, or fewer where they lie far apart, so that a search among millions of posts
/// costs what one among thousands does. Only the texts of posts that are shown are read; see <see cref="Relevance"/>.
/// </summary>
internal sealed class SearchWalk
{
    // Where hits lie far apart, a window ends once it has as many as the first and SQLite has looked at as many pages for them as the second.
    private const int FewestHits = 50, MostPages = 40;

    // How many of the newest hits of a term tell how common it is, or as many as are found on so many pages.
    private const int Sample = 100, SamplePages = 500;

    // The bonus of the newest posts, and the share of newer posts (of those below the window's end) at which it has halved.
    private const double RecencyBoost = 0.1, HalfLife = 0.125;

    private const string Matching = """
        SELECT rowid, relevance(search, $weights)
          FROM search
         WHERE search MATCH $match
           AND rowid < $high
           AND rowid >= $low
         ORDER BY rowid DESC
         LIMIT $limit
        """;

    private static readonly string MatchingTagged = $"""
        SELECT rowid, relevance(search, $weights)
          FROM search
         WHERE search MATCH $match
           AND rowid < $high
           AND rowid >= $low
           AND EXISTS (SELECT 1
                         FROM posts p
                        WHERE p.id = search.rowid >> {Relevance.LengthBits}
                          AND {TaggedThreads.IsOne("p.thread_id")})
         ORDER BY rowid DESC
         LIMIT $limit
        """;

    private static readonly string Tagged = $"""
        SELECT p.id << {Relevance.LengthBits}, 1.0
          FROM posts p
         WHERE p.id < $high >> {Relevance.LengthBits}
           AND p.id >= $low >> {Relevance.LengthBits}
           AND p.deleted_at IS NULL
           AND {TaggedThreads.IsOne("p.thread_id")}
           AND ($excluded IS NULL OR NOT EXISTS (SELECT 1
                                                   FROM search
                                                  WHERE search MATCH $excluded
                                                    AND rowid >= p.id << {Relevance.LengthBits}
                                                    AND rowid < (p.id + 1) << {Relevance.LengthBits}))
         ORDER BY p.id DESC
         LIMIT $limit
        """;

    private readonly Connection _connection;
    private readonly IReadOnlyList<SearchTerm> _terms;
    private readonly SearchCriteria? _criteria;
    private readonly long? _viewerId;
    private readonly TimeSpan _timeLimit;
    private readonly long _start = Stopwatch.GetTimestamp();

    public SearchWalk(Connection connection, SearchQuery query, long? viewerId, TimeSpan timeLimit)
    {
        (_connection, _terms, _viewerId, _timeLimit) = (connection, query.Terms, viewerId, timeLimit);
        _criteria = SearchCriteria.Of(connection, query);
    }

    private bool IsOutOfTime => Stopwatch.GetElapsedTime(_start) > _timeLimit;

    public SearchPage Page(int limit, long[]? from)
    {
        var (found, bytes) = (new List<SearchHit>(Math.Min(limit, SearchIndex.WindowSize)), 0L);
        if (_criteria is null)
            return new SearchPage(found, null, IsPartial: false);
        var start = from is null ? Start(_criteria) : SearchPosition.Of(from);
        var at = start;
        for (var windows = 0; ; windows++)
        {
            var window = Rank(_criteria, at, windows);
            at = at with { Low = window.Low };
            foreach (var (score, id) in window.Ranked.SkipWhile(p => !at.IsBefore(p.Score, p.Id)))
            {
                if (found.Count == limit)
                    return new SearchPage(found, new PagePosition(at.ToNumbers()), !window.IsWhole);
                var post = Load(_criteria, id);
                bytes += post is null ? 0 : PageText.BytesOf(post);
                if (found.Count > 0 && bytes > PageText.MaxBytes)
                    return new SearchPage(found, new PagePosition(at.ToNumbers()), !window.IsWhole);
                if (post is not null)
                    found.Add(new SearchHit(post, SearchExcerpt.Of(post.Body, IsOutOfTime ? [] : _terms, counts: at.Counts)) { Terms = _terms });
                at = at with { Score = score, Id = id };
            }
            if (window.IsWhole ? at.Low == SearchPosition.Lowest : at == start)
                return new SearchPage(found, null, !window.IsWhole);
            if (window.IsWhole || window.IsOpen)
                at = at.Low > 0 ? at.Older(at.Low) : at;
            if (found.Count == limit || IsOutOfTime)
                return new SearchPage(found, new PagePosition(at.ToNumbers()), found.Count < limit || !window.IsWhole);
        }
    }

    private SearchPosition Start(SearchCriteria criteria)
    {
        var high = 1 + _connection.Number("SELECT max(id) FROM posts") ?? 1;
        // The rarity of a single term does not change the order.
        var counts = _terms.Count < 2 && criteria.Tags.Count == 0 ? [] : _terms.Select(t => Count(t.Match, high)).ToList();
        return SearchPosition.First(high, counts);
    }

    /// <summary>Estimates how many posts match, from the density of the newest matches.</summary>
    private long Count(string match, long high)
    {
        var (count, lowest) = (0, high);
        var isWhole = _connection.ForEachUntil((pages, _) => IsOutOfTime || pages > SamplePages, """
            SELECT rowid
              FROM search
             WHERE search MATCH $match
             ORDER BY rowid DESC
             LIMIT $sample
            """, r => (count, lowest) = (count + 1, Relevance.Post(r.GetInt64(0))), ("$match", match), ("$sample", Sample));
        return isWhole && count < Sample ? count : count * high / Math.Max(1, high - lowest);
    }

    /// <summary>The post, if it is to be shown: replies of a deleted thread are found until all are out of the index.</summary>
    private Post? Load(SearchCriteria criteria, long id) =>
        PostStore.Load(_connection, id, _viewerId) is { DeletedBy: null } post && !criteria.NotAuthors.Contains(post.Author.Id) ? post : null;

    /// <summary>The window at a position, which is the <paramref name="n"/>-th of the walk.</summary>
    private Window Rank(SearchCriteria criteria, SearchPosition at, int n)
    {
        if (criteria.Tags.Count == 0 && criteria.NotTags.Count == 0)
            return Read(Matching, criteria, criteria.Match(), at);
        var rarest = _terms.Count > 0 ? 1L << at.Counts.Take(_terms.Count).Min() : long.MaxValue;
        if (TaggedThreads.AreCheaperThan(rarest, criteria) && TaggedThreads.Of(_connection, criteria, at, n, () => IsOutOfTime) is { } threads)
        {
            return threads.Ids.Count == 0 ? new Window([], threads.Low, at.Low == 0, IsWhole: true)
                : Read(Matching, criteria, criteria.Match(threads.Ids), at, threads.Low);
        }
        return criteria.Match() is { } match ? Read(MatchingTagged, criteria, match, at) : Read(Tagged, criteria, null, at);
    }

    /// <summary>Reads the hits between the ends of a window. If its lower end is not settled yet, it is at <paramref name="bound"/> or above.</summary>
    private Window Read(string sql, SearchCriteria criteria, string? match, SearchPosition at, long bound = SearchPosition.Lowest)
    {
        var (isOpen, low) = (at.Low == 0, Math.Max(at.Low, bound));
        var hits = new List<(double Score, long Id)>();
        var isWhole = _connection.ForEachUntil(
            (_, pages) => IsOutOfTime || (isOpen && hits.Count >= FewestHits && pages > MostPages), sql,
            r => hits.Add((Score(Relevance.Post(r.GetInt64(0)), r.GetDouble(1)), Relevance.Post(r.GetInt64(0)))),
            ("$weights", Relevance.Parameter(at.Weights(_terms.Count))), ("$match", match), ("$excluded", criteria.Excluded),
            ("$high", Relevance.FirstRow(at.High)), ("$low", Relevance.FirstRow(low)),
            ("$tag", criteria.Tags.Count > 0 ? criteria.Tags[0] : null), ("$others", criteria.OtherTags), ("$none", criteria.NoTags),
            ("$limit", isOpen ? SearchIndex.WindowSize + 1 : 2 * SearchIndex.WindowSize));
        if (isOpen && (!isWhole || hits.Count > SearchIndex.WindowSize))
        {
            // From now on the window ends here, whatever is added or removed in it. The extra row shows that there are older ones.
            hits = [.. hits.Take(SearchIndex.WindowSize)];
            low = hits.Count > 0 ? hits[^1].Id : 0;
        }
        hits.Sort((a, b) => b.CompareTo(a));
        return new Window(hits, low, isOpen, IsWhole: isWhole || !IsOutOfTime);

        double Score(long id, double relevance) =>
            (_terms.Count == 0 ? 1 : relevance) * (1 + RecencyBoost * Math.Pow(2, -(at.High - id) / (HalfLife * at.High)));
    }

    /// <summary>The hits of a window, best first.</summary>
    /// <param name="Ranked">The hits, perhaps with some of a thread that was just deleted.</param>
    /// <param name="Low">Its lower end; 0 if the time ran out before anything was found.</param>
    /// <param name="IsOpen">Whether its lower end was not settled before.</param>
    /// <param name="IsWhole">Whether these are all: the time did not run out.</param>
    private sealed record Window(List<(double Score, long Id)> Ranked, long Low, bool IsOpen, bool IsWhole);
}
