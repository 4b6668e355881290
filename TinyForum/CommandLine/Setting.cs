using System.CommandLine;
using System.Globalization;

namespace TinyForum.CommandLine;

/// <summary>A setting of the server: a flag, and an environment variable that the flag beats.</summary>
internal abstract class Setting
{
    private const string Prefix = "TINYFORUM_";

    protected Setting(Option option, string value, string help)
    {
        Variable = Prefix + option.Name[2..].Replace('-', '_').ToUpperInvariant();
        Option = option;
        option.Description = $"{help} [{Variable}]";
        option.HelpName = value;
    }

    /// <summary>The flag.</summary>
    public Option Option { get; }

    /// <summary>The environment variable.</summary>
    protected string Variable { get; }

    public static Setting<T> Of<T>(string flag, string value, T fallback, Func<string, T> parse, string help) =>
        new(new Option<string>(flag), value, fallback, parse, help);

    /// <summary>One that is <c>on</c> or <c>off</c>; the flag alone is <c>on</c>.</summary>
    public static Setting<T> Switch<T>(string flag, T fallback, Func<bool, T> map, string help) =>
        new(new Option<string>(flag) { Arity = ArgumentArity.ZeroOrOne }, "on|off", fallback, text => map(IsOn(text)), help);

    /// <summary>One that may be given several times; in the variable, spaces or commas part them.</summary>
    public static Setting<T> List<T>(string flag, string value, T fallback, string help) where T : IReadOnlyList<string>? =>
        new(new Option<string[]>(flag), value, fallback, text => (T)(IReadOnlyList<string>)text.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries), help);

    /// <summary>A whole number from <paramref name="from"/>.</summary>
    public static int Number(string text, int from) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= from
        ? number : throw new FormatException($"must be a whole number from {from}");

    /// <summary>A time such as <c>90s</c>, <c>30m</c>, <c>24h</c> or <c>7d</c>.</summary>
    public static TimeSpan Duration(string text)
    {
        if (text.Length > 1 && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and < 100_000)
        {
            switch (text[^1])
            {
                case 's':
                    return TimeSpan.FromSeconds(count);
                case 'm':
                    return TimeSpan.FromMinutes(count);
                case 'h':
                    return TimeSpan.FromHours(count);
                case 'd':
                    return TimeSpan.FromDays(count);
            }
        }
        throw new FormatException("must be a number of s, m, h or d, such as 24h");
    }

    private static bool IsOn(string text) => text switch
    {
        "" or "on" => true,
        "off" => false,
        _ => throw new FormatException("must be on or off"),
    };
}

/// <summary>A setting whose value is a <typeparamref name="T"/>.</summary>
internal sealed class Setting<T>(Option option, string value, T fallback, Func<string, T> parse, string help) : Setting(option, value, help)
{
    /// <summary>The value by the flag, else by the variable, else the default.</summary>
    /// <exception cref="CommandException">It is none; the message names the flag or the variable.</exception>
    public T In(ParseResult line)
    {
        if (line.GetResult(Option) is { Implicit: false } given)
            return Parse(Option.Name, string.Join(' ', given.Tokens.Select(t => t.Value)));
        return Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } text ? Parse(Variable, text) : fallback;
    }

    private T Parse(string name, string text)
    {
        try
        {
            return parse(text);
        }
        catch (FormatException e)
        {
            throw new CommandException($"{name}: {e.Message}, not \"{text}\"", e);
        }
    }
}
