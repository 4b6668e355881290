using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using FsCheck.Fluent;
using TinyForum.Http;

namespace TinyForum.Tests;

/// <summary>Chunked bodies: the decoder, the server, and the clients that send them. Malformed ones are in <see cref="HostileRequests"/>.</summary>
[TestClass]
public sealed class ChunkedBodyTests(TestContext test)
{
    private const string Json = """{"username":"ada","password":"secret"}""";

    private const string Wire = "5;a=\"b;\"\r\nhello\r\n0000001\r\n \r\nA\r\n0123456789\r\n00;x\r\nA: b\r\nB:\r\n\r\n";

    private const string Content = "hello 0123456789";

    [TestMethod]
    public void The_content_is_what_was_sent_however_it_was_cut() => Prop.ForAll(
        Gen.Choose(0, 255).NonEmptyListOf().ListOf().SelectMany(chunks => Gen.Choose(1, 40).NonEmptyListOf()
            .SelectMany(pieces => Gen.Choose(0, 255).ListOf().Select(behind => (chunks, pieces, behind)))).ToArbitrary(),
        sent =>
        {
            var (chunks, pieces, behind) = sent;
            var wire = new List<byte>();
            foreach (var (i, chunk) in chunks.Index())
            {
                var size = chunk.Count.ToString(i % 2 == 0 ? "x" : "X6", CultureInfo.InvariantCulture);
                wire.AddRange([.. Encoding.ASCII.GetBytes(i % 3 == 0 ? $"{size}\r\n" : $"{size};a\r\n"), .. chunk.Select(b => (byte)b), .. "\r\n"u8]);
            }
            wire.AddRange(chunks.Count % 2 == 0 ? "0\r\n\r\n"u8 : "0\r\nA: b\r\n\r\n"u8);
            var length = wire.Count;
            wire.AddRange(behind.Select(b => (byte)b));
            var content = Decode([.. wire], pieces, out var used, out var isOver);
            return isOver && used == length && content.SequenceEqual(chunks.SelectMany(c => c).Select(b => (byte)b));
        }).Holds(300);

    [TestMethod]
    public void Every_byte_may_be_the_last_of_a_segment_and_no_beginning_is_the_whole()
    {
        for (var cut = 1; cut < Wire.Length; cut++)
        {
            var content = Decode(Encoding.ASCII.GetBytes(Wire), [cut, Wire.Length - cut], out var used, out var isOver);
            Assert.AreEqual((Content, Wire.Length, true), (Encoding.ASCII.GetString(content), used, isOver));
            Decode(Encoding.ASCII.GetBytes(Wire[..cut]), [cut], out _, out isOver);
            Assert.IsFalse(isOver, Wire[..cut]);
        }
    }

    [TestMethod]
    public void What_is_not_content_is_bounded()
    {
        var most = string.Concat(Enumerable.Repeat("1\r\n \r\n", (ChunkedDecoder.MaxFraming - 5) / 5)) + "0\r\n\r\n";
        foreach (var (wire, status) in new[] { (most, default(int?)), ("1\r\n \r\n" + most, 413) })
        {
            var decoder = new ChunkedDecoder();
            decoder.Decode(Encoding.ASCII.GetBytes(wire), out var used);
            Assert.AreEqual((true, wire.Length, status), (decoder.IsOver, used, decoder.Refusal?.Status), "it is decoded to its end");
        }
    }

    [TestMethod]
    public async Task The_largest_body_is_read_and_one_byte_more_is_not()
    {
        await using var forum = await TestForum.StartAsync();
        foreach (var (length, status) in new[] { (RequestBody.MaxLength, 200), (RequestBody.MaxLength + 1, 413) })
        {
            using var client = new RawClient(forum.Url);
            client.SendExactly(Head(forum) + $"{length:x}\r\n{Json.PadRight(length)}\r\n0\r\n\r\n");
            Assert.AreEqual(status, int.Parse(client.ReadAnswer().Head.Split(' ')[1]));
        }
    }

