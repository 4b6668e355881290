using System.Security.Cryptography;
using System.Text;
using TinyForum.Api;
using TinyForum.Http;

namespace TinyForum.Web;

/// <summary>What pages need besides their HTML.</summary>
/// <param name="Url">Where it is.</param>
/// <param name="ContentType">Its media type.</param>
/// <param name="Bytes">What it is.</param>
/// <param name="IsImmutable">Whether its address changes with its content.</param>
internal sealed record Asset(Url Url, string ContentType, byte[] Bytes, bool IsImmutable = true)
{
    /// <summary>One at an address that has a hash of its content.</summary>
    public static Asset Hashed(string name, string extension, string contentType, byte[] bytes) =>
        new(new($"/{name}-{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 6))}.{extension}"), contentType, bytes);

    // Has no secret, whoever asks: it is compressed once for all.
    private readonly KeptAnswer _answer = new(version: 0, Url.Path, ConditionalGet.ETagOf(Bytes), ContentType, Bytes, isPublic: true, stays: true);

    public ValueTask SendAsync(Call call)
    {
        call.Exchange.IsImmutable = IsImmutable;
        _answer.Send(call.Exchange);
        return default;
    }

    /// <summary>An embedded file.</summary>
    public static byte[] Embedded(string name)
    {
        using var stream = typeof(Asset).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return Encoding.UTF8.GetBytes(reader.ReadToEnd());
    }
}
