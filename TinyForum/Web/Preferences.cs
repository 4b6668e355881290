using System.Globalization;
using TinyForum.Api;
using TinyForum.Http;

namespace TinyForum.Web;

/// <summary>
/// In which language and which colours pages are: as chosen with cookies, or else as the browser prefers (RFC 9110, section 12.5.4, and, for
/// colours, its own style).
/// </summary>
internal static class Preferences
{
    // The language and the theme, each of which may be empty, with a dot between them.
    private const string CookieName = "tinyforum_look=";

    public static Words Words(Exchange exchange) => IsChinese(exchange) ? Web.Words.Chinese : Web.Words.English;

    /// <summary><c>light</c>, <c>dark</c>, or empty for the browser's choice.</summary>
    public static string Theme(Exchange exchange) => Chosen(exchange).Theme;

    /// <summary>What an answer's key has to have besides its target.</summary>
    public static string VariantOf(Exchange exchange) => exchange.RawTarget.StartsWith("/api/", StringComparison.Ordinal) ? ""
        : (IsChinese(exchange), Theme(exchange)) switch
        {
            (false, "") => "",
            (true, "") => " zh",
            (false, var theme) => $" {theme}",
            (true, var theme) => $" zh {theme}",
        };

    /// <summary>Chooses the other language.</summary>
    public static async ValueTask Switch(Call call)
    {
        await Form.ReadAsync(call).ConfigureAwait(false);
        Choose(call, IsChinese(call.Exchange) ? "en" : "zh", Theme(call.Exchange));
        var from = Uri.TryCreate(call.Exchange.Header("Referer"), UriKind.Absolute, out var page)
            ? BasePath.Cut(page.PathAndQuery, call.Exchange.BasePath) : "/";
        Page.Redirect(call.Exchange, Page.Within(from));
    }

    public static ValueTask Show(Call call) => Page.Write(call, w => w.Look, page =>
    {
        var w = page.Words;
        SettingsPages.Begin(page, w.Look);
        Forms.Begin(page, new Url("/settings/look"), Form.Empty, mistakes: null);
        Forms.Choice(page, "language", w.LanguageName, w.Language, [("en", Web.Words.English.OwnName), ("zh", Web.Words.Chinese.OwnName)]);
        Forms.Choice(page, "theme", w.Theme, Theme(call.Exchange), [("", w.ThemeOfSystem), ("light", w.ThemeLight), ("dark", w.ThemeDark)]);
        Forms.End(page, w.Save);
    });

    public static async ValueTask Save(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        Choose(call, LanguageOf(form["language"]), ThemeOf(form["theme"]));
        Page.Redirect(call.Exchange, "/settings/look?done=true");
    }

    private static void Choose(Call call, string language, string theme) => call.Exchange.SetHeader(
        "Set-Cookie", $"{CookieName}{language}.{theme}; Max-Age=31536000; Path=/; HttpOnly; SameSite=Lax{(call.IsHttps ? "; Secure" : "")}");

    private static string LanguageOf(ReadOnlySpan<char> chosen) => chosen is "zh" ? "zh" : chosen is "en" ? "en" : "";

    private static string ThemeOf(ReadOnlySpan<char> chosen) => chosen is "light" ? "light" : chosen is "dark" ? "dark" : "";

    private static bool IsChinese(Exchange exchange) => Chosen(exchange).Language switch
    {
        "zh" => true,
        "en" => false,
        _ => exchange.Header("Accept-Language") is { } accepted && Weight(accepted, "zh") > Weight(accepted, "en"),
    };

    private static (string Language, string Theme) Chosen(Exchange exchange)
    {
        if (exchange.Header("Cookie") is not { } header || !header.Contains(CookieName, StringComparison.Ordinal))
            return ("", "");
        var cookies = header.AsSpan();
        foreach (var range in cookies.Split(';'))
        {
            var cookie = cookies[range].Trim();
            if (!cookie.StartsWith(CookieName, StringComparison.Ordinal))
                continue;
            var value = cookie[CookieName.Length..];
            var dot = value.IndexOf('.');
            return dot < 0 ? ("", "") : (LanguageOf(value[..dot]), ThemeOf(value[(dot + 1)..]));
        }
        return ("", "");
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
