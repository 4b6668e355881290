namespace TinyForum.Http;

/// <summary>
/// Refuses what another site's page makes a browser send (CSRF), without tokens: browsers say where a request comes from, and other
/// clients, which say nothing, carry no one else's cookies. As Go's <c>http.CrossOriginProtection</c> does.
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
