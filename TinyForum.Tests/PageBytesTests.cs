using TinyForum.Data;

namespace TinyForum.Tests;

/// <summary>Pages are bounded by the bytes of their texts, too.</summary>
[TestClass]
public sealed class PageBytesTests
{
    private static readonly string Long = string.Concat(Enumerable.Repeat("😀", 32_000)); // 128,000 bytes in UTF-8

    [TestMethod]
    public async Task A_page_of_long_texts_ends_at_a_megabyte_and_the_next_goes_on_there()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = (await forum.Server.Users.RegisterAsync("ada", "secret"))!;
        var bob = (await forum.Server.Users.RegisterAsync("bob", "secret"))!;
        var thread = await forum.Server.Posts.CreateThreadAsync(ada, "t", "short");
        for (var i = 0; i < 20; i++)
        {
            await forum.Server.Posts.CreateReplyAsync(ada, thread.Id, Long);
            await forum.Server.Posts.CreateThreadAsync(ada, $"t{i}", Long, ["long"]);
            await forum.Server.Posts.EditAsync(ada, thread.Id, null, Long[..^2] + i % 10, null);
        }
        for (var i = 0; i < 60; i++)
            await forum.Server.Messages.SendAsync(ada, "bob", null, Long[..16_384]);
        var client = await forum.UserAsync("eve");
        (await client.PostAsync("/api/login", new { username = "bob", password = "secret" })).Is(200);

        await WalkAsync(client, $"/api/posts/{thread.Id}/replies?limit=100", "replies", 20);
        await WalkAsync(client, "/api/posts?limit=100", "posts", 21);
        await WalkAsync(client, "/api/posts?limit=100&sort=active&tag=long", "posts", 20);
        await WalkAsync(client, $"/api/posts/{thread.Id}/history?limit=100", "versions", 21);
        await WalkAsync(client, "/api/messages?limit=100", "messages", 60);
        await WalkAsync(client, "/api/search?limit=100&q=tag:long", "results", 20);
        Assert.AreEqual(60, bob.Id > 0 ? forum.Server.Messages.CountUnread(bob) : 0);
    }

    [TestMethod]
    public async Task One_row_that_is_longer_than_a_page_is_a_page()
    {
        var rows = new PageRows<Message>(10);
        var message = new Message(1, Actor.System, Actor.System, null, new string('x', 2 * PageText.MaxBytes), default, null);
        Assert.IsTrue(rows.Add(message));
        Assert.IsFalse(rows.Add(message with { Id = 2, Body = "" }));
        var page = rows.ToPage(last => [last.Id]);
        Assert.AreEqual(1, page.Items.Single().Id);
        Assert.AreEqual(1, page.Next!.Key[0]);
        await Task.CompletedTask;
    }

    private static async Task WalkAsync(TestClient client, string target, string list, int? count)
    {
        var (ids, next) = (new HashSet<string>(), "");
        do
        {
            var page = (await client.GetAsync(target + (next.Length > 0 ? $"&cursor={next}" : ""))).Is(200);
            Assert.IsLessThan(PageText.MaxBytes * 6 / 5, page.Bytes.Length, target);
            var rows = page[list]!.AsArray();
            Assert.IsGreaterThan(0, rows.Count);
            foreach (var row in rows)
                Assert.IsTrue(ids.Add((row!["id"] ?? row["revision"] ?? row["post"]!["id"])!.ToJsonString()), $"{target} has a row twice");
            next = (string?)page["next"] ?? "";
        }
        while (next.Length > 0);
        if (count is not null)
            Assert.HasCount(count.Value, ids, target);
    }
}
