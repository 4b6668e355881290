namespace TinyForum.Web;

/// <summary>What pages say, in one language. Every language has every text: the compiler sees to that.</summary>
internal sealed partial record Words
{
    public required string Language { get; init; }
    public required string Other { get; init; } // the other language, in itself
    public required string Skip { get; init; }
    public required string Threads { get; init; }
    public required string Active { get; init; }
    public required string Newest { get; init; }
    public required string Unread { get; init; }
    public required string Tags { get; init; }
    public required string Search { get; init; }
    public required string SearchHelp { get; init; }
    public required string NothingFound { get; init; }
    public required string Partial { get; init; }
    public required string NewThread { get; init; }
    public required string LogIn { get; init; }
    public required string LogOut { get; init; }
    public required string Register { get; init; }
    public required string Username { get; init; }
    public required string Password { get; init; }
    public required string NoAccount { get; init; }
    public required string Messages { get; init; }
    public required string Notifications { get; init; }
    public required string ModerationLog { get; init; }
    public required string Title { get; init; }
    public required string Text { get; init; }
    public required string TagsHelp { get; init; }
    public required string MarkdownHelp { get; init; }
    public required string Preview { get; init; }
    public required string Post { get; init; }
    public required string Save { get; init; }
    public required string Send { get; init; }
    public required string To { get; init; }
    public required string Subject { get; init; }
    public required string Reply { get; init; }
    public required string YourReply { get; init; }
    public required string Edit { get; init; }
    public required string Delete { get; init; }
    public required string Restore { get; init; }
    public required string Like { get; init; }
    public required string Unlike { get; init; }
    public required string History { get; init; }
    public required string Edited { get; init; }
    public required string Deleted { get; init; }
    public required string InReplyTo { get; init; }
    public required string Pinned { get; init; }
    public required string Locked { get; init; }
    public required string LockedHelp { get; init; }
    public required string Older { get; init; }
    public required string Newer { get; init; }
    public required string First { get; init; }
    public required string Next { get; init; }
    public required string Previous { get; init; }
    public required string MarkRead { get; init; }
    public required string EmptyForum { get; init; }
    public required string EmptyList { get; init; }
    public required string Member { get; init; }
    public required string Since { get; init; }
    public required string WriteMessage { get; init; }
    public required string Feed { get; init; }
    public required string Mistakes { get; init; }
    public required string LogInToReply { get; init; }
    public required string NotFound { get; init; }
    public required string From { get; init; }
    public required string About { get; init; }
    public required string Interface { get; init; }
    public required string Description { get; init; }
    public required string InternalError { get; init; }
    public required string Request { get; init; }
    public required Func<long, string> ComeBack { get; init; }
    public required string FirstUnread { get; init; }
    public required string Latest { get; init; }
    public required string NewFromHere { get; init; }
    public required string Quote { get; init; }
    public required string AllPosts { get; init; }
    public required Func<string, string> Happened { get; init; } // what a notification or the moderation log says by its kind
    public required string NewReply { get; init; }
    public required string NewReplies { get; init; } // # stands for the number
    public required string NewsThread { get; init; }
    public required string NewsThreads { get; init; }
    public required string Keys { get; init; }
    public required string KeyStep { get; init; }
    public required string KeyUp { get; init; }
    public required string KeyHelp { get; init; }
    public required string UseKeys { get; init; }
    public required string Close { get; init; }
    public required Func<long, string> Replies { get; init; }
    public required Func<long, string> UnreadCount { get; init; }
    public required Func<long, string> Likes { get; init; }
    public required Func<long, string> Posts { get; init; }
}
