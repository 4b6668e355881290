using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace TinyForum.Bench;

/// <summary>One request, to be sent over and over.</summary>
/// <param name="Url">Where to.</param>
/// <param name="Cookie">Who sends it.</param>
/// <param name="Body">Its body, if it is a POST.</param>
/// <param name="Cookies">Several who send it in turn.</param>
internal sealed record LoadRequest(Uri Url, string? Cookie = null, string? Body = null, IReadOnlyList<string>? Cookies = null);

/// <summary>What a server managed.</summary>
/// <param name="Rate">Requests a second.</param>
/// <param name="P50">The median latency, ms.</param>
/// <param name="P99">The 99th percentile of the latency, ms.</param>
internal sealed record LoadResult(double Rate, double P50, double P99);

/// <summary>Drives a server from a process of its own: wrk where it is installed, else <see cref="LoadClient"/>, which speaks like it.</summary>
internal static partial class Load
{
    private static readonly string? Wrk = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, "wrk")).FirstOrDefault(File.Exists);

    public static string Description(int connections) =>
        Wrk is null ? $"a client of the bench's own with {connections} connections" : $"`wrk -t1 -c{connections} --latency`";

    public static async Task<LoadResult> RunAsync(LoadRequest request, int connections, TimeSpan duration)
    {
        var script = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(script, Script(request));
            string[] arguments = [$"-c{connections}", $"-d{(int)Math.Ceiling(duration.TotalSeconds)}s", "--latency", "-s", script, request.Url.ToString()];
            using var process = Process.Start(Wrk is null
                ? Child.Self(["load", .. arguments])
                : new ProcessStartInfo(Wrk, ["-t1", .. arguments]) { RedirectStandardOutput = true })!;
            return Parse(await process.StandardOutput.ReadToEndAsync());
        }
        finally
        {
            File.Delete(script);
        }
    }

    // Cookies and bodies here are ours: ASCII without quotes of Lua's long brackets.
    private static string Script(LoadRequest request) => $"""
        wrk.method = "{(request.Body is null ? "GET" : "POST")}"
        {(request.Cookie is null ? "" : $"wrk.headers[\"Cookie\"] = \"{request.Cookie}\"")}
        {(request.Cookies is null ? "" : InTurn(request.Cookies))}
        {(request.Body is null ? "" : $"wrk.headers[\"Content-Type\"] = \"application/json\"\nwrk.body = [[{request.Body}]]")}
        """;

    private static string InTurn(IReadOnlyList<string> cookies) => $$"""
        local cookies, turn = {}, 0
        for cookie in ([[{{string.Join(' ', cookies)}}]]):gmatch("%S+") do table.insert(cookies, cookie) end
        request = function()
          turn = turn % #cookies + 1
          wrk.headers["Cookie"] = cookies[turn]
          return wrk.format()
        end
        """;

    private static LoadResult Parse(string output)
    {
        if (output.Contains("Non-2xx", StringComparison.Ordinal) || !Rate().IsMatch(output))
            throw new InvalidOperationException($"the load failed:\n{output}");
        return new LoadResult(
            double.Parse(Rate().Match(output).Groups[1].Value, CultureInfo.InvariantCulture),
            Milliseconds(Percentile50().Match(output)),
            Milliseconds(Percentile99().Match(output)));
    }

    private static double Milliseconds(Match match) =>
        double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) * match.Groups[2].Value switch { "us" => 0.001, "ms" => 1, _ => 1000 };

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex Rate();

    [GeneratedRegex(@"50%\s+([\d.]+)(us|ms|s)")]
    private static partial Regex Percentile50();

    [GeneratedRegex(@"99%\s+([\d.]+)(us|ms|s)")]
    private static partial Regex Percentile99();
}
