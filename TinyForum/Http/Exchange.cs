using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using TinyForum.Http.Guard;

namespace TinyForum.Http;

/// <summary>
/// One request and its answer: the reliable parts of <see cref="HttpListenerContext"/>. The answer is collected here and sent in one write
/// with its <c>Content-Length</c>.
/// </summary>
internal sealed class Exchange : IDisposable
{
    private const int StreamedAtOnce = 64 * 1024; // bytes

    private static readonly string ProcessId = Guid.NewGuid().ToString("N")[..8];
    private static long _lastId;

    /// <summary>How much of an answer is sent with its head: HttpListener copies that, and sends the rest from where it is.</summary>
    internal const int SentWithHead = 32 * 1024;

    private const int HeadLength = 512; // about

    /// <summary>How long a client may send nothing of a body that was refused, until it gets the answer.</summary>
    internal static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(500);

    private readonly HttpListenerContext _context;
    private readonly ConnectionStream? _stream;
    private readonly ArrayBudget _answers;
    private readonly RequestBody _requestBody;
    private RequestTarget? _target;
    private List<(string Name, string Value)>? _headerLines;
    private byte[] _held = [];
    private bool _isClosed;

    /// <summary>Takes over a request; the memory of its body and its answer comes out of those budgets.</summary>
    public Exchange(HttpListenerContext context, ArrayBudget bodies, ArrayBudget answers, string basePath)
    {
        (_context, _answers, BasePath) = (context, answers, basePath);
        _stream = ListenerInternals.Exist ? ListenerInternals.StreamOf(context) as ConnectionStream : null;
        if (_stream is not null)
            ResponseHeaders.Prepare(context.Response);
        _requestBody = new RequestBody(context, _stream, bodies);
        Method = context.Request.HttpMethod;
        RawTarget = Http.BasePath.Cut(context.Request.RawUrl ?? "", basePath);
        try
        {
            Remote = context.Request.RemoteEndPoint;
        }
        catch (Exception e) when (e is ObjectDisposedException or System.Net.Sockets.SocketException or NullReferenceException)
        {
            // The client has already disconnected.
        }
    }

    /// <summary>Identifies this request in the log and to the client.</summary>
    public string Id { get; } = string.Create(CultureInfo.InvariantCulture, $"{ProcessId}-{Interlocked.Increment(ref _lastId):x}");

    public GuardedConnection? Connection { get; set; }

    /// <summary>Where the connection was accepted; <see langword="null"/> if HttpListener did that by itself.</summary>
    public ListenAddress? ListenAddress => _stream?.Address;

    public string Method { get; }

    /// <summary>The path below which the server is found; empty for a host of its own.</summary>
    public string BasePath { get; }

    /// <summary>The request target as sent, without the base path.</summary>
    public string RawTarget { get; }

    /// <summary>The host and port of the request: from an absolute target, or else from the <c>Host</c> header (RFC 9112, section 3.2.2).</summary>
    /// <exception cref="RefusalException">Invalid: the target is malformed.</exception>
    public string? Authority => Target.Authority ?? Header("Host");

    /// <summary>The host without its port; empty if HTTP/1.0 left it out.</summary>
    /// <exception cref="RefusalException">Invalid: the target is malformed.</exception>
    public string HostName => Authority is not { } authority ? ""
        : authority.LastIndexOf(':') is var colon && colon > authority.LastIndexOf(']') ? authority[..colon] : authority; // an IPv6 address has its own

    /// <exception cref="RefusalException">Invalid: it is malformed.</exception>
    public RequestTarget Target => _target ??= RequestTarget.Parse(RawTarget);

    /// <summary>The other end of the connection, a proxy if there is one; <see langword="null"/> if it has disconnected.</summary>
    public IPEndPoint? Remote { get; }

    /// <summary>The pattern that the request was routed to.</summary>
    public string? Route { get; set; }

    /// <summary>Who is calling, for the log.</summary>
    public long? UserId { get; set; }

    /// <summary>When the request came, as a <see cref="Stopwatch.GetTimestamp"/>.</summary>
    public long StartedAt { get; } = Stopwatch.GetTimestamp();

    public int Status { get; set; } = 200;

    public string ContentType { get; set; } = "application/json";

    /// <summary>When to come back after a refusal, in seconds, if it helps.</summary>
    public long? RetryAfter { get; set; }

    /// <summary>Whether no client or proxy may store the answer.</summary>
    public bool IsSecret { get; set; }

    /// <summary>A header besides the usual ones that decides who is calling.</summary>
    public string? AuthHeader { get; set; }

    /// <summary>Whether what has this address never changes.</summary>
    public bool IsImmutable { get; set; }

    /// <summary>Whether the answer is a page.</summary>
    public bool IsHtml => ContentType.StartsWith("text/html", StringComparison.Ordinal);

    /// <summary>How long a client may send nothing while its body is read.</summary>
    public TimeSpan BodyTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Whether to close the connection after the answer; set before it is sent.</summary>
    public bool CloseConnection { get; set; }

    /// <summary>Cancelled when the server stops: it does not wait for what clients send that nobody wants.</summary>
    public CancellationToken Stopping { get; init; }

