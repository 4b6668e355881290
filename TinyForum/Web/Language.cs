using System.Globalization;
using TinyForum.Api;
using TinyForum.Http;

namespace TinyForum.Web;

/// <summary>In which language pages are: as chosen with a cookie, or else as the browser prefers (RFC 9110, section 12.5.4).</summary>
internal static class Language
{
    private const string Cookie = "tinyforum_language=";

    public static Words Of(Exchange exchange) => IsChinese(exchange) ? Words.Chinese : Words.English;

    /// <summary>What an answer's key has to have besides its target.</summary>
    public static string VariantOf(Exchange exchange) =>
        exchange.RawTarget.StartsWith("/api/", StringComparison.Ordinal) || !IsChinese(exchange) ? "" : " zh";

    /// <summary>Chooses the other language.</summary>
    public static async ValueTask Switch(Call call)
    {
        await Form.ReadAsync(call).ConfigureAwait(false);
        call.Exchange.SetHeader("Set-Cookie", Other(call.Exchange, secure: call.IsHttps));
        var from = Uri.TryCreate(call.Exchange.Header("Referer"), UriKind.Absolute, out var page)
            ? BasePath.Cut(page.PathAndQuery, call.Exchange.BasePath) : "/";
        Page.Redirect(call.Exchange, Page.Within(from));
    }

    private static string Other(Exchange exchange, bool secure) =>
        $"{Cookie}{(IsChinese(exchange) ? "en" : "zh")}; Max-Age=31536000; Path=/; HttpOnly; SameSite=Lax{(secure ? "; Secure" : "")}";

    private static bool IsChinese(Exchange exchange)
    {
        if (exchange.Header("Cookie") is { } cookies && cookies.IndexOf(Cookie, StringComparison.Ordinal) is >= 0 and var at)
            return cookies.AsSpan(at + Cookie.Length).StartsWith("zh", StringComparison.Ordinal);
        return exchange.Header("Accept-Language") is { } accepted && Weight(accepted, "zh") > Weight(accepted, "en");
    }

    private static double Weight(ReadOnlySpan<char> accepted, ReadOnlySpan<char> language)
    {
        var weight = 0.0;
        foreach (var range in accepted.Split(','))
        {
            var part = accepted[range].Trim();
            var mark = part.IndexOf(';');
            var name = mark < 0 ? part : part[..mark].TrimEnd();
            var isIt = name.StartsWith(language, StringComparison.OrdinalIgnoreCase) && (name.Length == language.Length || name[language.Length] == '-');
            var q = part.IndexOf("q=", StringComparison.OrdinalIgnoreCase);
            var value = mark < 0 || q < 0 ? 1
                : double.TryParse(part[(q + 2)..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var given) ? given : 0;
            weight = isIt ? Math.Max(weight, value) : weight;
        }
        return weight;
    }
}
