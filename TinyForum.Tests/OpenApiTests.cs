using System.Text.Json.Nodes;
using TinyForum.Api;
using TinyForum.Api.OpenApi;

namespace TinyForum.Tests;

[TestClass]
public sealed class OpenApiTests(TestContext context)
{
    private const string Redocly = "@redocly/cli@2.77.0";

    private static JsonNode Document => Contract.Document;

    private static IEnumerable<(string Pattern, JsonNode Operation)> Operations =>
        from path in Document["paths"]!.AsObject()
        from method in path.Value!.AsObject()
        select ($"{method.Key.ToUpperInvariant()} {path.Key}", method.Value!);

    [TestMethod]
    public async Task Anyone_gets_the_document()
    {
        await using var forum = await TestForum.StartAsync();
        var answer = (await forum.Client().GetAsync("/api/openapi.json")).Is(200);
        Assert.AreEqual("3.1.1", (string?)answer["openapi"]);
        Assert.AreEqual("application/json", answer.Header("Content-Type"));
        CollectionAssert.AreEqual(OpenApiDocument.Of(new ForumOptions().CookieName).ToArray(), answer.Bytes);
        (await forum.Client().GetAsync("/api/openapi.json", ("If-None-Match", answer.Header("ETag")!))).Is(304);
    }

    [TestMethod]
    public void Every_route_is_in_it_and_nothing_else() =>
        CollectionAssert.AreEquivalent(Routes.Table.Select(e => e.Pattern).ToArray(), Operations.Select(o => o.Pattern).ToArray());

    [TestMethod]
    public void Every_operation_has_a_name_of_its_own()
    {
        var names = Operations.Select(o => (string)o.Operation["operationId"]!).ToList();
        CollectionAssert.AllItemsAreUnique(names);
        CollectionAssert.Contains(names, "getUserByUsername");
        Assert.IsTrue(names.TrueForAll(n => n.All(char.IsAsciiLetter)), string.Join(", ", names));
        Assert.IsTrue(Operations.All(o => char.IsAsciiLetterUpper(((string)o.Operation["tags"]![0]!)[0])));
    }

    [TestMethod]
    public void Keys_stand_in_alphabetical_order()
    {
        foreach (var node in Nodes(Document).OfType<JsonObject>())
        {
            var keys = node.Select(m => m.Key).ToList();
            CollectionAssert.AreEqual(keys.Order(StringComparer.Ordinal).ToList(), keys, node.GetPath());
        }
    }

    [TestMethod]
    public void Every_reference_leads_somewhere()
    {
        foreach (var node in Nodes(Document).OfType<JsonObject>().Where(n => n.ContainsKey("$ref")))
            Contract.Schemas.Resolve(node);
    }

    [TestMethod]
    public void Every_example_matches_its_schema()
    {
        var count = 0;
        foreach (var media in Nodes(Document).OfType<JsonObject>().Where(n => n.ContainsKey("example") || n["examples"] is JsonObject))
        {
            foreach (var example in media["example"] is { } one ? [one] : media["examples"]!.AsObject().Select(e => e.Value!["value"]!))
            {
                Assert.IsNull(Contract.Schemas.Mistake(example, media["schema"]!), example.GetPath());
                count++;
            }
        }
        foreach (var schema in Nodes(Document).OfType<JsonObject>().Where(n => n["examples"] is JsonArray))
            Assert.IsNull(Contract.Schemas.Mistake(schema["examples"]![0], schema), schema.GetPath());
        Assert.IsGreaterThan(Routes.Table.Count, count, "every operation has one, and every refusal");
    }

    [TestMethod]
    public void Every_text_that_a_client_may_send_has_its_limits()
    {
        foreach (var endpoint in Routes.Table.Where(e => e.Body is not null))
        {
            var body = Document["paths"]![endpoint.Pattern.Split(' ')[1]]![endpoint.Pattern.Split(' ')[0].ToLowerInvariant()]!["requestBody"]!;
            var schema = Contract.Schemas.Resolve(body["content"]!["application/json"]!["schema"]!);
            foreach (var (name, member) in schema["properties"]!.AsObject())
            {
                var isText = OpenApiTerms.TypeOf(member!) == "string";
                var isLimited = member!["maxLength"] is not null || member["enum"] is not null || member["format"] is not null;
                Assert.IsTrue(!isText || isLimited, $"{endpoint.Pattern}: {name}");
            }
        }
    }

    [TestMethod]
    public void Every_list_that_goes_on_takes_a_limit_and_a_cursor()
    {
        foreach (var endpoint in Routes.Table.Where(e => e.Answer?.Properties.Any(p => p.Name == "next" && p.PropertyType == typeof(string)) == true))
            CollectionAssert.IsSubsetOf(new[] { "limit", "cursor" }, endpoint.Query.ToArray(), endpoint.Pattern);
    }

