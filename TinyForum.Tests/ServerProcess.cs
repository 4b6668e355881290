using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace TinyForum.Tests;

/// <summary>The program in a process of its own, on a free port with a database that goes with it.</summary>
internal sealed partial class ServerProcess : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tinyforum-process-");
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Process _process;

    private ServerProcess(int descriptors)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "TinyForum.dll");
        var start = new ProcessStartInfo("bash", ["-c", $"ulimit -n {descriptors} && exec dotnet '{program}'"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TINYFORUM_LISTEN"] = "http://127.0.0.1:0";
        start.Environment["TINYFORUM_DATABASE"] = Path.Combine(_folder.FullName, "forum.db");
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, e) => Take(e.Data);
        _process.ErrorDataReceived += (_, e) => Take(e.Data);
        _process.Exited += (_, _) => _listening.TrySetException(new InvalidOperationException($"the server ended: {Output}"));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Where it listens.</summary>
    public Uri Url => _listening.Task.Result;

    public bool IsAlive => !_process.HasExited;

    /// <summary>All it has said so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>The most memory it had at once, bytes.</summary>
    public long PeakMemory => 1024 * long.Parse(PeakLine().Match(File.ReadAllText($"/proc/{_process.Id}/status")).Groups[1].Value, CultureInfo.InvariantCulture);

    /// <summary>The assemblies and libraries it has loaded, by name.</summary>
    public HashSet<string> Libraries => [.. File.ReadLines($"/proc/{_process.Id}/maps").Select(l => Path.GetFileName(l)).Where(f => Library().IsMatch(f))];

    /// <summary>Starts it with so many descriptors and waits until it listens.</summary>
    public static async Task<ServerProcess> StartAsync(int descriptors)
    {
        var server = new ServerProcess(descriptors);
        await server._listening.Task;
        return server;
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private void Take(string? line)
    {
        lock (_output)
            _output.AppendLine(line);
        if (line is not null && Address().Match(line) is { Success: true } address)
            _listening.TrySetResult(new Uri(address.Value));
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:[1-9]\d*/")]
    private static partial Regex Address();

    [GeneratedRegex(@"\.(dll|so)\b")]
    private static partial Regex Library();

    [GeneratedRegex(@"VmHWM:\s*(\d+) kB")]
    private static partial Regex PeakLine();
}
