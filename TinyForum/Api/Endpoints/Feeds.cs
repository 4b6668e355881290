using System.Buffers;
using TinyForum.Data;
using TinyForum.Text;

namespace TinyForum.Api.Endpoints;

/// <summary>Atom feeds of what anyone may see.</summary>
internal static class Feeds
{
    public static ValueTask Forum(Call call) =>
        Answer(call, "/feed", $"{call.Forum.Options.Title}: threads", "/", call.Forum.Posts.ThreadsFeed()!);

    public static ValueTask Thread(Call call)
    {
        if (call.Forum.Posts.Find(call.Id)?.Head is not { } head || call.Forum.Posts.ThreadFeed(call.Id) is not { } feed)
            throw RefusalException.NotFound("thread");
        return Answer(call, $"/posts/{call.Id}/feed", $"{call.Forum.Options.Title}: {head.Title}", $"/posts/{call.Id}", feed);
    }

    public static ValueTask User(Call call)
    {
        var account = call.Forum.Users.FindAccount(call.Username) ?? throw RefusalException.NotFound("user");
        var path = $"/user/{Uri.EscapeDataString(account.Username)}";
        return Answer(call, $"{path}/feed", $"{call.Forum.Options.Title}: posts by {account.Username}", path,
            call.Forum.Posts.AuthorFeed(account.Id), account.CreatedAt);
    }

    public static ValueTask Tagged(Call call)
    {
        var tag = Tag.TryParse(call.TagName, out var parsed, out _) ? parsed : throw RefusalException.NotFound("tag");
        var feed = call.Forum.Posts.ThreadsFeed(tag.Key) ?? throw RefusalException.NotFound("tag");
        var name = Uri.EscapeDataString(tag.Key);
        return Answer(call, $"/tags/{name}/feed", $"{call.Forum.Options.Title}: threads about {tag.Shown}", $"/?tag={name}", feed);
    }

    private static ValueTask Answer(Call call, string path, string title, string alternate, PostFeed feed, DateTimeOffset? since = null)
    {
        var writer = new AtomFeed(call.Origin, call.Exchange.BasePath, call.Html.Of);
        call.Exchange.Body.Write(writer.Render(path, title, alternate, feed, since ?? DateTimeOffset.UnixEpoch));
        return default;
    }
}
