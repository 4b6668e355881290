using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using TinyForum.Http;

namespace TinyForum.Tests;

[TestClass]
public sealed class HttpTests
{
    private static (string Head, string Body) Ask(Uri url, string request, bool hasBody = true)
    {
        using var client = new RawClient(url);
        client.Send(request.Replace("HOST", url.Authority));
        return client.ReadAnswer(hasBody);
    }

    private static void AssertRefused(int status, string message, (string Head, string Body) answer)
    {
        StringAssert.StartsWith(answer.Head, $"HTTP/1.1 {status} ");
        Assert.AreEqual($"{{\n  \"message\": \"{message}\",\n  \"status\": \"fail\"\n}}\n", answer.Body);
    }

    [TestMethod]
    public async Task An_unknown_path_is_a_404_in_the_envelope()
    {
        await using var forum = await TestForum.StartAsync();
        foreach (var path in new[] { "/api", "/api/", "/nowhere", "/api/user/a/b/c", "/api/user//", "/api/../api/me", "/API/me" })
            AssertRefused(404, "not found", Ask(forum.Url, $"GET {path} HTTP/1.1\nHost: HOST\n\n"));
    }

    [TestMethod]
    public async Task A_method_that_a_path_lacks_is_a_405_with_Allow()
    {
        await using var forum = await TestForum.StartAsync();
        foreach (var method in new[] { "DELETE", "PATCH", "BREW", "get" })
        {
            var answer = Ask(forum.Url, $"{method} /api/user/ada HTTP/1.1\nHost: HOST\nContent-Length: 0\n\n");
            AssertRefused(405, "method not allowed", answer);
            StringAssert.Contains(answer.Head, "Allow: GET, HEAD, OPTIONS\r\n");
        }
    }

    [TestMethod]
    public async Task OPTIONS_is_a_204_with_Allow_and_without_a_body()
    {
        await using var forum = await TestForum.StartAsync();
        using var client = new RawClient(forum.Url);
        client.Send($"OPTIONS /api/register HTTP/1.1\nHost: {forum.Url.Authority}\n\n");
        var (head, _) = client.ReadAnswer(hasBody: false);
        StringAssert.StartsWith(head, "HTTP/1.1 204 ");
        StringAssert.Contains(head, "Allow: OPTIONS, POST\r\n");
        // What follows on the connection is the next answer: nothing was left over.
        client.Send($"GET /healthz HTTP/1.1\nHost: {forum.Url.Authority}\n\n");
        StringAssert.StartsWith(client.ReadAnswer().Head, "HTTP/1.1 200 ");
    }

    [TestMethod]
    [DataRow("OPTIONS /api/register", 204)]
    [DataRow("GET /api/posts", 304)]
    [DataRow("GET /", 200)]
    public async Task Each_header_comes_once_and_only_what_has_a_body_has_a_length(string request, int status)
    {
        await using var forum = await TestForum.StartAsync();
        using var client = new RawClient(forum.Url);
        client.Send($"{request} HTTP/1.1\nHost: {forum.Url.Authority}\n{(status == 304 ? "If-None-Match: *\n" : "")}\n");
        var lines = client.ReadAnswer(hasBody: false).Head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        StringAssert.StartsWith(lines[0], $"HTTP/1.1 {status} ");
        var names = lines.Skip(1).Select(line => line.Split(':')[0].ToLowerInvariant()).ToList();
        CollectionAssert.AllItemsAreUnique(names);
        Assert.AreEqual(status == 200, names.Contains("content-length"));
    }

