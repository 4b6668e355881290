using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace TinyForum.Telemetry;

/// <summary>
/// Aggregates what one meter measures and writes it in Prometheus's text format, version 0.0.4. OpenTelemetry's names become
/// Prometheus's: <c>http.server.request.duration</c> in <c>s</c> becomes <c>http_server_request_duration_seconds</c>.
/// Thread-safe.
/// </summary>
internal sealed class PrometheusText : IDisposable
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly MeterListener _listener = new();
    private readonly SortedDictionary<string, Family> _families = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <summary>Listens to this very <paramref name="meter"/>: another one of the same name belongs to another server.</summary>
    public PrometheusText(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (!ReferenceEquals(instrument.Meter, meter))
                return;
            var family = new Family(instrument);
            lock (_gate)
                _families.Add(family.Name, family);
            listener.EnableMeasurementEvents(instrument, family);
        };
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, family) => ((Family)family!).Measure(value, tags));
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, family) => ((Family)family!).Measure(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, family) => ((Family)family!).Measure(value, tags));
        _listener.Start();
    }

    /// <summary>Writes every series. An instrument that can't be observed, such as a count in a database that does not answer, is left out.</summary>
    public void Write(IBufferWriter<byte> target)
    {
        var text = new StringBuilder();
        lock (_gate)
        {
            foreach (var family in _families.Values)
                family.ForgetObserved();
            try
            {
                _listener.RecordObservableInstruments();
            }
            catch (AggregateException)
            {
                // The others were observed nevertheless.
            }
            foreach (var family in _families.Values)
                family.Write(text);
        }
        foreach (var chunk in text.GetChunks())
            Encoding.UTF8.GetBytes(chunk.Span, target);
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>An instrument with all its series.</summary>
    private sealed class Family
    {
        private readonly ConcurrentDictionary<(object?, object?, object?), Series> _series = new(); // by the values of at most three tags
        private readonly Instrument _instrument;
        private readonly double[] _bounds;
        private readonly string _type;

        public Family(Instrument instrument)
        {
            _instrument = instrument;
            _bounds = [.. (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries ?? []];
            _type = instrument switch
            {
                Histogram<double> => "histogram",
                Counter<long> or ObservableCounter<long> or ObservableCounter<double> => "counter",
                _ => "gauge",
            };
            Name = Plain(instrument.Name)
                + instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" }
                + (_type == "counter" ? "_total" : "");
        }

        public string Name { get; }

        /// <summary>Runs for every request: it costs a lookup and an uncontended lock.</summary>
        public void Measure(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var key = (tags.Length > 0 ? tags[0].Value : null, tags.Length > 1 ? tags[1].Value : null, tags.Length > 2 ? tags[2].Value : null);
            if (!_series.TryGetValue(key, out var series))
                series = _series.GetOrAdd(key, new Series(Labels(tags), _bounds));
            series.Measure(value, isWhole: _instrument.IsObservable);
        }

        public void ForgetObserved()
        {
            if (_instrument.IsObservable)
                _series.Clear();
        }

        public void Write(StringBuilder text)
        {
            if (_series.IsEmpty)
                return;
            text.Append("# HELP ").Append(Name).Append(' ').Append(_instrument.Description).Append('\n');
            text.Append("# TYPE ").Append(Name).Append(' ').Append(_type).Append('\n');
            foreach (var series in _series.Values.OrderBy(s => s.Labels, StringComparer.Ordinal))
                series.Write(text, Name);
        }

        private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var labels = new List<string>();
            foreach (var (name, value) in tags)
                labels.Add($"{Plain(name)}=\"{Escape(Convert.ToString(value, CultureInfo.InvariantCulture)!)}\"");
            return string.Join(',', labels);
        }

        private static string Plain(string name) => name.Replace('.', '_');

        private static string Escape(string value) => value
            .Replace("\\", @"\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);
    }

    private sealed class Series(string labels, double[] bounds)
    {
        private readonly Lock _gate = new();
        private readonly long[] _buckets = new long[bounds.Length + 1];
        private double _sum;

        public string Labels { get; } = labels;

        /// <summary>Adds the value to the total, or replaces it if it <paramref name="isWhole"/>.</summary>
        public void Measure(double value, bool isWhole)
        {
            var bucket = 0;
            while (bucket < bounds.Length && value > bounds[bucket])
                bucket++;
            lock (_gate)
            {
                _buckets[bucket]++;
                _sum = isWhole ? value : _sum + value;
            }
        }

        public void Write(StringBuilder text, string name)
        {
            lock (_gate)
            {
                if (bounds.Length == 0)
                {
                    Line(text, name, "", _sum);
                    return;
                }
                var count = 0L;
                for (var i = 0; i < _buckets.Length; i++)
                    Line(text, name, "_bucket", count += _buckets[i], i < bounds.Length ? bounds[i] : double.PositiveInfinity);
                Line(text, name, "_sum", _sum);
                Line(text, name, "_count", count);
            }
        }

        private void Line(StringBuilder text, string name, string suffix, double value, double? bound = null)
        {
            var le = bound is null ? "" : $"le=\"{Number(bound.Value)}\"";
            var all = Labels.Length > 0 && le.Length > 0 ? $"{Labels},{le}" : Labels + le;
            text.Append(name).Append(suffix).Append(all.Length > 0 ? $"{{{all}}}" : "").Append(' ').Append(Number(value)).Append('\n');
        }

        private static string Number(double value) =>
            double.IsPositiveInfinity(value) ? "+Inf" : value.ToString(CultureInfo.InvariantCulture);
    }
}
