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

    /// <summary>Writes a refusal as the answer, whose status and headers are set.</summary>
    public static void Refuse(Exchange exchange, string message, IReadOnlyDictionary<string, string>? errors)
    {
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
        var writer = Begin(exchange);
        writer.WriteString("message", "internal error");
        writer.WriteString("request_id", exchange.Id);
        writer.WriteString("status", "error");
        writer.WriteEndObject();
        End(exchange, writer);
    }

    private static Utf8JsonWriter Begin(Exchange exchange)
    {
        exchange.DiscardBody();
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
