namespace TinyForum.Tests.Support;

/// <summary>Who answers a request.</summary>
public enum By
{
    /// <summary>The server, in the envelope.</summary>
    Forum,

    /// <summary>HttpListener, in HTML, and then it closes.</summary>
    Listener,

    /// <summary>HttpListener, in HTML, with another answer that nobody asked for behind it.</summary>
    ListenerTwice,

    /// <summary>HttpListener, with an empty 200 whose chunks end twice, and then it closes.</summary>
    ListenerByAccident,
}

/// <summary>A request that no good client sends, and what comes of it.</summary>
/// <param name="Name">What is wrong with it.</param>
/// <param name="Text">Each character a byte. PORT stands for the server's port.</param>
/// <param name="Status">The answer's status.</param>
/// <param name="By">Who answers.</param>
/// <param name="Closes">Whether the connection ends with the answer, beyond those that the listener ends by their status.</param>
/// <param name="Continue">Whether a 100 comes first.</param>
internal sealed record HostileRequest(string Name, string Text, int Status, By By = By.Forum, bool Closes = false, bool Continue = false)
{
    public bool EndsConnection => Closes || By != By.Forum || Status is 400 or 408 or 411 or 413 or 414 or 500 or 503;
}

/// <summary>The corpus: what docs/http.md says of odd requests, row by row, and what the fuzzer starts from.</summary>
internal static class HostileRequests
{
    private const string Host = "Host: 127.0.0.1:PORT\r\n";
    private const string Get = "GET /healthz HTTP/1.1\r\n" + Host;
    private const string Post = "POST /api/login HTTP/1.1\r\n" + Host + "Content-Type: application/json\r\n";
    private const string Body = """{"username":"nobody","password":"secret"}"""; // 41 bytes
    private const string Chunked = "Transfer-Encoding: chunked\r\n";
    private const string Chunks = "\r\n29\r\n" + Body + "\r\n0\r\n\r\n";

    private static string Chunk(string body) => Post + Chunked + "\r\n" + body;

