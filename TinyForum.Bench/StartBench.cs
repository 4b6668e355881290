using System.Diagnostics;
using TinyForum.Http;

namespace TinyForum.Bench;

/// <summary>From the start of the process to its first answer from the database, and the memory it takes.</summary>
internal static class StartBench
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private sealed record Program(string Name, string File, string[] Arguments)
    {
        public Samples Milliseconds { get; } = new();
        public Samples Idle { get; } = new();
        public double Loaded { get; set; }
    }

    public static async Task RunAsync(Settings settings, TextWriter output)
    {
        var load = TimeSpan.FromSeconds(settings.Quick ? 5 : 60);
        using var folder = new TemporaryFolder();
        var database = folder.File("forum.db");
        using (var forum = await Fixture.StartAsync(database))
            await forum.PostAsync(50);
        var library = new Program("`dotnet TinyForum.dll`", "dotnet", [Path.Combine(AppContext.BaseDirectory, "TinyForum.dll")]);
        var published = new Program("published", await PublishAsync(folder.File("published")), []);
        Program[] programs = [library, published];
        for (var round = -1; round < Math.Max(3, settings.Rounds); round++)
        {
            foreach (var program in programs)
            {
                var (milliseconds, bytes) = await StartAsync(program, database);
                if (round < 0)
                    continue;
                program.Milliseconds.Add(milliseconds);
                program.Idle.Add(bytes / 1e6);
            }
        }
        foreach (var program in programs)
            await StartAsync(program, database, async (url, process) =>
            {
                await Load.RunAsync(new LoadRequest(new Uri(url, "/api/posts")), 64, load);
                program.Loaded = Child.Resident(process) / 1e6;
            });

        output.WriteLine($"From the start of the process to the first answer from the database (`GET /api/posts`), "
            + $"{programs[0].Milliseconds.Count} interleaved starts; "
            + $"resident memory after it, and after {load.TotalSeconds} s of {Load.Description(64)}. "
            + $"Bar: the published file within 0.75 of the time, below 60 MB.");
        output.WriteLine();
        output.WriteLine("| | start, ms | memory, MB | after load, MB |");
        output.WriteLine("| --- | ---: | ---: | ---: |");
        foreach (var program in programs)
            output.WriteLine($"| {program.Name} | {program.Milliseconds} | {program.Idle.ToString("F1")} | {program.Loaded:F1} |");
        output.WriteLine($"| ratio | {published.Milliseconds.RatioTo(library.Milliseconds).ToString("F2")} | "
            + $"{published.Idle.RatioTo(library.Idle).ToString("F2")} | {published.Loaded / library.Loaded:F2} |");
        output.WriteLine();
    }

    private static async Task<(double Milliseconds, long Bytes)> StartAsync(Program program, string database, Func<Uri, int, Task>? afterwards = null)
    {
        var url = new ListenAddress("127.0.0.1", 0).WithFreePort().Url;
        var request = HttpConnection.Format("GET", new Uri(url, "/api/posts"));
        var start = Stopwatch.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo(
            program.File, [.. program.Arguments, "serve", "--listen", url.ToString(), "--database", database]) { RedirectStandardOutput = true })!;
        try
        {
            while (true)
            {
                try
                {
                    using var connection = new HttpConnection(url);
                    if (await connection.AskAsync(request) == 200)
                        break;
                    throw new InvalidOperationException("the first answer is no success");
                }
                catch (Exception e) when ((e is System.Net.Sockets.SocketException or IOException)
                    && !process.HasExited && Stopwatch.GetElapsedTime(start) < Patience)
                {
                    await Task.Delay(1);
                }
            }
            var milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            var bytes = Child.Resident(process.Id);
            process.OutputDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
            if (afterwards is not null)
                await afterwards(url, process.Id);
            return (milliseconds, bytes);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    /// <summary>Publishes as <c>./run.sh publish</c> does.</summary>
    private static async Task<string> PublishAsync(string folder)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "TinyForum.sln")))
            root = root.Parent ?? throw new InvalidOperationException("the sources are not there to publish from");
        using var publish = Process.Start(new ProcessStartInfo(
            "dotnet", ["publish", Path.Combine(root.FullName, "TinyForum"), "-p:PublishProfile=single-file", "-o", folder, "-v", "q"])
        { RedirectStandardOutput = true })!;
        var said = await publish.StandardOutput.ReadToEndAsync();
        await publish.WaitForExitAsync();
        return publish.ExitCode == 0 ? Path.Combine(folder, "TinyForum") : throw new InvalidOperationException(said);
    }
}
