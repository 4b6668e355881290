using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using TinyForum.Http;
using TinyForum.Telemetry;

namespace TinyForum.Tests;

[TestClass]
public sealed class MetricsTests
{
    private static readonly Regex Sample = new("""
        ^(?<name>[a-z_]+) (\{ [a-z_]+="([^"\\\n]|\\.)*" (,[a-z_]+="([^"\\\n]|\\.)*")* \})? \x20 (?<value>-?[0-9.E+-]+|\+Inf)$
        """, RegexOptions.IgnorePatternWhitespace);

    private static string Text(PrometheusText prometheus)
    {
        using var buffer = new PooledBuffer();
        prometheus.Write(buffer);
        return Encoding.UTF8.GetString(buffer.Written.Span);
    }

    /// <summary>The samples by name and labels. Fails on any line that is none of the format's.</summary>
    private static Dictionary<string, double> Parse(string text)
    {
        var samples = new Dictionary<string, double>();
        var family = "";
        foreach (var line in text.TrimEnd('\n').Split('\n'))
        {
            if (Regex.Match(line, "^# (?:HELP ([a-z_]+) .+|TYPE ([a-z_]+) (?:counter|gauge|histogram))$") is { Success: true } comment)
            {
                family = comment.Groups[1].Value + comment.Groups[2].Value;
                continue;
            }
            var sample = Sample.Match(line);
            Assert.IsTrue(sample.Success, line);
            Assert.IsTrue(Regex.IsMatch(sample.Groups["name"].Value, $"^{family}(_bucket|_sum|_count)?$"), $"{line} stands under {family}");
            samples.Add(line[..line.LastIndexOf(' ')], double.Parse(sample.Groups["value"].Value, CultureInfo.InvariantCulture));
        }
        return samples;
    }

    /// <summary>What a forum has counted in the end: a request is counted after it was answered.</summary>
    private static async Task<Dictionary<string, double>> CountedAsync(TestForum forum)
    {
        await forum.DisposeAsync();
        return Parse(Text(forum.Server.Telemetry.Prometheus));
    }

    private static string Requests(string method, string route, int status) =>
        $"http_server_request_duration_seconds_count{{http_request_method=\"{method}\",http_route=\"{route}\",http_response_status_code=\"{status}\"}}";

    [TestMethod]
    public async Task Requests_are_counted_by_route_method_and_status()
    {
        await using var forum = await TestForum.StartAsync();
        var client = forum.Client();
        await client.GetAsync("/api/user/ann");
        await client.GetAsync("/api/user/bob");
        await client.SendAsync("HEAD", "/api/user/bob", null);
        await client.GetAsync("/api/me");
        await client.GetAsync("/no/such/path");
        await client.SendAsync("PROPFIND", "/healthz", null);
        await client.SendAsync("BREW", "/healthz", null);
        var samples = await CountedAsync(forum);
        Assert.AreEqual(2, samples[Requests("GET", "/api/user/{username}", 200)]);
        Assert.AreEqual(1, samples[Requests("HEAD", "/api/user/{username}", 200)]);
        Assert.AreEqual(1, samples[Requests("GET", "/api/me", 401)]);
        Assert.AreEqual(1, samples[Requests("GET", "", 404)]);
        Assert.AreEqual(2, samples[Requests("other", "", 405)]);
    }

    [TestMethod]
    public async Task They_come_in_the_format_of_Prometheus()
    {
        await using var forum = await TestForum.StartAsync();
        var answer = (await forum.Client().GetAsync("/metrics")).Is(200);
        Assert.AreEqual("text/plain; version=0.0.4; charset=utf-8", answer.Header("Content-Type"));
        Assert.IsNotEmpty(Parse(answer.Text));
    }

    [TestMethod]
    public async Task The_rest_is_what_it_says()
    {
        await using var forum = await TestForum.StartAsync();
        var client = await forum.UserAsync("ann");
        var samples = Parse((await client.GetAsync("/metrics")).Is(200).Text);
        Assert.AreEqual(1, samples["tinyforum_sessions"]);
        Assert.IsGreaterThanOrEqualTo(1, samples["http_server_active_requests"], "the one that asks");
        Assert.AreEqual(3, samples["tinyforum_writer_batch_count"], "the link to set up, the account and the session");
        Assert.AreEqual(3, samples["tinyforum_writer_batch_bucket{le=\"1\"}"]);
        Assert.AreEqual(0, samples["tinyforum_writer_queue"]);
        Assert.AreEqual(0, samples["tinyforum_passwords_queue"]);
        Assert.AreEqual(0, samples["tinyforum_passwords_running"]);
        Assert.AreEqual(0, samples["tinyforum_kept_answers"]);
        Assert.AreEqual(new FileInfo(forum.Database.Path).Length, samples["tinyforum_database_size_bytes"]);
        Assert.AreEqual(new FileInfo($"{forum.Database.Path}-wal").Length, samples["tinyforum_database_wal_bytes"]);
        if (OperatingSystem.IsLinux())
            Assert.AreEqual(0, samples["tinyforum_connections_cut_total{reason=\"slow_reader\"}"]);
        Assert.IsGreaterThan(0, samples["process_cpu_seconds_total"]);
        Assert.IsGreaterThan(1_000_000, samples["process_resident_memory_bytes"]);
        Assert.IsGreaterThan(1_500_000_000, samples["process_start_time_seconds"]);
        Assert.IsGreaterThan(1, samples["process_threads"]);
        Assert.IsGreaterThan(0, samples["dotnet_gc_heap_bytes"]);
    }

