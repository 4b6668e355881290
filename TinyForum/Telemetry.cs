using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace TinyForum;

/// <summary>
/// What a running forum tells of itself, under the name <c>TinyForum</c>, in the terms of OpenTelemetry's semantic conventions
/// for HTTP servers. One object a server, so that several in a process can be told apart.
/// </summary>
internal sealed class Telemetry : IDisposable
{
    public const string Name = "TinyForum";

    /// <summary>Starts an activity for each request that anyone listens to.</summary>
    public static readonly ActivitySource Activities = new(Name);

    public Telemetry()
    {
        RequestDuration = Meter.CreateHistogram<double>("http.server.request.duration", "s", "How long requests took to answer.");
    }

    public Meter Meter { get; } = new(Name);

    public Histogram<double> RequestDuration { get; }

    public void Dispose() => Meter.Dispose();
}