    [TestMethod]
    public void The_limits_are_those_of_the_stores()
    {
        var password = Document["components"]!["schemas"]!["Credentials"]!["properties"]!["password"]!;
        Assert.AreEqual((5, 128), ((int)password["minLength"]!, (int)password["maxLength"]!));
    }

    [TestMethod]
    [DataRow("GET /api/me", "[session] [token]")]
    [DataRow("POST /api/logout", "[session]")]
    [DataRow("POST /api/register", "")]
    [DataRow("GET /healthz", "[] [session] [token]", DisplayName = "what anyone may read, one may read logged in as well")]
    public void Who_may_call_is_told(string pattern, string expected)
    {
        var needs = Operations.Single(o => o.Pattern == pattern).Operation["security"]!.AsArray()
            .Select(n => $"[{string.Join(", ", n!.AsObject().Select(s => s.Key))}]");
        Assert.AreEqual(expected, string.Join(' ', needs));
    }

    [TestMethod]
    [DataRow("""{"status":"success","user":{"id":2,"username":"a"}}""", null)]
    [DataRow("""{"status":"success","user":{"id":2,"password":"x","username":"a"}}""", "$.user must not have password")]
    [DataRow("""{"status":"success","user":{"id":2}}""", "$.user must have username")]
    [DataRow("""{"status":"success","user":{"id":2,"username":null}}""", "$.user.username must be of type string and is null")]
    [DataRow("""{"status":"success","user":{"id":"2","username":"a"}}""", "$.user.id must be of type integer and is \"2\"")]
    [DataRow("""{"status":"success","user":{"id":2.5,"username":"a"}}""", "$.user.id must be of type integer and is 2.5")]
    [DataRow("""{"status":"done","user":{"id":2,"username":"a"}}""", "$.status must be \"success\"")]
    public void What_an_answer_may_not_be_is_noticed(string answer, string? mistake) =>
        Assert.AreEqual(mistake, Contract.Schemas.Mistake(JsonNode.Parse(answer), Document["components"]!["schemas"]!["UserAnswer"]!));

    [TestMethod]
    public async Task An_answer_that_is_not_as_documented_fails_the_test_that_got_it()
    {
        await using var forum = await TestForum.StartAsync();
        var health = await forum.Client().GetAsync("/healthz");
        var nothing = await forum.Client().GetAsync("/no/such/path");
        StringAssert.Contains(Broken("GET", "/api/user/ann", health), "$ must match one of 2 schemas");
        StringAssert.Contains(Broken("GET", "/healthz", nothing), "the status is not documented for getHealthz");
        StringAssert.Contains(Broken("GET", "/metrics", health), "the body is not text/plain");
        StringAssert.Contains(Broken("HEAD", "/healthz", health), "there must be no body");
        StringAssert.Contains(Broken("GET", "/api/me", nothing with { Status = System.Net.HttpStatusCode.Unauthorized }),
            "the header WWW-Authenticate is missing");
        StringAssert.Contains(Broken("GET", "/no/such/path", health), "no route answers this");

        static string Broken(string method, string target, Answer answer) =>
            Assert.ThrowsExactly<AssertFailedException>(() => Contract.Check(method, target, null, answer)).Message;
    }

    [TestMethod]
    [DataRow("""{"username":"a","password":"1234"}""", "$.password must have at least 5 characters")]
    [DataRow("""{"username":"","password":"12345"}""", "$.username must have at least 1 characters")]
    [DataRow("""{"username":"a😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀","password":"12345"}""", null, DisplayName = "33 UTF-16 units, 17 characters")]
    [DataRow("""{"username":"123456789-123456789-123456789-123","password":"12345"}""", "$.username must have at most 32 characters")]
    public void What_a_body_may_not_be_is_noticed(string body, string? mistake) =>
        Assert.AreEqual(mistake, Contract.Schemas.Mistake(JsonNode.Parse(body), Document["components"]!["schemas"]!["Credentials"]!));

    [TestMethod]
    public async Task A_public_validator_finds_no_error()
    {
        if (await Tool.RunAsync("npx", ["--yes", Redocly, "--version"]) is not (0, _))
            Assert.Inconclusive($"NOT CHECKED: npx can't run {Redocly} here");
        var file = Path.Combine(context.TestRunDirectory ?? Path.GetTempPath(), $"openapi-{Guid.NewGuid():N}.json");
        await File.WriteAllBytesAsync(file, OpenApiDocument.Of(new ForumOptions().CookieName).ToArray(), context.CancellationToken);
        var linted = await Tool.RunAsync("npx", ["--yes", Redocly, "lint", file]);
        File.Delete(file);
        Assert.AreEqual(0, linted!.Value.Code, linted.Value.Output);
    }

    private static IEnumerable<JsonNode> Nodes(JsonNode node) => (node switch
    {
        JsonObject members => members.Select(m => m.Value!),
        JsonArray items => items.Select(i => i!),
        _ => [],
    }).SelectMany(Nodes).Prepend(node);
}
