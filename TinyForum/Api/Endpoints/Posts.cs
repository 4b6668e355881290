using TinyForum.Text;

namespace TinyForum.Api.Endpoints;

internal sealed record NewThread(string Title, string Body, IReadOnlyList<string>? Tags = null);

internal sealed record PostEdit(string? Title = null, string? Body = null, IReadOnlyList<string>? Tags = null);

internal sealed record TextToShow(string Body);

internal sealed record PreviewAnswer(string Html) : Success;

/// <summary>Single posts, threads and replies alike: creating, reading, editing, deleting, liking.</summary>
internal static class Posts
{
    /// <inheritdoc cref="Held.Submitted"/>
    public static async ValueTask<Success> Create(Call call, NewThread body)
    {
        var key = call.IdempotencyKey();
        return Held.Submitted(
            call, await call.Forum.Posts.SubmitThreadAsync(call.User, body.Title, body.Body, body.Tags, key).ConfigureAwait(false), key);
    }

    public static ValueTask<PostAnswer> Find(Call call)
    {
        var post = call.Forum.Posts.Find(call.Id, call.Caller) ?? throw RefusalException.NotFound("post");
        var view = PostDetailsView.Of(call, post);
        call.ETag = PostETag.Of(post, view.Html);
        return new(new PostAnswer(view));
    }

    public static ValueTask<PreviewAnswer> Preview(Call call, TextToShow text)
    {
        RefusalException.ThrowIfInvalid(("body", TextRule.PostBody.Check(text.Body)));
        call.Forum.Users.RequireStanding(call.User);
        return new(new PreviewAnswer(call.Html.Of(text.Body)));
    }

    public static async ValueTask<PostAnswer> Edit(Call call, PostEdit body)
    {
        var revisions = PostETag.Revisions(call.Exchange.Header("If-Match"));
        var post = await call.Forum.Posts.EditAsync(
            call.User, call.Id, body.Title, body.Body, body.Tags, revisions, Reason(call)).ConfigureAwait(false);
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

    public static ValueTask<VersionsAnswer> History(Call call) => call.Page(
        $"history {call.Id}",
        (size, from) => call.Forum.Posts.History(call.Id, call.Caller, size, from) ?? throw RefusalException.NotFound("post"),
        VersionView.Of, (versions, next) => new VersionsAnswer(versions, next));

    public static ValueTask<LikesAnswer> Like(Call call) => Like(call, likes: true);

    public static ValueTask<LikesAnswer> Unlike(Call call) => Like(call, likes: false);

    /// <summary>A moderator's reason: the query's <c>reason</c>.</summary>
    /// <exception cref="RefusalException">Invalid: it breaks a rule.</exception>
    public static string? Reason(Call call)
    {
        var reason = call.Query("reason");
        RefusalException.ThrowIfInvalid(("reason", TextRule.Reason.CheckOptional(reason)));
        return reason;
    }

    private static async ValueTask<LikesAnswer> Like(Call call, bool likes) =>
        new(await call.Forum.Posts.LikeAsync(call.User, call.Id, likes).ConfigureAwait(false) ?? throw RefusalException.NotFound("post"));
}
