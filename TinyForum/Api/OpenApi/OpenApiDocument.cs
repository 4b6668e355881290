using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using TinyForum.Http;

namespace TinyForum.Api.OpenApi;

/// <summary>
/// The OpenAPI 3.1 document, made from the route table, the types of request and answer bodies, and the descriptions in
/// <see cref="OpenApiTerms"/>. What several endpoints share is written once, under <c>components</c>.
/// </summary>
internal sealed class OpenApiDocument
{
    private static readonly ConcurrentDictionary<(string Cookie, string BasePath), byte[]> Made = new();

    private readonly JsonObject _schemas = [];
    private readonly JsonObject _parameters = [];
    private readonly JsonObject _paths = [];

    private OpenApiDocument()
    {
        foreach (var endpoint in Routes.Table)
        {
            var space = endpoint.Pattern.IndexOf(' ', StringComparison.Ordinal);
            var (method, path) = (endpoint.Pattern[..space], endpoint.Pattern[(space + 1)..]);
            _paths[path] ??= new JsonObject();
            _paths[path]![method.ToLowerInvariant()] = Operation(endpoint, method, path);
        }
        foreach (var (name, schema) in OpenApiRefusals.Schemas())
            _schemas[name] = schema;
    }

    /// <summary>The document of a forum whose session cookie has that name and which is below that path; made on first use.</summary>
    public static ReadOnlyMemory<byte> Of(string cookie, string basePath = "") =>
        Made.GetOrAdd((cookie, basePath), static of => new OpenApiDocument().Render(of.Cookie, of.BasePath));

