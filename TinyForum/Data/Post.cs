using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>Who deleted a post; only the same side may restore it.</summary>
public enum Side
{
    /// <summary>Its author.</summary>
    Author,

    /// <summary>A moderator other than its author.</summary>
    Moderator,
}

/// <summary>A post as one viewer sees it: the head (first post) of a thread, or a reply.</summary>
/// <param name="Id">Its id, unique in the forum; later posts have higher ids.</param>
/// <param name="ThreadId">The id of the thread's head; its own if it is the head.</param>
/// <param name="Number">Its number in the thread: 0 for the head, replies count up from 1 without a gap.</param>
/// <param name="Author">Who wrote it.</param>
/// <param name="Body">Its text as sent; empty for a deleted post in a list.</param>
/// <param name="CreatedAt">When it was written.</param>
/// <param name="EditedAt">When it was last edited, if it was.</param>
/// <param name="Revision">Counts the versions of its text, from 1.</param>
/// <param name="Likes">How many like it.</param>
/// <param name="Liked">Whether the viewer likes it; <see langword="null"/> without a viewer.</param>
/// <param name="ReplyTo">The id of the post in the thread that it answers, if any.</param>
/// <param name="DeletedBy">The side that deleted it; <see langword="null"/> if it is visible.</param>
/// <param name="Head">What only heads have; <see langword="null"/> for a reply.</param>
public sealed record Post(
    long Id, long ThreadId, long Number, User Author, string Body, DateTimeOffset CreatedAt, DateTimeOffset? EditedAt, long Revision,
    long Likes, bool? Liked, long? ReplyTo, Side? DeletedBy, ThreadHead? Head);

/// <summary>What became of a post that was submitted: one of the two.</summary>
/// <param name="Post">The post, if it was written.</param>
/// <param name="Held">What waits for a moderator.</param>
public sealed record Submission(Post? Post, HeldPost? Held);

/// <summary>What only the head of a thread has.</summary>
/// <param name="Title">The thread's title.</param>
/// <param name="Tags">Its tags in the author's order.</param>
/// <param name="Replies">How many visible replies it has.</param>
/// <param name="Unread">
/// How many visible posts the viewer has not read, the head included; <see langword="null"/> without a viewer.
/// </param>
/// <param name="LatestPost">The id of the latest visible post.</param>
/// <param name="IsPinned">Whether it is pinned to the top of the lists.</param>
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
/// <param name="Name">The tag as it was first written.</param>
/// <param name="Threads">How many visible threads have it.</param>
public sealed record TagCount(string Name, long Threads);

/// <summary>The filter and the order of a list of threads.</summary>
/// <param name="AuthorId">Only the threads of this user.</param>
/// <param name="Tag">Only the threads with this tag, whatever its case and width.</param>
/// <param name="Unread">Only those with something that the viewer has not read.</param>
/// <param name="Active">Whether the order is by latest reply; otherwise it is by age.</param>
public sealed record ThreadFilter(long? AuthorId = null, string? Tag = null, bool Unread = false, bool Active = false);

/// <summary>
/// The text of a post as <see cref="Check"/> accepts it, with its tags, each once; in an edit, what is <see langword="null"/> stays as it is.
/// </summary>
internal sealed record PostText(string? Title, string? Body, IReadOnlyList<Tag>? Tags)
{
    internal const int MaxTags = 5;

    /// <exception cref="RefusalException">Invalid: names the fields that break a rule.</exception>
    public static PostText Check(string? title, string? body, IReadOnlyList<string>? tags)
    {
        var names = new List<Tag>();
        var tagMistake = tags?.Count > MaxTags ? $"must be at most {MaxTags}" : null;
        foreach (var text in tagMistake is null ? tags ?? [] : [])
        {
            if (!Tag.TryParse(text, out var tag, out var why))
                tagMistake = $"each {why}";
            else if (!names.Exists(t => t.Key == tag.Key))
                names.Add(tag);
        }
        RefusalException.ThrowIfInvalid(("title", TextRule.Title.CheckOptional(title)), ("body", TextRule.PostBody.CheckOptional(body)), ("tags", tagMistake));
        return new PostText(title, body, tags is null ? null : names);
    }
}
