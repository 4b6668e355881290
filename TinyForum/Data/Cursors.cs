using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// Paging cursors: the sort key of a page's last row, encrypted and authenticated so that a client can neither read nor forge one. The nonce
/// is derived from the content (as in SIV, RFC 5297), so that the same page has the same cursor and the same ETag.
/// </summary>
internal sealed class Cursors(byte[] secret)
{
    private const int NonceSize = 12, TagSize = 16, MaxLength = 256;

    /// <summary>The cursors of a forum; the key was made when its database was.</summary>
    public static Cursors Of(Database database) => new(database.Read(c => c.First("""
        SELECT value
          FROM settings
         WHERE name = 'cursor_key'
        """, r => r.GetBytes(0)))!);

    /// <summary>Seals a position; the cursor is valid for the same <paramref name="list"/> only.</summary>
    public string Seal(string list, PagePosition position)
    {
        var plain = new byte[position.Key.Length * sizeof(long)];
        for (var i = 0; i < position.Key.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(plain.AsSpan(i * sizeof(long)), position.Key[i]);
        var context = Encoding.UTF8.GetBytes(list);
        var sealedBytes = new byte[NonceSize + plain.Length + TagSize];
        var nonce = sealedBytes.AsSpan(0, NonceSize);
        HMACSHA256.HashData(secret, (byte[])[.. context, 0, .. plain]).AsSpan(0, NonceSize).CopyTo(nonce);
        using var aes = new AesGcm(secret, TagSize);
        aes.Encrypt(nonce, plain, sealedBytes.AsSpan(NonceSize, plain.Length), sealedBytes.AsSpan(NonceSize + plain.Length), context);
        return Base64Url.EncodeToString(sealedBytes);
    }

    /// <summary>Opens a cursor that <see cref="Seal"/> made for the same list.</summary>
    /// <exception cref="RefusalException">Invalid: it is forged, or belongs to another list.</exception>
    public PagePosition Open(string list, string cursor)
    {
        if (cursor.Length > MaxLength || !Base64Url.IsValid(cursor, out var length) || length < NonceSize + TagSize)
            throw PagePosition.OfAnotherList();
        var bytes = Base64Url.DecodeFromChars(cursor);
        var plain = new byte[length - NonceSize - TagSize];
        try
        {
            using var aes = new AesGcm(secret, TagSize);
            aes.Decrypt(bytes.AsSpan(0, NonceSize), bytes.AsSpan(NonceSize, plain.Length), bytes.AsSpan(NonceSize + plain.Length),
                plain, Encoding.UTF8.GetBytes(list));
        }
        catch (AuthenticationTagMismatchException)
        {
            throw PagePosition.OfAnotherList();
        }
        var key = new long[plain.Length / sizeof(long)];
        for (var i = 0; i < key.Length; i++)
            key[i] = BinaryPrimitives.ReadInt64LittleEndian(plain.AsSpan(i * sizeof(long)));
        return new PagePosition(key);
    }
}
