using TinyForum.Http;
using TinyForum.Http.Guard;

namespace TinyForum.Tests;

/// <summary>Clients that stall, flood and leave, against the real server. The guard's own rules are in <see cref="ConnectionGuardTests"/>.</summary>
[TestClass]
[OSCondition(OperatingSystems.Linux)]
public sealed class HostileClientTests(TestContext test)
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1), Short = TimeSpan.FromSeconds(3);

    private static readonly ConnectionLimits Lenient = new() { IdleTimeout = Long, RequestTimeout = Long, SendTimeout = Long };

    private CancellationToken Token => test.CancellationToken;

    private static Task<TestForum> StartAsync(ConnectionLimits limits, Action<LogEntry>? log = null) =>
        TestForum.StartAsync(o => o with { Connections = limits, Log = log });

    [TestMethod]
    public void The_limits_keep_the_20_seconds_that_are_promised()
    {
        var limits = new ForumOptions().Connections;
        foreach (var timeout in new[] { limits.IdleTimeout, limits.RequestTimeout, limits.SendTimeout })
            Assert.IsLessThan(TimeSpan.FromSeconds(18), timeout + (20 * limits.SweepInterval));
        Assert.IsGreaterThan(RequestBody.MaxLength + 64 * 1024, limits.MaxRequestBytes);
    }

    [TestMethod]
    public async Task The_server_has_its_guard_on()
    {
        await using var forum = await TestForum.StartAsync();
        Assert.IsNotNull(forum.Server.Guard);
        using var client = new RawClient(forum.Url);
        client.SendExactly(Get(forum));
        Assert.StartsWith("HTTP/1.1 200 ", client.ReadAnswer().Head);
        await UntilAsync(() => forum.Server.Guard!.Connections == 1);
    }

    [TestMethod]
    [DataRow("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nA: ", null, DisplayName = "in its headers")]
    [DataRow("GET /", null, DisplayName = "in its request line")]
    [DataRow("\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00FC\u0003\u0003", null, DisplayName = "by saying hello in TLS")]
    [DataRow("POST /api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 41\r\n\r\n",
        "the body did not arrive in time", DisplayName = "before its body")]
    [DataRow("POST /api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 41\r\n\r\n{",
        "the body did not arrive in time", DisplayName = "in its body")]
    public async Task A_request_that_stalls_is_cut_off_and_told_so_if_it_had_begun(string text, string? message)
    {
        await using var forum = await StartAsync(Lenient with { RequestTimeout = Short });
        using var client = new RawClient(forum.Url);
        client.SendExactly(text);
        var answers = client.ReadAnswers();
        if (message is null)
        {
            Assert.IsEmpty(answers);
            Assert.AreEqual(1, forum.Server.Guard!.CutOff(CutReason.SlowRequest));
        }
        else
        {
            Assert.AreEqual(408, answers.Single().Status);
            Assert.IsTrue(answers[0].Closes);
            Assert.Contains($"\"{message}\"", answers[0].Body);
            Assert.AreEqual(0, forum.Server.Guard!.CutOff(CutReason.SlowRequest), "there was no need to");
        }
    }

    [TestMethod]
    public async Task A_body_that_comes_slowly_but_comes_is_accepted()
    {
        await using var forum = await StartAsync(Lenient with { RequestTimeout = Short });
        using var client = new RawClient(forum.Url);
        using var stalled = new RawClient(forum.Url);
        const string Head = "POST /api/register HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 60038\r\n\r\n";
        stalled.SendExactly(Head);
        client.SendExactly(Head);
        var told = Task.Run(() => stalled.ReadAnswers(), Token);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var sent = 0;
        while (!told.IsCompleted && await pace.WaitForNextTickAsync(Token))
        {
            client.SendExactly(new string(' ', 500));
            sent += 500;
        }
        Assert.AreEqual(408, (await told).Single().Status);
        client.SendExactly(new string(' ', 60_000 - sent) + """{"username":"ada","password":"secret"}""");
        Assert.StartsWith("HTTP/1.1 200 ", client.ReadAnswer().Head);
    }

    [TestMethod]
    [DoNotParallelize]
    public async Task A_thousand_who_stall_do_not_keep_others_from_being_answered()
    {
        await using var forum = await StartAsync(Lenient with { RequestTimeout = 2 * Short, IdleTimeout = 2 * Short, SendTimeout = 2 * Short });
        await forum.UserAsync("ada");
        var hostile = new List<RawClient>();
        for (var i = 0; i < 1000; i++)
        {
            var client = new RawClient(forum.Url, receiveBuffer: 1024);
            client.SendExactly((i % 4) switch
            {
                0 => "GET /api/user/ada HTTP/1.1\r\nHost: 127.0.0.1\r\n",
                1 => "POST /api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 41\r\n\r\n{",
                2 => Get(forum), // and does not read the answer
                _ => "",
            });
            hostile.Add(client);
        }
        for (var i = 0; i < 20; i++)
        {
            await (await forum.UserAsync($"user{i}")).GetAsync("/api/me");
            (await forum.Client().GetAsync("/api/user/ada")).Is(200, "success");
        }
        await UntilAsync(() => forum.Server.Guard!.Connections < 100);
        hostile.ForEach(client => client.Dispose());
    }

    [TestMethod]
    public async Task A_reader_that_never_reads_is_cut_off_and_others_are_answered()
    {
        await using var forum = await StartAsync(Lenient with { SendTimeout = Short });
        var ada = await forum.UserAsync("ada");
        for (var i = 0; i < 30; i++)
            (await ada.PostAsync("/api/posts", new { title = "long", body = new string('x', 32_000) })).Is(201);
        var readers = Enumerable.Range(0, 20).Select(_ => new RawClient(forum.Url, receiveBuffer: 1024)).ToList();
        foreach (var reader in readers)
            reader.SendExactly($"GET /api/posts?limit=30 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        (await ada.GetAsync("/api/me")).Is(200);
        (await forum.Client().GetAsync("/api/posts?limit=30")).Is(200);
        await UntilAsync(() => forum.Server.Guard!.Connections <= 2); // none but the two that do read; the other limits are far off
        readers.ForEach(reader => reader.Dispose());
    }

    [TestMethod]
    public async Task More_connections_than_allowed_are_told_so_and_the_next_is_served_when_one_has_left()
    {
        await using var forum = await StartAsync(Lenient with { MaxConnections = 3 });
        var clients = Enumerable.Range(0, 3).Select(_ => new RawClient(forum.Url)).ToList();
        await UntilAsync(() => forum.Server.Guard!.Connections == 3);
        using (var excess = new RawClient(forum.Url))
        {
            var answer = excess.ReadAnswers().Single();
            Assert.AreEqual((503, true, true), (answer.Status, answer.Closes, answer.IsJson));
            Assert.AreEqual("{\n  \"message\": \"too many connections\",\n  \"status\": \"fail\"\n}\n", answer.Body);
            Assert.AreEqual("1", answer.Field("Retry-After"));
        }
        foreach (var client in clients)
        {
            client.SendExactly(Get(forum));
            Assert.StartsWith("HTTP/1.1 200 ", client.ReadAnswer().Head);
        }
        clients[0].Dispose();
        await UntilAsync(() => forum.Server.Guard!.Connections == 2);
        (await forum.Client().GetAsync("/healthz")).Is(200);
        clients.ForEach(client => client.Dispose());
    }

    [TestMethod]
    public async Task An_address_that_is_not_loopback_has_its_own_limit_if_it_is_asked_for_loopback_too()
    {
        await using var forum = await StartAsync(Lenient with { MaxConnectionsPerAddress = 2, LimitLoopback = true });
        using var first = new RawClient(forum.Url);
        using var second = new RawClient(forum.Url);
        await UntilAsync(() => forum.Server.Guard!.Connections == 2);
        using var third = new RawClient(forum.Url);
        Assert.AreEqual(503, third.ReadAnswers().Single().Status);
    }

    [TestMethod]
    public async Task Clients_that_leave_in_the_middle_leave_nothing_behind()
    {
        var faults = new System.Collections.Concurrent.ConcurrentQueue<LogEntry>();
        await using var forum = await StartAsync(Lenient, e => { if (e.Severity == LogSeverity.Error) faults.Enqueue(e); });
        var whole = "POST /api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 41\r\n\r\n"
            + """{"username":"nobody","password":"secret"}""";
        for (var length = 0; length <= whole.Length; length++)
        {
            foreach (var reset in new[] { false, true })
            {
                using var client = new RawClient(forum.Url);
                client.SendExactly(whole[..length]);
                if (reset)
                    client.Reset();
            }
        }
        await UntilAsync(() => forum.Server.Guard!.Connections == 0);
        (await forum.Client().GetAsync("/healthz")).Is(200);
        Assert.IsEmpty(faults, string.Join('\n', faults));
    }

    [TestMethod]
    [DataRow(300_000)]
    [DataRow(8_000_000)]
    public async Task A_client_that_sends_too_much_can_read_why_it_was_refused(int length)
    {
        await using var forum = await TestForum.StartAsync();
        using var client = new RawClient(forum.Url);
        client.SendExactly($"POST /api/register HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
        try
        {
            client.Send(new byte[length]);
        }
        catch (IOException)
        {
            // The rest is not wanted.
        }
        Assert.AreEqual(413, client.ReadAnswers().Single().Status);
    }

    [TestMethod]
    public async Task Thousands_of_idle_connections_stay_and_each_is_answered_when_it_asks()
    {
        await using var forum = await StartAsync(Lenient with { MaxConnections = 10_000 });
        var idle = new List<RawClient>();
        // Both ends are this process's.
        for (var count = Math.Min(5000, forum.Server.Guard!.MaxConnections / 4); idle.Count < count;)
            idle.Add(new RawClient(forum.Url));
        await UntilAsync(() => forum.Server.Guard.Connections == idle.Count);
        for (var round = 0; round < 2; round++)
        {
            foreach (var client in idle)
            {
                client.SendExactly(Get(forum));
                Assert.StartsWith("HTTP/1.1 200 ", client.ReadAnswer().Head);
            }
        }
        idle.ForEach(client => client.Dispose());
        await UntilAsync(() => forum.Server.Guard.Connections == 0);
    }

    [TestMethod]
    public async Task A_hundred_requests_on_a_connection_are_answered_and_the_client_is_told_of_the_last()
    {
        await using var forum = await TestForum.StartAsync();
        using var client = new RawClient(forum.Url);
        var answered = 0;
        while (answered < 200)
        {
            client.SendExactly(Get(forum));
            var (head, _) = client.ReadAnswer();
            Assert.StartsWith("HTTP/1.1 200 ", head);
            answered++;
            if (head.Contains("Connection: close", StringComparison.OrdinalIgnoreCase))
                break;
        }
        Assert.AreEqual(101, answered);
        Assert.IsEmpty(client.ReadAnswers());
    }

    private async Task UntilAsync(Func<bool> condition)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Token);
        timeout.CancelAfter(Long);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!condition())
            await pace.WaitForNextTickAsync(timeout.Token);
    }

    private static string Get(TestForum forum) => $"GET /healthz HTTP/1.1\r\nHost: {forum.Url.Authority}\r\n\r\n";
}
