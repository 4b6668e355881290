using TinyForum.Data;

namespace TinyForum.Bench;

/// <summary>
/// Reading by many who are logged in, each of whom gets an answer of their own, against a bare listener that answers as many bytes; and the
/// same while others write.
/// </summary>
internal static class CallersBench
{
    private const int Callers = 200, Connections = 64, Each = 20, WritesPerSecond = 100;

    private sealed record Target(string Name, LoadRequest Request, Child Bare, int Bytes, double Bar)
    {
        public Samples Rates { get; } = new();
        public Samples BareRates { get; } = new();
        public Samples Beside { get; } = new();
    }

    public static async Task RunAsync(Settings settings, TextWriter output)
    {
        using var folder = new TemporaryFolder();
        var path = settings.Database ?? folder.File("forum.db");
        var (cookies, thread) = await FillAsync(path);
        using var forum = await Fixture.StartAsync(settings, path);
        List<Target> targets =
        [
            await TargetAsync("/api/posts?sort=active", 0.5),
            await TargetAsync($"/api/posts/{thread}/replies?limit=50", 0.5),
            await TargetAsync($"/api/posts/{thread}", 0.6),
            await TargetAsync("/api/messages", 0.4),
            await TargetAsync("/api/notifications", 0.4),
            await TargetAsync("/api/me", 0.6),
        ];
        for (var round = -1; round < settings.Rounds; round++) // one to warm up
        {
            foreach (var target in targets)
            {
                var bare = await MeasureAsync(target.Request with { Url = new Uri(target.Bare.Url, target.Request.Url.PathAndQuery) });
                var alone = await MeasureAsync(target.Request);
                using var writer = new CancellationTokenSource();
                var writing = forum.WriteAsync(WritesPerSecond, writer.Token);
                var beside = await MeasureAsync(target.Request);
                await writer.CancelAsync();
                await writing;
                if (round < 0)
                    continue;
                target.BareRates.Add(bare);
                target.Rates.Add(alone);
                target.Beside.Add(beside);
            }
        }
        output.WriteLine($"Requests a second of {Callers} callers in turn, {Load.Description(Connections)}, {settings.Rounds} interleaved rounds of "
            + $"{settings.Seconds} s: median (least–greatest). The bare listener answers with a constant of the same size.");
        output.WriteLine();
        output.WriteLine($"| GET | bytes | forum | bare listener | ratio | bar | with {WritesPerSecond} posts/s beside | ratio | bar |");
        output.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var t in targets)
        {
            output.WriteLine($"| {t.Name} | {t.Bytes} | {t.Rates} | {t.BareRates} | {t.Rates.RatioTo(t.BareRates).ToString("F2")} | {t.Bar} | "
                + $"{t.Beside} | {t.Beside.RatioTo(t.BareRates).ToString("F2")} | 0.3 |");
            t.Bare.Dispose();
        }
        output.WriteLine();

        async Task<Target> TargetAsync(string path, double bar)
        {
            var request = forum.Get(path) with { Cookies = cookies };
            var bytes = await forum.SizeAsync(path, cookies[0]);
            var name = path.Replace($"/{thread}", "/{id}", StringComparison.Ordinal);
            return new Target(name, request, await Child.StartAsync("bare", "--bytes", $"{bytes}"), bytes, bar);
        }

        async Task<double> MeasureAsync(LoadRequest request) => (await Load.RunAsync(request, Connections, settings.Duration)).Rate;
    }

    /// <summary>Makes the callers, with messages and notifications for each, and sees to it that there are threads and a long one.</summary>
    internal static async Task<(IReadOnlyList<string> Cookies, long Thread)> FillAsync(string path)
    {
        await using var forum = new Forum(new ForumOptions { Database = path, Passwords = new() { MemoryKiB = 8, Iterations = 1 } });
        var run = $"{Random.Shared.Next():x}";
        var callers = new List<Actor>();
        var cookies = new List<string>();
        for (var i = 0; i < Callers; i++)
        {
            callers.Add((await forum.Users.RegisterAsync($"c{run}-{i}", "secret"))!);
            cookies.Add($"tinyforum_session={await forum.Sessions.StartAsync(callers[i], "127.0.0.1", "bench")}");
        }
        var thread = forum.Posts.Find(1) is not null ? 1 : (await forum.Posts.CreateThreadAsync(callers[0], "A thread", "with replies")).Id;
        if (forum.Posts.Find(thread)!.Head!.Replies < 1_000)
            await AllAsync(1_000, i => forum.Posts.CreateReplyAsync(callers[i % Callers], thread, "Mine leaks a little after three winters."));
        await AllAsync(Callers, async i =>
        {
            var own = await forum.Posts.CreateThreadAsync(callers[i], "How often does the pump need new seals?", "Mine leaks a little after three winters.");
            for (var n = 1; n <= Each; n++)
            {
                await forum.Messages.SendAsync(callers[(i + n) % Callers], callers[i].Username, "Seals", "The book says nothing of it.");
                await forum.Posts.CreateReplyAsync(callers[(i + n) % Callers], own.Id, "The book says nothing of it.");
            }
        });
        return (cookies, thread);

        static Task AllAsync(int count, Func<int, Task> work) => Task.WhenAll(Enumerable.Range(0, count).Select(work));
    }
}
