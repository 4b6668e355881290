using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;

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

/// <summary>
/// The sessions: who is logged in where. A session is known by the SHA-256 of a random token of 256 bits; the token itself is nowhere stored.
/// It ends 14 days after its last use. Thread-safe.
/// </summary>
public sealed class SessionTable
{
    /// <summary>How long a session lives from its last use.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(14);

    private readonly Database _database;
    private readonly TimeProvider _clock;

    internal SessionTable(Database database, TimeProvider clock) => (_database, _clock) = (database, clock);

    /// <summary>Starts a session.</summary>
    /// <returns>Its token, to be kept by the client.</returns>
    public async Task<string> StartAsync(long userId, string ip, string userAgent)
    {
        var token = NewToken();
        await _database.WriteAsync(c => c.Execute("""
            INSERT INTO sessions (digest, user_id, created_at, last_used_at, ip, user_agent)
            VALUES ($digest, $user, $now, $now, $ip, $agent)
            """, ("$digest", Digest(token)), ("$user", userId), ("$now", _clock.Now()), ("$ip", ip), ("$agent", userAgent))).ConfigureAwait(false);
        return token;
    }

    /// <summary>Who holds <paramref name="token"/>, or <see langword="null"/> if there is no such session any more.</summary>
    public Caller? Find(string token) => _database.Read(c => c.First("""
        SELECT u.id, u.username, u.role, s.id
          FROM sessions s
          JOIN users u ON u.id = s.user_id
         WHERE s.digest = $digest
           AND s.last_used_at > $oldest
        """, MapCaller, ("$digest", Digest(token)), ("$oldest", _clock.Now() - (long)Lifetime.TotalMilliseconds)));

    /// <summary>How many sessions there are.</summary>
    public long Count() => _database.Read(c => c.Number("""
        SELECT count(*)
          FROM sessions
         WHERE last_used_at > $oldest
        """, ("$oldest", _clock.Now() - (long)Lifetime.TotalMilliseconds)))!.Value;

    /// <summary>Ends one session.</summary>
    /// <returns>Whether there was one.</returns>
    public async Task<bool> EndAsync(long userId, long sessionId) => await _database.WriteAsync(c => c.Execute("""
        DELETE FROM sessions
         WHERE id = $id
           AND user_id = $user
        """, ("$id", sessionId), ("$user", userId))).ConfigureAwait(false) > 0;

    /// <summary>Ends every session of a user.</summary>
    /// <returns>How many there were.</returns>
    public Task<int> EndAllAsync(long userId) => _database.WriteAsync(c => c.Execute("""
        DELETE FROM sessions
         WHERE user_id = $user
        """, ("$user", userId)));

    internal static string NewToken() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    internal static byte[] Digest(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    internal static Role ParseRole(string role) => role switch { "admin" => Role.Admin, "moderator" => Role.Moderator, _ => Role.Member };

    private static Caller MapCaller(SqliteDataReader row) =>
        new(row.GetInt64(0), row.GetString(1), ParseRole(row.GetString(2)), row.GetInt64(3), null, MayWrite: true);
}
