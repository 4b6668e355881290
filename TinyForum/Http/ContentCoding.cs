using System.Buffers;
using System.Globalization;
using System.IO.Compression;

namespace TinyForum.Http;

/// <summary>The content codings, in rising order of preference if a client accepts several equally.</summary>
internal enum ContentCoding
{
    Identity,
    Gzip,
    Brotli,
}

/// <summary>Negotiates content codings (RFC 9110, section 12.5.3) and applies them.</summary>
internal static class ContentCodings
{
    /// <summary>The smallest body that is compressed, in bytes: a smaller one fits into one packet anyway.</summary>
    internal const int SmallestCompressed = 1024;

    // On the encoders' scales, from 0 to 11 and to 9. A kept answer lives until the next write only, so that more would not pay off; what stays as
    // long as the program runs gets all.
    private const int BrotliQuality = 5, BrotliMost = 11, BrotliWindow = 18, GzipLevel = 6, GzipMost = 9;

    /// <summary>The coding that an <c>Accept-Encoding</c> header prefers; identity if it accepts none.</summary>
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
        // Identity is acceptable even if it is not named: less preferred than any named coding, but better than a forbidden one.
        var plain = Math.Max(identity ?? 0, double.Epsilon);
        return brotli >= gzip && brotli >= plain ? ContentCoding.Brotli : gzip >= plain ? ContentCoding.Gzip : ContentCoding.Identity;

        static bool Is(ReadOnlySpan<char> name, string coding) => name.Equals(coding, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The value of the <c>Content-Encoding</c> header.</summary>
    public static string Name(ContentCoding coding) => coding == ContentCoding.Brotli ? "br" : "gzip";

    /// <summary>Compresses an answer; one that stays, with the most effort.</summary>
    public static byte[] Compress(ReadOnlySpan<byte> body, ContentCoding coding, bool stays = false)
    {
        if (coding == ContentCoding.Brotli)
        {
            var compressed = ArrayPool<byte>.Shared.Rent(BrotliEncoder.GetMaxCompressedLength(body.Length));
            try
            {
                return BrotliEncoder.TryCompress(body, compressed, out var length, stays ? BrotliMost : BrotliQuality, BrotliWindow)
                    ? compressed[..length] : throw new InvalidOperationException("the longest possible was not enough");
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(compressed);
            }
        }
        using var stream = new MemoryStream(body.Length / 4);
        using (var gzip = new GZipStream(stream, new ZLibCompressionOptions { CompressionLevel = stays ? GzipMost : GzipLevel }))
            gzip.Write(body);
        return stream.ToArray();
    }

    /// <summary>A coding and its weight, 0 to 1; a malformed weight counts as 0.</summary>
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
