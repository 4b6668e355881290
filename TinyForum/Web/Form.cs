using System.Net;
using System.Security.Cryptography;
using System.Text;
using TinyForum.Api;
using TinyForum.Data;
using TinyForum.Http;

namespace TinyForum.Web;

/// <summary>The fields of a form (application/x-www-form-urlencoded) as a browser sent it.</summary>
internal sealed class Form
{
    /// <summary>The most bytes of a form: percent-encoding makes nine of a Chinese character, and a post may have 32,000 of them.</summary>
    internal const int MaxLength = 512 * 1024;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Dictionary<string, string> _fields;

    private Form(Dictionary<string, string> fields) => _fields = fields;

    public static Form Empty { get; } = new([]);

    /// <summary>Reads the body of a request.</summary>
    /// <exception cref="HttpRefusalException">411, 413 or 415: its length is missing, it is too long, or it is no form.</exception>
    /// <exception cref="RefusalException">Invalid: a field comes twice, or is not UTF-8.</exception>
    public static async ValueTask<Form> ReadAsync(Call call)
    {
        if (!call.Exchange.HasBody)
            return Empty;
        var body = await call.Exchange.ReadBodyAsync(MaxLength).ConfigureAwait(false);
        if (!body.IsEmpty && !call.Exchange.HasMediaType("application/x-www-form-urlencoded"))
            throw new HttpRefusalException(415, "the body must be sent as application/x-www-form-urlencoded");
        var fields = new Dictionary<string, string>();
        foreach (var pair in Encoding.Latin1.GetString(body.Span).Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var mark = pair.IndexOf('=', StringComparison.Ordinal);
            var name = Decode(mark < 0 ? pair : pair[..mark]);
            if (!fields.TryAdd(name, mark < 0 ? "" : Decode(pair[(mark + 1)..])))
                throw RefusalException.Invalid(JsonBody.Shown(name), "must be given once");
        }
        return new Form(fields);
    }

    /// <summary>A field; empty if it was not sent.</summary>
    public string this[string name] => _fields.GetValueOrDefault(name, "");

    /// <summary>A field, or something else if the form was not sent.</summary>
    public string Or(string name, string? instead) => _fields.GetValueOrDefault(name, instead ?? "");

    /// <summary>A field, if something is in it.</summary>
    public string? OrNull(string name) => this[name] is { Length: > 0 } text ? text : null;

    public bool Has(string name) => _fields.ContainsKey(name);

    /// <summary>
    /// The key by which a form that is sent twice is done once; <see langword="null"/> if it has none. A page that is kept has the same form for
    /// each tab of its reader: what was said is in the key, so that it may be said otherwise in another.
    /// </summary>
    public IdempotencyKey? Key(Call call)
    {
        if (this["key"].Length == 0)
            return null;
        var said = Encoding.UTF8.GetBytes($"{call.Exchange.RawTarget}\n{Said()}");
        return new IdempotencyKey(Convert.ToHexStringLower(SHA256.HashData(said)), said, call.Credential);
    }

    /// <summary>What was sent, but for the login that may be in it: a password leaves no trace, not even a hash of it with what is known.</summary>
    private string Said() => string.Join('&', _fields.Where(f => f.Key is not ("username" or "password"))
        .OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{Uri.EscapeDataString(f.Key)}={Uri.EscapeDataString(f.Value)}"));

    // Browsers send the end of a line as CR LF.
    private static string Decode(string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        try
        {
            return Utf8.GetString(WebUtility.UrlDecodeToBytes(bytes, 0, bytes.Length)).Replace("\r\n", "\n").Replace('\r', '\n');
        }
        catch (DecoderFallbackException)
        {
            throw new RefusalException(RefusalKind.Invalid, "the form must be UTF-8");
        }
    }
}
