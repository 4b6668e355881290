using System.Net;
using TinyForum.Http.Guard;

namespace TinyForum.Tests;

/// <summary>
/// The guard around a bare listener, and hostile clients on raw sockets. Each test shortens the one limit that it is about and leaves the others
/// at a minute, so that a slow machine makes it slow, not red; what "not cut off" is measured against is another client that was.
/// </summary>
[TestClass]
[OSCondition(OperatingSystems.Linux)]
public sealed class ConnectionGuardTests(TestContext test)
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1), Short = TimeSpan.FromSeconds(1);

    private static readonly ConnectionLimits Lenient = new()
    {
        IdleTimeout = Long,
        RequestTimeout = Long,
        SendTimeout = Long,
        SweepInterval = TimeSpan.FromMilliseconds(20),
    };

    private CancellationToken Token => test.CancellationToken;

    [TestMethod]
    public async Task Connection_that_never_says_anything_is_cut_off()
    {
        await using var server = new GuardedListener(Lenient with { IdleTimeout = Short });
        using var client = await server.ConnectAsync(Token);
        Assert.AreEqual("", await client.ReadToEndAsync(Token));
        Assert.AreEqual(1, server.Guard.CutOff(CutReason.Idle));
    }

    [TestMethod]
    public async Task Connection_that_goes_silent_after_a_request_is_cut_off()
    {
        await using var server = new GuardedListener(Lenient with { IdleTimeout = Short });
        using var client = await server.ConnectAsync(Token);
        Assert.Contains("hello", await client.GetAsync("/", Token));
        Assert.AreEqual("", await client.ReadToEndAsync(Token));
        Assert.AreEqual(1, server.Guard.CutOff(CutReason.Idle));
    }

    [TestMethod]
    [DataRow(false, DisplayName = "as the first request")]
    [DataRow(true, DisplayName = "after another request")]
    public async Task Half_a_header_is_cut_off(bool afterARequest)
    {
        await using var server = new GuardedListener(Lenient with { IdleTimeout = Short, RequestTimeout = Short });
        using var client = await server.ConnectAsync(Token);
        if (afterARequest)
            Assert.Contains("hello", await client.GetAsync("/", Token));
        await client.SendAsync("GET / HTTP/1.1\r\nHost: ", Token);
        Assert.AreEqual("", await client.ReadToEndAsync(Token));
        // Between two sweeps the end of one request and the start of the next are one event, and what follows is an idle connection.
        Assert.AreEqual(1, server.Guard.CutOff(CutReason.SlowRequest) + server.Guard.CutOff(CutReason.Idle));
    }

    [TestMethod]
    [DataRow("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ", DisplayName = "header")]
    [DataRow("POST /body HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n", DisplayName = "body")]
    public async Task Request_that_drips_in_is_cut_off(string start)
    {
        await using var server = new GuardedListener(Lenient with { RequestTimeout = Short });
        using var client = await server.ConnectAsync(Token);
        await client.SendAsync(start, Token);
        Assert.IsGreaterThan(0, await client.SendForEverAsync("a"u8.ToArray(), TimeSpan.FromMilliseconds(20), Token));
        Assert.AreEqual(1, server.Guard.CutOff(CutReason.SlowRequest));
    }

    [TestMethod]
    public async Task Stalled_body_is_cut_off_and_one_that_keeps_coming_is_not()
    {
        await using var server = new GuardedListener(Lenient with { RequestTimeout = TimeSpan.FromSeconds(2) });
        using var stalled = await server.ConnectAsync(Token);
        using var slow = await server.ConnectAsync(Token);
        const string Header = "POST /body HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n";
        await slow.SendAsync(Header + "a", Token);
        await stalled.SendAsync(Header + "a", Token);
        var sent = 1;
        var cut = stalled.ReadToEndAsync(Token);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!cut.IsCompleted)
        {
            await pace.WaitForNextTickAsync(Token);
            await slow.SendAsync(new string('a', 8000), Token);
            sent += 8000;
        }
        Assert.AreEqual(1, server.Guard.CutOff(CutReason.SlowRequest));
        await slow.SendAsync(new string('a', 1_000_000 - sent), Token);
        Assert.Contains("1000000 bytes", await slow.ReadAnswerAsync(Token));
    }

    [TestMethod]
    [DoNotParallelize]
    public async Task Endless_request_line_is_cut_off_before_it_fills_the_memory()
    {
        await using var server = new GuardedListener(Lenient with { MaxRequestBytes = 1 << 20 });
        var before = Environment.WorkingSet;
        using var client = await server.ConnectAsync(Token);
        await client.SendAsync("GET /", Token);
        var sent = await client.SendForEverAsync(GuardedListener.Bytes(1 << 16), TimeSpan.Zero, Token, most: 1L << 30);
        test.WriteLine($"{sent >> 20} MB sent, {(Environment.WorkingSet - before) >> 20} MB more memory");
        Assert.IsLessThan(1L << 30, sent, "never cut off");
        Assert.IsLessThan(1L << 30, Environment.WorkingSet - before);
        Assert.AreEqual(1, server.Guard.CutOff(CutReason.TooManyBytes));
        using var other = await server.ConnectAsync(Token);
        Assert.Contains("hello", await other.GetAsync("/", Token));
    }

    [TestMethod]
    public async Task Endless_header_line_is_refused()
    {
        await using var server = new GuardedListener(Lenient);
        using var client = await server.ConnectAsync(Token);
        await client.SendAsync("GET / HTTP/1.1\r\nX: ", Token);
        // The listener itself has a limit once it has seen a whole line.
        Assert.IsLessThan(1L << 30, await client.SendForEverAsync(GuardedListener.Bytes(1 << 16), TimeSpan.Zero, Token, most: 1L << 30));
        using var other = await server.ConnectAsync(Token);
        Assert.Contains("hello", await other.GetAsync("/", Token));
    }

    [TestMethod]
    public async Task Reader_that_never_reads_is_cut_off()
    {
        await using var server = new GuardedListener(Lenient with { SendTimeout = Short });
        using var client = await server.ConnectAsync(Token);
        await client.SendAsync(GuardedListener.Get("/large"), Token);
        await UntilAsync(() => server.Serving == 0 && server.Served == 1, Token);
        // Which of the two is first is open: the sweep, or the kernel's own timeout for data that nobody takes.
        Assert.IsLessThanOrEqualTo(1, server.Guard.CutOff(CutReason.SlowReader));
    }

    [TestMethod]
    public async Task Reader_that_takes_little_sips_is_cut_off()
    {
        await using var server = new GuardedListener(Lenient with { SendTimeout = Short });
        using var client = await server.ConnectAsync(Token);
        await client.SendAsync(GuardedListener.Get("/large"), Token);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (server.Served == 0)
        {
            await pace.WaitForNextTickAsync(Token);
            await client.ReadSomeAsync(1, Token);
        }
    }

    [TestMethod]
    public async Task Request_that_takes_the_server_longer_than_any_limit_is_answered()
    {
        await using var server = new GuardedListener(Lenient with { IdleTimeout = Short, RequestTimeout = Short, SendTimeout = Short });
        using var client = await server.ConnectAsync(Token);
        await client.SendAsync(GuardedListener.Get("/wait"), Token);
        await UntilAsync(() => server.Serving == 1, Token);
        using var silent = await server.ConnectAsync(Token);
        await silent.ReadToEndAsync(Token);
        server.Gate.SetResult();
        Assert.Contains("hello", await client.ReadAnswerAsync(Token));
        Assert.Contains("hello", await client.GetAsync("/", Token));
    }

    [TestMethod]
    public async Task Connections_beyond_the_cap_are_told_so_and_the_others_go_on()
    {
        await using var server = new GuardedListener(Lenient with { MaxConnections = 3 });
        var clients = new List<GuardedClient>();
        for (var i = 0; i < 3; i++)
        {
            clients.Add(await server.ConnectAsync(Token));
            Assert.Contains("hello", await clients[i].GetAsync("/", Token));
        }
        await UntilAsync(() => server.Guard.Connections == 3, Token);
        using (var excess = await server.ConnectAsync(Token))
        {
            var answer = await excess.ReadToEndAsync(Token);
            Assert.StartsWith("HTTP/1.1 503 Service Unavailable\r\n", answer);
            Assert.Contains("Connection: close\r\n", answer);
            Assert.Contains("Content-Length: 60\r\n", answer);
            Assert.EndsWith("\r\n\r\n{\n  \"message\": \"too many connections\",\n  \"status\": \"fail\"\n}\n", answer);
        }
        foreach (var client in clients)
            Assert.Contains("hello", await client.GetAsync("/", Token));
        clients[0].Dispose();
        await UntilAsync(() => server.Guard.Connections == 2, Token);
        using var next = await server.ConnectAsync(Token);
        await UntilAsync(() => server.Guard.Connections == 3, Token);
        Assert.Contains("hello", await next.GetAsync("/", Token));
        Assert.AreEqual(1, server.Guard.CutOff(CutReason.TooManyConnections));
        clients.ForEach(client => client.Dispose());
    }

    [TestMethod]
    public async Task An_address_has_its_own_cap()
    {
        await using var server = new GuardedListener(Lenient with { MaxConnectionsPerAddress = 2, LimitLoopback = true });
        using var first = await server.ConnectAsync(Token, from: "127.0.0.2");
        using var second = await server.ConnectAsync(Token, from: "127.0.0.2");
        await UntilAsync(() => server.Guard.Connections == 2, Token);
        using var excess = await server.ConnectAsync(Token, from: "127.0.0.2");
        Assert.StartsWith("HTTP/1.1 503 ", await excess.ReadToEndAsync(Token));
        using var other = await server.ConnectAsync(Token, from: "127.0.0.3");
        foreach (var client in new[] { first, second, other })
            Assert.Contains("hello", await client.GetAsync("/", Token));
        Assert.AreEqual(1, server.Guard.CutOff(CutReason.TooManyFromAddress));
    }

    [TestMethod]
    public async Task Loopback_is_not_limited_per_address_where_not_asked_for()
    {
        await using var server = new GuardedListener(Lenient with { MaxConnectionsPerAddress = 1 });
        using var first = await server.ConnectAsync(Token);
        using var second = await server.ConnectAsync(Token);
        await UntilAsync(() => server.Guard.Connections == 2, Token);
        Assert.Contains("hello", await first.GetAsync("/", Token));
        Assert.Contains("hello", await second.GetAsync("/", Token));
    }

    [TestMethod]
    public async Task Guards_keep_to_their_own_listener()
    {
        await using var strict = new GuardedListener(Lenient with { IdleTimeout = Short });
        await using var lenient = new GuardedListener(Lenient);
        using var stays = await lenient.ConnectAsync(Token);
        using var goes = await strict.ConnectAsync(Token);
        Assert.AreEqual("", await goes.ReadToEndAsync(Token));
        Assert.AreEqual(1, lenient.Guard.Connections);
        strict.Guard.Shutdown();
        Assert.Contains("hello", await stays.GetAsync("/", Token));
    }

    [TestMethod]
    public async Task Shutdown_leaves_no_connection_for_a_stray_answer()
    {
        await using var server = new GuardedListener(Lenient);
        using var silent = await server.ConnectAsync(Token);
        using var half = await server.ConnectAsync(Token);
        using var idle = await server.ConnectAsync(Token);
        using var served = await server.ConnectAsync(Token);
        await half.SendAsync("GET / HTTP/1.1\r\n", Token);
        Assert.Contains("hello", await idle.GetAsync("/", Token));
        await served.SendAsync(GuardedListener.Get("/wait"), Token);
        await UntilAsync(() => server.Serving == 1, Token);
        server.Guard.Shutdown();
        server.Stop();
        foreach (var client in new[] { silent, half, idle, served })
            Assert.AreEqual("", await client.ReadToEndAsync(Token));
        Assert.AreEqual(4, server.Guard.CutOff(CutReason.Shutdown));
    }

    [TestMethod]
    public async Task Thousand_stalled_clients_go_and_others_are_served_meanwhile()
    {
        await using var server = new GuardedListener(Lenient with { RequestTimeout = TimeSpan.FromSeconds(3) });
        var stalled = new GuardedClient[1000];
        for (var i = 0; i < stalled.Length; i++)
        {
            stalled[i] = await server.ConnectAsync(Token);
            await stalled[i].SendAsync("GET / HTTP/1.1\r\nHost", Token);
        }
        using var client = await server.ConnectAsync(Token);
        for (var i = 0; i < 50; i++)
            Assert.Contains("hello", await client.GetAsync("/", Token));
        foreach (var one in stalled)
        {
            Assert.AreEqual("", await one.ReadToEndAsync(Token));
            one.Dispose();
        }
        Assert.AreEqual(1000, server.Guard.CutOff(CutReason.SlowRequest));
        await UntilAsync(() => server.Guard.Connections <= 1, Token);
    }

    [TestMethod]
    public async Task Answer_in_two_writes_does_not_wait_for_an_acknowledgement()
    {
        await using var server = new GuardedListener(Lenient);
        using var client = await server.ConnectAsync(Token);
        var times = new List<TimeSpan>();
        for (var i = 0; i < 21; i++)
        {
            var start = TimeProvider.System.GetTimestamp();
            Assert.Contains("hello", await client.GetAsync("/two-writes", Token));
            times.Add(TimeProvider.System.GetElapsedTime(start));
        }
        times.Sort();
        Assert.IsLessThan(TimeSpan.FromMilliseconds(35), times[5], "a delayed acknowledgement takes 40 ms");
    }

    [TestMethod]
    public async Task Requests_are_counted_without_allocating()
    {
        await using var server = new GuardedListener(Lenient);
        var remote = new IPEndPoint(IPAddress.Loopback, 1);
        server.Guard.BeginRequest(remote)!.EndRequest();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            server.Guard.BeginRequest(remote)!.EndRequest();
        Assert.AreEqual(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [TestMethod]
    public void Request_does_not_begin_on_a_connection_that_was_cut_off()
    {
        var connection = new GuardedConnection(SocketName.From(new IPEndPoint(IPAddress.Loopback, 1)));
        Assert.IsTrue(connection.TryCut());
        Assert.IsFalse(connection.TryBegin(out var isCut));
        Assert.IsTrue(isCut);
    }

    [TestMethod]
    public void Connection_is_not_cut_off_once_a_request_has_begun()
    {
        var connection = new GuardedConnection(SocketName.From(new IPEndPoint(IPAddress.Loopback, 1)));
        Assert.IsTrue(connection.TryBegin(out _));
        Assert.IsFalse(connection.TryCut());
        connection.EndRequest();
        Assert.IsFalse(connection.TryCut());
    }

    [TestMethod]
    public void Listener_whose_socket_is_not_there_is_not_guarded()
    {
        Assert.IsNull(ConnectionGuard.TryStart([new(IPAddress.Loopback, 1)], hearsAccepts: true, Lenient, out var note));
        Assert.Contains("not found", note!);
    }

    private static async Task UntilAsync(Func<bool> condition, CancellationToken token)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(token);
        timeout.CancelAfter(Long);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!condition())
            await pace.WaitForNextTickAsync(timeout.Token);
    }
}
