using Microsoft.Data.Sqlite;
using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>An access token as its owner sees it. Times are Unix milliseconds.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">What its owner calls it.</param>
/// <param name="MayWrite">Whether its scope is <c>write</c>; otherwise it is <c>read</c>.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it ends, if ever.</param>
/// <param name="LastUsedAt">When it was last used, to the minute, if ever.</param>
public sealed record AccessToken(long Id, string Name, bool MayWrite, long CreatedAt, long? ExpiresAt, long? LastUsedAt);

/// <summary>The access tokens by which scripts call. Known by their SHA-256, like the sessions. Thread-safe.</summary>
public sealed class TokenStore
{
    /// <summary>How many tokens a user can have.</summary>
    public const int MaxPerUser = 50;

    /// <summary>How many days a token can be made for.</summary>
    public const int MaxDays = 3650;

    private const long DayInMilliseconds = 86_400_000;

    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly LastUse _lastUse;
    private readonly CallerCache _callers;

    internal TokenStore(Database database, TimeProvider clock)
    {
        _database = database;
        _clock = clock;
        _callers = new CallerCache(database);
        _lastUse = new LastUse(database, """
            UPDATE tokens
               SET last_used_at = $now
             WHERE id = $id
               AND (last_used_at IS NULL OR last_used_at < $now)
            """);
    }

    /// <summary>Makes a token.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="name">What its owner calls it.</param>
    /// <param name="mayWrite">Whether it may change anything.</param>
    /// <param name="days">Days it lives, 1 to <see cref="MaxDays"/>; <see langword="null"/> for as long as the account does.</param>
    /// <returns>The token, which is nowhere stored, and what is.</returns>
    /// <exception cref="Refusal">400: the name or the days break a rule. 409: the user has <see cref="MaxPerUser"/> already.</exception>
    public async Task<(string Secret, AccessToken Token)> CreateAsync(long userId, string name, bool mayWrite, long? days = null)
    {
        if (Mistakes(name, days) is { Count: > 0 } mistakes)
            throw Refusal.Invalid(mistakes);
        var secret = SessionTable.NewToken();
        return (secret, await _database.WriteAsync(c => Create(c, userId, name, mayWrite, days, secret)).ConfigureAwait(false));
    }

    /// <summary>For each field at fault, the rule it breaks.</summary>
    internal static Dictionary<string, string> Mistakes(string name, long? days)
    {
        var errors = new Dictionary<string, string>();
        if (TextRule.TokenName.Check(name) is { } why)
            errors["name"] = why;
        if (days is < 1 or > MaxDays)
            errors["expires_in_days"] = $"must be 1 to {MaxDays}";
        return errors;
    }

    internal AccessToken Create(Connection connection, long userId, string name, bool mayWrite, long? days, string secret)
    {
        var now = _clock.Now();
        connection.Execute("""
            DELETE FROM tokens
             WHERE expires_at <= $now
            """, ("$now", now));
        return connection.First("""
            INSERT INTO tokens (digest, user_id, name, scope, created_at, expires_at)
            SELECT $digest, $user, $name, $scope, $now, $expires
             WHERE (SELECT count(*) FROM tokens WHERE user_id = $user) < $max
            RETURNING id, name, scope, created_at, expires_at, last_used_at
            """, Map, ("$digest", SessionTable.Digest(secret)), ("$user", userId), ("$name", name), ("$scope", mayWrite ? "write" : "read"),
            ("$now", now), ("$expires", now + days * DayInMilliseconds), ("$max", MaxPerUser))
            ?? throw new Refusal(409, $"there are {MaxPerUser} tokens already: remove one");
    }

    /// <summary>Who holds <paramref name="secret"/>, or <see langword="null"/> if there is no such token any more or its user is suspended.</summary>
    public Caller? Find(string secret)
    {
        var now = _clock.Now();
        var known = _callers.Find(SessionTable.Digest(secret), now, Load);
        if (known is not null)
            _lastUse.Note(known.Caller.TokenId!.Value, known.LastUsedAt, now);
        return known?.Caller;
    }

    private KnownCaller? Load(byte[] digest, long now) => _database.Read(c => c.First("""
        SELECT u.id, u.username, u.role, t.id, t.scope, ifnull(t.last_used_at, 0), t.expires_at
          FROM tokens t
          JOIN users u ON u.id = t.user_id
         WHERE t.digest = $digest
           AND (t.expires_at IS NULL OR t.expires_at > $now)
           AND (u.suspension IS NULL OR u.suspended_until <= $now)
        """, MapCaller, ("$digest", digest), ("$now", now)));

    /// <summary>A user's tokens, the newest first.</summary>
    public IReadOnlyList<AccessToken> List(long userId) => _database.Read(c => c.All("""
        SELECT id, name, scope, created_at, expires_at, last_used_at
          FROM tokens
         WHERE user_id = $user
           AND (expires_at IS NULL OR expires_at > $now)
         ORDER BY id DESC
        """, Map, ("$user", userId), ("$now", _clock.Now())));

    /// <summary>Ends one token.</summary>
    /// <returns>Whether there was one.</returns>
    public async Task<bool> EndAsync(long userId, long tokenId) => await _database.WriteAsync(c => c.Execute("""
        DELETE FROM tokens
         WHERE id = $id
           AND user_id = $user
        """, ("$id", tokenId), ("$user", userId))).ConfigureAwait(false) > 0;

    /// <summary>Ends every token of a user.</summary>
    internal static int EndAll(Connection connection, long userId) => connection.Execute("""
        DELETE FROM tokens
         WHERE user_id = $user
        """, ("$user", userId));

    private static KnownCaller MapCaller(SqliteDataReader row) => new(
        new(row.GetInt64(0), row.GetString(1), SessionTable.ParseRole(row.GetString(2)), null, row.GetInt64(3), row.GetString(4) == "write"),
        row.GetInt64(5), row.IsDBNull(6) ? long.MaxValue : row.GetInt64(6));

    private static AccessToken Map(SqliteDataReader row) => new(
        row.GetInt64(0), row.GetString(1), row.GetString(2) == "write", row.GetInt64(3),
        row.IsDBNull(4) ? null : row.GetInt64(4), row.IsDBNull(5) ? null : row.GetInt64(5));
}
