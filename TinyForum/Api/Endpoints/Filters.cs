using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

internal sealed record NewFilter(string Action, string Kind, string Pattern);

internal sealed record FilterTest(string Text, string? Kind = null, string? Pattern = null);

internal sealed record FilterView(string Action, string CreatedAt, long Id, string Kind, string Pattern, UserView? Creator = null)
{
    public static FilterView Of(Filter filter) => new(
        FilterActionName.Of(filter.Action), Rfc3339.Format(filter.CreatedAt), filter.Id, FilterKindName.Of(filter.Kind), filter.Pattern,
        filter.Creator is { } creator ? UserView.Of(creator) : null);
}

internal sealed record FilterAnswer(FilterView Filter) : Success;

internal sealed record FiltersAnswer(IReadOnlyList<FilterView> Filters, string? Next) : Success;

/// <summary>A filter that matches a text. Without <paramref name="Action"/> and <paramref name="Id"/> it does not exist yet.</summary>
internal sealed record FilterMatchView(string Kind, string Part, string Pattern, string? Action = null, long? Id = null)
{
    public static FilterMatchView Of(FilterMatch match) => new(
        FilterKindName.Of(match.Kind), match.Part!, match.Pattern, match.Filter is { } filter ? FilterActionName.Of(filter.Action) : null, match.Filter?.Id);
}

/// <summary>A filter that took too long; as above, it may not exist yet.</summary>
internal sealed record UnfinishedFilterView(string Kind, string Pattern, string? Action = null, long? Id = null)
{
    public static UnfinishedFilterView Of(FilterMatch match) => new(
        FilterKindName.Of(match.Kind), match.Pattern, match.Filter is { } filter ? FilterActionName.Of(filter.Action) : null, match.Filter?.Id);
}

internal sealed record FilterTestAnswer(IReadOnlyList<FilterMatchView> Matches, IReadOnlyList<UnfinishedFilterView> Unfinished) : Success;

/// <summary>What holds or refuses texts.</summary>
internal static class Filters
{
    public static ValueTask<FiltersAnswer> List(Call call) => call.Page(
        "filters", call.Forum.Filters.List, FilterView.Of, (filters, next) => new FiltersAnswer(filters, next));

    public static async ValueTask<FilterAnswer> Create(Call call, NewFilter body)
    {
        var key = call.IdempotencyKey();
        var (kind, action) = (FilterKindName.Parse(body.Kind), FilterActionName.Parse(body.Action));
        RefusalException.ThrowIfInvalid(
            ("kind", kind is null ? MustBe(FilterKindName.All) : null), ("action", action is null ? MustBe(FilterActionName.All) : null));
        var filter = await call.Forum.Filters.CreateAsync(call.User, kind!.Value, body.Pattern, action!.Value, key).ConfigureAwait(false);
        return call.Created(new FilterAnswer(FilterView.Of(filter)), $"/api/filters/{filter.Id}", key);
    }

    public static ValueTask<FilterAnswer> Find(Call call) =>
        new(new FilterAnswer(FilterView.Of(call.Forum.Filters.Find(call.Id) ?? throw RefusalException.NotFound("filter"))));

    public static async ValueTask<Done> Remove(Call call)
    {
        await call.Forum.Filters.RemoveAsync(call.User, call.Id).ConfigureAwait(false);
        return new Done();
    }

    public static ValueTask<FilterTestAnswer> Test(Call call, FilterTest body)
    {
        var kind = FilterKindName.Parse(body.Kind);
        if (body.Kind is not null && kind is null)
            throw RefusalException.Invalid("kind", MustBe(FilterKindName.All));
        var trial = call.Forum.Filters.Test(call.User, body.Text, kind, body.Pattern);
        return new(new FilterTestAnswer([.. trial.Matches.Select(FilterMatchView.Of)], [.. trial.Unfinished.Select(UnfinishedFilterView.Of)]));
    }

    private static string MustBe(IReadOnlyList<string> names) => $"must be {string.Join(" or ", names)}";
}
