using TinyForum.Passwords;
using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>The accounts. Thread-safe.</summary>
public sealed class UserStore
{
    private const string AccountColumns =
        "u.id, u.username, u.role, u.display_name, u.bio, u.created_at, u.posts, u.unread_messages, u.unread_notifications, u.suspension, u.suspended_until, "
        + "i.id, i.username";

    private const string AccountTables = """
        users u
          LEFT JOIN users i ON i.id = u.invited_by
        """;

    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly PasswordHasher _hasher;
    private readonly ModerationStore _moderation;
    private readonly Backlog _backlog;
    private readonly FilterStore _filters;
    private readonly PolicyStore _policy;

    internal UserStore(
        Database database, TimeProvider clock, PasswordHasher hasher, ModerationStore moderation, Backlog backlog, FilterStore filters, PolicyStore policy)
    {
        (_database, _clock, _hasher, _moderation, _backlog, _filters, _policy) = (database, clock, hasher, moderation, backlog, filters, policy);
        Passwords = new PasswordStore(database, clock, hasher);
    }

    internal PasswordStore Passwords { get; }

    /// <summary>Registers an account, whatever the forum's policy; <see cref="RegistrationStore"/> asks that.</summary>
    /// <returns>
    /// The account, or <see langword="null"/> if the name is taken, whatever its case and width, or looks like that of another account.
    /// </returns>
    /// <exception cref="RefusalException">
    /// Invalid: the name or the password breaks a rule, or a filter matches the name. Busy: too many passwords are being hashed.
    /// </exception>
    public Task<Actor?> RegisterAsync(string username, string password, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(username);
        ArgumentNullException.ThrowIfNull(password);
        return RegisterCoreAsync(username, password, cancellationToken);
    }

    private async Task<Actor?> RegisterCoreAsync(string username, string password, CancellationToken cancellationToken)
    {
        _ = Username.TryParse(username, out var name, out var mistake);
        RefusalException.ThrowIfInvalid(("username", mistake), ("password", TextRule.Password.Check(password)));
        if (_database.Read(c => IsTaken(c, name!)))
            return null; // saves the hashing; what is decided between simultaneous registrations is the write
        _filters.Check(("username", username)).ThrowIfMatched();
        var hash = await _hasher.HashAsync(password, cancellationToken).ConfigureAwait(false);
        return await _database.WriteAsync(c => Register(c, name!, hash)).ConfigureAwait(false);
    }

    /// <summary>Makes an account, in the caller's transaction.</summary>
    /// <returns>The account, or <see langword="null"/> if the name is taken.</returns>
    internal Actor? Register(Connection connection, Username name, string? hash, long? inviterId = null)
    {
        if (IsTaken(connection, name))
            return null;
        var registered = connection.First("""
            INSERT INTO users (username, username_key, skeleton, password, created_at, invited_by)
            VALUES ($username, $key, $skeleton, $password, $now, $inviter)
            RETURNING id, username, role
            """, MapActor, ("$username", name.Shown), ("$key", name.Key), ("$skeleton", name.Skeleton), ("$password", hash), ("$now", _clock.Now()),
            ("$inviter", inviterId))!;
        EventLog.Add(connection, new ForumEvent(0, EventKind.UserRegistered, _clock.GetUtcNow(), UserId: registered.Id));
        return registered;
    }

    /// <summary>Makes an account an admin, as the forum itself.</summary>
    internal Actor MakeAdmin(Connection connection, Actor account)
    {
        SetRole(connection, Actor.System, account.Id, Role.Admin);
        return account with { Role = Role.Admin };
    }

    /// <summary>The part of <see cref="SetRoleAsync"/> that is written.</summary>
    internal void SetRole(Connection connection, Actor actor, long userId, Role role)
    {
        connection.Execute("""
            UPDATE users
               SET role = $role
             WHERE id = $id
            """, ("$id", userId), ("$role", RoleName.Of(role)));
        _moderation.Log(connection, actor, "role", postId: null, userId, reason: RoleName.Of(role));
    }

