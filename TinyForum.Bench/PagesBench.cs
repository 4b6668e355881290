namespace TinyForum.Bench;

/// <summary>Pages for browsers: to anyone and to many who are logged in, against a bare listener that answers as many bytes; and their size.</summary>
internal static class PagesBench
{
    private const int Connections = 64;

    private sealed record Target(string Name, LoadRequest Request, Child Bare, int Bytes, int Compressed, double Bar)
    {
        public Samples Rates { get; } = new();
        public Samples BareRates { get; } = new();
    }

    public static async Task RunAsync(Settings settings, TextWriter output)
    {
        using var folder = new TemporaryFolder();
        var path = settings.Database ?? folder.File("forum.db");
        var (cookies, thread) = await CallersBench.FillAsync(path);
        using var forum = await Fixture.StartAsync(settings, path);
        List<Target> targets =
        [
            await TargetAsync("/", "anyone", null, 0.85),
            await TargetAsync($"/posts/{thread}", "anyone", null, 0.85),
            await TargetAsync("/", $"{cookies.Count} callers in turn", cookies, 0.5),
            await TargetAsync($"/posts/{thread}", $"{cookies.Count} callers in turn", cookies, 0.5),
        ];
        for (var round = -1; round < settings.Rounds; round++) // one to warm up
        {
            foreach (var target in targets)
            {
                var bare = await MeasureAsync(target.Request with { Url = new Uri(target.Bare.Url, target.Request.Url.PathAndQuery) });
                var ours = await MeasureAsync(target.Request);
                if (round < 0)
                    continue;
                target.BareRates.Add(bare);
                target.Rates.Add(ours);
            }
        }
        output.WriteLine($"Pages a second, {Load.Description(Connections)}, {settings.Rounds} interleaved rounds of {settings.Seconds} s: median "
            + "(least–greatest). The bare listener answers with a constant of the same size. The thread's page has 50 replies.");
        output.WriteLine();
        output.WriteLine("| GET | to | bytes | compressed | forum | bare listener | ratio | bar |");
        output.WriteLine("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var t in targets)
        {
            output.WriteLine($"| {t.Name} | {t.Bytes:N0} | {t.Compressed:N0} | {t.Rates} | {t.BareRates} | "
                + $"{t.Rates.RatioTo(t.BareRates).ToString("F2")} | {t.Bar} |");
            t.Bare.Dispose();
        }
        output.WriteLine();

        async Task<Target> TargetAsync(string path, string who, IReadOnlyList<string>? callers, double bar)
        {
            var request = forum.Get(path) with { Cookies = callers };
            var bytes = await SizeAsync(request, codings: "");
            var name = $"{path.Replace($"/{thread}", "/{id}", StringComparison.Ordinal)} | {who}";
            return new Target(name, request, await Child.StartAsync("bare", "--bytes", $"{bytes}"), bytes, await SizeAsync(request, "gzip, br"), bar);
        }

        async Task<double> MeasureAsync(LoadRequest request) => (await Load.RunAsync(request, Connections, settings.Duration)).Rate;
    }

    private static async Task<int> SizeAsync(LoadRequest request, string codings)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false });
        using var message = new HttpRequestMessage(HttpMethod.Get, request.Url);
        if (request.Cookies is not null)
            message.Headers.Add("Cookie", request.Cookies[0]);
        message.Headers.AcceptEncoding.ParseAdd(codings);
        using var answer = (await client.SendAsync(message)).EnsureSuccessStatusCode();
        return (await answer.Content.ReadAsByteArrayAsync()).Length;
    }
}
