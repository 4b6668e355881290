using System.Globalization;

namespace TinyForum.Api;

/// <summary>Times in the format of the API (RFC 3339).</summary>
internal static class Rfc3339
{
    /// <summary>In UTC with milliseconds: <c>2026-01-31T09:30:00.000Z</c>.</summary>
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
