using System.CommandLine;

namespace TinyForum.CommandLine;

/// <summary>A setting of the server: a flag and an environment variable. The flag takes precedence.</summary>
internal abstract class Setting
{
    public const string Prefix = "TINYFORUM_";

    protected Setting(string flag, string value, ArgumentArity words, string fallback, string help)
    {
        Variable = Prefix + flag[2..].Replace('-', '_').ToUpperInvariant();
        Default = fallback;
        Option = words.MaximumNumberOfValues > 1 ? new Option<string[]>(flag) : new Option<string>(flag);
        var several = words.MaximumNumberOfValues > 1 ? ", several with spaces or commas between them" : "";
        (Option.Arity, Option.HelpName, Option.Description) = (words, value, $"{help}. Default: {fallback} [{Variable}{several}]");
    }

    public Option Option { get; }

    public string Variable { get; }

    /// <summary>The default, or a description of what happens without a value.</summary>
    public string Default { get; }

    public static Setting<T> Of<T>(string flag, T fallback, SettingValue<T> value, string help) =>
        new(flag, fallback, value.Parse, value.Name, value.Words, value.Print(fallback), help);

    /// <summary>One that may have no value, which <paramref name="none"/> puts into words.</summary>
    public static Setting<T?> Of<T>(string flag, T? fallback, SettingValue<T> value, string none, string help) where T : struct =>
        new(flag, fallback, text => value.Parse(text), value.Name, value.Words, fallback is { } set ? value.Print(set) : none, help);

    /// <summary>One that may have no value, which <paramref name="none"/> puts into words.</summary>
    public static Setting<T?> Of<T>(string flag, T? fallback, SettingValue<T> value, string none, string help) where T : class =>
        new(flag, fallback, value.Parse, value.Name, value.Words, fallback is { } set ? value.Print(set) : none, help);
}

/// <summary>A setting whose value is a <typeparamref name="T"/>.</summary>
internal sealed class Setting<T>(
    string flag, T fallback, Func<string, T> parse, string value, ArgumentArity words, string shown, string help)
    : Setting(flag, value, words, shown, help)
{
    /// <summary>The value of the flag, else of the variable, else the default.</summary>
    /// <exception cref="CommandException">The value is malformed; the message names the flag or the variable.</exception>
    public T In(ParseResult line)
    {
        if (line.GetResult(Option) is { Implicit: false } given)
            return Parse(Option.Name, [.. given.Tokens.Select(t => t.Value)]);
        return Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } text ? Parse(Variable, text) : fallback;
    }

    private T Parse(string name, params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (string.IsNullOrWhiteSpace(word))
                throw new CommandException($"{name}: must not be empty");
        }
        var text = string.Join(' ', words!);
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
