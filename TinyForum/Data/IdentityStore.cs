using System.Security.Cryptography;
using System.Text;
using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>Who is calling, as another program knows it.</summary>
/// <param name="Subject">What that program calls this person and nobody else, ever: 1 to 255 characters, compared by the letter.</param>
/// <param name="Username">What the account should be called that is made at first sight; <see langword="null"/>: as the subject.</param>
/// <param name="Role">The role that the account has from now on; <see langword="null"/>: the forum's admins decide.</param>
public sealed record ExternalIdentity(string Subject, string? Username = null, Role? Role = null)
{
    internal const int MaxSubject = 255;

    /// <summary>Whether the subject can tell one person from others, now and whenever it comes again.</summary>
    internal bool IsSound => !string.IsNullOrWhiteSpace(Subject) && UnicodeText.CanNormalize(Subject)
        && UnicodeText.Length(Subject) <= MaxSubject && !Subject.Any(char.IsControl);
}

/// <summary>
/// The accounts of those whom another program logs in. Each is made at first sight, has no password, and is nobody else's: a name that somebody
/// has here is never given to who comes with it. Thread-safe.
/// </summary>
internal sealed class IdentityStore(Database database, TimeProvider clock, UserStore users)
{
    private readonly CallerCache _callers = new(database);

    /// <summary>The caller who has an identity, whose account is made and given its role if need be.</summary>
    /// <returns><see langword="null"/> if the account is suspended.</returns>
    /// <exception cref="RefusalException">Conflict: there is no name left. Busy or Unavailable: the account can't be written.</exception>
    public async ValueTask<Caller?> FindAsync(ExternalIdentity identity)
    {
        var caller = Known(identity.Subject);
        if (caller is null)
        {
            if (FindSuspension(identity.Subject) is not null)
                return null;
            await database.WriteAsync(c => Make(c, identity)).ConfigureAwait(false);
            caller = Known(identity.Subject);
        }
        if (caller is null || identity.Role is not { } role || caller.Role == role || !database.Read(c => MayGive(c, caller.Id, role)))
            return caller;
        await database.WriteAsync(c => Give(c, caller.Id, role)).ConfigureAwait(false);
        return Known(identity.Subject);
    }

    /// <summary>The suspension of the account that has an identity, if it has one and that is suspended.</summary>
    public Suspension? FindSuspension(string subject) => database.Read(c => c.First($"""
        SELECT u.suspension, u.suspended_until
          FROM identities i
          JOIN users u ON u.id = i.user_id
         WHERE i.subject = $subject
           AND NOT coalesce({Suspension.IsNotInForce}, FALSE)
        """, r => new Suspension(r.GetString(0), r.TimeOrNull(1)), ("$subject", subject), ("$now", clock.Now())));

    private Caller? Known(string subject) =>
        _callers.Find(SHA256.HashData(Encoding.UTF8.GetBytes(subject)), clock.Now(), (_, now) => Load(subject, now))?.Caller;

    private KnownCaller? Load(string subject, long now) => database.Read(c => c.First($"""
        SELECT u.id, u.username, u.role
          FROM identities i
          JOIN users u ON u.id = i.user_id
         WHERE i.subject = $subject
           AND {User.IsRegistered}
           AND {Suspension.IsNotInForce}
        """, MapCaller, ("$subject", subject), ("$now", now)));

    private bool Make(Connection connection, ExternalIdentity identity)
    {
        var isThere = connection.Number($"""
            SELECT 1
              FROM identities i
              JOIN users u ON u.id = i.user_id
             WHERE i.subject = $subject
               AND {User.IsRegistered}
            """, ("$subject", identity.Subject)) is not null;
        if (isThere)
            return false; // a simultaneous request was first
        var names = Username.Like(identity.Username ?? identity.Subject);
        var account = names.Select(name => users.Register(connection, name, hash: null)).FirstOrDefault(a => a is not null)
            ?? throw new RefusalException(RefusalKind.Conflict, "there is no name left for this account");
        connection.Execute("""
            INSERT INTO identities (subject, user_id, created_at)
            VALUES ($subject, $user, $now)
            ON CONFLICT (subject) DO UPDATE SET user_id = excluded.user_id, created_at = excluded.created_at
            """, ("$subject", identity.Subject), ("$user", account.Id), ("$now", clock.Now())); // the old account is being erased
        if (identity.Role is { } role && role != account.Role)
            users.SetRole(connection, Actor.System, account.Id, role);
        return true;
    }

    private bool MayGive(Connection connection, long userId, Role role) =>
        role == Role.Admin || !Permissions.IsLastAdmin(connection, userId, clock.Now());

    private bool Give(Connection connection, long userId, Role role)
    {
        var present = connection.First($"""
            SELECT role
              FROM users u
             WHERE id = $user
               AND {User.IsRegistered}
            """, r => RoleName.Parse(r.GetString(0)), ("$user", userId));
        if (present is null || present == role || !MayGive(connection, userId, role))
            return false;
        users.SetRole(connection, Actor.System, userId, role);
        return true;
    }

    private static KnownCaller MapCaller(Row row) => new(
        new(row.GetInt64(0), row.GetString(1), RoleName.Parse(row.GetString(2))!.Value, SessionId: null, TokenId: null, MayWrite: true),
        lastUsedAt: 0, endsAt: long.MaxValue);
}
