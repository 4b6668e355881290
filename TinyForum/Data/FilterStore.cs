using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>What holds or refuses texts: regular expressions and hosts, which admins manage. Thread-safe.</summary>
public sealed class FilterStore
{
    /// <summary>How many filters there can be.</summary>
    public const int Max = 200;

    private const string Columns = "f.id, f.kind, f.pattern, f.action, f.created_at, u.id, u.username";

    private const string All = $"""
        SELECT {Columns}
          FROM filters f
          JOIN users u ON u.id = f.creator_id
        """;

    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly IdempotencyKeys _keys;
    private readonly ModerationStore _moderation;

    private Kept _kept = new(FilterSet.Empty, Stamp: -1);

    internal FilterStore(Database database, TimeProvider clock, IdempotencyKeys keys, ModerationStore moderation) =>
        (_database, _clock, _keys, _moderation) = (database, clock, keys, moderation);

    /// <summary>Makes a filter, and adds that to the moderation log without its pattern.</summary>
    /// <param name="admin">The actor.</param>
    /// <param name="kind">What it looks for.</param>
    /// <param name="pattern">The regular expression or the host's name, of at most 500 characters.</param>
    /// <param name="action">What becomes of a text that matches.</param>
    /// <param name="key">Repeating the call with the same key returns the first filter.</param>
    /// <exception cref="RefusalException">
    /// Forbidden: the actor is not an admin. Invalid: the pattern breaks a rule. Conflict: there are <see cref="Max"/> already, or one of that kind
    /// with that pattern.
    /// </exception>
    public Task<Filter> CreateAsync(Actor admin, FilterKind kind, string pattern, FilterAction action, IdempotencyKey? key = null)
    {
        ArgumentNullException.ThrowIfNull(admin);
        ArgumentCheck.ThrowIfUndefined(kind);
        ArgumentNullException.ThrowIfNull(pattern);
        ArgumentCheck.ThrowIfUndefined(action);
        RefusalException.ThrowIfInvalid(("pattern", CheckPattern(kind, pattern)));
        var stored = kind == FilterKind.Host ? HostName.KeyOf(pattern) : pattern;
        return _keys.CreateAsync(
            admin, key, "filter",
            c =>
            {
                Permissions.RequireAdmin(c, admin);
                return Create(c, admin, kind, stored, action);
            },
            made => made.Id, Load);
    }

    /// <summary>A page of the filters, newest first.</summary>
    /// <param name="limit">How many at most.</param>
    /// <param name="from">The <see cref="Page{T}.Next"/> of the page before.</param>
    public Page<Filter> List(int limit = PagePosition.DefaultSize, PagePosition? from = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return _database.Read(c => c.Page($"""
            {All}
             WHERE f.id < $before
             ORDER BY f.id DESC
             LIMIT $limit
            """, Map, limit, last => [last.Id], ("$before", from?.KeyOf(1)[0] ?? long.MaxValue)));
    }

    /// <summary>A filter, or <see langword="null"/>.</summary>
    public Filter? Find(long id)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return _database.Read(c => Load(c, id));
    }

    /// <summary>Removes a filter, and adds that to the moderation log without its pattern.</summary>
    /// <exception cref="RefusalException">Forbidden: the actor is not an admin. NotFound.</exception>
    public Task RemoveAsync(Actor admin, long id)
    {
        ArgumentNullException.ThrowIfNull(admin);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return _database.WriteAsync(admin, _clock, c =>
        {
            Permissions.RequireAdmin(c, admin);
            if (c.Execute("DELETE FROM filters WHERE id = $id", ("$id", id)) == 0)
                throw RefusalException.NotFound("filter");
            _moderation.Log(c, admin, "unfilter", null, null, null);
            return true;
        });
    }

    /// <summary>Which filters match a text, whoever wrote it.</summary>
    /// <param name="admin">The actor.</param>
    /// <param name="text">The text.</param>
    /// <param name="kind">What one that does not exist yet would look for, if that is tried, too.</param>
    /// <param name="pattern">Its regular expression or host's name.</param>
    /// <exception cref="RefusalException">Forbidden: the actor is not an admin. Invalid: the text or the pattern breaks a rule.</exception>
    public FilterTrial Test(Actor admin, string text, FilterKind? kind = null, string? pattern = null)
    {
        ArgumentNullException.ThrowIfNull(admin);
        ArgumentNullException.ThrowIfNull(text);
        if (kind is not null)
            ArgumentCheck.ThrowIfUndefined(kind.Value, nameof(kind));
        RefusalException.ThrowIfInvalid(
            ("text", TextRule.PostBody.Check(text)),
            ("kind", kind is null && pattern is not null ? "is required" : null),
            ("pattern", kind is null ? null : CheckPattern(kind.Value, pattern)));
        _database.Read(c =>
        {
            Permissions.RequireStanding(c, admin, _clock.Now());
            Permissions.RequireAdmin(c, admin);
            return true;
        });
        return Current().Try(_clock, text, kind is null ? null : (kind.Value, pattern!));
    }

    /// <summary>
    /// What the filters say of these fields. It may take <see cref="FilterSet.CheckTime"/>, so it comes before the transaction that writes them, and
    /// whether it binds the writer is told there (<see cref="FilterVerdict"/>).
    /// </summary>
    internal FilterVerdict Check(params ReadOnlySpan<(string Field, string? Text)> fields) => Current().Check(_clock, fields);

    /// <summary>The filters as they are now, whoever has written them.</summary>
    private FilterSet Current()
    {
        var stamp = _database.Stamp((int)Subject.Filters); // before reading
        var kept = Volatile.Read(ref _kept);
        if (kept.Stamp == stamp)
            return kept.Set;
        var set = kept.Set.With(_database.Read(c => c.All($"{All} WHERE f.id > 0 ORDER BY f.id", Map)));
        Volatile.Write(ref _kept, new Kept(set, stamp));
        return set;
    }

    private static string? CheckPattern(FilterKind kind, string? pattern) =>
        pattern is null ? "is required" : kind == FilterKind.Host ? HostName.Check(pattern) : TextPattern.Check(pattern);

    private Filter Create(Connection connection, Actor admin, FilterKind kind, string pattern, FilterAction action)
    {
        if (connection.Number("SELECT count(*) FROM filters") >= Max)
            throw new RefusalException(RefusalKind.Conflict, $"there are {Max} filters already: remove one");
        if (connection.Number("SELECT 1 FROM filters WHERE kind = $kind AND pattern = $pattern",
            ("$kind", FilterKindName.Of(kind)), ("$pattern", pattern)) is not null)
            throw new RefusalException(RefusalKind.Conflict, "there is such a filter already");
        var id = connection.Number("""
            INSERT INTO filters (kind, pattern, action, creator_id, created_at)
            VALUES ($kind, $pattern, $action, $creator, $now)
            RETURNING id
            """, ("$kind", FilterKindName.Of(kind)), ("$pattern", pattern), ("$action", FilterActionName.Of(action)), ("$creator", admin.Id),
            ("$now", _clock.Now()))!.Value;
        _moderation.Log(connection, admin, "filter", null, null, null);
        return Load(connection, id)!;
    }

    private static Filter? Load(Connection connection, long id) => connection.First($"{All} WHERE f.id = $id", Map, ("$id", id));

    private static Filter Map(Row row) => new(
        row.GetInt64(0), FilterKindName.Parse(row.GetString(1))!.Value, row.GetString(2), FilterActionName.Parse(row.GetString(3))!.Value,
        row.GetInt64(5) == User.DeletedId ? null : row.User(5), row.Time(4));

    private sealed record Kept(FilterSet Set, long Stamp);
}
