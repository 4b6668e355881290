using System.Globalization;
using TinyForum.Data;
using TinyForum.Text;

namespace TinyForum.Api.Endpoints;

internal sealed record NewReply(string Body, long? ReplyTo = null);

internal sealed record ReadMark(long Number);

/// <summary>Threads: the lists of them, their replies, how far one has read, what moderators do to them.</summary>
internal static class Threads
{
    public static ValueTask<PostsAnswer> List(Call call)
    {
        var isActive = call.Query("sort") switch
        {
            null or "newest" => false,
            "active" => true,
            _ => throw Refusal.Invalid("sort", "must be newest or active"),
        };
        var unread = call.Flag("unread");
        if (unread && call.Caller is null)
            throw ForumApi.LoginRequired();
        var author = call.Query("author") is { } name ? call.Forum.Users.Find(name)?.Id ?? -1 : (long?)null;
        var tag = call.Query("tag") is not { } text ? null : Tag.TryParse(text, out var parsed, out _) ? parsed : "";
        var list = $"threads {isActive} {author} {tag} {(unread ? call.User.Id : null)}";
        var filter = new ThreadFilter(author, tag, unread, isActive);
        var page = call.Forum.Posts.Threads(filter, call.Limit, call.Cursor(list, 3), call.Caller?.Id);
        return new(new PostsAnswer([.. page.Items.Select(PostView.Of)], call.Next(list, page.Next)));
    }

    public static ValueTask<RepliesAnswer> Replies(Call call)
    {
        var list = $"replies {call.Id}";
        var after = call.Cursor(list, 1)?[0] ?? After(call);
        var page = call.Forum.Posts.Replies(call.Id, after, call.Limit, call.Caller?.Id) ?? throw Refusal.NotFound("thread");
        return new(new RepliesAnswer([.. page.Items.Select(PostView.InList)], call.Next(list, page.Next)));
    }

    public static async ValueTask<PostAnswer> Reply(Call call, NewReply body)
    {
        var (posts, thread, text) = (call.Forum.Posts, call.Id, PostText.Check(null, body.Body, null));
        return await call.CreateAsync(
            c => PostAnswer.Of(posts.CreateReply(c, call.User, thread, text, body.ReplyTo)), PostAnswer.Location).ConfigureAwait(false);
    }

    public static async ValueTask<Done> MarkRead(Call call, ReadMark body) =>
        Found(await call.Forum.Posts.MarkReadAsync(call.User.Id, call.Id, body.Number).ConfigureAwait(false));

    public static async ValueTask<Done> MarkAllRead(Call call)
    {
        await call.Forum.Posts.MarkAllReadAsync(call.User.Id).ConfigureAwait(false);
        return new Done();
    }

    public static ValueTask<Done> Pin(Call call) => Pin(call, true);

    public static ValueTask<Done> Unpin(Call call) => Pin(call, false);

    public static ValueTask<Done> Lock(Call call) => Lock(call, true);

    public static ValueTask<Done> Unlock(Call call) => Lock(call, false);

    public static ValueTask<TagsAnswer> Tags(Call call)
    {
        var page = call.Forum.Posts.Tags(call.Limit, call.Cursor("tags", 1));
        return new(new TagsAnswer([.. page.Items.Select(t => new TagView(t.Name, t.Threads))], call.Next("tags", page.Next)));
    }

    private static async ValueTask<Done> Pin(Call call, bool pinned) =>
        Found(await call.Forum.Posts.PinAsync(call.User, call.Id, pinned, Posts.Reason(call)).ConfigureAwait(false));

    private static async ValueTask<Done> Lock(Call call, bool locked) =>
        Found(await call.Forum.Posts.LockAsync(call.User, call.Id, locked, Posts.Reason(call)).ConfigureAwait(false));

    private static long After(Call call) => call.Query("after") is not { } text ? 0
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var after) ? after
        : throw Refusal.Invalid("after", "must be the number of a reply");

    private static Done Found(bool found) => found ? new Done() : throw Refusal.NotFound("thread");
}
