using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// Every rule on what a role may do. The rules are checked inside the transaction that makes the change, against the role that the account
/// has then; <see cref="Actor.Role"/> may be out of date. <see cref="MaySee"/> is for reads and takes it as it is.
/// </summary>
internal static class Permissions
{
    public static RefusalException ModeratorsOnly() => RefusalException.Forbidden("only a moderator may do this");

    public static RefusalException AdminsOnly() => RefusalException.Forbidden("only an admin may do this");

    public static RefusalException ReadersMayNot() => RefusalException.Forbidden($"a token of scope {ScopeName.Read} may not do this");

    /// <summary>What only a login of the forum's own is for: its password, its sessions, tokens.</summary>
    /// <exception cref="RefusalException">Forbidden: another program logs the actor in.</exception>
    public static void RequireOwnLogin(Actor actor)
    {
        if (actor is Caller { IsExternal: true })
            throw RefusalException.Forbidden("this account has no login of its own: another program logs it in");
    }

    /// <summary>Pinning, locking, resolving reports.</summary>
    /// <exception cref="RefusalException">Forbidden: the actor is no moderator.</exception>
    public static void RequireModerator(Connection connection, Actor actor)
    {
        if (!IsModerator(connection, actor))
            throw ModeratorsOnly();
    }

    /// <summary>Assigning roles.</summary>
    /// <exception cref="RefusalException">Forbidden: the actor is not an admin.</exception>
    public static void RequireAdmin(Connection connection, Actor actor)
    {
        if (RoleOf(connection, actor) is not Role.Admin)
            throw AdminsOnly();
    }

    /// <summary>Editing and deleting a post.</summary>
    /// <exception cref="RefusalException">Forbidden: the actor is neither its author nor a moderator.</exception>
    public static void RequireMayChange(Connection connection, Actor actor, Post post)
    {
        if (post.Author.Id != actor.Id && !IsModerator(connection, actor))
            throw RefusalException.Forbidden("only its author or a moderator may do this");
    }

    /// <summary>Restoring a deleted post: only the side that deleted it may.</summary>
    /// <exception cref="RefusalException">Forbidden: the other side deleted it. NotFound: the actor may not see it.</exception>
    public static void RequireMayRestore(Connection connection, Actor actor, Post post)
    {
        var (isAuthor, isModerator) = (post.Author.Id == actor.Id, IsModerator(connection, actor));
        if (post.DeletedBy == Side.Author ? isAuthor : isModerator)
            return;
        throw isAuthor ? RefusalException.Forbidden("a moderator deleted this post")
            : isModerator ? RefusalException.Forbidden("its author deleted this post")
            : RefusalException.NotFound("post");
    }

    /// <summary>Replying in a locked thread.</summary>
    /// <exception cref="RefusalException">Forbidden: the actor is no moderator.</exception>
    public static void RequireMayReplyInLocked(Connection connection, Actor actor)
    {
        if (!IsModerator(connection, actor))
            throw RefusalException.Forbidden("the thread is locked");
    }

    /// <summary>Suspending an account and lifting that: moderators for members, admins for anyone but themselves and <c>system</c>.</summary>
    /// <exception cref="RefusalException">Forbidden: the actor may not. NotFound: there is no such account.</exception>
    public static void RequireMaySuspend(Connection connection, Actor actor, long userId)
    {
        if (userId == User.SystemId)
            throw RefusalException.Forbidden("system can't be suspended");
        var role = RoleOf(connection, userId) ?? throw RefusalException.NotFound("user");
        if (userId == actor.Id)
            throw RefusalException.Forbidden("you cannot suspend yourself");
        RequireModerator(connection, actor);
        if (role > Role.Member && RoleOf(connection, actor) is not Role.Admin)
            throw RefusalException.Forbidden("only an admin may suspend a moderator or an admin");
    }

    /// <summary>Whether a page offers that to a caller.</summary>
    public static bool MaySuspend(Actor? caller, long userId, Role role) => userId != User.SystemId && caller is not null && userId != caller.Id
        && caller.Role >= (role == Role.Member ? Role.Moderator : Role.Admin);

    /// <summary>Ending all of a user's sessions.</summary>
    /// <exception cref="RefusalException">Forbidden: the actor is neither the user nor an admin.</exception>
    public static void RequireMayEndSessions(Connection connection, Actor actor, long userId)
    {
        if (actor.Id != userId && RoleOf(connection, actor) is not Role.Admin)
            throw RefusalException.Forbidden("only the user or an admin may do this");
    }

