using System.Net.ServerSentEvents;
using System.Text.Json;
using TinyForum.Api.Endpoints;
using TinyForum.Data;
using TinyForum.Http;

namespace TinyForum.Api.Events;

/// <summary>An event as clients see it, with what it is about as the API shows that now.</summary>
internal sealed record EventView(
    string CreatedAt, string Kind, long Number, MessageView? Message = null, NotificationView? Notification = null, ReplyView? Post = null,
    ReportView? Report = null, long? Unread = null, UserView? User = null);

/// <summary>Tells of events by the rights of who is told, at the moment of telling: what has been deleted meanwhile is not told.</summary>
internal sealed class EventTeller(Forum forum)
{
    private static readonly JsonWriterOptions OneLine = Json.WriterOptions with { Indented = false };

    /// <summary>What a reader is told of an event; <see langword="null"/> if nothing.</summary>
    /// <param name="happened">The event.</param>
    /// <param name="reader">The reader, if known.</param>
    /// <param name="seesReports">Whether the reader may read reports now.</param>
    public EventView? Tell(ForumEvent happened, Actor? reader, bool seesReports) => EventKind.AudienceOf(happened.Kind) switch
    {
        Audience.Owner => reader is not null && reader.Id == happened.UserId ? OfOwner(happened, reader) : null,
        Audience.Moderators => seesReports && forum.Reports.Find(happened.ItemId!.Value) is { } report
            ? Of(happened) with { Report = ReportView.Of(report) } : null,
        _ => happened.PostId is { } post ? OfPost(happened, post) : OfUser(happened),
    };

    /// <summary>The same as a frame of a stream (text/event-stream).</summary>
    public byte[]? Frame(ForumEvent happened, Actor? reader, bool seesReports) =>
        Tell(happened, reader, seesReports) is { } view ? Frame(view.Kind, view, view.Number) : null;

    public static byte[] Frame<T>(string kind, T data, long? number = null, TimeSpan? reconnection = null)
    {
        using var frame = new MemoryStream();
        var item = new SseItem<T>(data, kind) { EventId = number is { } id ? $"{id}" : null, ReconnectionInterval = reconnection };
        var written = SseFormatter.WriteAsync(One(item), frame, static (item, to) =>
        {
            using var writer = new Utf8JsonWriter(to, OneLine);
            JsonSerializer.Serialize(writer, item.Data, ApiJson.Type<T>());
        });
        return written.IsCompletedSuccessfully ? frame.ToArray() : throw new InvalidOperationException("a frame in memory has to be waited for");
    }

    private EventView? OfPost(ForumEvent happened, long id)
    {
        if (happened.Kind == EventKind.PostDeleted)
            return forum.Database.Read(c => PostStore.Load(c, id, viewerId: null, ofDeletedThreads: true)) is { } gone
                ? Of(happened) with { Post = new DeletedPostView(Deleted: true, gone.Id, gone.Number, gone.ThreadId) } : null;
        return forum.Posts.Find(id) is { } post ? Of(happened) with { Post = PostView.Of(post) } : null;
    }

    private EventView? OfUser(ForumEvent happened) => happened.Kind == EventKind.UserErased ? Of(happened)
        : forum.Users.Find(happened.UserId ?? User.DeletedId) is { } user ? Of(happened) with { User = UserView.Of(user) } : null;

    private EventView? OfOwner(ForumEvent happened, Actor owner)
    {
        if (happened.Kind == EventKind.MessageCreated)
            return forum.Messages.Find(owner, happened.ItemId!.Value) is { } message
                ? Of(happened) with { Message = MessageView.Of(message), Unread = forum.Messages.CountUnread(owner) } : null;
        return forum.Notifications.Find(owner, happened.ItemId!.Value) is { } notification
            ? Of(happened) with { Notification = NotificationView.Of(notification), Unread = forum.Notifications.CountUnread(owner) } : null;
    }

    private static EventView Of(ForumEvent happened) => new(Rfc3339.Format(happened.CreatedAt), happened.Kind, happened.Number);

#pragma warning disable CS1998 // nothing to wait for
    private static async IAsyncEnumerable<SseItem<T>> One<T>(SseItem<T> item)
    {
        yield return item;
    }
#pragma warning restore CS1998
}
