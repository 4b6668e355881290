using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace TinyForum.Http;

/// <summary>
/// The target of a request line (RFC 9112, section 3.2), parsed without the leniency of <see cref="Uri"/>: no dot segments are removed, and
/// segments are split first and decoded afterwards, as strict UTF-8.
/// </summary>
internal sealed class RequestTarget
{
    /// <summary>The longest target that is served, bytes.</summary>
    public const int MaxLength = 8 * 1024;

    private RequestTarget(string[] segments) => Segments = segments;

    /// <summary>The host and port of an absolute target; <see langword="null"/> for the usual form, a path.</summary>
    public string? Authority { get; private init; }

    /// <summary>The decoded segments of the path; <c>/</c> has a single, empty one.</summary>
    public string[] Segments { get; }

    public List<(string Name, string Value)> Query { get; } = [];

    /// <summary>Parses a target as sent: a character above U+007F stands for a byte of UTF-8 that the client did not encode.</summary>
    /// <exception cref="RefusalException">Invalid: it is malformed.</exception>
    public static RequestTarget Parse(string raw)
    {
        var rest = raw.AsSpan();
        string? authority = null;
        var scheme = rest.IndexOf("://");
        if (scheme > 0 && !rest[..scheme].Contains('/')) // absolute form, as sent to proxies
        {
            rest = rest[(scheme + 3)..];
            var path = rest.IndexOfAny('/', '?');
            var site = path < 0 ? rest : rest[..path];
            authority = site[(site.LastIndexOf('@') + 1)..].ToString();
            rest = path < 0 ? "/" : rest[path] == '?' ? $"/{rest[path..]}" : rest[path..];
        }
        var mark = rest.IndexOf('?');
        var queryText = mark < 0 ? default : rest[(mark + 1)..];
        if (mark >= 0)
            rest = rest[..mark];
        if (rest.IsEmpty || rest[0] != '/')
            throw new RefusalException(RefusalKind.Invalid, "the request target must be a path that begins with /");

        var target = new RequestTarget(new string[rest.Count('/')]) { Authority = authority };
        var next = 0;
        foreach (var segment in rest[1..].Split('/'))
            target.Segments[next++] = Decode(rest[1..][segment], isQuery: false);
        foreach (var pair in queryText.Split('&'))
            target.AddParameter(queryText[pair]);
        return target;
    }

    /// <summary>The value of a parameter of the query, or <see langword="null"/> if it is absent.</summary>
    /// <exception cref="RefusalException">Invalid: it is given more than once.</exception>
    public string? Parameter(string name)
    {
        string? found = null;
        foreach (var (key, value) in Query)
        {
            if (key != name)
                continue;
            if (found is not null)
                throw RefusalException.Invalid(name, "must be given once");
            found = value;
        }
        return found;
    }

    /// <summary>The same target, spelt in the one way in which all its spellings agree; only these parameters count.</summary>
    /// <exception cref="RefusalException">Invalid: a parameter is given more than once.</exception>
    public string Canonical(IEnumerable<string> parameters)
    {
        var canonical = new StringBuilder();
        foreach (var segment in Segments)
            canonical.Append('/').Append(Uri.EscapeDataString(segment));
        var sign = '?';
        foreach (var name in parameters)
        {
            if (Parameter(name) is not { } value)
                continue;
            canonical.Append(sign).Append(name).Append('=').Append(Uri.EscapeDataString(value));
            sign = '&';
        }
        return canonical.ToString();
    }

    private void AddParameter(ReadOnlySpan<char> pair)
    {
        if (pair.IsEmpty)
            return;
        var sign = pair.IndexOf('=');
        Query.Add(sign < 0
            ? (Decode(pair, isQuery: true), "")
            : (Decode(pair[..sign], isQuery: true), Decode(pair[(sign + 1)..], isQuery: true)));
    }

    private static string Decode(ReadOnlySpan<char> text, bool isQuery)
    {
        if (Ascii.IsValid(text) && !text.ContainsAny('%', '+', '\0'))
            return text.ToString();
        Span<byte> bytes = text.Length <= 512 ? stackalloc byte[text.Length] : new byte[text.Length];
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var value = text[i] switch
            {
                '%' => Escape(text[i..]),
                '+' when isQuery => ' ',
                < '\u0100' and var c => c,
                _ => throw Malformed(isQuery),
            };
            if (text[i] == '%')
                i += 2;
            // A program that decodes first would take an encoded slash for a separator; NUL ends strings elsewhere.
            if (value == 0 || (value == '/' && text[i] != '/' && !isQuery))
                throw Malformed(isQuery);
            bytes[length++] = (byte)value;
        }
        return Utf8.IsValid(bytes[..length]) ? Encoding.UTF8.GetString(bytes[..length]) : throw Malformed(isQuery);

        int Escape(ReadOnlySpan<char> at) =>
            at.Length >= 3 && char.IsAsciiHexDigit(at[1]) && char.IsAsciiHexDigit(at[2])
                ? int.Parse(at[1..3], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
                : throw Malformed(isQuery);
    }

    private static RefusalException Malformed(bool isQuery) =>
        new(RefusalKind.Invalid, $"the {(isQuery ? "query" : "path")} is not percent-encoded UTF-8 (NUL and, in a path, an encoded / are refused)");
}
