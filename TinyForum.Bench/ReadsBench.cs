namespace TinyForum.Bench;

/// <summary>Reading under load, against a bare listener that answers as many bytes.</summary>
internal static class ReadsBench
{
    private const int Connections = 64;
    private const int WritesPerSecond = 100;

    private sealed record Target(string Name, LoadRequest Request, Child Bare, double Bar)
    {
        /// <summary>The same request, to the bare listener.</summary>
        public LoadRequest Baseline => Request with { Url = new Uri(Bare.Url, Request.Url.PathAndQuery) };

        public Samples Rates { get; } = new();
        public Samples BareRates { get; } = new();
    }

    public static async Task RunAsync(Settings settings, TextWriter output)
    {
        using var folder = new TemporaryFolder();
        using var forum = await Fixture.StartAsync(settings.Database ?? folder.File("forum.db"));
        if (settings.Database is null)
            await forum.PostAsync(200);
        var id = (await forum.GetAsync("/api/posts"))["posts"]![0]!["id"]!;
        var bare = new Dictionary<int, Child>();
        Target[] targets =
        [
            await TargetAsync("/api/posts", 0.9),
            await TargetAsync($"/api/posts/{id}", 0.8, "/api/posts/{id}"),
            await TargetAsync($"/api/user/{forum.Username}", 0.8, "/api/user/{name}"),
            await TargetAsync("/api/me", 0.6, "/api/me with a cookie", loggedIn: true),
        ];
        var disturbed = new Samples();
        for (var round = -2; round < settings.Rounds; round++) // two to warm up: code goes on being compiled for some ten seconds
        {
            foreach (var target in targets)
            {
                var (theirs, ours) = (await MeasureAsync(target.Baseline), await MeasureAsync(target.Request));
                if (round < 0)
                    continue;
                target.BareRates.Add(theirs);
                target.Rates.Add(ours);
            }
        }
        // On its own: what it writes goes on being carried to the disk for a while.
        var undisturbed = new Samples();
        for (var round = 0; round < settings.Rounds; round++)
        {
            undisturbed.Add(await MeasureAsync(targets[0].Request));
            using var writer = new CancellationTokenSource();
            var writing = forum.WriteAsync(WritesPerSecond, writer.Token);
            disturbed.Add(await MeasureAsync(targets[0].Request));
            await writer.CancelAsync();
            await writing;
        }
        foreach (var child in bare.Values)
            child.Dispose();

        output.WriteLine($"Requests a second, {Load.Description(Connections)}, {settings.Rounds} interleaved rounds of {settings.Seconds} s: "
            + "median (least–greatest). The baseline is an HttpListener loop that answers the same requests with a constant of the same size, measured just "
            + "before in the same round. The forum logs each request as text to /dev/null; rate limits are off.");
        output.WriteLine();
        output.WriteLine("| GET | bytes | forum | bare listener | ratio | bar |");
        output.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: |");
        foreach (var target in targets)
            output.WriteLine($"| {target.Name} | {bare.Single(b => b.Value == target.Bare).Key} | "
                + $"{target.Rates} | {target.BareRates} | {target.Rates.RatioTo(target.BareRates).ToString("F2")} | {target.Bar} |");
        output.WriteLine($"| /api/posts, {WritesPerSecond} posts/s beside | | "
            + $"{disturbed} | {undisturbed} (undisturbed) | {disturbed.RatioTo(undisturbed).ToString("F2")} | 0.7 |");
        output.WriteLine();

        async Task<Target> TargetAsync(string path, double bar, string? name = null, bool loggedIn = false)
        {
            var request = forum.Get(path, loggedIn);
            var bytes = await AnonymousSizeAsync(request);
            if (!bare.TryGetValue(bytes, out var child))
                bare.Add(bytes, child = await Child.StartAsync("bare", "--bytes", $"{bytes}"));
            return new Target(name ?? path, request, child, bar);
        }

        async Task<double> MeasureAsync(LoadRequest request) => (await Load.RunAsync(request, Connections, settings.Duration)).Rate;
    }

    private static async Task<int> AnonymousSizeAsync(LoadRequest request)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false });
        using var message = new HttpRequestMessage(HttpMethod.Get, request.Url);
        if (request.Cookie is not null)
            message.Headers.Add("Cookie", request.Cookie);
        using var answer = (await client.SendAsync(message)).EnsureSuccessStatusCode();
        return (await answer.Content.ReadAsByteArrayAsync()).Length;
    }
}
