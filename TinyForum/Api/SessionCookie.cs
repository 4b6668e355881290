using System.Globalization;
using TinyForum.Data;

namespace TinyForum.Api;

/// <summary>
/// The cookie that carries a session's token (RFC 6265). Over https its name begins with <c>__Host-</c>, so that no other host, not even
/// one of the same domain, can set it.
/// </summary>
internal sealed class SessionCookie(string name)
{
    private const string HostPrefix = "__Host-";

    /// <summary>Its name over http, which that over https has in it.</summary>
    public string Name => name;

    /// <summary>The value of a <c>Set-Cookie</c> header that stores the token.</summary>
    public string Make(string token, bool secure) => Format(token, (long)SessionTable.Lifetime.TotalSeconds, secure);

    /// <summary>The value of a <c>Set-Cookie</c> header that removes it.</summary>
    public string Expire(bool secure) => Format("", 0, secure);

    /// <summary>The tokens in a <c>Cookie</c> header, those of https first: a browser sends all cookies of the name, whatever their path and domain.</summary>
    public IEnumerable<string> TokensIn(string header)
    {
        var cookies = header.Split(';', StringSplitOptions.TrimEntries);
        foreach (var prefix in (string[])[$"{HostPrefix}{name}=", $"{name}="])
        {
            foreach (var cookie in cookies)
            {
                if (cookie.StartsWith(prefix, StringComparison.Ordinal))
                    yield return cookie[prefix.Length..].Trim('"');
            }
        }
    }

    private string Format(string value, long maxAge, bool secure) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(secure ? HostPrefix : "")}{name}={value}; Max-Age={maxAge}; Path=/; HttpOnly; SameSite=Lax{(secure ? "; Secure" : "")}");
}
