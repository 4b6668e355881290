using TinyForum.Passwords;
using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>What somebody gives who wants to come in.</summary>
/// <param name="Username">The name.</param>
/// <param name="Password">The password.</param>
/// <param name="Application">Why they want to, where a moderator decides.</param>
/// <param name="Invitation">The secret of an invitation, if there is one.</param>
public sealed record Registrant(string Username, string Password, string? Application = null, string? Invitation = null);

/// <summary>What became of a registration.</summary>
/// <param name="Account">The account; <see langword="null"/> if the application waits for a moderator.</param>
public sealed record RegistrationResult(Actor? Account);

/// <summary>Somebody who wants to come in.</summary>
/// <param name="Id">The application's id.</param>
/// <param name="Username">The name.</param>
/// <param name="Text">What they say of themselves.</param>
/// <param name="CreatedAt">When it came.</param>
public sealed record Application(long Id, string Username, string Text, DateTimeOffset CreatedAt);

/// <summary>The way in: registering as the forum's policy has it, and the applications that moderators decide on. Thread-safe.</summary>
public sealed class RegistrationStore
{
    /// <summary>How many applications may wait; with more, nobody else can apply.</summary>
    public const int MaxApplications = 1_000;

    /// <summary>How long somebody who was declined can learn so by logging in.</summary>
    public static readonly TimeSpan DeclinedFor = TimeSpan.FromDays(30);

    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly PasswordHasher _hasher;
    private readonly PolicyStore _policy;
    private readonly InvitationStore _invitations;
    private readonly UserStore _users;
    private readonly ModerationStore _moderation;
    private readonly FilterStore _filters;

    internal RegistrationStore(
        Database database, TimeProvider clock, PasswordHasher hasher, PolicyStore policy, InvitationStore invitations, UserStore users,
        ModerationStore moderation, FilterStore filters)
    {
        (_database, _clock, _hasher, _policy) = (database, clock, hasher, policy);
        (_invitations, _users, _moderation, _filters) = (invitations, users, moderation, filters);
    }

    /// <summary>Registers an account, or leaves an application for a moderator, as the forum's policy has it.</summary>
    /// <returns>What became of it; <see langword="null"/> if the name is taken.</returns>
    /// <exception cref="RefusalException">
    /// Forbidden: the policy does not let anyone in like this. Invalid: the name, the password, the application or the invitation breaks a rule, or a
    /// filter matches the name. Busy: too many passwords are being hashed, or <see cref="MaxApplications"/> wait.
    /// </exception>
    public Task<RegistrationResult?> RegisterAsync(Registrant registrant, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(registrant);
        ArgumentNullException.ThrowIfNull(registrant.Username, nameof(registrant));
        ArgumentNullException.ThrowIfNull(registrant.Password, nameof(registrant));
        return RegisterCoreAsync(registrant, cancellationToken);
    }

    private async Task<RegistrationResult?> RegisterCoreAsync(Registrant registrant, CancellationToken cancellationToken)
    {
        _ = Username.TryParse(registrant.Username, out var name, out var mistake);
        var mistakes = _database.Read(c => MistakesOf(c, registrant));
        RefusalException.ThrowIfInvalid([("username", mistake), ("password", TextRule.Password.Check(registrant.Password)), .. mistakes]);
        if (_database.Read(c => IsTaken(c, name!)))
            return null;
        _filters.Check(("username", registrant.Username)).ThrowIfMatched();
        var hash = await _hasher.HashAsync(registrant.Password, cancellationToken).ConfigureAwait(false);
        return await _database.WriteAsync(c =>
        {
            RefusalException.ThrowIfInvalid([.. MistakesOf(c, registrant)]); // what is allowed may have changed meanwhile
            return Register(c, registrant, name!, hash);
        }).ConfigureAwait(false);
    }

    /// <summary>A page of the applications that wait, oldest first.</summary>
    /// <param name="limit">How many at most.</param>
    /// <param name="from">The <see cref="Page{T}.Next"/> of the page before.</param>
    public Page<Application> Applications(int limit = PagePosition.DefaultSize, PagePosition? from = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return _database.Read(c => c.Page("""
            SELECT id, username, text, created_at
              FROM applications
             WHERE declined_at IS NULL
               AND id > $after
             ORDER BY id
             LIMIT $limit
            """, r => new Application(r.GetInt64(0), r.GetString(1), r.GetString(2), r.Time(3)), limit, last => [last.Id], ("$after", from?.KeyOf(1)[0] ?? 0)));
    }

    /// <summary>How many applications wait.</summary>
    public long CountApplications() => _database.Read(Count);

    /// <summary>Makes an account of an application.</summary>
    /// <returns>The account; <see langword="null"/> if no such application waits.</returns>
    /// <exception cref="RefusalException">Forbidden: the actor is no moderator. Conflict: somebody has taken the name meanwhile.</exception>
    public Task<User?> AcceptAsync(Actor moderator, long id)
    {
        ArgumentNullException.ThrowIfNull(moderator);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return _database.WriteAsync(moderator, _clock, c =>
        {
            Permissions.RequireModerator(c, moderator);
            if (c.First("""
                SELECT username, password
                  FROM applications
                 WHERE id = $id
                   AND declined_at IS NULL
                """, r => new { Username = r.GetString(0), Password = r.GetString(1) }, ("$id", id)) is not { } application)
                return null;
            _ = Username.TryParse(application.Username, out var name, out _);
            c.Execute("DELETE FROM applications WHERE id = $id", ("$id", id));
            User accepted = _users.Register(c, name!, application.Password)
                ?? throw new RefusalException(RefusalKind.Conflict, "somebody has taken the name meanwhile: decline it");
            _moderation.Log(c, moderator, "accept_application", postId: null, accepted.Id, reason: null);
            return accepted;
        });
    }

