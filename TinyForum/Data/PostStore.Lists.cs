using System.Collections.ObjectModel;
using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>
/// The lists of threads. Each is read by descending key from one index at a time: pinned threads first, then the others. While someone
/// pages through a list, a thread that moves up is met at its old place or not at all. One that moves down is marked
/// (<c>threads.fell</c> and <c>unpinned</c>) and skipped by walks that began earlier, so that no walk meets a thread twice.
/// </summary>
public sealed partial class PostStore
{
    private const string Listed = $"""
        t.deleted = 0
           AND ($unread = 0 OR (t.last_post > {ReadId} AND {Unread} > 0))
        """;

    /// <summary>Which index serves which list. Lists of unread threads use the same ones.</summary>
    internal static readonly ThreadList[] Lists =
    [
        new(isTagged: false, isByAuthor: false, byAge: "threads_newest", byActivity: "threads_active"),
        new(isTagged: false, isByAuthor: true, byAge: "threads_newest_by_author", byActivity: "threads_active_by_author"),
        new(isTagged: true, isByAuthor: false, byAge: null, byActivity: "thread_tags_active"), // by age: the primary key
        new(isTagged: true, isByAuthor: true, byAge: "thread_tags_newest_by_author", byActivity: "thread_tags_active_by_author"),
    ];

    /// <summary>The threads that <paramref name="filter"/> asks for, pinned ones first.</summary>
    /// <param name="filter">The filter and the order.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="from">The <see cref="Page{T}.Next"/> of the page before, with the same filter.</param>
    /// <param name="viewer">The user for whom likes and unread counts are told; required for a list of unread threads.</param>
    public Page<Post> Threads(ThreadFilter filter, int limit = PagePosition.DefaultSize, PagePosition? from = null, Actor? viewer = null)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return _database.ReadSnapshot(c => Threads(c, filter, limit, from?.KeyOf(3), viewer?.Id));
    }

    private static Page<Post> Threads(Connection connection, ThreadFilter filter, int limit, long[]? from, long? viewerId)
    {
        var tag = filter.Tag is null ? null : connection.Number("SELECT id FROM tags WHERE name = $name", ("$name", Tag.KeyOf(filter.Tag)));
        if (filter.Tag is not null && tag is null)
            return Page<Post>.Empty;
        var falls = from?[2] ?? connection.Number("SELECT value FROM settings WHERE name = 'falls'");
        var read = filter.Unread ? connection.Number("SELECT read_up_to FROM users WHERE id = $id", ("$id", viewerId)) ?? 0 : 0;
        var rows = new PageRows<Post>(limit);
        foreach (var (sql, pinned, below, behind) in Stretches(filter, read))
        {
            var before = from is null || from[0] > pinned ? below : from[0] == pinned ? Math.Min(from[1], below) : 0;
            if (rows.Wanted == 0 || before == 0)
                continue;
            connection.While(sql, row => rows.Add(Map(row)),
                ("$user", viewerId), ("$author", filter.AuthorId), ("$tag", tag), ("$unread", filter.Unread),
                ("$falls", falls), ("$pinned", pinned), ("$before", before), ("$behind", behind), ("$limit", rows.Wanted));
        }
        return rows.ToPage(last => [last.Head!.IsPinned ? 1 : 0, filter.Active ? last.Head.LatestPost : last.Id, falls!.Value]);
    }

    private static IEnumerable<(string Sql, long Pinned, long Below, long Behind)> Stretches(ThreadFilter filter, long read)
    {
        var list = Array.Find(Lists, l => l.IsTagged == filter.Tag is not null && l.IsByAuthor == filter.AuthorId is not null)!;
        var sql = filter.Active ? list.Active : list.Newest;
        yield return (sql, 1, long.MaxValue, 0);
        yield return (sql, 0, long.MaxValue, read);
        if (!filter.Active && read > 0)
            yield return (list.Revived, 0, read + 1, read);
    }

    /// <summary>When the latest post of each of some threads was written, and by whom, in their order.</summary>
    internal IReadOnlyList<(DateTimeOffset At, string Author)> Latest(IEnumerable<Post> threads) => _database.Read(c =>
        threads.Select(t => c.First("""
            SELECT p.created_at, u.username
              FROM posts p
              JOIN users u ON u.id = p.author_id
             WHERE p.id = $id
            """, r => (r.Time(0), r.GetString(1)), ("$id", t.Head!.LatestPost))).ToList());

    /// <summary>Where some posts are, by their ids: their threads, the titles of these unless they are deleted, and their numbers in them.</summary>
    internal IReadOnlyDictionary<long, (string? Title, long Number, long Thread)> PlacesOf(IReadOnlyCollection<long> posts) => _database.Read(c =>
        posts.Distinct().ToDictionary(id => id, id => c.First("""
            SELECT CASE t.deleted WHEN 0 THEN t.title END, p.number, t.id
              FROM posts p
              JOIN threads t ON t.id = p.thread_id
             WHERE p.id = $id
            """, r => (r.TextOrNull(0), r.GetInt64(1), r.GetInt64(2)), ("$id", id))));

    /// <summary>The titles of some threads, by their ids.</summary>
    internal IReadOnlyDictionary<long, string> Titles(IReadOnlyCollection<long> threads) => threads.Count == 0 ? ReadOnlyDictionary<long, string>.Empty
        : _database.Read(c => threads.Distinct().ToDictionary(
            id => id, id => c.First("SELECT title FROM threads WHERE id = $id", r => r.GetString(0), ("$id", id)) ?? ""));

    /// <summary>The statements of the lists with the same filter, built once from one template.</summary>
    internal sealed class ThreadList
    {
        // byAge: the index that ends in the thread's id, unless that is the primary key. byActivity: the one that ends in last_post.
        public ThreadList(bool isTagged, bool isByAuthor, string? byAge, string byActivity)
        {
            (IsTagged, IsByAuthor) = (isTagged, isByAuthor);
            var (row, id) = isTagged ? ("g", "g.thread_id") : ("t", "t.id");
            var lastPost = $"{row}.last_post";
            Newest = Sql(byAge, sort: id, range: id);
            Active = Sql(byActivity, sort: lastPost, range: lastPost);
            Revived = Sql(byActivity, sort: id, range: lastPost);

            // CROSS JOIN: fixes the order of the tables, whatever the planner makes of statistics.
            string Sql(string? index, string sort, string range)
            {
                var hint = index is null ? "" : $" INDEXED BY {index}";
                return $"""
                    SELECT {Columns}
                      FROM {(isTagged ? $"thread_tags g{hint} CROSS JOIN threads t ON t.id = g.thread_id" : $"threads t{hint}")}
                      CROSS JOIN posts p ON p.id = t.id
                      {Joins}
                     WHERE {(isTagged ? "g.tag_id = $tag AND " : "")}{(isByAuthor ? $"{row}.author_id = $author AND " : "")}
                           {row}.pinned = $pinned
                       AND {sort} < $before
                       AND {range} > $behind
                       AND {(sort == id ? "t.unpinned" : "t.fell")} <= $falls
                       AND {Listed}
                     ORDER BY {sort} DESC
                     LIMIT $limit
                    """;
            }
        }

        public bool IsTagged { get; }

        public bool IsByAuthor { get; }

        public string Newest { get; }

        public string Active { get; }

        /// <summary>
        /// By age, the threads with something newer than <c>$behind</c>. This is the one order without an index: the rows are found by activity
        /// and sorted by age. The sort is bounded by the number of threads that were active since.
        /// </summary>
        public string Revived { get; }
    }
}
