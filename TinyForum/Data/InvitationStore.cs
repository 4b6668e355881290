using System.Security.Cryptography;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>A link with which somebody may register, once.</summary>
/// <param name="Id">Its id.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it ends.</param>
public sealed record Invitation(long Id, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt);

/// <summary>An invitation that was just made.</summary>
/// <param name="Secret">What is in the link; it is not stored.</param>
/// <param name="Invitation">What is stored of it.</param>
public sealed record IssuedInvitation(string Secret, Invitation Invitation);

/// <summary>The invitations that may still be used, and who invited whom. Thread-safe.</summary>
public sealed class InvitationStore
{
    /// <summary>How many invitations of a user may wait to be used.</summary>
    public const int MaxPerUser = 20;

    /// <summary>The longest time in days that one may be used in.</summary>
    public const int MaxDays = 30;

    /// <summary>That time if none is given.</summary>
    public const int DefaultDays = 7;

    /// <summary>No secret of an invitation has more characters.</summary>
    internal const int MaxSecret = 64;

    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly PolicyStore _policy;
    private readonly IdempotencyKeys _keys;

    internal InvitationStore(Database database, TimeProvider clock, PolicyStore policy, IdempotencyKeys keys) =>
        (_database, _clock, _policy, _keys) = (database, clock, policy, keys);

    /// <summary>Makes an invitation.</summary>
    /// <param name="actor">Who invites.</param>
    /// <param name="days">How many days it may be used in, 1 to <see cref="MaxDays"/>.</param>
    /// <param name="key">Repeating the call with the same key returns the first invitation.</param>
    /// <exception cref="RefusalException">
    /// Invalid: the days break the rule. Forbidden: registration is closed, or the actor's account is too young. Conflict: <see cref="MaxPerUser"/> wait.
    /// </exception>
    public Task<IssuedInvitation> CreateAsync(Actor actor, long days = DefaultDays, IdempotencyKey? key = null)
    {
        ArgumentNullException.ThrowIfNull(actor);
        RefusalException.ThrowIfInvalid(("expires_in_days", days is < 1 or > MaxDays ? $"must be 1 to {MaxDays}" : null));
        if (key is { Credential: null })
            throw new ArgumentException("An invitation's key needs the credential that the caller came with.", nameof(key));
        if (key is not null)
            key.Salt = RandomNumberGenerator.GetBytes(SessionTable.SecretBytes);
        var secret = key?.DeriveSecret(key.Salt) ?? SessionTable.NewToken();
        return _keys.CreateAsync(
            actor, key, "invitation", c => new IssuedInvitation(secret, Create(c, actor, days, secret)), made => made.Invitation.Id,
            (c, id) => FindOriginal(c, id, key!));
    }

    private Invitation Create(Connection connection, Actor actor, long days, string secret)
    {
        RequireMayInvite(connection, actor);
        Sweep(connection);
        return connection.First("""
            INSERT INTO invitations (digest, inviter_id, created_at, expires_at)
            SELECT $digest, $user, $now, $end
             WHERE (SELECT count(*) FROM invitations WHERE inviter_id = $user AND expires_at > $now) < $max
            RETURNING id, created_at, expires_at
            """, Map, ("$digest", SessionTable.Digest(secret)), ("$user", actor.Id), ("$now", _clock.Now()),
            ("$end", _clock.Now() + days * (long)TimeSpan.FromDays(1).TotalMilliseconds), ("$max", MaxPerUser))
            ?? throw new RefusalException(RefusalKind.Conflict, $"there are {MaxPerUser} invitations already: remove one, or wait until one is used");
    }

    private static IssuedInvitation? FindOriginal(Connection connection, long id, IdempotencyKey key)
    {
        var secret = key.DeriveSecret(key.StoredSalt);
        return connection.First("SELECT id, created_at, expires_at, digest FROM invitations WHERE id = $id",
            r => (Invitation: Map(r), Digest: r.GetBytes(3)), ("$id", id)) is not { Invitation: not null } found ? null
            : SessionTable.Digest(secret).AsSpan().SequenceEqual(found.Digest) ? new IssuedInvitation(secret, found.Invitation)
            : throw new RefusalException(RefusalKind.Conflict, "only the session that created this invitation can get its link again");
    }

