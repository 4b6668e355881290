using System.Text.Json.Nodes;

namespace TinyForum.Tests;

[TestClass]
public sealed class PostTests
{
    private static ForumOptions At(ForumOptions options) => options with { TimeProvider = new ManualTime() };

    [TestMethod]
    public async Task A_thread_looks_like_this_to_its_author_and_to_anyone()
    {
        await using var forum = await TestForum.StartAsync(At);
        var ada = await forum.UserAsync("ada");
        var made = (await ada.PostAsync("/api/posts", new { title = "Hello", body = "line\nline", tags = (string[])["News", "c-1"] })).Is(201, "success");
        Assert.AreEqual("/api/posts/1", made.Header("Location"));
        var expected = """
            {
              "post": {
                "author": {
                  "id": 2,
                  "username": "ada"
                },
                "body": "line\nline",
                "created_at": "2026-01-31T09:30:00.000Z",
                "id": 1,
                "liked": false,
                "likes": 0,
                "number": 0,
                "replies": 0,
                "tags": [
                  "News",
                  "c-1"
                ],
                "thread": 1,
                "title": "Hello",
                "unread": 0
              },
              "status": "success"
            }

            """.ReplaceLineEndings("\n");
        Assert.AreEqual(expected, made.Text);
        Assert.AreEqual(expected, (await ada.GetAsync("/api/posts/1")).Is(200).Text);
        var anyone = (await forum.Client().GetAsync("/api/posts/1")).Is(200);
        Assert.IsNull(anyone["post.liked"]);
        Assert.IsNull(anyone["post.unread"]);
    }

