using TinyForum.Search;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// Erases an account. What concerns the person alone is deleted; what others take part in stays, under user 0. The name, the password and the
/// ways in go at once. The rest goes in slices (<see cref="Backlog"/>), and the account's row last: as long as it is there, without a name,
/// something is left to do. SQLite overwrites what is deleted (<c>secure_delete</c>).
/// </summary>
internal static class AccountErasure
{
    // What a slice may cost: about as many bytes are written.
    private const long SliceCost = 1 << 20;

    // What a row costs beyond its text, with the entries of its indexes.
    private const long RowCost = 4_000;

    /// <summary>Takes the account's name and access; if <paramref name="proof"/> is given, only while it is still the stored password hash.</summary>
    /// <returns>Whether there was such an account.</returns>
    /// <exception cref="RefusalException">Conflict: the forum would be left without an admin.</exception>
    public static bool Begin(Connection connection, long userId, string? proof, long now)
    {
        var isErasable = connection.Number($"""
            SELECT 1
              FROM users u
             WHERE id = $user
               AND {User.IsRegistered}
               AND ($proof IS NULL OR password = $proof)
            """, ("$user", userId), ("$proof", proof)) is not null;
        if (!isErasable)
            return false;
        Permissions.RequireAnotherAdmin(connection, userId, now);
        SessionTable.EndAccess(connection, userId);
        connection.Execute("""
            UPDATE users
               SET username = $deleted, username_key = ' ' || id, skeleton = NULL, password = NULL, role = 'member', display_name = NULL,
                   bio = NULL, suspension = NULL, suspended_until = NULL
             WHERE id = $user
            """, ("$deleted", User.DeletedName), ("$user", userId));
        return true;
    }

    /// <summary>Does the next slice of an account.</summary>
    /// <returns>Whether nothing is left of it.</returns>
    public static bool Slice(Connection connection, long userId)
    {
        if (connection.Number($"SELECT 1 FROM users u WHERE id = $user AND {User.IsBeingErased}", ("$user", userId)) is null)
            return true; // someone else did the last slice
        var left = SliceCost;
        foreach (var step in OfThePerson)
        {
            if (!step.Run(connection, userId, ref left))
                return false;
        }
        if (!Deletions(connection, userId, ref left))
            return false;
        if (!Posts(connection, userId, ref left))
            return false;
        foreach (var step in OfOthersToo)
        {
            if (!step.Run(connection, userId, ref left))
                return false;
        }
        connection.Execute("""
            UPDATE users
               SET posts = posts + (SELECT posts FROM users WHERE id = $user)
             WHERE id = $deleted
            """, ("$user", userId), ("$deleted", User.DeletedId));
        connection.Execute("""
            DELETE FROM users
             WHERE id = $user
            """, ("$user", userId));
        return true;
    }

    /// <summary>The account that is to be gone on with; <see langword="null"/> if none is being erased.</summary>
    public static long? Left(Connection connection) => connection.Number($"SELECT min(id) FROM users u WHERE {User.IsBeingErased}");

    /// <summary>What the account has deleted. Only it could restore what was its own: now nobody can, so that those texts are removed.</summary>
    private static bool Deletions(Connection connection, long userId, ref long left)
    {
        while (left > 0)
        {
            if (connection.First("""
                SELECT id, author_id, octet_length(body)
                  FROM posts
                 WHERE deleted_by = $user
                 ORDER BY id
                 LIMIT 1
                """, r => new { Id = r.GetInt64(0), Author = r.GetInt64(1), Bytes = r.GetInt64(2) }, ("$user", userId)) is not { } post)
                return true;
            if (post.Author == userId && !VersionsOfPost.Run(connection, post.Id, ref left))
                return false;
            connection.Execute("""
                UPDATE posts
                   SET deleted_by = $deleted, body = CASE WHEN author_id = $user THEN '' ELSE body END
                 WHERE id = $id
                """, ("$deleted", User.DeletedId), ("$user", userId), ("$id", post.Id));
            connection.Execute("""
                UPDATE threads
                   SET title = '', tags = '[]'
                 WHERE id = $id
                   AND author_id = $user
                """, ("$id", post.Id), ("$user", userId));
            left -= RowCost + post.Bytes;
        }
        return false;
    }