    /// <summary>The actor's invitations that may still be used, newest first.</summary>
    public IReadOnlyList<Invitation> List(Actor actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        return _database.Read(c => c.All("""
            SELECT id, created_at, expires_at
              FROM invitations
             WHERE inviter_id = $user
               AND expires_at > $now
             ORDER BY id DESC
            """, Map, ("$user", actor.Id), ("$now", _clock.Now())));
    }

    /// <summary>Ends one of the actor's invitations.</summary>
    /// <returns>Whether there was one.</returns>
    public Task<bool> EndAsync(Actor actor, long id)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return _database.WriteAsync(actor, _clock, c => c.Execute("""
            DELETE FROM invitations
             WHERE id = $id
               AND inviter_id = $user
            """, ("$id", id), ("$user", actor.Id)) > 0);
    }

    /// <summary>A page of the users who came with an invitation of a user, oldest first.</summary>
    /// <param name="inviter">Who invited them.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="from">The <see cref="Page{T}.Next"/> of the page before.</param>
    public Page<User> InvitedBy(User inviter, int limit = PagePosition.DefaultSize, PagePosition? from = null)
    {
        ArgumentNullException.ThrowIfNull(inviter);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return _database.Read(c => c.Page("""
            SELECT id, username
              FROM users
             WHERE invited_by = $user
               AND id > $after
             ORDER BY id
             LIMIT $limit
            """, r => r.User(0), limit, last => [last.Id], ("$user", inviter.Id), ("$after", from?.KeyOf(1)[0] ?? 0)));
    }

    /// <summary>Whether the actor may invite now; a page offers it only then.</summary>
    internal bool MayInvite(Actor actor) => _database.Read(c => MistakeOf(c, actor) is null);

    /// <summary>Whose invitation this is; <see langword="null"/> if it can't be used any more.</summary>
    internal long? InviterOf(Connection connection, string? secret) => secret is null ? null : connection.Number($"""
        SELECT i.inviter_id
          FROM invitations i
          JOIN users u ON u.id = i.inviter_id
         WHERE i.digest = $digest
           AND i.expires_at > $now
           AND {Suspension.IsNotInForce}
        """, ("$digest", SessionTable.Digest(secret)), ("$now", _clock.Now()));

    /// <summary>Uses an invitation, in the transaction that makes the account.</summary>
    internal static void Use(Connection connection, string secret) =>
        connection.Execute("DELETE FROM invitations WHERE digest = $digest", ("$digest", SessionTable.Digest(secret)));

    private void RequireMayInvite(Connection connection, Actor actor)
    {
        if (MistakeOf(connection, actor) is { } mistake)
            throw RefusalException.Forbidden(mistake);
    }

    private string? MistakeOf(Connection connection, Actor actor)
    {
        var policy = _policy.Of(connection);
        if (policy.Registration == Registration.Closed)
            return "registration is closed";
        if (Permissions.IsModerator(connection, actor))
            return null;
        var youngest = _clock.Now() - policy.InviteAfterDays!.Value * (long)TimeSpan.FromDays(1).TotalMilliseconds;
        return connection.Number("SELECT created_at FROM users WHERE id = $id", ("$id", actor.Id)) <= youngest ? null
            : $"an account can invite others after {policy.InviteAfterDays} days";
    }

    private void Sweep(Connection connection) => connection.Execute("""
        DELETE FROM invitations
         WHERE id IN (SELECT id FROM invitations WHERE expires_at <= $now ORDER BY expires_at LIMIT $limit)
        """, ("$now", _clock.Now()), ("$limit", SessionTable.SweptAtOnce));

    private static Invitation Map(Row row) => new(row.GetInt64(0), row.Time(1), row.Time(2));
}
