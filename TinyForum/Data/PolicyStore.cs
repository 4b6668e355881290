using System.Globalization;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// Who may come in, and what new accounts may do: as an admin has set it, else as it was set at the start, else by default. Thread-safe.
/// </summary>
public sealed class PolicyStore
{
    private const string Prefix = "policy.";

    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly ModerationStore _moderation;
    private readonly ForumPolicy _atStart;
    private readonly bool _isPublic;

    internal PolicyStore(Database database, TimeProvider clock, ModerationStore moderation, ForumPolicy atStart, bool isPublic) =>
        (_database, _clock, _moderation, _atStart, _isPublic) = (database, clock, moderation, atStart, isPublic);

    /// <summary>What counts now. Nothing in it is <see langword="null"/>.</summary>
    public ForumPolicy Current => _database.Read(Of);

    /// <summary>What admins have set.</summary>
    internal ForumPolicy Stored => _database.Read(Load);

    /// <summary>Changes it, which counts from the next request on, and adds what has changed to the moderation log.</summary>
    /// <param name="actor">An admin.</param>
    /// <param name="change">What changes.</param>
    /// <returns>What counts now.</returns>
    /// <exception cref="RefusalException">Forbidden: the actor is not an admin. Invalid: a number is out of range.</exception>
    public Task<ForumPolicy> ChangeAsync(Actor actor, ForumPolicy change)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentNullException.ThrowIfNull(change);
        change.Check();
        return _database.WriteAsync(actor, _clock, c =>
        {
            Permissions.RequireAdmin(c, actor);
            var before = Of(c);
            foreach (var number in ForumPolicy.Numbers)
            {
                if (number.Of(change) is { } value)
                    c.Execute("""
                        INSERT INTO settings (name, value)
                        VALUES ($name, $value)
                            ON CONFLICT (name) DO UPDATE SET value = excluded.value
                        """, ("$name", Prefix + number.Name), ("$value", (long)value));
            }
            return Told(c, actor, before);
        });
    }

    /// <summary>Makes it what it was set to at the start.</summary>
    /// <inheritdoc cref="ChangeAsync"/>
    public Task<ForumPolicy> ResetAsync(Actor actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        return _database.WriteAsync(actor, _clock, c =>
        {
            Permissions.RequireAdmin(c, actor);
            var before = Of(c);
            c.Execute("DELETE FROM settings WHERE name >= 'policy.' AND name < 'policy/'");
            return Told(c, actor, before);
        });
    }

    internal ForumPolicy Of(Connection connection) => Load(connection).Or(_atStart).Whole(_isPublic);

    private ForumPolicy Told(Connection connection, Actor actor, ForumPolicy before)
    {
        var after = Of(connection);
        var changed = ForumPolicy.Numbers.Where(n => n.Of(before) != n.Of(after)).Select(n => $"{n.Name}: {Shown(n, after)}").ToList();
        if (changed.Count > 0)
            _moderation.Log(connection, actor, "settings", postId: null, userId: null, string.Join(", ", changed));
        return after;
    }

    private static string Shown(ForumPolicy.Number number, ForumPolicy policy) =>
        number.Name == "registration" ? RegistrationName.Of(policy.Registration!.Value)
        : number.Most == 1 ? number.Of(policy) == 1 ? "on" : "off"
        : number.Of(policy)!.Value.ToString(CultureInfo.InvariantCulture);

    private static ForumPolicy Load(Connection connection)
    {
        var policy = new ForumPolicy();
        foreach (var (name, value) in connection.All("""
            SELECT name, value
              FROM settings
             WHERE name >= 'policy.'
               AND name < 'policy/'
            """, r => (r.GetString(0)[Prefix.Length..], (int)r.GetInt64(1))))
        {
            if (ForumPolicy.Numbers.FirstOrDefault(n => n.Name == name) is { } number)
                policy = number.With(policy, value);
        }
        return policy;
    }
}
