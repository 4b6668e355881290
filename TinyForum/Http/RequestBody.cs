using System.Buffers;
using System.Net;

namespace TinyForum.Http;

/// <summary>The body of a request, read once into a pooled array.</summary>
internal sealed class RequestBody(HttpListenerRequest request) : IDisposable
{
    /// <summary>The largest accepted body, in bytes.</summary>
    public const int MaxLength = 256 * 1024;

    private byte[]? _bytes;

    /// <summary>The declared length; <see langword="null"/> without one.</summary>
    public long? Length => request.Headers["Content-Length"] is null ? null : request.ContentLength64;

    public bool WasRead { get; private set; }

    /// <summary>Reads the request's body, once; the result is valid until this object is disposed.</summary>
    /// <exception cref="HttpRefusalException">411 without a length, 413 past <see cref="MaxLength"/>, 408 if it stalls.</exception>
    /// <exception cref="RefusalException">Invalid: it ends early.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(GuardedConnection? connection, TimeSpan timeout)
    {
        var length = Length ?? throw new HttpRefusalException(411, "the body needs a Content-Length");
        if (length is < 0 or > MaxLength)
            throw new HttpRefusalException(413, $"the body must be at most {MaxLength} bytes");
        _bytes = ArrayPool<byte>.Shared.Rent((int)length);
        var body = _bytes.AsMemory(0, (int)length);
        connection?.BeginBody();
        try
        {
            await FillAsync(body, timeout).ConfigureAwait(false);
        }
        catch (Exception e) when (e is EndOfStreamException or HttpListenerException or IOException or ObjectDisposedException)
        {
            throw new RefusalException(RefusalKind.Invalid, "the body is shorter than its Content-Length");
        }
        catch (TimeoutException)
        {
            _bytes = null; // the read goes on until the connection ends, so that nobody else may get the array
            throw new HttpRefusalException(408, "the body did not arrive in time");
        }
        finally
        {
            connection?.EndBody();
        }
        WasRead = true;
        return body;
    }

    public void Dispose()
    {
        if (_bytes is not null)
            ArrayPool<byte>.Shared.Return(_bytes, clearArray: true); // it may have held a password
        _bytes = null;
    }

    // The stream ignores cancellation.
    private async Task FillAsync(Memory<byte> body, TimeSpan timeout)
    {
        while (!body.IsEmpty)
        {
            var reading = request.InputStream.ReadAsync(body).AsTask();
            if (!reading.IsCompleted)
            {
                _ = reading.ContinueWith(
                    static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
                await reading.WaitAsync(timeout).ConfigureAwait(false);
            }
            var read = await reading.ConfigureAwait(false);
            body = read > 0 ? body[read..] : throw new EndOfStreamException();
        }
    }
}
