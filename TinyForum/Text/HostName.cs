using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TinyForum.Text;

/// <summary>Names of hosts, as far as it takes to tell that two are the same and to find one in a text.</summary>
internal static class HostName
{
    private const int MaxLength = 253, MaxLabel = 63;

    private const string Mail = "mailto:";

    private static readonly SearchValues<char> OfAsciiLabel = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    /// <summary>The rule that a host's name breaks; <see langword="null"/> if it breaks none.</summary>
    internal static string? Check(string name) => TextRule.Pattern.Check(name) ?? (IsHost(KeyOf(name)) ? null
        : "must be the name of a host such as casino.example, without scheme, port and path");

    /// <summary>
    /// The form in which hosts are compared: without case, width, invisible characters and a final dot, in Unicode letters instead of Punycode;
    /// an address of IPv4 with dots between four numbers.
    /// </summary>
    internal static string KeyOf(string host)
    {
        var key = Fold(host).TrimEnd('.');
        return key is [(>= '0' and <= '9') or '[', ..] && IPAddress.TryParse(key, out var address) && key.Contains(':') == key.StartsWith('[')
            ? address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString()
            : key;
    }

    /// <summary>Whether a host is the one that has a key, or below it.</summary>
    internal static bool IsWithin(string host, string key) =>
        host.EndsWith(key, StringComparison.Ordinal) && (host.Length == key.Length || host[^(key.Length + 1)] == '.');

    /// <summary>The keys of the hosts that a link leads to, as browsers read it (https://url.spec.whatwg.org).</summary>
    internal static IEnumerable<string> OfLink(string url)
    {
        if (url.StartsWith(Mail, StringComparison.OrdinalIgnoreCase))
            return Before(url[Mail.Length..], "?").Split(',', ';').Select(to => Unescape(to).Split('@')[^1]).Select(KeyOf);
        var colon = url.IndexOf(':', StringComparison.Ordinal);
        var authority = Before(url[(colon + 1)..].TrimStart('/', '\\'), "/\\?#");
        var host = Unescape(authority[(authority.LastIndexOf('@') + 1)..]);
        var port = host.LastIndexOf(':');
        return colon < 0 ? [] : [KeyOf(port > host.LastIndexOf(']') ? host[..port] : host)];
    }

    /// <summary>A text with what is percent-encoded decoded.</summary>
    internal static string Unescape(string text) => text.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(text) : text;

    /// <summary>A text in which hosts' names are as <see cref="KeyOf"/> has them.</summary>
    internal static string Fold(string text)
    {
        var folded = FilteredText.Visible(UnicodeText.Key(FilteredText.Visible(text))).Replace('\u3002', '.');
        var from = folded.IndexOf(Punycode.Prefix, StringComparison.Ordinal);
        if (from < 0)
            return folded;
        var decoded = new StringBuilder(folded.Length);
        var done = 0;
        for (; from >= 0; from = folded.IndexOf(Punycode.Prefix, done, StringComparison.Ordinal))
        {
            decoded.Append(folded, done, from - done);
            var label = folded.AsSpan(from + Punycode.Prefix.Length);
            var length = label.IndexOfAnyExcept(OfAsciiLabel) is >= 0 and var end ? end : label.Length;
            done = from + Punycode.Prefix.Length + length;
            decoded.Append(Punycode.Decode(label[..length]) is { } other ? UnicodeText.Key(FilteredText.Visible(other)) : folded[from..done]);
        }
        return decoded.Append(folded, done, folded.Length - done).ToString();
    }

    /// <summary>Whether a host with that key, or one below it, is named in a folded text, as a word of its own.</summary>
    internal static bool IsNamedIn(string folded, string key)
    {
        for (var at = 0; (at = folded.IndexOf(key, at, StringComparison.Ordinal)) >= 0; at++)
        {
            if (MayFollow(folded.AsSpan(0, at), key) && MayPrecede(key, folded.AsSpan(at + key.Length)))
                return true;
        }
        return false;
    }

    private static bool IsHost(string key)
    {
        if (IPAddress.TryParse(key, out var address))
            return address.AddressFamily == AddressFamily.InterNetwork || key.StartsWith('[');
        var labels = key.Split('.');
        return key.Length <= MaxLength && labels.Length > 1 && !labels[^1].All(char.IsAsciiDigit) && Array.TrueForAll(labels, IsLabel);
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= MaxLabel && label[0] != '-' && label[^1] != '-' && label.EnumerateRunes().All(IsOfLabel);

    private static bool IsOfLabel(Rune rune) => Rune.IsLetterOrDigit(rune) || UnicodeText.IsMark(rune) || rune.Value is '-' or '_';

    /// <summary>Whether a name may begin behind a text: next to scripts without spaces anywhere, elsewhere not within a word.</summary>
    private static bool MayFollow(ReadOnlySpan<char> before, string key)
    {
        if (before is [.., '.'])
            return true; // below it
        var word = before.TrimEnd("-_");
        Rune.DecodeLastFromUtf16(word, out var last, out var length);
        Rune.DecodeFromUtf16(key, out var first, out _);
        return length == 0 || !IsOfLabel(last) || (word.Length == before.Length && IsUnspaced(last, first));
    }

    /// <summary>Whether a name may end before a text. A full stop of Chinese reads like a dot, and a sentence begins behind it.</summary>
    private static bool MayPrecede(string key, ReadOnlySpan<char> after)
    {
        var isDot = after is ['.', ..];
        var word = isDot ? after[1..] : after.TrimStart("-_");
        Rune.DecodeFromUtf16(word, out var next, out var length);
        Rune.DecodeLastFromUtf16(key, out var last, out _);
        return length == 0 || !IsOfLabel(next) || (isDot ? FoldedText.IsUnspaced(next.Value) : word.Length == after.Length && IsUnspaced(last, next));
    }

    private static bool IsUnspaced(Rune last, Rune first) => FoldedText.IsUnspaced(last.Value) || FoldedText.IsUnspaced(first.Value);

    private static string Before(string text, string ends) => text.AsSpan().IndexOfAny(ends) is >= 0 and var end ? text[..end] : text;
}
