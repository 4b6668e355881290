namespace TinyForum.Data;

/// <summary>Something that happened in the forum. It has no text: what it is about is read when it is told, by the rights of who is told.</summary>
/// <param name="Number">Its number: one more than that of the event before, in the order of commits.</param>
/// <param name="Kind">One of <see cref="EventKind"/>.</param>
/// <param name="CreatedAt">When it happened.</param>
/// <param name="PostId">The post that it is about, if any.</param>
/// <param name="ThreadId">The post's thread.</param>
/// <param name="UserId">The account that it is about, or to whose owner alone it is told, if any; 0 once that is erased.</param>
/// <param name="ItemId">The message, notification or report that it is about, if any.</param>
public sealed record ForumEvent(
    long Number, string Kind, DateTimeOffset CreatedAt, long? PostId = null, long? ThreadId = null, long? UserId = null, long? ItemId = null);

/// <summary>The kinds of events, by the names that clients see.</summary>
public static class EventKind
{
    /// <summary>A thread was begun.</summary>
    public const string ThreadCreated = "thread.created";

    /// <summary>Someone replied in a thread.</summary>
    public const string ReplyCreated = "reply.created";

    /// <summary>The text, the title or the tags of a post were changed.</summary>
    public const string PostEdited = "post.edited";

    /// <summary>A thread or a reply was deleted.</summary>
    public const string PostDeleted = "post.deleted";

    /// <summary>A deleted thread or reply was restored.</summary>
    public const string PostRestored = "post.restored";

    /// <summary>A post was liked.</summary>
    public const string PostLiked = "post.liked";

    /// <summary>A like was taken back.</summary>
    public const string PostUnliked = "post.unliked";

    /// <summary>A thread was pinned.</summary>
    public const string ThreadPinned = "thread.pinned";

    /// <summary>A thread was unpinned.</summary>
    public const string ThreadUnpinned = "thread.unpinned";

    /// <summary>A thread was locked.</summary>
    public const string ThreadLocked = "thread.locked";

    /// <summary>A thread was unlocked.</summary>
    public const string ThreadUnlocked = "thread.unlocked";

    /// <summary>Someone registered.</summary>
    public const string UserRegistered = "user.registered";

    /// <summary>An account was suspended.</summary>
    public const string UserSuspended = "user.suspended";

    /// <summary>A suspension was lifted.</summary>
    public const string UserUnsuspended = "user.unsuspended";

    /// <summary>An account was erased; which one is told to nobody.</summary>
    public const string UserErased = "user.erased";

    /// <summary>A post was reported to the moderators.</summary>
    public const string ReportCreated = "report.created";

    /// <summary>A report was resolved, or its resolution changed.</summary>
    public const string ReportResolved = "report.resolved";

    /// <summary>A private message came.</summary>
    public const string MessageCreated = "message.created";

    /// <summary>A notification came.</summary>
    public const string NotificationCreated = "notification.created";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        ThreadCreated, ReplyCreated, PostEdited, PostDeleted, PostRestored, PostLiked, PostUnliked, ThreadPinned, ThreadUnpinned, ThreadLocked,
        ThreadUnlocked, UserRegistered, UserSuspended, UserUnsuspended, UserErased, ReportCreated, ReportResolved, MessageCreated, NotificationCreated,
    ];

    /// <summary>Who may be told of events of a kind.</summary>
    internal static Audience AudienceOf(string kind) => kind switch
    {
        MessageCreated or NotificationCreated => Audience.Owner,
        ReportCreated or ReportResolved => Audience.Moderators,
        _ => Audience.Anyone,
    };
}

/// <summary>Who may be told of an event.</summary>
internal enum Audience
{
    Anyone,
    Owner,
    Moderators,
}
