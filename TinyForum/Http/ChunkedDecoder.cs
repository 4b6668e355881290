namespace TinyForum.Http;

/// <summary>
/// Takes the content out of a chunked body (RFC 9112, section 7.1), by the letter: lines end in CR LF, a size is 1 to 8 hexadecimal digits.
/// Extensions and trailers are dropped.
/// </summary>
internal sealed class ChunkedDecoder
{
    /// <summary>The most bytes that may be no content.</summary>
    public const int MaxFraming = 64 * 1024;

    internal const int MaxDigits = 8;

    private State _state;
    private int _digits, _framing;
    private long _size; // of the chunk, and then what is left of it
    private long _content;

    private enum State
    {
        Size,
        Extension,
        EndOfSize,
        Data,
        EndOfData,
        EndOfChunk,
        Trailers,
        TrailerName,
        Trailer,
        EndOfTrailer,
        LastLine,
        End,
    }

    /// <summary>Whether the end of the body was decoded.</summary>
    public bool IsOver => _state == State.End;

    /// <summary>The 413 that a body past <see cref="RequestBody.MaxLength"/> or <see cref="MaxFraming"/> gets. The rest of it can be decoded too.</summary>
    public HttpRefusalException? Refusal { get; private set; }

    /// <summary>Decodes the next bytes of the body in place.</summary>
    /// <param name="raw">What came; then the content, in front.</param>
    /// <param name="used">How many bytes belong to the body: fewer than there are only at its end.</param>
    /// <returns>How many bytes of content there are.</returns>
    /// <exception cref="RefusalException">Invalid: it is malformed.</exception>
    public int Decode(Span<byte> raw, out int used)
    {
        var length = 0;
        for (used = 0; used < raw.Length && !IsOver;)
        {
            if (_state == State.Data)
            {
                var data = raw[used..(used + (int)Math.Min(_size, raw.Length - used))];
                data.CopyTo(raw[length..]);
                length += data.Length;
                used += data.Length;
                _size -= data.Length;
                if (_size == 0)
                    _state = State.EndOfData;
            }
            else
            {
                _state = Next(raw[used++]);
                if (++_framing > MaxFraming)
                    Refusal ??= new HttpRefusalException(413, $"a chunked body must have at most {MaxFraming} bytes that are no content");
            }
        }
        return length;
    }

    private State Next(byte b) => (_state, b) switch
    {
        (State.Size, _) when char.IsAsciiHexDigit((char)b) && _digits < MaxDigits => Digit(b),
        (State.Size, (byte)';') when _digits > 0 => State.Extension,
        (State.Size, (byte)'\r') when _digits > 0 => State.EndOfSize,
        (State.Extension, (byte)'\r') => State.EndOfSize,
        (State.Extension, _) when IsText(b) => State.Extension,
        (State.EndOfSize, (byte)'\n') => Begin(),
        (State.EndOfData, (byte)'\r') => State.EndOfChunk,
        (State.EndOfChunk, (byte)'\n') => State.Size,
        (State.Trailers, (byte)'\r') => State.LastLine,
        (State.Trailers, _) when IsToken(b) => State.TrailerName,
        (State.TrailerName, (byte)':') => State.Trailer,
        (State.TrailerName, _) when IsToken(b) => State.TrailerName,
        (State.Trailer, (byte)'\r') => State.EndOfTrailer,
        (State.Trailer, _) when IsText(b) => State.Trailer,
        (State.EndOfTrailer, (byte)'\n') => State.Trailers,
        (State.LastLine, (byte)'\n') => State.End,
        _ => throw new RefusalException(RefusalKind.Invalid, "the chunked body is malformed"),
    };

    private State Digit(byte b)
    {
        _digits++;
        _size = (_size << 4) | (uint)(b <= '9' ? b - '0' : (b | 0x20) - 'a' + 10);
        return State.Size;
    }

    private State Begin()
    {
        _digits = 0;
        if (_size == 0)
            return State.Trailers;
        _content += _size;
        if (_content > RequestBody.MaxLength)
            Refusal ??= RequestBody.TooLong();
        return State.Data;
    }

    private static bool IsText(byte b) => b is (byte)'\t' or (>= (byte)' ' and not 0x7F);

    private static bool IsToken(byte b) => char.IsAsciiLetterOrDigit((char)b) || "!#$%&'*+-.^_`|~"u8.Contains(b);
}
