using System.Globalization;
using System.IO.Compression;

namespace TinyForum.Http;

/// <summary>How the bytes of an answer are sent, the less wanted first where a client likes several as well.</summary>
internal enum ContentCoding
{
    Identity,
    Gzip,
    Brotli,
}

/// <summary>Negotiates content codings (RFC 9110, section 12.5.3) and applies them.</summary>
internal static class ContentCodings
{
    /// <summary>The smallest body that is compressed, bytes: less fits into a packet as it is.</summary>
    internal const int SmallestCompressed = 1024;

    // The static encoder's scale is 0 to 11; what is kept lives until the next write, so that much more would not pay.
    private const int BrotliQuality = 4, BrotliWindow = 18;

    /// <summary>How to send a body of that many bytes to a client with that <c>Accept-Encoding</c>.</summary>
    public static ContentCoding Choose(string? header, int length) => length < SmallestCompressed ? ContentCoding.Identity : Choose(header);

    /// <summary>The coding that an <c>Accept-Encoding</c> header likes best; as it is, if it likes none.</summary>
    public static ContentCoding Choose(string? header)
    {
        if (string.IsNullOrEmpty(header))
            return ContentCoding.Identity;
        double? brotli = null, gzip = null, identity = null, other = null;
        var rest = header.AsSpan();
        foreach (var part in rest.Split(','))
        {
            var (name, quality) = Parse(rest[part]);
            if (Is(name, "br"))
                brotli = quality;
            else if (Is(name, "gzip") || Is(name, "x-gzip"))
                gzip = quality;
            else if (Is(name, "identity"))
                identity = quality;
            else if (name is "*")
                other = quality;
        }
        brotli ??= other ?? 0;
        gzip ??= other ?? 0;
        // As it is, an answer is allowed unless named, less wanted than all that is, and better than a coding that is forbidden.
        var plain = Math.Max(identity ?? 0, double.Epsilon);
        return brotli >= gzip && brotli >= plain ? ContentCoding.Brotli : gzip >= plain ? ContentCoding.Gzip : ContentCoding.Identity;

        static bool Is(ReadOnlySpan<char> name, string coding) => name.Equals(coding, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>As <c>Content-Encoding</c> has it.</summary>
    public static string Name(ContentCoding coding) => coding == ContentCoding.Brotli ? "br" : "gzip";

    public static byte[] Compress(ReadOnlySpan<byte> body, ContentCoding coding)
    {
        if (coding == ContentCoding.Brotli)
        {
            var compressed = new byte[BrotliEncoder.GetMaxCompressedLength(body.Length)];
            return BrotliEncoder.TryCompress(body, compressed, out var length, BrotliQuality, BrotliWindow)
                ? compressed[..length] : throw new InvalidOperationException("the longest possible was not enough");
        }
        using var stream = new MemoryStream(body.Length / 4);
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest))
            gzip.Write(body);
        return stream.ToArray();
    }

    /// <summary>A coding and its weight, 0 to 1; one that is malformed counts as unwanted.</summary>
    private static (string Name, double Quality) Parse(ReadOnlySpan<char> element)
    {
        var end = element.IndexOf(';');
        if (end < 0)
            return (element.Trim().ToString(), 1);
        var name = element[..end].Trim().ToString();
        var weight = element[(end + 1)..].Trim();
        return weight.StartsWith("q=", StringComparison.OrdinalIgnoreCase)
            && double.TryParse(weight[2..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var quality) && quality <= 1
            ? (name, quality) : (name, 0);
    }
}
