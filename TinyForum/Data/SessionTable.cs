using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>What an account may do beyond its own things.</summary>
public enum Role
{
    /// <summary>Nothing beyond.</summary>
    Member,

    /// <summary>Edits, hides, pins and locks others' posts, suspends accounts.</summary>
    Moderator,

    /// <summary>What a moderator may, and gives out roles.</summary>
    Admin,
}

/// <summary>Who is calling: the account behind a session or token.</summary>
/// <param name="Id">The account.</param>
/// <param name="Username">Its name.</param>
/// <param name="Role">What it may do.</param>
/// <param name="SessionId">The session, unless it is a token.</param>
/// <param name="TokenId">The token, unless it is a session.</param>
/// <param name="MayWrite">Whether it may change anything: false for a token of scope <c>read</c>.</param>
public sealed record Caller(long Id, string Username, Role Role, long? SessionId, long? TokenId, bool MayWrite);

/// <summary>A session as its owner sees it. Times are Unix milliseconds.</summary>
/// <param name="Id">Its number.</param>
/// <param name="CreatedAt">When it was started.</param>
/// <param name="LastUsedAt">When it was last used, to the minute.</param>
/// <param name="Ip">The address that it was started from.</param>
/// <param name="UserAgent">What the client called itself then, cut short if it is long.</param>
public sealed record Session(long Id, long CreatedAt, long LastUsedAt, string Ip, string UserAgent)
{
    /// <summary>When it ends unless it is used before.</summary>
    public long ExpiresAt => LastUsedAt + (long)SessionTable.Lifetime.TotalMilliseconds;
}

/// <summary>
/// The sessions: who is logged in where. A session is known by the SHA-256 of a random token; the token itself is nowhere stored.
/// It ends <see cref="Lifetime"/> after its last use. Thread-safe.
/// </summary>
public sealed class SessionTable
{
    /// <summary>How long a session lives from its last use.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(14);

    /// <summary>How many sessions a user can have; one more ends the one that was not used for longest.</summary>
    public const int MaxPerUser = 50;

    private const int MaxUserAgent = 256;

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
    /// <returns>Its token, to be kept by the client; <see langword="null"/> if there is no such account or it is suspended.</returns>
    public Task<string?> StartAsync(long userId, string ip, string userAgent) => StartAsync(userId, ip, userAgent, proof: null);

    /// <summary>As above, if the stored password is still the one that was proven.</summary>
    internal async Task<string?> StartAsync(long userId, string ip, string userAgent, string? proof)
    {
        var token = NewToken();
        var started = await _database.WriteAsync(c =>
        {
            Sweep(c);
            var rows = c.Execute("""
                INSERT INTO sessions (digest, user_id, created_at, last_used_at, ip, user_agent)
                SELECT $digest, id, $now, $now, $ip, $agent
                  FROM users
                 WHERE id = $user
                   AND ($proof IS NULL OR password = $proof)
                   AND (suspension IS NULL OR suspended_until <= $now)
                """, ("$digest", Digest(token)), ("$user", userId), ("$now", _clock.Now()), ("$ip", ip), ("$agent", Cut(userAgent)), ("$proof", proof));
            c.Execute("""
                DELETE FROM sessions
                 WHERE id IN (SELECT id
                                FROM sessions
                               WHERE user_id = $user
                               ORDER BY last_used_at DESC, id DESC
                               LIMIT -1 OFFSET $max)
                """, ("$user", userId), ("$max", MaxPerUser));
            return rows > 0;
        }).ConfigureAwait(false);
        return started ? token : null;
    }

    /// <summary>Who holds <paramref name="token"/>, or <see langword="null"/> if there is no such session any more or its user is suspended.</summary>
    public Caller? Find(string token) => Find(token, out _);

    /// <summary>As above; <paramref name="renewed"/> tells whether this use moves the session's end.</summary>
    internal Caller? Find(string token, out bool renewed)
    {
        var now = _clock.Now();
        var known = _callers.Find(Digest(token), now, Load);
        renewed = known is not null && _lastUse.Note(known.Caller.SessionId!.Value, known.LastUsedAt, now);
        return known?.Caller;
    }

    private KnownCaller? Load(byte[] digest, long now) => _database.Read(c => c.First("""
        SELECT u.id, u.username, u.role, s.id, s.last_used_at
          FROM sessions s
          JOIN users u ON u.id = s.user_id
         WHERE s.digest = $digest
           AND s.last_used_at > $oldest
           AND (u.suspension IS NULL OR u.suspended_until <= $now)
        """, MapCaller, ("$digest", digest), ("$oldest", now - LifetimeMilliseconds), ("$now", now)));

    /// <summary>A user's sessions, the last used first.</summary>
    public IReadOnlyList<Session> List(long userId) => _database.Read(c => c.All("""
        SELECT id, created_at, last_used_at, ip, user_agent
          FROM sessions
         WHERE user_id = $user
           AND last_used_at > $oldest
         ORDER BY last_used_at DESC, id DESC
        """, MapSession, ("$user", userId), ("$oldest", Oldest)));

    /// <summary>How many sessions there are.</summary>
    public long Count() => _database.Read(c => c.Number("""
        SELECT count(*)
          FROM sessions
         WHERE last_used_at > $oldest
        """, ("$oldest", _clock.Now() - LifetimeMilliseconds)))!.Value;

    /// <summary>Ends one session.</summary>
    /// <returns>Whether there was one.</returns>
    public async Task<bool> EndAsync(long userId, long sessionId) => await _database.WriteAsync(c =>
    {
        Sweep(c);
        return c.Execute("""
            DELETE FROM sessions
             WHERE id = $id
               AND user_id = $user
            """, ("$id", sessionId), ("$user", userId));
    }).ConfigureAwait(false) > 0;

    /// <summary>Ends every session of a user.</summary>
    /// <returns>How many there were.</returns>
    public Task<int> EndAllAsync(long userId) => _database.WriteAsync(c =>
    {
        Sweep(c); // what has expired does not count as logged in
        return EndAll(c, userId);
    });

    /// <summary>Ends every session of a user but perhaps one.</summary>
    internal static int EndAll(Connection connection, long userId, long? except = null) => connection.Execute("""
        DELETE FROM sessions
         WHERE user_id = $user
           AND id IS NOT $except
        """, ("$user", userId), ("$except", except));

    internal static string NewToken() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    internal static byte[] Digest(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    internal static Role ParseRole(string role) => role switch { "admin" => Role.Admin, "moderator" => Role.Moderator, _ => Role.Member };

    private long Oldest => _clock.Now() - LifetimeMilliseconds;

    private void Sweep(Connection connection) => connection.Execute("""
        DELETE FROM sessions
         WHERE last_used_at <= $oldest
        """, ("$oldest", Oldest));

    private static string Cut(string userAgent) => userAgent.Length <= MaxUserAgent ? userAgent : userAgent[..MaxUserAgent];

    private static KnownCaller MapCaller(SqliteDataReader row) => new(
        new(row.GetInt64(0), row.GetString(1), ParseRole(row.GetString(2)), row.GetInt64(3), null, MayWrite: true),
        row.GetInt64(4), row.GetInt64(4) + LifetimeMilliseconds);

    private static Session MapSession(SqliteDataReader row) =>
        new(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetString(3), row.GetString(4));
}
