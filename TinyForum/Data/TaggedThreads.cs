using TinyForum.Search;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// The threads with a search's tags that have posts in a window of it. Those of the window's posts that are theirs have their tokens in the
/// index, so that FTS5 leaps from one to the next, however common the words are that they stand with.
/// </summary>
/// <param name="Ids">The threads.</param>
/// <param name="Low">The window's lower end: these are all threads with posts from there on.</param>
internal sealed record TaggedThreads(IReadOnlyList<long> Ids, long Low)
{
    // The first window has the most recently active threads, the second twice as many; a tag of few threads is looked up at once.
    private const int First = 32, Few = 4 * First, Most = 512;

    // A thread costs a look into the index for its token, as much as looking up the tags of this many hits of a word.
    private const int HitsAThread = 8;

    private static readonly string ActiveSince = $"""
        SELECT g.thread_id
          FROM thread_tags g INDEXED BY thread_tags_active
         WHERE g.tag_id = $tag
           AND g.pinned = $pinned
           AND g.last_post >= $high
           AND g.thread_id < $high
           AND {HasOthers("g.thread_id")}
         LIMIT $limit
        """;

    private static readonly string ActiveBefore = $"""
        SELECT g.thread_id, g.last_post
          FROM thread_tags g INDEXED BY thread_tags_active
         WHERE g.tag_id = $tag
           AND g.pinned = $pinned
           AND g.last_post < $high
           AND g.last_post >= $low
           AND {HasOthers("g.thread_id")}
         ORDER BY g.last_post DESC
         LIMIT $limit
        """;

    /// <summary>An SQL condition: a thread has the tag <c>$tag</c> if there is one, all <c>$others</c> and none of <c>$none</c>.</summary>
    public static string IsOne(string thread) => $"""
        ($tag IS NULL OR EXISTS (SELECT 1 FROM thread_tags g WHERE g.thread_id = {thread} AND g.tag_id = $tag))
        AND {HasOthers(thread)}
        """;

    /// <summary>Whether it costs less to find the posts by their threads than to look up the tags of all hits of a word.</summary>
    public static bool AreCheaperThan(long hits, SearchCriteria criteria) => hits > HitsAThread * Math.Min(criteria.Threads, 2 * First);

    /// <summary>The threads for the <paramref name="n"/>-th window of a walk; <see langword="null"/> if there is no tag or there are too many.</summary>
    public static TaggedThreads? Of(Connection connection, SearchCriteria criteria, SearchPosition at, int n, Func<bool> isOver)
    {
        if (criteria.Tags.Count == 0)
            return null;
        var ids = new List<long>();
        var before = new List<(long LastPost, long Id)>();
        var most = at.Low > 0 ? Most : criteria.Threads <= Few ? Few : Math.Min(First << Math.Min(n, 8), Most);
        for (var pinned = 0; pinned <= 1; pinned++)
        {
            if (!Read(ActiveSince, pinned, r => ids.Add(r.GetInt64(0))) || !Read(ActiveBefore, pinned, r => before.Add((r.GetInt64(1), r.GetInt64(0)))))
                return null;
        }
        before.Sort((a, b) => b.CompareTo(a));
        var isCut = before.Count > most;
        ids.AddRange(before.Take(most).Select(t => t.Id));
        return ids.Count > Most || (isCut && at.Low > 0) ? null
            : new TaggedThreads(ids, isCut ? before[most].LastPost + 1 : Math.Max(at.Low, SearchPosition.Lowest));

        bool Read(string sql, int pinned, Action<Row> row) => connection.ForEachUntil(
            (_, _) => isOver(), sql, row, ("$tag", criteria.Tags[0]), ("$pinned", pinned), ("$high", at.High), ("$low", at.Low),
            ("$others", criteria.OtherTags), ("$none", criteria.NoTags), ("$limit", Most + 1));
    }

    private static string HasOthers(string thread) => $"""
        ($others = '[]' OR NOT EXISTS (SELECT 1
                                         FROM json_each($others) o
                                        WHERE NOT EXISTS (SELECT 1 FROM thread_tags x WHERE x.thread_id = {thread} AND x.tag_id = o.value)))
        AND ($none = '[]' OR NOT EXISTS (SELECT 1
                                           FROM json_each($none) o
                                          CROSS JOIN thread_tags x ON x.thread_id = {thread} AND x.tag_id = o.value))
        """;
}
