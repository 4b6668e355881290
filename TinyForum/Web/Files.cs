using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using TinyForum.Api;

namespace TinyForum.Web;

/// <summary>What pages need besides their HTML, embedded, at addresses that change with the content.</summary>
internal static class Files
{
    private static readonly byte[] StyleBytes = Read("style.css"), IconBytes = Read("icon.svg");

    public static Url Style { get; } = new($"/style-{HashOf(StyleBytes)}.css");

    public static Url Icon { get; } = new("/favicon.svg");

    public static ValueTask SendStyle(Call call)
    {
        call.Exchange.IsImmutable = true;
        return Send(call, StyleBytes);
    }

    public static ValueTask SendIcon(Call call) => Send(call, IconBytes);

    public static ValueTask SendRobots(Call call) => Send(call, "User-agent: *\nDisallow: /search\nDisallow: /login\nDisallow: /register\n"u8);

    private static ValueTask Send(Call call, ReadOnlySpan<byte> bytes)
    {
        call.Exchange.Body.Write(bytes);
        return default;
    }

    private static string HashOf(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 6));

    private static byte[] Read(string name)
    {
        using var stream = typeof(Files).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return Encoding.UTF8.GetBytes(reader.ReadToEnd());
    }
}
