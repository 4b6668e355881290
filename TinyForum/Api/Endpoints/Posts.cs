using TinyForum.Data;
using TinyForum.Text;

namespace TinyForum.Api.Endpoints;

internal sealed record NewThread(string Title, string Body, IReadOnlyList<string>? Tags = null);

internal sealed record PostEdit(string? Title = null, string? Body = null, IReadOnlyList<string>? Tags = null);

/// <summary>Posts of either kind, one at a time: writing, reading, editing, deleting, liking.</summary>
internal static class Posts
{
    public static async ValueTask<PostAnswer> Create(Call call, NewThread body)
    {
        var text = PostText.Check(body.Title, body.Body, body.Tags ?? []);
        return await call.CreateAsync(
            c => PostAnswer.Of(call.Forum.Posts.CreateThread(c, call.User.Id, text)), PostAnswer.Location).ConfigureAwait(false);
    }

    public static ValueTask<PostAnswer> Find(Call call) =>
        new(Tagged(call, call.Forum.Posts.Find(call.Id, call.Caller) ?? throw Refusal.NotFound("post")));

    public static async ValueTask<PostAnswer> Edit(Call call, PostEdit body)
    {
        var expected = PostETag.Expected(call.Exchange.Header("If-Match"));
        var post = await call.Forum.Posts.EditAsync(
            call.User, call.Id, body.Title, body.Body, body.Tags, expected, Reason(call)).ConfigureAwait(false);
        call.Exchange.SetHeader("ETag", PostETag.Of(post));
        return PostAnswer.Of(post);
    }

    public static async ValueTask<Done> Delete(Call call)
    {
        await call.Forum.Posts.DeleteAsync(call.User, call.Id, Reason(call)).ConfigureAwait(false);
        return new Done();
    }

    public static async ValueTask<PostAnswer> Restore(Call call) =>
        PostAnswer.Of(await call.Forum.Posts.RestoreAsync(call.User, call.Id, Reason(call)).ConfigureAwait(false));

    public static ValueTask<VersionsAnswer> History(Call call)
    {
        var list = $"history {call.Id}";
        var page = call.Forum.Posts.History(call.Id, call.Caller, call.Limit, call.Cursor(list, 1)) ?? throw Refusal.NotFound("post");
        return new(new VersionsAnswer([.. page.Items.Select(VersionView.Of)], call.Next(list, page.Next)));
    }

    public static ValueTask<LikesAnswer> Like(Call call) => Like(call, likes: true);

    public static ValueTask<LikesAnswer> Unlike(Call call) => Like(call, likes: false);

    /// <summary>Why a moderator acts: the query's <c>reason</c>.</summary>
    /// <exception cref="Refusal">400: it breaks the rule for reasons.</exception>
    public static string? Reason(Call call) => call.Query("reason") is not { } reason ? null
        : TextRule.Reason.Check(reason) is { } mistake ? throw Refusal.Invalid("reason", mistake)
        : reason;

    private static async ValueTask<LikesAnswer> Like(Call call, bool likes) =>
        new(await call.Forum.Posts.LikeAsync(call.User.Id, call.Id, likes).ConfigureAwait(false) ?? throw Refusal.NotFound("post"));

    private static PostAnswer Tagged(Call call, Post post)
    {
        call.ETag = PostETag.Of(post);
        return PostAnswer.Of(post);
    }
}
