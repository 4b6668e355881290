using System.Buffers;
using System.Net;

namespace TinyForum.Http;

/// <summary>The body of a request, read once into a pooled array, or dropped.</summary>
internal sealed class RequestBody : IDisposable
{
    /// <summary>The largest accepted body, in bytes.</summary>
    public const int MaxLength = 256 * 1024;

    /// <summary>The most bytes that are dropped of a connection that is closed after the answer.</summary>
    public const int MaxDropped = 64 * 1024 * 1024;

    /// <summary>Where bytes go that nobody wants, of all connections.</summary>
    private static readonly byte[] Nowhere = GC.AllocateUninitializedArray<byte>(64 * 1024);

    private readonly HttpListenerRequest _request;
    private readonly ConnectionStream? _stream;
    private readonly ArrayBudget _budget;
    private readonly ChunkedDecoder? _chunks;
    private readonly long _declared; // its length, if that is told in advance
    private readonly long _behindHead; // bytes that came with the head
    private long _taken, _used; // bytes read, and how many of them are the body's
    private byte[] _bytes = [];
    private bool _isAbandoned;

    public RequestBody(HttpListenerContext context, ConnectionStream? stream, ArrayBudget budget)
    {
        (_request, _stream, _budget) = (context.Request, stream, budget);
        if (stream is not null)
        {
            stream.EndHead();
            _behindHead = ListenerInternals.BytesBehindHead(context);
        }
        IsChunked = _request.Headers["Transfer-Encoding"] is not null;
        if (!IsChunked)
            _declared = _request.HasEntityBody ? _request.ContentLength64 : 0;
        else if (stream is not null)
            _chunks = new ChunkedDecoder();
    }

    /// <summary>Whether its length is declared, if only as 0.</summary>
    public bool HasLength => _request.Headers["Content-Length"] is not null;

    /// <summary>Whether it has a transfer coding.</summary>
    public bool IsChunked { get; }

    /// <summary>Whether nothing of it is left to be read.</summary>
    public bool IsOver => IsChunked ? _chunks is { IsOver: true } : _used == _declared;

    /// <summary>Whether the connection can be used again: after the body, or what is left of it, comes another request's head.</summary>
    public bool LeavesConnectionUsable => IsOver ? Math.Max(_behindHead, _taken) <= _used : !IsChunked && !_isAbandoned && _declared - _used <= MaxLength;

    public static HttpRefusalException TooLong() => new(413, $"the body must be at most {MaxLength} bytes");

    /// <summary>Refuses what could be taken for bodies of different lengths (RFC 9112, section 6.1).</summary>
    /// <exception cref="HttpRefusalException">411: this .NET's HttpListener can't be trusted with it.</exception>
    /// <exception cref="RefusalException">Invalid: it has two lengths, or one that its version does not know.</exception>
    public void CheckFraming()
    {
        if (!IsChunked)
            return;
        if (HasLength)
            throw new RefusalException(RefusalKind.Invalid, "the body must have a Content-Length or a Transfer-Encoding, not both");
        if (_request.ProtocolVersion < HttpVersion.Version11)
            throw new RefusalException(RefusalKind.Invalid, "HTTP/1.0 has no Transfer-Encoding");
        if (_chunks is null)
            throw new HttpRefusalException(411, "the body needs a Content-Length and no Transfer-Encoding");
    }

    /// <summary>Reads the request's body, once; the result is valid until this object is disposed.</summary>
    /// <exception cref="HttpRefusalException">
    /// 411 without a length, 413 past <see cref="MaxLength"/>, 408 if it stalls, 503 if there are too many at once.
    /// </exception>
    /// <exception cref="RefusalException">Invalid: it is malformed or ends early.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(GuardedConnection? connection, TimeSpan timeout)
    {
        if (!IsChunked && !HasLength)
            throw new HttpRefusalException(411, "the body needs a Content-Length");
        if (_declared > MaxLength)
            throw TooLong();
        // The listener would decode chunks by itself, which can end the process. To it, this is a body without end.
        if (_chunks is not null)
            (ListenerInternals.IsChunked(_request), ListenerInternals.LengthOf(_request)) = (false, long.MaxValue);
        connection?.BeginBody();
        try
        {
            var length = await FillAsync(timeout).ConfigureAwait(false);
            return _bytes.AsMemory(0, length);
        }
        catch (Exception e) when (e is EndOfStreamException or HttpListenerException or IOException or ObjectDisposedException)
        {
            throw new RefusalException(RefusalKind.Invalid, IsChunked ? "the body ends before its last chunk" : "the body is shorter than its Content-Length");
        }
        catch (TimeoutException)
        {
            throw new HttpRefusalException(408, "the body did not arrive in time");
        }
        finally
        {
            connection?.EndBody();
            if (_chunks is { IsOver: true })
                ListenerInternals.LengthOf(_request) = 0; // so that the listener looks for no more of it
        }
    }

