using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using TinyForum.Http;

namespace TinyForum.Tests;

/// <summary>What can fail while a request is answered, in the handler and behind it: the client is not left waiting, and nothing leaks.</summary>
[TestClass]
public sealed class FaultyServerTests(TestContext test)
{
    private static readonly Exception[] Kinds =
    [
        new InsufficientMemoryException(), new InvalidOperationException(), new IOException(), new ObjectDisposedException("x"), new ArgumentException("x"),
        new OperationCanceledException(), new TimeoutException(), new HttpListenerException(1), new InsufficientExecutionStackException(),
        new AggregateException(), new TypeInitializationException("x", null), new MissingMethodException(),
    ];

    public static IEnumerable<object[]> Names => Kinds.Select(e => new object[] { e.GetType().Name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public async Task A_handler_that_fails_is_a_500_and_logged(string kind)
    {
        var fault = Kinds.Single(e => e.GetType().Name == kind);
        await using var server = new Server(_ => throw fault);
        for (var i = 0; i < 3; i++)
        {
            using var client = server.Connect("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            var answer = client.ReadAnswers().Single();
            Assert.AreEqual((500, true), (answer.Status, answer.Closes));
            answer.IsEnvelope();
        }
        await server.EndsAsync(test.CancellationToken);
        Assert.IsTrue(server.Log.All(e => e.Exception == fault && e.Request!.Status == 500), string.Join('\n', server.Log));
        Assert.HasCount(3, server.Log);
    }

    [TestMethod]
    [DynamicData(nameof(Names))]
    public async Task An_answer_that_fails_while_it_is_sent_ends_the_connection_and_is_logged(string kind)
    {
        var fault = Kinds.Single(e => e.GetType().Name == kind);
        await using var server = new Server(exchange => exchange.KeptBody = new Faulty(fault).Memory);
        for (var i = 0; i < 3; i++)
        {
            using var client = server.Connect("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            Assert.AreEqual("", client.ReadToEnd(), "an answer that nobody gave");
        }
        await server.EndsAsync(test.CancellationToken);
        Assert.HasCount(3, server.Log);
        if (fault is not (InvalidOperationException or IOException or HttpListenerException)) // those are what a client's leaving looks like
            Assert.IsTrue(server.Log.All(e => e.Exception == fault && e.Severity == LogSeverity.Error), string.Join('\n', server.Log));
    }

    [TestMethod]
    [DynamicData(nameof(Names))]
    public async Task A_log_or_a_meter_that_fails_changes_nothing(string kind)
    {
        var fault = Kinds.Single(e => e.GetType().Name == kind);
        foreach (var server in new[] { new Server(_ => { }, log: _ => throw fault), new Server(_ => { }, answered: (_, _) => throw fault) })
        {
            await using var disposed = server;
            using var client = server.Connect("");
            for (var i = 0; i < 3; i++)
            {
                client.SendExactly("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
                Assert.StartsWith("HTTP/1.1 200 ", client.ReadAnswer().Head);
            }
            await server.EndsAsync(test.CancellationToken);
        }
    }

    [TestMethod]
    public async Task A_refusal_that_can_not_be_rendered_ends_the_connection()
    {
        var headers = new Dictionary<string, string> { ["X"] = "\n" };
        await using var server = new Server(_ => throw new HttpRefusalException(400, "") { Headers = headers });
        using var client = server.Connect("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        Assert.AreEqual("", client.ReadToEnd());
        await server.EndsAsync(test.CancellationToken);
        Assert.IsInstanceOfType<ArgumentException>(server.Log.Single().Exception);
    }

    [TestMethod]
    public async Task A_log_of_an_embedder_that_fails_stops_nothing()
    {
        await using var forum = await ForumServer.StartAsync(new ForumOptions
        {
            Listen = ["http://127.0.0.1:0"],
            Database = null,
            Connections = new() { MaxConnections = int.MaxValue }, // of which it has to warn
            Log = _ => throw new InsufficientMemoryException(),
        });
        using var client = new HttpClient { BaseAddress = forum.Url };
        for (var i = 0; i < 3; i++)
            Assert.Contains("success", await client.GetStringAsync("/healthz", test.CancellationToken));
    }

    /// <summary>Memory that fails when it is looked at.</summary>
    private sealed class Faulty(Exception fault) : MemoryManager<byte>
    {
        public override Memory<byte> Memory => CreateMemory(1000);

        public override Span<byte> GetSpan() => throw fault;

        public override MemoryHandle Pin(int elementIndex = 0) => throw fault;

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }

    /// <summary>A server with a handler of the test's own.</summary>
    private sealed class Server : IAsyncDisposable
    {
        private readonly ListenerLoop _loop;

        public Server(Action<Exchange> handler, Action<LogEntry>? log = null, Action<Exchange, TimeSpan>? answered = null)
        {
            var boundary = new Boundary(
                exchange =>
                {
                    handler(exchange);
                    return default;
                },
                null, TimeProvider.System, log ?? Log.Enqueue, null, answered);
            _loop = ListenerLoop.Start([new ListenAddress("127.0.0.1", 0)], boundary, new ConnectionLimits(), _ => { }, TimeSpan.FromMinutes(1));
        }

        public ConcurrentQueue<LogEntry> Log { get; } = [];

        public RawClient Connect(string request)
        {
            var client = new RawClient(_loop.Addresses[0].Url);
            client.SendExactly(request);
            return client;
        }

        /// <summary>Returns when nothing is being served any more.</summary>
        public async Task EndsAsync(CancellationToken token)
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(token);
            timeout.CancelAfter(TimeSpan.FromMinutes(1));
            using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
            while (_loop.InFlight > 0)
                await pace.WaitForNextTickAsync(timeout.Token);
        }

        public ValueTask DisposeAsync() => _loop.DisposeAsync();
    }
}
