namespace TinyForum.Data;

/// <summary>What moderators do, and the public log of it. Thread-safe.</summary>
public sealed class ModerationStore
{
    private readonly Database _database;
    private readonly TimeProvider _clock;

    internal ModerationStore(Database database, TimeProvider clock) => (_database, _clock) = (database, clock);

    /// <summary>Writes a line of the log, in the transaction of what it tells of.</summary>
    internal void Log(Connection connection, long actorId, string action, long? postId, long? userId, string? reason) => connection.Execute("""
        INSERT INTO moderation_log (actor_id, action, post_id, user_id, reason, created_at)
        VALUES ($actor, $action, $post, $user, $reason, $now)
        """, ("$actor", actorId), ("$action", action), ("$post", postId), ("$user", userId), ("$reason", reason), ("$now", _clock.Now()));
}
