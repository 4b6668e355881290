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
        var isForeign = exchange.Header("Sec-Fetch-Site") is { } site
            ? site is not ("same-origin" or "none")
            : exchange.Header("Origin") is { } origin && !IsSameHost(origin, exchange.Authority);
        if (isForeign)
            throw RefusalException.Forbidden("cross-site requests may not change anything");
    }

    private static bool IsSameHost(string origin, string? authority) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && string.Equals(uri.Authority, authority, StringComparison.OrdinalIgnoreCase);
}
