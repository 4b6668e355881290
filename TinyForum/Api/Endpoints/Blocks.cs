using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

internal sealed record BlockView(string CreatedAt, UserView User)
{
    public static BlockView Of(Block block) => new(Clock.Rfc3339(block.CreatedAt), UserView.Of(block.User));
}

internal sealed record BlocksAnswer(IReadOnlyList<BlockView> Blocks, string? Next) : Success;

/// <summary>Whom the caller blocks.</summary>
internal static class Blocks
{
    public static ValueTask<BlocksAnswer> List(Call call)
    {
        var list = $"blocks {call.User.Id}";
        var page = call.Forum.Blocks.List(call.User.Id, call.Limit, call.Cursor(list, 1));
        return new(new BlocksAnswer([.. page.Items.Select(BlockView.Of)], call.Next(list, page.Next)));
    }

    public static async ValueTask<Done> Add(Call call) =>
        Found(await call.Forum.Blocks.AddAsync(call.User.Id, call.Username).ConfigureAwait(false));

    public static async ValueTask<Done> Remove(Call call) =>
        Found(await call.Forum.Blocks.RemoveAsync(call.User.Id, call.Username).ConfigureAwait(false));

    private static Done Found(bool isUser) => isUser ? new Done() : throw Refusal.NotFound("user");
}
