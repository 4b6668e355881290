using System.CommandLine;
using System.Globalization;
using System.Net;
using TinyForum.Data;
using TinyForum.Http;

namespace TinyForum.CommandLine;

/// <summary>How values of a type are written: <paramref name="Parse"/> reads what <paramref name="Print"/> writes as the same value.</summary>
/// <param name="Name">The placeholder for such a value in help.</param>
/// <param name="Words">How many words it takes on the command line; <paramref name="Parse"/> gets them separated by spaces.</param>
/// <param name="Parse">Throws a <see cref="FormatException"/> that says what the value must be.</param>
/// <param name="Print">For help and docs.</param>
internal sealed record SettingValue<T>(string Name, ArgumentArity Words, Func<string, T> Parse, Func<T, string> Print);

/// <summary>The types of the settings' values.</summary>
internal static class SettingValue
{
    private const int MaxCookieName = 64, MinPort = 1, MaxCount = 99_999;
    private const string Off = "off", Never = "never";

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static readonly (char Letter, TimeSpan Length)[] Units =
        [('d', TimeSpan.FromDays(1)), ('h', TimeSpan.FromHours(1)), ('m', TimeSpan.FromMinutes(1)), ('s', Second)];

    /// <summary><c>on</c> or <c>off</c>; the flag alone is <c>on</c>.</summary>
    public static readonly SettingValue<bool> Switch = OneOf("on|off", ArgumentArity.ZeroOrOne, "must be on or off", ("on", true), ("off", false), ("", true));

    /// <summary>A number of permits per time, such as <c>60/1m</c>, or <c>off</c>.</summary>
    public static readonly SettingValue<RateLimit?> Limit = new($"N/TIME|{Off}", ArgumentArity.ExactlyOne, ParseLimit,
        limit => limit is null ? Off : string.Create(CultureInfo.InvariantCulture, $"{limit.Permits}/{PrintTime(limit.Window)}"));

    public static readonly SettingValue<LogFormat> Log = OneOf("text|json|off", ArgumentArity.ExactlyOne, "must be text, json or off",
        ("text", LogFormat.Text), ("json", LogFormat.Json), ("off", LogFormat.Off));

    public static readonly SettingValue<Registration> Registration = OneOf(
        string.Join('|', RegistrationName.All), ArgumentArity.ExactlyOne,
        $"must be {string.Join(", ", RegistrationName.All.SkipLast(1))} or {RegistrationName.All[^1]}",
        [.. RegistrationName.All.Select(name => (name, RegistrationName.Parse(name)!.Value))]);

    /// <summary>Names of hosts, as <see cref="List"/> has them, without scheme and port.</summary>
    public static readonly SettingValue<IReadOnlyList<string>> HostNames = List("NAME") with
    {
        Parse = text => [.. List("NAME").Parse(text).Select(HostName.Parse)],
    };

    public static SettingValue<string> Text(string name) => new(name, ArgumentArity.ExactlyOne, text => text, text => text);

    public static SettingValue<int> Number(int from, int to = int.MaxValue, string name = "N") =>
        new(name, ArgumentArity.ExactlyOne, text => ParseNumber(text, from, to), number => number.ToString(CultureInfo.InvariantCulture));

    /// <summary>A time such as <c>90s</c>, <c>30m</c>, <c>24h</c> or <c>7d</c>.</summary>
    public static readonly SettingValue<TimeSpan> Time = new("TIME", ArgumentArity.ExactlyOne, text => ParseTime(text, Second), PrintTime);

    /// <summary>A time as <see cref="Time"/> has it, of at least so much; or <c>never</c>.</summary>
    public static SettingValue<TimeSpan?> TimeOrNever(TimeSpan from) => new($"TIME|{Never}", ArgumentArity.ExactlyOne,
        text => text == Never ? null : ParseTime(text, from, $", or {Never}"), time => time is { } set ? PrintTime(set) : Never);

    /// <summary>A value, or a word for none that is not in its placeholder.</summary>
    public static SettingValue<T?> OrNone<T>(SettingValue<T> value, string word) where T : class =>
        new(value.Name, value.Words, text => text == word ? null : value.Parse(text), set => set is null ? word : value.Print(set));

    /// <summary>One or more values, each with its own flag; in the variable they are separated by spaces or commas.</summary>
    public static SettingValue<IReadOnlyList<string>> List(string name) => new(name, ArgumentArity.OneOrMore,
        text => Words(text) is { Length: > 0 } items ? items : throw new FormatException("must not be empty"), items => string.Join(' ', items));

    /// <summary><c>on</c> for networks nearby, <c>off</c>, or networks as in <c>10.1.0.0/16</c>; an address alone is a network of one.</summary>
    public static readonly SettingValue<IReadOnlyList<IPNetwork>> Networks = new("on|off|CIDR", ArgumentArity.ZeroOrMore, ParseNetworks,
        networks => networks.Count == 0 ? "off" : networks.SequenceEqual(ForumOptions.NearNetworks) ? "on" : string.Join(' ', networks));

