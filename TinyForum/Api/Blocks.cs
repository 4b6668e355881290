using TinyForum.Data;

namespace TinyForum.Api;

internal sealed record BlockView(string CreatedAt, UserView User);

internal sealed record BlocksAnswer(IReadOnlyList<BlockView> Blocks, string? Next) : Success;

/// <summary>Whom the caller blocks.</summary>
internal static class Blocks
{
    public static ValueTask<BlocksAnswer> List(Call call)
    {
        var list = $"blocks {call.User.Id}";
        var after = call.Cursor(list, 1)?[0] ?? -1;
        var rows = call.Forum.Blocks.List(call.User.Id, after, call.Limit + 1);
        var (page, next) = call.Page(rows, list, b => b.User.Id, b => new BlockView(Clock.Rfc3339(b.CreatedAt), UserView.Of(b.User)));
        return new(new BlocksAnswer(page, next));
    }

    public static async ValueTask<Done> Add(Call call) =>
        await call.Forum.Blocks.AddAsync(call.User.Id, call.Username).ConfigureAwait(false) ? new Done() : throw Refusal.NotFound("user");

    public static async ValueTask<Done> Remove(Call call) =>
        await call.Forum.Blocks.RemoveAsync(call.User.Id, call.Username).ConfigureAwait(false) ? new Done() : throw Refusal.NotFound("user");
}
