using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace TinyForum.Telemetry;

/// <summary>
/// The metrics and activities of a running forum, under the name <c>TinyForum</c>, following OpenTelemetry's semantic conventions for
/// HTTP servers. Each server has its own object, so that several in one process can be told apart.
/// </summary>
internal sealed class ForumTelemetry : IDisposable
{
    public const string Name = "TinyForum";

    public static readonly ActivitySource Activities = new(Name);

    private static readonly object[] Statuses = [.. Enumerable.Range(0, 600).Select(status => (object)status)]; // boxed once

    private readonly Histogram<double> _requestDuration;
    private readonly Histogram<double> _batchSize;

    public ForumTelemetry()
    {
        _requestDuration = Histogram("http.server.request.duration", "s", "How long requests took to answer.",
            0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10);
        _batchSize = Histogram("tinyforum.writer.batch", "{write}", "How many writes were committed together.",
            1, 2, 4, 8, 16, 32, 64, 128, 256, 512);
        Prometheus = new PrometheusText(Meter);
    }

    public Meter Meter { get; } = new(Name);

    public PrometheusText Prometheus { get; }

    /// <summary>Counts an answer. Allocates nothing, and the number of series is bounded whatever clients send.</summary>
    public void Answered(string method, string? route, int status, TimeSpan duration) => _requestDuration.Record(
        duration.TotalSeconds,
        new("http.request.method", method is "GET" or "HEAD" or "POST" or "PUT" or "PATCH" or "DELETE" or "OPTIONS" ? method : "other"),
        new("http.route", route ?? ""),
        new("http.response.status_code", Statuses[status]));

    public void Committed(int writes) => _batchSize.Record(writes);

    private Histogram<double> Histogram(string name, string unit, string description, params double[] bounds) =>
        Meter.CreateHistogram(name, unit, description, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });

    public void Dispose()
    {
        Prometheus.Dispose();
        Meter.Dispose();
    }
}
