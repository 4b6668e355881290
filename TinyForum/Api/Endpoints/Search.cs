using TinyForum.Data;
using TinyForum.Search;

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
        var text = call.Query("q") ?? throw Refusal.Invalid("q", "is required");
        var list = $"search {text}";
        var page = call.Forum.Search.Find(text, call.Limit, call.Cursor(list, SearchPosition.Numbers), call.Caller?.Id);
        return new(new SearchAnswer([.. page.Items.Select(SearchResultView.Of)], call.Next(list, page.Next)));
    }
}