    /// <summary>Reads what is left of the body, or what comes if its end can't be told, and drops it. Ends with the body or the client, or in time.</summary>
    /// <returns>Whether nothing is left.</returns>
    public async ValueTask<bool> DropAsync(GuardedConnection? connection, TimeSpan time, CancellationToken cancel)
    {
        Dispose();
        if (_isAbandoned || (IsChunked && _stream is null))
            return false;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(time);
        connection?.BeginBody();
        try
        {
            for (var dropped = 0; dropped < MaxDropped; )
            {
                if (IsOver)
                    return true;
                var read = IsChunked ? await _stream!.ReadAsync(Nowhere, limit.Token).ConfigureAwait(false)
                    : await ReadSomeAsync(Nowhere, Timeout.InfiniteTimeSpan, limit.Token).ConfigureAwait(false);
                if (read == 0)
                    return true;
                dropped += read;
                _used += IsChunked ? 0 : read;
            }
            return false;
        }
        catch (Exception e) when (e is OperationCanceledException or HttpListenerException or IOException or ObjectDisposedException)
        {
            return false;
        }
        finally
        {
            connection?.EndBody();
        }
    }

    /// <summary>Wipes what was read: it may have held a password.</summary>
    public void Dispose() => Replace([]);

    /// <summary>Reads the whole body into the array, which grows with what comes.</summary>
    /// <returns>Its length.</returns>
    private async ValueTask<int> FillAsync(TimeSpan timeout)
    {
        var length = 0;
        while (!IsOver)
        {
            if (length == _bytes.Length)
                Grow();
            var free = _bytes.AsMemory(length);
            if (!IsChunked && _declared - length < free.Length)
                free = free[..(int)(_declared - length)];
            var read = await ReadSomeAsync(free, timeout, CancellationToken.None).ConfigureAwait(false);
            if (read == 0)
                throw new EndOfStreamException();
            _taken += read;
            var used = read;
            length += _chunks is null ? read : _chunks.Decode(free.Span[..read], out used);
            _used += used;
        }
        return length;
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(2 * _bytes.Length, ArrayBudget.Uncounted));
        _bytes.CopyTo(larger, 0);
        if (_budget.TryHold(larger))
            Replace(larger);
        else
        {
            ArrayPool<byte>.Shared.Return(larger, clearArray: true);
            throw new HttpRefusalException(503, "too many bodies are arriving at once") { RetryAfter = TimeSpan.FromSeconds(1) };
        }
    }

    private void Replace(byte[] bytes)
    {
        if (_bytes.Length > 0)
        {
            _budget.Release(_bytes);
            ArrayPool<byte>.Shared.Return(_bytes, clearArray: true);
        }
        _bytes = bytes;
    }

    // The stream ignores cancellation.
    private async ValueTask<int> ReadSomeAsync(Memory<byte> buffer, TimeSpan timeout, CancellationToken cancel)
    {
        var reading = _request.InputStream.ReadAsync(buffer, CancellationToken.None).AsTask();
        if (!reading.IsCompleted)
        {
            _ = reading.ContinueWith(
                static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            try
            {
                await reading.WaitAsync(timeout, cancel).ConfigureAwait(false);
            }
            catch (Exception e) when (e is TimeoutException or OperationCanceledException)
            {
                // The read goes on until the connection ends, so that nobody else may get the array.
                _isAbandoned = true;
                _budget.Release(_bytes);
                _bytes = [];
                throw;
            }
        }
        return await reading.ConfigureAwait(false);
    }
}
