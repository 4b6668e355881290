using TinyForum.Data;
using TinyForum.Search;

namespace TinyForum.Tests.Support;

internal static class SearchQueries
{
    /// <summary>The MATCH expression of a query's words; <see langword="null"/> if there are none.</summary>
    public static string? Match(this SearchQuery query) =>
        new SearchCriteria([.. query.Terms.Select(t => t.Match)], [.. query.Without.Select(t => t.Match)], [], [], 0, []).Match();
}
