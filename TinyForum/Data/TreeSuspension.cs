using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// Suspends the members whom a user has invited, whom they have invited, and so on, or lifts that. <c>tree_suspensions</c> has whose invitees have
/// still to be gone through. Moderators and admins are passed over, but not those whom they have invited.
/// </summary>
internal static class TreeSuspension
{
    /// <summary>How many users a slice has at most.</summary>
    internal const int SliceSize = 100;

    /// <summary>Begins, in the transaction that suspends the user.</summary>
    public static void Begin(Connection connection, long userId, string reason, long? until) => Add(connection, userId, lifts: false, reason, until);

    /// <summary>Begins to lift the suspensions for a reason, in the transaction that lifts the user's.</summary>
    public static void BeginToLift(Connection connection, long userId, string reason) => Add(connection, userId, lifts: true, reason, until: null);

    /// <summary>Whose invitees are to be gone on with; <see langword="null"/> if nobody's are.</summary>
    public static long? Left(Connection connection) => connection.Number("SELECT min(user_id) FROM tree_suspensions");

    /// <summary>Does the next slice.</summary>
    /// <returns>Whether nothing is left.</returns>
    public static bool Slice(Connection connection, DateTimeOffset now)
    {
        if (connection.First("""
            SELECT user_id, lifts, reason, until, done
              FROM tree_suspensions
             ORDER BY user_id
             LIMIT 1
            """, r => new
        {
            Inviter = r.GetInt64(0),
            Lifts = r.GetBoolean(1),
            Reason = r.GetString(2),
            Until = r.NumberOrNull(3),
            Done = r.GetInt64(4)
        }) is not { } next)
            return true;
        var invitees = connection.All($"""
            SELECT u.id, u.role
              FROM users u
             WHERE u.invited_by = $inviter
               AND u.id > $done
               AND u.id > $inviter
               AND {User.IsRegistered}
             ORDER BY u.id
             LIMIT $limit
            """, r => (Id: r.GetInt64(0), Role: r.GetString(1)), ("$inviter", next.Inviter), ("$done", next.Done), ("$limit", SliceSize)); // nobody came first
        foreach (var (id, role) in invitees)
        {
            if (role == RoleName.Of(Role.Member) && (next.Lifts ? Lift(connection, id, next.Reason) : Suspend(connection, id, next.Reason, next.Until, now)))
                EventLog.Add(connection, new ForumEvent(0, next.Lifts ? EventKind.UserUnsuspended : EventKind.UserSuspended, now, UserId: id));
            Add(connection, id, next.Lifts, next.Reason, next.Until);
        }
        if (invitees.Count < SliceSize)
            connection.Execute("DELETE FROM tree_suspensions WHERE user_id = $inviter", ("$inviter", next.Inviter));
        else
            connection.Execute("UPDATE tree_suspensions SET done = $done WHERE user_id = $inviter", ("$done", invitees[^1].Id), ("$inviter", next.Inviter));
        return Left(connection) is null;
    }

    private static bool Suspend(Connection connection, long userId, string reason, long? until, DateTimeOffset now)
    {
        var isNew = connection.Execute($"""
            UPDATE users AS u
               SET suspension = $reason, suspended_until = $until
             WHERE u.id = $user
               AND {Suspension.IsNotInForce}
            """, ("$reason", reason), ("$until", until), ("$user", userId), ("$now", now.ToUnixTimeMilliseconds())) > 0;
        if (isNew)
            SessionTable.EndAccess(connection, userId);
        return isNew;
    }

    private static bool Lift(Connection connection, long userId, string reason) => connection.Execute("""
        UPDATE users
           SET suspension = NULL, suspended_until = NULL
         WHERE id = $user
           AND suspension = $reason
           AND NOT EXISTS (SELECT 1 FROM spam WHERE spam.user_id = users.id AND spam.is_undone = 0)
        """, ("$user", userId), ("$reason", reason)) > 0;

    private static void Add(Connection connection, long userId, bool lifts, string reason, long? until) => connection.Execute("""
        INSERT INTO tree_suspensions (user_id, lifts, reason, until)
        VALUES ($user, $lifts, $reason, $until)
            ON CONFLICT (user_id) DO UPDATE SET lifts = excluded.lifts, reason = excluded.reason, until = excluded.until, done = 0
        """, ("$user", userId), ("$lifts", lifts), ("$reason", reason), ("$until", until));
}
