using System.Security.Cryptography;
using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>An access token as its owner sees it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">What its owner calls it.</param>
/// <param name="MayWrite">Whether its scope is <c>write</c>; otherwise it is <c>read</c>.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it expires, if ever.</param>
/// <param name="LastUsedAt">When it was last used, to the minute, if ever.</param>
public sealed record AccessToken(
    long Id, string Name, bool MayWrite, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt);

/// <summary>A token that was just made.</summary>
/// <param name="Secret">The secret that its holder presents; it is not stored.</param>
/// <param name="Token">What is stored of it.</param>
public sealed record IssuedToken(string Secret, AccessToken Token);

/// <summary>The access tokens of scripts, identified by their SHA-256 like the sessions. Thread-safe.</summary>
public sealed class TokenStore
{
    /// <summary>How many tokens a user can have.</summary>
    public const int MaxPerUser = 50;

    /// <summary>The longest lifetime in days of a token that expires.</summary>
    public const int MaxDays = 3650;

    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly LastUse _lastUse;
    private readonly CallerCache _callers;
    private readonly IdempotencyKeys _keys;

    internal TokenStore(Database database, TimeProvider clock, IdempotencyKeys keys)
    {
        (_database, _clock, _keys) = (database, clock, keys);
        _callers = new CallerCache(database);
        _lastUse = new LastUse(database, """
            UPDATE tokens
               SET last_used_at = $now
             WHERE id = $id
               AND (last_used_at IS NULL OR last_used_at < $now)
            """);
    }