    public static readonly SettingValue<string> BasePath =
        new("PATH", ArgumentArity.ExactlyOne, Http.BasePath.Parse, path => path.Length == 0 ? "/" : path);

    /// <summary>An address without a path.</summary>
    public static readonly SettingValue<Uri> Origin = new("URL", ArgumentArity.ExactlyOne,
        text => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri is { Scheme: "http" or "https", PathAndQuery: "/", Fragment: "", UserInfo: "" }
            ? uri : throw new FormatException("must be http:// or https:// and a host, without a path, such as https://forum.example"
                + (ListenAddress.HasImpossiblePort(text) ? $", and a port from {MinPort} to {IPEndPoint.MaxPort}" : "")),
        uri => uri.GetLeftPart(UriPartial.Authority));

    /// <summary>Origins as browsers send them, or <c>*</c>.</summary>
    public static readonly SettingValue<IReadOnlyList<string>> Origins =
        new("ORIGIN", ArgumentArity.OneOrMore, ParseOrigins, origins => string.Join(' ', origins));

    /// <summary>The name of a cookie: a token of RFC 6265 without a prefix that browsers give a meaning.</summary>
    public static readonly SettingValue<string> CookieName = new("NAME", ArgumentArity.ExactlyOne,
        text => text.Length is > 0 and <= MaxCookieName && !text.StartsWith("__", StringComparison.Ordinal)
            && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.')
            ? text : throw new FormatException($"must be 1 to {MaxCookieName} letters, digits, _, - and ., and not begin with __"),
        text => text);

    /// <summary>The name of a header that a proxy sets.</summary>
    public static readonly SettingValue<string> HeaderName = new("NAME", ArgumentArity.ExactlyOne,
        text => Http.ForwardedHeaders.IsName(text) ? text : throw new FormatException("must be the name of a header, such as Remote-User"), text => text);

    private static IReadOnlyList<IPNetwork> ParseNetworks(string text) => text switch
    {
        "on" or "" => ForumOptions.NearNetworks,
        "off" => [],
        _ => [.. Words(text).Select(word => IPNetwork.TryParse(word, out var network) ? network
            : IPAddress.TryParse(word, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
            : throw new FormatException("must be on, off or networks such as 10.1.0.0/16"))],
    };

    private static string[] ParseOrigins(string text) => Words(text) is not { Length: > 0 } words ? throw new FormatException("must not be empty")
        : Array.TrueForAll(words, IsOrigin) ? words : throw new FormatException("must be origins such as https://app.example, or *"
            + (Array.Exists(words, ListenAddress.HasImpossiblePort) ? $", with ports from {MinPort} to {IPEndPoint.MaxPort}" : ""));

    private static bool IsOrigin(string word) => word == "*"
        || (Uri.TryCreate(word, UriKind.Absolute, out var uri) && uri.GetLeftPart(UriPartial.Authority).Equals(word, StringComparison.OrdinalIgnoreCase));

    private static string[] Words(string text) => text.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);

    private static int ParseNumber(string text, int from, int to) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= from && number <= to
            ? number : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {from} to {to}"));

    private static TimeSpan ParseTime(string text, TimeSpan from, string otherwise = "") => TimeOf(text) is { } time && time >= from
        ? time : throw new FormatException($"must be a number of s, m, h or d {FromTo(from)}, such as 24h{otherwise}");

    private static TimeSpan? TimeOf(string text) =>
        text.Length > 1 && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count is > 0 and <= MaxCount && Array.Find(Units, u => u.Letter == text[^1]) is { Letter: not '\0' } unit
            ? count * unit.Length : null;

    private static string FromTo(TimeSpan from) => $"from {PrintTime(from)} to {PrintTime(MaxCount * Units[0].Length)}";

    private static string PrintTime(TimeSpan time)
    {
        var unit = Units.First(u => time.Ticks % u.Length.Ticks == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{time / unit.Length}{unit.Letter}");
    }

    private static RateLimit? ParseLimit(string text) => text == Off ? null
        : text.Split('/') is [var permits, var window] && TimeOf(window) is { } time
            && int.TryParse(permits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
        ? new RateLimit(number, time)
        : throw new FormatException(string.Create(
            CultureInfo.InvariantCulture, $"must be a number from 1 to {int.MaxValue} and a time {FromTo(Second)}, such as 60/1m, or {Off}"));

    /// <summary>Some words, the first of which for each value is how it is printed.</summary>
    private static SettingValue<T> OneOf<T>(string name, ArgumentArity words, string rule, params (string Word, T Value)[] all) => new(
        name, words,
        text => Array.FindIndex(all, a => a.Word == text) is >= 0 and var at ? all[at].Value : throw new FormatException(rule),
        value => Array.Find(all, a => Equals(a.Value, value)).Word);
}
