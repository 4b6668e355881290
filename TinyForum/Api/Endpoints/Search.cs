using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

internal sealed record SearchResultView(string Excerpt, PostView Post)
{
    public static SearchResultView Of(SearchHit hit) => new(hit.Excerpt, PostView.Of(hit.Post));
}

internal sealed record SearchAnswer(IReadOnlyList<SearchResultView> Results, string? Next, bool? Partial) : Success;

/// <summary>Search over threads and replies.</summary>
internal static class Search
{
    public static async ValueTask<SearchAnswer> Find(Call call)
    {
        var text = call.Query("q") ?? throw RefusalException.Invalid("q", "is required");
        var list = $"search {text}";
        var page = await call.Forum.Search.FindAsync(text, call.PageSize, call.Position(list), call.Caller).ConfigureAwait(false);
        return new SearchAnswer([.. page.Items.Select(SearchResultView.Of)], call.Next(list, page.Next), page.IsPartial ? true : null);
    }
}
