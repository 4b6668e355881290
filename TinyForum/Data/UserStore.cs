using Microsoft.Data.Sqlite;
using TinyForum.Passwords;
using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>An account as others see it.</summary>
/// <param name="Id">Its number; 1 is <c>system</c>, 0 is <c>deleted</c>, which owns what erased users leave behind.</param>
/// <param name="Username">The name as registered.</param>
public sealed record User(long Id, string Username);

/// <summary>All there is to tell of an account. Times are Unix milliseconds.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Username">The name as registered.</param>
/// <param name="Role">What it may do.</param>
/// <param name="DisplayName">What it wants to be called, if it said so.</param>
/// <param name="Bio">What it says of itself, if it does.</param>
/// <param name="CreatedAt">When it was registered.</param>
/// <param name="Posts">How many threads and replies of its own can be seen.</param>
/// <param name="UnreadMessages">How many private messages it has not read. Its own business.</param>
/// <param name="UnreadNotifications">How many notifications it has not read. Its own business.</param>
/// <param name="Suspension">Why it is suspended, if it is.</param>
public sealed record Account(
    long Id, string Username, Role Role, string? DisplayName, string? Bio, long CreatedAt, long Posts,
    long UnreadMessages, long UnreadNotifications, Suspension? Suspension);

/// <summary>That an account can't be used.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Until">When it ends, Unix milliseconds; <see langword="null"/>: not by itself.</param>
public sealed record Suspension(string Reason, long? Until);

/// <summary>The accounts. Thread-safe.</summary>
public sealed class UserStore
{
    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly PasswordHasher _hasher;
    private readonly ModerationStore _moderation;

    internal UserStore(Database database, TimeProvider clock, PasswordHasher hasher, ModerationStore moderation)
    {
        (_database, _clock, _hasher, _moderation) = (database, clock, hasher, moderation);
        Passwords = new PasswordStore(database, hasher);
    }

    internal PasswordStore Passwords { get; }

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
        var hash = await _hasher.HashAsync(password, cancellationToken).ConfigureAwait(false);
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

    /// <summary>All there is to tell of the account of that name, or <see langword="null"/>.</summary>
    public Account? FindAccount(string username) => _database.Read(c => FindAccount(c, username));

    /// <summary>All there is to tell of an account, or <see langword="null"/>.</summary>
    public Account? FindAccount(long userId) => _database.Read(c => FindAccount(c, userId));

    /// <summary>The accounts in the order they were made.</summary>
    /// <param name="after">The id to start behind; 1 leaves out the built-in account.</param>
    /// <param name="limit">How many at most.</param>
    public IReadOnlyList<Account> List(long after = 1, int limit = 100) => _database.Read(c => c.All("""
        SELECT id, username, role, display_name, bio, created_at, posts, unread_messages, unread_notifications, suspension, suspended_until
          FROM users
         WHERE id > max($after, 0)
         ORDER BY id
         LIMIT $limit
        """, MapAccount, ("$after", after), ("$limit", limit)));

    /// <summary>Changes what is given; the empty string removes it.</summary>
    /// <returns>The account as it is then, or <see langword="null"/> if there is none.</returns>
    /// <exception cref="Refusal">400: a text breaks a rule.</exception>
    public Task<Account?> ChangeProfileAsync(long userId, string? displayName, string? bio) =>
        ChangeProfileAsync(userId, displayName, bio, require: null);

    /// <summary>As above, unless <paramref name="require"/> throws at the sight of what there is.</summary>
    internal async Task<Account?> ChangeProfileAsync(long userId, string? displayName, string? bio, Action<Account>? require)
    {
        var errors = new Dictionary<string, string>();
        if (displayName is not null && TextRule.DisplayName.Check(displayName) is { } mistake)
            errors["display_name"] = mistake;
        if (bio is not null && TextRule.Bio.Check(bio) is { } other)
            errors["bio"] = other;
        if (errors.Count > 0)
            throw Refusal.Invalid(errors);
        return await _database.WriteAsync(c =>
        {
            if (require is not null && FindAccount(c, userId) is { } before)
                require(before);
            return c.First("""
                UPDATE users
                   SET display_name = nullif(ifnull($name, display_name), ''),
                       bio = nullif(ifnull($bio, bio), '')
                 WHERE id = $id
                   AND id > 1
                RETURNING id, username, role, display_name, bio, created_at, posts, unread_messages, unread_notifications, suspension, suspended_until
                """, MapAccount, ("$id", userId), ("$name", displayName), ("$bio", bio));
        }).ConfigureAwait(false);
    }

