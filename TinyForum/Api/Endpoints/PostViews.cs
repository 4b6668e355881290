using System.Buffers.Text;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

/// <summary>A post in a list of replies: whole, or what is left to see of a deleted one.</summary>
[JsonDerivedType(typeof(PostView)), JsonDerivedType(typeof(DeletedPostView))]
internal abstract record ReplyView
{
    public static ReplyView Of(Call call, Post post) =>
        post.DeletedBy is null ? PostView.Of(call, post) : new DeletedPostView(Deleted: true, post.Id, post.Number, post.ThreadId);
}

internal sealed record DeletedPostView(bool Deleted, long Id, long Number, long Thread) : ReplyView;

internal record PostView(
    long Id, long Number, long Thread, UserView Author, string Body, string CreatedAt, long Likes,
    string? EditedAt = null, string? Html = null, bool? Liked = null, bool? Locked = null, bool? Pinned = null, long? Replies = null,
    long? ReplyTo = null, IReadOnlyList<string>? Tags = null, string? Title = null, long? Unread = null) : ReplyView
{
    /// <summary>The post as a call wants to have it.</summary>
    public static new PostView Of(Call call, Post post) => Of(post) with { Html = call.WantsHtml ? call.Html.Of(post) : null };

    public static PostView Of(Post post) => new(
        post.Id, post.Number, post.ThreadId,
        Author: UserView.Of(post.Author),
        Body: post.Body,
        CreatedAt: Rfc3339.Format(post.CreatedAt),
        Likes: post.Likes,
        EditedAt: post.EditedAt is { } edited ? Rfc3339.Format(edited) : null,
        Liked: post.Liked,
        Locked: post.Head?.IsLocked == true ? true : null,
        Pinned: post.Head?.IsPinned == true ? true : null,
        Replies: post.Head?.Replies,
        ReplyTo: post.ReplyTo,
        Tags: post.Head?.Tags,
        Title: post.Head?.Title,
        Unread: post.Head?.Unread);
}

/// <summary>A post by itself, which its viewer's side may have deleted.</summary>
internal sealed record PostDetailsView : PostView
{
    private PostDetailsView(PostView post)
        : base(post)
    {
    }

    public bool? Deleted { get; private init; }

    public static new PostDetailsView Of(Post post) => Of(post, PostView.Of(post));

    public static new PostDetailsView Of(Call call, Post post) => Of(post, PostView.Of(call, post));

    private static PostDetailsView Of(Post post, PostView view) => new(view) { Deleted = post.DeletedBy is null ? null : true };
}

internal sealed record PostAnswer(PostDetailsView Post) : Success
{
    public static PostAnswer Of(Post post) => new(PostDetailsView.Of(post));

    /// <summary>The answer to a request that created a post.</summary>
    public static PostAnswer Created(Call call, Post post, IdempotencyKey? key) => call.Created(Of(post), $"/api/posts/{post.Id}", key);
}

internal sealed record PostsAnswer(IReadOnlyList<PostView> Posts, string? Next) : Success;

internal sealed record RepliesAnswer(IReadOnlyList<ReplyView> Replies, string? Next) : Success;

internal sealed record VersionView(
    string Body, string CreatedAt, UserView Editor, long Revision, IReadOnlyList<string>? Tags, string? Title)
{
    public static VersionView Of(PostVersion version) =>
        new(version.Body, Rfc3339.Format(version.CreatedAt), UserView.Of(version.Editor), version.Revision, version.Tags, version.Title);
}

internal sealed record VersionsAnswer(IReadOnlyList<VersionView> Versions, string? Next) : Success;

internal sealed record LikesAnswer(long Likes) : Success;

internal sealed record TagView(string Name, long Threads);

internal sealed record TagsAnswer(IReadOnlyList<TagView> Tags, string? Next) : Success;

/// <summary>
/// The entity tag of a post: the revision of its text, and a hash of everything else that is shown. GET compares all of it; <c>If-Match</c>
/// compares only the revision, so that a like in between does not refuse an edit.
/// </summary>
internal static class PostETag
{
    /// <param name="post">The post.</param>
    /// <param name="html">Its HTML, if that is shown, which may change although the post does not.</param>
    public static string Of(Post post, string? html = null)
    {
        var head = post.Head;
        var rest = string.Join(' ', post.Author, post.DeletedBy, post.Likes, head?.Replies, head?.IsPinned, head?.IsLocked,
            PostStore.FormatTags(head?.Tags ?? []), html);
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(rest));
        var etag = string.Create(CultureInfo.InvariantCulture, $"\"{post.Revision}-{Base64Url.EncodeToString(digest.AsSpan(0, 9))}\"");
        return post.Liked is { } isLiked ? WithMarks(etag, [new PostMarks(isLiked, head?.Unread ?? 0)]) : etag;
    }

    /// <summary>The tag of an answer with a caller's marks, by the tag of the answer without them.</summary>
    public static string WithMarks(string etag, IReadOnlyList<PostMarks> marks)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(MemoryMarshal.AsBytes<long>(marks.Select(m => m.IsLiked ? ~m.Unread : m.Unread).ToArray()), digest);
        return $"{etag.AsSpan(0, etag.Length - 1)}.{Base64Url.EncodeToString(digest[..9])}\"";
    }

    /// <summary>The revisions that an <c>If-Match</c> header allows; <see langword="null"/> for any.</summary>
    public static IReadOnlyCollection<long>? Revisions(string? header)
    {
        if (header is null || header.Trim() == "*")
            return null;
        return [.. header.Split(',', StringSplitOptions.TrimEntries)
            .Select(etag => etag.StartsWith("W/", StringComparison.Ordinal) ? etag[2..] : etag) // proxies that compress make entity tags weak
            .Select(etag => etag.StartsWith('"') && etag.IndexOf('-', StringComparison.Ordinal) is > 0 and var dash ? etag[1..dash] : "")
            .Select(text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision : 0)];
    }
}
