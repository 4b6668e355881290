using System.Text.RegularExpressions;
using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>A post that is about to be written.</summary>
/// <param name="ThreadId">The thread that it replies in; <see langword="null"/> for a new thread.</param>
/// <param name="Text">Its text.</param>
/// <param name="ReplyTo">The id of the post in the thread that it answers, if any.</param>
internal sealed record NewPost(long? ThreadId, PostText Text, long? ReplyTo = null);

/// <summary>How many links and mentions a text has: counted before the write, whose time it would take.</summary>
internal sealed record TextCounts(int Links, int Mentions);

/// <summary>What new accounts may do: the rules of <see cref="ForumPolicy"/>, checked in the transaction of what they are about.</summary>
internal static partial class NewAccounts
{
    private static readonly long Day = (long)TimeSpan.FromDays(1).TotalMilliseconds;

    /// <summary>Counts what is in a text; <see langword="null"/> if that can't matter.</summary>
    public static TextCounts? Count(ForumPolicy policy, Actor author, string? title, string? body) =>
        !policy.LimitNewAccounts!.Value || author.Role > Role.Member ? null
        : new TextCounts(CountLinks(title) + CountLinks(body), body is null ? 0 : Mentions.Count(body));

    /// <summary>Requires that a post keeps within what its author may write.</summary>
    /// <returns>Whether it has to wait for a moderator.</returns>
    /// <exception cref="RefusalException">Forbidden: too many posts today. Invalid: too many links or mentions.</exception>
    public static bool HasToWait(Connection connection, ForumPolicy policy, Actor author, NewPost post, TextCounts? counts, long now)
    {
        if (!IsLimited(connection, policy, author, now, out var visible))
            return false;
        RequireModest(policy, counts);
        if (post.ThreadId is null)
            RequireFewer(ThreadsSince(connection, author.Id, now - Day, policy.NewAccountDailyThreads!.Value), policy.NewAccountDailyThreads.Value, "threads");
        RequireFewer(PostsSince(connection, author.Id, now - Day, policy.NewAccountDailyPosts!.Value), policy.NewAccountDailyPosts.Value, "posts");
        return visible < policy.HoldFirstPosts;
    }

    /// <summary>Requires that an edit keeps within that. What was accepted can't become something else while what its author writes has to wait.</summary>
    /// <exception cref="RefusalException">Forbidden: it has to wait. Invalid: too many links or mentions.</exception>
    public static void RequireMayEdit(Connection connection, ForumPolicy policy, Actor author, TextCounts? counts, long now)
    {
        if (!IsLimited(connection, policy, author, now, out var visible))
            return;
        RequireModest(policy, counts);
        if (visible < policy.HoldFirstPosts)
            throw RefusalException.Forbidden("posts can't be edited while others of a new account have to wait for a moderator");
    }

    /// <summary>Requires that what an account says of itself keeps within that.</summary>
    /// <exception cref="RefusalException">Invalid: too many links or mentions.</exception>
    public static void RequireModestProfile(Connection connection, ForumPolicy policy, Actor actor, TextCounts? counts, long now)
    {
        if (IsLimited(connection, policy, actor, now, out _))
            RequireModest(policy, counts, "bio");
    }

    /// <summary>Requires that a private message goes to somebody who has written to its sender, if that is new.</summary>
    /// <exception cref="RefusalException">Forbidden: it does not.</exception>
    public static void RequireMayWriteTo(Connection connection, ForumPolicy policy, Actor sender, long recipientId, long now)
    {
        if (sender.Id == recipientId || !IsLimited(connection, policy, sender, now, out _) || policy.NewAccountMessages!.Value)
            return;
        var isKnown = connection.Number("""
            SELECT 1
              FROM mailbox
             WHERE owner_id = $sender
               AND peer_id = $recipient
               AND inbox = 1
             LIMIT 1
            """, ("$sender", sender.Id), ("$recipient", recipientId)) is not null;
        if (!isKnown)
            throw RefusalException.Forbidden("a new account may write private messages only to users who have written to it");
    }

    private static bool IsLimited(Connection connection, ForumPolicy policy, Actor actor, long now, out long visible)
    {
        visible = 0;
        if (!policy.LimitNewAccounts!.Value || actor.Id == User.SystemId)
            return false;
        var account = connection.First("SELECT role, created_at, posts FROM users WHERE id = $id",
            r => new { IsMember = r.GetString(0) == "member", CreatedAt = r.GetInt64(1), Posts = r.GetInt64(2) }, ("$id", actor.Id));
        visible = account?.Posts ?? 0;
        return account is { IsMember: true } && (visible < Math.Max(policy.NewAccountPosts!.Value, policy.HoldFirstPosts!.Value)
            || account.CreatedAt > now - policy.NewAccountHours!.Value * (long)TimeSpan.FromHours(1).TotalMilliseconds);
    }

    private static void RequireModest(ForumPolicy policy, TextCounts? counts, string field = "body") => RefusalException.ThrowIfInvalid((field,
        counts?.Links > policy.NewAccountLinks ? $"may have {policy.NewAccountLinks} links at most while the account is new"
        : counts?.Mentions > policy.NewAccountMentions ? $"may mention {policy.NewAccountMentions} users at most while the account is new" : null));

    private static void RequireFewer(long count, int most, string what)
    {
        if (count >= most)
            throw RefusalException.Forbidden($"a new account may write {most} {what} a day");
    }

    private static long ThreadsSince(Connection connection, long authorId, long since, int most) => CountOf(connection, """
        SELECT p.created_at
          FROM threads t
          JOIN posts p ON p.id = t.id
         WHERE t.author_id = $author
         ORDER BY t.id DESC
         LIMIT $most
        """, authorId, since, most) + connection.Number("""
        SELECT count(*)
          FROM held_posts
         WHERE author_id = $author
           AND thread_id IS NULL
           AND created_at > $since
        """, ("$author", authorId), ("$since", since))!.Value;

    private static long PostsSince(Connection connection, long authorId, long since, int most) => CountOf(connection, """
        SELECT created_at
          FROM posts
         WHERE author_id = $author
         ORDER BY id DESC
         LIMIT $most
        """, authorId, since, most) + connection.Number("""
        SELECT count(*)
          FROM held_posts
         WHERE author_id = $author
           AND created_at > $since
        """, ("$author", authorId), ("$since", since))!.Value;

    private static long CountOf(Connection connection, string latest, long authorId, long since, int most) =>
        connection.All(latest, r => r.GetInt64(0), ("$author", authorId), ("$most", most)).Count(at => at > since);

    /// <summary>How many links a text has: those that are shown as such, and addresses that are not, as in a program.</summary>
    private static int CountLinks(string? text) => text is null ? 0
        : Math.Max(Address().Count(text), Link().Count(Markup.Html(text, _ => null)));

    [GeneratedRegex("<a ", RegexOptions.CultureInvariant)]
    private static partial Regex Link();

    [GeneratedRegex("(?:[a-z][a-z0-9+.-]{1,15}://|\\bwww\\.)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Address();
}
