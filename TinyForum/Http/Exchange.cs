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
    private const int StreamedAtOnce = 64 * 1024; // bytes

    private static readonly string ProcessId = Guid.NewGuid().ToString("N")[..8];
    private static long _lastId;

    private readonly HttpListenerContext _context;
    private readonly RequestBody _requestBody;
    private RequestTarget? _target;

    public Exchange(HttpListenerContext context)
    {
        _context = context;
        _requestBody = new RequestBody(context.Request);
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

    /// <summary>How long a client may send nothing while its body is read.</summary>
    public TimeSpan BodyTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Whether to close the connection after the answer; set before it is sent.</summary>
    public bool CloseConnection { get; set; }

    public PooledBuffer Body { get; } = new();

    /// <summary>A kept body, sent instead of <see cref="Body"/> if set.</summary>
    public ReadOnlyMemory<byte>? KeptBody { get; set; }

    /// <summary>A body too long for memory, sent from its position to its end instead of the others if set, and disposed with this.</summary>
    public Stream? BodyStream { get; set; }

    /// <summary>How many bytes the body has.</summary>
    public long BodyLength => BodyStream?.Length ?? (KeptBody ?? Body.Written).Length;

    public long? ContentLength => _requestBody.Length;

    /// <summary>A header of the request; the last one if it was repeated.</summary>
    public string? Header(string name) => _context.Request.Headers[name];

    public bool HasHeaderStartingWith(string prefix) =>
        _context.Request.Headers.AllKeys.Any(name => name!.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));

    /// <inheritdoc cref="ResponseHeaders.Set"/>
    public void SetHeader(string name, string value) => ResponseHeaders.Set(_context.Response, name, value);

    /// <inheritdoc cref="RequestBody.ReadAsync"/>
    public ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync() => _requestBody.ReadAsync(Connection, BodyTimeout);

    /// <summary>Sends the answer. Does not throw if the client has disconnected.</summary>
    public async ValueTask SendAsync()
    {
        var response = _context.Response;
        var body = KeptBody ?? Body.Written;
        try
        {
            response.StatusCode = Status;
            ResponseHeaders.SetCommon(response, Id);
            if (CloseConnection || (_context.Request.HasEntityBody && !_requestBody.WasRead))
                response.KeepAlive = false;
            if (Status is not (204 or 304))
            {
                response.ContentType = ContentType;
                response.ContentLength64 = BodyLength;
                if (Method != "HEAD" && BodyStream is not null)
                    await BodyStream.CopyToAsync(response.OutputStream, StreamedAtOnce).ConfigureAwait(false);
                else if (Method != "HEAD")
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
        Body.Dispose();
        BodyStream?.Dispose();
        _requestBody.Dispose();
    }
}
