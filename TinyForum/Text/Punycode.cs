using System.Text;

namespace TinyForum.Text;

/// <summary>Reads the labels of host names that stand for others (RFC 3492). .NET's reader throws for each that stands for none.</summary>
internal static class Punycode
{
    /// <summary>What begins such a label.</summary>
    internal const string Prefix = "xn--";

    private const int Base = 36, MinThreshold = 1, MaxThreshold = 26, Skew = 38, Damp = 700, FirstBias = 72, FirstCode = 0x80;

    // A label has 63 characters, the prefix among them.
    private const int MaxLength = 59;

    /// <summary>The label that one without its prefix stands for; <see langword="null"/> if it stands for none.</summary>
    internal static string? Decode(ReadOnlySpan<char> label)
    {
        if (label.IsEmpty || label.Length > MaxLength)
            return null;
        var basic = label.LastIndexOf('-');
        var runes = new List<int>(MaxLength);
        foreach (var c in label[..Math.Max(basic, 0)])
            runes.Add(c);
        var (code, at, bias) = (FirstCode, 0L, FirstBias);
        for (var next = basic < 0 ? 0 : basic + 1; next < label.Length;)
        {
            if (ReadNumber(label, ref next, bias) is not { } distance)
                return null;
            at += distance;
            var count = runes.Count + 1;
            bias = Adapt(distance, count, isFirst: code == FirstCode && runes.Count == Math.Max(basic, 0));
            var rune = code + at / count;
            if (rune > 0x10FFFF || !Rune.IsValid((int)rune))
                return null;
            (code, at) = ((int)rune, at % count);
            runes.Insert((int)at++, code);
        }
        var decoded = new StringBuilder();
        foreach (var rune in runes)
            decoded.Append(new Rune(rune));
        return decoded.ToString();
    }

    private static long? ReadNumber(ReadOnlySpan<char> label, ref int next, int bias)
    {
        var (number, weight) = (0L, 1L);
        for (var k = Base; ; k += Base)
        {
            if (next == label.Length || Digit(label[next++]) is not { } digit)
                return null;
            number += digit * weight;
            if (number > int.MaxValue)
                return null;
            var threshold = Math.Clamp(k - bias, MinThreshold, MaxThreshold);
            if (digit < threshold)
                return number;
            weight *= Base - threshold;
            if (weight > int.MaxValue)
                return null;
        }
    }

    private static int Adapt(long distance, int count, bool isFirst)
    {
        var delta = isFirst ? distance / Damp : distance / 2;
        delta += delta / count;
        var k = 0;
        for (; delta > (Base - MinThreshold) * MaxThreshold / 2; k += Base)
            delta /= Base - MinThreshold;
        return (int)(k + (Base - MinThreshold + 1) * delta / (delta + Skew));
    }

    private static int? Digit(char c) => char.IsAsciiLetter(c) ? (c | 0x20) - 'a' : char.IsAsciiDigit(c) ? c - '0' + 26 : null;
}
