using Microsoft.Data.Sqlite;
using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>A line of the public log.</summary>
/// <param name="Id">Its number; later ones are higher.</param>
/// <param name="Actor">Who did it.</param>
/// <param name="Action">What: a verb in snake case, such as <c>suspend</c>.</param>
/// <param name="PostId">The post it was done to, if any.</param>
/// <param name="User">The user it was done to, if any.</param>
/// <param name="Reason">Why, if it was said.</param>
/// <param name="CreatedAt">When, in Unix milliseconds.</param>
public sealed record ModerationEntry(long Id, User Actor, string Action, long? PostId, User? User, string? Reason, long CreatedAt);

/// <summary>Suspensions, and the public log of what moderators do. Thread-safe.</summary>
public sealed class ModerationStore
{
    private readonly Database _database;
    private readonly TimeProvider _clock;

    internal ModerationStore(Database database, TimeProvider clock) => (_database, _clock) = (database, clock);

    /// <summary>Shuts an account out and ends its sessions and tokens, at once.</summary>
    /// <param name="actorId">The moderator.</param>
    /// <param name="userId">The account.</param>
    /// <param name="reason">Why.</param>
    /// <param name="until">When it ends; <see langword="null"/>: when a moderator lifts it.</param>
    /// <exception cref="Refusal">
    /// 400: the reason breaks a rule or the end has passed. 403: the account is the actor's own, <c>system</c>, or of a rank that the actor may not
    /// suspend. 404: there is no such account.
    /// </exception>
    public Task<Suspension> SuspendAsync(long actorId, long userId, string reason, DateTimeOffset? until = null)
    {
        var errors = new Dictionary<string, string>();
        if (TextRule.Reason.Check(reason) is { } mistake)
            errors["reason"] = mistake;
        if (until <= _clock.GetUtcNow())
            errors["until"] = "must be in the future";
        if (errors.Count > 0)
            throw Refusal.Invalid(errors);
        var end = until?.ToUnixTimeMilliseconds();
        return _database.WriteAsync(c =>
        {
            RequireSubordinate(c, actorId, userId);
            var changed = c.Execute("""
                UPDATE users
                   SET suspension = $reason, suspended_until = $until
                 WHERE id = $user
                   AND (suspension IS NOT $reason OR suspended_until IS NOT $until)
                """, ("$reason", reason), ("$until", end), ("$user", userId));
            if (changed > 0)
                Log(c, actorId, "suspend", null, userId, reason);
            c.Execute("""
                DELETE FROM sessions
                 WHERE user_id = $user
                """, ("$user", userId));
            c.Execute("""
                DELETE FROM tokens
                 WHERE user_id = $user
                """, ("$user", userId));
            return new Suspension(reason, end);
        });
    }

    /// <summary>Lets an account in again.</summary>
    /// <returns>Whether it was suspended.</returns>
    /// <exception cref="Refusal">As <see cref="SuspendAsync"/>'s 403 and 404.</exception>
    public Task<bool> LiftSuspensionAsync(long actorId, long userId) => _database.WriteAsync(c =>
    {
        RequireSubordinate(c, actorId, userId);
        var lifted = c.Execute("""
            UPDATE users
               SET suspension = NULL, suspended_until = NULL
             WHERE id = $user
               AND suspension IS NOT NULL
            """, ("$user", userId)) > 0;
        if (lifted)
            Log(c, actorId, "unsuspend", null, userId, null);
        return lifted;
    });

    /// <summary>A page of the log, newest first.</summary>
    /// <param name="limit">How many lines at most.</param>
    /// <param name="from">The <see cref="Page{T}.Next"/> of the page before.</param>
    public Page<ModerationEntry> List(int limit = 20, long[]? from = null) => _database.Read(c =>
    {
        var rows = c.All("""
            SELECT l.id, a.id, a.username, l.action, l.post_id, u.id, u.username, l.reason, l.created_at
              FROM moderation_log l
              JOIN users a ON a.id = l.actor_id
              LEFT JOIN users u ON u.id = l.user_id
             WHERE l.id < $before
             ORDER BY l.id DESC
             LIMIT $limit
            """, Map, ("$before", from?[0] ?? long.MaxValue), ("$limit", limit + 1));
        return Page<ModerationEntry>.Cut(rows, limit, last => [last.Id]);
    });

    /// <summary>Writes a line of the log, in the transaction of what it tells of.</summary>
    internal void Log(Connection connection, long actorId, string action, long? postId, long? userId, string? reason) => connection.Execute("""
        INSERT INTO moderation_log (actor_id, action, post_id, user_id, reason, created_at)
        VALUES ($actor, $action, $post, $user, $reason, $now)
        """, ("$actor", actorId), ("$action", action), ("$post", postId), ("$user", userId), ("$reason", reason), ("$now", _clock.Now()));

    /// <summary>Moderators suspend members, admins anyone but themselves and <c>system</c>.</summary>
    private static void RequireSubordinate(Connection connection, long actorId, long userId)
    {
        var role = connection.First("""
            SELECT role
              FROM users
             WHERE id = $user
               AND id > 0
            """, r => r.GetString(0), ("$user", userId)) ?? throw Refusal.NotFound("user");
        if (userId == 1)
            throw Refusal.Forbidden("system can't be suspended");
        if (userId == actorId)
            throw Refusal.Forbidden("nobody can suspend himself");
        var isAdmin = connection.Number("""
            SELECT 1
              FROM users
             WHERE id = $actor
               AND role = 'admin'
            """, ("$actor", actorId)) is not null;
        if (role != "member" && !isAdmin)
            throw Refusal.Forbidden("only an admin may suspend a moderator or an admin");
    }

    private static ModerationEntry Map(SqliteDataReader row) => new(
        row.GetInt64(0), new User(row.GetInt64(1), row.GetString(2)), row.GetString(3),
        row.IsDBNull(4) ? null : row.GetInt64(4),
        row.IsDBNull(5) ? null : new User(row.GetInt64(5), row.GetString(6)),
        row.IsDBNull(7) ? null : row.GetString(7), row.GetInt64(8));
}
