using System.Globalization;

namespace TinyForum.Http;

/// <summary>The status of each kind of refusal.</summary>
internal static class RefusalStatus
{
    public static int Of(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid => 400,
        RefusalKind.Unauthenticated => 401,
        RefusalKind.Forbidden => 403,
        RefusalKind.NotFound => 404,
        RefusalKind.Conflict => 409,
        RefusalKind.Stale => 412,
        RefusalKind.KeyReused => 422,
        RefusalKind.Busy or RefusalKind.Unavailable => 503,
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>Gives an answer the status and the headers of a refusal.</summary>
    public static void Set(Exchange exchange, HttpRefusalException refusal)
    {
        exchange.Status = refusal.Status;
        foreach (var (name, value) in refusal.Headers)
            exchange.SetHeader(name, value);
        if (refusal.RetryAfter is { } after)
            SetRetryAfter(exchange, after);
    }

    /// <summary>Gives an answer the status and the headers of a refusal.</summary>
    public static void Set(Exchange exchange, RefusalException refusal)
    {
        exchange.Status = Of(refusal.Kind);
        if (refusal.RetryAfter is { } after)
            SetRetryAfter(exchange, after);
    }

    /// <summary>Says when to come back: in whole seconds, at least one (RFC 9110, section 10.2.3).</summary>
    private static void SetRetryAfter(Exchange exchange, TimeSpan after)
    {
        exchange.RetryAfter = Math.Max(1, (long)Math.Ceiling(after.TotalSeconds));
        exchange.SetHeader("Retry-After", exchange.RetryAfter.Value.ToString(CultureInfo.InvariantCulture));
    }
}