    [TestMethod]
    public async Task Passwords_that_are_being_hashed_are_told_from_those_that_wait()
    {
        var cores = Environment.ProcessorCount;
        var all = 50 * cores;
        await using var forum = await TestForum.StartAsync(
            o => o with { Passwords = new() { MemoryKiB = 1024, Iterations = 50, MaxWaiting = all } });
        using var enough = new CancellationTokenSource();
        var hashes = Enumerable.Range(0, all).Select(_ => forum.Server.Forum.Passwords.HashAsync("secret", enough.Token)).ToList();
        var samples = Parse((await forum.Client().GetAsync("/metrics")).Is(200).Text);
        await enough.CancelAsync();
        Assert.IsGreaterThan(cores, samples["tinyforum_passwords_queue"]);
        Assert.IsLessThanOrEqualTo(cores, samples["tinyforum_passwords_running"]);
        await Assert.ThrowsAsync<OperationCanceledException>(() => Task.WhenAll(hashes));
    }

    [TestMethod]
    public async Task Each_server_of_a_process_has_its_own()
    {
        await using var one = await TestForum.StartAsync();
        await using var other = await TestForum.StartAsync();
        await one.Client().GetAsync("/healthz");
        await other.Client().GetAsync("/api/me");
        CollectionAssert.AreEqual(new[] { Requests("GET", "/healthz", 200) }, await RequestsOf(one));
        CollectionAssert.AreEqual(new[] { Requests("GET", "/api/me", 401) }, await RequestsOf(other));

        static async Task<string[]> RequestsOf(TestForum forum) =>
            [.. (await CountedAsync(forum)).Keys.Where(k => k.StartsWith("http_server_request_duration_seconds_count"))];
    }

    [TestMethod]
    public async Task They_are_for_this_machine_and_for_admins()
    {
        await using var forum = await TestForum.StartAsync();
        (string, string) proxied = ("X-Forwarded-For", "203.0.113.7");
        var client = await forum.UserAsync("ann");
        (await forum.Client().GetAsync("/metrics")).Is(200);
        (await forum.Client().GetAsync("/metrics", proxied)).Is(401, "login required");
        (await forum.Client().GetAsync("/metrics", ("Forwarded", "for=203.0.113.7"))).Is(401, "login required");
        (await client.GetAsync("/metrics", proxied)).Is(403, "only an admin may do this");
        await forum.Database.WriteAsync(c => c.Execute("UPDATE users SET role = 'admin' WHERE username = 'ann'"));
        (await client.GetAsync("/metrics", proxied)).Is(200);
    }

