using Microsoft.Data.Sqlite;
using TinyForum.Passwords;
using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>All there is to tell of an account.</summary>
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
    long Id, string Username, Role Role, string? DisplayName, string? Bio, DateTimeOffset CreatedAt, long Posts,
    long UnreadMessages, long UnreadNotifications, Suspension? Suspension);

/// <summary>That an account can't be used.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Until">When it ends; <see langword="null"/>: not by itself.</param>
public sealed record Suspension(string Reason, DateTimeOffset? Until)
{
    /// <summary>A condition of SQL on <c>users u</c>: nobody has suspended the account, or that is over at <c>$now</c>.</summary>
    internal const string IsNotInForce = "(u.suspension IS NULL OR u.suspended_until <= $now)";
}

/// <summary>The accounts. Thread-safe.</summary>
public sealed class UserStore
{
    private const string AccountColumns =
        "u.id, u.username, u.role, u.display_name, u.bio, u.created_at, u.posts, u.unread_messages, u.unread_notifications, u.suspension, u.suspended_until";

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
    /// <exception cref="RefusalException">Invalid: the name or the password breaks a rule. Busy: too many passwords are being hashed.</exception>
    public async Task<Actor?> RegisterAsync(string username, string password, CancellationToken cancellationToken = default)
    {
        _ = Username.TryParse(username, out var name, out var mistake);
        RefusalException.ThrowIfInvalid(("username", mistake), ("password", TextRule.Password.Check(password)));
        if (Find(name!.Shown) is not null)
            return null; // spares the hash; the constraint decides among those that come at once
        var hash = await _hasher.HashAsync(password, cancellationToken).ConfigureAwait(false);
        return await _database.WriteAsync(c => c.First("""
            INSERT INTO users (username, username_key, password, created_at)
            VALUES ($username, $key, $password, $now)
                ON CONFLICT (username_key) DO NOTHING
            RETURNING id, username, role
            """, MapActor, ("$username", name.Shown), ("$key", name.Key), ("$password", hash), ("$now", _clock.Now()))).ConfigureAwait(false);
    }

    /// <summary>The account of that name, without regard to case and width, or <see langword="null"/>.</summary>
    public User? Find(string username) => _database.Read(c => Find(c, username));

    /// <summary>As <see cref="Find(string)"/>, in a transaction.</summary>
    internal static User? Find(Connection connection, string username) =>
        Username.KeyOf(username) is { } key ? FindByKey(connection, key) : null;

    /// <summary>The account whose name has this key (see <see cref="Username.KeyOf"/>), or <see langword="null"/>.</summary>
    internal static User? FindByKey(Connection connection, string key) => connection.First($"""
        SELECT id, username
          FROM users
         WHERE username_key = $key
           AND {User.IsNamed}
        """, r => r.User(0), ("$key", key));

    /// <summary>The account of that name as one who acts, or <see langword="null"/>.</summary>
    public Actor? FindActor(string username) => Username.KeyOf(username) is not { } key ? null : _database.Read(c => c.First($"""
        SELECT id, username, role
          FROM users
         WHERE username_key = $key
           AND {User.IsRegistered}
        """, MapActor, ("$key", key)));

    /// <summary>All there is to tell of the account of that name, or <see langword="null"/>.</summary>
    public Account? FindAccount(string username) => _database.Read(c => FindAccount(c, username));

    /// <summary>All there is to tell of an account, or <see langword="null"/>.</summary>
    public Account? FindAccount(long userId) => _database.Read(c => FindAccount(c, userId));

    /// <summary>A page of the registered accounts, the oldest first.</summary>
    /// <param name="limit">How many at most.</param>
    /// <param name="from">The <see cref="Page{T}.Next"/> of the page before.</param>
    public Page<Account> List(int limit = PagePosition.DefaultSize, PagePosition? from = null) => _database.Read(c =>
    {
        var rows = c.All($"""
            SELECT {AccountColumns}
              FROM users u
             WHERE id > $after
             ORDER BY id
             LIMIT $limit
            """, MapAccount, ("$after", from?.KeyOf(1)[0] ?? User.SystemId), ("$limit", limit + 1));
        return Page<Account>.Cut(rows, limit, last => [last.Id]);
    });

    /// <summary>Changes what is given; the empty string removes it.</summary>
    /// <param name="actor">Whose profile.</param>
    /// <param name="displayName">What the user wants to be called, if that changes.</param>
    /// <param name="bio">What the user says of himself or herself, if that changes.</param>
    /// <param name="expected">The account as it must still be; <see langword="null"/>: however it is.</param>
    /// <returns>The account as it is then, or <see langword="null"/> if there is none.</returns>
    /// <exception cref="RefusalException">Invalid: a text breaks a rule. Stale: the account is not as <paramref name="expected"/>.</exception>
    public Task<Account?> ChangeProfileAsync(Actor actor, string? displayName, string? bio, Account? expected = null)
    {
        RefusalException.ThrowIfInvalid(("display_name", TextRule.DisplayName.Check(displayName)), ("bio", TextRule.Bio.Check(bio)));
        return _database.WriteAsync(c =>
        {
            if (expected is not null && FindAccount(c, actor.Id) is { } present && present != expected)
                throw new RefusalException(RefusalKind.Stale, "the account has changed since");
            c.Execute($"""
                UPDATE users
                   SET display_name = nullif(coalesce($name, display_name), ''),
                       bio = nullif(coalesce($bio, bio), '')
                 WHERE id = $id
                   AND {User.IsRegistered}
                """, ("$id", actor.Id), ("$name", displayName), ("$bio", bio));
            return FindAccount(c, actor.Id);
        });
    }

