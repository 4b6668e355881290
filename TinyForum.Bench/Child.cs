using System.Diagnostics;
using System.Globalization;
using TinyForum.Http;

namespace TinyForum.Bench;

/// <summary>A server in a process of its own, which ends with this object.</summary>
internal sealed class Child : IDisposable
{
    private readonly Process _process;
    private bool _isServing; // and does not end with its input

    private Child(Process process, Uri url) => (_process, Url) = (process, url);

    /// <summary>Where it listens.</summary>
    public Uri Url { get; }

    /// <summary>Resident memory, bytes.</summary>
    public long ResidentBytes => Resident(_process.Id);

    /// <summary>How long its threads have run.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public static long Resident(int process) => Status(process, "VmRSS:");

    /// <summary>The most memory that was resident since the process started, bytes.</summary>
    public static long PeakResident(int process) => Status(process, "VmHWM:");

    private static long Status(int process, string field)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith(field, StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    /// <summary>How this program is started once more with other arguments.</summary>
    public static ProcessStartInfo Self(IEnumerable<string> arguments)
    {
        var path = Environment.ProcessPath!;
        var isHost = Path.GetFileNameWithoutExtension(path) == "dotnet";
        return new ProcessStartInfo(path, isHost ? [typeof(Child).Assembly.Location, .. arguments] : arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
    }

    /// <summary>Starts <c>server ...</c>, which says where it listens in its first line and stays until its input ends.</summary>
    public static async Task<Child> StartAsync(params string[] arguments)
    {
        var process = Process.Start(Self(["server", .. arguments]))!;
        var line = await process.StandardOutput.ReadLineAsync();
        return line is null ? throw new InvalidOperationException($"server {string.Join(' ', arguments)} did not start") : new Child(process, new Uri(line));
    }

    /// <summary>Starts a TinyForum, whose log goes to /dev/null.</summary>
    public static async Task<Child> ServeAsync(string program, string database)
    {
        var url = new ListenAddress("127.0.0.1", 0).WithFreePort().Url;
        string[] arguments = [program, "serve", "--listen", url.ToString(), "--database", database, "--rate-limits", "off"];
        var process = Process.Start(new ProcessStartInfo("sh", ["-c", "exec \"$@\" > /dev/null", "sh", .. arguments]) { RedirectStandardInput = true })!;
        using var client = new HttpClient();
        while (!process.HasExited)
        {
            try
            {
                (await client.GetAsync(new Uri(url, "/healthz"))).EnsureSuccessStatusCode();
                return new Child(process, url) { _isServing = true };
            }
            catch (HttpRequestException)
            {
                await Task.Delay(1);
            }
        }
        throw new InvalidOperationException($"{program} did not start");
    }

    public void Dispose()
    {
        if (_isServing)
            _process.Kill();
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
