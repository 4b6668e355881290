using System.Text;

namespace TinyForum.Http;

/// <summary>The headers of a request as they came. HttpListener keeps only the last of those that have the same name.</summary>
internal static class RequestHead
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The headers in a head, told apart as HttpListener does: lines end with LF, a CR counts for nothing, names are trimmed.</summary>
    public static List<(string Name, string Value)> Headers(ReadOnlySpan<byte> head)
    {
        var headers = new List<(string, string)>();
        var isBehindRequestLine = false;
        foreach (var range in head.Split((byte)'\n'))
        {
            var line = Encoding.Latin1.GetString(head[range]).Replace("\r", "", StringComparison.Ordinal);
            if (isBehindRequestLine && line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
                headers.Add((line[..colon].Trim(), line[(colon + 1)..].Trim()));
            isBehindRequestLine |= line.Length > 0;
        }
        return headers;
    }

    /// <summary>The text of a value, which is UTF-8; <see langword="null"/> if it is not.</summary>
    public static string? Decode(string value)
    {
        try
        {
            return Ascii.IsValid(value) ? value : Utf8.GetString(Encoding.Latin1.GetBytes(value));
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
