using System.Text.Json.Nodes;
using TinyForum.Api;

namespace TinyForum.Tests.Support;

/// <summary>Reads whatever can be read, by the route table: for tests of what must hold of every answer.</summary>
internal static class Everything
{
    // What to send for each parameter that a query may have, beside leaving it away. A new one needs a line here.
    private static readonly Dictionary<string, string[]> Samples = new()
    {
        ["html"] = ["true"], ["limit"] = [], ["cursor"] = [], ["reason"] = [],
        ["sort"] = ["active"], ["author"] = ["ada"], ["tag"] = ["news"], ["kinds"] = ["thread.created,reply.created"],
        ["thread"] = ["1"], ["unread"] = ["true"], ["after"] = ["1"],
        ["box"] = ["sent", "all"], ["with"] = ["bob"], ["q"] = ["word"], ["state"] = ["resolved", "all"], ["post"] = ["1"], ["invited"] = [],
    };

    /// <summary>Every answer to a GET of a route with one of these ids, with every combination of its parameters, two pages each.</summary>
    public static async Task<List<Answer>> GetAsync(TestClient client, params long[] ids)
    {
        var answers = new List<Answer>();
        foreach (var endpoint in Routes.Table.Where(e => e.Pattern.StartsWith("GET ", StringComparison.Ordinal) && !e.ChangesByGet))
            foreach (var id in endpoint.Pattern.Contains("{id}") ? ids : [0])
                foreach (var query in Queries([.. endpoint.Query]))
                {
                    var path = endpoint.Pattern[4..].Replace("{id}", $"{id}").Replace("{username}", "ada").Replace("{tag}", "news") + $"?limit=1{query}";
                    var answer = await client.GetAsync(path);
                    answers.Add(answer);
                    if (answer.Bytes.Length > 0 && answer.ContentHeaders.ContentType?.MediaType == "application/json"
                        && answer["next"] is JsonValue given && given.TryGetValue(out string? next))
                        answers.Add((await client.GetAsync($"{path}&cursor={next}")).Is(200, "success"));
                }
        return answers;
    }

    private static IEnumerable<string> Queries(List<string> names) => names.Count == 0 ? [""]
        : from rest in Queries(names[1..])
          from value in (string[])["", .. Samples[names[0]].Select(v => $"&{names[0]}={v}")]
          select value + rest;
}
