using System.Diagnostics;
using System.Text.Json;
using TinyForum.Api;
using TinyForum.Api.Endpoints;
using TinyForum.Http;

namespace TinyForum.Bench;

/// <summary>What it costs to check a request's body before it is deserialized, by body, in this process.</summary>
internal static class BodiesBench
{
    public static async Task RunAsync(Settings settings, TextWriter output)
    {
        var type = ApiJson.Type<NewThread>();
        await output.WriteLineAsync("| body of `POST /api/posts` | deserialized alone | checked and deserialized | ratio (least, most) | what checking adds |");
        await output.WriteLineAsync("| --- | ---: | ---: | ---: | ---: |");
        foreach (var (name, text) in ((string, string)[])
            [("short", "Hello"), ("a page of English", Text("word ", 3_000)),
                ("the longest, Chinese", Text("论坛", 32_000)), ("the longest, escaped", Text("\"\\\n", 32_000))])
        {
            var body = JsonResponder.Render(new NewThread("A title", text, ["tag"]), type);
            var rounds = Math.Max(20, (settings.Quick ? 200_000 : 20_000_000) / (body.Length + 400));
            var (alone, both) = (new List<double>(), new List<double>());
            for (var i = 0; i < settings.Rounds + 1; i++)
            {
                alone.Add(Measure(rounds, () => JsonSerializer.Deserialize(body, type)));
                both.Add(Measure(rounds, () => JsonBody.Read(body, type)));
            }
            var ratios = both.Zip(alone, (b, a) => b / a).Skip(1).Order().ToList(); // the first round warms up
            var (a, b) = (Median(alone), Median(both));
            await output.WriteLineAsync(
                $"| {name}, {body.Length:N0} B | {a:N2} µs | {b:N2} µs | {ratios[ratios.Count / 2]:F2} ({ratios[0]:F2}, {ratios[^1]:F2}) | {b - a:N2} µs |");
        }
        await output.WriteLineAsync();
    }

    private static string Text(string part, int length) => string.Concat(Enumerable.Repeat(part, length / part.Length));

    private static double Measure(int rounds, Action run)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < rounds; i++)
            run();
        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / rounds;
    }

    private static double Median(List<double> values) => values.Skip(1).Order().ElementAt((values.Count - 1) / 2);
}
