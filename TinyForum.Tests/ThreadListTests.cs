using System.Text.Json.Nodes;

namespace TinyForum.Tests;

[TestClass]
public sealed class ThreadListTests
{
    private static string Ids(Answer page) => string.Join(" ", ((JsonArray)page.Is(200, "success")["posts"]!).Select(p => (int)p!["id"]!));

    [TestMethod]
    public async Task Threads_are_listed_newest_first_or_by_latest_reply_narrowed_by_author_tag_and_unread()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        (await ada.PostAsync("/api/posts", new { title = "1", body = "b", tags = (string[])["a"] })).Is(201);
        (await bob.PostAsync("/api/posts", new { title = "2", body = "b", tags = (string[])["a", "b"] })).Is(201);
        (await ada.PostAsync("/api/posts", new { title = "3", body = "b" })).Is(201);
        (await bob.PostAsync("/api/posts/1/replies", new { body = "r" })).Is(201);
        foreach (var (query, ids) in ((string, string)[])
            [
                ("", "3 2 1"), ("?sort=newest", "3 2 1"), ("?sort=active", "1 3 2"), ("?author=ADA", "3 1"),
                ("?author=ada&sort=active", "1 3"), ("?tag=A", "2 1"),
                ("?tag=a&sort=active", "1 2"), ("?tag=a&author=bob", "2"), ("?tag=a&author=ada&sort=active", "1"), ("?unread=true", "2 1"),
                ("?unread=true&sort=active", "1 2"), ("?unread=false", "3 2 1"), ("?author=nobody", ""), ("?tag=none", ""), ("?tag=no+tag", ""),
            ])
            Assert.AreEqual(ids, Ids(await ada.GetAsync($"/api/posts{query}")), query);
        (await ada.GetAsync("/api/posts?sort=best")).IsInvalid("sort", "must be newest or active");
        (await ada.GetAsync("/api/posts?unread=1")).IsInvalid("unread", "must be true or false");
        (await ada.GetAsync("/api/posts?limit=0")).IsInvalid("limit");
    }

    [TestMethod]
    public async Task Pinned_threads_lead_the_first_page_and_cursors_serve_their_own_list_alone()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, mod) = (await forum.UserAsync("ada"), await forum.UserAsync("mod", "moderator"));
        for (var i = 1; i <= 4; i++)
            (await ada.PostAsync("/api/posts", new { title = $"{i}", body = "b", tags = (string[])["a"] })).Is(201);
        (await mod.PutAsync("/api/posts/2/pin")).Is(200, "success");
        var first = await ada.GetAsync("/api/posts?limit=2");
        Assert.AreEqual("2 4", Ids(first));
        Assert.IsTrue((bool?)first["posts.0.pinned"]);
        Assert.IsNull(first["posts.1.pinned"]);
        var next = (string)first["next"]!;
        var second = await ada.GetAsync($"/api/posts?limit=2&cursor={next}");
        Assert.AreEqual("3 1", Ids(second));
        Assert.IsNull(second["next"]);
        foreach (var query in (string[])["sort=active", "author=ada", "tag=a", "unread=true"])
            (await ada.GetAsync($"/api/posts?{query}&cursor={next}")).IsInvalid("cursor");
        (await ada.GetAsync($"/api/posts?cursor={next[..^1]}{(next[^1] == 'A' ? 'B' : 'A')}")).IsInvalid("cursor");
        (await ada.GetAsync("/api/posts?cursor=x")).IsInvalid("cursor");
        (await ada.GetAsync($"/api/posts/1/replies?cursor={next}")).IsInvalid("cursor");
        (await mod.DeleteAsync("/api/posts/2/pin")).Is(200);
        Assert.AreEqual("4 3 2 1", Ids(await ada.GetAsync("/api/posts")));
    }

    [TestMethod]
    [DataRow("", "3 2", DisplayName = "by age it did not move")]
    [DataRow("sort=active", "1 3", DisplayName = "by activity it fell below what the walk has seen")]
    public async Task A_thread_that_loses_its_latest_reply_is_left_out_only_where_that_moves_it(string sort, string first)
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        for (var i = 1; i <= 3; i++)
            (await ada.PostAsync("/api/posts", new { title = $"{i}", body = "b" })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "r" })).Is(201);
        var page = await ada.GetAsync($"/api/posts?limit=2&{sort}");
        Assert.AreEqual(first, Ids(page));
        (await ada.DeleteAsync("/api/posts/4")).Is(200);
        Assert.AreEqual(sort == "" ? "1" : "2", Ids(await ada.GetAsync($"/api/posts?limit=2&{sort}&cursor={page["next"]}")));
        Assert.AreEqual("3 2 1", Ids(await ada.GetAsync($"/api/posts?{sort}")));
    }

    [TestMethod]
    public async Task Only_moderators_pin_and_lock_it_is_logged_once_and_told_to_the_author()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, mod) = (await forum.UserAsync("ada"), await forum.UserAsync("mod", "moderator"));
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "r" })).Is(201);
        foreach (var path in (string[])["pin", "lock"])
            foreach (var method in (string[])["PUT", "DELETE"])
            {
                (await ada.SendAsync(method, $"/api/posts/1/{path}", null)).Is(403, "only a moderator may do this");
                (await mod.SendAsync(method, $"/api/posts/2/{path}", null)).Is(404, "thread does not exist");
                (await mod.SendAsync(method, $"/api/posts/9/{path}", null)).Is(404, "thread does not exist");
                for (var i = 0; i < 2; i++)
                    (await mod.SendAsync(method, $"/api/posts/1/{path}?reason=so", null)).Is(200, "success");
            }
        CollectionAssert.AreEqual((string[])["3 pin 1 so", "3 unpin 1 so", "3 lock 1 so", "3 unlock 1 so"], forum.Log());
        CollectionAssert.AreEqual((string[])["2 pin 1 3", "2 unpin 1 3", "2 lock 1 3", "2 unlock 1 3"], forum.Notifications());
    }

    [TestMethod]
    public async Task A_locked_thread_takes_replies_of_moderators_alone()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, mod) = (await forum.UserAsync("ada"), await forum.UserAsync("mod", "moderator"));
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        (await mod.PutAsync("/api/posts/1/lock")).Is(200);
        Assert.IsTrue((bool?)(await ada.GetAsync("/api/posts/1"))["post.locked"]);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "r" })).Is(403, "the thread is locked");
        (await mod.PostAsync("/api/posts/1/replies", new { body = "r" })).Is(201);
        (await ada.PatchAsync("/api/posts/1", new { body = "edits are not replies" })).Is(200);
        (await mod.DeleteAsync("/api/posts/1/lock")).Is(200);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "r" })).Is(201);
    }

    [TestMethod]
    public async Task Unread_counts_go_down_by_reading_and_never_up_by_it()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        for (var i = 1; i <= 3; i++)
            (await ada.PostAsync("/api/posts/1/replies", new { body = $"{i}" })).Is(201);
        Assert.AreEqual(0, await Unread(ada));
        Assert.AreEqual(4, await Unread(bob));
        foreach (var (number, left) in ((int, int)[])[(0, 3), (2, 1), (1, 1), (3, 0)])
        {
            (await bob.PutAsync("/api/posts/1/read", new { number })).Is(200, "success");
            Assert.AreEqual(left, await Unread(bob));
        }
        foreach (var number in (int[])[-1, 4])
            (await bob.PutAsync("/api/posts/1/read", new { number })).IsInvalid("number", "must be the number of a post in this thread");
        (await bob.PutAsync("/api/posts/2/read", new { number = 0 })).Is(404, "thread does not exist");
        (await ada.PostAsync("/api/posts/1/replies", new { body = "4" })).Is(201);
        Assert.AreEqual(1, await Unread(bob));
        (await bob.PutAsync("/api/posts/read")).Is(200, "success");
        Assert.AreEqual(0, await Unread(bob));

        async Task<int?> Unread(TestClient client)
        {
            var unread = (int?)(await client.GetAsync("/api/posts/1"))["post.unread"];
            Assert.AreEqual(unread, (int?)(await client.GetAsync("/api/posts"))["posts.0.unread"]);
            return unread;
        }
    }

    [TestMethod]
    public async Task Tags_are_listed_by_name_with_their_visible_threads()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b", tags = (string[])["中文", "b", "Ähre"] })).Is(201);
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b", tags = (string[])["B", "ähre", "ｂ"] })).Is(201);
        var names = new List<string>();
        string? next = null;
        do
        {
            var page = (await ada.GetAsync($"/api/tags?limit=1{(next is null ? "" : $"&cursor={next}")}")).Is(200, "success");
            names.Add($"{page["tags.0.name"]} {page["tags.0.threads"]}");
            next = (string?)page["next"];
        }
        while (next is not null);
        CollectionAssert.AreEqual((string[])["b 2", "Ähre 2", "中文 1"], names);
    }
}
