using System.Diagnostics;
using TinyForum.Http;

namespace TinyForum.Bench;

/// <summary>The native program against the one that is compiled as it runs: time to the first answer, memory, requests a second.</summary>
internal static class StartBench
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private sealed record Program(string Name, string File, string[] Arguments)
    {
        public Samples Milliseconds { get; } = new();
        public Samples Idle { get; } = new();
        public Samples Rate { get; } = new();
        public double Loaded { get; set; }
    }

    public static async Task RunAsync(Settings settings, TextWriter output)
    {
        using var folder = new TemporaryFolder();
        var database = folder.File("forum.db");
        using (var forum = await Fixture.StartAsync(database))
            await forum.PostAsync(50);
        var compiled = new Program("`dotnet TinyForum.dll`", "dotnet", [Path.Combine(AppContext.BaseDirectory, "TinyForum.dll")]);
        var native = new Program("native", await PublishAsync(folder.File("native")), []);
        Program[] programs = [compiled, native];
        var rounds = Math.Max(3, settings.Rounds);
        for (var round = -1; round < rounds; round++)
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
        await StartAsync(compiled, database, (compiledUrl, compiledId) => StartAsync(native, database, async (nativeUrl, nativeId) =>
        {
            for (var round = -1; round < rounds; round++)
            {
                foreach (var (program, url, id) in new[] { (compiled, compiledUrl, compiledId), (native, nativeUrl, nativeId) })
                {
                    var rate = (await Load.RunAsync(new LoadRequest(new Uri(url, "/api/posts")), 64, settings.Duration)).Rate;
                    program.Loaded = Child.Resident(id) / 1e6;
                    if (round >= 0)
                        program.Rate.Add(rate);
                }
            }
        }));

        var size = new DirectoryInfo(folder.File("native")).EnumerateFiles().Sum(file => file.Length);
        output.WriteLine($"From the start of the process to the first answer from the database (`GET /api/posts`), {rounds} interleaved starts, "
            + $"and resident memory then; after it `GET /api/posts` by {Load.Description(64)}, {rounds} interleaved rounds of {settings.Seconds} s "
            + $"after one to warm up, and resident memory at the end. The native program and SQLite's library take {size / 1e6:F1} MB on disk. "
            + "Bar: within 0.75 of the time, below 60 MB.");
        output.WriteLine();
        output.WriteLine("| | start, ms | memory, MB | requests a second | memory after them, MB |");
        output.WriteLine("| --- | ---: | ---: | ---: | ---: |");
        foreach (var program in programs)
        {
            var idle = program.Idle.ToString("F1");
            output.WriteLine($"| {program.Name} | {program.Milliseconds} | {idle} | {program.Rate} | {program.Loaded:F1} |");
        }
        var ratios = new[] { (native.Milliseconds, compiled.Milliseconds), (native.Idle, compiled.Idle), (native.Rate, compiled.Rate) }
            .Select(pair => pair.Item1.RatioTo(pair.Item2).ToString("F2"));
        output.WriteLine($"| ratio | {string.Join(" | ", ratios)} | {native.Loaded / compiled.Loaded:F2} |");
        output.WriteLine();
    }

    private static async Task<(double Milliseconds, long Bytes)> StartAsync(Program program, string database, Func<Uri, int, Task>? whileItRuns = null)
    {
        var url = new ListenAddress("127.0.0.1", 0).WithFreePort().Url;
        var request = HttpConnection.Format("GET", new Uri(url, "/api/posts"));
        var start = Stopwatch.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo(
            program.File, [.. program.Arguments, "serve", "--listen", url.ToString(), "--database", database])
        { RedirectStandardOutput = true })!;
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
            if (whileItRuns is not null)
                await whileItRuns(url, process.Id);
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
        string[] arguments = ["publish", Path.Combine(root.FullName, "TinyForum"), "-p:PublishProfile=native", "-o", folder, "-v", "q"];
        using var publish = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
        var said = await publish.StandardOutput.ReadToEndAsync();
        await publish.WaitForExitAsync();
        return publish.ExitCode == 0 ? Path.Combine(folder, "TinyForum") : throw new InvalidOperationException(said);
    }
}
