using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using System.Threading.Channels;

namespace TinyForum.CommandLine;

/// <summary>How a line of the log is written; if <see cref="Off"/>, only warnings and faults are, on standard error.</summary>
internal enum LogFormat
{
    Text,
    Json,
    Off,
}

/// <summary>
/// Writes the log on a thread of its own, so that no request waits for the log's reader. Lines that do not fit into the queue are dropped
/// and counted. Lines go to standard output, the details of faults to standard error. Thread-safe.
/// </summary>
internal sealed class LogWriter : IDisposable
{
    private const int MaxWaiting = 16 * 1024;
    private const int FlushAt = 64 * 1024; // bytes

    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10); // to wake a waiting thread would cost a request a microsecond
    private static readonly TimeSpan FlushTimeout = TimeSpan.FromSeconds(2);

    private readonly LogFormat _format;
    private readonly Stream _output;
    private readonly TextWriter _errors;
    private readonly Channel<LogEntry> _waiting = Channel.CreateBounded<LogEntry>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly ArrayBufferWriter<byte> _lines = new(FlushAt + 4096);
    private readonly Thread _thread;
    private long _dropped;

    public LogWriter(LogFormat format, Stream output, TextWriter errors)
    {
        (_format, _output, _errors) = (format, output, errors);
        _thread = new Thread(Run) { IsBackground = true, Name = "TinyForum log" };
        _thread.Start();
    }

    /// <summary>Queues an entry. Never waits.</summary>
    public void Write(LogEntry entry)
    {
        if (!_waiting.Writer.TryWrite(entry))
            Interlocked.Increment(ref _dropped);
    }

    /// <summary>Writes what is queued; gives up after two seconds if nobody reads it.</summary>
    public void Dispose()
    {
        if (_waiting.Writer.TryComplete())
            _thread.Join(FlushTimeout);
    }

    /// <summary>The line for an entry, without a line break.</summary>
    internal static string Text(LogEntry entry)
    {
        var line = new ArrayBufferWriter<byte>();
        WriteText(line, entry);
        return Encoding.UTF8.GetString(line.WrittenSpan);
    }

    private static void WriteText(ArrayBufferWriter<byte> lines, LogEntry entry)
    {
        int length;
        for (var room = 512; !TryFormat(entry, lines.GetSpan(room), out length);)
            room *= 2;
        lines.Advance(length);
    }

    private static bool TryFormat(LogEntry entry, Span<byte> line, out int length)
    {
        length = 0;
        if (!entry.Time.UtcDateTime.TryFormat(line, out _, "O", CultureInfo.InvariantCulture)) // the one format that is fast
            return false;
        const int Milliseconds = 23;
        if (!Utf8.TryWrite(line[Milliseconds..], CultureInfo.InvariantCulture, $"Z {Name(entry.Severity)} {Safe(entry.Message)}", out var next))
            return false;
        length = Milliseconds + next;
        if (entry.Request is not { } r)
            return true;
        var microseconds = r.Duration.Ticks / TimeSpan.TicksPerMicrosecond;
        var fits = Utf8.TryWrite(line[length..], CultureInfo.InvariantCulture,
            $" id={r.Id} status={r.Status} ms={microseconds / 1000}.{microseconds % 1000:D3} bytes={r.Bytes} "
            + $"user={r.UserId?.ToString(CultureInfo.InvariantCulture) ?? "-"} remote={r.Remote ?? "-"}"
            + $" method={Safe(r.Method)} route={r.Route ?? "-"} path={Safe(r.Path)}",
            out next);
        length += next;
        return fits;
    }

    private void Run()
    {
        while (_waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (_waiting.Reader.TryRead(out var entry))
                Add(entry);
            if (Interlocked.Exchange(ref _dropped, 0) is > 0 and var dropped)
                Add(new LogEntry(DateTimeOffset.UtcNow, LogSeverity.Warning,
                    string.Create(CultureInfo.InvariantCulture, $"{dropped} lines of the log were dropped")));
            Flush();
            Thread.Sleep(Pause);
        }
    }

    private void Add(LogEntry entry)
    {
        if (_format == LogFormat.Json)
            WriteJson(entry);
        else if (_format == LogFormat.Text)
        {
            WriteText(_lines, entry);
            _lines.Write("\n"u8);
        }
        if (entry.Exception is not null || (_format == LogFormat.Off && entry.Severity != LogSeverity.Information && entry.Request is null))
            WriteError(entry.Exception is null ? Text(entry) : $"{Text(entry)}\n{entry.Exception}");
        if (_lines.WrittenCount > FlushAt)
            Flush();
    }

    private void Flush()
    {
        try
        {
            _output.Write(_lines.WrittenSpan);
            _output.Flush();
        }
        catch (Exception e) when (IsOfReader(e))
        {
        }
        _lines.ResetWrittenCount();
    }

    private void WriteError(string text)
    {
        try
        {
            _errors.WriteLine(text);
        }
        catch (Exception e) when (IsOfReader(e))
        {
        }
    }

    /// <summary>Nobody reads the log, or its disk is full: the server goes on.</summary>
    private static bool IsOfReader(Exception e) => e is IOException or UnauthorizedAccessException or ObjectDisposedException;

    private void WriteJson(LogEntry entry)
    {
        using (var json = new Utf8JsonWriter(_lines, JsonOptions))
        {
            json.WriteStartObject();
            json.WriteString("time", entry.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.WriteString("severity", Name(entry.Severity));
            json.WriteString("message", entry.Message);
            if (entry.Request is { } r)
            {
                json.WriteString("id", r.Id);
                json.WriteNumber("status", r.Status);
                json.WriteNumber("ms", Math.Round(r.Duration.TotalMilliseconds, 3));
                json.WriteNumber("bytes", r.Bytes);
                if (r.UserId is { } user)
                    json.WriteNumber("user", user);
                if (r.Remote is not null)
                    json.WriteString("remote", r.Remote);
                json.WriteString("method", r.Method);
                if (r.Route is not null)
                    json.WriteString("route", r.Route);
                json.WriteString("path", r.Path);
            }
            if (entry.Exception is not null)
                json.WriteString("exception", entry.Exception.GetType().FullName);
            json.WriteEndObject();
        }
        _lines.Write("\n"u8);
    }

    /// <summary>Escapes the text, so that no client can forge a line or a pair with it.</summary>
    private static string Safe(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            return text;
        var safe = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (char.IsControl(c) || c is '\u2028' or '\u2029' || char.IsSurrogate(c))
                safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                safe.Append(c);
        }
        return safe.ToString();
    }

    private static string Name(LogSeverity severity) => severity switch
    {
        LogSeverity.Information => "info",
        LogSeverity.Warning => "warning",
        _ => "error",
    };
}
