using System.Globalization;
using System.Text.RegularExpressions;

namespace TinyForum.Api;

/// <summary>Times in the format of the API (RFC 3339).</summary>
internal static partial class Rfc3339
{
    private static readonly string[] Formats = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <summary>In UTC with milliseconds: <c>2026-01-31T09:30:00.000Z</c>.</summary>
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Parses a time with any number of digits in its fraction, of which seven count. There are no leap seconds.</summary>
    public static bool TryParse(string text, out DateTimeOffset time) => DateTimeOffset.TryParseExact(
        Pattern.Match(text).Result("$1$2$3").ToUpperInvariant(), Formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out time);

    [GeneratedRegex(@"^(.{19})(?:(\.[0-9]{1,7})[0-9]*)?([zZ]|[+-][0-9]{2}:[0-9]{2})\z|^.*$", RegexOptions.Singleline)]
    private static partial Regex Pattern { get; }
}