    [TestMethod]
    public async Task A_connection_goes_on_after_chunks_that_come_a_byte_at_a_time()
    {
        await using var forum = await TestForum.StartAsync();
        using var client = new RawClient(forum.Url);
        client.SendExactly(Head(forum));
        foreach (var c in $"{Json.Length:x}\r\n{Json}\r\n0\r\nA: b\r\n\r\n")
            client.SendExactly($"{c}");
        var (head, body) = client.ReadAnswer();
        Assert.Contains("\"ada\"", body);
        Assert.DoesNotContain("Connection", head);
        client.SendExactly(Head(forum).Replace("register", "login") + $"{Json.Length:x}\r\n{Json}\r\n0\r\n\r\n");
        (head, body) = client.ReadAnswer();
        Assert.Contains("\"success\"", body);
        Assert.DoesNotContain("Connection", head);
    }

    [TestMethod]
    public async Task Whatever_stalls_is_refused_in_time_and_nobody_else_notices()
    {
        await using var forum = await TestForum.StartAsync(o => o with { Connections = new() { RequestTimeout = TimeSpan.FromSeconds(3) } });
        var stalled = new List<RawClient>();
        for (var length = 0; length < Wire.Length; length++)
        {
            stalled.Add(new RawClient(forum.Url));
            stalled[^1].SendExactly(Head(forum) + Wire[..length]);
        }
        await forum.UserAsync("bob");
        foreach (var client in stalled)
        {
            var answer = client.ReadAnswers().Single();
            Assert.AreEqual((408, true), (answer.Status, answer.Closes));
            client.Dispose();
        }
    }

    [TestMethod]
    public async Task A_body_that_ends_before_its_last_chunk_is_refused()
    {
        await using var forum = await TestForum.StartAsync();
        foreach (var rest in new[] { "", "0", "0\r\n", "0\r\n\r", "0\r\nA: b\r\n" })
        {
            using var client = new RawClient(forum.Url);
            client.SendExactly(Head(forum) + $"{Json.Length:x}\r\n{Json}\r\n" + rest);
            client.Finish();
            Assert.Contains("the body ends before its last chunk", client.ReadAnswers().Single().Body);
        }
        Assert.IsNull(forum.Server.Users.Find("ada"));
    }