    public PooledBuffer Body { get; } = new();

    /// <summary>A kept body, sent instead of <see cref="Body"/> if set.</summary>
    public ReadOnlyMemory<byte>? KeptBody { get; set; }

    /// <summary>A body too long for memory, sent from its position to its end instead of the others if set, and disposed with this.</summary>
    public Stream? BodyStream { get; set; }

    /// <summary>Whether the answer is a stream, which <see cref="BeginStreamAsync"/> has begun.</summary>
    public bool IsStreamed { get; private set; }

    /// <summary>Whether the client has closed the connection while its answer is streamed.</summary>
    public bool ClientHasLeft => _stream?.HasEnded == true;

    /// <summary>Bytes of the answer's body, once it is sent.</summary>
    public long BodyLength { get; private set; }

    /// <summary>Whether the request has a body, be it empty.</summary>
    public bool HasBody => _requestBody.IsChunked || _requestBody.HasLength;

    /// <summary>Whether the request says that its body is of a media type; its parameters, as <c>charset</c>, are not looked at.</summary>
    public bool HasMediaType(string type) => string.Equals(Header("Content-Type")?.Split(';')[0].Trim(), type, StringComparison.OrdinalIgnoreCase);

    /// <summary>The listener sends a 411 itself to a POST or PUT whose length it can't tell, but still hands it on.</summary>
    public bool WasAnsweredByListener => !_requestBody.HasLength && (!_requestBody.IsChunked || _context.Request.ProtocolVersion < HttpVersion.Version11)
        && (Method.Equals("POST", StringComparison.OrdinalIgnoreCase) || Method.Equals("PUT", StringComparison.OrdinalIgnoreCase));

    /// <summary>A header of the request; the last one if it was repeated.</summary>
    public string? Header(string name) => _context.Request.Headers[name];

    /// <summary>
    /// The headers of the request, each as often as it was sent; to be asked before the body is read. Where HttpListener does not let its head be
    /// seen, those of one name may have become one, with commas.
    /// </summary>
    public IReadOnlyList<(string Name, string Value)> HeaderLines => _headerLines ??= ReadHeaderLines();

    public bool HasHeader(Predicate<string> isNamed) => _context.Request.Headers.AllKeys.Any(name => isNamed(name!));

    public bool IsHttp11 => _context.Request.ProtocolVersion == HttpVersion.Version11;

    /// <inheritdoc cref="ResponseHeaders.Set"/>
    public void SetHeader(string name, string value) => ResponseHeaders.Set(_context.Response, name, value);

    /// <summary>Sets a header beside those of its name.</summary>
    /// <inheritdoc cref="ResponseHeaders.Set"/>
    public void AddHeader(string name, string value) => ResponseHeaders.Set(_context.Response, name, value, isAdded: true);

    /// <inheritdoc cref="RequestBody.CheckFraming"/>
    public void CheckFraming() => _requestBody.CheckFraming();

    /// <inheritdoc cref="RequestBody.ReadAsync"/>
    public ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync(int maxLength = RequestBody.MaxLength) =>
        _requestBody.ReadAsync(Connection, BodyTimeout, maxLength);

    /// <summary>Forgets what was to be answered, for another answer.</summary>
    public void DiscardBody()
    {
        Body.Clear();
        KeptBody = null;
        BodyStream?.Dispose();
        BodyStream = null;
    }

    /// <summary>Makes sure that there is memory for the answer until the client has read it; only the large ones of GETs are refused.</summary>
    /// <exception cref="HttpRefusalException">503: too many wait.</exception>
    public void HoldAnswer()
    {
        MemoryMarshal.TryGetArray(KeptBody ?? Body.Written, out var bytes);
        if (KeptBody is not null && bytes.Array != Body.Array)
            Body.Dispose();
        if (Method != "GET" || bytes.Array is null)
            return;
        if (!_answers.TryHold(bytes.Array))
        {
            foreach (var ofContent in (string[])["ETag", "Content-Encoding", "Cache-Control"])
                _context.Response.Headers.Remove(ofContent);
            throw new HttpRefusalException(503, "too many answers wait to be read") { RetryAfter = TimeSpan.FromSeconds(1) };
        }
        _held = bytes.Array;
    }

