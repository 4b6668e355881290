using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using TinyForum.Api;
using TinyForum.Http;
using TinyForum.Http.Guard;
using TinyForum.Webhooks;

namespace TinyForum.Telemetry;

/// <summary>The instruments that read the state of the server and its process when they are observed.</summary>
internal static class Gauges
{
    private const int MaxCounted = 10_000; // with more, what they are is clear

    public static void Observe(ForumTelemetry telemetry, Forum forum, ForumApi api, ListenerLoop loop, WebhookSender webhooks)
    {
        forum.Database.Writer.Committed += telemetry.Committed;
        var meter = telemetry.Meter;
        var (database, passwords, searches) = (forum.Database, forum.Passwords, forum.Searches);
        meter.CreateObservableUpDownCounter("http.server.active_requests", () => loop.InFlight, "{request}", "Requests being answered.");
        meter.CreateObservableGauge("tinyforum.kept_answers", () => api.KeptAnswers, "{answer}", "Answers kept in memory.");
        meter.CreateObservableGauge("tinyforum.kept_answers.size", () => api.KeptBytes, "By", "Memory that they take.");
        meter.CreateObservableGauge("tinyforum.unsent_answers", () => loop.UnsentBytes, "By", "Memory of answers that clients have not read yet.");
        meter.CreateObservableGauge("tinyforum.writer.queue", () => database.Writer.Waiting, "{write}", "Writes that wait for the writer.");
        meter.CreateObservableGauge("tinyforum.passwords.queue", () => passwords.Queued, "{hash}", "Passwords that wait to be hashed.");
        meter.CreateObservableGauge("tinyforum.passwords.running", () => passwords.Running, "{hash}", "Passwords being hashed.");
        meter.CreateObservableGauge("tinyforum.searches.queue", () => searches.Queued, "{search}", "Searches that wait for their turn.");
        meter.CreateObservableGauge("tinyforum.searches.running", () => searches.Running, "{search}", "Searches being made.");
        meter.CreateObservableUpDownCounter("tinyforum.event_streams", () => api.Streams.Count, "{stream}", "Event streams that are open.");
        meter.CreateObservableCounter("tinyforum.events.told", () => api.Streams.Told, "{event}", "Events told, once for each stream.");
        meter.CreateObservableCounter("tinyforum.webhooks.deliveries", () => Counts("outcome", webhooks.Outcomes), "{try}", "Tries of deliveries to webhooks.");
        meter.CreateObservableGauge("tinyforum.held_posts", () => forum.Held.CountWaiting(MaxCounted), "{post}", "Posts that wait for a moderator.");
        meter.CreateObservableGauge("tinyforum.applications", forum.Registration.CountApplications, "{application}", "Applications that wait for one.");
        meter.CreateObservableGauge("tinyforum.sessions", forum.Sessions.Count, "{session}", "Sessions that have not ended.");
        meter.CreateObservableGauge("tinyforum.database.size", () => Length(database.Path), "By", "Size of the database's file.");
        meter.CreateObservableGauge("tinyforum.database.wal", () => Length($"{database.Path}-wal"), "By", "Size of its write-ahead log.");
        if (loop.Guard is { } guard)
            ObserveConnections(meter, () => guard.Connections, () => Enum.GetValues<CutReason>().ToDictionary(NameOf, guard.CutOff));
        ObserveProcess(meter);
    }

    /// <summary>The connections that are open, and those that the guard ended, by reason.</summary>
    public static void ObserveConnections(Meter meter, Func<int> open, Func<IReadOnlyDictionary<string, long>> cut)
    {
        meter.CreateObservableUpDownCounter("tinyforum.connections", open, "{connection}", "Connections that are open.");
        meter.CreateObservableCounter(
            "tinyforum.connections.cut",
            () => Counts("reason", cut()),
            "{connection}",
            "Connections that were ended because they broke a limit.");
    }

    /// <summary>The process and its runtime, named as in Prometheus's client libraries.</summary>
    private static void ObserveProcess(Meter meter)
    {
        using var process = Process.GetCurrentProcess();
        var started = (process.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds;
        meter.CreateObservableCounter("process.cpu", () => Environment.CpuUsage.TotalTime.TotalSeconds, "s", "Processor time used.");
        meter.CreateObservableGauge("process.resident_memory", () => Environment.WorkingSet, "By", "Memory of the process that is in RAM.");
        meter.CreateObservableGauge("process.start_time", () => started, "s", "When the process started, since the Unix epoch.");
        meter.CreateObservableGauge("process.threads", Threads, "{thread}", "Threads of the process.");
        meter.CreateObservableGauge("dotnet.gc.heap", () => GC.GetTotalMemory(false), "By", "Size of the managed heap.");
    }

    private static IEnumerable<Measurement<long>> Counts(string label, IReadOnlyDictionary<string, long> counts) =>
        counts.Select(c => new Measurement<long>(c.Value, new KeyValuePair<string, object?>(label, c.Key)));

    private static string NameOf(CutReason reason) => JsonNamingPolicy.SnakeCaseLower.ConvertName($"{reason}");

    private static int Threads()
    {
        using var process = Process.GetCurrentProcess();
        return process.Threads.Count;
    }

    private static long Length(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;
}