    /// <summary>Whether there is an account of that name, or one whose name looks like it, as it is shown or as it is folded.</summary>
    internal static bool IsTaken(Connection connection, Username name) => connection.Number("""
        SELECT 1
          FROM users
         WHERE username_key IN ($key, $skeleton)
            OR skeleton = $skeleton
         LIMIT 1
        """, ("$key", name.Key), ("$skeleton", name.Skeleton)) is not null;

    /// <summary>Writes what the accounts' names look like, of a database that does not have it. Those that look like others stay.</summary>
    internal static void FillSkeletons(Connection connection, ProgressReporter pace) => connection.ForEach($"""
        SELECT id, username
          FROM users u
         WHERE {User.IsRegistered}
         ORDER BY id
        """, row =>
        {
            connection.Execute("""
                UPDATE users
                   SET skeleton = $skeleton
                 WHERE id = $id
                """, ("$id", row.GetInt64(0)), ("$skeleton", NameSkeleton.Of(row.GetString(1))));
            if (pace.IsDue)
                pace.Tell($"names, user {row.GetInt64(0)}");
        });

    /// <summary>The account with that name, whatever its case and width, or <see langword="null"/>.</summary>
    public User? Find(string username)
    {
        ArgumentNullException.ThrowIfNull(username);
        return _database.Read(c => Find(c, username));
    }

    /// <summary>The account with that id, or <see langword="null"/>.</summary>
    public User? Find(long id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        return _database.Read(c => c.First($"""
            SELECT id, username
              FROM users u
             WHERE id = $id
               AND {User.IsRegistered}
            """, r => r.User(0), ("$id", id)));
    }

    internal static User? Find(Connection connection, string username) =>
        Username.KeyOf(username) is { } key ? FindByKey(connection, key) : null;

    /// <summary>
    /// As <see cref="Find(string)"/>, but <c>deleted</c> is found, too: posts and messages of erased users are shown by that name.
    /// </summary>
    internal User? FindAuthor(string username) => _database.Read(c => FindAuthor(c, username));

    internal static User? FindAuthor(Connection connection, string username) => Username.KeyOf(username) switch
    {
        null => null,
        User.DeletedName => new User(User.DeletedId, User.DeletedName),
        var key => FindByKey(connection, key),
    };

    /// <summary>Requires that a session or token still stands, for what changes nothing that would require it.</summary>
    /// <exception cref="RefusalException">Unauthenticated or Forbidden: it has ended, or its account is suspended.</exception>
    internal void RequireStanding(Actor actor) => _database.Read(c =>
    {
        Permissions.RequireStanding(c, actor, _clock.Now());
        return true;
    });

    /// <summary>The account whose name has this key (see <see cref="Username.KeyOf"/>), or <see langword="null"/>.</summary>
    internal static User? FindByKey(Connection connection, string key) => connection.First($"""
        SELECT id, username
          FROM users u
         WHERE username_key = $key
           AND {User.IsNamed}
        """, r => r.User(0), ("$key", key));

    /// <summary>The account with that name as an actor, or <see langword="null"/>.</summary>
    public Actor? FindActor(string username)
    {
        ArgumentNullException.ThrowIfNull(username);
        return Username.KeyOf(username) is not { } key ? null : _database.Read(c => c.First($"""
            SELECT id, username, role
              FROM users u
             WHERE username_key = $key
               AND {User.IsRegistered}
            """, MapActor, ("$key", key)));
    }

    /// <summary>The account with that name, with its profile and counts, or <see langword="null"/>.</summary>
    public Account? FindAccount(string username)
    {
        ArgumentNullException.ThrowIfNull(username);
        return _database.Read(c => FindAccount(c, username));
    }

