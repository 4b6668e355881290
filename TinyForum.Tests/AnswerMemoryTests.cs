using TinyForum.Http;

namespace TinyForum.Tests;

/// <summary>The memory that answers which nobody reads, and bodies that do not end, may take of all connections together.</summary>
[TestClass]
public sealed class AnswerMemoryTests(TestContext test)
{
    private const int Megabyte = 1 << 20;

    /// <summary>More than the kernel takes off our hands.</summary>
    private static readonly byte[] Large = new byte[16 * Megabyte];

    [TestMethod]
    public void An_array_counts_once_and_a_small_one_not_at_all()
    {
        var budget = new ArrayBudget(2 * Megabyte);
        var (first, second, small) = (new byte[Megabyte], new byte[Megabyte], new byte[ArrayBudget.Uncounted]);
        for (var i = 0; i < 3; i++)
            Assert.IsTrue(budget.TryHold(first));
        Assert.IsTrue(budget.TryHold(second));
        Assert.AreEqual(2 * Megabyte, budget.Held);
        Assert.IsFalse(budget.TryHold(new byte[Megabyte]));
        Assert.IsTrue(budget.TryHold(small) && budget.TryHold(first));
        budget.Release(small);
        for (var i = 0; i < 4; i++)
        {
            Assert.AreEqual(2 * Megabyte, budget.Held);
            budget.Release(first);
        }
        Assert.AreEqual(Megabyte, budget.Held);
        Assert.IsTrue(budget.TryHold(new byte[Megabyte]));
    }

    [TestMethod]
    public async Task Answers_that_nobody_reads_are_held_up_to_a_bound_and_then_there_are_503s_until_they_are_read()
    {
        await using var server = Start(exchange =>
        {
            if (exchange.RawTarget == "/large")
            {
                exchange.SetHeader("Content-Encoding", "none of the 503's");
                Large.CopyTo(exchange.Body.GetSpan(Large.Length));
                exchange.Body.Advance(Large.Length);
            }
        });
        var idle = new List<RawClient>();
        while (server.UnsentBytes <= server.Limits.MaxAnswerMemory - Large.Length)
        {
            var before = server.UnsentBytes;
            idle.Add(Ask(server, "/large", receiveBuffer: 1));
            await UntilAsync(() => server.UnsentBytes > before);
        }
        Assert.HasCount(2, idle);
        using (var late = Ask(server, "/large"))
        {
            var answer = late.ReadAnswers().Single();
            Assert.AreEqual((503, "1", null), (answer.Status, answer.Field("Retry-After"), answer.Field("Content-Encoding")));
            Assert.Contains("too many answers wait to be read", answer.Body);
        }
        using (var small = Ask(server, "/small"))
            Assert.AreEqual(200, small.ReadAnswers().Single().Status);
        foreach (var client in idle)
            Assert.AreEqual(Large.Length, client.ReadAnswers().Single().Body.Length);
        await UntilAsync(() => server.UnsentBytes == 0);
        using var next = Ask(server, "/large");
        Assert.AreEqual(200, next.ReadAnswers().Single().Status);
        idle.ForEach(client => client.Dispose());
    }

    [TestMethod]
    public async Task A_kept_answer_is_shared_by_all_who_wait_for_it_and_goes_when_they_have_left()
    {
        await using var server = Start(exchange => exchange.KeptBody = Large);
        var idle = Enumerable.Range(0, 10).Select(_ => Ask(server, "/", receiveBuffer: 1)).ToList();
        foreach (var client in idle)
            Assert.StartsWith("HTTP/1.1 200", client.ReadAnswer(hasBody: false).Head); // so that each is being sent
        Assert.AreEqual((idle.Count, Large.Length), (server.Loop.InFlight, server.UnsentBytes));
        idle.ForEach(client => client.Reset());
        await UntilAsync(() => server.UnsentBytes == 0 && server.Loop.InFlight == 0);
    }

