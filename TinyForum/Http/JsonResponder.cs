using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace TinyForum.Http;

/// <summary>Writes answers and refusals as JSON into an exchange.</summary>
internal static class JsonResponder
{
    [ThreadStatic]
    private static Utf8JsonWriter? _threadWriter;

    public static void Write<T>(Exchange exchange, T value, JsonTypeInfo<T> type)
    {
        exchange.Body.Clear();
        var writer = Writer(exchange.Body);
        JsonSerializer.Serialize(writer, value, type);
        End(exchange, writer);
    }

    /// <summary>The bytes that <see cref="Write"/> would send.</summary>
    public static byte[] Render<T>(T value, JsonTypeInfo<T> type)
    {
        using var buffer = new PooledBuffer();
        using var writer = new Utf8JsonWriter(buffer, Json.WriterOptions);
        JsonSerializer.Serialize(writer, value, type);
        return [.. buffer.Written.Span, (byte)'\n'];
    }

    public static void Refuse(Exchange exchange, RefusalException refusal) =>
        Refuse(exchange, RefusalStatus.Of(refusal.Kind), refusal.Message, refusal.RetryAfter, refusal.Errors);

    public static void Refuse(Exchange exchange, HttpRefusalException refusal)
    {
        foreach (var (name, value) in refusal.Headers)
            exchange.SetHeader(name, value);
        Refuse(exchange, refusal.Status, refusal.Message, refusal.RetryAfter, errors: null);
    }

    private static void Refuse(
        Exchange exchange, int status, string message, TimeSpan? retryAfter, IReadOnlyDictionary<string, string>? errors)
    {
        exchange.Status = status;
        if (retryAfter is { } after)
            RefusalStatus.SetRetryAfter(exchange, after);
        var writer = Begin(exchange);
        if (errors is not null)
        {
            writer.WriteStartObject("errors");
            foreach (var (field, rule) in errors.OrderBy(e => e.Key, StringComparer.Ordinal))
                writer.WriteString(field, rule);
            writer.WriteEndObject();
        }
        writer.WriteString("message", message);
        writer.WriteString("status", "fail");
        writer.WriteEndObject();
        End(exchange, writer);
    }

    /// <summary>Writes "internal error" as the answer, with the request's id and nothing about the cause.</summary>
    public static void Fault(Exchange exchange)
    {
        exchange.Status = 500;
        var writer = Begin(exchange);
        writer.WriteString("message", "internal error");
        writer.WriteString("request_id", exchange.Id);
        writer.WriteString("status", "error");
        writer.WriteEndObject();
        End(exchange, writer);
    }

    private static Utf8JsonWriter Begin(Exchange exchange)
    {
        exchange.Body.Clear();
        exchange.KeptBody = null;
        exchange.BodyStream?.Dispose();
        exchange.BodyStream = null;
        exchange.ContentType = "application/json";
        var writer = Writer(exchange.Body);
        writer.WriteStartObject();
        return writer;
    }

    private static void End(Exchange exchange, Utf8JsonWriter writer)
    {
        writer.Flush();
        writer.Reset(Stream.Null); // releases the buffer
        exchange.Body.GetSpan(1)[0] = (byte)'\n';
        exchange.Body.Advance(1);
    }

    private static Utf8JsonWriter Writer(PooledBuffer target)
    {
        if (_threadWriter is null)
            return _threadWriter = new Utf8JsonWriter(target, Json.WriterOptions);
        _threadWriter.Reset(target);
        return _threadWriter;
    }
}