    [TestMethod]
    public void A_histogram_adds_up()
    {
        using var meter = new Meter("test");
        using var prometheus = new PrometheusText(meter);
        var sizes = meter.CreateHistogram("a.size", "By", "Sizes.", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2.5] });
        foreach (var value in (double[])[0.5, 1, 1.5, 100])
            sizes.Record(value);
        Assert.AreEqual("""
            # HELP a_size_bytes Sizes.
            # TYPE a_size_bytes histogram
            a_size_bytes_bucket{le="1"} 2
            a_size_bytes_bucket{le="2.5"} 3
            a_size_bytes_bucket{le="+Inf"} 4
            a_size_bytes_sum 103
            a_size_bytes_count 4

            """.ReplaceLineEndings("\n"), Text(prometheus));
    }

    [TestMethod]
    public void Counters_add_and_what_is_observed_is_taken_as_it_is()
    {
        using var meter = new Meter("test");
        using var prometheus = new PrometheusText(meter);
        var cut = new Dictionary<string, long> { ["slow \"\\\n"] = 3, ["idle"] = 1 };
        Gauges.ObserveConnections(meter, () => 7, () => cut);
        var counter = meter.CreateCounter<long>("a.thing", "{thing}", "Things.");
        counter.Add(2);
        counter.Add(3);
        Assert.AreEqual(Text(prometheus), Text(prometheus));
        cut.Remove("idle");
        Assert.AreEqual("""
            # HELP a_thing_total Things.
            # TYPE a_thing_total counter
            a_thing_total 5
            # HELP tinyforum_connections Connections that are open.
            # TYPE tinyforum_connections gauge
            tinyforum_connections 7
            # HELP tinyforum_connections_cut_total Connections that were ended because they broke a limit.
            # TYPE tinyforum_connections_cut_total counter
            tinyforum_connections_cut_total{reason="slow \"\\\n"} 3

            """.ReplaceLineEndings("\n"), Text(prometheus));
    }

    [TestMethod]
    public void What_can_not_be_observed_does_not_keep_the_rest_from_being_told()
    {
        using var meter = new Meter("test");
        using var prometheus = new PrometheusText(meter);
        meter.CreateObservableGauge("a.broken", new Func<int>(() => throw new RefusalException(RefusalKind.Busy, "the database is busy")), null, "Broken.");
        meter.CreateObservableGauge("a.whole", () => 1, null, "Whole.");
        Assert.AreEqual("# HELP a_whole Whole.\n# TYPE a_whole gauge\na_whole 1\n", Text(prometheus));
    }

    [TestMethod]
    public void Counting_a_request_allocates_nothing_and_odd_methods_make_no_series()
    {
        using var telemetry = new ForumTelemetry();
        Count();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Count();
        Assert.AreEqual(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.HasCount(3, Parse(Text(telemetry.Prometheus)).Keys.Where(k => k.Contains("_count")).ToList());

        void Count()
        {
            for (var i = 0; i < 1_000; i++)
            {
                telemetry.Answered("GET", "/api/posts", 200, TimeSpan.FromTicks(i));
                telemetry.Answered("BREW", null, 405, TimeSpan.FromTicks(i));
                telemetry.Answered("MOVE", null, 405, TimeSpan.FromTicks(i));
            }
            telemetry.Committed(3);
        }
    }

    [TestMethod]
    public async Task Who_embeds_the_forum_sees_what_it_measures()
    {
        await using var forum = await TestForum.StartAsync();
        var seen = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == "TinyForum" && instrument.Meter == forum.Server.Telemetry.Meter)
                    l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) =>
        {
            lock (seen)
                seen.Add($"{instrument.Name} {string.Join(' ', tags.ToArray().Select(t => $"{t.Key}={t.Value}"))}");
        });
        listener.Start();
        await forum.Client().GetAsync("/api/user/ann");
        await forum.DisposeAsync(); // after which all is told
        CollectionAssert.Contains(seen, "http.server.request.duration http.request.method=GET http.route=/api/user/{username} http.response.status_code=200");
    }

    [TestMethod]
    public async Task Who_embeds_the_forum_sees_an_activity_a_request()
    {
        await using var forum = await TestForum.StartAsync();
        var seen = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "TinyForum",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                lock (seen)
                    seen.Add(activity);
            },
        };
        ActivitySource.AddActivityListener(listener);
        var id = (await forum.Client().GetAsync("/api/user/ann")).Header("X-Request-Id");
        File.Delete($"{forum.Server.Database.Path}-wal");
        var failed = (await forum.Client().GetAsync("/healthz")).Is(503).Header("X-Request-Id");
        await forum.DisposeAsync();
        lock (seen)
        {
            var activity = seen.Single(a => (string?)a.GetTagItem("tinyforum.request.id") == id);
            Assert.AreEqual("GET /api/user/{username}", activity.DisplayName);
            Assert.AreEqual(ActivityKind.Server, activity.Kind);
            Assert.AreEqual((200, ActivityStatusCode.Unset), (activity.GetTagItem("http.response.status_code"), activity.Status));
            activity = seen.Single(a => (string?)a.GetTagItem("tinyforum.request.id") == failed);
            Assert.AreEqual((503, ActivityStatusCode.Error), (activity.GetTagItem("http.response.status_code"), activity.Status));
        }
    }

    [TestMethod]
    public async Task Promtool_has_nothing_to_complain_of()
    {
        await using var forum = await TestForum.StartAsync();
        var client = await forum.UserAsync("ann");
        await client.GetAsync("/no/such/path");
        var text = (await client.GetAsync("/metrics")).Is(200).Text;
        if (await Tool.RunAsync("promtool", ["check", "metrics"], text) is not var (code, output))
        {
            Assert.Inconclusive("NOT CHECKED: promtool is not installed");
            return;
        }
        Assert.AreEqual(0, code, output);
        Assert.AreEqual("", output);
    }
}
