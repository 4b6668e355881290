using System.Collections.Concurrent;

namespace TinyForum.Tests;

/// <summary>Requests that no good client sends: what each gets, and that nothing of it is taken for another.</summary>
[TestClass]
public sealed class HostileRequestTests
{
    private static TestForum _forum = null!;

    [ClassInitialize]
    public static async Task Start(TestContext _) => _forum = await TestForum.StartAsync();

    [ClassCleanup]
    public static async Task Stop() => await _forum.DisposeAsync();

    public static IEnumerable<object[]> Names => HostileRequests.All.Select(r => new object[] { r.Name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void A_request_gets_what_the_corpus_says(string name)
    {
        var request = HostileRequests.All.Single(r => r.Name == name);
        using var client = new RawClient(_forum.Url);
        client.SendExactly(request.Text.Replace("PORT", $"{_forum.Url.Port}"));
        var said = "";
        if (!request.EndsConnection)
        {
            // The connection lives on: what comes next is the answer to what is asked next.
            if (request.Continue)
                said += client.ReadAnswer().Head;
            var (head, body) = client.ReadAnswer();
            said += head + body;
            client.SendExactly($"GET /api/sentinel HTTP/1.1\r\nHost: {_forum.Url.Authority}\r\nConnection: close\r\n\r\n");
        }
        var answers = RawAnswer.ParseAll(said);
        answers.AddRange(client.ReadAnswers());
        said = string.Join('\n', answers);

        if (request.Continue)
        {
            Assert.AreEqual(100, answers[0].Status, said);
            answers.RemoveAt(0);
        }
        Assert.AreEqual(request.Status, answers[0].Status, said);
        Assert.AreEqual(request.By == By.Forum, answers[0].IsJson, said);
        if (request.By == By.Forum)
            answers[0].IsEnvelope();
        var further = request.By == By.ListenerTwice || !request.EndsConnection ? 1 : 0;
        Assert.HasCount(1 + further, answers, said);
        if (!request.EndsConnection)
            StringAssert.Contains(answers[1].Body, "\"not found\"");
    }

    [TestMethod]
    public void A_request_behind_another_in_the_same_segment_is_not_served_and_its_client_is_told_to_ask_again()
    {
        using var client = new RawClient(_forum.Url);
        var get = $"GET /healthz HTTP/1.1\r\nHost: {_forum.Url.Authority}\r\n\r\n";
        client.SendExactly(get + get.Replace("healthz", "lost"));
        var answer = client.ReadAnswers().Single();
        Assert.AreEqual((200, true), (answer.Status, answer.Closes));
    }

    [TestMethod]
    public async Task What_the_listener_refuses_has_no_effect()
    {
        await using var forum = await TestForum.StartAsync();
        foreach (var start in new[] { "POST /api/register HTTP/1.1", "post /api/register HTTP/1.1",
            "POST /api/register HTTP/1.0", "POST /api/register HTTP/2.0" })
        {
            foreach (var header in new[] { "", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip\r\nContent-Length: 38\r\n",
                "Content-Length: 38\r\nContent-Length: 39\r\n" })
            {
                using var client = new RawClient(forum.Url);
                client.SendExactly($"{start}\r\nHost: {forum.Url.Authority}\r\nContent-Type: application/json\r\n"
                    + $"{header}\r\n{{\"username\":\"eve\",\"password\":\"secret\"}}");
                client.Finish();
                var answers = client.ReadAnswers();
                Assert.IsTrue(answers.TrueForAll(a => a.Status is 400 or 404 or 405 or 411 or 501 or 505 || a is { Status: 200, Body: "" }),
                    $"{start} {header} {answers[0]}");
            }
        }
        Assert.IsNull(forum.Server.Users.Find("eve"));
    }

    [TestMethod]
    [DataRow("http://*:0", "http://forum.example:a@evil.example/api/tags", "a.example", 421, DisplayName = "a user is no host")]
    [DataRow("http://*:0", "http://evil.example/api/tags", "a.example", 421, DisplayName = "an absolute target beats the Host")]
    [DataRow("http://*:0", "http://forum.example/api/tags", "evil.example", 200, DisplayName = "whatever the Host")]
    [DataRow("http://*:0", "/api/tags", "forum.example", 200)]
    [DataRow("http://*:0", "/api/tags", "FORUM.example:8080", 200, DisplayName = "case and port do not count")]
    [DataRow("http://*:0", "/api/tags", "localhost", 200, DisplayName = "loopback is always allowed")]
    [DataRow("http://*:0", "/api/tags", "evil.example", 421)]
    [DataRow("http://*:0", "/api/tags", "forum.example.evil.example", 421)]
    [DataRow("http://*:0", "/api/tags", "192.0.2.1", 421)]
    [DataRow("http://127.0.0.1:0", "/api/tags", "localhost", 200)]
    [DataRow("http://*:0", "/healthz", "192.0.2.1", 200, DisplayName = "what watches a server may know its address alone")]
    public async Task A_forum_with_names_answers_to_them_alone(string listen, string target, string host, int status)
    {
        await using var forum = await TestForum.StartAsync(o => o with { Listen = [listen], Hosts = ["forum.example"] });
        using var client = new RawClient(forum.Url);
        client.SendExactly($"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        var answer = client.ReadAnswers().Single();
        Assert.AreEqual(status, answer.Status);
        answer.IsEnvelope();
        if (status == 421)
            StringAssert.Contains(answer.Body, "\"this server does not answer for that host\"");
    }

    [TestMethod]
    public async Task A_forum_without_names_answers_to_any_where_it_listens_on_all_addresses()
    {
        await using var forum = await TestForum.StartAsync(o => o with { Listen = ["http://*:0"] });
        foreach (var line in new[] { "HTTP/1.1\r\nHost: any.example", "HTTP/1.0" })
        {
            using var client = new RawClient(forum.Url);
            client.SendExactly($"GET /healthz {line}\r\nConnection: close\r\n\r\n");
            Assert.AreEqual(200, client.ReadAnswers().Single().Status);
        }
    }

    [TestMethod]
    [DataRow("localhost", "/metrics", 200)]
    [DataRow("127.0.0.1:1", "/metrics", 200)]
    [DataRow("evil.example", "/metrics", 401, DisplayName = "a name of its own that leads here")]
    [DataRow("localhost", "http://evil.example/metrics", 401)]
    [DataRow("localhost", "http://localhost@evil.example/metrics", 401)]
    public async Task Who_is_on_this_machine_calls_it_so(string host, string target, int status)
    {
        await using var forum = await TestForum.StartAsync(o => o with { Listen = ["http://*:0"] });
        using var client = new RawClient(forum.Url);
        client.SendExactly($"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        Assert.AreEqual(status, client.ReadAnswers().Single().Status);
    }

    [TestMethod]
    [DataRow("http://a.example", "a.example", "/healthz", 405)]
    [DataRow("http://a.example", "b.example", "/healthz", 405, DisplayName = "where there is nothing to change the question does not come up")]
    [DataRow("http://a.example", "a.example", "/api/logout", 401)]
    [DataRow("http://A.example", "a.example", "/api/logout", 401)]
    [DataRow("http://a.example", "b.example", "/api/logout", 403)]
    [DataRow("http://a.example:81", "a.example", "/api/logout", 403)]
    [DataRow("http://a.example", "a.example", "http://b.example/api/logout", 403, DisplayName = "an absolute target says which site it is")]
    [DataRow("http://b.example", "a.example", "http://b.example/api/logout", 401)]
    public async Task An_origin_is_compared_with_the_site_that_was_asked(string origin, string host, string target, int status)
    {
        await using var forum = await TestForum.StartAsync(o => o with { Listen = ["http://*:0"] });
        using var client = new RawClient(forum.Url);
        client.SendExactly($"POST {target} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        Assert.AreEqual(status, client.ReadAnswers().Single().Status);
    }

    [TestMethod]
    public async Task Nothing_in_a_request_can_forge_a_line_of_the_log_or_fill_it()
    {
        var entries = new ConcurrentQueue<LogEntry>();
        await using (var forum = await TestForum.StartAsync(o => o with { Log = entries.Enqueue }))
        {
            foreach (var line in new[] { "GET /\u001b[2J\t\u009b\u00E9 HTTP/1.1",
                $"{new string('G', 9000)} /{new string('a', 20000)} HTTP/1.1", "GET /a\rb HTTP/1.1" })
            {
                using var client = new RawClient(forum.Url);
                client.SendExactly($"{line}\r\nHost: {forum.Url.Authority}\r\nConnection: close\r\n\r\n");
                Assert.HasCount(1, client.ReadAnswers());
            }
        }
        var requests = entries.Select(e => e.Request!).ToList();
        Assert.AreEqual("/%1B[2J%09%9B%E9", requests[0].Path);
        Assert.AreEqual((32, 256), (requests[1].Method.Length, requests[1].Path.Length));
        Assert.AreEqual("/ab", requests[2].Path, "the listener leaves CR out");
        Assert.IsTrue(requests.TrueForAll(r => !$"{r.Method}{r.Path}".AsSpan().ContainsAnyExceptInRange('!', '~')));
    }

    [TestMethod]
    public async Task A_body_of_countless_unknown_fields_gets_a_short_answer()
    {
        await using var forum = await TestForum.StartAsync();
        var body = $"{{{string.Join(',', Enumerable.Range(0, 25_000).Select(i => $"\"{i}\":0"))}}}";
        var answer = (await forum.Client().PostAsync("/api/login", body)).Is(400, "invalid input");
        Assert.IsLessThan(4096, answer.Bytes.Length);
        Assert.AreEqual("is not a known field", (string?)answer["errors.0"]);
        Assert.AreEqual("is required", (string?)answer["errors.password"]);
    }