    /// <summary>Any change: the session or token that the actor came with, and the account, have to stand.</summary>
    /// <exception cref="RefusalException">
    /// Unauthenticated: the session, the token or the account has ended. Forbidden: the account is suspended and the actor not
    /// <see cref="Actor.EvenIfSuspended"/>, or the token may only read.
    /// </exception>
    public static void RequireStanding(Connection connection, Actor actor, long now, bool toWrite = true)
    {
        if (IsSystem(actor))
            return;
        var standing = StandingOf(connection, actor, now);
        if (standing is null || !standing.HasCredential)
            throw new RefusalException(RefusalKind.Unauthenticated, "the session, token or account has ended");
        if (!standing.IsNotSuspended && !actor.EvenIfSuspended)
            throw RefusalException.Forbidden("this account is suspended");
        if (toWrite && standing.Scope is not (null or ScopeName.Write))
            throw ReadersMayNot();
    }

    /// <summary>Whether a caller may still read: the session or token and the account stand.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="now">The time.</param>
    /// <param name="isModerator">Whether the caller is a moderator or an admin.</param>
    /// <param name="until">When the credential ends if nothing is written; later, if a session is used meanwhile.</param>
    public static bool Stands(Connection connection, Caller caller, long now, out bool isModerator, out long until)
    {
        var standing = StandingOf(connection, caller, now);
        (isModerator, until) = (standing?.Role >= Role.Moderator, standing?.Until ?? long.MaxValue);
        return standing is { HasCredential: true, IsNotSuspended: true };
    }

    private static Standing? StandingOf(Connection connection, Actor actor, long now)
    {
        var (session, token) = actor is Caller caller ? (caller.SessionId, caller.TokenId) : (null, null);
        return connection.First($"""
            SELECT u.role, coalesce({Suspension.IsNotInForce}, FALSE), s.last_used_at + $lifetime, t.scope, t.expires_at
              FROM users u
              LEFT JOIN sessions s ON s.id = $session AND s.user_id = u.id AND s.last_used_at > $now - $lifetime
              LEFT JOIN tokens t ON t.id = $token AND t.user_id = u.id AND (t.expires_at IS NULL OR t.expires_at > $now)
             WHERE u.id = $user
               AND {User.IsRegistered}
            """, r => new Standing(
                RoleName.Parse(r.GetString(0))!.Value, r.GetBoolean(1),
                (session is null || r.NumberOrNull(2) is not null) && (token is null || r.TextOrNull(3) is not null),
                r.TextOrNull(3), r.NumberOrNull(2) ?? r.NumberOrNull(4)),
            ("$user", actor.Id), ("$now", now), ("$session", session), ("$token", token), ("$lifetime", (long)SessionTable.Lifetime.TotalMilliseconds));
    }

    /// <summary>Taking an admin's role or account away: another has to be left who can act.</summary>
    /// <exception cref="RefusalException">Conflict: there would be none.</exception>
    public static void RequireAnotherAdmin(Connection connection, long userId, long now)
    {
        if (IsLastAdmin(connection, userId, now))
            throw new RefusalException(RefusalKind.Conflict, "this is the last admin: make another one first");
    }

    /// <summary>Whether there is no other admin who can act.</summary>
    public static bool IsLastAdmin(Connection connection, long userId, long now)
    {
        var others = connection.First($"""
            SELECT count(*), coalesce(sum(CASE u.id WHEN $user THEN 1 ELSE 0 END), 0)
              FROM users u
             WHERE u.role = 'admin'
               AND {Suspension.IsNotInForce}
            """, r => (All: r.GetInt64(0), Own: r.GetInt64(1)), ("$user", userId), ("$now", now));
        return others is { All: 1, Own: 1 };
    }

    /// <summary>Whether someone may see a post: if it is deleted, moderators do, and its author if nobody else deleted it.</summary>
    public static bool MaySee(Post post, Actor? viewer) =>
        post.DeletedBy is null || viewer?.Role >= Role.Moderator || (post.DeletedBy == Side.Author && viewer?.Id == post.Author.Id);

    private static bool IsSystem(Actor actor) => actor.Id == User.SystemId && actor is not Caller;

    /// <summary>Whether the actor is a moderator or an admin now.</summary>
    public static bool IsModerator(Connection connection, Actor actor) => RoleOf(connection, actor) >= Role.Moderator;

    private static Role? RoleOf(Connection connection, Actor actor) => IsSystem(actor) ? Role.Admin : RoleOf(connection, actor.Id);

    private static Role? RoleOf(Connection connection, long userId) => connection.First($"""
        SELECT role
          FROM users u
         WHERE id = $user
           AND {User.IsRegistered}
        """, r => RoleName.Parse(r.GetString(0)), ("$user", userId));

    /// <summary>An account, and the session or token with which somebody acts for it.</summary>
    /// <param name="Role">Its role.</param>
    /// <param name="IsNotSuspended">Whether it is not suspended.</param>
    /// <param name="HasCredential">Whether the session or token stands, if there is one.</param>
    /// <param name="Scope">The token's scope.</param>
    /// <param name="Until">When the session or token ends by time.</param>
    private sealed record Standing(Role Role, bool IsNotSuspended, bool HasCredential, string? Scope, long? Until);
}