    /// <summary>The account with that id, with its profile and counts, or <see langword="null"/>.</summary>
    public Account? FindAccount(long userId)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(userId);
        return _database.Read(c => FindAccount(c, userId));
    }

    /// <summary>A page of the registered accounts, oldest first.</summary>
    /// <param name="limit">How many at most.</param>
    /// <param name="from">The <see cref="Page{T}.Next"/> of the page before.</param>
    public Page<Account> List(int limit = PagePosition.DefaultSize, PagePosition? from = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return _database.Read(c => c.Page($"""
            SELECT {AccountColumns}
              FROM {AccountTables}
             WHERE u.id > $after
               AND {User.IsNamed}
             ORDER BY u.id
             LIMIT $limit
            """, MapAccount, limit, last => [last.Id], ("$after", from?.KeyOf(1)[0] ?? User.SystemId)));
    }

    /// <summary>Changes the actor's profile. What is <see langword="null"/> stays; an empty string removes.</summary>
    /// <param name="actor">The actor.</param>
    /// <param name="displayName">The new display name, if it changes.</param>
    /// <param name="bio">The new description, if it changes.</param>
    /// <param name="expected">The account as it must still be; <see langword="null"/> for any state.</param>
    /// <returns>The changed account, or <see langword="null"/> if there is none.</returns>
    /// <exception cref="RefusalException">
    /// Invalid: a text breaks a rule, or a filter matches it. Stale: the account differs from <paramref name="expected"/>.
    /// </exception>
    public Task<Account?> ChangeProfileAsync(Actor actor, string? displayName, string? bio, Account? expected = null)
    {
        ArgumentNullException.ThrowIfNull(actor);
        RefusalException.ThrowIfInvalid(("display_name", TextRule.DisplayName.CheckOptional(displayName)), ("bio", TextRule.Bio.CheckOptional(bio)));
        var verdict = _filters.Check(("display_name", displayName), ("bio", bio));
        var counts = NewAccounts.Count(_policy.Current, actor, displayName, bio);
        return _database.WriteAsync(actor, _clock, c =>
        {
            if (expected is not null && FindAccount(c, actor.Id) is { } present && present != expected)
                throw new RefusalException(RefusalKind.Stale, "the account has changed since");
            verdict.ThrowIfMatched(c, actor);
            NewAccounts.RequireModestProfile(c, _policy.Of(c), actor, counts, _clock.Now());
            c.Execute($"""
                UPDATE users AS u
                   SET display_name = nullif(coalesce($name, display_name), ''),
                       bio = nullif(coalesce($bio, bio), '')
                 WHERE id = $id
                   AND {User.IsRegistered}
                """, ("$id", actor.Id), ("$name", displayName), ("$bio", bio));
            return FindAccount(c, actor.Id);
        });
    }

    /// <summary>Assigns a role, which counts from the next request on, and adds that to the moderation log.</summary>
    /// <param name="actor">The admin; only <see cref="Actor.System"/> may leave the forum without one.</param>
    /// <param name="username">The name of the account.</param>
    /// <param name="role">The role.</param>
    /// <returns>The changed account, or <see langword="null"/> if there is none.</returns>
    /// <exception cref="RefusalException">
    /// Forbidden: the actor is not an admin, or the account is <c>system</c>. Conflict: the forum would be left without an admin.
    /// </exception>
    public Task<Account?> SetRoleAsync(Actor actor, string username, Role role)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentNullException.ThrowIfNull(username);
        ArgumentCheck.ThrowIfUndefined(role);
        return _database.WriteAsync(actor, _clock, c => SetRole(c, actor, username, role));
    }

    private Account? SetRole(Connection c, Actor actor, string username, Role role)
    {
        Permissions.RequireAdmin(c, actor);
        var account = FindAccount(c, username);
        if (account is null || account.Role == role)
            return account;
        if (account.Id == User.SystemId)
            throw SystemHasNoRole();
        if (actor.Id != User.SystemId)
            Permissions.RequireAnotherAdmin(c, account.Id, _clock.Now());
        SetRole(c, actor, account.Id, role);
        return account with { Role = role };
    }

    /// <summary>Whether <paramref name="password"/> is the account's.</summary>
    /// <exception cref="RefusalException">Busy: too many passwords are being hashed.</exception>
    public Task<bool> VerifyPasswordAsync(User user, string password, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(user);
        ArgumentNullException.ThrowIfNull(password);
        return VerifyPasswordCoreAsync(user, password, cancellationToken);
    }

    private async Task<bool> VerifyPasswordCoreAsync(User user, string password, CancellationToken cancellationToken) =>
        await Passwords.ProveAsync(user.Id, password, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Sets an account's password, and ends all its sessions and tokens.</summary>
    /// <returns>Whether there is such an account; false for <c>system</c>, which can't log in.</returns>
    /// <exception cref="RefusalException">Invalid: the password breaks a rule. Busy: too many passwords are being hashed.</exception>
    public Task<bool> SetPasswordAsync(User user, string password, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(user);
        ArgumentNullException.ThrowIfNull(password);
        return Passwords.SetAsync(Actor.System, user, password, "password", proof: null, keepSession: null, cancellationToken);
    }

    /// <summary>The current suspension of an account; <see langword="null"/> if it is not suspended.</summary>
    public Suspension? FindSuspension(User user)
    {
        ArgumentNullException.ThrowIfNull(user);
        return _database.Read(c => c.First($"""
            SELECT u.suspension, u.suspended_until
              FROM users u
             WHERE u.id = $id
               AND NOT coalesce({Suspension.IsNotInForce}, FALSE)
            """, r => new Suspension(r.GetString(0), r.TimeOrNull(1)), ("$id", user.Id), ("$now", _clock.Now())));
    }

    /// <summary>
    /// Erases the actor's account with everything personal: name, profile, password, sessions, tokens, mailbox, blocks, notifications, likes.
    /// Posts stay, with <c>deleted</c> as their author. The account and its name are gone at once; with much to erase, the rest takes a while.
    /// </summary>
    /// <returns>Whether there was such an account; false for <c>system</c>, which can't be erased.</returns>
    public Task<bool> EraseAsync(Actor actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        return EraseAsync(actor, proof: null);
    }

    /// <summary>As above, but only if the stored password hash is still the proven one.</summary>
    internal async Task<bool> EraseAsync(Actor actor, string? proof)
    {
        var isErased = await _database.WriteAsync(actor, _clock, c =>
        {
            var begun = AccountErasure.Begin(c, actor.Id, proof, _clock.Now());
            if (begun)
                EventLog.Add(c, new ForumEvent(0, EventKind.UserErased, _clock.GetUtcNow()));
            return begun;
        }).ConfigureAwait(false);
        if (isErased)
            await _backlog.FinishAsync(c => AccountErasure.Slice(c, actor.Id)).ConfigureAwait(false);
        return isErased;
    }

    internal static RefusalException SystemHasNoRole() => RefusalException.Forbidden("system has no role");

    private static Account? FindAccount(Connection connection, long userId) => connection.First($"""
        SELECT {AccountColumns}
          FROM {AccountTables}
         WHERE u.id = $id
           AND {User.IsNamed}
        """, MapAccount, ("$id", userId));

    private static Account? FindAccount(Connection connection, string username) => Username.KeyOf(username) is not { } key ? null : connection.First($"""
        SELECT {AccountColumns}
          FROM {AccountTables}
         WHERE u.username_key = $key
           AND {User.IsNamed}
        """, MapAccount, ("$key", key));

    private static Actor MapActor(Row row) => new(row.GetInt64(0), row.GetString(1), RoleName.Parse(row.GetString(2))!.Value);

    private static Account MapAccount(Row row) => new(
        row.GetInt64(0), row.GetString(1), RoleName.Parse(row.GetString(2))!.Value, row.TextOrNull(3), row.TextOrNull(4), row.Time(5), row.GetInt64(6),
        row.GetInt64(7), row.GetInt64(8), row.TextOrNull(9) is { } reason ? new Suspension(reason, row.TimeOrNull(10)) : null, row.UserOrNull(11));
}