    [TestMethod]
    public async Task HEAD_says_what_GET_would_and_sends_no_body()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("ada");
        var get = Ask(forum.Url, "GET /api/user/ada HTTP/1.1\nHost: HOST\n\n");
        using var client = new RawClient(forum.Url);
        client.Send($"HEAD /api/user/ada HTTP/1.1\nHost: {forum.Url.Authority}\n\n");
        var head = client.ReadAnswer(hasBody: false).Head;
        StringAssert.Contains(head, $"Content-Length: {get.Body.Length}\r\n");
        client.Send($"GET /api/user/ada HTTP/1.1\nHost: {forum.Url.Authority}\n\n");
        Assert.AreEqual(get.Body, client.ReadAnswer().Body, "nothing of a body was left on the connection");
    }

    [TestMethod]
    public async Task A_GET_that_the_client_has_already_is_a_304_without_a_body()
    {
        await using var forum = await TestForum.StartAsync();
        var client = await forum.UserAsync("ada");
        foreach (var path in new[] { "/api/user/ada", "/api/me" })
        {
            var tag = (await client.GetAsync(path)).Is(200).Header("ETag")!;
            foreach (var list in new[] { tag, $"W/{tag}", $"\"x\", {tag}", "*" })
                Assert.IsEmpty((await client.GetAsync(path, ("If-None-Match", list))).Is(304).Bytes);
            (await client.GetAsync(path, ("If-None-Match", "\"x\""))).Is(200);
            (await client.GetAsync(path, ("If-None-Match", tag.Trim('"')))).Is(200);
        }
    }

    [TestMethod]
    [DataRow("/api/user/ada", true), DataRow("/api/posts", true)]
    [DataRow("/api/me", false), DataRow("/api/messages", false), DataRow("/api/sessions", false)]
    public async Task Caches_are_told_what_an_answer_depends_on_and_what_is_one_clients_own(string path, bool isForAnyone)
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        foreach (var client in isForAnyone ? (TestClient[])[ada, forum.Client()] : [ada])
        {
            var first = (await client.GetAsync(path)).Is(200);
            var known = (await client.GetAsync(path, ("If-None-Match", first.Header("ETag")!))).Is(304);
            foreach (var answer in (Answer[])[first, known])
                Assert.AreEqual(
                    ("Accept-Encoding, Authorization, Cookie, Origin", client == ada, path == "/api/me" || isForAnyone),
                    (answer.Header("Vary"), answer.Headers.CacheControl!.Private, answer.Headers.CacheControl.NoCache));
        }
    }

    [TestMethod]
    public async Task What_a_body_said_is_wiped_from_memory_that_is_used_again()
    {
        var wiped = new TaskCompletionSource<bool>();
        var boundary = new Boundary(async exchange =>
        {
            var body = await exchange.ReadBodyAsync();
            Assert.IsTrue(MemoryMarshal.TryGetArray(body, out var array));
            Assert.IsTrue(array.AsSpan().ContainsAnyExcept((byte)0));
            exchange.Dispose();
            wiped.SetResult(!array.AsSpan().ContainsAnyExcept((byte)0)); // on this thread, where nobody else has got it yet
        }, null, TimeProvider.System, null, null, null);
        await using var loop = ListenerLoop.Start(
            [new ListenAddress("127.0.0.1", 0)], boundary, new ConnectionLimits(), _ => { }, TimeSpan.FromSeconds(1));
        using var client = new RawClient(loop.Addresses[0].Url);
        client.Send("POST / HTTP/1.1\nHost: 127.0.0.1\nContent-Length: 6\n\nsecret");
        client.ReadAnswer();
        Assert.IsTrue(await wiped.Task);
    }

    [TestMethod]
    [DataRow("http://me@127.0.0.1:5000"), DataRow("http://127.0.0.1:5000/forum"), DataRow("http://127.0.0.1:5000/?a")]
    [DataRow("http://example.org:5000"), DataRow("http://[::1]:5000"), DataRow("127.0.0.1:5000")]
    public void What_can_not_be_listened_on_is_refused(string address) => StringAssert.StartsWith(
        Assert.ThrowsExactly<StartException>(() => ListenAddress.Parse(address)).Message, $"cannot listen on \"{address}\": it must ");

    [TestMethod]
    public async Task A_POST_without_any_length_has_no_effect()
    {
        await using var forum = await TestForum.StartAsync();
        var client = await forum.UserAsync("ada");
        var (head, _) = Ask(forum.Url,
            "POST /api/register HTTP/1.1\nHost: HOST\nContent-Type: application/json\n\n{\"username\":\"bob\",\"password\":\"secret\"}");
        StringAssert.StartsWith(head, "HTTP/1.1 411 ");
        Assert.IsNull(forum.Server.Users.Find("bob"));
        (await client.GetAsync("/api/me")).Is(200);
    }

    [TestMethod]
    public async Task A_body_that_is_too_large_is_refused_unread()
    {
        await using var forum = await TestForum.StartAsync();
        foreach (var length in new[] { "262145", "99999999999" })
            AssertRefused(413, "the body must be at most 262144 bytes",
                Ask(forum.Url, $"POST /api/register HTTP/1.1\nHost: HOST\nContent-Type: application/json\nContent-Length: {length}\n\n{{"));
    }

    [TestMethod]
    public async Task The_largest_body_is_accepted()
    {
        await using var forum = await TestForum.StartAsync();
        var body = """{"username":"ada","password":"secret"}""".PadRight(256 * 1024);
        (await forum.Client().PostAsync("/api/register", body)).Is(200, "success");
    }

    [TestMethod]
    public async Task A_body_that_ends_early_is_refused_if_anyone_is_left_to_hear_it()
    {
        await using var forum = await TestForum.StartAsync();
        using var client = new RawClient(forum.Url);
        client.Send($"POST /api/register HTTP/1.1\nHost: {forum.Url.Authority}\nContent-Type: application/json\nContent-Length: 39\n\n{{\"username\":");
        client.Finish();
        var said = client.ReadToEnd();
        Assert.IsTrue(said.Length == 0 || said.StartsWith("HTTP/1.1 400 ", StringComparison.Ordinal), said);
        Assert.IsFalse(said.Contains("internal error"), said);
    }

    [TestMethod]
    [DataRow(null, 415)]
    [DataRow("text/plain", 415)]
    [DataRow("application/jsonp", 415)]
    [DataRow("application/x-www-form-urlencoded", 415)]
    [DataRow("application/json", 200)]
    [DataRow("Application/JSON; charset=UTF-8", 200)]
    [DataRow("application/json;charset=utf-7", 200, DisplayName = "JSON is UTF-8 whatever the charset says")]
    public async Task A_body_is_sent_as_JSON(string? type, int status)
    {
        await using var forum = await TestForum.StartAsync();
        var header = type is null ? "" : $"Content-Type: {type}\n";
        var (head, body) = Ask(forum.Url,
            $"POST /api/register HTTP/1.1\nHost: HOST\n{header}Content-Length: 38\n\n{{\"username\":\"ada\",\"password\":\"secret\"}}");
        StringAssert.StartsWith(head, $"HTTP/1.1 {status} ", body);
    }

    [TestMethod]
    public async Task A_long_target_is_a_414()
    {
        await using var forum = await TestForum.StartAsync();
        AssertRefused(414, "the request target must be at most 8192 bytes", Ask(forum.Url, $"GET /api/user/{new string('a', 8192)} HTTP/1.1\nHost: HOST\n\n"));
        AssertRefused(404, "not found", Ask(forum.Url, $"GET /{new string('a', 8191)} HTTP/1.1\nHost: HOST\n\n"));
    }

    [TestMethod]
    [DataRow("/api/user/%ff")]
    [DataRow("/api/user/a%2Fb")]
    [DataRow("/api/user/a%00")]
    [DataRow("/api/user/a%zz")]
    public async Task A_path_that_is_not_percent_encoded_UTF_8_is_refused(string path)
    {
        await using var forum = await TestForum.StartAsync();
        AssertRefused(400, "the path is not percent-encoded UTF-8 (NUL and, in a path, an encoded / are refused)",
            Ask(forum.Url, $"GET {path} HTTP/1.1\nHost: HOST\n\n"));
    }

    [TestMethod]
    public async Task Names_of_any_script_are_found_encoded_or_not()
    {
        await using var forum = await TestForum.StartAsync();
        foreach (var name in new[] { "用户", "Ольга", "עברית", "한국어", "José" })
        {
            var user = await forum.Server.Users.RegisterAsync(name, "secret");
            var bytes = string.Concat(System.Text.Encoding.UTF8.GetBytes(name).Select(b => (char)b));
            foreach (var spelt in new[] { Uri.EscapeDataString(name), bytes, Uri.EscapeDataString(name.Normalize(System.Text.NormalizationForm.FormD)) })
            {
                var (_, body) = Ask(forum.Url, $"GET /api/user/{spelt} HTTP/1.1\nHost: HOST\n\n");
                Assert.AreEqual(name.Normalize(), (string?)JsonNode.Parse(body)!["user"]!["username"], body);
                StringAssert.Contains(body, $"\"{name.Normalize()}\"", "it is shown unescaped");
                Assert.AreEqual(user!.Id, (long?)JsonNode.Parse(body)!["user"]!["id"]);
            }
        }
    }

    [TestMethod]
    public async Task A_fault_is_told_to_the_log_and_not_to_the_client()
    {
        var entries = new System.Collections.Concurrent.ConcurrentQueue<LogEntry>();
        Answer answer;
        await using (var forum = await TestForum.StartAsync(o => o with { Log = entries.Enqueue }))
        {
            await forum.UserAsync("ada");
            await forum.Database.WriteAsync(c => c.Execute("UPDATE users SET password = 'nonsense' WHERE id = 2"));
            answer = (await forum.Client().PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(500, "internal error");
        }
        Assert.AreEqual("error", (string?)answer["status"]);
        Assert.AreEqual(answer.Header("X-Request-Id"), (string?)answer["request_id"]);
        Assert.IsFalse(answer.Text.Contains("nonsense") || answer.Text.Contains("Exception"), answer.Text);
        var fault = entries.Single(e => e.Severity == LogSeverity.Error);
        Assert.AreEqual(answer.Header("X-Request-Id"), fault.Request!.Id);
        Assert.IsInstanceOfType<FormatException>(fault.Exception);
    }

    [TestMethod]
    public async Task The_log_has_each_request_and_no_secret()
    {
        var entries = new System.Collections.Concurrent.ConcurrentQueue<LogEntry>();
        await using (var forum = await TestForum.StartAsync(o => o with { Log = entries.Enqueue }))
        {
            var client = await forum.UserAsync("ada");
            (await client.GetAsync("/api/me?q=private")).IsInvalid("q");
        }
        var me = entries.Single(e => e.Request?.Route == "/api/me").Request!;
        Assert.AreEqual(("GET", "/api/me", 400, 2L), (me.Method, me.Path, me.Status, me.UserId!.Value));
        Assert.IsFalse(entries.Any(e => e.ToString().Contains("secret") || e.ToString().Contains("private")));
    }

    [TestMethod]
    [DataRow("GET", "/api/posts", "no-cache, private"), DataRow("GET", "/api/posts?x", "no-store"), DataRow("GET", "/api/posts/9", "no-store")]
    [DataRow("GET", "/api/me", "no-cache, private"), DataRow("GET", "/api/messages", "no-store, private"), DataRow("GET", "/api/tokens", "no-store, private")]
    [DataRow("GET", "/api/notifications", "no-cache, private"), DataRow("POST", "/api/logout", "no-store"), DataRow("PUT", "/api/posts", "no-store")]
    [DataRow("OPTIONS", "/api/posts", "no-store"), DataRow("GET", "/nothing", "no-store"), DataRow("GET", "/healthz", "no-cache, private")]
    public async Task Every_answer_says_what_browsers_may_do_with_it(string method, string target, string cacheControl)
    {
        await using var forum = await TestForum.StartAsync();
        var answer = await (await forum.UserAsync("ada")).SendAsync(method, target, null);
        Assert.AreEqual(cacheControl, answer.Header("Cache-Control"));
        Assert.AreEqual("nosniff", answer.Header("X-Content-Type-Options"));
        Assert.AreEqual("same-origin", answer.Header("Referrer-Policy"));
        Assert.AreEqual("same-origin", answer.Header("Cross-Origin-Resource-Policy"));
        Assert.AreEqual("default-src 'none'; frame-ancestors 'none'", answer.Header("Content-Security-Policy"));
    }
}
