using System.Security.Cryptography;
using System.Text;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// A key that the caller chooses for a creation, so that repeating the request creates nothing more
/// (draft-ietf-httpapi-idempotency-key-header). It belongs to its user and is remembered for <see cref="Lifetime"/>.
/// </summary>
public sealed class IdempotencyKey
{
    /// <summary>The most characters that a key can have.</summary>
    public const int MaxLength = 64;

    /// <summary>How long a key is remembered.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    /// <param name="key">1 to <see cref="MaxLength"/> characters.</param>
    /// <param name="request">The content of the request; the same key with another request is refused.</param>
    /// <param name="credential">The caller's credential: the secret of a new token can be had again with the same one only.</param>
    /// <exception cref="ArgumentException">The key is empty or too long.</exception>
    public IdempotencyKey(string key, ReadOnlySpan<byte> request, string? credential = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(key.Length, MaxLength, nameof(key));
        (Key, Fingerprint, Credential) = (key, SHA256.HashData(request), credential);
    }

    /// <summary>Whether the thing had been created before; set once the method that took the key is done.</summary>
    public bool IsReplay { get; internal set; }

    internal string Key { get; }

    internal byte[] Fingerprint { get; }

    internal string? Credential { get; }

    /// <summary>The salt from which the secret of a new token is derived.</summary>
    internal byte[]? Salt { get; set; }

    /// <summary>On a replay: the salt from which the secret was derived.</summary>
    internal byte[]? StoredSalt { get; set; }

    /// <summary>A secret derived from the credential and a salt (HKDF, RFC 5869), so that it can be shown again without being stored.</summary>
    internal string DeriveSecret(byte[]? salt) => SessionTable.Encode(HKDF.DeriveKey(
        HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(Credential ?? ""), SessionTable.SecretBytes, salt, "TinyForum token"u8.ToArray()));
}

/// <summary>
/// What was created under the keys. A key is stored in the transaction that creates the thing, so that neither exists without the other.
/// The answer is not stored: it is rendered again from the thing as it was when it was new.
/// </summary>
internal sealed class IdempotencyKeys(Database database, TimeProvider clock)
{
    /// <summary>Creates something, or finds what was created under the same key before.</summary>
    /// <remarks>
    /// <paramref name="create"/> runs in a write transaction, perhaps more than once; without a key, it always does.
    /// <paramref name="findOriginal"/> finds the thing as it was when it was new, or <see langword="null"/> if it is gone.
    /// </remarks>
    /// <exception cref="RefusalException">KeyReused: the key was used for another request. Conflict: what it created is gone.</exception>
    public Task<T> CreateAsync<T>(
        Actor actor, IdempotencyKey? key, string kind, Func<Connection, T> create, Func<T, long> id, Func<Connection, long, T?> findOriginal)
        where T : class => CreateAsync(actor, key, [kind], create, made => (kind, id(made)), (c, made) => findOriginal(c, made.Id));

    /// <summary>As above, for what may become one of several kinds of things.</summary>
    public Task<T> CreateAsync<T>(
        Actor actor, IdempotencyKey? key, IReadOnlyList<string> kinds, Func<Connection, T> create, Func<T, (string Kind, long Id)> idOf,
        Func<Connection, (string Kind, long Id), T?> findOriginal)
        where T : class =>
        key is null ? database.WriteAsync(actor, clock, create) : database.WriteAsync(actor, clock, c =>
        {
            var made = Find(c, actor.Id, key, kinds);
            key.IsReplay = made is not null;
            if (made is not null)
                return findOriginal(c, made.Value)
                    ?? throw new RefusalException(RefusalKind.Conflict, "what was created with this Idempotency-Key has been deleted");
            var created = create(c);
            var (kind, id) = idOf(created);
            Add(c, actor.Id, key, kind, id);
            return created;
        });

    private (string Kind, long Id)? Find(Connection connection, long userId, IdempotencyKey key, IReadOnlyList<string> kinds)
    {
        var row = connection.First("""
            SELECT fingerprint, made_id, salt, kind
              FROM idempotency_keys
             WHERE user_id = $user
               AND key = $key
               AND created_at > $oldest
            """, r => new
        {
            Fingerprint = r.GetBytes(0),
            Kind = r.GetString(3),
            MadeId = r.GetInt64(1),
            Salt = r.IsDBNull(2) ? null : r.GetBytes(2)
        },
            ("$user", userId), ("$key", key.Key), ("$oldest", Oldest));
        if (row is null)
            return null;
        if (!kinds.Contains(row.Kind) || !row.Fingerprint.AsSpan().SequenceEqual(key.Fingerprint))
            throw new RefusalException(RefusalKind.KeyReused, "this Idempotency-Key was used for another request");
        key.StoredSalt = row.Salt;
        return (row.Kind, row.MadeId);
    }

    private void Add(Connection connection, long userId, IdempotencyKey key, string kind, long madeId)
    {
        connection.Execute("""
            DELETE FROM idempotency_keys
             WHERE user_id = $user
               AND key = $key
                OR (user_id, key) IN (SELECT user_id, key
                                        FROM idempotency_keys
                                       WHERE created_at <= $oldest
                                       ORDER BY created_at
                                       LIMIT $limit)
            """, ("$user", userId), ("$key", key.Key), ("$oldest", Oldest), ("$limit", SessionTable.SweptAtOnce));
        connection.Execute("""
            INSERT INTO idempotency_keys (user_id, key, fingerprint, kind, made_id, salt, created_at)
            VALUES ($user, $key, $fingerprint, $kind, $made, $salt, $now)
            """, ("$user", userId), ("$key", key.Key), ("$fingerprint", key.Fingerprint), ("$kind", kind), ("$made", madeId), ("$salt", key.Salt),
            ("$now", clock.Now()));
    }

    private long Oldest => clock.Now() - (long)IdempotencyKey.Lifetime.TotalMilliseconds;
}
