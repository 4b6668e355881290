using System.Globalization;

namespace TinyForum.Http;

/// <summary>
/// Refuses requests that another site's page makes a browser send (CSRF), without tokens: browsers say which site a request comes from, and
/// other clients, which don't, have nobody else's cookies. The same as Go's <c>http.CrossOriginProtection</c>.
/// </summary>
internal static class CrossSite
{
    /// <exception cref="RefusalException">Forbidden: a browser marks the request as another site's.</exception>
    public static void Refuse(Exchange exchange)
    {
        if (IsForeign(exchange))
            throw RefusalException.Forbidden("cross-site requests may not change anything");
    }

    /// <summary>Whether a browser marks the request as another site's.</summary>
    public static bool IsForeign(Exchange exchange) => exchange.Header("Sec-Fetch-Site") is { } site
        ? site is not ("same-origin" or "none")
        : exchange.Header("Origin") is { } origin && !IsSameOrigin(origin, exchange.Authority);

    /// <summary>Compares host and port; without a port, the host has that of the origin's scheme. The host's own scheme is not known behind a proxy.</summary>
    private static bool IsSameOrigin(string origin, string? authority) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
        && Uri.TryCreate(string.Create(CultureInfo.InvariantCulture, $"{uri.Scheme}://{authority}"), UriKind.Absolute, out var host)
        && Uri.Compare(uri, host, UriComponents.StrongAuthority & ~UriComponents.UserInfo, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;
}
