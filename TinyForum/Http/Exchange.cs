using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace TinyForum.Http;

/// <summary>
/// One request and its answer: the reliable parts of <see cref="HttpListenerContext"/>. The answer is collected here and sent in one write
/// with its <c>Content-Length</c>.
/// </summary>
internal sealed class Exchange : IDisposable
{
    /// <summary>The largest accepted body, bytes.</summary>
    public const int MaxBody = 256 * 1024;

    private static readonly SearchValues<char> VisibleAscii = SearchValues.Create(Enumerable.Range(32, 95).Select(c => (char)c).ToArray());

    private static readonly string ProcessId = Guid.NewGuid().ToString("N")[..8];
    private static long _lastId;

    private readonly HttpListenerContext _context;
    private readonly PooledBuffer _buffer = new();
    private byte[]? _requestBody;
    private bool _bodyWasRead;
    private RequestTarget? _target;

    public Exchange(HttpListenerContext context)
    {
        _context = context;
        Method = context.Request.HttpMethod;
        RawTarget = context.Request.RawUrl ?? "";
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

    /// <summary>The connection as the guard sees it, if there is one.</summary>
    public GuardedConnection? Connection { get; set; }

    public string Method { get; }

    /// <summary>The request target as sent.</summary>
    public string RawTarget { get; }

    /// <summary>The host and port of the request: from an absolute target, or else from the <c>Host</c> header (RFC 9112, section 3.2.2).</summary>
    /// <exception cref="RefusalException">Invalid: the target is malformed.</exception>
    public string? Authority => Target.Authority ?? Header("Host");

    /// <summary>The host without its port; empty if HTTP/1.0 left it out.</summary>
    /// <exception cref="RefusalException">Invalid: the target is malformed.</exception>
    public string HostName => Authority is not { } authority ? "" : authority.LastIndexOf(':') is >= 0 and var colon ? authority[..colon] : authority;

    /// <summary>The parsed request target.</summary>
    /// <exception cref="RefusalException">Invalid: it is malformed.</exception>
    public RequestTarget Target => _target ??= RequestTarget.Parse(RawTarget);

    /// <summary>The other end of the connection, a proxy if there is one; <see langword="null"/> if it has disconnected.</summary>
    public IPEndPoint? Remote { get; }

    /// <summary>The pattern that the request was routed to, for the log and the metrics.</summary>
    public string? Route { get; set; }

    /// <summary>Who is calling, for the log.</summary>
    public long? UserId { get; set; }

    /// <summary>When the request came, as a <see cref="Stopwatch.GetTimestamp"/>.</summary>
    public long StartedAt { get; } = Stopwatch.GetTimestamp();

    public int Status { get; set; } = 200;

    public string ContentType { get; set; } = "application/json";

    /// <summary>How long a client may send nothing while its body is read.</summary>
    public TimeSpan BodyTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Whether to close the connection after the answer; set before it is sent.</summary>
    public bool CloseConnection { get; set; }

    /// <summary>Where the answer's body is written.</summary>
    public PooledBuffer Body => _buffer;

    /// <summary>A kept body, sent instead of <see cref="Body"/> if set.</summary>
    public ReadOnlyMemory<byte>? KeptBody { get; set; }

    public bool IsHead => Method == "HEAD";

    public bool HasBody => _context.Request.HasEntityBody;

    public long? ContentLength => _context.Request.Headers["Content-Length"] is null ? null : _context.Request.ContentLength64;

    /// <summary>A header of the request; the last one if it was repeated.</summary>
    public string? Header(string name) => _context.Request.Headers[name];

    /// <summary>Whether the request has a header whose name has this prefix.</summary>
    public bool HasHeaderStartingWith(string prefix) =>
        _context.Request.Headers.AllKeys.Any(name => name!.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));

    /// <summary>Sets a header of the answer.</summary>
    /// <exception cref="ArgumentException">The value is not visible ASCII and would break the answer while it is sent.</exception>
    public void SetHeader(string name, string value)
    {
        RequireVisibleAscii(name, value);
        _context.Response.Headers[name] = value;
    }

    /// <summary>Adds a header to the answer, keeping others of the same name.</summary>
    /// <exception cref="ArgumentException">As for <see cref="SetHeader"/>.</exception>
    public void AddHeader(string name, string value)
    {
        RequireVisibleAscii(name, value);
        _context.Response.Headers.Add(name, value);
    }

    /// <summary>Reads the request's body into a pooled array, once; valid until this object is disposed.</summary>
    /// <exception cref="HttpRefusalException">411 without a length, 413 past <see cref="MaxBody"/>, 408 if it stalls.</exception>
    /// <exception cref="RefusalException">Invalid: it ends early.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync()
    {
        var length = ContentLength ?? throw new HttpRefusalException(411, "the body needs a Content-Length");
        if (length is < 0 or > MaxBody)
            throw new HttpRefusalException(413, $"the body must be at most {MaxBody} bytes");
        _requestBody = ArrayPool<byte>.Shared.Rent((int)length);
        var body = _requestBody.AsMemory(0, (int)length);
        Connection?.BeginBody();
        try
        {
            await FillAsync(body).ConfigureAwait(false);
        }
        catch (Exception e) when (e is EndOfStreamException or HttpListenerException or IOException or ObjectDisposedException)
        {
            throw new RefusalException(RefusalKind.Invalid, "the body is shorter than its Content-Length");
        }
        catch (TimeoutException)
        {
            _requestBody = null; // the read goes on until the connection ends, so that nobody else may get the array
            throw new HttpRefusalException(408, "the body did not arrive in time");
        }
        finally
        {
            Connection?.EndBody();
        }
        _bodyWasRead = true;
        return body;
    }

    // The stream ignores cancellation.
    private async Task FillAsync(Memory<byte> body)
    {
        while (!body.IsEmpty)
        {
            var reading = _context.Request.InputStream.ReadAsync(body).AsTask();
            if (!reading.IsCompleted)
            {
                _ = reading.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
                await reading.WaitAsync(BodyTimeout).ConfigureAwait(false);
            }
            var read = await reading.ConfigureAwait(false);
            body = read > 0 ? body[read..] : throw new EndOfStreamException();
        }
    }

    /// <summary>Sends the answer. Does not throw if the client has disconnected.</summary>
    public async ValueTask SendAsync()
    {
        var response = _context.Response;
        var body = KeptBody ?? _buffer.Written;
        try
        {
            response.StatusCode = Status;
            response.Headers["Server"] = "TinyForum";
            response.Headers["X-Request-Id"] = Id;
            if (CloseConnection || (HasBody && !_bodyWasRead))
                response.KeepAlive = false;
            if (Status is not (204 or 304))
            {
                response.ContentType = ContentType;
                response.ContentLength64 = body.Length;
                if (!IsHead)
                    await response.OutputStream.WriteAsync(body).ConfigureAwait(false);
            }
            response.Close();
        }
        catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            response.Abort();
        }
    }

    public void Dispose()
    {
        _buffer.Dispose();
        if (_requestBody is not null)
            ArrayPool<byte>.Shared.Return(_requestBody, clearArray: true); // it may have held a password
        _requestBody = null;
    }

    private static void RequireVisibleAscii(string name, string value)
    {
        if (value.AsSpan().ContainsAnyExcept(VisibleAscii))
            throw new ArgumentException($"the value of {name} must be visible ASCII", nameof(value));
    }
}
