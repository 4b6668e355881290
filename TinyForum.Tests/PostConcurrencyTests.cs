using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace TinyForum.Tests;

[TestClass]
public sealed class PostConcurrencyTests
{
    [TestMethod]
    public async Task Of_64_clients_that_reply_and_read_at_once_nothing_is_lost_and_numbers_have_no_gap()
    {
        const int Clients = 64, Each = 4;
        await using var forum = await TestForum.StartAsync();
        var users = await Task.WhenAll(Enumerable.Range(0, Clients).Select(i => forum.UserAsync($"u{i}")));
        (await users[0].PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        await Task.WhenAll(users.Select(async (user, i) =>
        {
            for (var n = 0; n < Each; n++)
            {
                var made = (await user.PostAsync("/api/posts/1/replies", new { body = $"{i}-{n}" })).Is(201);
                var after = (int)made["post.number"]! - 1;
                Assert.AreEqual($"{i}-{n}", (string?)(await user.GetAsync($"/api/posts/1/replies?limit=1&after={after}")).Is(200)["replies.0.body"]);
            }
        }));
        var bodies = new List<string>();
        for (var after = 0; after < Clients * Each; after += 64)
        {
            var replies = (JsonArray)(await users[0].GetAsync($"/api/posts/1/replies?limit=64&after={after}")).Is(200)["replies"]!;
            CollectionAssert.AreEqual(Enumerable.Range(after + 1, 64).ToArray(), replies.Select(r => (int)r!["number"]!).ToArray());
            bodies.AddRange(replies.Select(r => (string)r!["body"]!));
        }
        CollectionAssert.AreEquivalent(Enumerable.Range(0, Clients).SelectMany(i => Enumerable.Range(0, Each).Select(n => $"{i}-{n}")).ToArray(), bodies);
        Assert.AreEqual(Clients * Each, (int?)(await forum.Client().GetAsync("/api/posts/1"))["post.replies"]);
    }

    [TestMethod]
    public async Task A_dozen_racing_on_one_key_get_one_post_between_them()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        foreach (var path in (string[])["/api/posts", "/api/posts/1/replies"])
        {
            object body = path == "/api/posts" ? new { title = "t", body = "b" } : new { body = "r" };
            var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => ada.PostAsync(path, body, ("Idempotency-Key", "k" + path))));
            Assert.HasCount(1, answers.Select(a => a.Is(201, "success").Text + a.Header("Location")).Distinct());
            Assert.AreEqual(11, answers.Count(a => a.Header("Idempotency-Replayed") == "true"));
        }
        Assert.HasCount(1, (JsonArray)(await ada.GetAsync("/api/posts"))["posts"]!);
        Assert.HasCount(1, (JsonArray)(await ada.GetAsync("/api/posts/1/replies"))["replies"]!);
    }

    [TestMethod]
    public async Task A_key_stands_for_one_request_of_one_user_for_a_day()
    {
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = time });
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        (string, string) key = ("Idempotency-Key", "k");
        var thread = new { title = "t", body = "b" };
        (await ada.PostAsync("/api/posts", thread, key)).Is(201);
        (await ada.PostAsync("/api/posts", new { title = "t", body = "c" }, key)).Is(422);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "b" }, key)).Is(422);
        Assert.AreEqual("/api/posts/2", (await bob.PostAsync("/api/posts", thread, key)).Is(201).Header("Location"));
        (await ada.PostAsync("/api/posts", thread, ("Idempotency-Key", "with space"))).IsInvalid("Idempotency-Key");
        time.Advance(TimeSpan.FromHours(24) - TimeSpan.FromMilliseconds(1));
        Assert.AreEqual("/api/posts/1", (await ada.PostAsync("/api/posts", thread, key)).Is(201).Header("Location"));
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.AreEqual("/api/posts/3", (await ada.PostAsync("/api/posts", thread, key)).Is(201).Header("Location"));
    }

    [TestMethod]
    public async Task A_refused_request_leaves_its_key_free()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, mod) = (await forum.UserAsync("ada"), await forum.UserAsync("mod", "moderator"));
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        (await mod.PutAsync("/api/posts/1/lock")).Is(200);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "r" }, ("Idempotency-Key", "k"))).Is(403);
        (await mod.DeleteAsync("/api/posts/1/lock")).Is(200);
        Assert.IsNull((await ada.PostAsync("/api/posts/1/replies", new { body = "r" }, ("Idempotency-Key", "k"))).Is(201).Header("Idempotency-Replayed"));
    }

    [TestMethod]
    [DataRow(false, DisplayName = "shut down in order")]
    [DataRow(true, DisplayName = "killed")]
    public async Task Who_never_got_the_answer_gets_it_by_asking_again_after_the_server_is_restarted(bool killed)
    {
        var folder = Directory.CreateTempSubdirectory("tinyforum-test-").FullName;
        var (file, asKilled) = (Path.Combine(folder, "forum.db"), Path.Combine(folder, "killed.db"));
        const string Body = """{"title":"t","body":"b"}""";
        try
        {
            await using (var forum = await TestForum.StartAsync(o => o with { Database = file }))
            {
                var ada = forum.Client();
                (await ada.PostAsync("/api/register", new { username = "ada", password = "secret" })).Is(200);
                var login = (await ada.PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200);
                using var socket = new TcpClient { LingerState = new LingerOption(true, 0) };
                await socket.ConnectAsync(forum.Url.Host, forum.Url.Port);
                await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                    $"POST /api/posts HTTP/1.1\r\nHost: {forum.Url.Authority}\r\nCookie: {login.Header("Set-Cookie")!.Split(';')[0]}\r\n"
                    + $"Content-Type: application/json\r\nContent-Length: {Body.Length}\r\nIdempotency-Key: once\r\n\r\n{Body}"));
                while (forum.Server.Posts.Find(1) is null)
                    await Task.Yield(); // it is committed; the answer is never read
                // What a kill would leave on the disk.
                File.Copy(file, asKilled);
                File.Copy(file + "-wal", asKilled + "-wal");
            }
            await using (var forum = await TestForum.StartAsync(o => o with { Database = killed ? asKilled : file }))
            {
                var ada = forum.Client();
                (await ada.PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200);
                var again = (await ada.PostAsync("/api/posts", Body, ("Idempotency-Key", "once"))).Is(201, "success");
                Assert.AreEqual("true", again.Header("Idempotency-Replayed"));
                Assert.AreEqual("/api/posts/1", again.Header("Location"));
                Assert.AreEqual((await ada.GetAsync("/api/posts/1")).Text, again.Text);
                Assert.HasCount(1, (JsonArray)(await ada.GetAsync("/api/posts"))["posts"]!);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
