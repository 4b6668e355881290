using System.CommandLine;

namespace TinyForum.Bench;

/// <summary>Every measurement in one run, written into the page that tells of them.</summary>
internal static class AllBench
{
    private const string Begin = "<!-- measured: written by ./run.sh bench -->";
    private const string End = "<!-- end of what was measured -->";

    private static readonly (string Title, Func<Settings, TextWriter, Task> Run)[] Parts =
    [
        ("Reads", ReadsBench.RunAsync),
        ("Callers", CallersBench.RunAsync),
        ("Pages", PagesBench.RunAsync),
        ("Cold", ColdBench.RunAsync),
        ("Writes", WritesBench.RunAsync),
        ("Costs in the process", CostsBench.RunAsync),
        ("Logins", LoginsBench.RunAsync),
        ("Idle connections", IdleBench.RunAsync),
        ("Bots", BotsBench.RunAsync),
        ("Events", EventsBench.RunAsync),
        ("Start", StartBench.RunAsync),
        ("Allocations", AllocationsBench.RunAsync),
        ("Bodies", BodiesBench.RunAsync),
    ];

    public static Command Command()
    {
        var page = new Option<FileInfo>("--output")
        {
            Description = "The page to write into; a quick run writes none unless told",
        };
        var command = Settings.Command("all", "Every measurement in turn, written into docs/performance.md", page, RunAsync);
        return command;
    }

    private static async Task RunAsync(Settings settings, FileInfo? page, TextWriter output)
    {
        using var text = new StringWriter();
        Machine.Describe(text);
        foreach (var (title, run) in Parts)
        {
            text.WriteLine($"### {title}");
            text.WriteLine();
            await Console.Error.WriteLineAsync($"{title} ...");
            await run(settings, text);
        }
        await output.WriteAsync(text.ToString());
        page ??= settings.Quick ? null : new FileInfo("docs/performance.md");
        if (page is not null)
            await File.WriteAllTextAsync(page.FullName, Replace(page.Exists ? await File.ReadAllTextAsync(page.FullName) : "", text.ToString()));
    }

    private static string Replace(string page, string measured)
    {
        var (begin, end) = (page.IndexOf(Begin, StringComparison.Ordinal), page.IndexOf(End, StringComparison.Ordinal));
        return begin < 0 || end < begin
            ? $"{page}\n{Begin}\n\n{measured}{End}\n"
            : $"{page[..begin]}{Begin}\n\n{measured}{page[end..]}";
    }
}
