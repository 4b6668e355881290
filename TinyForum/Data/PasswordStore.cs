using TinyForum.Passwords;
using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>
/// The accounts' passwords. Proving one returns the stored hash that it matched. What follows from that proof (a session, erasure, a new
/// password) is done only if that hash is still the stored one then. Thread-safe.
/// </summary>
internal sealed class PasswordStore(Database database, TimeProvider clock, PasswordHasher hasher)
{
    /// <summary>The stored hash if <paramref name="password"/> matches it, else <see langword="null"/>. A hash with old parameters is renewed.</summary>
    /// <exception cref="RefusalException">Busy: too many passwords are being hashed.</exception>
    public async Task<string?> ProveAsync(long userId, string password, CancellationToken cancellationToken)
    {
        var stored = database.Read(c => c.First("""
            SELECT password
              FROM users
             WHERE id = $id
            """, r => r.IsDBNull(0) ? null : r.GetString(0), ("$id", userId)));
        if (stored is null || TextRule.Password.Check(password) is not null)
            return null;
        var (matches, outdated) = await hasher.VerifyAsync(stored, password, cancellationToken).ConfigureAwait(false);
        if (!matches || !outdated)
            return matches ? stored : null;
        var renewed = await hasher.HashAsync(password, cancellationToken).ConfigureAwait(false);
        var rows = await database.WriteAsync(c => c.Execute("""
            UPDATE users
               SET password = $new
             WHERE id = $id
               AND password = $old
            """, ("$new", renewed), ("$id", userId), ("$old", stored))).ConfigureAwait(false);
        return rows > 0 ? renewed : await ProveAsync(userId, password, cancellationToken).ConfigureAwait(false); // another login renewed it
    }

    /// <summary>Gives an account a password, and ends its sessions and tokens.</summary>
    /// <remarks>
    /// A <paramref name="proof"/> is the stored hash that it must replace. The session <paramref name="keepSession"/> is not ended. A refusal
    /// names the <paramref name="field"/>.
    /// </remarks>
    /// <returns>Whether there was such an account with that stored hash; false for <c>system</c>.</returns>
    /// <exception cref="RefusalException">Invalid: the password breaks a rule. Busy: too many passwords are being hashed.</exception>
    public async Task<bool> SetAsync(
        Actor actor, User user, string password, string field, string? proof, long? keepSession, CancellationToken cancellationToken)
    {
        RequireValid(field, password);
        var hash = await hasher.HashAsync(password, cancellationToken).ConfigureAwait(false);
        return await database.WriteAsync(actor, clock, c => Set(c, user.Id, hash, proof, keepSession)).ConfigureAwait(false);
    }

    /// <summary>The part of <see cref="SetAsync"/> that is written. What another program logs in has no password.</summary>
    public static bool Set(Connection connection, long userId, string hash, string? proof, long? keepSession)
    {
        var isSet = connection.Execute($"""
            UPDATE users AS u
               SET password = $new
             WHERE id = $id
               AND {User.IsRegistered}
               AND ($proof IS NULL OR password = $proof)
               AND NOT EXISTS (SELECT 1 FROM identities WHERE user_id = u.id)
            """, ("$new", hash), ("$id", userId), ("$proof", proof)) > 0;
        if (isSet)
            SessionTable.EndAccess(connection, userId, except: keepSession);
        return isSet;
    }

    /// <exception cref="RefusalException">Invalid: the password breaks a rule.</exception>
    public static void RequireValid(string field, string password) =>
        RefusalException.ThrowIfInvalid((field, TextRule.Password.Check(password)));
}
