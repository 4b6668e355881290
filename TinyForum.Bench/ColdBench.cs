using System.Diagnostics;

namespace TinyForum.Bench;

/// <summary>What is not kept yet: the first request after a write, and the front page while a thousand posts a second come in.</summary>
internal static class ColdBench
{
    private const int Times = 1_000, WritersAtOnce = 16, WritesPerSecond = 1_000, Connections = 64;

    public static async Task RunAsync(Settings settings, TextWriter output)
    {
        using var folder = new TemporaryFolder();
        using var forum = await Fixture.StartAsync(settings, settings.Database ?? folder.File("forum.db"));
        await forum.PostAsync(100);
        output.WriteLine($"A write, then the same request twice, on connections of their own, {(settings.Quick ? 20 : Times)} times: ms.");
        output.WriteLine();
        output.WriteLine("| GET | first p50 | p99 | second p50 | p99 |");
        output.WriteLine("| --- | ---: | ---: | ---: | ---: |");
        foreach (var (name, request) in new[] { ("/api/posts", forum.Get("/api/posts")), ("/api/posts, logged in", forum.Get("/api/posts", loggedIn: true)) })
        {
            var (first, second) = await AfterWritesAsync(forum, request, settings.Quick ? 20 : Times);
            output.WriteLine($"| {name} | {Quantile(first, 0.5):F2} | {Quantile(first, 0.99):F2} | {Quantile(second, 0.5):F2} | {Quantile(second, 0.99):F2} |");
        }
        output.WriteLine();
        await BesideAsync(settings, forum, output);
    }

    private static async Task<(double[] First, double[] Second)> AfterWritesAsync(Fixture forum, LoadRequest request, int times)
    {
        var url = request.Url;
        var write = HttpConnection.Format("POST", new Uri(url, "/api/posts"), forum.Cookie, Fixture.Thread);
        var read = HttpConnection.Format("GET", url, request.Cookie);
        using HttpConnection writer = new(url), reader = new(url);
        var (first, second) = (new double[times], new double[times]);
        for (var i = -times / 5; i < times; i++) // a fifth to warm up
        {
            if (await writer.AskAsync(write) != 201)
                throw new InvalidOperationException("a post was refused");
            foreach (var into in new[] { first, second })
            {
                var start = Stopwatch.GetTimestamp();
                reader.Ask(read);
                if (i >= 0)
                    into[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }
        }
        return (first, second);
    }

    private static async Task BesideAsync(Settings settings, Fixture forum, TextWriter output)
    {
        using var bare = await Child.StartAsync("bare", "--bytes", $"{await forum.SizeAsync("/api/posts")}");
        Samples theirs = new(), alone = new(), beside = new(), p99 = new();
        for (var round = -1; round < settings.Rounds; round++)
        {
            var (bareRate, quiet) = (await MeasureAsync(new LoadRequest(bare.Url)), await MeasureAsync(forum.Get("/api/posts")));
            using var stop = new CancellationTokenSource();
            var writing = Enumerable.Range(0, WritersAtOnce).Select(_ => forum.WriteAsync(WritesPerSecond / WritersAtOnce, stop.Token)).ToArray();
            var busy = await MeasureAsync(forum.Get("/api/posts"));
            await stop.CancelAsync();
            await Task.WhenAll(writing);
            if (round < 0)
                continue;
            theirs.Add(bareRate.Rate);
            alone.Add(quiet.Rate);
            beside.Add(busy.Rate);
            p99.Add(busy.P99);
        }
        output.WriteLine($"`GET /api/posts` a second for strangers, {Load.Description(Connections)}, {settings.Rounds} interleaved rounds of "
            + $"{settings.Seconds} s: median (least–greatest), and of a bare listener's.");
        output.WriteLine();
        output.WriteLine("| | a second | of bare | p99 ms |");
        output.WriteLine("| --- | ---: | ---: | ---: |");
        output.WriteLine($"| alone | {alone} | {alone.RatioTo(theirs).ToString("F2")} | |");
        output.WriteLine($"| {WritesPerSecond} posts/s beside | {beside} | {beside.RatioTo(theirs).ToString("F2")} | {p99.ToString("F1")} |");
        output.WriteLine();

        Task<LoadResult> MeasureAsync(LoadRequest request) => Load.RunAsync(request, Connections, settings.Duration);
    }

    private static double Quantile(double[] times, double share) => times.Order().ElementAt((int)(share * (times.Length - 1)));
}
