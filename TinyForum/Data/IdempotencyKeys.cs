using System.Security.Cryptography;
using System.Text;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>An answer kept for whoever asks again with the same key.</summary>
internal sealed record StoredAnswer(string Location, byte[] Body);

/// <summary>
/// The idempotency keys of each user, kept for <see cref="Lifetime"/> (draft-ietf-httpapi-idempotency-key-header). A key is stored in the
/// transaction that makes what it stands for, so neither is ever there without the other.
/// </summary>
internal sealed class IdempotencyKeys(TimeProvider clock)
{
    public const int MaxLength = 64;
    private const int NonceSize = 12, TagSize = 16;

    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    /// <exception cref="Refusal">400: the key is not of visible ASCII characters, or too long.</exception>
    public static void RequireWellFormed(string key)
    {
        if (key.Length is 0 or > MaxLength || key.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw Refusal.Invalid("Idempotency-Key", $"must be 1 to {MaxLength} visible ASCII characters");
    }

    /// <summary>What tells one request from another.</summary>
    public static byte[] Fingerprint(string method, string target, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{method} {target}\n"));
        hash.AppendData(body);
        return hash.GetHashAndReset();
    }

    /// <summary>The answer stored under the key, or <see langword="null"/>.</summary>
    /// <exception cref="Refusal">422: the key came with another request. 409: the answer is forgotten.</exception>
    public StoredAnswer? Find(Connection connection, long userId, string key, byte[] fingerprint)
    {
        var row = connection.First("""
            SELECT fingerprint, location, answer
              FROM idempotency_keys
             WHERE user_id = $user
               AND key = $key
               AND created_at > $oldest
            """, r => (Fingerprint: r.GetFieldValue<byte[]>(0), Answer: new StoredAnswer(r.GetString(1), r.GetFieldValue<byte[]>(2))),
            ("$user", userId), ("$key", key), ("$oldest", Oldest));
        if (row.Answer is not null && !row.Fingerprint.AsSpan().SequenceEqual(fingerprint))
            throw new Refusal(422, "this Idempotency-Key came with another request before");
        if (row.Answer is { Body.Length: 0 })
            throw new Refusal(409, "what this Idempotency-Key made has been deleted");
        return row.Answer;
    }

    /// <summary>Stores an answer, and drops keys that are too old.</summary>
    public void Add(Connection connection, long userId, string key, byte[] fingerprint, StoredAnswer answer)
    {
        connection.Execute("""
            DELETE FROM idempotency_keys
             WHERE created_at <= $oldest
            """, ("$oldest", Oldest));
        connection.Execute("""
            INSERT INTO idempotency_keys (user_id, key, fingerprint, location, answer, created_at)
            VALUES ($user, $key, $fingerprint, $location, $answer, $now)
            """, ("$user", userId), ("$key", key), ("$fingerprint", fingerprint), ("$location", answer.Location), ("$answer", answer.Body), ("$now", clock.Now()));
    }

    /// <summary>Empties the answers that told of what is there, for what must leave no trace; the key still keeps it from being made again.</summary>
    public static void Forget(Connection connection, long userId, string location) => connection.Execute("""
        UPDATE idempotency_keys
           SET answer = x''
         WHERE user_id = $user
           AND location = $location
        """, ("$user", userId), ("$location", location));

    /// <summary>Encrypts an answer that holds a secret, so that only who presents the same credential can read it again.</summary>
    public static byte[] Seal(byte[] body, string credential)
    {
        var result = new byte[NonceSize + body.Length + TagSize];
        RandomNumberGenerator.Fill(result.AsSpan(0, NonceSize));
        using var aes = new AesGcm(SealingKey(credential), TagSize);
        aes.Encrypt(result.AsSpan(0, NonceSize), body, result.AsSpan(NonceSize, body.Length), result.AsSpan(NonceSize + body.Length));
        return result;
    }

    /// <summary>What <see cref="Seal"/> encrypted.</summary>
    /// <exception cref="Refusal">409: it was encrypted for another credential.</exception>
    public static byte[] Unseal(byte[] sealedBody, string credential)
    {
        var body = new byte[sealedBody.Length - NonceSize - TagSize];
        using var aes = new AesGcm(SealingKey(credential), TagSize);
        try
        {
            aes.Decrypt(sealedBody.AsSpan(0, NonceSize), sealedBody.AsSpan(NonceSize, body.Length), sealedBody.AsSpan(NonceSize + body.Length), body);
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new Refusal(409, "this answer held a secret and can only be had again by the session that got it");
        }
        return body;
    }

    private long Oldest => clock.Now() - (long)Lifetime.TotalMilliseconds;

    private static byte[] SealingKey(string credential) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(credential), 32, info: "TinyForum idempotency"u8.ToArray());
}
