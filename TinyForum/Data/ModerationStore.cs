using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>An entry of the public moderation log.</summary>
/// <param name="Id">Its id; later ones are higher.</param>
/// <param name="Actor">Who did it.</param>
/// <param name="Action">A verb in snake case, such as <c>suspend</c>.</param>
/// <param name="PostId">The affected post, if any.</param>
/// <param name="User">The affected user, if any.</param>
/// <param name="Reason">The reason, if one was given.</param>
/// <param name="CreatedAt">When it was done.</param>
public sealed record ModerationEntry(long Id, User Actor, string Action, long? PostId, User? User, string? Reason, DateTimeOffset CreatedAt);

/// <summary>Suspensions and the public log of moderation. Thread-safe.</summary>
public sealed class ModerationStore
{
    private readonly Database _database;
    private readonly TimeProvider _clock;

    private readonly Backlog _backlog;

    internal ModerationStore(Database database, TimeProvider clock, Backlog backlog) => (_database, _clock, _backlog) = (database, clock, backlog);

    /// <summary>Suspends an account, and ends its sessions and tokens at once.</summary>
    /// <param name="actor">The moderator.</param>
    /// <param name="user">The account.</param>
    /// <param name="reason">The reason, which the account and the log show.</param>
    /// <param name="until">When the suspension ends; <see langword="null"/> if only a moderator can lift it.</param>
    /// <param name="withInvited">Whether also the members are suspended whom the account has invited, whom they have invited, and so on.</param>
    /// <exception cref="RefusalException">
    /// Invalid: the reason breaks a rule or the end has passed. Forbidden: the account is the actor's own, <c>system</c>, or has a role that
    /// the actor may not suspend. NotFound: there is no such account. Conflict: it is the last admin who can act, or was removed as spam.
    /// </exception>
    public Task<Suspension> SuspendAsync(Actor actor, User user, string reason, DateTimeOffset? until = null, bool withInvited = false)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentNullException.ThrowIfNull(user);
        ArgumentNullException.ThrowIfNull(reason);
        RefusalException.ThrowIfInvalid(
            ("reason", TextRule.Reason.Check(reason)), ("until", until <= _clock.GetUtcNow() ? "must be in the future" : null));
        return SuspendCoreAsync(actor, user, reason, until?.ToUnixTimeMilliseconds(), withInvited);
    }

    private async Task<Suspension> SuspendCoreAsync(Actor actor, User user, string reason, long? end, bool withInvited)
    {
        var suspension = await _database.WriteAsync(actor, _clock, c =>
        {
            Permissions.RequireMaySuspend(c, actor, user.Id);
            SpamStore.RequireNotMarked(c, user.Id);
            Permissions.RequireAnotherAdmin(c, user.Id, _clock.Now());
            var changed = c.Execute("""
                UPDATE users
                   SET suspension = $reason, suspended_until = $until
                 WHERE id = $user
                   AND (suspension IS NOT $reason OR suspended_until IS NOT $until)
                """, ("$reason", reason), ("$until", end), ("$user", user.Id));
            if (changed > 0 || withInvited)
                Log(c, actor, withInvited ? "suspend_invited" : "suspend", null, user.Id, reason);
            if (changed > 0)
            {
                EventLog.Add(c, new ForumEvent(0, EventKind.UserSuspended, _clock.GetUtcNow(), UserId: user.Id));
            }
            SessionTable.EndAccess(c, user.Id);
            if (withInvited)
                TreeSuspension.Begin(c, user.Id, reason, end);
            return new Suspension(reason, end is null ? null : Clock.Time(end.Value));
        }).ConfigureAwait(false);
        if (withInvited)
            await FinishAsync().ConfigureAwait(false);
        return suspension;
    }

    private Task FinishAsync() => _backlog.FinishAsync(c => TreeSuspension.Slice(c, _clock.GetUtcNow()));

    /// <summary>Requires that the actor may suspend an account and lift that, as <see cref="SuspendAsync"/> does.</summary>
    internal void RequireMaySuspend(Actor actor, User user) => _database.Read(c =>
    {
        Permissions.RequireMaySuspend(c, actor, user.Id);
        return true;
    });

    /// <summary>Lifts a suspension.</summary>
    /// <param name="actor">The moderator.</param>
    /// <param name="user">The account.</param>
    /// <param name="withInvited">Whether it is also lifted from those members whom it was extended to, or who are suspended for the same reason.</param>
    /// <returns>Whether it was suspended.</returns>
    /// <exception cref="RefusalException">Forbidden, NotFound: as <see cref="SuspendAsync"/>. Conflict: it was removed as spam.</exception>
    public Task<bool> LiftSuspensionAsync(Actor actor, User user, bool withInvited = false)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentNullException.ThrowIfNull(user);
        return LiftSuspensionCoreAsync(actor, user, withInvited);
    }

    private async Task<bool> LiftSuspensionCoreAsync(Actor actor, User user, bool withInvited)
    {
        var isLifted = await _database.WriteAsync(actor, _clock, c =>
        {
            Permissions.RequireMaySuspend(c, actor, user.Id);
            SpamStore.RequireNotMarked(c, user.Id);
            if (c.First("SELECT suspension FROM users WHERE id = $user", r => r.TextOrNull(0), ("$user", user.Id)) is not { } reason)
                return false;
            c.Execute("UPDATE users SET suspension = NULL, suspended_until = NULL WHERE id = $user", ("$user", user.Id));
            Log(c, actor, withInvited ? "unsuspend_invited" : "unsuspend", null, user.Id, null);
            EventLog.Add(c, new ForumEvent(0, EventKind.UserUnsuspended, _clock.GetUtcNow(), UserId: user.Id));
            if (withInvited)
                TreeSuspension.BeginToLift(c, user.Id, reason);
            return true;
        }).ConfigureAwait(false);
        if (withInvited)
            await FinishAsync().ConfigureAwait(false);
        return isLifted;
    }

    /// <summary>A page of the accounts that are suspended now, the newest accounts first, with their roles.</summary>
    /// <param name="limit">How many at most.</param>
    /// <param name="from">The <see cref="Page{T}.Next"/> of the page before.</param>
    public Page<(User User, Role Role, Suspension Suspension)> ListSuspended(int limit = PagePosition.DefaultSize, PagePosition? from = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return _database.Read(c => c.Page("""
            SELECT id, username, role, suspension, suspended_until
              FROM users INDEXED BY users_suspended
             WHERE suspension IS NOT NULL
               AND (suspended_until IS NULL OR suspended_until > $now)
               AND id < $before
             ORDER BY id DESC
             LIMIT $limit
            """, row => (row.User(0), RoleName.Parse(row.GetString(2))!.Value, new Suspension(row.GetString(3), row.TimeOrNull(4))), limit,
            last => [last.Item1.Id], ("$now", _clock.Now()), ("$before", from?.KeyOf(1)[0] ?? long.MaxValue)));
    }

    /// <summary>A page of the log, newest first.</summary>
    /// <param name="limit">How many entries at most.</param>
    /// <param name="from">The <see cref="Page{T}.Next"/> of the page before.</param>
    public Page<ModerationEntry> List(int limit = PagePosition.DefaultSize, PagePosition? from = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return _database.Read(c => c.Page("""
            SELECT l.id, a.id, a.username, l.action, l.post_id, u.id, u.username, l.reason, l.created_at
              FROM moderation_log l
              JOIN users a ON a.id = l.actor_id
              LEFT JOIN users u ON u.id = l.user_id
             WHERE l.id < $before
             ORDER BY l.id DESC
             LIMIT $limit
            """, Map, limit, last => [last.Id], ("$before", from?.KeyOf(1)[0] ?? long.MaxValue)));
    }

    /// <summary>Adds an entry to the log, in the transaction of the action itself.</summary>
    /// <exception cref="RefusalException">Invalid: the reason breaks its rule.</exception>
    internal void Log(Connection connection, Actor actor, string action, long? postId, long? userId, string? reason)
    {
        RefusalException.ThrowIfInvalid(("reason", TextRule.Reason.CheckOptional(reason)));
        connection.Execute("""
            INSERT INTO moderation_log (actor_id, action, post_id, user_id, reason, created_at)
            VALUES ($actor, $action, $post, $user, $reason, $now)
            """, ("$actor", actor.Id), ("$action", action), ("$post", postId), ("$user", userId), ("$reason", reason), ("$now", _clock.Now()));
    }

    private static ModerationEntry Map(Row row) => new(
        row.GetInt64(0), row.User(1), row.GetString(3), row.NumberOrNull(4), row.UserOrNull(5), row.TextOrNull(7), row.Time(8));
}