    /// <summary>Gives an account a role, which counts from the very next request, and writes that into the moderation log.</summary>
    /// <param name="actor">Who gives it; only <see cref="Actor.System"/> may leave the forum without an admin.</param>
    /// <param name="username">Whose.</param>
    /// <param name="role">Which.</param>
    /// <returns>The account as it is then, or <see langword="null"/> if there is none.</returns>
    /// <exception cref="RefusalException">
    /// Forbidden: the actor is no admin, or it is the role of <c>system</c>. Conflict: the forum would be left without an admin.
    /// </exception>
    public Task<Account?> SetRoleAsync(Actor actor, string username, Role role) => _database.WriteAsync(c =>
    {
        Rights.RequireAdmin(c, actor);
        var account = FindAccount(c, username);
        if (account is null || account.Role == role)
            return account;
        if (account.Id == User.SystemId)
            throw RefusalException.Forbidden("system has no role");
        if (account.Role == Role.Admin && actor.Id != User.SystemId && c.Number("SELECT count(*) FROM users WHERE role = 'admin'") == 1)
            throw new RefusalException(RefusalKind.Conflict, "the last admin must stay one: make another first");
        c.Execute("""
            UPDATE users
               SET role = $role
             WHERE id = $id
            """, ("$id", account.Id), ("$role", RoleName.Of(role)));
        _moderation.Log(c, actor, "role", postId: null, account.Id, reason: RoleName.Of(role));
        return account with { Role = role };
    });

    /// <summary>Whether <paramref name="password"/> is the account's.</summary>
    /// <exception cref="RefusalException">Busy: too many passwords are being hashed.</exception>
    public async Task<bool> VerifyPasswordAsync(User user, string password, CancellationToken cancellationToken = default) =>
        await Passwords.ProveAsync(user.Id, password, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Gives an account a password, and ends all its sessions and tokens.</summary>
    /// <returns>Whether there is such an account; <c>system</c> is none, it can't log in.</returns>
    /// <exception cref="RefusalException">Invalid: the password breaks a rule. Busy: too many passwords are being hashed.</exception>
    public Task<bool> SetPasswordAsync(User user, string password, CancellationToken cancellationToken = default) =>
        Passwords.SetAsync(user.Id, password, "password", proof: null, keepSession: null, cancellationToken);

    /// <summary>Why and how long an account is suspended now; <see langword="null"/> if it is not.</summary>
    public Suspension? FindSuspension(User user) => _database.Read(c => c.First($"""
        SELECT u.suspension, u.suspended_until
          FROM users u
         WHERE u.id = $id
           AND NOT coalesce({Suspension.IsNotInForce}, FALSE)
        """, r => new Suspension(r.GetString(0), r.TimeOrNull(1)), ("$id", user.Id), ("$now", _clock.Now())));

    /// <summary>
    /// Erases the actor's account with all that is the person's: name, profile, password, sessions, tokens, mailbox, blocks, notifications, likes.
    /// Posts stay, by <c>deleted</c>.
    /// </summary>
    /// <returns>Whether there was one that can be erased: <c>system</c> can't.</returns>
    public Task<bool> EraseAsync(Actor actor) => EraseAsync(actor, proof: null);

    /// <summary>As above, if the stored password is still the one that was proven.</summary>
    internal Task<bool> EraseAsync(Actor actor, string? proof) => _database.WriteAsync(c => AccountErasure.Erase(c, actor.Id, proof));

    private static Account? FindAccount(Connection connection, long userId) => connection.First($"""
        SELECT {AccountColumns}
          FROM users u
         WHERE id = $id
           AND {User.IsNamed}
        """, MapAccount, ("$id", userId));

    private static Account? FindAccount(Connection connection, string username) => Username.KeyOf(username) is not { } key ? null : connection.First($"""
        SELECT {AccountColumns}
          FROM users u
         WHERE username_key = $key
           AND {User.IsNamed}
        """, MapAccount, ("$key", key));

    private static Actor MapActor(SqliteDataReader row) => new(row.GetInt64(0), row.GetString(1), RoleName.Parse(row.GetString(2))!.Value);

    private static Account MapAccount(SqliteDataReader row) => new(
        row.GetInt64(0), row.GetString(1), RoleName.Parse(row.GetString(2))!.Value, row.TextOrNull(3), row.TextOrNull(4), row.Time(5), row.GetInt64(6),
        row.GetInt64(7), row.GetInt64(8), row.TextOrNull(9) is { } reason ? new Suspension(reason, row.TimeOrNull(10)) : null);
}
