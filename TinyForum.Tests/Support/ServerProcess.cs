using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using TinyForum.CommandLine;
using TinyForum.Data;

namespace TinyForum.Tests.Support;

/// <summary>The program as its operator runs it: a process of its own.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly List<(string Text, TaskCompletionSource<string> Said)> _awaited = [];

    private ServerProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, e) => Take(e.Data, _output);
        process.ErrorDataReceived += (_, e) => Take(e.Data, _errors);
        process.Exited += (_, _) => Ended();
        process.EnableRaisingEvents = true;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>
    /// The program to test in place of the one that was built with the tests, from <c>TINYFORUM_PROGRAM</c>: in CI the native one.
    /// </summary>
    public static string? OtherProgram { get; } = Environment.GetEnvironmentVariable("TINYFORUM_PROGRAM");

    /// <summary>Whether this process, and so those that it starts, was started with SIGINT ignored, as shells do in the background.</summary>
    public static bool IsIgnored(string signal) =>
        (Convert.ToInt64(IgnoredLine().Match(File.ReadAllText("/proc/self/status")).Groups[1].Value, 16)
            & signal switch { "HUP" => 0b1, "INT" => 0b10, "QUIT" => 0b100, _ => 0 }) != 0;

    public int Id => _process.Id;

    /// <summary>The line that says where it listens.</summary>
    public string Greeting { get; private set; } = "";

    public Uri Url => new(AddressPattern().Match(Greeting).Value);

    public bool IsAlive => !_process.HasExited;

    /// <summary>How many descriptors it has open.</summary>
    public int Descriptors => Directory.GetFiles($"/proc/{Id}/fd").Length;

    /// <summary>The most memory it had at once, bytes.</summary>
    public long PeakMemory => 1024 * long.Parse(PeakLine().Match(File.ReadAllText($"/proc/{Id}/status")).Groups[1].Value, CultureInfo.InvariantCulture);

    /// <summary>The assemblies and libraries it has loaded, by name.</summary>
    public HashSet<string> Libraries => [.. File.ReadLines($"/proc/{Id}/maps").Select(l => Path.GetFileName(l)).Where(f => Library().IsMatch(f))];

    public string Output => Read(_output);

    public string Errors => Read(_errors);

    /// <summary>Starts a server with the cheapest passwords on a free port, and waits until it says that it listens.</summary>
    public static Task<ServerProcess> StartAsync(string database, params string[] arguments) => StartAsync(database, null, [], arguments);

    /// <summary>As the other one, for a server that may have so many descriptors.</summary>
    public static Task<ServerProcess> StartAsync(string database, int? descriptors, params string[] arguments) =>
        StartAsync(database, descriptors, [], arguments);

    /// <summary>As the others, for a server with these variables in its environment.</summary>
    public static Task<ServerProcess> StartAsync(
        string database, int? descriptors, (string Name, string Value)[] environment, params string[] arguments) => LaunchAsync(
        descriptors is null ? null : $"ulimit -n {descriptors} && exec \"$@\"", environment, [.. Usual(database), .. arguments]);

    /// <summary>As the others, through a shell; see <see cref="Begin"/>.</summary>
    public static Task<ServerProcess> StartInShellAsync(string script, string database) => LaunchAsync(script, [], Usual(database));

    /// <summary>Starts the program and waits for nothing.</summary>
    /// <param name="script">What the shell does that starts it as <c>"$@"</c>; <see langword="null"/> for no shell.</param>
    /// <param name="arguments">Its arguments.</param>
    public static ServerProcess Begin(string? script, params string[] arguments) => new(Start(script, [], arguments));

    /// <summary>As the others, with these options; the test is inconclusive if no flags say them.</summary>
    public static Task<ServerProcess> StartAsync(ForumOptions options)
    {
        string[] flags =
        [
            .. options.Listen.SelectMany(url => (string[])["--listen", url]),
            .. (options.Hosts ?? []).SelectMany(host => (string[])["--host", host]),
            "--database", options.Database!, "--cookie-name", options.CookieName,
            .. options.CorsOrigins.SelectMany(origin => (string[])["--cors", origin]),
            "--trust-proxy", options.TrustedProxies.Count > 0 ? string.Join(',', options.TrustedProxies) : "off",
            .. (string[])(options.AuthHeader is { } header ? ["--auth-header", header] : []),
            "--webhook-allow", options.WebhookAllow.Count > 0 ? string.Join(',', options.WebhookAllow) : "off",
            "--title", options.Title, "--base-path", options.BasePath.Length == 0 ? "/" : options.BasePath,
            .. (string[])(options.PublicUrl is { } url ? ["--public-url", url.ToString()] : []),
            .. (string[])(options.Description is { } description ? ["--description", description] : []),
            .. (string[])(options.StyleFile is { } style ? ["--style", style] : []),
            .. (string[])(options.AboutFile is { } about ? ["--about", about] : []),
            "--rate-limits", OnOff(options.RateLimits.Enabled),
            .. (string[])(options.AnonymousLogout is { } isOn ? ["--anonymous-logout", OnOff(isOn)] : []),
            .. ForumPolicy.Numbers.Where(n => n.Of(options.Policy) is not null)
                .SelectMany(n => (string[])[$"--{n.Name.Replace('_', '-')}", Value(n, options.Policy)]),
            "--max-connections", $"{options.Connections.MaxConnections}",
            "--password-memory", $"{options.Passwords.MemoryKiB}", "--password-iterations", $"{options.Passwords.Iterations}",
        ];
        var understood = Settings.Options(CommandLineProgram.Root().Parse(flags)) with
        {
            Listen = options.Listen,
            Hosts = options.Hosts,
            WebhookAllow = options.WebhookAllow,
            TrustedProxies = options.TrustedProxies,
            CorsOrigins = options.CorsOrigins,
        };
        return understood == options ? LaunchAsync(null, [], flags) : throw new AssertInconclusiveException("no flags say these options");
    }

    private static string Value(ForumPolicy.Number number, ForumPolicy policy) =>
        number.Name == "registration" ? RegistrationName.Of(policy.Registration!.Value)
        : number.Most == 1 ? OnOff(number.Of(policy) == 1) : $"{number.Of(policy)}";

    private static string[] Usual(string database) =>
        ["--listen", "http://127.0.0.1:0", "--database", database, "--password-memory", "8", "--password-iterations", "1"];

    private static async Task<ServerProcess> LaunchAsync(
        string? script, (string Name, string Value)[] environment, string[] arguments)
    {
        var server = new ServerProcess(Start(script, environment, arguments));
        try
        {
            server.Greeting = await server.SaysAsync(" listens on ");
            return server;
        }
        catch (InvalidOperationException)
        {
            throw new InvalidOperationException($"the server ended: {server.Output}{server.Errors}");
        }
    }

    /// <summary>Runs a command to its end.</summary>
    public static Task<(int Code, string Output, string Errors)> RunAsync(
        string[] arguments, string? input = null, params (string, string)[] environment) => RunAsync(null, arguments, input, environment);

    /// <summary>As the other one, through a shell; see <see cref="Begin"/>.</summary>
    public static Task<(int Code, string Output, string Errors)> RunInShellAsync(string script, params string[] arguments) =>
        RunAsync(script, arguments, null, []);

    private static async Task<(int Code, string Output, string Errors)> RunAsync(
        string? script, string[] arguments, string? input, (string, string)[] environment)
    {
        using var process = Start(script, environment, arguments);
        if (input is not null)
            await process.StandardInput.WriteLineAsync(input);
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await errors);
    }

    /// <summary>Sends a signal by its name.</summary>
    public void Signal(string name) => System.Diagnostics.Process.Start("kill", [$"-{name}", $"{Id}"]).WaitForExit();

    /// <summary>Waits for a line of its output with this text.</summary>
    public Task<string> SaysAsync(string text)
    {
        var said = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_output)
        {
            if (_output.ToString().Split('\n').FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal)) is { } line)
                return Task.FromResult(line);
            _awaited.Add((text, said));
        }
        if (_process.HasExited)
            Ended();
        return said.Task.WaitAsync(Patience);
    }

    /// <summary>Waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static Process Start(string? script, (string Name, string Value)[] environment, string[] arguments)
    {
        string[] program = OtherProgram is null ? ["dotnet", typeof(ForumServer).Assembly.Location] : [OtherProgram];
        program = [.. program, .. arguments];
        if (script is not null)
            program = ["bash", "-c", script, "bash", .. program];
        var start = new ProcessStartInfo(program[0], program[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    private static string OnOff(bool isOn) => isOn ? "on" : "off";

    private static string Read(StringBuilder text)
    {
        lock (text)
            return text.ToString();
    }

    private void Take(string? line, StringBuilder text)
    {
        if (line is null)
            return;
        lock (text)
            text.AppendLine(line);
        lock (_output)
        {
            foreach (var (awaited, said) in _awaited)
            {
                if (line.Contains(awaited, StringComparison.Ordinal))
                    said.TrySetResult(line);
            }
        }
    }

    private void Ended()
    {
        _process.WaitForExit(); // until all that it said is read
        lock (_output)
        {
            foreach (var (_, said) in _awaited)
                said.TrySetException(new InvalidOperationException("the server ended"));
        }
    }

    [GeneratedRegex(@"http://[a-z0-9.:]+/")]
    private static partial Regex AddressPattern();

    [GeneratedRegex(@"\.(dll|so)\b")]
    private static partial Regex Library();

    [GeneratedRegex(@"SigIgn:\s*([0-9a-f]+)")]
    private static partial Regex IgnoredLine();

    [GeneratedRegex(@"VmHWM:\s*(\d+) kB")]
    private static partial Regex PeakLine();
}

/// <summary>A folder that goes with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("tinyforum-test-").FullName;

    /// <summary>The path of a file in it.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
