using System.Globalization;
using System.Text;

namespace TinyForum.Tests;

/// <summary>What is refused before its body is read: the client gets to know why, directly or through a proxy, and no reset.</summary>
[TestClass]
public sealed class RefusalDeliveryTests(TestContext test)
{
    private static readonly int Rounds = int.Parse(Environment.GetEnvironmentVariable("TINYFORUM_REFUSALS") ?? "24", CultureInfo.InvariantCulture);

    private static readonly int[] Sizes = [100_000, 256 * 1024, 1_000_000, 5_000_000];

    private static readonly (int Status, string Path, string Type, string? Origin, bool LoggedIn)[] Refusals =
    [
        (401, "/api/posts", "application/json", null, false),
        (403, "/api/posts", "application/json", "http://evil.example", false),
        (404, "/api/nowhere", "application/json", null, false),
        (405, "/healthz", "application/json", null, false),
        (413, "/api/register", "application/json", null, false),
        (415, "/api/register", "text/plain", null, false),
        (429, "/api/posts", "application/json", null, true),
    ];

    [TestMethod]
    [DataRow("")]
    [DataRow("nginx")]
    [DataRow("nginx unbuffered")]
    [DataRow("caddy")]
    [DataRow("haproxy")]
    public async Task Every_refusal_arrives(string through)
    {
        await using var forum = await TestForum.StartAsync(o => o with { RateLimits = new() { Writes = new(1, TimeSpan.FromHours(1)) } });
        using var proxy = through.Length == 0 ? null : await Proxy.StartAsync(through, forum.Url);
        if (through.Length > 0 && proxy is null)
        {
            Assert.Inconclusive($"{through} is not installed");
            return;
        }
        var url = proxy?.Url ?? forum.Url;
        var token = await TokenAsync(forum);
        using var client = new HttpClient { BaseAddress = url };
        var lost = new List<string>();
        for (var i = 0; i < Rounds; i++)
        {
            var refusal = Refusals[i % Refusals.Length];
            var size = Sizes[i / Refusals.Length % Sizes.Length];
            if (refusal.Status == 413 && size <= 256 * 1024)
                size = 300_000;
            using var request = new HttpRequestMessage(HttpMethod.Post, refusal.Path)
            {
                Content = new StringContent(new string(' ', size), Encoding.ASCII, refusal.Type),
            };
            request.Headers.TransferEncodingChunked = i / (Refusals.Length * Sizes.Length) % 2 == 1;
            if (refusal.Origin is not null)
                request.Headers.Add("Origin", refusal.Origin);
            if (refusal.LoggedIn)
                request.Headers.Add("Authorization", $"Bearer {token}");
            try
            {
                using var answer = await client.SendAsync(request, test.CancellationToken);
                var said = await answer.Content.ReadAsStringAsync(test.CancellationToken);
                if ((int)answer.StatusCode != refusal.Status || !said.Contains("\"status\": \"fail\"", StringComparison.Ordinal))
                    lost.Add($"{i}: {(int)answer.StatusCode} instead of {refusal.Status} for {size} bytes");
            }
            catch (HttpRequestException e)
            {
                lost.Add($"{i}: {e.Message} instead of {refusal.Status} for {size} bytes");
            }
        }
        Assert.AreEqual("", string.Join('\n', lost), $"{lost.Count} of {Rounds}");
    }

    [TestMethod]
    [DataRow(100_000, true)]
    [DataRow(256 * 1024, true)]
    [DataRow(8_000_000, true)]
    [DataRow(20_000_000, false)]
    public async Task A_client_that_writes_all_before_it_reads_learns_why_and_goes_on_unless_it_was_too_much(int length, bool goesOn)
    {
        await using var forum = await TestForum.StartAsync();
        using var client = new RawClient(forum.Url);
        for (var i = 0; i < 2; i++)
        {
            client.SendExactly($"POST /api/posts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
            client.Send(new byte[length]);
            var (head, _) = client.ReadAnswer();
            Assert.StartsWith("HTTP/1.1 401 ", head);
            Assert.AreEqual(!goesOn, head.Contains("Connection: close\r\n"));
            if (!goesOn)
                break;
        }
        if (!goesOn)
            Assert.AreEqual("", client.ReadToEnd());
    }

    [TestMethod]
    public async Task A_refused_body_that_never_comes_is_not_waited_for_when_the_server_stops()
    {
        var forum = await TestForum.StartAsync(
            o => o with { DrainTimeout = TimeSpan.FromMinutes(5), Connections = new() { RequestTimeout = TimeSpan.FromMinutes(5) } });
        using var little = new RawClient(forum.Url);
        using var much = new RawClient(forum.Url);
        using var chunked = new RawClient(forum.Url);
        foreach (var (client, length) in new[] { (little, "Content-Length: 5"), (much, "Content-Length: 5000000"), (chunked, "Transfer-Encoding: chunked") })
        {
            client.SendExactly($"POST /api/posts HTTP/1.1\r\nHost: 127.0.0.1\r\n{length}\r\n\r\n1");
            Assert.StartsWith("HTTP/1.1 401 ", client.ReadAnswer().Head);
        }
        await forum.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1), test.CancellationToken);
    }

    [TestMethod]
    public async Task A_refused_body_that_stalls_ends_its_connection_and_nothing_else()
    {
        await using var forum = await TestForum.StartAsync(o => o with { Connections = new() { RequestTimeout = TimeSpan.FromSeconds(1) } });
        foreach (var length in new[] { "Content-Length: 5", "Content-Length: 5000000", "Transfer-Encoding: chunked" })
        {
            using var client = new RawClient(forum.Url);
            client.SendExactly($"POST /api/posts HTTP/1.1\r\nHost: 127.0.0.1\r\n{length}\r\n\r\n1");
            Assert.AreEqual(401, client.ReadAnswers().Single().Status);
        }
        (await forum.Client().GetAsync("/healthz")).Is(200);
    }

    private static async Task<string> TokenAsync(TestForum forum)
    {
        var ada = await forum.Server.Users.RegisterAsync("ada", "secret");
        var made = await forum.Server.Tokens.CreateAsync(ada!, "t", mayWrite: true);
        using var client = new TestClient(forum.Url, cookies: false);
        (await client.PostAsync("/api/posts", new { title = "t", body = "b" }, ("Authorization", $"Bearer {made.Secret}"))).Is(201);
        return made.Secret;
    }
}
