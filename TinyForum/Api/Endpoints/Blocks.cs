using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

internal sealed record BlockView(string CreatedAt, UserView User)
{
    public static BlockView Of(Block block) => new(Rfc3339.Format(block.CreatedAt), UserView.Of(block.User));
}

internal sealed record BlocksAnswer(IReadOnlyList<BlockView> Blocks, string? Next) : Success;

/// <summary>The users whom the caller blocks.</summary>
internal static class Blocks
{
    public static ValueTask<BlocksAnswer> List(Call call) => call.Page(
        $"blocks {call.User.Id}", (size, from) => call.Forum.Blocks.List(call.User, size, from),
        BlockView.Of, (blocks, next) => new BlocksAnswer(blocks, next));

    public static async ValueTask<Done> Add(Call call) =>
        Found(await call.Forum.Blocks.AddAsync(call.User, call.Username).ConfigureAwait(false));

    public static async ValueTask<Done> Remove(Call call) =>
        Found(await call.Forum.Blocks.RemoveAsync(call.User, call.Username).ConfigureAwait(false));

    private static Done Found(bool isUser) => isUser ? new Done() : throw RefusalException.NotFound("user");
}
