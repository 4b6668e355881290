namespace TinyForum.Bench;

/// <summary>Group commit against the same server committing each write alone.</summary>
internal static class WritesBench
{
    public static async Task RunAsync(Settings settings, TextWriter output)
    {
        using var folder = new TemporaryFolder();
        using var grouped = await Fixture.StartAsync(settings, folder.File("grouped.db"));
        using var alone = await Fixture.StartAsync(folder.File("alone.db"), "--max-batch", "1");
        output.WriteLine($"`POST /api/posts` a second, {Load.Description(64)} or 1, {settings.Rounds} interleaved rounds of {settings.Seconds} s: "
            + "median (least–greatest), and the median latency. Both commit with `synchronous=FULL` on the same disk.");
        output.WriteLine();
        output.WriteLine("| clients | group commit | each write alone | ratio | p50, p99 ms grouped | alone | bar |");
        output.WriteLine("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var (clients, bar) in new[] { (1, "≥ 0.95"), (64, "≥ 5") })
        {
            Side together = new(grouped), single = new(alone);
            for (var round = -2; round < settings.Rounds; round++) // two to warm up: code goes on being compiled for some ten seconds
            {
                foreach (var side in round % 2 == 0 ? [together, single] : new[] { single, together })
                {
                    var result = await Load.RunAsync(side.Forum.Post("/api/posts", Fixture.Thread), clients, settings.Duration);
                    if (round >= 0)
                        side.Add(result);
                }
            }
            output.WriteLine($"| {clients} | {together.Rates} | {single.Rates} | {together.Rates.RatioTo(single.Rates).ToString("F2")} | "
                + $"{together.Latency} | {single.Latency} | {bar} |");
        }
        output.WriteLine();
        await OthersAsync(settings, grouped, output);
    }

    /// <summary>Replies beside threads. (Likes are in <see cref="CostsBench"/>: a load of them would be about one post.)</summary>
    private static async Task OthersAsync(Settings settings, Fixture forum, TextWriter output)
    {
        var thread = (await forum.GetAsync("/api/posts"))["posts"]![0]!["id"]!;
        (string Name, LoadRequest Request)[] writes =
        [
            ("POST /api/posts", forum.Post("/api/posts", Fixture.Thread)),
            ("POST /api/posts/{id}/replies", forum.Post($"/api/posts/{thread}/replies", Fixture.Reply)),
        ];
        var rates = writes.Select(_ => new Samples()).ToArray();
        for (var round = -1; round < settings.Rounds; round++)
        {
            for (var i = 0; i < writes.Length; i++)
            {
                var rate = (await Load.RunAsync(writes[i].Request, 64, settings.Duration)).Rate;
                if (round >= 0)
                    rates[i].Add(rate);
            }
        }
        output.WriteLine("| 64 clients | a second | of threads |");
        output.WriteLine("| --- | ---: | ---: |");
        for (var i = 0; i < writes.Length; i++)
            output.WriteLine($"| {writes[i].Name} | {rates[i]} | {rates[i].RatioTo(rates[0]).ToString("F2")} |");
        output.WriteLine();
    }

    private sealed record Side(Fixture Forum)
    {
        private readonly Samples _p50 = new();
        private readonly Samples _p99 = new();

        public Samples Rates { get; } = new();

        public string Latency => $"{_p50.Median:F2}, {_p99.Median:F2}";

        public void Add(LoadResult result)
        {
            Rates.Add(result.Rate);
            _p50.Add(result.P50);
            _p99.Add(result.P99);
        }
    }
}
