using System.CommandLine;

namespace TinyForum.Bench;

/// <summary>How long a measurement may take.</summary>
/// <param name="Rounds">How often each thing is measured.</param>
/// <param name="Seconds">How long each time.</param>
/// <param name="Quick">Whether it is only to show that everything runs.</param>
/// <param name="Database">A database to read from; <see langword="null"/> for a small one made for it.</param>
/// <param name="Program">A program to measure as it is; <see langword="null"/> for what the bench was built with.</param>
internal sealed record Settings(int Rounds, int Seconds, bool Quick, string? Database, string? Program)
{
    private static readonly Option<bool> Quickly = new("--quick") { Description = "One short round: shows that it runs, says nothing of speed" };
    private static readonly Option<int> RoundsOption = new("--rounds") { Description = "How often each thing is measured", DefaultValueFactory = _ => 7 };
    private static readonly Option<int> SecondsOption = new("--seconds") { Description = "How long each time", DefaultValueFactory = _ => 5 };
    private static readonly Option<FileInfo> DatabaseOption = new("--database")
    {
        Description = "A database to read from, which gets an account and posts more; else a small one is made",
    };

    private static readonly Option<FileInfo> ProgramOption = new("--program")
    {
        Description = "A TinyForum to measure, such as artifacts/native/TinyForum, in callers, writes and cold; else the one built with the bench",
    };

    public TimeSpan Duration => TimeSpan.FromSeconds(Seconds);

    /// <summary>A command that prints what <paramref name="run"/> writes.</summary>
    public static Command Command(string name, string description, Func<Settings, TextWriter, Task> run)
    {
        var command = new Command(name, description) { Quickly, RoundsOption, SecondsOption, DatabaseOption, ProgramOption };
        command.SetAction(async (arguments, _) =>
        {
            Machine.Describe(Console.Out);
            await run(Of(arguments), Console.Out);
        });
        return command;
    }

    /// <summary>A command with these settings and more of its own.</summary>
    public static Command Command(string name, string description, Option<FileInfo> page, Func<Settings, FileInfo?, TextWriter, Task> run)
    {
        var command = new Command(name, description) { Quickly, RoundsOption, SecondsOption, DatabaseOption, page };
        command.SetAction((arguments, _) => run(Of(arguments), arguments.GetValue(page), Console.Out));
        return command;
    }

    private static Settings Of(ParseResult arguments)
    {
        var isQuick = arguments.GetValue(Quickly);
        return new Settings(
            isQuick ? 1 : arguments.GetValue(RoundsOption),
            isQuick ? 1 : arguments.GetValue(SecondsOption),
            isQuick,
            arguments.GetValue(DatabaseOption)?.FullName,
            arguments.GetValue(ProgramOption)?.FullName);
    }
}
