using System.Collections.Concurrent;
using TinyForum.Data;
using TinyForum.Passwords;
using TinyForum.Storage;

namespace TinyForum.Tests;

/// <summary>What a program that embeds a forum writes, as examples. Its metrics and traces are in <see cref="MetricsTests"/>.</summary>
[TestClass]
public sealed class EmbeddingTests(TestContext context)
{
    private static readonly PasswordOptions Cheap = TestForum.CheapPasswords;

    [TestMethod]
    public async Task A_forum_is_one_statement_and_its_stores_are_at_hand()
    {
        await using var forum = await ForumServer.StartAsync(new ForumOptions { Listen = ["http://127.0.0.1:0"], Database = null, Passwords = Cheap });

        var ada = await forum.Users.RegisterAsync("ada", "secret");
        var bob = await forum.Users.RegisterAsync("bob", "secret");
        var thread = await forum.Posts.CreateThreadAsync(ada!, "Hello", "First!", ["greetings"]);
        await forum.Posts.CreateReplyAsync(bob!, thread.Id, "Second!");
        await forum.Messages.SendAsync(ada!, "bob", null, "Hi");

        using var client = new HttpClient { BaseAddress = forum.Url };
        StringAssert.Contains(await client.GetStringAsync($"api/posts/{thread.Id}/replies", context.CancellationToken), "Second!");
    }

    [TestMethod]
    public async Task Several_run_in_one_process_and_know_nothing_of_each_other()
    {
        var options = new ForumOptions { Listen = ["http://127.0.0.1:0"], Database = null, Passwords = Cheap };
        var forums = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ForumServer.StartAsync(options)));
        try
        {
            Assert.AreEqual(4, forums.Select(f => f.Url).Distinct().Count());
            Assert.AreEqual(4, forums.Select(f => f.Database.Path).Distinct().Count());
            foreach (var forum in forums)
                Assert.AreEqual(2, (await forum.Users.RegisterAsync("ada", "secret"))!.Id);
        }
        finally
        {
            foreach (var forum in forums)
                await forum.DisposeAsync();
        }
    }

    [TestMethod]
    public async Task A_temporary_database_goes_with_its_forum_and_another_stays()
    {
        using var folder = new TemporaryFolder();
        var options = new ForumOptions { Listen = ["http://127.0.0.1:0"], Passwords = Cheap };
        string temporary;
        await using (var forum = await ForumServer.StartAsync(options with { Database = null }))
            Assert.IsTrue(File.Exists(temporary = forum.Database.Path));
        Assert.IsFalse(Directory.Exists(Path.GetDirectoryName(temporary)));

        await using (var forum = await ForumServer.StartAsync(options with { Database = folder["kept.db"] }))
            await forum.Users.RegisterAsync("ada", "secret");
        await using (var forum = await ForumServer.StartAsync(options with { Database = folder["kept.db"] }))
            Assert.AreEqual("ada", forum.Users.Find("ADA")?.Username);
    }

    [TestMethod]
    public async Task The_clock_is_the_embedders()
    {
        var time = new ManualTime();
        await using var forum = await ForumServer.StartAsync(
            new ForumOptions { Listen = ["http://127.0.0.1:0"], Database = null, Passwords = Cheap, TimeProvider = time });
        var ada = await forum.Users.RegisterAsync("ada", "secret");
        var token = await forum.Sessions.StartAsync(ada!, "127.0.0.1", "an example");
        time.Advance(SessionTable.Lifetime - TimeSpan.FromSeconds(1));
        Assert.AreEqual("ada", forum.Sessions.Find(token!)?.Username);
        time.Advance(SessionTable.Lifetime + TimeSpan.FromSeconds(1));
        Assert.IsNull(forum.Sessions.Find(token!));
    }

    [TestMethod]
    public async Task The_log_is_a_callback()
    {
        var log = new ConcurrentQueue<LogEntry>();
        await using (var forum = await ForumServer.StartAsync(new ForumOptions { Listen = ["http://127.0.0.1:0"], Database = null, Log = log.Enqueue }))
        {
            using var client = new HttpClient { BaseAddress = forum.Url };
            await client.GetStringAsync("healthz?secret", context.CancellationToken);
        }
        var request = log.Single(entry => entry.Request is not null).Request!;
        Assert.AreEqual(("GET", "/healthz", "/healthz", 200), (request.Method, request.Path, request.Route, request.Status));
    }

    [TestMethod]
    public async Task A_forum_that_cannot_start_says_why_and_leaves_nothing_open()
    {
        using var folder = new TemporaryFolder();
        ForumDatabase.Open(folder["old.db"]).Dispose();
        await using var first = await ForumServer.StartAsync(new ForumOptions { Listen = ["http://127.0.0.1:0"], Database = null });
        foreach (var name in (string[])["old.db", "new.db"])
        {
            var e = await Assert.ThrowsExactlyAsync<StartException>(() =>
                ForumServer.StartAsync(new ForumOptions { Listen = [first.Url.ToString()], Database = folder[name] }));
            Assert.AreEqual($"cannot listen on {first.Url}: the port is taken", e.Message);
        }
        CollectionAssert.AreEqual(new[] { folder["old.db"] }, Directory.GetFiles(folder.Path), "nor a new file");
        using var taken = DatabaseFile.TakeExclusively(folder["old.db"]);
        Assert.IsNotNull(taken);
    }
}