    /// <summary>The posts, which the search index has by their author.</summary>
    private static bool Posts(Connection connection, long userId, ref long left)
    {
        const int Indexing = 5, IndexedByte = 8; // rows that one more in the search index costs as much as, and bytes that a byte of text does
        while (left > 0)
        {
            if (connection.First("""
                SELECT p.id, p.number, p.thread_id, p.body, p.deleted_at IS NOT NULL, t.title
                  FROM posts p
                  JOIN threads t ON t.id = p.thread_id
                 WHERE p.author_id = $user
                 ORDER BY p.id
                 LIMIT 1
                """, r => new
            {
                Id = r.GetInt64(0),
                IsHead = r.GetInt64(1) == 0,
                Thread = r.GetInt64(2),
                Body = r.GetString(3),
                IsDeleted = r.GetBoolean(4),
                Title = r.GetString(5)
            }, ("$user", userId)) is not { } post)
                return true;
            connection.Execute("UPDATE posts SET author_id = $deleted WHERE id = $id", ("$deleted", User.DeletedId), ("$id", post.Id));
            if (post.IsHead)
                connection.Execute("UPDATE threads SET author_id = $deleted WHERE id = $id", ("$deleted", User.DeletedId), ("$id", post.Id));
            if (!post.IsDeleted && (post.IsHead || !ThreadRecount.IsOut(connection, post.Thread, post.Id)))
                SearchIndex.Put(connection, post.Id, PostTokens.Of(post.IsHead ? post.Title : null, post.Body));
            left -= (1 + Indexing) * RowCost + IndexedByte * post.Body.Length;
        }
        return false;
    }

    private const string RemoveUnlessKept = $"DELETE FROM messages WHERE id = $id AND {MessageStore.IsInNoMailbox}";

    private static readonly Step VersionsOfPost = new(
        "SELECT id, octet_length(body) FROM post_versions WHERE post_id = $key LIMIT 1",
        "DELETE FROM post_versions WHERE id = $id");

    private static readonly Step[] OfThePerson =
    [
        // What was hidden of its mail, and of others' in its mailbox.
        new("SELECT message_id, 0 FROM spam_mail WHERE user_id = $key LIMIT 1", "DELETE FROM spam_mail WHERE user_id = $key AND message_id = $id",
            RemoveUnlessKept),
        new("SELECT message_id, 0 FROM spam_mail WHERE owner_id = $key LIMIT 1", "DELETE FROM spam_mail WHERE owner_id = $key AND message_id = $id",
            RemoveUnlessKept),
        new("SELECT post_id, 0 FROM spam_posts WHERE user_id = $key LIMIT 1", "DELETE FROM spam_posts WHERE user_id = $key AND post_id = $id"),
        new("SELECT report_id, 0 FROM spam_reports WHERE user_id = $key LIMIT 1", "DELETE FROM spam_reports WHERE user_id = $key AND report_id = $id"),
        new("SELECT user_id, 0 FROM spam WHERE user_id = $key", "DELETE FROM spam WHERE user_id = $id"),
        new("SELECT user_id, 0 FROM tree_suspensions WHERE user_id = $key", "DELETE FROM tree_suspensions WHERE user_id = $id"),
        new("SELECT id, octet_length(body) FROM held_posts WHERE author_id = $key LIMIT 1", "DELETE FROM held_posts WHERE id = $id"),
        new("SELECT id, 0 FROM invitations WHERE inviter_id = $key LIMIT 1", "DELETE FROM invitations WHERE id = $id"),
        new("SELECT subject, 0 FROM identities WHERE user_id = $key LIMIT 1", "DELETE FROM identities WHERE subject = $id"),
        new("SELECT digest, 0 FROM one_time_links WHERE user_id = $key LIMIT 1", "DELETE FROM one_time_links WHERE digest = $id"),
        // The copies of messages, and the texts of which nobody has a copy left.
        new("SELECT m.id, octet_length(m.body) FROM mailbox b JOIN messages m ON m.id = b.message_id WHERE b.owner_id = $key LIMIT 1",
            "DELETE FROM mailbox WHERE owner_id = $key AND message_id = $id",
            RemoveUnlessKept),
        new("SELECT id, 0 FROM notifications WHERE user_id = $key LIMIT 1", "DELETE FROM notifications WHERE id = $id"),
        new("SELECT number, 0 FROM events WHERE user_id = $key LIMIT 1", "UPDATE events SET user_id = $deleted WHERE number = $id"),
        new("SELECT thread_id, 0 FROM reading WHERE user_id = $key LIMIT 1", "DELETE FROM reading WHERE user_id = $key AND thread_id = $id"),
        new("SELECT blocked_id, 0 FROM blocks WHERE user_id = $key LIMIT 1", "DELETE FROM blocks WHERE user_id = $key AND blocked_id = $id"),
        new("SELECT user_id, 0 FROM blocks WHERE blocked_id = $key LIMIT 1", "DELETE FROM blocks WHERE user_id = $id AND blocked_id = $key"),
        new("SELECT key, 0 FROM idempotency_keys WHERE user_id = $key LIMIT 1", "DELETE FROM idempotency_keys WHERE user_id = $key AND key = $id"),
        new("SELECT p.id, octet_length(p.body) FROM likes l JOIN posts p ON p.id = l.post_id WHERE l.user_id = $key LIMIT 1",
            "UPDATE posts SET likes = likes - 1 WHERE id = $id",
            "DELETE FROM likes WHERE post_id = $id AND user_id = $key"),
    ];

