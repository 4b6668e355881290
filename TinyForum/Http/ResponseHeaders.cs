using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;

namespace TinyForum.Http;

/// <summary>The headers of answers: those that every answer has, and setting any other.</summary>
internal static class ResponseHeaders
{
    private static readonly SearchValues<char> VisibleAscii = SearchValues.Create(Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c).ToArray());

    private const string PagePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
        + "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

    public static void SetCommon(HttpListenerResponse response, string requestId, bool isPage = false)
    {
        response.Headers["Server"] = "TinyForum";
        response.Headers["Cache-Control"] ??= "no-store"; // what may be kept was marked before
        response.Headers["Content-Security-Policy"] = isPage ? PagePolicy : "default-src 'none'; frame-ancestors 'none'";
        if (isPage)
            response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
        response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
        response.Headers["Referrer-Policy"] = "same-origin";
        response.Headers["X-Content-Type-Options"] = "nosniff";
        response.Headers["X-Request-Id"] = requestId;
    }

    /// <summary>Makes the listener send no <c>Content-Length</c>, as is right for a 204 and for a 304 (RFC 9110, section 8.6).</summary>
    public static void LeaveLengthOut(HttpListenerResponse response)
    {
        var headers = new WithoutLength();
        headers.Add(response.Headers);
        ListenerInternals.HeadersOf(response) = headers;
    }

    /// <summary>The head of a 200 whose body ends with the connection (RFC 9112, section 6.3), in the place of the listener's.</summary>
    public static byte[] HeadOfStream(HttpListenerResponse response, string contentType)
    {
        var head = new StringBuilder("HTTP/1.1 200 OK\r\n");
        foreach (var name in response.Headers.AllKeys)
            head.Append(CultureInfo.InvariantCulture, $"{name}: {response.Headers[name]}\r\n");
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

    private sealed class WithoutLength : WebHeaderCollection
    {
        public override void Set(string name, string? value)
        {
            if (!name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
                base.Set(name, value);
        }
    }
}
