using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

internal sealed record SearchResultView(string Excerpt, PostView Post)
{
    public static SearchResultView Of(SearchHit hit) => new(hit.Excerpt, PostView.Of(hit.Post));
}

internal sealed record SearchAnswer(IReadOnlyList<SearchResultView> Results, string? Next) : Success;

/// <summary>Search over threads and replies.</summary>
internal static class Search
{
    public static ValueTask<SearchAnswer> Find(Call call)
    {
        var text = call.Query("q") ?? throw RefusalException.Invalid("q", "is required");
        return call.Page(
            $"search {text}", (size, from) => call.Forum.Search.Find(text, size, from, call.Caller),
            SearchResultView.Of, (results, next) => new SearchAnswer(results, next));
    }
}