    /// <summary>Gives an account a role, which counts from the very next request, and writes that into the moderation log.</summary>
    /// <param name="username">Whose.</param>
    /// <param name="role">Which.</param>
    /// <param name="actorId">Who gives it; <c>system</c> does on the command line, and may leave the forum without an admin.</param>
    /// <returns>The account as it is then, or <see langword="null"/> if there is none.</returns>
    /// <exception cref="Refusal">403: it is <c>system</c>'s. 409: an admin would leave the forum without one.</exception>
    public async Task<Account?> SetRoleAsync(string username, Role role, long actorId = 1) => await _database.WriteAsync(c =>
    {
        var account = FindAccount(c, username);
        if (account is null || account.Role == role)
            return account;
        if (account.Id == 1)
            throw Refusal.Forbidden("system has no role");
        if (account.Role == Role.Admin && actorId != 1 && c.Number("SELECT count(*) FROM users WHERE role = 'admin'") == 1)
            throw new Refusal(409, "the last admin must stay one: make another first");
        c.Execute("""
            UPDATE users
               SET role = $role
             WHERE id = $id
            """, ("$id", account.Id), ("$role", NameOf(role)));
        _moderation.Log(c, actorId, "role", postId: null, account.Id, reason: NameOf(role));
        return account with { Role = role };
    }).ConfigureAwait(false);

    /// <summary>Whether <paramref name="password"/> is the account's.</summary>
    /// <exception cref="Refusal">503: too many passwords are being hashed.</exception>
    public async Task<bool> VerifyPasswordAsync(long userId, string password, CancellationToken cancellationToken = default) =>
        await Passwords.ProveAsync(userId, password, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Gives an account a password, and ends all its sessions and tokens.</summary>
    /// <returns>Whether there is such an account; <c>system</c> is none, it can't log in.</returns>
    /// <exception cref="Refusal">400: the password breaks a rule. 503: too many passwords are being hashed.</exception>
    public async Task<bool> SetPasswordAsync(string username, string password, CancellationToken cancellationToken = default) =>
        Find(username) is { } user
        && await Passwords.SetAsync(user.Id, password, "password", proof: null, keepSession: null, cancellationToken).ConfigureAwait(false);

    /// <summary>Why and how long an account is suspended now; <see langword="null"/> if it is not.</summary>
    public Suspension? FindSuspension(long userId) => _database.Read(c => c.First("""
        SELECT suspension, suspended_until
          FROM users
         WHERE id = $id
           AND suspension IS NOT NULL
           AND (suspended_until IS NULL OR suspended_until > $now)
        """, r => new Suspension(r.GetString(0), r.IsDBNull(1) ? null : r.GetInt64(1)), ("$id", userId), ("$now", _clock.Now())));

    /// <summary>
    /// Erases an account with all that is the person's: name, profile, password, sessions, tokens, mailbox, blocks, notifications, likes.
    /// Posts stay, by <c>deleted</c>.
    /// </summary>
    /// <returns>Whether there was one that can be erased: <c>system</c> can't.</returns>
    public Task<bool> EraseAsync(long userId) => EraseAsync(userId, proof: null);

    /// <summary>As above, if the stored password is still the one that was proven.</summary>
    internal Task<bool> EraseAsync(long userId, string? proof) => _database.WriteAsync(c => AccountErasure.Erase(c, userId, proof));

    internal static User Map(SqliteDataReader row) => new(row.GetInt64(0), row.GetString(1));

    /// <summary>A role as the tables and the API spell it.</summary>
    internal static string NameOf(Role role) => role switch { Role.Admin => "admin", Role.Moderator => "moderator", _ => "member" };

    private static Account? FindAccount(Connection connection, long userId) => connection.First("""
        SELECT id, username, role, display_name, bio, created_at, posts, unread_messages, unread_notifications, suspension, suspended_until
          FROM users
         WHERE id = $id
           AND id > 0
        """, MapAccount, ("$id", userId));

    private static Account? FindAccount(Connection connection, string username) => Username.KeyOf(username) is not { } key ? null : connection.First("""
        SELECT id, username, role, display_name, bio, created_at, posts, unread_messages, unread_notifications, suspension, suspended_until
          FROM users
         WHERE username_key = $key
           AND id > 0
        """, MapAccount, ("$key", key));

    private static Account MapAccount(SqliteDataReader row) => new(
        row.GetInt64(0), row.GetString(1), SessionTable.ParseRole(row.GetString(2)), Text(row, 3), Text(row, 4), row.GetInt64(5), row.GetInt64(6),
        row.GetInt64(7), row.GetInt64(8), Text(row, 9) is { } reason ? new Suspension(reason, row.IsDBNull(10) ? null : row.GetInt64(10)) : null);

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
