using Microsoft.Data.Sqlite;

namespace TinyForum.Data;

/// <summary>An account as others see it.</summary>
/// <param name="Id">Its number; 1 is <c>system</c>, 0 is <c>deleted</c>, which owns what erased users leave behind.</param>
/// <param name="Username">The name as registered.</param>
public sealed record User(long Id, string Username);

/// <summary>The accounts. Thread-safe.</summary>
public sealed class UserStore
{
    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly PasswordHasher _passwords;

    internal UserStore(Database database, TimeProvider clock, PasswordHasher passwords) =>
        (_database, _clock, _passwords) = (database, clock, passwords);

    /// <summary>Makes an account.</summary>
    /// <returns>The account, or <see langword="null"/> if the name is taken (without regard to case and width).</returns>
    /// <exception cref="Refusal">400: the name or the password breaks a rule. 503: too many passwords are being hashed.</exception>
    public async Task<User?> RegisterAsync(string username, string password, CancellationToken cancellationToken = default)
    {
        var errors = new Dictionary<string, string>();
        if (!Username.TryParse(username, out var name, out var why))
            errors["username"] = why;
        if (TextRule.Password.Check(password) is { } mistake)
            errors["password"] = mistake;
        if (errors.Count > 0)
            throw Refusal.Invalid(errors);
        if (Find(name!.Shown) is not null)
            return null; // spares the hash; the constraint decides among those that come at once
        var hash = await _passwords.HashAsync(password, cancellationToken).ConfigureAwait(false);
        return await _database.WriteAsync(c => c.First("""
            INSERT INTO users (username, username_key, password, created_at)
            VALUES ($username, $key, $password, $now)
                ON CONFLICT (username_key) DO NOTHING
            RETURNING id, username
            """, Map, ("$username", name.Shown), ("$key", name.Key), ("$password", hash), ("$now", _clock.Now()))).ConfigureAwait(false);
    }

    /// <summary>The account of that name, without regard to case and width, or <see langword="null"/>.</summary>
    public User? Find(string username) => _database.Read(c => Find(c, username));

    /// <summary>As <see cref="Find(string)"/>, in a transaction.</summary>
    internal static User? Find(Connection connection, string username) =>
        Username.KeyOf(username) is { } key ? FindByKey(connection, key) : null;

    /// <summary>The account whose name has this key (see <see cref="Username.KeyOf"/>), or <see langword="null"/>.</summary>
    internal static User? FindByKey(Connection connection, string key) => connection.First("""
        SELECT id, username
          FROM users
         WHERE username_key = $key
           AND id > 0
        """, Map, ("$key", key));

    /// <summary>Whether <paramref name="password"/> is the account's. A hash of other parameters than today's is renewed.</summary>
    /// <exception cref="Refusal">503: too many passwords are being hashed.</exception>
    public async Task<bool> VerifyPasswordAsync(long userId, string password, CancellationToken cancellationToken = default)
    {
        var stored = _database.Read(c => c.First("""
            SELECT password
              FROM users
             WHERE id = $id
            """, r => r.IsDBNull(0) ? null : r.GetString(0), ("$id", userId)));
        if (stored is null)
            return false;
        var (matches, outdated) = await _passwords.VerifyAsync(stored, password, cancellationToken).ConfigureAwait(false);
        if (matches && outdated)
        {
            var renewed = await _passwords.HashAsync(password, cancellationToken).ConfigureAwait(false);
            await _database.WriteAsync(c => c.Execute("""
                UPDATE users
                   SET password = $new
                 WHERE id = $id
                   AND password = $old
                """, ("$new", renewed), ("$id", userId), ("$old", stored))).ConfigureAwait(false);
        }
        return matches;
    }

    internal static User Map(SqliteDataReader row) => new(row.GetInt64(0), row.GetString(1));
}
