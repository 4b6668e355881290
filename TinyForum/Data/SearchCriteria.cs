using TinyForum.Search;
using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>What a search asks for, with the names of users and tags looked up.</summary>
/// <param name="All">FTS5 expressions, all of which must match: the query's terms, each a phrase, and the authors.</param>
/// <param name="None">FTS5 expressions, none of which may match: terms and authors.</param>
/// <param name="NotAuthors">The ids of the latter.</param>
/// <param name="Tags">The ids of the tags that the thread must have, the one of the fewest threads first.</param>
/// <param name="Threads">How many threads have the first of them.</param>
/// <param name="NotTags">The ids of those that it may not have.</param>
internal sealed record SearchCriteria(
    IReadOnlyList<string> All, IReadOnlyList<string> None, IReadOnlyList<long> NotAuthors, IReadOnlyList<long> Tags, long Threads,
    IReadOnlyList<long> NotTags)
{
    /// <summary>The tags but for the first, as a JSON array.</summary>
    public string OtherTags { get; } = $"[{string.Join(',', Tags.Skip(1))}]";

    /// <summary>The tags that the thread may not have, as a JSON array.</summary>
    public string NoTags { get; } = $"[{string.Join(',', NotTags)}]";

    /// <summary>A MATCH expression for what may not be found; <see langword="null"/> if there is nothing.</summary>
    public string? Excluded { get; } = None.Count == 0 ? null : string.Join(" OR ", None);

    /// <summary>The MATCH expression, for a post of one of these threads if there are any; <see langword="null"/> if nothing is left to match.</summary>
    public string? Match(IReadOnlyList<long>? threads = null)
    {
        var all = threads is null ? All : [.. All, Any(threads.Select(SearchIndex.ThreadToken))];
        return all.Count == 0 ? null
            : Excluded is null ? string.Join(" AND ", all)
            : $"({string.Join(" AND ", all)}) NOT ({Excluded})";
    }

    /// <summary>The criteria of a query; <see langword="null"/> if no post meets them, as an author or tag does not exist.</summary>
    public static SearchCriteria? Of(Connection connection, SearchQuery query)
    {
        var authors = Ids(query.Authors, OfAuthor);
        var tags = query.Tags.Distinct().Select(OfTag).ToList();
        if ((authors.Count == 0 && query.Authors.Count > 0) || tags.Exists(t => t is null or { Threads: 0 }))
            return null;
        var notAuthors = Ids(query.NotAuthors, OfAuthor);
        return new SearchCriteria(
            [
                .. query.Terms.Select(t => t.Match),
                .. authors.Count > 0 ? [Any(authors.Select(SearchIndex.AuthorToken))] : (ReadOnlySpan<string>)[],
            ],
            [.. query.Without.Select(t => t.Match), .. notAuthors.Select(SearchIndex.AuthorToken).Select(Quoted)],
            notAuthors,
            [.. tags.OfType<IndexedTag>().OrderBy(t => t.Threads).Select(t => t.Id).Distinct()],
            tags.Min(t => t?.Threads) ?? 0,
            Ids(query.NotTags, name => OfTag(name)?.Id));

        long? OfAuthor(string name) => UserStore.FindAuthor(connection, name)?.Id;

        IndexedTag? OfTag(string name) => !Tag.TryParse(name, out var tag, out _) ? null : connection.First("""
            SELECT id, threads
              FROM tags
             WHERE name = $name
            """, r => new IndexedTag(r.GetInt64(0), r.GetInt64(1)), ("$name", tag.Key));

        static List<long> Ids(IReadOnlyList<string> names, Func<string, long?> id) => [.. names.Select(id).OfType<long>().Distinct()];
    }

    private static string Any(IEnumerable<string> tokens) => $"({string.Join(" OR ", tokens.Select(Quoted))})";

    private static string Quoted(string token) => $"\"{token}\"";

    private sealed record IndexedTag(long Id, long Threads);
}