    [TestMethod]
    public async Task Odd_targets_do_not_keep_others_out_of_the_kept_answers()
    {
        await using var forum = await TestForum.StartAsync();
        var client = await forum.UserAsync("ada");
        var tag = (await client.GetAsync("/api/user/ada")).Is(200).Header("ETag")!;
        using var reader = new TestClient(forum.Url);
        for (var i = 0; i < 2100; i++)
            (await reader.GetAsync($"/api/posts?limit=3&author={i}")).Is(200);
        Assert.AreEqual(tag, (await reader.GetAsync("/api/user/ada")).Is(200).Header("ETag"));
        await client.PatchAsync("/api/me", new { bio = "new" });
        (await reader.GetAsync("/api/posts?limit=3&author=7")).Is(200);
    }

    [TestMethod]
    public async Task An_answer_kept_for_one_spelling_of_a_target_is_right_for_every_other()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("ada");
        var bodies = new HashSet<string>();
        foreach (var line in new[]
        {
            "GET /api/user/ada", "GET /api/user/%61da", "GET /api/user/ADA",
            "GET http://127.0.0.1/api/user/ada", "GET ftp://x@127.0.0.1/api/user/ada",
            "HEAD /api/user/ada", "GET /api/user/ada", "HEAD /api/user/ada?", "GET /api/user/ada?",
        })
        {
            using var client = new RawClient(forum.Url);
            client.SendExactly($"{line} HTTP/1.1\r\nHost: {forum.Url.Authority}\r\nConnection: close\r\n\r\n");
            var answer = client.ReadAnswers(isHead: line[0] == 'H').Single();
            Assert.AreEqual(200, answer.Status, line);
            if (line[0] == 'H')
                Assert.AreEqual("", answer.Body);
            else
                bodies.Add(answer.Body);
        }
        Assert.HasCount(1, bodies, string.Concat(bodies));
    }
}
