using System.Text.Json.Nodes;
using TinyForum.Http;
using TinyForum.Text;

namespace TinyForum.Api.OpenApi;

/// <summary>The refusals in the OpenAPI document: which an endpoint may answer with, and what each looks like.</summary>
internal static class OpenApiRefusals
{
    private static readonly (int Status, string Name, string Description, string Message, string[] Headers)[] All =
    [
        (400, "BadRequest", "The request is malformed or breaks a rule.", "invalid input", []),
        (401, "Unauthorized", "Nobody is logged in, or the token is not valid.", "login required", ["WWW-Authenticate"]),
        (403, "Forbidden", "The caller may not do this.", "only a moderator may do this", []),
        (404, "NotFound", "There is no such thing, or the caller may not see it.", "not found", []),
        (409, "Conflict", "It conflicts with the current state.", "you have reported this post already", []),
        (411, "LengthRequired", "The body must come with a `Content-Length`, and not chunked.", "the body needs a Content-Length", []),
        (412, "PreconditionFailed", "It has changed: none of the entity tags in `If-Match` is current.", "the post has been changed since", ["ETag"]),
        (413, "ContentTooLarge", $"The body is larger than {RequestBody.MaxLength / 1024} KiB.", $"the body must be at most {RequestBody.MaxLength} bytes", []),
        (414, "UriTooLong", $"The request target is longer than {RequestTarget.MaxLength / 1024} KiB.",
            $"the request target must be at most {RequestTarget.MaxLength} bytes", []),
        (415, "UnsupportedMediaType", "The body is not `application/json`, or has a `Content-Encoding`.", "the body must be sent as application/json", []),
        (422, "UnprocessableContent", "The `Idempotency-Key` was used for another request.", "this Idempotency-Key was used for another request", []),
        (429, "TooManyRequests", "Too many requests.", "too many requests", ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After"]),
        (500, "InternalServerError", "A fault of the server; its log has the details under the request's id.", "internal error", []),
        (503, "ServiceUnavailable", "The server can't do this right now.", "the database is busy", ["Retry-After"]),
    ];

    /// <summary>The name of a refusal's response among the components: the words that RFC 9110 has for its status.</summary>
    public static string NameOf(int status) => status == 304 ? "NotModified" : Array.Find(All, r => r.Status == status).Name;

    /// <summary>The statuses, other than that of success, with which an endpoint may answer.</summary>
    public static SortedSet<int> Of(Endpoint endpoint, string method, string path)
    {
        var statuses = new SortedSet<int>([400, 401, 414, 429, 500, 503, .. endpoint.Refuses.Where(s => s != 200)]);
        if (endpoint.Access != Access.Anyone || method != "GET" || endpoint.ChangesByGet)
            statuses.Add(403);
        if (path.Contains('{', StringComparison.Ordinal) && !endpoint.Refuses.Contains(200))
            statuses.Add(404);
        if (method == "GET" && !endpoint.ChangesByGet)
            statuses.Add(304);
        if (method != "GET")
            statuses.Add(411);
        if (method == "PATCH")
            statuses.Add(412);
        if (endpoint.Body is not null)
            statuses.UnionWith([413, 415]);
        if (endpoint.Status == 201)
            statuses.UnionWith(endpoint.Body is null ? [409] : [409, 422]);
        return statuses;
    }

    public static JsonObject Fail(string message) => new() { ["message"] = message, ["status"] = "fail" };

    public static IEnumerable<(string Name, JsonObject Schema)> Schemas()
    {
        yield return ("Error", Envelope("error", ("message", Constant("internal error")), ("request_id", Text())));
        yield return ("Fail", Envelope("fail", ("message", Text())));
        var invalid = Envelope("fail", ("message", Text()));
        invalid["properties"]!["errors"] = new JsonObject
        {
            ["type"] = "object",
            ["description"] = "Each invalid field with the rule that it breaks; absent if it is not about fields.",
            ["additionalProperties"] = Text(),
        };
        yield return ("Invalid", invalid);
    }

    public static JsonObject Responses()
    {
        var responses = new JsonObject { [NameOf(304)] = Response("The client has it already.", ["ETag"]) };
        foreach (var (status, name, description, message, headers) in All)
        {
            var response = Response(description, headers);
            response["content"] = new JsonObject { ["application/json"] = Media(status, message) };
            responses[name] = response;
        }
        return responses;

        static JsonObject Response(string description, string[] headers) =>
            new() { ["description"] = description, ["headers"] = OpenApiTerms.HeaderReferences(["X-Request-Id", .. headers]) };
    }

    private static JsonObject Media(int status, string message) => status switch
    {
        400 => new JsonObject
        {
            ["schema"] = Envelope("Invalid"),
            ["example"] = new JsonObject
            {
                ["errors"] = new JsonObject { ["password"] = TextRule.Password.Check("") },
                ["message"] = message,
                ["status"] = "fail",
            },
        },
        500 => new JsonObject
        {
            ["schema"] = Envelope("Error"),
            ["example"] = new JsonObject { ["message"] = message, ["request_id"] = "1f3c5a7b-2e", ["status"] = "error" },
        },
        _ => new JsonObject { ["schema"] = Envelope("Fail"), ["example"] = Fail(message) },
    };

    private static JsonObject Envelope(string name) => OpenApiTerms.Reference("schemas", name);

    private static JsonObject Envelope(string status, params ReadOnlySpan<(string Name, JsonObject Schema)> members)
    {
        var properties = new JsonObject { ["status"] = Constant(status) };
        foreach (var (name, schema) in members)
            properties[name] = schema;
        return new JsonObject
        {
            ["type"] = "object",
            ["properties"] = properties,
            ["required"] = OpenApiTerms.Array(properties.Select(p => p.Key).Order(StringComparer.Ordinal)),
        };
    }

    private static JsonObject Constant(string value) => new() { ["type"] = "string", ["const"] = value };

    private static JsonObject Text() => new() { ["type"] = "string" };
}
