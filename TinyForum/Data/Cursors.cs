using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// Paging cursors: the sort key of a page's last row, sealed so that a client can neither read nor make one. The nonce is derived from the
/// content (as in SIV, RFC 5297), so that the same page has the same cursor and the same ETag.
/// </summary>
internal sealed class Cursors(byte[] key)
{
    private const int NonceSize = 12, TagSize = 16;

    /// <summary>Those of a forum: its key was made with its database.</summary>
    public static Cursors Of(Database database) => new(database.Read(c => c.First("""
        SELECT value
          FROM settings
         WHERE name = 'cursor_key'
        """, r => r.GetFieldValue<byte[]>(0)))!);

    /// <summary>Seals the numbers of <paramref name="position"/> for use with the same <paramref name="list"/> alone.</summary>
    public string Seal(string list, params ReadOnlySpan<long> position)
    {
        var plain = new byte[position.Length * sizeof(long)];
        for (var i = 0; i < position.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(plain.AsSpan(i * sizeof(long)), position[i]);
        var context = Encoding.UTF8.GetBytes(list);
        var sealedBytes = new byte[NonceSize + plain.Length + TagSize];
        var nonce = sealedBytes.AsSpan(0, NonceSize);
        HMACSHA256.HashData(key, (byte[])[.. context, 0, .. plain]).AsSpan(0, NonceSize).CopyTo(nonce);
        using var aes = new AesGcm(key, TagSize);
        aes.Encrypt(nonce, plain, sealedBytes.AsSpan(NonceSize, plain.Length), sealedBytes.AsSpan(NonceSize + plain.Length), context);
        return Base64Url.EncodeToString(sealedBytes);
    }

    /// <summary>Opens a cursor that <see cref="Seal"/> made for the same list with as many numbers.</summary>
    /// <exception cref="Refusal">400: it is not one of ours, or another list's.</exception>
    public long[] Open(string list, string cursor, int count)
    {
        var bytes = new byte[NonceSize + count * sizeof(long) + TagSize];
        var plain = new byte[count * sizeof(long)];
        if (cursor.Length > 2 * bytes.Length || !Base64Url.IsValid(cursor, out var length) || length != bytes.Length)
            throw Bad();
        Base64Url.DecodeFromChars(cursor, bytes);
        try
        {
            using var aes = new AesGcm(key, TagSize);
            aes.Decrypt(bytes.AsSpan(0, NonceSize), bytes.AsSpan(NonceSize, plain.Length), bytes.AsSpan(NonceSize + plain.Length), plain, Encoding.UTF8.GetBytes(list));
        }
        catch (AuthenticationTagMismatchException)
        {
            throw Bad();
        }
        var position = new long[count];
        for (var i = 0; i < count; i++)
            position[i] = BinaryPrimitives.ReadInt64LittleEndian(plain.AsSpan(i * sizeof(long)));
        return position;
    }

    private static Refusal Bad() => Refusal.Invalid("cursor", "must be the next of an answer to the same list");
}