    private static readonly Step[] OfOthersToo =
    [
        new("SELECT id, 0 FROM users WHERE invited_by = $key LIMIT 1", "UPDATE users SET invited_by = $deleted WHERE id = $id"),
        new("SELECT user_id, 0 FROM spam WHERE actor_id = $key LIMIT 1", "UPDATE spam SET actor_id = $deleted WHERE user_id = $id"),
        new("SELECT id, 0 FROM filters WHERE creator_id = $key LIMIT 1", "UPDATE filters SET creator_id = $deleted WHERE id = $id"),
        new("SELECT id, octet_length(body) FROM post_versions WHERE editor_id = $key LIMIT 1",
            "UPDATE post_versions SET editor_id = $deleted WHERE id = $id"),
        new("SELECT message_id, 0 FROM mailbox WHERE peer_id = $key LIMIT 1",
            "UPDATE mailbox SET peer_id = $deleted WHERE peer_id = $key AND message_id = $id"),
        new("SELECT id, octet_length(body) FROM messages WHERE sender_id = $key LIMIT 1", "UPDATE messages SET sender_id = $deleted WHERE id = $id"),
        new("SELECT id, octet_length(body) FROM messages WHERE recipient_id = $key LIMIT 1", "UPDATE messages SET recipient_id = $deleted WHERE id = $id"),
        new("SELECT id, 0 FROM notifications WHERE from_id = $key LIMIT 1", "UPDATE notifications SET from_id = $deleted WHERE id = $id"),
        new("SELECT id, 0 FROM reports WHERE reporter_id = $key LIMIT 1", "UPDATE reports SET reporter_id = $deleted WHERE id = $id"),
        new("SELECT id, 0 FROM reports WHERE resolved_by = $key LIMIT 1", "UPDATE reports SET resolved_by = $deleted WHERE id = $id"),
        new("SELECT id, 0 FROM moderation_log WHERE actor_id = $key LIMIT 1", "UPDATE moderation_log SET actor_id = $deleted WHERE id = $id"),
        new("SELECT id, 0 FROM moderation_log WHERE user_id = $key LIMIT 1", "UPDATE moderation_log SET user_id = $deleted WHERE id = $id"),
    ];

    /// <summary>What is done with the rows of an account, one by one.</summary>
    /// <param name="next">Finds one: its id and the length of its text. Each change makes it not be found again.</param>
    /// <param name="changes">What is done with it.</param>
    private sealed class Step(string next, params string[] changes)
    {
        /// <summary>Goes on until there are no more, or nothing is left of what a slice may cost.</summary>
        /// <returns>Whether there are no more.</returns>
        public bool Run(Connection connection, long key, ref long left)
        {
            while (left > 0)
            {
                if (connection.First(next, r => new { Id = r.GetValue(0), Bytes = r.GetInt64(1) }, ("$key", key)) is not { } row)
                    return true;
                foreach (var change in changes)
                    connection.Execute(change, ("$key", key), ("$id", row.Id), ("$deleted", User.DeletedId));
                left -= RowCost + row.Bytes;
            }
            return false;
        }
    }
}
