using System.CommandLine;
using System.Diagnostics;
using TinyForum.Data;

namespace TinyForum.Bench;

/// <summary>What the queries cost in a forum of a million threads, turn by turn with the same in one of ten thousand. In the process, without HTTP.</summary>
internal static class MillionBench
{
    private const int Small = 10_000, Limit = 20, DeepPage = 50_000;

    public static Command Command()
    {
        var file = new Option<string>("--database")
        { Description = "The file to fill, or to use if it is full; beside it one of 10,000 threads", Required = true };
        var threads = new Option<int>("--threads") { Description = "How many threads", DefaultValueFactory = _ => 1_000_000 };
        var replies = new Option<int>("--replies") { Description = "How many replies", DefaultValueFactory = _ => 5_000_000 };
        var command = new Command("million", "Lists, posts and searches at ten thousand and at a million threads") { file, threads, replies };
        command.SetAction(a => RunAsync(Path.GetFullPath(a.GetRequiredValue(file)), a.GetValue(threads), a.GetValue(replies)));
        return command;
    }

    private static async Task<int> RunAsync(string path, int threads, int replies)
    {
        var smallPath = Path.ChangeExtension(path, ".small.db");
        new MillionFill(smallPath, Small, (int)((long)Small * replies / threads)).Run();
        new MillionFill(path, threads, replies).Run();
        await using var small = new Forum(new ForumOptions { Database = smallPath });
        await using var large = new Forum(new ForumOptions { Database = path });

        Console.WriteLine($"{Small:N0} | {threads:N0} threads, {(long)Small * replies / threads:N0} | {replies:N0} replies; "
            + $"{new FileInfo(smallPath).Length / 1e6:N0} | {new FileInfo(path).Length / 1e6:N0} MB");
        Console.WriteLine();
        Console.WriteLine($"| | p50 ms | p99 ms | a second | p50 ms | p99 ms | a second | p50 ratio |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var ((name, rounds, inSmall), (_, _, inLarge)) in Cases(small).Zip(Cases(large)))
        {
            Warm(smallPath);
            Warm(path);
            var (a, b) = Race(rounds, inSmall, inLarge);
            Console.WriteLine($"| {name} | {Summary(a)} | {Summary(b)} | {Quantile(b, 0.5) / Quantile(a, 0.5):F2} |");
        }
        return 0;
    }

    private static readonly Actor Reader = new(2, "user0", Role.Member);

    /// <summary>The queries, each told the number of the round so that it can ask for something else every time.</summary>
    private static IEnumerable<(string Name, int Rounds, Action<int> Run)> Cases(Forum forum)
    {
        var (posts, search) = (forum.Posts, forum.Search);
        var highest = Number(forum, "SELECT max(id) FROM posts");
        foreach (var (name, filter, viewer, count, key) in Lists())
        {
            var threads = Number(forum, count);
            var page = Math.Min(DeepPage, threads / Limit); // where the list is shorter, its last one
            yield return ($"{name}, page 1", 1_000, _ => posts.Threads(filter, Limit, null, viewer));
            var deep = Deep(forum, key, (page - 1) * Limit, threads);
            yield return ($"{name}, page {DeepPage:N0}", 1_000, i => posts.Threads(filter, Limit, deep[i % deep.Count], viewer));
        }
        yield return ("one post", 1_000, i => posts.Find(1 + i * 7919L % highest));
        yield return ("replies of the longest thread, page 1", 1_000, _ => posts.Replies(1));
        var last = Number(forum, "SELECT replies FROM threads WHERE id = 1") / Limit;
        yield return ($"replies of the longest thread, page {DeepPage:N0}", 1_000,
            i => posts.Replies(1, after: Math.Max(0, Math.Min(DeepPage, last) - 1 - i % 50) * Limit));
        foreach (var (name, words) in Searches(forum))
            yield return ($"search: {name}", 500, i => search.Find(words[i % words.Count], Limit));
        yield return ("search: a common word, its tenth page", 500, Tenth(search, MillionText.Common[0]));
        var author = new Actor(3, "user1", Role.Member);
        yield return ("posting a thread", 200, i => posts.CreateThreadAsync(author, "A new thread", $"with a text of number {i}", ["tag-1"]).Wait());
        yield return ("posting a reply", 200, i => posts.CreateReplyAsync(author, 7, $"with a text of number {i}").Wait());
    }

    /// <summary>The lists, with SQL for how long each is and for the key of its n-th thread.</summary>
    private static IEnumerable<(string Name, ThreadFilter Filter, Actor? Viewer, string Count, string Key)> Lists() =>
    [
        ("newest", new(), null, "SELECT count(*) FROM threads",
            "SELECT id FROM threads ORDER BY id DESC LIMIT 200 OFFSET $n"),
        ("active", new(Active: true), null, "SELECT count(*) FROM threads",
            "SELECT last_post FROM threads INDEXED BY threads_active WHERE deleted = 0 AND pinned = 0 ORDER BY last_post DESC LIMIT 200 OFFSET $n"),
        ("an author's", new(AuthorId: 2), null, "SELECT count(*) FROM threads WHERE author_id = 2",
            "SELECT id FROM threads WHERE author_id = 2 ORDER BY id DESC LIMIT 200 OFFSET $n"),
        ("a tag's", new(Tag: "tag-0"), null, "SELECT count(*) FROM thread_tags WHERE tag_id = 1",
            "SELECT thread_id FROM thread_tags WHERE tag_id = 1 ORDER BY thread_id DESC LIMIT 200 OFFSET $n"),
        ("newest for a user", new(), Reader, "SELECT count(*) FROM threads",
            "SELECT id FROM threads ORDER BY id DESC LIMIT 200 OFFSET $n"),
        ("unread", new(Unread: true), Reader, "SELECT count(*) FROM threads WHERE id > (SELECT read_up_to FROM users WHERE id = 2)",
            "SELECT id FROM threads ORDER BY id DESC LIMIT 200 OFFSET $n"),
    ];

    private static List<(string Name, IReadOnlyList<string> Words)> Searches(Forum forum) =>
    [
        ("a rare word, in some 200 posts", Rare(forum)),
        ("a common word", MillionText.Common),
        ("a Chinese character", MillionText.Characters),
        ("two common words", [.. MillionText.Common.Zip(MillionText.Common.Skip(1), (a, b) => $"{a} {b}")]),
        ("a phrase", [.. MillionText.Common.Zip(MillionText.Common.Skip(1), (a, b) => $"\"{a} {b}\"")]),
        ("a common word, a rare author", With(forum, "author", "SELECT username FROM users WHERE posts BETWEEN 40 AND 60 ORDER BY id LIMIT 11")),
        ("a common word, a rare tag", With(forum, "tag", "SELECT name FROM tags WHERE threads BETWEEN 15 AND 25 ORDER BY id DESC LIMIT 11")),
    ];

    /// <summary>Common words with names of which there is as much in a forum of any size.</summary>
    private static List<string> With(Forum forum, string field, string names) =>
        [.. forum.Database.Read(c => c.All(names, r => r.GetString(0))).Zip(MillionText.Common, (name, word) => $"{word} {field}:{name}")];

    /// <summary>Words of which there are as many in a forum of any size.</summary>
    private static List<string> Rare(Forum forum) => [.. MillionText.Rarer.Where(word => forum.Database.Read(c => c.Number("""
        SELECT count(*)
          FROM search
         WHERE search MATCH $word
        """, ("$word", word))) is > 150 and < 250).Take(30)];

    private static Action<int> Tenth(SearchIndex search, string word)
    {
        PagePosition? at = null;
        for (var i = 1; i < 10; i++)
            at = search.Find(word, Limit, at).Next ?? at;
        return _ => search.Find(word, Limit, at);
    }

    /// <summary>Cursors near the n-th thread of a list, made from its keys.</summary>
    private static List<PagePosition> Deep(Forum forum, string keys, long n, long count)
    {
        var falls = Number(forum, "SELECT value FROM settings WHERE name = 'falls'");
        return forum.Database.Read(c => c.All(keys, r => new PagePosition(0, r.GetInt64(0), falls), ("$n", Math.Max(0, Math.Min(n, count - Limit) - 200))));
    }

    private static long Number(Forum forum, string sql) => forum.Database.Read(c => c.Number(sql)) ?? 0;

    /// <summary>Has the machine hold a file in its memory: what is measured is the forum, not how much of the file was left there before.</summary>
    private static void Warm(string path)
    {
        var buffer = new byte[1 << 20];
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        while (file.Read(buffer) > 0)
        {
        }
    }

    private static (double[] Small, double[] Large) Race(int rounds, Action<int> small, Action<int> large)
    {
        var (a, b) = (new double[rounds], new double[rounds]);
        for (var round = -rounds / 5; round < rounds; round++) // a fifth to warm up
        {
            var (inSmall, inLarge) = (Time(small, round + rounds), Time(large, round + rounds));
            if (round >= 0)
                (a[round], b[round]) = (inSmall, inLarge);
        }
        return (a, b);
    }

    private static double Time(Action<int> query, int round)
    {
        var start = Stopwatch.GetTimestamp();
        query(round);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static string Summary(double[] times) => $"{Quantile(times, 0.5):F3} | {Quantile(times, 0.99):F3} | {1000 / times.Average():N0}";

    private static double Quantile(double[] times, double share) => times.Order().ElementAt((int)(share * (times.Length - 1)));
}
