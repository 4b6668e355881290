using TinyForum.Passwords;
using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>A link that sets a password, once.</summary>
/// <param name="Key">The secret that is in the link; it is not stored.</param>
/// <param name="ExpiresAt">When it ends.</param>
public sealed record PasswordLink(string Key, DateTimeOffset ExpiresAt)
{
    /// <summary>Where it leads within the forum, behind its address and base path.</summary>
    public string Path => $"{OneTimeLinks.PasswordPath}?key={Key}";
}

/// <summary>
/// Links that work once: to make the first account of an empty forum, which is its admin, and to set the password of an account. Stored is the
/// SHA-256 of the key in a link, as of sessions. Thread-safe.
/// </summary>
public sealed class OneTimeLinks
{
    /// <summary>How long a link that sets a password can be used.</summary>
    public static readonly TimeSpan PasswordLifetime = TimeSpan.FromHours(1);

    /// <summary>How long the link that makes the first account can be used.</summary>
    public static readonly TimeSpan SetupLifetime = TimeSpan.FromHours(24);

    internal const string SetupPath = "/setup", PasswordPath = "/password-reset";

    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly PasswordHasher _hasher;
    private readonly UserStore _users;
    private readonly ModerationStore _moderation;

    internal OneTimeLinks(Database database, TimeProvider clock, PasswordHasher hasher, UserStore users, ModerationStore moderation) =>
        (_database, _clock, _hasher, _users, _moderation) = (database, clock, hasher, users, moderation);

