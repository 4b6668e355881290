using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace TinyForum.Tests.Support;

/// <summary>
/// Checks JSON against the part of JSON Schema (2020-12) that our OpenAPI document uses; any other keyword is an error. If it
/// <paramref name="isClosed"/>, an object may only have members that its schema names, also where others are allowed.
/// </summary>
internal sealed partial class JsonSchema(JsonNode document, bool isClosed = false)
{
    /// <summary>Null if the value matches, or where and why not.</summary>
    public string? Mistake(JsonNode? value, JsonNode schema, string at = "$")
    {
        foreach (var (keyword, rule) in schema.AsObject())
        {
            if (Mistake(value, keyword, rule!, schema.AsObject(), at) is { } mistake)
                return mistake;
        }
        return null;
    }

    /// <summary>What a <c>$ref</c> leads to, or the node itself.</summary>
    public JsonNode Resolve(JsonNode node) => (string?)node["$ref"] is not { } reference ? node
        : reference[2..].Split('/').Aggregate(document, (at, key) => at[key] ?? throw new KeyNotFoundException($"{reference} leads nowhere"));

    private string? Mistake(JsonNode? value, string keyword, JsonNode rule, JsonObject schema, string at)
    {
        var text = value?.GetValueKind() == JsonValueKind.String ? (string?)value : null;
        var number = value?.GetValueKind() == JsonValueKind.Number ? (double?)value : null;
        return keyword switch
        {
            "description" or "examples" or "discriminator" => null,
            "$ref" => Mistake(value, Resolve(schema), at),
            "type" => (rule is JsonArray types ? types.Any(t => Is(value, (string)t!)) : Is(value, (string)rule!)) ? null
                : $"{at} must be of type {rule} and is {value?.ToJsonString() ?? "null"}",
            "const" => JsonNode.DeepEquals(value, rule) ? null : $"{at} must be {rule.ToJsonString()}",
            "enum" => rule.AsArray().Any(r => JsonNode.DeepEquals(value, r)) ? null : $"{at} must be one of {rule.ToJsonString()}",
            "oneOf" => OneOf(value, rule.AsArray(), at),
            "properties" => (value as JsonObject)?.Select(m => rule[m.Key] is { } of ? Mistake(m.Value, of, $"{at}.{m.Key}")
                    : isClosed && !schema.ContainsKey("additionalProperties") ? $"{at} must not have {m.Key}" : null)
                .FirstOrDefault(m => m is not null),
            "additionalProperties" => (value as JsonObject)?.Where(m => schema["properties"]?[m.Key] is null)
                .Select(m => rule is JsonObject ? Mistake(m.Value, rule, $"{at}.{m.Key}") : $"{at} must not have {m.Key}").FirstOrDefault(m => m is not null),
            "required" => value is JsonObject o && rule.AsArray().FirstOrDefault(r => !o.ContainsKey((string)r!)) is { } missing
                ? $"{at} must have {missing}" : null,
            "items" => (value as JsonArray)?.Select((item, i) => Mistake(item, rule, $"{at}[{i}]")).FirstOrDefault(m => m is not null),
            "maxItems" => value is JsonArray list && list.Count > (int)rule ? $"{at} must have at most {rule} items" : null,
            "minLength" => text is not null && text.EnumerateRunes().Count() < (int)rule ? $"{at} must have at least {rule} characters" : null,
            "maxLength" => text is not null && text.EnumerateRunes().Count() > (int)rule ? $"{at} must have at most {rule} characters" : null,
            "minimum" => number < (double)rule ? $"{at} must be at least {rule}" : null,
            "maximum" => number > (double)rule ? $"{at} must be at most {rule}" : null,
            "format" when (string?)rule == "int64" => null,
            "format" when (string?)rule == "date-time" => text is null || Time.IsMatch(text) ? null : $"{at} must be an RFC 3339 time",
            _ => throw new NotSupportedException($"{keyword} at {schema.GetPath()}"),
        };
    }

    private string? OneOf(JsonNode? value, JsonArray schemas, string at)
    {
        var mistakes = schemas.Select(s => Mistake(value, s!, at)).ToList();
        return mistakes.Count(m => m is null) == 1 ? null
            : $"{at} must match one of {mistakes.Count} schemas: {string.Join("; ", mistakes.Select(m => m ?? "matches"))}";
    }

    private static bool Is(JsonNode? value, string type) => type switch
    {
        "object" => value is JsonObject,
        "array" => value is JsonArray,
        "null" => value is null,
        "string" => value?.GetValueKind() == JsonValueKind.String,
        "boolean" => value?.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
        "integer" => value?.GetValueKind() == JsonValueKind.Number
            && long.TryParse(value.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
        _ => throw new NotSupportedException(type),
    };

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})\z")]
    private static partial Regex Time { get; }
}
