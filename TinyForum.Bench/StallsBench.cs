using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using TinyForum.Data;
using TinyForum.Storage;

namespace TinyForum.Bench;

/// <summary>
/// How long a short reply of one user waits while another one makes the largest changes that may be made. In the process, without HTTP. The
/// database gets accounts and posts more.
/// </summary>
internal static class StallsBench
{
    private const int Posts = 5_000, LongReplies = 1_500, Rows = 10_000;

    private static readonly TimeSpan Least = TimeSpan.FromSeconds(3);

    private static readonly string Text = string.Concat(Enumerable.Repeat("Mine leaks a little after three winters. ", 780));
    private static readonly string Expanding = new('\uFDFA', 32_000);
    private static readonly string Different =
        string.Concat(Enumerable.Range(0x4E00, 20_900).Concat(Enumerable.Range(0xAC00, 11_100)).Select(c => (char)c));

    public static Command Command()
    {
        var file = new Option<string>("--database")
        { Description = "A database that was filled by bench million; it gets accounts and posts more", Required = true };
        var command = new Command("stalls", "How long others' writes wait for the largest there are") { file };
        command.SetAction(a => RunAsync(a.GetRequiredValue(file)));
        return command;
    }

    private static async Task<int> RunAsync(string path)
    {
        Machine.Describe(Console.Out);
        await using var forum = new Forum(new ForumOptions { Database = path });
        Console.WriteLine("| while | a time, ms | replies | p50 ms | p99 ms | p99.9 ms | most ms |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
        var someone = await RegisterAsync(forum);
        var thread = (await forum.Posts.CreateThreadAsync(someone, "A thread", "of short replies")).Id;
        foreach (var (name, work) in Cases(forum, await RegisterAsync(forum)))
        {
            var (times, runs) = (new List<double>(), new List<double>());
            using var over = new CancellationTokenSource();
            var writing = Task.Run(async () =>
            {
                while (!over.IsCancellationRequested)
                {
                    var start = Stopwatch.GetTimestamp();
                    await forum.Posts.CreateReplyAsync(someone, thread, "A short reply.");
                    times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                    await Task.Delay(1);
                }
            });
            var begun = Stopwatch.GetTimestamp();
            for (var round = 0; round % 2 == 1 || round == 0 || Stopwatch.GetElapsedTime(begun) < Least; round++)
            {
                var start = Stopwatch.GetTimestamp();
                await work(round);
                runs.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
            await over.CancelAsync();
            await writing;
            times.Sort();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {name} | {runs.Order().ElementAt(runs.Count / 2):N0} | {times.Count:N0} | {At(0.5)} | {At(0.99)} | {At(0.999)} | {At(1)} |"));

            string At(double share) => times[(int)Math.Ceiling(share * times.Count) - 1].ToString("F1", CultureInfo.InvariantCulture);
        }
        return 0;
    }

    private static IEnumerable<(string Name, Func<int, Task> Work)> Cases(Forum forum, Actor actor)
    {
        var posts = forum.Posts;
        yield return ("nothing else happens", _ => Task.Delay(Least));
        yield return ("posts of 32,000 × U+FDFA", _ => posts.CreateThreadAsync(actor, "t", Expanding));
        yield return ("posts of 32,000 different characters", _ => posts.CreateThreadAsync(actor, "t", Different));
        var edited = posts.CreateThreadAsync(actor, "t", Different).Result.Id;
        yield return ("such a post is edited", i => posts.EditAsync(actor, edited, null, Different[(1 + i % 9)..], null));
        var tagged = Fill(forum, c => FillThread(c, actor.Id, LongReplies, Text));
        yield return ("a thread of 1,500 long replies gets other tags", i => posts.EditAsync(actor, tagged, null, null, [$"a{i}", "b", "c", "d", "e"]));
        yield return ("it is deleted and restored", i => i % 2 == 0 ? posts.DeleteAsync(actor, tagged) : posts.RestoreAsync(actor, tagged));
        yield return ("the longest thread is deleted and restored",
            i => i % 2 == 0 ? posts.DeleteAsync(Actor.System, 1) : posts.RestoreAsync(Actor.System, 1));
        Fill(forum, c => c.Execute("""
            INSERT INTO reading (user_id, thread_id, number)
            SELECT id, $thread, 1000 FROM users WHERE id > 1 LIMIT 10000 ON CONFLICT DO NOTHING
            """, ("$thread", tagged)));
        yield return ("a reply that 10,000 have read is deleted and restored",
            i => i % 2 == 0 ? posts.DeleteAsync(actor, tagged + 1) : posts.RestoreAsync(actor, tagged + 1));
        Fill(forum, c => c.Execute("""
            INSERT INTO reading (user_id, thread_id, number)
            SELECT $user, id, 0 FROM threads WHERE deleted = 0 LIMIT 10000 ON CONFLICT DO NOTHING
            """, ("$user", actor.Id)));
        yield return ("everything is marked as read", _ => posts.MarkAllReadAsync(actor));
        Fill(forum, c => FillMail(c, actor.Id));
        yield return ("10,000 messages are marked as read", _ => forum.Messages.MarkAllReadAsync(actor));
        var victims = new Queue<Actor>();
        for (var i = 0; i < 3; i++)
        {
            victims.Enqueue(RegisterAsync(forum).Result);
            Fill(forum, c => FillThread(c, victims.Last().Id, Posts, Text));
            Fill(forum, c => FillMail(c, victims.Last().Id));
        }
        yield return ("an account with 5,000 long posts is exported", async _ =>
            await (await forum.Exports.MakeAsync(victims.Peek(), new JsonWriterOptions(), (_, write) => write())).Content.DisposeAsync());
        yield return ("it is erased", _ => victims.TryDequeue(out var victim) ? forum.Users.EraseAsync(victim) : Task.Delay(Least));
    }

    private static async Task<Actor> RegisterAsync(Forum forum) => (await forum.Users.RegisterAsync($"stalls{Random.Shared.Next():x}", "secret"))!;

    private static T Fill<T>(Forum forum, Func<Connection, T> fill) => forum.Database.WriteAsync(fill).Result;

    private static long FillThread(Connection c, long userId, int replies, string body)
    {
        var id = c.Number("SELECT max(id) + 1 FROM posts")!.Value;
        c.Execute("INSERT INTO threads (id, author_id, title, replies, last_number, last_post) VALUES ($id, $user, 't', $n, $n, $id + $n)",
            ("$id", id), ("$user", userId), ("$n", replies));
        for (var i = 0; i <= replies; i++)
        {
            c.Execute("INSERT INTO posts (id, thread_id, number, author_id, body, created_at) VALUES ($id, $thread, $number, $user, $body, 0)",
                ("$id", id + i), ("$thread", id), ("$number", i), ("$user", userId), ("$body", body));
        }
        c.Execute("UPDATE users SET posts = posts + $n WHERE id = $user", ("$n", replies + 1), ("$user", userId));
        return id;
    }

    private static int FillMail(Connection c, long userId)
    {
        for (var i = 0; i < Rows; i++)
        {
            var id = c.Number("INSERT INTO messages (sender_id, recipient_id, body, created_at) VALUES (2, $user, $body, 0) RETURNING id",
                ("$user", userId), ("$body", Text[..8_000]));
            c.Execute("""
                INSERT INTO mailbox (owner_id, message_id, peer_id, inbox, sent, unread)
                VALUES ($user, $id, 2, 1, 0, 1), (2, $id, $user, 0, 1, 0)
                """, ("$user", userId), ("$id", id));
        }
        return c.Execute("UPDATE users SET unread_messages = unread_messages + $n WHERE id = $user", ("$n", Rows), ("$user", userId));
    }
}
