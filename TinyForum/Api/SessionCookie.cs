using System.Globalization;
using TinyForum.Data;

namespace TinyForum.Api;

/// <summary>The cookie that carries a session's token (RFC 6265).</summary>
internal static class SessionCookie
{
    public const string Name = "tinyforum_session";

    /// <summary>The value of a <c>Set-Cookie</c> header that stores the token.</summary>
    public static string Make(string token, bool secure) => Format(token, (long)SessionTable.Lifetime.TotalSeconds, secure);

    /// <summary>The value of a <c>Set-Cookie</c> header that removes it.</summary>
    public static string Expire(bool secure) => Format("", 0, secure);

    /// <summary>The token in a <c>Cookie</c> header, or <see langword="null"/>.</summary>
    public static string? Find(string? header)
    {
        foreach (var pair in header.AsSpan().Split(';'))
        {
            var cookie = header.AsSpan()[pair].Trim();
            if (cookie.StartsWith(Name, StringComparison.Ordinal) && cookie.Length > Name.Length && cookie[Name.Length] == '=')
                return cookie[(Name.Length + 1)..].Trim('"').ToString();
        }
        return null;
    }

    private static string Format(string value, long maxAge, bool secure) => string.Create(
        CultureInfo.InvariantCulture, $"{Name}={value}; Max-Age={maxAge}; Path=/; HttpOnly; SameSite=Lax{(secure ? "; Secure" : "")}");
}
