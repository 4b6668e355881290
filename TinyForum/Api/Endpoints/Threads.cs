using TinyForum.Data;
using TinyForum.Text;

namespace TinyForum.Api.Endpoints;

internal sealed record NewReply(string Body, long? ReplyTo = null);

internal sealed record ReadMark(long Number);

/// <summary>Threads: lists, replies, read state, pinning and locking.</summary>
internal static class Threads
{
    public static ValueTask<PostsAnswer> List(Call call)
    {
        var isActive = call.Query("sort", false, ("newest", false), ("active", true));
        var unread = call.Flag("unread");
        if (unread && call.Caller is null)
            throw ForumApi.LoginRequired();
        var author = call.Query("author") is { } name ? call.Forum.Users.FindAuthor(name)?.Id ?? -1 : (long?)null;
        var tag = call.Query("tag") is not { } text ? null : Tag.TryParse(text, out var parsed, out _) ? parsed.Key : "";
        var filter = new ThreadFilter(author, tag, unread, isActive);
        return call.Page(
            $"threads {isActive} {author} {tag} {(unread ? call.User.Id : null)}",
            (size, from) => call.Forum.Posts.Threads(filter, size, from, call.Caller),
            post => PostView.Of(call, post), (posts, next) => new PostsAnswer(posts, next));
    }

    public static ValueTask<RepliesAnswer> Replies(Call call)
    {
        var after = call.Number("after", "the number of a reply") ?? 0;
        return call.Page(
            $"replies {call.Id}",
            (size, from) => call.Forum.Posts.Replies(call.Id, size, from, after, call.Caller) ?? throw RefusalException.NotFound("thread"),
            post => ReplyView.Of(call, post), (replies, next) => new RepliesAnswer(replies, next));
    }

    /// <inheritdoc cref="Held.Submitted"/>
    public static async ValueTask<Success> Reply(Call call, NewReply body)
    {
        var key = call.IdempotencyKey();
        return Held.Submitted(
            call, await call.Forum.Posts.SubmitReplyAsync(call.User, call.Id, body.Body, body.ReplyTo, key).ConfigureAwait(false), key);
    }

    public static async ValueTask<Done> MarkRead(Call call, ReadMark body) =>
        Found(await call.Forum.Posts.MarkReadAsync(call.User, call.Id, body.Number).ConfigureAwait(false));

    public static async ValueTask<Done> MarkAllRead(Call call)
    {
        await call.Forum.Posts.MarkAllReadAsync(call.User).ConfigureAwait(false);
        return new Done();
    }

    public static ValueTask<Done> Pin(Call call) => Pin(call, true);

    public static ValueTask<Done> Unpin(Call call) => Pin(call, false);

    public static ValueTask<Done> Lock(Call call) => Lock(call, true);

    public static ValueTask<Done> Unlock(Call call) => Lock(call, false);

    public static ValueTask<TagsAnswer> Tags(Call call) => call.Page(
        "tags", call.Forum.Posts.Tags, tag => new TagView(tag.Name, tag.Threads), (tags, next) => new TagsAnswer(tags, next));

    private static async ValueTask<Done> Pin(Call call, bool pinned) =>
        Found(await call.Forum.Posts.PinAsync(call.User, call.Id, pinned, Posts.Reason(call)).ConfigureAwait(false));

    private static async ValueTask<Done> Lock(Call call, bool locked) =>
        Found(await call.Forum.Posts.LockAsync(call.User, call.Id, locked, Posts.Reason(call)).ConfigureAwait(false));

    private static Done Found(bool found) => found ? new Done() : throw RefusalException.NotFound("thread");
}