    [TestMethod]
    public async Task What_changes_something_is_answered_whatever_the_bound()
    {
        await using var server = Start(exchange => exchange.KeptBody = exchange.Method == "GET" ? Large : new byte[64 * 1024]);
        var idle = new List<RawClient>();
        for (var i = 0; i < 3; i++)
        {
            using var client = new RawClient(server.Url);
            client.SendExactly("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            Assert.AreEqual(200, client.ReadAnswers().Single().Status);
            idle.Add(Ask(server, "/", receiveBuffer: 1));
        }
        idle.ForEach(client => client.Dispose());
    }

    [TestMethod]
    public async Task Bodies_that_do_not_end_are_held_up_to_a_bound_and_small_ones_are_read_all_the_same()
    {
        await using var server = Start(exchange => exchange.ReadBodyAsync().AsTask().GetAwaiter().GetResult());
        var idle = new List<RawClient>();
        var answer = 0;
        while (answer == 0)
        {
            var client = new RawClient(server.Url);
            idle.Add(client);
            client.SendExactly("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 262144\r\n\r\n");
            client.Send(new byte[200_000]);
            await UntilAsync(() => server.BodyBytes >= idle.Count * 200_000L || !server.Answered.IsEmpty);
            answer = server.Answered.FirstOrDefault();
        }
        Assert.AreEqual(503, answer);
        Assert.IsLessThanOrEqualTo(server.Limits.MaxBodyMemory, server.BodyBytes);
        using var small = new RawClient(server.Url);
        small.SendExactly("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
        Assert.AreEqual(200, small.ReadAnswers().Single().Status);
        idle.ForEach(client => client.Dispose());
        await UntilAsync(() => server.BodyBytes == 0);
    }

    [TestMethod]
    public async Task Pages_wait_for_each_other_and_what_is_short_does_not_wait_for_them()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        var end = new TaskCompletionSource<int>();
        var busy = forum.Server.Forum.Pages.RunAsync(int.MaxValue, () => end.Task, test.CancellationToken);
        var pages = Enumerable.Range(0, 20).Select(_ => forum.Client().GetAsync("/api/posts")).ToList();
        await UntilAsync(() => forum.Server.Forum.Pages.Queued == pages.Count);
        foreach (var path in new[] { "/healthz", "/api/posts/1", "/api/user/ada" })
            (await forum.Client().GetAsync(path)).Is(200);
        Assert.IsFalse(pages.Exists(page => page.IsCompleted));
        end.SetResult(0);
        await busy;
        foreach (var page in pages)
            (await page).Is(200);
    }

    [TestMethod]
    public async Task An_answer_that_is_too_long_is_not_kept()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        for (var i = 0; i < 3; i++)
            (await ada.PostAsync("/api/posts", new { title = "t", body = new string('中', 32_000) })).Is(201);
        foreach (var (limit, kept) in new[] { (2, 1), (3, 1), (1, 2) })
        {
            (await forum.Client().GetAsync($"/api/posts?limit={limit}")).Is(200);
            var metrics = (await forum.Client().GetAsync("/metrics")).Is(200).Text;
            Assert.Contains($"tinyforum_kept_answers {kept}\n", metrics);
        }
    }

    private static Server Start(Action<Exchange> handler) => new(handler);

    private static RawClient Ask(Server server, string target, int receiveBuffer = 0)
    {
        var client = new RawClient(server.Url, receiveBuffer);
        client.SendExactly($"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        return client;
    }

    private async Task UntilAsync(Func<bool> condition)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(test.CancellationToken);
        timeout.CancelAfter(TimeSpan.FromMinutes(1));
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!condition())
            await pace.WaitForNextTickAsync(timeout.Token);
    }

    private sealed class Server : IAsyncDisposable
    {
        public Server(Action<Exchange> handler)
        {
            var boundary = new Boundary(
                exchange => new(Task.Run(() => handler(exchange))), null, TimeProvider.System, null, null, (exchange, _) => Answered.Enqueue(exchange.Status));
            Loop = ListenerLoop.Start([new ListenAddress("127.0.0.1", 0)], boundary, Limits, _ => { }, TimeSpan.FromSeconds(1));
        }

        public ConnectionLimits Limits { get; } = new()
        {
            MaxAnswerMemory = 40 * Megabyte,
            MaxBodyMemory = 2 * Megabyte,
            RequestTimeout = TimeSpan.FromMinutes(5),
            SendTimeout = TimeSpan.FromMinutes(5),
        };

        public ListenerLoop Loop { get; }

        public System.Collections.Concurrent.ConcurrentQueue<int> Answered { get; } = [];

        public Uri Url => Loop.Addresses[0].Url;

        public long UnsentBytes => Loop.UnsentBytes;

        public long BodyBytes => Loop.BodyBytes;

        public ValueTask DisposeAsync() => Loop.DisposeAsync();
    }
}
