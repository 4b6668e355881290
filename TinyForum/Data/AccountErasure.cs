using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// Erases an account in one transaction. What concerns the person alone is deleted; what others take part in stays, under user 0.
/// SQLite overwrites what is deleted (<c>secure_delete</c>).
/// </summary>
internal static class AccountErasure
{
    /// <summary>Erases the account; if <paramref name="proof"/> is given, only while it is still the stored password hash.</summary>
    /// <returns>Whether it was erased.</returns>
    /// <exception cref="RefusalException">Conflict: the forum would be left without an admin.</exception>
    public static bool Erase(Connection connection, long userId, string? proof, long now)
    {
        var isErasable = connection.Number($"""
            SELECT 1
              FROM users
             WHERE id = $user
               AND {User.IsRegistered}
               AND ($proof IS NULL OR password = $proof)
            """, ("$user", userId), ("$proof", proof)) is not null;
        if (!isErasable)
            return false;
        Permissions.RequireAnotherAdmin(connection, userId, now);
        SessionTable.EndAccess(connection, userId);
        foreach (var step in Steps)
            connection.Execute(step, ("$user", userId), ("$deleted", User.DeletedId));
        return true;
    }

    private static readonly string[] Steps =
    [
        "UPDATE posts SET likes = likes - 1 WHERE id IN (SELECT post_id FROM likes WHERE user_id = $user)",
        "DELETE FROM likes WHERE user_id = $user",
        "DELETE FROM notifications WHERE user_id = $user",
        "UPDATE notifications SET from_id = $deleted WHERE from_id = $user",
        "DELETE FROM idempotency_keys WHERE user_id = $user",
        "DELETE FROM reading WHERE user_id = $user",
        "DELETE FROM blocks WHERE user_id = $user OR blocked_id = $user",

        // The copies of messages, and the texts of which nobody has a copy left.
        "DELETE FROM mailbox WHERE owner_id = $user",
        """
        DELETE FROM messages
         WHERE (sender_id = $user OR recipient_id = $user)
           AND NOT EXISTS (SELECT 1 FROM mailbox WHERE message_id = messages.id)
        """,
        "UPDATE mailbox SET peer_id = $deleted WHERE peer_id = $user",
        "UPDATE messages SET sender_id = $deleted WHERE sender_id = $user",
        "UPDATE messages SET recipient_id = $deleted WHERE recipient_id = $user",

        // Only its author could restore a post that the author had deleted. Now nobody can, so its text is removed too.
        """
        DELETE FROM post_versions
         WHERE post_id IN (SELECT id FROM posts WHERE author_id = $user AND deleted_as = 'author')
        """,
        """
        UPDATE threads
           SET title = '', tags = '[]'
         WHERE id IN (SELECT id FROM posts WHERE author_id = $user AND deleted_as = 'author')
        """,
        "UPDATE posts SET body = '' WHERE author_id = $user AND deleted_as = 'author'",

        // What others take part in.
        "UPDATE users SET posts = posts + (SELECT posts FROM users WHERE id = $user) WHERE id = $deleted",
        "UPDATE threads SET author_id = $deleted WHERE author_id = $user",
        "UPDATE posts SET author_id = $deleted WHERE author_id = $user",
        "UPDATE posts SET deleted_by = $deleted WHERE deleted_by = $user",
        "UPDATE post_versions SET editor_id = $deleted WHERE editor_id = $user",
        "UPDATE reports SET reporter_id = $deleted WHERE reporter_id = $user",
        "UPDATE reports SET resolved_by = $deleted WHERE resolved_by = $user",
        "UPDATE moderation_log SET actor_id = $deleted WHERE actor_id = $user",
        "UPDATE moderation_log SET user_id = $deleted WHERE user_id = $user",

        "DELETE FROM users WHERE id = $user",
    ];
}
