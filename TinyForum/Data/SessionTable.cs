using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>A session as its owner sees it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="CreatedAt">When it was started.</param>
/// <param name="LastUsedAt">When it was last used, to the minute.</param>
/// <param name="Ip">The address that it was started from.</param>
/// <param name="UserAgent">The client's <c>User-Agent</c> then, truncated at 256 characters.</param>
public sealed record Session(long Id, DateTimeOffset CreatedAt, DateTimeOffset LastUsedAt, string Ip, string UserAgent)
{
    /// <summary>When it expires if it is not used again.</summary>
    public DateTimeOffset ExpiresAt => LastUsedAt + SessionTable.Lifetime;
}

/// <summary>
/// The sessions: who is logged in where. A session is identified by the SHA-256 of a random 256-bit token; the token itself is not stored.
/// Thread-safe.
/// </summary>
public sealed class SessionTable
{
    /// <summary>How long after its last use a session expires.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(14);

    /// <summary>How many sessions a user can have; a further one ends the least recently used.</summary>
    public const int MaxPerUser = 50;

    /// <summary>The size of a token in bytes.</summary>
    internal const int SecretBytes = 32;

    /// <summary>How many rows that have expired a write removes: each write that adds one does, so that they never pile up.</summary>
    internal const int SweptAtOnce = 100;

    private const int MaxUserAgent = 256; // characters

    private static readonly long LifetimeMilliseconds = (long)Lifetime.TotalMilliseconds;

    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly LastUse _lastUse;
    private readonly CallerCache _callers;

    internal SessionTable(Database database, TimeProvider clock)
    {
        _database = database;
        _clock = clock;
        _callers = new CallerCache(database);
        _lastUse = new LastUse(database, """
            UPDATE sessions
               SET last_used_at = $now
             WHERE id = $id
               AND last_used_at < $now
            """);
    }

    /// <summary>Starts a session.</summary>
    /// <returns>Its token, for the client; <see langword="null"/> if there is no such account or it is suspended.</returns>
    public Task<string?> StartAsync(User user, string ip, string userAgent)
    {
        ArgumentNullException.ThrowIfNull(user);
        ArgumentNullException.ThrowIfNull(ip);
        ArgumentNullException.ThrowIfNull(userAgent);
        return StartAsync(user, ip, userAgent, proof: null);
    }

    /// <summary>As above, but only if the stored password hash is still the proven one.</summary>
    internal async Task<string?> StartAsync(User user, string ip, string userAgent, string? proof)
    {
        var token = NewToken();
        var started = await _database.WriteAsync(c =>
        {
            Sweep(c);
            var rows = c.Execute($"""
                INSERT INTO sessions (digest, user_id, created_at, last_used_at, ip, user_agent)
                SELECT $digest, u.id, $now, $now, $ip, $agent
                  FROM users u
                 WHERE u.id = $user
                   AND {User.IsRegistered}
                   AND ($proof IS NULL OR u.password = $proof)
                   AND {Suspension.IsNotInForce}
                """, ("$digest", Digest(token)), ("$user", user.Id), ("$now", _clock.Now()), ("$ip", ip), ("$agent", Cut(userAgent)), ("$proof", proof));
            if (c.Number("SELECT count(*) FROM sessions WHERE user_id = $user", ("$user", user.Id)) > MaxPerUser)
                EndOldest(c, user.Id);
            return rows > 0;
        }).ConfigureAwait(false);
        return started ? token : null;
    }

    /// <summary>The caller with <paramref name="token"/>; <see langword="null"/> if the session does not exist or its user is suspended.</summary>
    public Caller? Find(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        return Find(token, out _);
    }

    /// <summary>As above; <paramref name="renewed"/> tells whether this use extends the session.</summary>
    internal Caller? Find(string token, out bool renewed)
    {
        var now = _clock.Now();
        var known = _callers.Find(Digest(token), now, Load);
        renewed = known is not null && _lastUse.Note(known.Caller.SessionId!.Value, known, now);
        return known?.Caller;
    }

    private KnownCaller? Load(byte[] digest, long now) => _database.Read(c => c.First($"""
        SELECT u.id, u.username, u.role, s.id, s.last_used_at
          FROM sessions s
          JOIN users u ON u.id = s.user_id
         WHERE s.digest = $digest
           AND s.last_used_at > $oldest
           AND {Suspension.IsNotInForce}
        """, MapCaller, ("$digest", digest), ("$oldest", now - LifetimeMilliseconds), ("$now", now)));