    [TestMethod]
    public async Task A_reply_looks_like_this_and_names_what_it_answers()
    {
        await using var forum = await TestForum.StartAsync(At);
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "Hello", body = "b" })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "first" })).Is(201);
        var made = (await ada.PostAsync("/api/posts/1/replies", new { body = "second", reply_to = 2 })).Is(201, "success");
        Assert.AreEqual("/api/posts/3", made.Header("Location"));
        Assert.AreEqual("""
            {
              "post": {
                "author": {
                  "id": 2,
                  "username": "ada"
                },
                "body": "second",
                "created_at": "2026-01-31T09:30:00.000Z",
                "id": 3,
                "liked": false,
                "likes": 0,
                "number": 2,
                "reply_to": 2,
                "thread": 1
              },
              "status": "success"
            }

            """.ReplaceLineEndings("\n"), made.Text);
        Assert.AreEqual(made.Text, (await ada.GetAsync("/api/posts/3")).Text);
        Assert.AreEqual(2, (int?)(await ada.GetAsync("/api/posts/1"))["post.replies"]);
    }

    [TestMethod]
    public async Task What_breaks_a_rule_is_refused_by_field()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        var wrong = (await ada.PostAsync("/api/posts", new { title = "", body = new string('x', 32_001), tags = (string[])["a b"] })).Is(400, "invalid input");
        CollectionAssert.AreEqual((string[])["body", "tags", "title"], ((JsonObject)wrong["errors"]!).Select(e => e.Key).ToArray());
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b", tags = (string[])["a", "b", "c", "d", "e", "f"] }))
            .IsInvalid("tags", "must be at most 5");
        (await ada.PostAsync("/api/posts", new { title = "t" })).IsInvalid("body", "is required");
        (await ada.PostAsync("/api/posts", new { title = "t", body = new string('x', 32_000), tags = (string[])["A", "a"] })).Is(201);
        Assert.HasCount(1, (JsonArray)(await ada.GetAsync("/api/posts/1"))["post.tags"]!);
        (await ada.PostAsync("/api/posts", new { title = "other", body = "b" })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = " " })).IsInvalid("body", "must not be blank");
        (await ada.PostAsync("/api/posts/1/replies", new { body = "b", reply_to = 2 })).IsInvalid("reply_to", "must be the id of a post in this thread");
        (await ada.PostAsync("/api/posts/1/replies", new { body = "b", title = "t" })).IsInvalid("title", "is not a known field");
        (await ada.PostAsync("/api/posts/99/replies", new { body = "b" })).Is(404, "thread does not exist");
        (await ada.PostAsync("/api/posts/1/replies", new { body = "b" })).Is(201);
        (await ada.PostAsync("/api/posts/3/replies", new { body = "b" })).Is(404, "thread does not exist");
        (await ada.GetAsync("/api/posts/99")).Is(404, "post does not exist");
        foreach (var spelling in (string[])["x", "01", "+1", "1.0", "%201", "0", "-1", "\u0661", "9223372036854775808"])
            (await ada.GetAsync($"/api/posts/{spelling}")).Is(404, "not found");
        (await ada.GetAsync("/api/posts/3/replies")).Is(404, "thread does not exist");
        (await ada.GetAsync("/api/posts/1/replies?after=x")).IsInvalid("after");
    }

    [TestMethod]
    [DataRow("POST", "/api/posts")]
    [DataRow("POST", "/api/posts/1/replies")]
    [DataRow("PATCH", "/api/posts/1")]
    [DataRow("DELETE", "/api/posts/1")]
    [DataRow("POST", "/api/posts/1/restore")]
    [DataRow("PUT", "/api/posts/1/like")]
    [DataRow("DELETE", "/api/posts/1/like")]
    [DataRow("PUT", "/api/posts/1/read")]
    [DataRow("PUT", "/api/posts/read")]
    [DataRow("PUT", "/api/posts/1/pin")]
    [DataRow("DELETE", "/api/posts/1/lock")]
    [DataRow("GET", "/api/posts?unread=true")]
    public async Task Without_a_login_nothing_can_be_changed(string method, string path)
    {
        await using var forum = await TestForum.StartAsync();
        (await (await forum.UserAsync("ada")).PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        (await forum.Client().SendAsync(method, path, method is "PUT" or "POST" or "PATCH" ? "{}" : null)).Is(401, "login required");
    }

    [TestMethod]
    [DataRow("中文标题，没有空格", DisplayName = "Chinese")]
    [DataRow("👩‍👩‍👧‍👦 🏳️‍🌈 𝒳", DisplayName = "emoji and beyond the BMP")]
    [DataRow("e\u0301 is not \u00e9; Z̸̢̛a̷l̶g̴o", DisplayName = "combining")]
    [DataRow("שלום \u202Bעולם\u202C مرحبا", DisplayName = "right to left")]
    [DataRow("\"\\/ <b>&amp;</b> \u2028 '; DROP TABLE posts; -- %00 {0}", DisplayName = "of meaning elsewhere")]
    public async Task Text_comes_back_exactly_as_sent(string text)
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = text, body = text + "\n\t" + text })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = text })).Is(201);
        var post = (await forum.Client().GetAsync("/api/posts/1")).Is(200);
        Assert.AreEqual(text, (string?)post["post.title"]);
        Assert.AreEqual(text + "\n\t" + text, (string?)post["post.body"]);
        Assert.AreEqual(text, (string?)(await ada.GetAsync("/api/posts"))["posts.0.title"]);
        Assert.AreEqual(text, (string?)(await ada.GetAsync("/api/posts/1/replies"))["replies.0.body"]);
    }

    [TestMethod]
    public async Task A_like_counts_once_however_often_it_is_sent()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        foreach (var (client, method, likes) in ((TestClient, string, int)[])
            [(ada, "PUT", 1), (ada, "PUT", 1), (bob, "PUT", 2), (bob, "DELETE", 1), (bob, "DELETE", 1)])
            Assert.AreEqual(likes, (int?)(await client.SendAsync(method, "/api/posts/1/like", null)).Is(200, "success")["likes"]);
        Assert.IsTrue((bool?)(await ada.GetAsync("/api/posts"))["posts.0.liked"]);
        Assert.IsFalse((bool?)(await bob.GetAsync("/api/posts/1"))["post.liked"]);
        (await ada.PutAsync("/api/posts/9/like")).Is(404, "post does not exist");
    }

    [TestMethod]
    public async Task Replies_are_paged_oldest_first_and_behind_a_number()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        for (var i = 1; i <= 5; i++)
            (await ada.PostAsync("/api/posts/1/replies", new { body = $"{i}" })).Is(201);
        CollectionAssert.AreEqual((int[])[1, 2, 3, 4, 5], await Walk("/api/posts/1/replies?limit=2"));
        CollectionAssert.AreEqual((int[])[4, 5], await Walk("/api/posts/1/replies?limit=1&after=3"));
        CollectionAssert.AreEqual((int[])[], await Walk("/api/posts/1/replies?after=5"));

        async Task<int[]> Walk(string path)
        {
            var numbers = new List<int>();
            string? next = null;
            do
            {
                var page = (await ada.GetAsync(path + (next is null ? "" : $"&cursor={next}"))).Is(200);
                numbers.AddRange(((JsonArray)page["replies"]!).Select(r => (int)r!["number"]!));
                next = (string?)page["next"];
            }
            while (next is not null);
            return [.. numbers];
        }
    }

    [TestMethod]
    public async Task A_client_that_has_a_post_gets_a_304_until_something_that_shows_changes()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        foreach (var client in (TestClient[])[ada, forum.Client()])
        {
            var tag = (await client.GetAsync("/api/posts/1")).Is(200).Header("ETag")!;
            var second = (await client.GetAsync("/api/posts/1", ("If-None-Match", tag))).Is(304);
            Assert.AreEqual(tag, second.Header("ETag"));
            Assert.IsEmpty(second.Bytes);
            (await bob.PutAsync("/api/posts/1/like")).Is(200);
            Assert.AreNotEqual(tag, (await client.GetAsync("/api/posts/1", ("If-None-Match", tag))).Is(200).Header("ETag"));
            (await bob.DeleteAsync("/api/posts/1/like")).Is(200);
            Assert.AreEqual(tag, (await client.GetAsync("/api/posts/1")).Is(200).Header("ETag"));
        }
        var mod = await forum.UserAsync("mod", "moderator");
        var seen = new HashSet<string?> { (await ada.GetAsync("/api/posts/1")).Header("ETag") };
        foreach (var (client, method, path, body) in ((TestClient, string, string, object?)[])
            [
                (mod, "PUT", "/pin", null), (mod, "PUT", "/lock", null), (mod, "POST", "/replies", new { body = "r" }),
                (ada, "PUT", "/like", null), (ada, "PUT", "/read", new { number = 1 }), (ada, "PATCH", "", new { body = "c" }),
            ])
        {
            Assert.IsLessThan(300, (int)(await client.SendAsync(method, $"/api/posts/1{path}", body)).Status);
            Assert.IsTrue(seen.Add((await ada.GetAsync("/api/posts/1")).Is(200).Header("ETag")), $"{method} {path}");
        }
        // A 304 that was not rendered leaves nothing behind for those who have nothing yet.
        (await bob.PutAsync("/api/posts/1/like")).Is(200);
        var now = (await ada.GetAsync("/api/posts/1")).Header("ETag")!;
        await forum.Client().GetAsync("/api/posts/1", ("If-None-Match", "*"));
        Assert.IsNotNull((await forum.Client().GetAsync("/api/posts/1")).Is(200)["post"], now);
    }
}
