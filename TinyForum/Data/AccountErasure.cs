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
        TakeBackLikes(connection, userId);
        MessageStore.Erase(connection, userId);
        NotificationStore.Erase(connection, userId);
        ForgetOwnDeletedPosts(connection, userId);
        SessionTable.EndAccess(connection, userId);
        foreach (var step in Steps)
            connection.Execute(step, ("$user", userId), ("$deleted", User.DeletedId));
        return connection.Execute("""
            DELETE FROM users
             WHERE id = $user
            """, ("$user", userId)) > 0;
    }

    private static readonly string[] Steps =
    [
        "DELETE FROM idempotency_keys WHERE user_id = $user",
        "DELETE FROM reading WHERE user_id = $user",
        "DELETE FROM blocks WHERE user_id = $user OR blocked_id = $user",
        "UPDATE users SET posts = posts + (SELECT posts FROM users WHERE id = $user) WHERE id = $deleted",
        "UPDATE threads SET author_id = $deleted WHERE author_id = $user",
        "UPDATE posts SET author_id = $deleted WHERE author_id = $user",
        "UPDATE posts SET deleted_by = $deleted WHERE deleted_by = $user",
        "UPDATE post_versions SET editor_id = $deleted WHERE editor_id = $user",
        "UPDATE reports SET reporter_id = $deleted WHERE reporter_id = $user",
        "UPDATE reports SET resolved_by = $deleted WHERE resolved_by = $user",
        "UPDATE moderation_log SET actor_id = $deleted WHERE actor_id = $user",
        "UPDATE moderation_log SET user_id = $deleted WHERE user_id = $user",
    ];

    private static void TakeBackLikes(Connection connection, long userId)
    {
        connection.Execute("""
            UPDATE posts
               SET likes = likes - 1
             WHERE id IN (SELECT post_id FROM likes WHERE user_id = $user)
            """, ("$user", userId));
        connection.Execute("""
            DELETE FROM likes
             WHERE user_id = $user
            """, ("$user", userId));
    }

    /// <summary>Only its author could restore a post that the author had deleted. Now nobody can, so its text is removed too.</summary>
    private static void ForgetOwnDeletedPosts(Connection connection, long userId)
    {
        connection.Execute("""
            DELETE FROM post_versions
             WHERE post_id IN (SELECT id FROM posts WHERE author_id = $user AND deleted_as = 'author')
            """, ("$user", userId));
        connection.Execute("""
            UPDATE threads
               SET title = '', tags = '[]'
             WHERE id IN (SELECT id FROM posts WHERE author_id = $user AND deleted_as = 'author')
            """, ("$user", userId));
        connection.Execute("""
            UPDATE posts
               SET body = ''
             WHERE author_id = $user
               AND deleted_as = 'author'
            """, ("$user", userId));
    }
}
