namespace TinyForum.Bench;

/// <summary>Pages for browsers: to anyone and to many who are logged in, against bare listeners that answer with as many bytes; and their size.</summary>
internal static class PagesBench
{
    private const int Connections = 64;

    private sealed record Target(string Name, LoadRequest Request, Child Bare, Child WithHeaders, int Bytes, int Compressed, double Bar) : IDisposable
    {
        public Samples Rates { get; } = new();
        public Samples BareRates { get; } = new();
        public Samples RatesWithHeaders { get; } = new();

        public void Dispose()
        {
            Bare.Dispose();
            WithHeaders.Dispose();
        }
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
                var bare = await MeasureAsync(At(target.Bare, target.Request));
                var ours = await MeasureAsync(target.Request);
                var withHeaders = await MeasureAsync(At(target.WithHeaders, target.Request));
                if (round < 0)
                    continue;
                target.BareRates.Add(bare);
                target.Rates.Add(ours);
                target.RatesWithHeaders.Add(withHeaders);
            }
        }
        output.WriteLine($"Pages a second, {Load.Description(Connections)}, {settings.Rounds} interleaved rounds of {settings.Seconds} s: median "
            + "(least–greatest). The bare listeners answer with a constant: the same bytes, head and body, or a body of the same size and a bare head. "
            + "The thread's page has 50 replies.");
        output.WriteLine();
        output.WriteLine("| GET | to | body | compressed | forum | same bytes | ratio | bar | same body | ratio |");
        output.WriteLine("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var t in targets)
        {
            output.WriteLine($"| {t.Name} | {t.Bytes:N0} | {t.Compressed:N0} | {t.Rates} | {t.RatesWithHeaders} | "
                + $"{t.Rates.RatioTo(t.RatesWithHeaders).ToString("F2")} | {t.Bar} | {t.BareRates} | {t.Rates.RatioTo(t.BareRates).ToString("F2")} |");
            t.Dispose();
        }
        output.WriteLine();

        async Task<Target> TargetAsync(string path, string who, IReadOnlyList<string>? callers, double bar)
        {
            var request = forum.Get(path) with { Cookies = callers };
            var (bytes, headers) = await AskAsync(request, codings: "");
            var name = $"{path.Replace($"/{thread}", "/{id}", StringComparison.Ordinal)} | {who}";
            string[] bare = ["bare", "--bytes", $"{bytes}"];
            string[] same = [.. bare, .. headers.SelectMany(h => (string[])["--header", h])];
            return new Target(name, request, await Child.StartAsync(bare), await Child.StartAsync(same), bytes,
                (await AskAsync(request, "gzip, br")).Bytes, bar);
        }

        async Task<double> MeasureAsync(LoadRequest request) => (await Load.RunAsync(request, Connections, settings.Duration)).Rate;
    }

    private static LoadRequest At(Child server, LoadRequest request) => request with { Url = new Uri(server.Url, request.Url.PathAndQuery) };

    /// <summary>The size of an answer's body, and the headers that HttpListener would not send by itself.</summary>
    private static async Task<(int Bytes, List<string> Headers)> AskAsync(LoadRequest request, string codings)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false });
        using var message = new HttpRequestMessage(HttpMethod.Get, request.Url);
        if (request.Cookies is not null)
            message.Headers.Add("Cookie", request.Cookies[0]);
        message.Headers.AcceptEncoding.ParseAdd(codings);
        using var answer = (await client.SendAsync(message)).EnsureSuccessStatusCode();
        return ((await answer.Content.ReadAsByteArrayAsync()).Length,
            [.. answer.Headers.NonValidated.Where(h => h.Key is not ("Date" or "Connection" or "Keep-Alive")).Select(h => $"{h.Key}: {h.Value}")]);
    }
}
