using System.Text.Json.Nodes;
using TinyForum.Api.OpenApi;
using TinyForum.Http;

namespace TinyForum.Tests.Support;

/// <summary>Holds every answer that a <see cref="TestClient"/> gets, in any test, against the OpenAPI document.</summary>
internal static class Contract
{
    public static JsonNode Document { get; } = JsonNode.Parse(OpenApiDocument.Of(new ForumOptions().CookieName).Span)!;

    public static JsonSchema Schemas { get; } = new(Document, isClosed: true);

    private static readonly Router<JsonNode> Router = Routed();

    /// <summary>Fails the test if the answer, or what it is an answer to, is not as documented.</summary>
    public static void Check(string method, string target, string? body, Answer answer)
    {
        if (Mistake(method, target, body, answer) is { } mistake)
            Assert.Fail($"{answer.Request} broke the contract: {mistake}\n{(int)answer.Status} {answer.Headers}\n{answer.Text}");
    }

    private static string? Mistake(string method, string target, string? body, Answer answer)
    {
        // The guard turns a connection away before there is a request to give an id to.
        if (answer.Status == System.Net.HttpStatusCode.ServiceUnavailable
            && answer.Text == "{\n  \"message\": \"too many connections\",\n  \"status\": \"fail\"\n}\n")
            return null;
        if (Operation(method, target) is not { } operation)
            return MistakeUnrouted(method, answer);
        if (operation["responses"]![$"{(int)answer.Status}"] is not { } documented)
            return $"the status is not documented for {operation["operationId"]}";
        var response = Schemas.Resolve(documented);
        foreach (var (name, header) in response["headers"]!.AsObject())
        {
            if ((bool)Schemas.Resolve(header!)["required"]! && answer.Header(name) is null)
                return $"the header {name} is missing";
        }
        var isAccepted = (int)answer.Status is 200 or 201 && answer.IsJson && method != "HEAD" && (string?)answer.Json["status"] != "fail";
        return MistakeInContent(method, response["content"], answer)
            ?? (isAccepted ? MistakeInBody(operation, body) ?? MistakeInQuery(operation, target) : null);
    }

    /// <summary>The operation that a request is for, or null if no route is.</summary>
    public static JsonNode? Operation(string method, string target)
    {
        try
        {
            return Router.Match(method, RequestTarget.Parse(target).Segments).Endpoint;
        }
        catch (RefusalException)
        {
            return null;
        }
    }

    private static Router<JsonNode> Routed()
    {
        var router = new Router<JsonNode>();
        foreach (var (path, methods) in Document["paths"]!.AsObject())
        {
            foreach (var (method, operation) in methods!.AsObject())
                router.Add($"{method.ToUpperInvariant()} {path}", operation!);
        }
        return router;
    }

    private static string? MistakeUnrouted(string method, Answer answer)
    {
        if ((int)answer.Status is not (400 or 404 or 405 or 411 or 414 or 421) && !(method == "OPTIONS" && (int)answer.Status == 204))
            return "no route answers this";
        if ((int)answer.Status is 405 && answer.Header("Allow") is null)
            return "the header Allow is missing";
        return answer.Bytes.Length == 0 ? null : Schemas.Mistake(answer.Json, Document["components"]!["schemas"]!["Fail"]!);
    }

    private static string? MistakeInContent(string method, JsonNode? content, Answer answer)
    {
        if (content is null || method == "HEAD")
            return answer.Bytes.Length == 0 ? null : "there must be no body";
        var (mediaType, media) = content.AsObject().Single();
        return answer.Header("Content-Type")!.Split(';')[0] != mediaType ? $"the body is not {mediaType}"
            : Schemas.Mistake(answer.IsJson ? answer.Json : JsonValue.Create(answer.Text), media!["schema"]!);
    }

    private static string? MistakeInBody(JsonNode operation, string? body) =>
        operation["requestBody"]?["content"]!["application/json"]!["schema"] is { } schema && Schemas.Mistake(JsonNode.Parse(body!), schema) is { } mistake
            ? $"the body was accepted: {mistake}" : null;

    /// <summary>Parameters that are not documented are ignored, by the server as well.</summary>
    private static string? MistakeInQuery(JsonNode operation, string target)
    {
        var parameters = operation["parameters"]!.AsArray().Select(p => Schemas.Resolve(p!)).Where(p => (string?)p["in"] == "query").ToList();
        foreach (var (name, value) in RequestTarget.Parse(target).Query)
        {
            if (parameters.Find(p => (string?)p["name"] == name)?["schema"] is { } schema
                && Schemas.Mistake((string?)schema["type"] == "string" ? JsonValue.Create(value) : JsonNode.Parse(value), schema) is { } mistake)
                return $"the parameter {name} was accepted: {mistake}";
        }
        return null;
    }
}