    /// <summary>The actor's sessions, most recently used first.</summary>
    public IReadOnlyList<Session> List(Actor actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        return _database.Read(c => c.All("""
            SELECT id, created_at, last_used_at, ip, user_agent
              FROM sessions
             WHERE user_id = $user
               AND last_used_at > $oldest
             ORDER BY last_used_at DESC, id DESC
            """, MapSession, ("$user", actor.Id), ("$oldest", Oldest)));
    }

    /// <summary>How many sessions there are.</summary>
    public long Count() => _database.Read(c => c.Number("""
        SELECT count(*)
          FROM sessions
         WHERE last_used_at > $oldest
        """, ("$oldest", Oldest)))!.Value;

    /// <summary>Ends one of the actor's sessions.</summary>
    /// <returns>Whether there was one.</returns>
    public Task<bool> EndAsync(Actor actor, long sessionId)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sessionId);
        return _database.WriteAsync(actor, _clock, c =>
        {
            Sweep(c);
            return c.Execute("""
                DELETE FROM sessions
                 WHERE id = $id
                   AND user_id = $user
                """, ("$id", sessionId), ("$user", actor.Id)) > 0;
        });
    }

    /// <summary>Ends every session of a user.</summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="RefusalException">Forbidden: the actor is neither the user nor an admin.</exception>
    public Task<int> EndAllAsync(Actor actor, User user)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentNullException.ThrowIfNull(user);
        return _database.WriteAsync(actor, _clock, c =>
        {
            Permissions.RequireMayEndSessions(c, actor, user.Id);
            Sweep(c);
            c.Execute("""
                DELETE FROM sessions
                 WHERE user_id = $user
                   AND last_used_at <= $oldest
                """, ("$user", user.Id), ("$oldest", Oldest)); // expired ones do not count
            return EndAll(c, user.Id, except: null);
        });
    }

    /// <summary>Ends every session and token of a user, except perhaps one session, and the links that would set its password.</summary>
    internal static void EndAccess(Connection connection, long userId, long? except = null)
    {
        EndAll(connection, userId, except);
        OneTimeLinks.Remove(connection, userId);
        connection.Execute("""
            DELETE FROM tokens
             WHERE user_id = $user
            """, ("$user", userId));
    }

    internal static string NewToken() => Encode(RandomNumberGenerator.GetBytes(SecretBytes));

    internal static string Encode(ReadOnlySpan<byte> secret) => Base64Url.EncodeToString(secret);

    internal static byte[] Digest(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    private long Oldest => _clock.Now() - LifetimeMilliseconds;

    private static int EndAll(Connection connection, long userId, long? except) => connection.Execute("""
        DELETE FROM sessions
         WHERE user_id = $user
           AND id IS NOT $except
        """, ("$user", userId), ("$except", except));

    // A statement that may end sessions makes everyone who is known be looked up anew: it is run if there is something for it to do.
    private void Sweep(Connection connection)
    {
        if (connection.Number("SELECT 1 FROM sessions WHERE last_used_at <= $oldest LIMIT 1", ("$oldest", Oldest)) is null)
            return;
        connection.Execute("""
            DELETE FROM sessions
             WHERE id IN (SELECT id
                            FROM sessions
                           WHERE last_used_at <= $oldest
                           ORDER BY last_used_at
                           LIMIT $limit)
            """, ("$oldest", Oldest), ("$limit", SweptAtOnce));
    }

    private static void EndOldest(Connection connection, long userId) => connection.Execute("""
        DELETE FROM sessions
         WHERE id IN (SELECT id
                        FROM sessions
                       WHERE user_id = $user
                       ORDER BY last_used_at DESC, id DESC
                       LIMIT -1 OFFSET $max)
        """, ("$user", userId), ("$max", MaxPerUser));

    private static string Cut(string userAgent) => userAgent.Length <= MaxUserAgent ? userAgent : userAgent[..MaxUserAgent];

    private static KnownCaller MapCaller(Row row) => new(
        new(row.GetInt64(0), row.GetString(1), RoleName.Parse(row.GetString(2))!.Value, row.GetInt64(3), null, MayWrite: true),
        row.GetInt64(4), row.GetInt64(4) + LifetimeMilliseconds);

    private static Session MapSession(Row row) =>
        new(row.GetInt64(0), row.Time(1), row.Time(2), row.GetString(3), row.GetString(4));
}
