using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;

namespace TinyForum.Http;

/// <summary>The headers of answers: those that every answer has, and setting any other.</summary>
internal static class ResponseHeaders
{
    private static readonly SearchValues<char> VisibleAscii = SearchValues.Create(Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c).ToArray());

    private static readonly (string Name, string Value)[] OfEach =
    [
        ("Server", "TinyForum"), ("Cross-Origin-Resource-Policy", "same-origin"), ("Referrer-Policy", "same-origin"), ("X-Content-Type-Options", "nosniff"),
    ];

    private static readonly (string Name, string Value)[] OfData = [.. OfEach, ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")];

    private static readonly (string Name, string Value)[] OfPages =
    [
        .. OfEach, ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
            + "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"),
    ];

    private static readonly string LinesOfData = Lines(OfData), LinesOfPages = Lines(OfPages);

    /// <summary>Puts another collection in the place of the listener's, which checks, hashes and copies each header.</summary>
    public static void Prepare(HttpListenerResponse response) => ListenerInternals.HeadersOf(response) = new ResponseHeaderList();

    public static void SetCommon(HttpListenerResponse response, string requestId, bool isPage = false)
    {
        response.Headers["Cache-Control"] ??= "no-store"; // what may be kept was marked before
        response.Headers["X-Request-Id"] = requestId;
        if (response.Headers is ResponseHeaderList headers)
            headers.Set(OfEach[0].Name, isPage ? LinesOfPages : LinesOfData);
        else
            foreach (var (name, value) in isPage ? OfPages : OfData)
                response.Headers[name] = value;
    }

    /// <summary>Makes the listener send no <c>Content-Length</c>, as is right for a 204 and for a 304 (RFC 9110, section 8.6).</summary>
    public static void LeaveLengthOut(HttpListenerResponse response)
    {
        if (response.Headers is ResponseHeaderList headers)
            headers.HasNoLength = true;
    }

    /// <summary>The head of a 200 whose body ends with the connection (RFC 9112, section 6.3), in the place of the listener's.</summary>
    public static byte[] HeadOfStream(HttpListenerResponse response, string contentType)
    {
        var head = new StringBuilder("HTTP/1.1 200 OK\r\n");
        for (var i = 0; i < response.Headers.Count; i++)
            head.Append(CultureInfo.InvariantCulture, $"{response.Headers.GetKey(i)}: {response.Headers.Get(i)}\r\n");
        head.Append(CultureInfo.InvariantCulture, $"Content-Type: {contentType}\r\nConnection: close\r\nDate: {DateTime.UtcNow:R}\r\n\r\n");
        return Encoding.ASCII.GetBytes(head.ToString());
    }

    /// <exception cref="ArgumentException">The value is not visible ASCII and would break the answer while it is sent.</exception>
    public static void Set(HttpListenerResponse response, string name, string value, bool isAdded = false)
    {
        if (value.AsSpan().ContainsAnyExcept(VisibleAscii))
            throw new ArgumentException($"the value of {name} must be visible ASCII", nameof(value));
        if (isAdded)
            response.Headers.Add(name, value);
        else
            response.Headers[name] = value;
    }

    /// <summary>The value of the first, and the others behind it: they go out as one.</summary>
    private static string Lines((string Name, string Value)[] headers) =>
        headers[0].Value + string.Concat(headers.Skip(1).Select(h => $"\r\n{h.Name}: {h.Value}"));
}
