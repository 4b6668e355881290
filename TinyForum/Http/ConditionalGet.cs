using System.Buffers.Text;
using System.Security.Cryptography;

namespace TinyForum.Http;

/// <summary>Conditional requests (RFC 9110, section 13).</summary>
internal static class ConditionalGet
{
    private const string Vary = "Accept-Encoding, Authorization, Cookie, Origin", VaryOfPages = $"Accept-Language, {Vary}";

    /// <summary>Gives the answer its <c>ETag</c>, says who may keep it, and makes it a 304 if the client has it already.</summary>
    public static void Apply(Exchange exchange, string etag, bool isPublic)
    {
        exchange.SetHeader("ETag", etag);
        exchange.SetHeader("Cache-Control", exchange.IsImmutable ? "public, max-age=31536000, immutable"
            : exchange.IsSecret ? "private, no-store" : isPublic ? "no-cache" : "private, no-cache");
        var vary = exchange.IsHtml ? VaryOfPages : Vary;
        exchange.SetHeader("Vary", exchange.AuthHeader is { } header ? $"{vary}, {header}" : vary);
        if (Matches(exchange.Header("If-None-Match"), etag))
            exchange.Status = 304;
    }

    public static string ETagOf(ReadOnlySpan<byte> body)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, digest);
        return ETagOfDigest(digest);
    }

    /// <summary>The tag of a body with this SHA-256.</summary>
    public static string ETagOfDigest(ReadOnlySpan<byte> digest) => $"\"{Base64Url.EncodeToString(digest[..12])}\"";

    /// <summary>Whether a list of entity tags names this one, by weak comparison, or is <c>*</c>.</summary>
    public static bool Matches(string? header, string etag)
    {
        if (header is null)
            return false;
        var rest = header.AsSpan();
        foreach (var part in rest.Split(','))
        {
            var candidate = rest[part].Trim();
            if (candidate is "*" || (candidate.StartsWith("W/") ? candidate[2..] : candidate).SequenceEqual(etag))
                return true;
        }
        return false;
    }
}
