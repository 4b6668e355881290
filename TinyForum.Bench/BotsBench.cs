using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using TinyForum.Data;
using TinyForum.Passwords;

namespace TinyForum.Bench;

/// <summary>
/// Bots that register, each from an address of its own, and write as fast as the limits let them, against a forum as it is by default where strangers
/// can come from elsewhere: what a reader ever sees of it, and what a moderator has to do.
/// </summary>
internal static class BotsBench
{
    private const string Word = "cheappills";

    private static readonly string[] Places =
        ["/api/posts", "/api/posts/1/replies", $"/api/search?q={Word}", "/api/tags", "/feed", "/", "/posts/1", "/api/moderation-log"];

    public static async Task RunAsync(Settings settings, TextWriter output)
    {
        var bots = settings.Quick ? 50 : 1_000;
        await using var forum = await ForumServer.StartAsync(new ForumOptions
        {
            Listen = ["http://*:0"],
            Database = null,
            TrustedProxies = [IPNetwork.Parse("127.0.0.0/8")],
            Passwords = new PasswordOptions { MemoryKiB = 8, Iterations = 1 },
        });
        var url = new Uri($"http://127.0.0.1:{forum.Url.Port}");
        var moderator = await forum.Users.RegisterAsync("moderator", "a long secret");
        await forum.Users.SetRoleAsync(Actor.System, "moderator", Role.Moderator);
        await forum.Posts.CreateThreadAsync(moderator!, "Welcome", "Hello.");
        var honest = await forum.Users.RegisterAsync("honest", "a long secret");
        await forum.Posts.SubmitReplyAsync(honest!, 1, "Hello, I am new here.");
        var outcomes = new ConcurrentDictionary<string, int>();
        var seen = 0;
        using var over = new CancellationTokenSource();
        var reading = ReadAsync(url, count => seen = Math.Max(seen, count), over.Token);
        var since = DateTimeOffset.UtcNow;
        await Parallel.ForEachAsync(Enumerable.Range(0, bots), new ParallelOptions { MaxDegreeOfParallelism = 32 },
            async (i, _) => await BotAsync(url, i, settings.Quick ? 3 : 15, outcomes));
        await over.CancelAsync();
        await reading;
        var (waiting, messages) = (forum.Held.CountWaiting(int.MaxValue), forum.Messages.List(honest!, new MailFilter()).Items.Count);
        var marked = await forum.Spam.MarkNewAsync(moderator!, since);
        output.WriteLine($"{bots} bots, each from an address of its own, with the defaults of a forum that listens on all addresses (the cost of a password's "
            + "hash aside).");
        output.WriteLine();
        output.WriteLine("| | |");
        output.WriteLine("| --- | ---: |");
        foreach (var (what, count) in outcomes.OrderBy(o => o.Key, StringComparer.Ordinal))
            output.WriteLine($"| {what} | {count:N0} |");
        output.WriteLine($"| posts that wait for a moderator | {waiting:N0} |");
        output.WriteLine($"| places where a reader saw anything of theirs: lists, search, feed, front page | {seen:N0} |");
        output.WriteLine($"| private messages that arrived | {messages:N0} |");
        output.WriteLine($"| accounts that one action of the moderator removed | {marked:N0} |");
        output.WriteLine($"| posts that wait after it: the one that is honest | {forum.Held.CountWaiting(int.MaxValue):N0} |");
        output.WriteLine();
    }

    private static async Task BotAsync(Uri url, int number, int tries, ConcurrentDictionary<string, int> outcomes)
    {
        using var client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = url };
        client.DefaultRequestHeaders.Add("X-Forwarded-For", $"10.{number >> 16}.{(number >> 8) & 255}.{number & 255}");
        var credentials = new { username = $"bot{number}", password = "a long secret" };
        await SendAsync("register", "/api/register", credentials);
        await SendAsync("login", "/api/login", credentials);
        for (var i = 0; i < tries; i++)
        {
            await SendAsync("thread", "/api/posts", new { title = $"{Word} {i}", body = $"{Word} at https://{Word}.example/{number}", tags = new[] { Word } });
            await SendAsync("reply", "/api/posts/1/replies", new { body = $"{Word} for @honest, https://{Word}.example" });
            await SendAsync("message", "/api/messages", new { to = "honest", body = Word });
        }

        async Task SendAsync(string what, string path, object body)
        {
            using var answer = await client.PostAsJsonAsync(path, body);
            var message = (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())?["message"];
            outcomes.AddOrUpdate($"{what}: {(int)answer.StatusCode} {message}", 1, (_, count) => count + 1);
        }
    }

    private static async Task ReadAsync(Uri url, Action<int> tell, CancellationToken over)
    {
        using var client = new HttpClient { BaseAddress = url };
        while (!over.IsCancellationRequested)
        {
            var count = 0;
            foreach (var path in Places)
                count += (await client.GetStringAsync(path, CancellationToken.None)).Contains($"{Word} ", StringComparison.Ordinal) ? 1 : 0;
            tell(count);
            await Task.Delay(100, CancellationToken.None);
        }
    }
}