    /// <summary>
    /// Sends the answer, and ends the exchange if nothing is in the way. A body that nobody has read is read first, if it comes: a proxy or
    /// client that gets the answer while it still sends may fail. Does not throw.
    /// </summary>
    /// <returns>What went wrong, other than that the client has disconnected.</returns>
    public async ValueTask<Exception?> SendAsync()
    {
        var response = _context.Response;
        try
        {
            _requestBody.Dispose();
            if (_requestBody.MayEndSoon)
                await _requestBody.DropAsync(Connection, RequestBody.MaxDropped, Quiet, BodyTimeout, Stopping).ConfigureAwait(false);
            var body = KeptBody ?? Body.Written;
            BodyLength = BodyStream?.Length ?? body.Length;
            response.StatusCode = Status;
            ResponseHeaders.SetCommon(response, Id, IsHtml);
            if (CloseConnection || !_requestBody.LeavesConnectionUsable)
                response.KeepAlive = false;
            var hasContent = Status is not (204 or 304);
            if (hasContent)
            {
                response.ContentType = ContentType;
                response.ContentLength64 = BodyLength;
            }
            else if (_stream is not null)
                ResponseHeaders.LeaveLengthOut(response);
            if (!hasContent || Method == "HEAD")
                body = default;
            var start = body[..Math.Min(body.Length, SentWithHead)];
            await response.OutputStream.WriteAsync(start).ConfigureAwait(false);
            if (start.Length < body.Length)
                await response.OutputStream.WriteAsync(body[start.Length..]).ConfigureAwait(false);
            if (BodyStream is not null)
                await SendStreamAsync(BodyStream, hasContent && Method != "HEAD").ConfigureAwait(false);
            LetAnswerGo();
            if (_requestBody.IsOver && (Closes || HasRoom(start.Length)))
                Close();
            return null;
        }
        catch (Exception e)
        {
            Abort();
            if (e is HttpListenerException or IOException or ObjectDisposedException or InvalidOperationException)
                return null;
            Status = 500;
            return e;
        }
    }

    /// <summary>Sends the head of an answer that ends with the connection.</summary>
    /// <returns>Where to write it.</returns>
    /// <exception cref="IOException">The client has disconnected.</exception>
    public async ValueTask<Stream> BeginStreamAsync()
    {
        IsStreamed = true;
        var response = _context.Response;
        ResponseHeaders.SetCommon(response, Id);
        if (_stream is null)
        {
            response.ContentType = ContentType;
            response.KeepAlive = false;
            await response.OutputStream.FlushAsync().ConfigureAwait(false);
            return response.OutputStream;
        }
        await _stream.WriteAsync(ResponseHeaders.HeadOfStream(response, ContentType)).ConfigureAwait(false);
        return _stream;
    }

    /// <summary>Ends the connection after a stream of <paramref name="length"/> bytes.</summary>
    public void EndStream(long length)
    {
        BodyLength = length;
        Abort();
    }

    /// <summary>Disposes the stream before its last bytes go out: who has read an answer whole finds that it is over.</summary>
    private async ValueTask SendStreamAsync(Stream content, bool isSent)
    {
        var buffer = new byte[StreamedAtOnce];
        while (isSent)
        {
            var count = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false).ConfigureAwait(false);
            isSent = count == buffer.Length && content.Position < BodyLength;
            if (!isSent)
                await content.DisposeAsync().ConfigureAwait(false);
            await _context.Response.OutputStream.WriteAsync(buffer.AsMemory(0, count)).ConfigureAwait(false);
        }
        await content.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Ends the exchange. If the client is still sending, it is told that nobody listens and what it sends is dropped for a while: closed with
    /// unread bytes, the connection would be reset, and the client might never see the answer (RFC 9112, section 9.6). Does not throw.
    /// </summary>
    public async ValueTask EndAsync()
    {
        if (_isClosed)
            return;
        try
        {
            if (!_requestBody.IsOver)
            {
                _stream?.EndSending();
                await _requestBody.DropAsync(Connection, RequestBody.MaxDroppedAfter, BodyTimeout, BodyTimeout, Stopping).ConfigureAwait(false);
            }
            for (var pause = 1; !Closes && !HasRoom(0); pause = Math.Min(2 * pause, 64))
                await Task.Delay(pause).ConfigureAwait(false);
            Close();
        }
        catch (Exception)
        {
            Abort();
        }
    }

    /// <summary>Ends the connection with it, whatever has been sent. Does not throw.</summary>
    public void Abort()
    {
        _isClosed = true;
        Abort(_context);
    }

    /// <inheritdoc cref="Abort()"/>
    public static void Abort(HttpListenerContext context)
    {
        try
        {
            // Otherwise the listener would first send a head, of an answer that nobody gave.
            if (ListenerInternals.Exist && ListenerInternals.StreamOf(context) is ConnectionStream stream)
                ListenerInternals.Close(stream.Connection);
            else
                context.Response.Abort();
        }
        catch (Exception)
        {
            // It is closed already, or memory is short: then the guard ends the connection.
        }
    }

    public void Dispose()
    {
        LetAnswerGo();
        BodyStream?.Dispose();
        _requestBody.Dispose();
    }

    private List<(string Name, string Value)> ReadHeaderLines()
    {
        var lines = _stream is null ? [] : RequestHead.Headers(ListenerInternals.HeadOf(_context));
        if (lines.Count > 0)
            return lines;
        var headers = _context.Request.Headers;
        return [.. headers.AllKeys.SelectMany(name => headers.GetValues(name) ?? [], (name, value) => (name!, value))];
    }

    private bool Closes => _context.Response.Headers["Connection"] == "close";

    private bool HasRoom(int written) => _stream?.HasRoom(written + HeadLength) != false;

    private void Close()
    {
        _isClosed = true;
        _context.Response.Close();
    }

    private void LetAnswerGo()
    {
        _answers.Release(_held);
        _held = [];
        Body.Dispose();
    }
}
