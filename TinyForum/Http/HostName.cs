using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace TinyForum.Http;

/// <summary>A name that a request may have as its <c>Host</c>, without the port.</summary>
internal static class HostName
{
    private const string Example = "forum.example";
    private const int MaxLength = 253, MaxLabel = 63; // RFC 1035

    private static readonly IdnMapping Idn = new();

    /// <summary>Reads one; a name in another script becomes what browsers send for it.</summary>
    /// <exception cref="FormatException">No request has that as its host.</exception>
    public static string Parse(string text)
    {
        var name = Ascii(text);
        if (IsHost(name))
            return name;
        var bare = Bare(text);
        if (IPAddress.TryParse(bare, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6)
            throw new FormatException("must not be an IPv6 address: HttpListener refuses requests whose Host is one");
        if (address is not null && address.Equals(IPAddress.Any))
            throw new FormatException($"must be a name, such as {Example}: all addresses are something to listen on");
        if (bare is "*" or "+")
            throw new FormatException($"must be a name, such as {Example}: without one the forum answers to any");
        throw new FormatException($"must be a name without scheme and port, such as {Likely(address?.ToString() ?? bare)}");
    }

    private static string Likely(string text) => Ascii(text.Trim('.', '*', '-')) is var name && IsHost(name) ? name : Example;

    /// <summary>What is left of an address without scheme, user, port and path.</summary>
    private static string Bare(string text)
    {
        var rest = text[(text.IndexOf("://", StringComparison.Ordinal) is >= 0 and var scheme ? scheme + 3 : 0)..];
        rest = rest.Split('/', '?', '#', '\\') is [{ Length: > 0 } first, ..] ? first : rest.Trim('/');
        rest = rest[(rest.LastIndexOf('@') + 1)..];
        var colon = rest.LastIndexOf(':');
        return (colon > rest.LastIndexOf(']') && colon == rest.IndexOf(':', rest.LastIndexOf(']') + 1) ? rest[..colon] : rest).Trim('[', ']');
    }

    private static string Ascii(string text)
    {
        try
        {
            return System.Text.Ascii.IsValid(text) ? text : Idn.GetAscii(text);
        }
        catch (ArgumentException)
        {
            return text;
        }
    }

    private static bool IsHost(string name)
    {
        var labels = name.Split('.');
        return name.Length <= MaxLength && Array.TrueForAll(labels, IsLabel)
            // Clients write an address in one form, and take for one whatever ends in a number.
            && (!char.IsAsciiDigit(labels[^1][0]) || (IPAddress.TryParse(name, out var ip) ? ip.ToString() == name && !ip.Equals(IPAddress.Any)
                : !labels[^1].All(char.IsAsciiDigit) && !labels[^1].StartsWith("0x", StringComparison.OrdinalIgnoreCase)));
    }

    private static bool IsLabel(string label) => label.Length is > 0 and <= MaxLabel && label[0] != '-' && label[^1] != '-'
        && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
