using System.CommandLine;
using TinyForum.CommandLine;
using TinyForum.Passwords;
using TinyForum.Storage;

namespace TinyForum.Bench;

/// <summary>The processes that are measured: the forum as it runs in production, and the least that HttpListener can do.</summary>
internal static class ServerCommand
{
    public static Command Command()
    {
        var database = new Option<FileInfo>("--database") { Required = true };
        var maxBatch = new Option<int>("--max-batch") { DefaultValueFactory = _ => WriteQueue.DefaultMaxBatch };
        var forum = new Command("forum") { database, maxBatch };
        forum.SetAction((arguments, _) => ForumAsync(arguments.GetRequiredValue(database).FullName, arguments.GetValue(maxBatch)));
        var bytes = new Option<int>("--bytes") { Required = true };
        var headers = new Option<string[]>("--header") { DefaultValueFactory = _ => [] };
        var bare = new Command("bare") { bytes, headers };
        bare.SetAction(arguments => Bare(arguments.GetValue(bytes), arguments.GetRequiredValue(headers)));
        return new Command("server") { forum, bare }.Hide();
    }

    private static Command Hide(this Command command)
    {
        command.Hidden = true;
        return command;
    }

    private static async Task ForumAsync(string database, int maxBatch)
    {
        // As `serve --log text > /dev/null` has it: every request makes a line.
        using var log = new LogWriter(LogFormat.Text, new FileStream("/dev/null", FileMode.Open, FileAccess.Write), Console.Error);
        await using var server = await ForumServer.StartAsync(new ForumOptions
        {
            Listen = ["http://127.0.0.1:0"],
            Database = database,
            MaxBatch = maxBatch,
            Passwords = new PasswordOptions { MemoryKiB = 8, Iterations = 1 },
            RateLimits = new RateLimitOptions { Enabled = false },
            Log = log.Write,
        });
        Console.WriteLine(server.Url);
        await Console.In.ReadToEndAsync();
    }

    private static void Bare(int bytes, string[] headers)
    {
        using var listener = new BareListener(bytes, [.. headers.Select(h => h.Split(": ", 2)).Select(h => (h[0], h[1]))]);
        Console.WriteLine(listener.Url);
        Console.In.ReadToEnd();
        Environment.Exit(0); // HttpListener's own way of closing would take its time
    }
}