    private byte[] Render(string cookie, string basePath)
    {
        var nouns = Routes.Table.Select(e => e.Noun).Distinct().Order(StringComparer.Ordinal);
        var document = new JsonObject
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject
            {
                ["title"] = "TinyForum",
                ["version"] = typeof(OpenApiDocument).Assembly.GetName().Version!.ToString(3),
                ["description"] = "A small self-hosted forum. HEAD works wherever GET does, OPTIONS lists the methods of a path, "
                    + "any other method gets a 405 with `Allow`, and an unknown path gets a 404.",
                ["contact"] = new JsonObject { ["name"] = "Whoever runs this forum" },
                ["license"] = new JsonObject { ["name"] = "MIT", ["identifier"] = "MIT" },
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = basePath.Length == 0 ? "/" : basePath }),
            ["tags"] = new JsonArray([.. nouns.Select(noun => new JsonObject { ["name"] = noun, ["description"] = OpenApiTerms.Nouns[noun] })]),
            ["paths"] = _paths,
            ["components"] = new JsonObject
            {
                ["headers"] = OpenApiTerms.Headers(),
                ["parameters"] = _parameters,
                ["responses"] = OpenApiRefusals.Responses(),
                ["schemas"] = _schemas,
                ["securitySchemes"] = OpenApiTerms.SecuritySchemes(cookie),
            },
        };
        using var buffer = new PooledBuffer();
        using (var writer = new Utf8JsonWriter(buffer, Json.WriterOptions))
            Sorted(document).WriteTo(writer);
        return [.. buffer.Written.Span, (byte)'\n'];
    }

    private JsonObject Operation(Endpoint endpoint, string method, string path)
    {
        var operation = new JsonObject
        {
            ["operationId"] = OperationId(method, path),
            ["summary"] = endpoint.Summary,
            ["description"] = OpenApiTerms.Who(endpoint.Access),
            ["tags"] = new JsonArray(endpoint.Noun),
            ["security"] = OpenApiTerms.Security(endpoint.Access, isOptional: method == "GET"),
            ["parameters"] = new JsonArray([.. Parameters(endpoint, method, path).Select(p => Parameter(p.Place, p.Name))]),
            ["responses"] = Responses(endpoint, method, path),
        };
        if (endpoint.Body is not null)
        {
            var schema = Schema(endpoint.Body, isBody: true);
            operation["requestBody"] = new JsonObject { ["required"] = true, ["content"] = Content("application/json", schema, Example(schema)) };
        }
        return operation;
    }

    private static IEnumerable<(string Place, string Name)> Parameters(Endpoint endpoint, string method, string path)
    {
        foreach (var segment in path.Split('/'))
        {
            if (segment is ['{', .. var name, '}'])
                yield return ("path", name);
        }
        foreach (var name in endpoint.Query)
            yield return ("query", name);
        if (method == "GET" && !endpoint.ChangesByGet)
            yield return ("header", "If-None-Match");
        if (method == "PATCH")
            yield return ("header", "If-Match");
        if (endpoint is { Status: 201, Body: not null })
            yield return ("header", "Idempotency-Key");
    }

    private JsonObject Parameter(string place, string name)
    {
        _parameters[$"{place}.{name}"] ??= OpenApiTerms.Parameter(place, name);
        return OpenApiTerms.Reference("parameters", $"{place}.{name}");
    }

    private JsonObject Responses(Endpoint endpoint, string method, string path)
    {
        var responses = new JsonObject { [$"{endpoint.Status}"] = Success(endpoint, method) };
        if (endpoint.Waiting is { } waiting)
        {
            var schema = Schema(waiting, isBody: false);
            responses["202"] = new JsonObject
            {
                ["description"] = "It waits for a moderator.",
                ["headers"] = responses[$"{endpoint.Status}"]!["headers"]!.DeepClone(),
                ["content"] = Content("application/json", schema, Example(schema)),
            };
        }
        foreach (var status in OpenApiRefusals.Of(endpoint, method, path))
            responses[$"{status}"] = OpenApiTerms.Reference("responses", OpenApiRefusals.NameOf(status));
        return responses;
    }

    private JsonObject Success(Endpoint endpoint, string method)
    {
        var schema = endpoint.Answer is not null ? Schema(endpoint.Answer, isBody: false)
            : new JsonObject { ["type"] = endpoint.ContentType == "application/json" ? "object" : "string" };
        var content = Content(endpoint.ContentType.Split(';')[0], schema, endpoint.Answer is null ? null : Example(schema));
        if (endpoint.Refuses.Contains(200))
        {
            var media = content["application/json"]!;
            media["schema"] = new JsonObject
            {
                ["oneOf"] = new JsonArray(schema.DeepClone(), OpenApiTerms.Reference("schemas", "Fail")),
                ["discriminator"] = new JsonObject
                {
                    ["propertyName"] = "status",
                    ["mapping"] = new JsonObject { ["success"] = schema["$ref"]!.DeepClone(), ["fail"] = "#/components/schemas/Fail" },
                },
            };
            media["examples"] = new JsonObject
            {
                ["success"] = new JsonObject { ["value"] = Example(schema) },
                ["fail"] = new JsonObject { ["value"] = OpenApiRefusals.Fail("user does not exist") },
            };
            media.AsObject().Remove("example");
        }
        var headers = new List<string> { "X-Request-Id" };
        if (method == "GET" && !endpoint.ChangesByGet)
            headers.Add("ETag");
        if (method != "GET" || endpoint.IsSearch)
            headers.AddRange(["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]);
        if (endpoint.Status == 201)
            headers.AddRange(endpoint.Body is null ? ["Location"] : ["Idempotency-Replayed", "Location"]);
        return new JsonObject
        {
            ["description"] = endpoint.Status == 201 ? "Created." : "Done.",
            ["headers"] = OpenApiTerms.HeaderReferences(headers),
            ["content"] = content,
        };
    }

    private static JsonObject Content(string mediaType, JsonNode schema, JsonNode? example)
    {
        var media = new JsonObject { ["schema"] = schema.DeepClone() };
        if (example is not null)
            media["example"] = example;
        return new JsonObject { [mediaType] = media };
    }

    /// <summary>A reference to the schema of a type, which is a component together with those of its members.</summary>
    private JsonNode Schema(JsonTypeInfo type, bool isBody)
    {
        var options = new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Transform };
        return JsonSchemaExporter.GetJsonSchemaAsNode(type, options);

        JsonNode Transform(JsonSchemaExporterContext context, JsonNode node)
        {
            var schema = node as JsonObject ?? [];
            if (schema["type"] is JsonArray types && !(isBody && context.PropertyInfo is not null))
                schema["type"] = types[0]!.DeepClone(); // in an answer it is absent, never null
            if (OpenApiTerms.TypeOf(schema) == "integer")
                schema["format"] = "int64"; // also where there is no term
            schema.Remove("default");
            if (schema["anyOf"] is { } kinds && schema.Remove("anyOf"))
                schema["oneOf"] = kinds;
            if (context.TypeInfo.Kind == JsonTypeInfoKind.Object && schema.ContainsKey("properties"))
                return Component(context.TypeInfo, schema, isBody);
            if (context.PropertyInfo is { } property)
                OpenApiTerms.Describe(schema, property, isBody);
            return schema;
        }
    }

    private JsonObject Component(JsonTypeInfo type, JsonObject schema, bool isBody)
    {
        var name = type.Type.Name.EndsWith("View", StringComparison.Ordinal) ? type.Type.Name[..^"View".Length] : type.Type.Name;
        if (isBody)
            schema["additionalProperties"] = false; // answers may get more members
        schema["required"] = OpenApiTerms.Array(type.Properties
            .Where(p => isBody ? p.AssociatedParameter?.HasDefaultValue == false : !p.IsGetNullable && p.ShouldSerialize is null)
            .Select(p => p.Name));
        _schemas[name] ??= schema;
        return OpenApiTerms.Reference("schemas", name);
    }

    /// <summary>A sample value of a schema, composed of its members' samples.</summary>
    private JsonNode Example(JsonNode schema)
    {
        if ((string?)schema["$ref"] is { } reference)
            return Example(_schemas[reference[(reference.LastIndexOf('/') + 1)..]]!);
        if (schema["oneOf"]?[0] is { } first)
            return Example(first);
        if ((schema["const"] ?? schema["examples"]?[0]) is { } sample)
            return sample.DeepClone();
        return OpenApiTerms.TypeOf(schema) switch
        {
            "object" => Mapped((schema["properties"] as JsonObject) ?? [], Example),
            "array" => new JsonArray(Example(schema["items"]!)),
            "integer" => 1,
            "boolean" => true,
            _ => "text",
        };
    }

    /// <summary>The operation's id: <c>getUserByUsernameProfile</c> for <c>GET /api/user/{username}/profile</c>.</summary>
    private static string OperationId(string method, string path)
    {
        var words = path.Replace("{", "by-", StringComparison.Ordinal).Split(['/', '-', '.', '}'], StringSplitOptions.RemoveEmptyEntries);
        var capital = words.Where(w => w != "api").Select(w => $"{char.ToUpperInvariant(w[0])}{w[1..]}");
        return method.ToLowerInvariant() + string.Concat(capital);
    }

    private static JsonObject Mapped(IEnumerable<KeyValuePair<string, JsonNode?>> members, Func<JsonNode, JsonNode> map) =>
        new(members.Select(m => KeyValuePair.Create(m.Key, (JsonNode?)map(m.Value!))));

    private static JsonNode Sorted(JsonNode node) => node switch
    {
        JsonObject members => Mapped(members.OrderBy(m => m.Key, StringComparer.Ordinal), Sorted),
        JsonArray items => new JsonArray([.. items.Select(i => Sorted(i!))]),
        _ => node.DeepClone(),
    };
}
