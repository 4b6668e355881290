using System.Net;
using System.Net.Sockets;

namespace TinyForum.Tests;

/// <summary>What could end the process, against a process of its own.</summary>
[TestClass]
[OSCondition(OperatingSystems.Linux)]
[DoNotParallelize]
public sealed class HostileProcessTests(TestContext test)
{
    private const long Gigabyte = 1L << 30;

    [TestMethod]
    [DataRow(1024)]
    [DataRow(4096)]
    public async Task A_flood_of_connections_does_not_use_the_descriptors_up(int descriptors)
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder["forum.db"], descriptors);
        var flood = Enumerable.Range(0, 6000)
            .Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false }).ToList();
        var most = 0;
        foreach (var (i, socket) in flood.Index())
        {
            most = Math.Max(most, i % 100 == 0 ? server.Descriptors : 0);
            try
            {
                socket.Connect(IPAddress.Loopback, server.Url.Port);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
                // It goes on by itself.
            }
        }
        await AnsweredAsync(server, patient: true);
        flood.ForEach(socket => socket.Dispose());
        await AnsweredAsync(server, patient: true);
        await UseAsync(server, "ada");
        Assert.IsLessThan(descriptors * 7 / 8, most);
        Assert.IsTrue(server.IsAlive, server.Output);
        Assert.DoesNotContain("internal error", server.Output);
        Assert.DoesNotContain("Unhandled", server.Output);
    }

    [TestMethod]
    public async Task Whatever_requests_need_is_loaded_before_the_server_listens()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder["forum.db"], 4096);
        var before = server.Libraries;
        await UseAsync(server, "ada");
        foreach (var coding in new[] { "br", "gzip" })
        {
            using var client = new RawClient(server.Url);
            client.Send($"GET /api/openapi.json HTTP/1.1\nHost: 127.0.0.1\nAccept-Encoding: {coding}\n\n");
            Assert.Contains($"Content-Encoding: {coding}\r\n", client.ReadAnswer().Head);
        }
        foreach (var request in HostileRequests.All)
        {
            using var client = new RawClient(server.Url);
            client.SendExactly(request.Text.Replace("PORT", $"{server.Url.Port}"));
            client.Finish();
            client.ReadAnswers();
        }
        var late = server.Libraries.Except(before).ToList();
        Assert.IsEmpty(late, "could fail to load when descriptors run out: " + string.Join(", ", late));
    }

    [TestMethod]
    [DataRow("GET /", "a", DisplayName = "request line")]
    [DataRow("GET / HTTP/1.1\r\nA: ", "a", DisplayName = "header line")]
    [DataRow("GET / HTTP/1.1\r\n", "A: b\r\n", DisplayName = "headers")]
    [DataRow("", "\r\n", DisplayName = "empty lines")]
    [DataRow("", "\0", DisplayName = "NUL")]
    [DataRow("POST /api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n", DisplayName = "chunks")]
    [DataRow("POST /api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n", "1", DisplayName = "size of a chunk")]
    [DataRow("POST /api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n1;", "a", DisplayName = "extension of a chunk")]
    [DataRow("POST /api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "A: b\r\n", DisplayName = "trailer of chunks")]
    [DataRow("POST /api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1073741824\r\n\r\n", " ", DisplayName = "body")]
    [DataRow("POST /api/nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1073741824\r\n\r\n", " ", DisplayName = "body that nobody reads")]
    public async Task What_never_ends_is_ended(string start, string again)
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder["forum.db"], 4096);
        await AnsweredAsync(server);
        var sent = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => SendUntilCut(server.Url, start, again), test.CancellationToken)));
        test.WriteLine($"{sent.Max() >> 20} MB sent, at most {server.PeakMemory >> 20} MB of memory");
        Assert.IsLessThan(Gigabyte / 2, sent.Max(), "never cut off");
        await AnsweredAsync(server);
        Assert.IsLessThan(Gigabyte, server.PeakMemory);
    }

    // HttpListener answers such a request by itself, with all of its target, each byte as six. If the kernel has no room for that, it throws
    // on a thread of its own once there is some, or the client has left.
    [TestMethod]
    [DataRow(false, DisplayName = "and leaves")]
    [DataRow(true, DisplayName = "and then does read")]
    public async Task A_malformed_request_with_a_long_answer_that_nobody_reads_ends_no_more_than_its_connection(bool reads)
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder["forum.db"]);
        for (var i = 0; i < 10; i++)
        {
            using var client = new RawClient(server.Url, receiveBuffer: 1, segment: 88); // by which the kernel measures the room at the other end
            if (i % 2 == 1)
            {
                client.Send("GET /healthz HTTP/1.1\nHost: 127.0.0.1\n\n");
                client.ReadAnswer();
            }
            client.SendExactly($"GET :{new string('\u00E9', 30_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 400 ", client.ReadAnswer(hasBody: false).Head);
            if (reads)
                client.ReadToEnd(); // not all of it comes
            client.Reset();
            await AnsweredAsync(server);
        }
    }

    private static long SendUntilCut(Uri url, string start, string again)
    {
        using var client = new RawClient(url);
        var block = new byte[65_536 / again.Length * again.Length];
        for (var i = 0; i < block.Length; i++)
            block[i] = (byte)again[i % again.Length];
        long sent = 0;
        try
        {
            client.SendExactly(start);
            for (; sent < Gigabyte; sent += block.Length)
                client.Send(block);
        }
        catch (IOException)
        {
            // Enough.
        }
        return sent;
    }

    private static async Task AnsweredAsync(ServerProcess server, bool patient = false)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            using var client = new TestClient(server.Url);
            try
            {
                // A connection that is dropped is tried again by the system after one second, three, seven; as long as that, nobody waits.
                var answer = await client.GetAsync("/healthz").WaitAsync(patient ? TimeSpan.FromSeconds(1) : Timeout.InfiniteTimeSpan);
                if (!patient || (int)answer.Status != 503)
                {
                    answer.Is(200);
                    return;
                }
            }
            catch (Exception e) when (patient && e is HttpRequestException or TimeoutException)
            {
                // Cut off, for there are too many.
                Assert.IsTrue(server.IsAlive, server.Output);
            }
            await pace.WaitForNextTickAsync(timeout.Token);
        }
    }

    private static async Task UseAsync(ServerProcess server, string name)
    {
        using var client = new TestClient(server.Url);
        var account = new { username = name, password = "secret" };
        (await client.PostAsync("/api/register", account)).Is(200, "success");
        (await client.PostAsync("/api/login", new { username = name, password = "wrong" })).Is(200, "username and password do not match");
        (await client.PostAsync("/api/login", account)).Is(200, "success");
        (await client.GetAsync("/api/me")).Is(200);
        (await client.PostAsync("/api/posts", new { title = "中文 and more", body = "https://example.com @ada **x**" }, ("Idempotency-Key", "1"))).Is(201);
        await Everything.GetAsync(client, 1);
        (await client.PostAsync("/api/tokens", new { name = "t", scope = "read" }, ("Idempotency-Key", "2"))).Is(201);
        using var anyone = new TestClient(server.Url);
        (await anyone.GetAsync($"/api/user/{name}")).Is(200);
    }
}
