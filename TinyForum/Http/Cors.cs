namespace TinyForum.Http;

/// <summary>
/// Lets the scripts of other origins call with a token and read the answers (the CORS protocol of fetch.spec.whatwg.org). Credentials are
/// not allowed, so that browsers keep cookies out of it. <paramref name="origins"/> are those that are let in, or <c>*</c>.
/// </summary>
internal sealed class Cors(IReadOnlyList<string> origins)
{
    private const string MaxAge = "7200"; // seconds, the most that Chromium keeps a preflight

    /// <summary>Marks the answer for the origin of the request, if it is let in.</summary>
    /// <returns>Whether it is.</returns>
    public bool Mark(Exchange exchange)
    {
        if (origins.Count == 0 || exchange.Header("Origin") is not { } origin)
            return false;
        var isAny = origins.Contains("*");
        if (!isAny && !origins.Contains(origin, StringComparer.OrdinalIgnoreCase))
            return false;
        exchange.SetHeader("Access-Control-Allow-Origin", isAny ? "*" : origin);
        exchange.SetHeader("Access-Control-Expose-Headers",
            "ETag, Idempotency-Replayed, Location, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Request-Id");
        return true;
    }

    /// <summary>Answers the question whether a request may be sent, if this is one: an <c>OPTIONS</c> with what the request will have.</summary>
    public static void AnswerPreflight(Exchange exchange, string allow)
    {
        if (exchange.Header("Access-Control-Request-Method") is null)
            return;
        exchange.SetHeader("Access-Control-Allow-Methods", allow);
        exchange.SetHeader("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match");
        exchange.SetHeader("Access-Control-Max-Age", MaxAge);
    }
}
