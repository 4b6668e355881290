using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>Who deleted a post: only the same side may restore it.</summary>
public enum Side
{
    /// <summary>Its author.</summary>
    Author,

    /// <summary>A moderator who is not its author.</summary>
    Moderator,
}

/// <summary>A post as one user sees it: the head of a thread or a reply.</summary>
/// <param name="Id">Its number in the whole forum; grows with time.</param>
/// <param name="ThreadId">The id of the thread's head, its own if it is one.</param>
/// <param name="Number">Its number in the thread: 0 for the head, replies count up from 1 without a gap.</param>
/// <param name="Author">Who wrote it.</param>
/// <param name="Body">Its text, as sent; empty where a deleted post stands in a list.</param>
/// <param name="CreatedAt">When it was written.</param>
/// <param name="EditedAt">When it was last edited, if it was.</param>
/// <param name="Revision">Counts the versions of its text, from 1.</param>
/// <param name="Likes">How many like it.</param>
/// <param name="Liked">Whether the viewer does; <see langword="null"/> without one.</param>
/// <param name="ReplyTo">The id of the post that it answers in particular.</param>
/// <param name="DeletedBy">The side that deleted it; <see langword="null"/> if it is visible.</param>
/// <param name="Head">What heads have beyond; <see langword="null"/> for a reply.</param>
public sealed record Post(
    long Id, long ThreadId, long Number, User Author, string Body, DateTimeOffset CreatedAt, DateTimeOffset? EditedAt, long Revision,
    long Likes, bool? Liked, long? ReplyTo, Side? DeletedBy, ThreadHead? Head);

/// <summary>What the head of a thread has beyond other posts.</summary>
/// <param name="Title">The thread's title.</param>
/// <param name="Tags">Its tags in the author's order.</param>
/// <param name="Replies">How many visible replies it has.</param>
/// <param name="Unread">
/// How many visible posts the viewer has not read, the head among them; <see langword="null"/> without a viewer.
/// </param>
/// <param name="LatestPost">The id of the latest visible post.</param>
/// <param name="IsPinned">Whether it leads the lists.</param>
/// <param name="IsLocked">Whether only moderators may reply.</param>
public sealed record ThreadHead(
    string Title, IReadOnlyList<string> Tags, long Replies, long? Unread, long LatestPost, bool IsPinned, bool IsLocked);

/// <summary>A version of a post's text.</summary>
/// <param name="Revision">Counts them, from 1.</param>
/// <param name="Editor">Who wrote this version.</param>
/// <param name="Title">The thread's title; <see langword="null"/> for a reply.</param>
/// <param name="Tags">The thread's tags; <see langword="null"/> for a reply.</param>
/// <param name="Body">The text.</param>
/// <param name="CreatedAt">When this version was written.</param>
public sealed record PostVersion(long Revision, User Editor, string? Title, IReadOnlyList<string>? Tags, string Body, DateTimeOffset CreatedAt);

/// <summary>A tag and how many visible threads have it.</summary>
public sealed record TagCount(string Name, long Threads);

/// <summary>What narrows and sorts a list of threads.</summary>
/// <param name="AuthorId">Only the threads of this user.</param>
/// <param name="Tag">Only the threads with this tag.</param>
/// <param name="Unread">Only those with something that the viewer has not read.</param>
/// <param name="Active">By the latest reply, or else by age.</param>
public sealed record ThreadFilter(long? AuthorId = null, string? Tag = null, bool Unread = false, bool Active = false);

/// <summary>Text of a post that keeps the rules; what is <see langword="null"/> stays as it is.</summary>
internal sealed record PostText
{
    internal const int MaxTags = 5;

    private PostText(string? title, string? body, IReadOnlyList<string>? tags) => (Title, Body, Tags) = (title, body, tags);

    public string? Title { get; }

    public string? Body { get; }

    /// <summary>As they are shown, each once.</summary>
    public IReadOnlyList<string>? Tags { get; }

    /// <exception cref="RefusalException">400: naming what breaks a rule.</exception>
    public static PostText Check(string? title, string? body, IReadOnlyList<string>? tags)
    {
        var names = new List<string>();
        var tagMistake = tags?.Count > MaxTags ? $"must be at most {MaxTags}" : null;
        foreach (var text in tagMistake is null ? tags ?? [] : [])
        {
            if (!Tag.TryParse(text, out var tag, out var why))
                tagMistake = $"each {why}";
            else if (!names.Contains(tag))
                names.Add(tag);
        }
        RefusalException.ThrowIfInvalid(("title", TextRule.Title.Check(title)), ("body", TextRule.PostBody.Check(body)), ("tags", tagMistake));
        return new PostText(title, body, tags is null ? null : names);
    }
}