    public static IReadOnlyList<HostileRequest> All { get; } =
    [
        new("nothing", Get + "\r\n", 200),
        new("a good body", Post + "Content-Length: 41\r\n\r\n" + Body, 200),

        // The request line.
        new("HTTP/1.0", "GET /healthz HTTP/1.0\r\n" + Host + "\r\n", 200, Closes: true),
        new("HTTP/1.0 without a Host", "GET /healthz HTTP/1.0\r\n\r\n", 200, Closes: true),
        new("a minor version to come", "GET /healthz HTTP/1.9\r\n" + Host + "\r\n", 200),
        new("HTTP/0.9", "GET /healthz\r\n", 400, By.Listener),
        new("HTTP/0.9 by number", "GET /healthz HTTP/0.9\r\n\r\n", 400, By.Listener),
        new("HTTP/2 by number", "GET /healthz HTTP/2.0\r\n" + Host + "\r\n", 505, By.ListenerTwice),
        new("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, By.ListenerTwice),
        new("a version in lower case", "GET /healthz http/1.1\r\n" + Host + "\r\n", 400, By.Listener),
        new("another protocol", "SSH-2.0-x\r\n", 400, By.Listener),
        new("a method alone", "GET\r\n\r\n", 400, By.Listener),
        new("two spaces", "GET  /healthz HTTP/1.1\r\n" + Host + "\r\n", 400, By.Listener),
        new("no target", "GET  HTTP/1.1\r\n" + Host + "\r\n", 200, By.ListenerByAccident),
        new("no target for a body", "POST  HTTP/1.1\r\n" + Host + "Content-Length: 41\r\n\r\n" + Body, 200, By.ListenerByAccident),
        new("a space in the target", "GET /heal thz HTTP/1.1\r\n" + Host + "\r\n", 400, By.Listener),
        new("a space in front", " " + Get + "\r\n", 400, By.Listener),
        new("empty lines in front", "\r\n\r\n" + Get + "\r\n", 200),
        new("lines that end in LF alone", "GET /healthz HTTP/1.1\nHost: 127.0.0.1\n\n", 200),
        new("a method in lower case", "get /healthz HTTP/1.1\r\n" + Host + "\r\n", 405),
        new("a POST in lower case without a length", "post /api/login HTTP/1.1\r\n" + Host + "\r\n", 411, By.Listener),
        new("a method that is no token", "G<T /healthz HTTP/1.1\r\n" + Host + "\r\n", 400, By.Listener),
        new("a method that is not ASCII", "G\u00C3\u00A9T /healthz HTTP/1.1\r\n" + Host + "\r\n", 400, By.Listener),
        new("a method of 5,000 letters", new string('G', 5000) + " /healthz HTTP/1.1\r\n" + Host + "\r\n", 405),
        new("TRACE", "TRACE /healthz HTTP/1.1\r\n" + Host + "\r\n", 405),
        new("CONNECT", "CONNECT a.example:443 HTTP/1.1\r\n" + Host + "\r\n", 400, By.Listener),
        new("OPTIONS *", "OPTIONS * HTTP/1.1\r\n" + Host + "\r\n", 400, By.Listener),
        new("a target without a slash", "GET healthz HTTP/1.1\r\n" + Host + "\r\n", 400, By.Listener),
        new("a query alone", "GET ?a HTTP/1.1\r\n" + Host + "\r\n", 400),
        new("two slashes", "GET //evil.example/healthz HTTP/1.1\r\n" + Host + "\r\n", 404),
        new("a fragment", "GET /healthz#a HTTP/1.1\r\n" + Host + "\r\n", 404),
        new("NUL in the target", "GET /healthz\0 HTTP/1.1\r\n" + Host + "\r\n", 400),
        new("an encoded NUL", "GET /healthz%00 HTTP/1.1\r\n" + Host + "\r\n", 400),
        new("a tab in the target", "GET /heal\tthz HTTP/1.1\r\n" + Host + "\r\n", 404),
        new("an escape in the target", "GET /\u001b[2J\u007f\u009b HTTP/1.1\r\n" + Host + "\r\n", 400),
        new("dots", "GET /x/../healthz HTTP/1.1\r\n" + Host + "\r\n", 404),
        new("encoded dots", "GET /x/%2e%2e/healthz HTTP/1.1\r\n" + Host + "\r\n", 404),
        new("backslashes", @"GET \x\..\healthz HTTP/1.1" + "\r\n" + Host + "\r\n", 400, By.Listener),
        new("%u0041", "GET /api/user/%u0041 HTTP/1.1\r\n" + Host + "\r\n", 400),
        new("UTF-8 that is none", "GET /api/user/\u00E9 HTTP/1.1\r\n" + Host + "\r\n", 400),
        new("a target of 100 KB", "GET /" + new string('a', 100_000) + " HTTP/1.1\r\n" + Host + "\r\n", 414),
        new("2,000 parameters", "GET /healthz?" + string.Concat(Enumerable.Repeat("a=1&", 2000)) + " HTTP/1.1\r\n" + Host + "\r\n", 200),

        // Which host.
        new("no Host", "GET /healthz HTTP/1.1\r\n\r\n", 400, By.Listener),
        new("an empty Host", "GET /healthz HTTP/1.1\r\nHost:\r\n\r\n", 400, By.Listener),
        new("a foreign Host", "GET /api/tags HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
        new("a Host with a dot behind", "GET /api/tags HTTP/1.1\r\nHost: localhost.\r\n\r\n", 421),
        new("a Host with a path", "GET /api/tags HTTP/1.1\r\nHost: 127.0.0.1/a\r\n\r\n", 421),
        new("a Host that is none", "GET /healthz HTTP/1.1\r\nHost: a b<>\r\n\r\n", 400, By.Listener),
        new("a Host in capitals", "GET /healthz HTTP/1.1\r\nHost: LOCALHOST\r\n\r\n", 200),
        new("a Host with another port", "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n", 200),
        new("two Hosts, the last one good", "GET /healthz HTTP/1.1\r\nHost: evil.example\r\n" + Host + "\r\n", 200),
        new("two Hosts, the last one foreign", "GET /api/tags HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n", 421),
        new("the absolute form", "GET http://127.0.0.1:PORT/healthz HTTP/1.1\r\n" + Host + "\r\n", 200),
        new("the absolute form of another site", "GET http://evil.example/healthz HTTP/1.1\r\n" + Host + "\r\n", 421),
        new("the absolute form without a Host", "GET http://127.0.0.1:PORT/healthz HTTP/1.1\r\n\r\n", 400, By.Listener),
        new("the absolute form without a site", "GET http:///healthz HTTP/1.1\r\n" + Host + "\r\n", 400, By.Listener),

        // Lengths.
        new("a POST without a length", Post + "\r\n" + Body, 411, By.Listener),
        new("a PUT without a length", "PUT /api/me/password HTTP/1.1\r\n" + Host + "\r\n", 411, By.Listener),
        new("a PATCH without a length", "PATCH /healthz HTTP/1.1\r\n" + Host + "\r\n", 405),
        new("no body", Post + "Content-Length: 0\r\n\r\n", 400),
        new("a negative length", Post + "Content-Length: -1\r\n\r\n" + Body, 400, By.Listener),
        new("a length with a plus", Post + "Content-Length: +41\r\n\r\n" + Body, 400, By.Listener),
        new("a length in words", Post + "Content-Length: abc\r\n\r\n" + Body, 400, By.Listener),
        new("an empty length", Post + "Content-Length:\r\n\r\n" + Body, 400, By.Listener),
        new("a length in hexadecimal", Post + "Content-Length: 0x29\r\n\r\n" + Body, 400, By.Listener),
        new("a length with a fraction", Post + "Content-Length: 41.0\r\n\r\n" + Body, 400, By.Listener),
        new("a list of lengths", Post + "Content-Length: 41, 41\r\n\r\n" + Body, 400, By.Listener),
        new("two lengths that conflict", Post + "Content-Length: 41\r\nContent-Length: 0\r\n\r\n" + Body, 400, By.Listener),
        new("two lengths that agree", Post + "Content-Length: 41\r\nContent-Length: 41\r\n\r\n" + Body, 200),
        new("a length with zeros in front", Post + "Content-Length: 00041\r\n\r\n" + Body, 200),
        new("a length past 64 bits", Post + "Content-Length: 9223372036854775808\r\n\r\n" + Body, 400, By.Listener),
        new("the largest length", Post + "Content-Length: 9223372036854775807\r\n\r\n" + Body, 413),
        new("a length that wraps around in 32 bits", Post + "Content-Length: 4294967337\r\n\r\n" + Body, 413),
        new("a length that is too small", Post + "Content-Length: 40\r\n\r\n" + Body, 400),
        new("a GET with a body", Get + "Content-Length: 5\r\n\r\nhello", 200),
        new("a GET with half a body", Get + "Content-Length: 5\r\n\r\nhe", 200, Closes: true),

        // Transfer encodings.
        new("a chunked body", Post + Chunked + Chunks, 200),
        new("a chunked body in capitals", Post + "TRANSFER-ENCODING: CHUNKED\r\n" + Chunks, 200),
        new("a chunked body with a space before the colon", Post + "Transfer-Encoding : chunked\r\n" + Chunks, 200),
        new("a chunked GET", Get + Chunked + Chunks, 200),
        new("a chunked body with a length", Post + Chunked + "Content-Length: 41\r\n" + Chunks, 400),
        new("a length with a chunked body", Post + "Content-Length: 41\r\n" + Chunked + Chunks, 400),
        new("a chunked body with a length of 0", Post + Chunked + "Content-Length: 0\r\n" + Chunks, 400),
        new("a chunked body behind a tab", Post + "Transfer-Encoding:\tchunked\r\nContent-Length: 41\r\n" + Chunks, 400),
        new("a chunked body by CR in the name", Post + "Transfer-\rEncoding: chunked\r\nContent-Length: 41\r\n" + Chunks, 400),
        new("a chunked body in a folded line", Post + "A: b\r\n Transfer-Encoding: chunked\r\nContent-Length: 41\r\n" + Chunks, 400),
        new("a chunked body of HTTP/1.0", Post.Replace("/1.1", "/1.0") + Chunked + Chunks, 411, By.Listener),
        new("a chunked GET of HTTP/1.0", Get.Replace("/1.1", "/1.0") + Chunked + Chunks, 400),
        new("a chunked body of HTTP/1.0 with a length", Post.Replace("/1.1", "/1.0") + Chunked + "Content-Length: 41\r\n" + Chunks, 400),
        new("another transfer encoding", Post + "Transfer-Encoding: gzip\r\nContent-Length: 41\r\n\r\n" + Body, 501, By.ListenerTwice),
        new("two transfer encodings", Post + "Transfer-Encoding: gzip, chunked\r\n" + Chunks, 501, By.ListenerTwice),
        new("the identity", Post + "Transfer-Encoding: identity\r\nContent-Length: 41\r\n\r\n" + Body, 501, By.ListenerTwice),
        new("an empty transfer encoding", Post + "Transfer-Encoding:\r\nContent-Length: 41\r\n\r\n" + Body, 501, By.ListenerTwice),

        // Chunks.
        new("many chunks", Post + Chunked + "\r\n" + string.Concat(Body.Select(c => $"1\r\n{c}\r\n")) + "0\r\n\r\n", 200),
        new("an extension", Post + Chunked + "\r\n29;a=\"b\";c\r\n" + Body + "\r\n0;d\r\n\r\n", 200),
        new("a trailer", Post + Chunked + "\r\n29\r\n" + Body + "\r\n0\r\nA: b\r\nContent-Length: 5\r\n\r\n", 200),
        new("a size of 8 digits", Post + Chunked + "\r\n00000029\r\n" + Body + "\r\n00000000\r\n\r\n", 200),
        new("a request behind the chunks, in the same segment", Post + Chunked + Chunks + Get + "\r\n", 200, Closes: true),
        new("chunks of one byte, 600 KB", Chunk(string.Concat(Enumerable.Repeat("1\r\n \r\n", 100_000))), 413),
        new("a chunk that is too large", Chunk("40001\r\n"), 413),
        new("chunks that are too large together", Chunk("40000\r\n" + new string(' ', 0x40000) + "\r\n1\r\n"), 413),
        new("a size past 32 bits", Chunk("FFFFFFFF\r\n"), 413),
        new("a size of 9 digits", Chunk("000000029\r\n" + Body + "\r\n0\r\n\r\n"), 400),
        new("a size past 64 bits", Chunk("10000000000000029\r\n"), 400),
        new("an endless size", Chunk(new string('0', 100_000)), 400),
        new("an endless extension", Chunk("29;" + new string('a', 100_000)), 413),
        new("an endless trailer", Chunk("0\r\nA: " + new string('a', 100_000)), 413),
        new("endless trailers", Chunk("0\r\n" + string.Concat(Enumerable.Repeat("A: b\r\n", 20_000))), 413),
        new("no size", Chunk("\r\n" + Body + "\r\n0\r\n\r\n"), 400),
        new("an extension without a size", Chunk(";a\r\n" + Body + "\r\n0\r\n\r\n"), 400),
        new("a negative size", Chunk("-29\r\n" + Body + "\r\n0\r\n\r\n"), 400),
        new("a size with a plus", Chunk("+29\r\n" + Body + "\r\n0\r\n\r\n"), 400),
        new("a size with 0x", Chunk("0x29\r\n" + Body + "\r\n0\r\n\r\n"), 400),
        new("a size with a space in front", Chunk(" 29\r\n" + Body + "\r\n0\r\n\r\n"), 400),
        new("a size with a space behind", Chunk("29 \r\n" + Body + "\r\n0\r\n\r\n"), 400),
        new("a size with a space inside", Chunk("2 9\r\n" + Body + "\r\n0\r\n\r\n"), 400),
        new("a size that is no number", Chunk("2g\r\n" + Body + "\r\n0\r\n\r\n"), 400),
        new("a size with NUL", Chunk("29\0\r\n" + Body + "\r\n0\r\n\r\n"), 400),
        new("an extension with NUL", Chunk("29;\0\r\n" + Body + "\r\n0\r\n\r\n"), 400),
        new("a size that ends in LF alone", Chunk("29\n" + Body + "\r\n0\r\n\r\n"), 400),
        new("a size that ends in CR alone", Chunk("29\r" + Body + "\r\n0\r\n\r\n"), 400),
        new("an extension that ends in LF alone", Chunk("29;a\n" + Body + "\r\n0\r\n\r\n"), 400),
        new("a chunk that ends in LF alone", Chunk("29\r\n" + Body + "\n0\r\n\r\n"), 400),
        new("a chunk that is longer than its size", Chunk("28\r\n" + Body + "\r\n0\r\n\r\n"), 400),
        new("a chunk that is shorter than its size", Chunk("2A\r\n" + Body + "\r\n0\r\n\r\n"), 400),
        new("a last line that ends in LF alone", Chunk("29\r\n" + Body + "\r\n0\r\n\n"), 400),
        new("a trailer without a colon", Chunk("29\r\n" + Body + "\r\n0\r\nGET / HTTP/1.1\r\n\r\n"), 400),
        new("a trailer without a name", Chunk("29\r\n" + Body + "\r\n0\r\n: a\r\n\r\n"), 400),
        new("a trailer that ends in LF alone", Chunk("29\r\n" + Body + "\r\n0\r\nA: b\n\r\n"), 400),

        // Expectations.
        new("Expect: 100-continue", Post + "Expect: 100-continue\r\nContent-Length: 41\r\n\r\n" + Body, 200, Continue: true),
        new("Expect: 100-continue of a GET", Get + "Expect: 100-continue\r\n\r\n", 200, Continue: true),
        new("Expect: 100-continue of too much", Post + "Expect: 100-continue\r\nContent-Length: 999999\r\n\r\n", 413, Continue: true),
        new("another expectation", Get + "Expect: 200-ok\r\n\r\n", 200),

        // Other headers.
        new("a compressed body", Post + "Content-Encoding: gzip\r\nContent-Length: 41\r\n\r\n" + Body, 415),
        new("a compressed body in chunks", Post + "Content-Encoding: br\r\n" + Chunked + Chunks, 415),
        new("a compressed body that nobody asked for", Get + "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", 415),
        new("a body in the coding that is none", Post + "Content-Encoding: identity\r\nContent-Length: 41\r\n\r\n" + Body, 200),
        new("a coding without a body", Get + "Content-Encoding: gzip\r\n\r\n", 200),
        new("a folded line", Get + "A: b\r\n c\r\n\r\n", 400, By.Listener),
        new("a line without a colon", Get + "abc\r\n\r\n", 400, By.Listener),
        new("a header without a name", Get + ": a\r\n\r\n", 400, By.Listener),
        new("a name that is no token", Get + "a(b): c\r\n\r\n", 400, By.Listener),
        new("a name that is not ASCII", Get + "\u00C3\u00A9: c\r\n\r\n", 400, By.Listener),
        new("NUL in a header", Get + "A: b\0c\r\n\r\n", 400, By.Listener),
        new("CR in a header", Get + "A: b\rc\r\n\r\n", 200),
        new("a header of 30 KB", Get + "A: " + new string('a', 30_000) + "\r\n\r\n", 200),
        new("a header of 100 KB", Get + "A: " + new string('a', 100_000) + "\r\n\r\n", 400, By.Listener),
        new("a name of 100 KB", Get + new string('a', 100_000) + ": a\r\n\r\n", 400, By.Listener),
        new("3,000 headers", Get + string.Concat(Enumerable.Range(0, 3000).Select(i => $"A{i}: b\r\n")) + "\r\n", 200),
        new("10,000 headers", Get + string.Concat(Enumerable.Range(0, 10_000).Select(i => $"A{i}: b\r\n")) + "\r\n", 400, By.Listener),
        new("cookies of 28 KB", Get + "Cookie: " + string.Concat(Enumerable.Repeat("a=b;", 7000)) + "\r\n\r\n", 200),
        new("a session of 8 KB", Get + "Cookie: tinyforum_session=" + new string('a', 8000) + "\r\n\r\n", 200),
        new("a session that is not ASCII", Get + "Cookie: tinyforum_session=\u00FF\u00FE\r\n\r\n", 200),
        new("a token that is not ASCII", "GET /api/me HTTP/1.1\r\n" + Host + "Authorization: Bearer \u00FF\u00FE\r\n\r\n", 401),
        new("credentials that are none", Get + "Authorization: Negotiate !!!\r\n\r\n", 200),
        new("an Origin that is not ASCII", Post + "Origin: \u00FF\u00FE\r\nContent-Length: 41\r\n\r\n" + Body, 403),
        new("Origin: null", Post + "Origin: null\r\nContent-Length: 41\r\n\r\n" + Body, 403),
        new("a foreign Origin", Post + "Origin: http://evil.example\r\nContent-Length: 41\r\n\r\n" + Body, 403),
        new("a type that is none", Post + "Content-Type: \u00FF;;==\r\nContent-Length: 41\r\n\r\n" + Body, 415),
        new("a charset of UTF-7", Post + "Content-Type: application/json; charset=utf-7\r\nContent-Length: 41\r\n\r\n" + Body, 200),
        new("a request id of its own", Get + "X-Request-Id: \u00FF\r\n\r\n", 200),
        new("headers that are not what they should be",
            Get + "Accept-Language: ;;q=\u00FF\r\nIf-None-Match: \u00FF\r\nRange: bytes=-\r\nDate: x\r\nReferer: \u00FF://\r\n\r\n", 200),
        new("an upgrade to a web socket",
            Get + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", 200),
        new("an upgrade to HTTP/2", Get + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n", 200),
        new("a Connection that is none", Get + "Connection: \u00FF\r\n\r\n", 200),

        // More than a request.
        new("bytes behind the body", Post + "Content-Length: 41\r\n\r\n" + Body + "\r\n", 200, Closes: true),
        new("a request behind the request, in the same segment", Get + "\r\nGET /api/me HTTP/1.1\r\n" + Host + "\r\n", 200, Closes: true),
        new("a request behind the body, in the same segment",
            Post + "Content-Length: 41\r\n\r\n" + Body + "DELETE /api/me HTTP/1.1\r\n" + Host + "\r\n", 200, Closes: true),
        new("a request behind one that closes", Get + "Connection: close\r\n\r\n" + Get + "\r\n", 200, Closes: true),
        new("all bytes there are", string.Concat(Enumerable.Range(1, 255).Select(i => (char)i)) + "\r\n\r\n", 400, By.Listener),
    ];
}
