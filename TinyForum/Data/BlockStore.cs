using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>A user whom another one has blocked.</summary>
/// <param name="User">Who is blocked.</param>
/// <param name="CreatedAt">Since when.</param>
public sealed record Block(User User, DateTimeOffset CreatedAt);

/// <summary>
/// Blocks: users whose messages are refused, and whose replies and mentions cause no notification. One-sided: who blocks may still write.
/// Thread-safe.
/// </summary>
public sealed class BlockStore
{
    private readonly Database _database;
    private readonly TimeProvider _clock;

    internal BlockStore(Database database, TimeProvider clock) => (_database, _clock) = (database, clock);

    /// <summary>A page of the users whom the actor blocks, by id.</summary>
    /// <param name="actor">Who blocks.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="from">The <see cref="Page{T}.Next"/> of the page before.</param>
    public Page<Block> List(Actor actor, int limit = PagePosition.DefaultSize, PagePosition? from = null)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return _database.Read(c => c.Page("""
            SELECT u.id, u.username, b.created_at
              FROM blocks b
              JOIN users u ON u.id = b.blocked_id
             WHERE b.user_id = $user
               AND b.blocked_id > $after
             ORDER BY b.blocked_id
             LIMIT $limit
            """, r => new Block(r.User(0), r.Time(2)), limit, last => [last.User.Id], ("$user", actor.Id), ("$after", from?.KeyOf(1)[0] ?? 0)));
    }

    /// <summary>Blocks a user. Repeating it changes nothing.</summary>
    /// <returns>Whether there is such a user.</returns>
    /// <exception cref="RefusalException">Invalid: it is the actor's own name.</exception>
    public Task<bool> AddAsync(Actor actor, string username)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentNullException.ThrowIfNull(username);
        return _database.WriteAsync(actor, _clock, c =>
        {
            if (UserStore.Find(c, username) is not { } blocked)
                return false;
            if (blocked.Id == actor.Id)
                throw RefusalException.Invalid("username", "must not be your own");
            c.Execute("""
                INSERT INTO blocks (user_id, blocked_id, created_at)
                VALUES ($user, $blocked, $now)
                    ON CONFLICT (user_id, blocked_id) DO NOTHING
                """, ("$user", actor.Id), ("$blocked", blocked.Id), ("$now", _clock.Now()));
            return true;
        });
    }

    /// <summary>Unblocks a user. Repeating it changes nothing.</summary>
    /// <returns>Whether there is such a user.</returns>
    public Task<bool> RemoveAsync(Actor actor, string username)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentNullException.ThrowIfNull(username);
        return _database.WriteAsync(actor, _clock, c =>
        {
            if (UserStore.Find(c, username) is not { } blocked)
                return false;
            c.Execute("""
                DELETE FROM blocks
                 WHERE user_id = $user
                   AND blocked_id = $blocked
                """, ("$user", actor.Id), ("$blocked", blocked.Id));
            return true;
        });
    }

    internal static bool Has(Connection connection, long userId, long otherId) => connection.Number("""
        SELECT 1
          FROM blocks
         WHERE user_id = $user
           AND blocked_id = $other
        """, ("$user", userId), ("$other", otherId)) is not null;
}