    /// <summary>Makes a link that sets an account's password. It takes the place of an earlier one, and the public log has it, without its key.</summary>
    /// <param name="actor">The admin.</param>
    /// <param name="user">The account.</param>
    /// <exception cref="RefusalException">
    /// Forbidden: the actor is not an admin, or the account is <c>system</c>. NotFound: there is no such account. Conflict: the account is
    /// suspended, or another program's login is its own.
    /// </exception>
    public Task<PasswordLink> MakePasswordLinkAsync(Actor actor, User user)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentNullException.ThrowIfNull(user);
        return MakeAsync(actor, user);
    }

    private async Task<PasswordLink> MakeAsync(Actor actor, User user)
    {
        var (key, now) = (SessionTable.NewToken(), _clock.GetUtcNow());
        var end = now + PasswordLifetime;
        await _database.WriteAsync(actor, _clock, c =>
        {
            Permissions.RequireAdmin(c, actor);
            RequireMayHavePassword(c, user.Id, _clock.Now());
            Remove(c, user.Id);
            Add(c, key, user.Id, end);
            _moderation.Log(c, actor, "password_link", postId: null, user.Id, reason: null);
            return true;
        }).ConfigureAwait(false);
        return new PasswordLink(key, Clock.Time(end.ToUnixTimeMilliseconds()));
    }

    /// <summary>Sets the password of the account that a link is for, which ends the link and the account's sessions and tokens.</summary>
    /// <param name="key">The key in the link.</param>
    /// <param name="password">The new password.</param>
    /// <param name="cancellationToken">Ends the wait for the password to be hashed.</param>
    /// <exception cref="RefusalException">
    /// Forbidden: the link has been used or replaced, or has expired. Invalid: the password breaks a rule. Busy: too many passwords are being
    /// hashed.
    /// </exception>
    public Task SetPasswordAsync(string key, string password, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(password);
        return SetAsync(key, password, cancellationToken);
    }

    private async Task SetAsync(string key, string password, CancellationToken cancellationToken)
    {
        RequirePasswordLink(key); // saves the hashing; what counts is what is found when it is written
        PasswordStore.RequireValid("password", password);
        var hash = await _hasher.HashAsync(password, cancellationToken).ConfigureAwait(false);
        await _database.WriteAsync(c =>
        {
            var user = HolderOf(c, key) ?? throw Ended();
            return PasswordStore.Set(c, user, hash, proof: null, keepSession: null) ? true : throw Ended(); // which ends the link too
        }).ConfigureAwait(false);
    }

    /// <summary>Requires that a link can set a password now.</summary>
    /// <exception cref="RefusalException">Forbidden: it can't.</exception>
    internal void RequirePasswordLink(string key)
    {
        if (_database.Read(c => HolderOf(c, key)) is null)
            throw Ended();
    }

    /// <summary>Makes the link that sets up an empty forum, in the place of earlier ones.</summary>
    /// <returns>Its key; <see langword="null"/> if there is an account already.</returns>
    internal async Task<string?> BeginSetupAsync()
    {
        if (!_database.Read(IsEmpty))
            return null;
        var key = SessionTable.NewToken();
        return await _database.WriteAsync<string?>(c =>
        {
            if (!IsEmpty(c))
                return null;
            Remove(c, user: null);
            Add(c, key, user: null, _clock.GetUtcNow() + SetupLifetime);
            return key;
        }).ConfigureAwait(false);
    }

    /// <summary>Makes the first account, an admin.</summary>
    /// <exception cref="RefusalException">
    /// Forbidden: the link has been used or has expired, or there is an account. Invalid: the name or the password breaks a rule. Busy: too many
    /// passwords are being hashed.
    /// </exception>
    internal async Task<Actor> SetUpAsync(string key, string username, string password)
    {
        RequireSetup(key);
        _ = Username.TryParse(username, out var name, out var mistake);
        RefusalException.ThrowIfInvalid(("username", mistake), ("password", TextRule.Password.Check(password)));
        var hash = await _hasher.HashAsync(password, CancellationToken.None).ConfigureAwait(false);
        return await _database.WriteAsync(c =>
        {
            if (!MaySetUp(c, key))
                throw Ended();
            Remove(c, user: null);
            var account = _users.Register(c, name!, hash) ?? throw Ended();
            return _users.MakeAdmin(c, account);
        }).ConfigureAwait(false);
    }

    /// <summary>Requires that a link can set the forum up now.</summary>
    /// <exception cref="RefusalException">Forbidden: it can't.</exception>
    internal void RequireSetup(string key)
    {
        if (!_database.Read(c => MaySetUp(c, key)))
            throw Ended();
    }

    private bool MaySetUp(Connection connection, string key) => IsEmpty(connection) && connection.Number("""
        SELECT 1
          FROM one_time_links
         WHERE digest = $digest
           AND user_id IS NULL
           AND expires_at > $now
        """, ("$digest", SessionTable.Digest(key)), ("$now", _clock.Now())) is not null;

    /// <summary>The account whose password a link can set now; a suspended one has none.</summary>
    private long? HolderOf(Connection connection, string key) => connection.Number($"""
        SELECT u.id
          FROM one_time_links l
          JOIN users u ON u.id = l.user_id
         WHERE l.digest = $digest
           AND l.expires_at > $now
           AND {User.IsRegistered}
           AND {Suspension.IsNotInForce}
        """, ("$digest", SessionTable.Digest(key)), ("$now", _clock.Now()));

    /// <summary>Whether nobody has an account.</summary>
    private static bool IsEmpty(Connection connection) => connection.Number($"""
        SELECT 1
          FROM users u
         WHERE {User.IsRegistered}
         LIMIT 1
        """) is null;

    private static void RequireMayHavePassword(Connection connection, long userId, long now)
    {
        if (userId == User.SystemId)
            throw RefusalException.Forbidden("system can't log in");
        var (isNotSuspended, isOthers) = connection.First($"""
            SELECT coalesce({Suspension.IsNotInForce}, FALSE), EXISTS (SELECT 1 FROM identities WHERE user_id = u.id)
              FROM users u
             WHERE u.id = $user
               AND {User.IsRegistered}
            """, r => ((bool, bool)?)(r.GetBoolean(0), r.GetBoolean(1)), ("$user", userId), ("$now", now)) ?? throw RefusalException.NotFound("user");
        if (isOthers)
            throw new RefusalException(RefusalKind.Conflict, "this account has no password: another program logs it in");
        if (!isNotSuspended)
            throw new RefusalException(RefusalKind.Conflict, "this account is suspended: lift that first");
    }

    /// <summary>Ends the links that set an account's password, or those that set the forum up.</summary>
    internal static void Remove(Connection connection, long? user) => connection.Execute(user is null
        ? "DELETE FROM one_time_links WHERE user_id IS NULL" : "DELETE FROM one_time_links WHERE user_id = $user", ("$user", user));

    private void Add(Connection connection, string key, long? user, DateTimeOffset end)
    {
        connection.Execute("""
            DELETE FROM one_time_links
             WHERE digest IN (SELECT digest
                                FROM one_time_links
                               WHERE expires_at <= $now
                               LIMIT $limit)
            """, ("$now", _clock.Now()), ("$limit", SessionTable.SweptAtOnce));
        connection.Execute("""
            INSERT INTO one_time_links (digest, user_id, created_at, expires_at)
            VALUES ($digest, $user, $now, $end)
            """, ("$digest", SessionTable.Digest(key)), ("$user", user), ("$now", _clock.Now()), ("$end", end.ToUnixTimeMilliseconds()));
    }

    private static RefusalException Ended() => RefusalException.Forbidden("this link has been used or has expired");
}
