using System.Globalization;

namespace TinyForum.Data;

/// <summary>Times as the tables hold them (Unix milliseconds, UTC) and as the API shows them.</summary>
internal static class Clock
{
    /// <summary>Now, in Unix milliseconds.</summary>
    public static long Now(this TimeProvider clock) => clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>RFC 3339 in UTC with milliseconds: <c>2026-01-31T09:30:00.000Z</c>.</summary>
    public static string Rfc3339(long unixMilliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(unixMilliseconds)
        .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
