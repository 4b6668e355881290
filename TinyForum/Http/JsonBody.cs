using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;

namespace TinyForum.Http;

/// <summary>
/// Reads a request's JSON strictly: one object with the members of a record and no others, each once and of its type. What is wrong is
/// told for all fields at once, or by line and column where it is no JSON at all.
/// </summary>
internal static class JsonBody
{
    private const int MaxDepth = 8, MaxErrors = 20;

    /// <summary>Reads <paramref name="utf8"/> as a <typeparamref name="T"/>, a record whose constructor parameters are its members.</summary>
    /// <exception cref="RefusalException">Invalid, naming the fields and rules or the position.</exception>
    public static T Read<T>(ReadOnlySpan<byte> utf8, JsonTypeInfo<T> type)
    {
        if (!Utf8.IsValid(utf8))
            throw Malformed(utf8[..ValidLength(utf8)], "is not UTF-8");
        var errors = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            CheckMembers(utf8, ref reader, type, errors);
            reader.Read(); // refuses what follows the object
        }
        catch (JsonException e)
        {
            throw new RefusalException(RefusalKind.Invalid, Position((e.LineNumber ?? 0) + 1, (e.BytePositionInLine ?? 0) + 1, "is not valid JSON"));
        }
        if (errors.Count > 0)
            throw RefusalException.Invalid(errors);
        return JsonSerializer.Deserialize(utf8, type)!;
    }

    private static void CheckMembers(ReadOnlySpan<byte> utf8, ref Utf8JsonReader reader, JsonTypeInfo type, SortedDictionary<string, string> errors)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new RefusalException(RefusalKind.Invalid, "the body must be a JSON object");
        var seen = 0UL; // a bit for each member
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var at = IndexOf(type.Properties, ref reader);
            if (at < 0)
            {
                if (!TryGetString(ref reader, out var unknown))
                    throw Malformed(utf8[..(int)reader.TokenStartIndex], "has a lone surrogate");
                if (errors.Count < MaxErrors)
                    errors[Shown(unknown)] = "is not a known field";
            }
            reader.Read();
            if (at >= 0)
            {
                if ((seen >> at & 1) != 0)
                    errors[type.Properties[at].Name] = "must be given once";
                else if (!IsAbsent(ref reader, type.Properties[at]) && Mistake(ref reader, type.Properties[at].PropertyType) is { } mistake)
                    errors[type.Properties[at].Name] = mistake;
                seen |= 1UL << at;
            }
            reader.Skip();
        }
        for (var at = 0; at < type.Properties.Count; at++)
        {
            if ((seen >> at & 1) == 0 && type.Properties[at].AssociatedParameter is { HasDefaultValue: false })
                errors[type.Properties[at].Name] = "is required";
        }
    }

    private static int IndexOf(IList<JsonPropertyInfo> members, ref Utf8JsonReader name)
    {
        var at = members.Count - 1;
        while (at >= 0 && !name.ValueTextEquals(members[at].Name))
            at--;
        return at;
    }

    // Some generated clients send null for what they leave out.
    private static bool IsAbsent(ref Utf8JsonReader reader, JsonPropertyInfo member) =>
        reader.TokenType == JsonTokenType.Null && member.AssociatedParameter is { HasDefaultValue: true };

    private static string? Mistake(ref Utf8JsonReader reader, Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (reader.TokenType == JsonTokenType.Null)
            return "must not be null";
        if (type == typeof(string))
            return reader.TokenType != JsonTokenType.String ? "must be a string" : SurrogateMistake(ref reader);
        if (type == typeof(long))
            return reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out _) ? null : "must be a whole number";
        if (type == typeof(bool))
            return reader.TokenType is JsonTokenType.True or JsonTokenType.False ? null : "must be true or false";
        if (type == typeof(IReadOnlyList<string>))
            return ListMistake(reader);
        throw new NotSupportedException($"bodies have no members of type {type}");
    }

    // By value: looks ahead and leaves the caller's reader at the list's start.
    private static string? ListMistake(Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            return "must be a list of strings";
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.String)
                return "must be a list of strings";
            if (SurrogateMistake(ref reader) is { } mistake)
                return mistake;
        }
        return null;
    }

    // UTF-8 has none; only an escape can say one.
    private static string? SurrogateMistake(ref Utf8JsonReader reader) =>
        !reader.ValueIsEscaped || TryGetString(ref reader, out _) ? null : "must not have lone surrogates";

    private static bool TryGetString(ref Utf8JsonReader reader, out string text)
    {
        try
        {
            text = reader.GetString()!;
            return true;
        }
        catch (InvalidOperationException) // an escaped surrogate without its other half
        {
            text = "";
            return false;
        }
    }

    /// <summary>A name from the client, cut short, so that the answer can't be made to grow with it.</summary>
    internal static string Shown(string name) => name.Length <= 64 ? name : string.Concat(name.AsSpan(0, char.IsHighSurrogate(name[63]) ? 63 : 64), "…");

    private static int ValidLength(ReadOnlySpan<byte> utf8)
    {
        var length = 0;
        while (System.Text.Rune.DecodeFromUtf8(utf8[length..], out _, out var consumed) == System.Buffers.OperationStatus.Done)
            length += consumed;
        return length;
    }

    private static RefusalException Malformed(ReadOnlySpan<byte> before, string what)
    {
        var line = before.Count((byte)'\n');
        return new RefusalException(RefusalKind.Invalid, Position(line + 1, before.Length - before.LastIndexOf((byte)'\n'), what));
    }

    private static string Position(long line, long column, string what) => $"the body {what} at line {line}, byte {column}";
}
