using System.Buffers;
using System.Net;
using TinyForum.Http.Guard;

namespace TinyForum.Http;

/// <summary>The body of a request, read once into a pooled array, or dropped.</summary>
internal sealed class RequestBody : IDisposable
{
    /// <summary>The largest accepted body, in bytes.</summary>
    public const int MaxLength = 256 * 1024;

    /// <summary>The most bytes of a body that are read and dropped before the answer, and after it.</summary>
    public const int MaxDropped = 16 * 1024 * 1024, MaxDroppedAfter = 64 * 1024 * 1024;

    /// <summary>Where bytes go that nobody looks at, of all connections.</summary>
    private static readonly byte[] Nowhere = GC.AllocateUninitializedArray<byte>(64 * 1024);

    private readonly HttpListenerRequest _request;
    private readonly ConnectionStream? _stream;
    private readonly ArrayBudget _budget;
    private readonly ChunkedDecoder? _chunks;
    private readonly long _declared; // its length, if that is told in advance
    private readonly long _behindHead; // bytes that came with the head
    private long _taken, _used; // bytes read, and how many of them are the body's
    private byte[] _bytes = [];
    private byte[]? _dropped;
    private Task<int>? _reading; // what has not come yet
    private bool _isUnsound; // nobody can tell where it ends

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

    /// <summary>Whether the connection can be used again: nothing came behind the body, which is over. The listener would lose it.</summary>
    public bool LeavesConnectionUsable => IsOver && Math.Max(_behindHead, _taken) <= _used;

    /// <summary>Whether what is left of it may have come before long: there is an end to it, not too far, and the client has not stalled.</summary>
    public bool MayEndSoon => !IsOver && !_isUnsound && _reading is null && _declared - _used <= MaxDropped;

    public static HttpRefusalException TooLong(int maxLength = MaxLength) => new(413, $"the body must be at most {maxLength} bytes");

    /// <summary>Refuses what could be taken for bodies of different lengths (RFC 9112, section 6.1).</summary>
    /// <exception cref="HttpRefusalException">411: this .NET's HttpListener can't be trusted with it.</exception>
    /// <exception cref="RefusalException">Invalid: it has two lengths, or one that its version does not know.</exception>
    public void CheckFraming()
    {
        if (!IsChunked)
            return;
        _isUnsound = true;
        if (HasLength)
            throw new RefusalException(RefusalKind.Invalid, "the body must have a Content-Length or a Transfer-Encoding, not both");
        if (_request.ProtocolVersion < HttpVersion.Version11)
            throw new RefusalException(RefusalKind.Invalid, "HTTP/1.0 has no Transfer-Encoding");
        if (_chunks is null)
            throw new HttpRefusalException(411, "the body needs a Content-Length and no Transfer-Encoding");
        _isUnsound = false;
        // The listener would decode chunks by itself, which can end the process. To it, this is a body without end.
        (ListenerInternals.IsChunked(_request), ListenerInternals.LengthOf(_request)) = (false, long.MaxValue);
    }

    /// <summary>Reads the request's body, once; the result is valid until this object is disposed.</summary>
    /// <exception cref="HttpRefusalException">
    /// 411 without a length, 413 past <paramref name="maxLength"/> or, in chunks, <see cref="MaxLength"/>, 408 if it stalls, 503 if there are too many at once.
    /// </exception>
    /// <exception cref="RefusalException">Invalid: it is malformed or ends early.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(GuardedConnection? connection, TimeSpan timeout, int maxLength = MaxLength)
    {
        if (!IsChunked && !HasLength)
            throw new HttpRefusalException(411, "the body needs a Content-Length");
        if (_declared > maxLength)
            throw TooLong(maxLength);
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
            // The read goes on until the connection ends, so that nobody else may get the array.
            _budget.Release(_bytes);
            _bytes = [];
            throw new HttpRefusalException(408, "the body did not arrive in time");
        }
        finally
        {
            connection?.EndBody();
        }
    }

    /// <summary>
    /// Reads and drops what is left of the body, or whatever comes if nobody can tell where it ends. Ends with the body, with the client, or
    /// when there were <paramref name="most"/> bytes, nothing has come for <paramref name="quiet"/>, or it has taken <paramref name="time"/>.
    /// </summary>
    public async ValueTask DropAsync(GuardedConnection? connection, int most, TimeSpan quiet, TimeSpan time, CancellationToken cancel)
    {
        if (_isUnsound && _stream is null)
            return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(time);
        connection?.BeginBody();
        try
        {
            for (int read, dropped = 0; dropped < most && !IsOver; dropped += read)
            {
                read = _isUnsound ? await _stream!.ReadAsync(Nowhere, limit.Token).ConfigureAwait(false)
                    : await DropSomeAsync(quiet, limit.Token).ConfigureAwait(false);
                if (read == 0)
                    return;
            }
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException or RefusalException
            or HttpListenerException or IOException or ObjectDisposedException)
        {
            // Enough.
        }
        finally
        {
            connection?.EndBody();
        }
    }

    private async ValueTask<int> DropSomeAsync(TimeSpan quiet, CancellationToken cancel)
    {
        _dropped ??= _chunks is null ? Nowhere : new byte[ArrayBudget.Uncounted];
        var read = await ReadSomeAsync(_dropped, quiet, cancel).ConfigureAwait(false);
        Take(_dropped.AsSpan(0, read));
        return read;
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
            length += Take(free.Span[..read]);
            if (_chunks?.Refusal is { } refusal)
                throw refusal;
        }
        return length;
    }

    /// <summary>Counts bytes of the body that were read, and decodes them in place. Returns how many are content.</summary>
    private int Take(Span<byte> bytes)
    {
        _taken += bytes.Length;
        if (_chunks is null)
        {
            _used += bytes.Length;
            return bytes.Length;
        }
        try
        {
            var length = _chunks.Decode(bytes, out var used);
            _used += used;
            if (IsOver)
                ListenerInternals.LengthOf(_request) = 0; // so that the listener looks for no more of it
            return length;
        }
        catch (RefusalException)
        {
            _isUnsound = true;
            throw;
        }
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

    // The stream ignores cancellation. What has not come in time is waited for when this is called again.
    private async ValueTask<int> ReadSomeAsync(Memory<byte> buffer, TimeSpan timeout, CancellationToken cancel)
    {
        var reading = _reading ?? _request.InputStream.ReadAsync(buffer, CancellationToken.None).AsTask();
        if (!reading.IsCompleted && _reading is null)
        {
            _reading = reading;
            _ = reading.ContinueWith(
                static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
        if (!reading.IsCompleted)
            await reading.WaitAsync(timeout, cancel).ConfigureAwait(false);
        _reading = null;
        return await reading.ConfigureAwait(false);
    }
}
