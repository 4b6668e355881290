using TinyForum.Search;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>Writing as the forum's policy and its filters have it, and accepting what had to wait.</summary>
public sealed partial class PostStore
{
    /// <summary>Creates a thread, or lets it wait for a moderator, as the forum's policy and its filters have it.</summary>
    /// <exception cref="RefusalException">
    /// Invalid: the text breaks a rule, or a filter refuses it. Forbidden: a new account has written enough today. Conflict: too many posts of the author wait.
    /// </exception>
    /// <inheritdoc cref="CreateThreadAsync"/>
    public Task<Submission> SubmitThreadAsync(
        Actor author, string title, string body, IReadOnlyList<string>? tags = null, IdempotencyKey? key = null)
    {
        ArgumentNullException.ThrowIfNull(author);
        ArgumentNullException.ThrowIfNull(title);
        ArgumentNullException.ThrowIfNull(body);
        ArgumentCheck.ThrowIfAnyNull(tags);
        var text = PostText.Check(title, body, tags ?? []);
        var (tokens, mentioned) = (PostTokens.Of(title, body), MentionedBy(body));
        return SubmitAsync(author, new NewPost(null, text), key, c => CreateThread(c, author.Id, text, tokens, mentioned));
    }

    /// <summary>Creates a reply, or lets it wait for a moderator, as the forum's policy and its filters have it.</summary>
    /// <exception cref="RefusalException">
    /// As <see cref="CreateReplyAsync"/>. Forbidden: a new account has written enough today. Conflict: too many posts of the author wait.
    /// </exception>
    /// <inheritdoc cref="CreateReplyAsync"/>
    public Task<Submission> SubmitReplyAsync(Actor author, long threadId, string body, long? replyTo = null, IdempotencyKey? key = null)
    {
        ArgumentNullException.ThrowIfNull(author);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threadId);
        ArgumentNullException.ThrowIfNull(body);
        var text = PostText.Check(null, body, null);
        var (tokens, mentioned) = (PostTokens.Of(null, body), MentionedBy(body));
        return SubmitAsync(author, new NewPost(threadId, text, replyTo), key, c => CreateReply(c, author, threadId, text, tokens, mentioned, replyTo));
    }

    private Task<Submission> SubmitAsync(Actor author, NewPost post, IdempotencyKey? key, Func<Connection, Post> write)
    {
        var counts = NewAccounts.Count(_policy.Current, author, post.Text.Title, post.Text.Body);
        var verdict = Check(post.Text);
        return _keys.CreateAsync(author, key, ["post", "held"],
            c =>
            {
                verdict.ThrowIfRefused(c, author);
                var isNew = NewAccounts.HasToWait(c, _policy.Of(c), author, post, counts, _clock.Now());
                var isHeld = verdict.Holds(c, author);
                if (!isNew && !isHeld)
                    return new Submission(write(c), null);
                if (post.ThreadId is { } thread)
                    RequireMayReply(c, author, thread, post.ReplyTo);
                return new Submission(null, HeldPostStore.Hold(c, author, post, isHeld ? HoldCause.Filter : HoldCause.New, _clock.Now()));
            },
            made => made.Held is { } held ? ("held", held.Id) : ("post", made.Post!.Id),
            (c, made) => made.Kind == "held" ? HeldPostStore.Find(c, made.Id) is { } held ? new Submission(null, held) : null
                : FindOriginal(c, made.Id) is { } original ? new Submission(original, null) : null);
    }

    /// <summary>Writes a post that has waited, in the transaction that accepts it, and tells its author.</summary>
    /// <exception cref="RefusalException">NotFound: the thread is gone.</exception>
    internal Post Accept(Connection connection, HeldPost held, PostText text, PostTokens tokens, IReadOnlyList<long> mentioned, long moderatorId)
    {
        var replyTo = held.ReplyTo is { } answered && Load(connection, answered, null) is { DeletedBy: null } ? held.ReplyTo : null;
        var post = held.ThreadId is { } thread
            ? CreateReply(connection, held.Author, thread, text, tokens, mentioned, replyTo, isLetIn: true)
            : CreateThread(connection, held.Author.Id, text, tokens, mentioned);
        _notifications.Notify(connection, held.Author.Id, "accept_post", post.Id, moderatorId);
        return post;
    }
}
