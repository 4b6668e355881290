using System.Globalization;

namespace TinyForum.Bench;

/// <summary>The same thing measured in several rounds.</summary>
internal sealed class Samples
{
    private readonly List<double> _values = [];

    public double Median => Sorted()[_values.Count / 2];

    public int Count => _values.Count;

    public double First => _values[0];

    public void Add(double value) => _values.Add(value);

    /// <summary>Round by round, so that what both saw of the machine's weather falls out.</summary>
    public Samples RatioTo(Samples other)
    {
        var ratios = new Samples();
        foreach (var (value, baseline) in _values.Zip(other._values))
            ratios.Add(value / baseline);
        return ratios;
    }

    /// <summary>The median, with the least and the greatest.</summary>
    public string ToString(string format)
    {
        var sorted = Sorted();
        return string.Create(CultureInfo.InvariantCulture,
            $"{Median.ToString(format, CultureInfo.InvariantCulture)} "
            + $"({sorted[0].ToString(format, CultureInfo.InvariantCulture)}–{sorted[^1].ToString(format, CultureInfo.InvariantCulture)})");
    }

    public override string ToString() => ToString("N0");

    private List<double> Sorted() => [.. _values.Order()];
}
