namespace TinyForum.Bench;

/// <summary>What thousands of connections cost that are open and say nothing.</summary>
internal static class IdleBench
{
    private const int Active = 8;

    public static async Task RunAsync(Settings settings, TextWriter output)
    {
        var count = settings.Quick ? 500 : 5_000;
        using var folder = new TemporaryFolder();
        using var forum = await Fixture.StartAsync(folder.File("forum.db"));
        await forum.PostAsync(50);
        var request = forum.Get("/api/posts");
        var seconds = TimeSpan.FromSeconds(Math.Min(settings.Seconds, 6)); // idle connections end after 15
        await Load.RunAsync(request, Active, seconds);
        Samples memory = new(), without50 = new(), without99 = new(), with50 = new(), with99 = new();
        var open = count;
        for (var round = 0; round < settings.Rounds; round++)
        {
            var without = await Load.RunAsync(request, Active, seconds);
            var before = forum.Server.ResidentBytes;
            var idle = await OpenAsync(request.Url, count);
            memory.Add((forum.Server.ResidentBytes - before) / (double)count / 1024);
            var with = await Load.RunAsync(request, Active, seconds);
            open = Math.Min(open, idle.Count(c => c.IsOpen));
            idle.ForEach(c => c.Dispose());
            without50.Add(without.P50);
            without99.Add(without.P99);
            with50.Add(with.P50);
            with99.Add(with.P99);
        }
        output.WriteLine($"{count} keep-alive connections that have asked once and now say nothing (at least {open} of them open to the end), "
            + $"{settings.Rounds} rounds; "
            + $"latency of `GET /api/posts` to {Load.Description(Active)}. Memory: the first round's growth; later rounds find it allocated.");
        output.WriteLine();
        output.WriteLine("| | without | with | ratio |");
        output.WriteLine("| --- | ---: | ---: | ---: |");
        output.WriteLine($"| p50, ms | {without50.ToString("F2")} | {with50.ToString("F2")} | {with50.RatioTo(without50).ToString("F2")} |");
        output.WriteLine($"| p99, ms | {without99.ToString("F2")} | {with99.ToString("F2")} | {with99.RatioTo(without99).ToString("F2")} |");
        output.WriteLine($"| server's memory a connection, KiB | | {memory.First:F1} | |");
        output.WriteLine();
    }

    private static async Task<List<HttpConnection>> OpenAsync(Uri url, int count)
    {
        var request = HttpConnection.Format("GET", new Uri(url, "/healthz"));
        var connections = new List<HttpConnection>(count);
        for (var i = 0; i < count; i++)
        {
            var connection = new HttpConnection(url, bufferSize: 2048);
            if (await connection.AskAsync(request) != 200)
                throw new InvalidOperationException("the server refuses connections");
            connections.Add(connection);
        }
        return connections;
    }
}