    /// <summary>Makes a token.</summary>
    /// <param name="owner">The actor.</param>
    /// <param name="name">What the owner calls it, 1 to 50 characters.</param>
    /// <param name="mayWrite">Whether it may change anything.</param>
    /// <param name="days">Its lifetime in days, 1 to <see cref="MaxDays"/>; <see langword="null"/> for one that does not expire.</param>
    /// <param name="key">Repeating the call with the same key returns the first token.</param>
    /// <exception cref="RefusalException">
    /// Invalid: the name or the days break a rule. Conflict: the user has <see cref="MaxPerUser"/> already, or another session made the key's token.
    /// Forbidden: another program logs the caller in.
    /// </exception>
    public Task<IssuedToken> CreateAsync(Actor owner, string name, bool mayWrite, long? days = null, IdempotencyKey? key = null)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(name);
        return CreateAsync(owner, name, ScopeName.Of(mayWrite), days, key);
    }

    internal Task<IssuedToken> CreateAsync(Actor owner, string name, string scope, long? days, IdempotencyKey? key)
    {
        Permissions.RequireOwnLogin(owner); // a token would outlive the other program's login
        RefusalException.ThrowIfInvalid(
            ("name", TextRule.TokenName.Check(name)),
            ("scope", scope is ScopeName.Read or ScopeName.Write ? null : $"must be {ScopeName.Read} or {ScopeName.Write}"),
            ("expires_in_days", days is < 1 or > MaxDays ? $"must be 1 to {MaxDays}" : null));
        if (key is { Credential: null })
            throw new ArgumentException("A token's key needs the credential that the caller came with.", nameof(key));
        if (key is not null)
            key.Salt = RandomNumberGenerator.GetBytes(SessionTable.SecretBytes);
        var secret = key?.DeriveSecret(key.Salt) ?? SessionTable.NewToken();
        return _keys.CreateAsync(owner, key, "token",
            c => new IssuedToken(secret, Create(c, owner.Id, name, scope, days, secret)), made => made.Token.Id, (c, id) => FindOriginal(c, id, key!));
    }

    private AccessToken Create(Connection connection, long userId, string name, string scope, long? days, string secret)
    {
        var now = _clock.GetUtcNow();
        if (connection.Number("SELECT 1 FROM tokens WHERE expires_at <= $now LIMIT 1", ("$now", now.ToUnixTimeMilliseconds())) is not null)
        {
            connection.Execute("""
                DELETE FROM tokens
                 WHERE id IN (SELECT id FROM tokens WHERE user_id = $user AND expires_at <= $now)
                    OR id IN (SELECT id FROM tokens WHERE expires_at <= $now ORDER BY expires_at LIMIT $limit)
                """, ("$user", userId), ("$now", now.ToUnixTimeMilliseconds()), ("$limit", SessionTable.SweptAtOnce));
        }
        return connection.First("""
            INSERT INTO tokens (digest, user_id, name, scope, created_at, expires_at)
            SELECT $digest, $user, $name, $scope, $now, $expires
             WHERE (SELECT count(*) FROM tokens WHERE user_id = $user) < $max
            RETURNING id, name, scope, created_at, expires_at, last_used_at
            """, Map, ("$digest", SessionTable.Digest(secret)), ("$user", userId), ("$name", name), ("$scope", scope),
            ("$now", now.ToUnixTimeMilliseconds()), ("$expires", days is null ? null : now.AddDays(days.Value).ToUnixTimeMilliseconds()), ("$max", MaxPerUser))
            ?? throw new RefusalException(RefusalKind.Conflict, $"there are {MaxPerUser} tokens already: remove one");
    }

    private static IssuedToken? FindOriginal(Connection connection, long id, IdempotencyKey key)
    {
        var secret = key.DeriveSecret(key.StoredSalt);
        var (token, digest) = connection.First("""
            SELECT id, name, scope, created_at, expires_at, last_used_at, digest
              FROM tokens
             WHERE id = $id
            """, r => (Map(r), r.GetBytes(6)), ("$id", id));
        return token is null ? null
            : SessionTable.Digest(secret).AsSpan().SequenceEqual(digest) ? new IssuedToken(secret, token with { LastUsedAt = null })
            : throw new RefusalException(RefusalKind.Conflict, "only the session that created this token can get its secret again");
    }

    /// <summary>The caller with <paramref name="secret"/>; <see langword="null"/> if the token does not exist or its user is suspended.</summary>
    public Caller? Find(string secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        var now = _clock.Now();
        var known = _callers.Find(SessionTable.Digest(secret), now, Load);
        if (known is not null)
            _lastUse.Note(known.Caller.TokenId!.Value, known, now);
        return known?.Caller;
    }

    private KnownCaller? Load(byte[] digest, long now) => _database.Read(c => c.First($"""
        SELECT u.id, u.username, u.role, t.id, t.scope, coalesce(t.last_used_at, 0), t.expires_at
          FROM tokens t
          JOIN users u ON u.id = t.user_id
         WHERE t.digest = $digest
           AND (t.expires_at IS NULL OR t.expires_at > $now)
           AND {Suspension.IsNotInForce}
        """, MapCaller, ("$digest", digest), ("$now", now)));

    /// <summary>The actor's tokens, newest first.</summary>
    public IReadOnlyList<AccessToken> List(Actor actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        return _database.Read(c => c.All("""
            SELECT id, name, scope, created_at, expires_at, last_used_at
              FROM tokens
             WHERE user_id = $user
               AND (expires_at IS NULL OR expires_at > $now)
             ORDER BY id DESC
            """, Map, ("$user", actor.Id), ("$now", _clock.Now())));
    }

    /// <summary>Ends one of the actor's tokens.</summary>
    /// <returns>Whether there was one.</returns>
    public Task<bool> EndAsync(Actor actor, long tokenId)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tokenId);
        return _database.WriteAsync(actor, _clock, c => c.Execute("""
            DELETE FROM tokens
             WHERE id = $id
               AND user_id = $user
            """, ("$id", tokenId), ("$user", actor.Id)) > 0);
    }

    private static KnownCaller MapCaller(Row row) => new(
        new(row.GetInt64(0), row.GetString(1), RoleName.Parse(row.GetString(2))!.Value, null, row.GetInt64(3), row.GetString(4) == ScopeName.Write),
        row.GetInt64(5), row.NumberOrNull(6) ?? long.MaxValue);

    private static AccessToken Map(Row row) => new(
        row.GetInt64(0), row.GetString(1), row.GetString(2) == ScopeName.Write, row.Time(3), row.TimeOrNull(4), row.TimeOrNull(5));
}
