using Microsoft.Data.Sqlite;

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
            var (together, single) = await CompareAsync(settings, clients, grouped, alone);
            output.WriteLine($"| {clients} | {together.Rates} | {single.Rates} | {together.Rates.RatioTo(single.Rates).ToString("F2")} | "
                + $"{together.Latency} | {single.Latency} | {bar} |");
        }
        output.WriteLine();
        await OthersAsync(settings, grouped, output);
        await WithoutEventsAsync(settings, grouped, folder.File("silent.db"), output);
    }

    /// <summary>What the log of events costs: against the same server on a database that takes none.</summary>
    private static async Task WithoutEventsAsync(Settings settings, Fixture forum, string path, TextWriter output)
    {
        using (await Fixture.StartAsync(path))
        {
            // It makes the database.
        }
        using (var database = new SqliteConnection($"Data Source={path};Pooling=false"))
        {
            database.Open();
            using var command = database.CreateCommand();
            command.CommandText = "CREATE TRIGGER silence BEFORE INSERT ON events BEGIN SELECT raise(IGNORE); END";
            command.ExecuteNonQuery();
        }
        using var silent = await Fixture.StartAsync(path);
        output.WriteLine("| clients | `POST /api/posts` a second | on a database that takes no events | ratio | bar |");
        output.WriteLine("| ---: | ---: | ---: | ---: | ---: |");
        foreach (var clients in (int[])[1, 64])
        {
            var (with, without) = await CompareAsync(settings, clients, forum, silent);
            output.WriteLine($"| {clients} | {with.Rates} | {without.Rates} | {with.Rates.RatioTo(without.Rates).ToString("F2")} | ≥ 0.9 |");
        }
        output.WriteLine();
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

    private static async Task<(Side One, Side Other)> CompareAsync(Settings settings, int clients, Fixture one, Fixture other)
    {
        Side first = new(one), second = new(other);
        for (var round = -2; round < settings.Rounds; round++) // two to warm up: code goes on being compiled for some ten seconds
        {
            foreach (var side in round % 2 == 0 ? [first, second] : new[] { second, first })
            {
                var result = await Load.RunAsync(side.Forum.Post("/api/posts", Fixture.Thread), clients, settings.Duration);
                if (round >= 0)
                    side.Add(result);
            }
        }
        return (first, second);
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
