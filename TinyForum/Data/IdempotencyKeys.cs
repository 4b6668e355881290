using System.Security.Cryptography;
using System.Text;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// A name that someone gives to what is to be made, so that asking again makes nothing more (draft-ietf-httpapi-idempotency-key-header). It counts for
/// its user alone, and for <see cref="Lifetime"/>.
/// </summary>
public sealed class IdempotencyKey
{
    /// <summary>How many characters a key has at most.</summary>
    public const int MaxLength = 64;

    /// <summary>How long a key is remembered.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    /// <param name="key">1 to <see cref="MaxLength"/> characters.</param>
    /// <param name="request">What is asked for; the same key with something else is refused.</param>
    /// <param name="credential">What the caller proved to be itself with; a token that is made again needs the same one.</param>
    /// <exception cref="ArgumentException">The key is empty or too long.</exception>
    public IdempotencyKey(string key, ReadOnlySpan<byte> request, string? credential = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(key.Length, MaxLength, nameof(key));
        (Key, Fingerprint, Credential) = (key, SHA256.HashData(request), credential);
    }

    /// <summary>Whether what it names had been made before; known once the method that took the key is done.</summary>
    public bool IsReplay { get; internal set; }

    internal string Key { get; }

    internal byte[] Fingerprint { get; }

    internal string? Credential { get; }

    /// <summary>Of a new token: what its secret is derived with.</summary>
    internal byte[]? Salt { get; set; }

    /// <summary>Of a token that is made again: what its secret was derived with.</summary>
    internal byte[]? StoredSalt { get; set; }

    /// <summary>A secret that can be had again by the same credential and salt alone, so that it need not be stored (HKDF, RFC 5869).</summary>
    internal string DeriveSecret(byte[]? salt) => SessionTable.Encode(HKDF.DeriveKey(
        HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(Credential ?? ""), SessionTable.SecretBytes, salt, "TinyForum token"u8.ToArray()));
}

/// <summary>
/// What was made under the keys. A key is stored in the transaction that makes what it names, so neither is ever there without the other; the answer is not
/// stored but told again as it was when the thing was new.
/// </summary>
internal sealed class IdempotencyKeys(Database database, TimeProvider clock)
{
    /// <summary>Makes something, unless the key names something that was made before.</summary>
    /// <param name="actor">Whose key.</param>
    /// <param name="key">The key; without one it is always made.</param>
    /// <param name="kind">What is made, a word.</param>
    /// <param name="create">Makes it, in a write transaction, perhaps twice.</param>
    /// <param name="id">Its number.</param>
    /// <param name="findOriginal">What was made under that number, as it was then; <see langword="null"/> if it is gone.</param>
    /// <exception cref="RefusalException">KeyReused: the key came with another request. Conflict: what it made is gone.</exception>
    public Task<T> CreateAsync<T>(
        Actor actor, IdempotencyKey? key, string kind, Func<Connection, T> create, Func<T, long> id, Func<Connection, long, T?> findOriginal)
        where T : class =>
        key is null ? database.WriteAsync(create) : database.WriteAsync(c =>
        {
            var made = Find(c, actor.Id, key, kind);
            key.IsReplay = made is not null;
            if (made is not null)
                return findOriginal(c, made.Value) ?? throw new RefusalException(RefusalKind.Conflict, "what this Idempotency-Key made has been deleted");
            var created = create(c);
            Add(c, actor.Id, key, kind, id(created));
            return created;
        });

    private long? Find(Connection connection, long userId, IdempotencyKey key, string kind)
    {
        var row = connection.First("""
            SELECT fingerprint, made_id, salt, kind
              FROM idempotency_keys
             WHERE user_id = $user
               AND key = $key
               AND created_at > $oldest
            """, r => new { Fingerprint = r.GetFieldValue<byte[]>(0), Kind = r.GetString(3), MadeId = r.GetInt64(1), Salt = r.IsDBNull(2) ? null : r.GetFieldValue<byte[]>(2) },
            ("$user", userId), ("$key", key.Key), ("$oldest", Oldest));
        if (row is null)
            return null;
        if (row.Kind != kind || !row.Fingerprint.AsSpan().SequenceEqual(key.Fingerprint))
            throw new RefusalException(RefusalKind.KeyReused, "this Idempotency-Key came with another request before");
        key.StoredSalt = row.Salt;
        return row.MadeId;
    }

    /// <summary>Stores a key, and drops those that are too old.</summary>
    private void Add(Connection connection, long userId, IdempotencyKey key, string kind, long madeId)
    {
        connection.Execute("""
            DELETE FROM idempotency_keys
             WHERE created_at <= $oldest
            """, ("$oldest", Oldest));
        connection.Execute("""
            INSERT INTO idempotency_keys (user_id, key, fingerprint, kind, made_id, salt, created_at)
            VALUES ($user, $key, $fingerprint, $kind, $made, $salt, $now)
            """, ("$user", userId), ("$key", key.Key), ("$fingerprint", key.Fingerprint), ("$kind", kind), ("$made", madeId), ("$salt", key.Salt),
            ("$now", clock.Now()));
    }

    private long Oldest => clock.Now() - (long)IdempotencyKey.Lifetime.TotalMilliseconds;
}
