using System.CommandLine;
using System.Diagnostics;
using TinyForum.Data;

namespace TinyForum.Bench;

/// <summary>What the queries cost in a forum of a million threads, beside the same in one of ten thousand.</summary>
internal static class MillionBench
{
    public static Command Command()
    {
        var file = new Option<string>("--database") { Description = "The file to fill, or to use if it is full; beside it one of 10,000 threads", Required = true };
        var threads = new Option<int>("--threads") { Description = "How many threads", DefaultValueFactory = _ => 1_000_000 };
        var replies = new Option<int>("--replies") { Description = "How many replies", DefaultValueFactory = _ => 5_000_000 };
        var command = new Command("million", "Lists, posts and searches at ten thousand and at a million threads") { file, threads, replies };
        command.SetAction(a => Run(Path.GetFullPath(a.GetRequiredValue(file)), a.GetValue(threads), a.GetValue(replies)));
        return command;
    }

    private static int Run(string path, int threads, int replies)
    {
        var small = Math.Min(10_000, threads);
        var smallPath = Path.ChangeExtension(path, ".small.db");
        new MillionFill(smallPath, small, (int)((long)small * replies / threads)).Run();
        new MillionFill(path, threads, replies).Run();
        foreach (var p in new[] { smallPath, path })
        {
            using var database = Database.Open(p);
            var search = new SearchIndex(database, TimeProvider.System);
            foreach (var (name, q) in new[] { ("common", MillionText.CommonWord), ("rare", MillionText.RareWord), ("char", MillionText.CommonCharacter), ("two", MillionText.TwoWords), ("author+common", "author:user3000 " + MillionText.CommonWord), ("tag+common", "tag:tag-400 " + MillionText.CommonWord), ("tag", "tag:tag-1"), ("phrase", "\"" + MillionText.TwoWords + "\"") })
            {
                try
                {
                    var times = new List<double>();
                    var hits = 0;
                    for (var i = 0; i < 200; i++)
                    {
                        var start = Stopwatch.GetTimestamp();
                        hits = search.Find(q).Items.Count;
                        times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                    }
                    var firstTime = times[0];
                    times.Sort();
                    Console.WriteLine($"{Path.GetFileName(p)} {name} {q}: first {firstTime:F2} p50 {times[100]:F2} p99 {times[198]:F2} hits {hits}");
                }
                catch (Refusal e)
                {
                    Console.WriteLine($"{name} {q}: {e.Message}");
                }
            }
        }
        return 0;
    }
}
