using System.Diagnostics;
using TinyForum.Data;

namespace TinyForum.Bench;

/// <summary>What a read or a write costs in the process, without HTTP: on one thread for reads, 64 at once for writes.</summary>
internal static class CostsBench
{
    private const int Limit = 20, Replies = 50, AtOnce = 64;

    public static async Task RunAsync(Settings settings, TextWriter output)
    {
        using var folder = new TemporaryFolder();
        await using var forum = new Forum(new ForumOptions
        {
            Database = settings.Database ?? folder.File("forum.db"),
            Passwords = new() { MemoryKiB = 8, Iterations = 1 },
        });
        var (author, reader) = (await RegisterAsync(forum), await RegisterAsync(forum));
        var (thread, highest) = await FillAsync(forum, author);

        output.WriteLine($"In the process, {settings.Rounds} interleaved rounds: median (least–greatest). Writes are {AtOnce} at once, as one commit.");
        output.WriteLine();
        output.WriteLine("| | µs |");
        output.WriteLine("| --- | ---: |");
        foreach (var (name, times) in Measure(settings, [.. Reads(forum, reader, thread, highest), .. Writes(forum, author, thread, highest)]))
            output.WriteLine($"| {name} | {times.ToString("F1")} |");
        output.WriteLine();
    }

    private static IEnumerable<(string Name, int Times, Action Run)> Reads(Forum forum, Actor reader, long thread, long highest)
    {
        var posts = forum.Posts;
        var ids = posts.Threads(new(Active: true), Limit).Items.Select(p => p.Id).ToArray();
        var next = 0L;
        yield return ($"{Limit} threads", 500, () => posts.Threads(new(Active: true), Limit));
        yield return ($"{Limit} threads for a reader", 500, () => posts.Threads(new(Active: true), Limit, viewer: reader));
        yield return ($"the reader's marks on {Limit} threads", 2_000, () => posts.Marks(ids, areThreads: true, reader));
        yield return ($"{Replies} replies", 500, () => posts.Replies(thread, Replies));
        yield return ("one post", 5_000, () => posts.Find(1 + (next += 7919) % highest));
        yield return ("one user", 5_000, () => forum.Users.Find(reader.Username));
    }

    private static IEnumerable<(string Name, int Times, Action Run)> Writes(Forum forum, Actor author, long thread, long highest)
    {
        var next = 0;
        yield return ("a thread", 2_000, AtOnceOf(i => forum.Posts.CreateThreadAsync(author, "How often do they leak?", $"{Text} {i}", ["garden", "pumps"])));
        yield return ("a thread without tags", 2_000, AtOnceOf(i => forum.Posts.CreateThreadAsync(author, "How often do they leak?", $"{Text} {i}")));
        yield return ("a reply", 2_000, AtOnceOf(i => forum.Posts.CreateReplyAsync(author, thread, $"{Text} {i}")));
        yield return ("a like", 2_000, AtOnceOf(i => forum.Posts.LikeAsync(author, 1 + i * 7919L % highest, true)));

        Action AtOnceOf(Func<int, Task> write) => () =>
        {
            if (++next % AtOnce == 0)
                Task.WhenAll(Enumerable.Range(next, AtOnce).Select(write)).Wait();
        };
    }

    private static string Text { get; } = string.Join(' ', Enumerable.Repeat("Mine leaks a little after three winters, and the book says nothing of it.", 5));

    private static List<(string Name, Samples Times)> Measure(Settings settings, List<(string Name, int Times, Action Run)> cases)
    {
        var samples = cases.ConvertAll(c => (c.Name, Times: new Samples()));
        for (var round = -2; round < settings.Rounds; round++) // two to warm up
        {
            for (var i = 0; i < cases.Count; i++)
            {
                var times = settings.Quick ? 64 : cases[i].Times;
                var start = Stopwatch.GetTimestamp();
                for (var n = 0; n < times; n++)
                    cases[i].Run();
                if (round >= 0)
                    samples[i].Times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds / times);
            }
        }
        return samples;
    }

    private static async Task<Actor> RegisterAsync(Forum forum) => (await forum.Users.RegisterAsync($"c{Random.Shared.Next():x}", "secret"))!;

    private static async Task<(long Thread, long Highest)> FillAsync(Forum forum, Actor author)
    {
        var thread = forum.Posts.Find(1) is not null ? 1 : (await forum.Posts.CreateThreadAsync(author, "A thread", "with replies")).Id;
        if (forum.Posts.Find(thread)!.Head!.Replies < 200)
        {
            await Task.WhenAll(Enumerable.Range(0, 200).Select(i => forum.Posts.CreateReplyAsync(author, thread, Text)));
            await Task.WhenAll(Enumerable.Range(0, 200).Select(i => forum.Posts.CreateThreadAsync(author, "A thread", Text, ["garden", "pumps"])));
        }
        return (thread, forum.Database.Read(c => c.Number("SELECT max(id) FROM posts"))!.Value);
    }
}