    /// <summary>Declines an application. Who made it learns the reason by logging in, for <see cref="DeclinedFor"/>, and may apply again.</summary>
    /// <returns>Whether such an application waited.</returns>
    /// <exception cref="RefusalException">Forbidden: the actor is no moderator. Invalid: the reason breaks its rule.</exception>
    public Task<bool> DeclineAsync(Actor moderator, long id, string? reason)
    {
        ArgumentNullException.ThrowIfNull(moderator);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return _database.WriteAsync(moderator, _clock, c =>
        {
            Permissions.RequireModerator(c, moderator);
            var isDeclined = c.Execute("""
                UPDATE applications
                   SET declined_at = $now, reason = $reason, text = ''
                 WHERE id = $id
                   AND declined_at IS NULL
                """, ("$now", _clock.Now()), ("$reason", reason), ("$id", id)) > 0;
            if (isDeclined)
                _moderation.Log(c, moderator, "decline_application", postId: null, userId: null, reason);
            return isDeclined;
        });
    }

    /// <summary>Why somebody whose password this is can't log in yet, or no more; <see langword="null"/> if nobody of that name has applied with it.</summary>
    internal async Task<string?> WhyNotAsync(string username, string password)
    {
        if (Username.KeyOf(username) is not { } key || _database.Read(c => c.First("""
            SELECT password, declined_at, reason
              FROM applications
             WHERE username_key = $key
            """, r => new { Password = r.GetString(0), DeclinedAt = r.NumberOrNull(1), Reason = r.TextOrNull(2) }, ("$key", key))) is not { } application)
            return null;
        if (TextRule.Password.Check(password) is not null
            || !(await _hasher.VerifyAsync(application.Password, password, CancellationToken.None).ConfigureAwait(false)).Correct)
            return null;
        return application.DeclinedAt is null ? "the application waits for a moderator"
            : application.Reason is { } reason ? $"the application was declined: {reason}" : "the application was declined";
    }

    private RegistrationResult? Register(Connection connection, Registrant registrant, Username name, string hash)
    {
        if (IsTaken(connection, name))
            return null;
        connection.Execute("""
            DELETE FROM applications
             WHERE username_key = $key
                OR id IN (SELECT id FROM applications WHERE declined_at <= $oldest ORDER BY declined_at LIMIT $limit)
            """, ("$key", name.Key), ("$oldest", _clock.Now() - (long)DeclinedFor.TotalMilliseconds), ("$limit", SessionTable.SweptAtOnce));
        var inviter = _invitations.InviterOf(connection, registrant.Invitation);
        if (inviter is not null)
            InvitationStore.Use(connection, registrant.Invitation!);
        else if (_policy.Of(connection).Registration == Registration.Approval)
        {
            Apply(connection, registrant, name, hash);
            return new RegistrationResult(null);
        }
        return _users.Register(connection, name, hash, inviter) is { } account ? new RegistrationResult(account) : null;
    }

    private void Apply(Connection connection, Registrant registrant, Username name, string hash)
    {
        if (Count(connection) >= MaxApplications)
            throw new RefusalException(RefusalKind.Busy, "too many applications wait") { RetryAfter = TimeSpan.FromHours(1) };
        connection.Execute("""
            INSERT INTO applications (username, username_key, skeleton, password, text, created_at)
            VALUES ($username, $key, $skeleton, $password, $text, $now)
            """, ("$username", name.Shown), ("$key", name.Key), ("$skeleton", name.Skeleton), ("$password", hash), ("$text", registrant.Application),
            ("$now", _clock.Now()));
    }

    /// <exception cref="RefusalException">Forbidden: nobody comes in like this.</exception>
    private List<(string Field, string? Rule)> MistakesOf(Connection connection, Registrant registrant)
    {
        var registration = _policy.Of(connection).Registration;
        if (registration == Registration.Closed)
            throw RefusalException.Forbidden("registration is closed");
        if (registrant.Invitation is not null)
            return [("invitation", _invitations.InviterOf(connection, registrant.Invitation) is null ? "is not valid, or not any more" : null)];
        if (registration == Registration.Invite)
            throw RefusalException.Forbidden("registration is by invitation");
        return registration == Registration.Approval ? [("application", TextRule.Application.Check(registrant.Application))] : [];
    }

    private static long Count(Connection connection) => connection.Number("""
        SELECT count(*)
          FROM applications INDEXED BY applications_open
         WHERE declined_at IS NULL
           AND id > 0
        """)!.Value;

    /// <summary>Whether a user or somebody who waits has the name, or one that looks like it.</summary>
    private static bool IsTaken(Connection connection, Username name) => UserStore.IsTaken(connection, name) || connection.Number("""
        SELECT 1
          FROM applications
         WHERE (username_key IN ($key, $skeleton) OR skeleton = $skeleton)
           AND declined_at IS NULL
         LIMIT 1
        """, ("$key", name.Key), ("$skeleton", name.Skeleton)) is not null;
}