    [TestMethod]
    public async Task Where_the_listener_is_another_one_a_chunked_body_is_a_411_and_the_rest_is_as_ever()
    {
        var told = new List<string>();
        var boundary = new Boundary(async exchange => await exchange.ReadBodyAsync(), null, TimeProvider.System, null, null, null);
        await using var loop = ListenerLoop.Start(
            [new ListenAddress("127.0.0.1", 0)], boundary, new ConnectionLimits(), told.Add, TimeSpan.FromSeconds(1), plain: true);
        Assert.Contains("another HttpListener", told.Single());
        var url = loop.Addresses[0].Url;
        using var client = new RawClient(url);
        client.SendExactly($"POST / HTTP/1.1\r\nHost: {url.Authority}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
        var answer = client.ReadAnswers().Single();
        Assert.AreEqual((411, true), (answer.Status, answer.Closes));
        using var other = new RawClient(url);
        foreach (var status in new[] { 200, 413 })
        {
            other.SendExactly($"POST / HTTP/1.1\r\nHost: {url.Authority}\r\nContent-Length: {(status == 200 ? 5 : 262145)}\r\n\r\nhello");
            Assert.StartsWith($"HTTP/1.1 {status} ", other.ReadAnswer().Head);
        }
    }

    [TestMethod]
    public async Task NET_sends_them_and_keeps_its_connection()
    {
        await using var forum = await TestForum.StartAsync();
        var connections = 0;
        using var client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (context, token) =>
            {
                connections++;
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(context.DnsEndPoint, token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        { BaseAddress = forum.Url };
        foreach (var path in new[] { "register", "login" })
        {
            using var answer = await client.PostAsJsonAsync($"/api/{path}", new { username = "ada", password = "secret" }, test.CancellationToken);
            Assert.AreEqual(HttpStatusCode.OK, answer.StatusCode);
            Assert.Contains("success", await answer.Content.ReadAsStringAsync(test.CancellationToken));
        }
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/posts");
        request.Content = JsonContent.Create(new { title = "t", body = new string('x', 32_000) });
        request.Headers.TransferEncodingChunked = true;
        using var created = await client.SendAsync(request, test.CancellationToken);
        Assert.AreEqual(HttpStatusCode.Created, created.StatusCode);
        Assert.AreEqual(1, connections);
    }

    /// <summary>Each registers, logs in over the same connection and says so, a word each.</summary>
    [TestMethod]
    [DataRow("node", "-e", """
        const http = require('http'), agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        const post = path => new Promise((done, fail) => {
          const headers = { 'Content-Type': 'application/json' };
          const request = http.request(process.argv[1] + path, { agent, method: 'POST', headers }, answer => {
            let said = '';
            answer.on('data', d => said += d);
            answer.on('end', () => done([answer.statusCode, request.reusedSocket, said.includes('"success"')].join()));
          }).on('error', fail);
          request.write('{"username":"ada",'); setImmediate(() => { request.write('"password":"secret"'); request.end('}'); });
        });
        (async () => { console.log(await post('api/register'), await post('api/login')); agent.destroy(); })();
        """, "200,false,true 200,true,true", DisplayName = "Node")]
    [DataRow("python3", "-c", """
        import http.client, sys, urllib.parse
        c = http.client.HTTPConnection(urllib.parse.urlparse(sys.argv[1]).netloc)
        def body():
            yield b'{"username":"ada",'
            yield b'"password":"secret"}'
        said = []
        for path in ('api/register', 'api/login'):
            c.request('POST', '/' + path, body(), {'Content-Type': 'application/json'}, encode_chunked=True)
            a = c.getresponse()
            said.append(f"{a.status},{str(b'success' in a.read()).lower()},{str(c.sock is not None).lower()}")
        print(*said)
        """, "200,true,true 200,true,true", DisplayName = "Python")]
    [DataRow("sh", "-c", """
        printf %s '{"username":"ada","password":"secret"}' >"$1.json"
        curl -sS -X POST -H 'Content-Type: application/json' -T - -w '%{http_code},%{num_connects} ' -o /dev/null "$0api/register" <"$1.json"
        curl -sS -X POST -H 'Content-Type: application/json' -H 'Transfer-Encoding: chunked' -d @"$1.json" \
            -w '%{http_code},%{num_connects} ' -o /dev/null "$0api/login" --next -sS "$0healthz" -w '%{http_code},%{num_connects}' -o /dev/null
        """, "200,1 200,1 200,0", DisplayName = "curl")]
    public async Task Others_send_them_and_keep_their_connections(string program, string option, string script, string says)
    {
        await using var forum = await TestForum.StartAsync();
        using var folder = new TemporaryFolder();
        if ((program == "sh" && await Tool.RunAsync("curl", ["--version"]) is null)
            || await Tool.RunAsync(program, [option, script, $"{forum.Url}", folder["body"]]) is not var (code, output))
        {
            Assert.Inconclusive("it is not installed");
            return;
        }
        Assert.AreEqual((0, says), (code, output.Trim()));
    }

    private static string Head(TestForum forum) => $"POST /api/register HTTP/1.1\r\nHost: {forum.Url.Authority}\r\n"
        + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

    /// <summary>Decodes bytes in pieces of these lengths, again and again, until their end or the body's.</summary>
    private static byte[] Decode(byte[] wire, List<int> pieces, out int used, out bool isOver)
    {
        var decoder = new ChunkedDecoder();
        var content = new List<byte>();
        used = 0;
        for (var i = 0; used < wire.Length && !decoder.IsOver; i++)
        {
            var piece = wire[used..Math.Min(wire.Length, used + pieces[i % pieces.Count])];
            var length = decoder.Decode(piece, out var taken);
            Assert.IsTrue(taken == piece.Length || decoder.IsOver);
            content.AddRange(piece[..length]);
            used += taken;
        }
        isOver = decoder.IsOver;
        return [.. content];
    }
}
