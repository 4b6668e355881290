using TinyForum.Data;

namespace TinyForum.Tests;

[TestClass]
public sealed class NotificationTests
{
    [TestMethod]
    public async Task A_notification_tells_who_did_what_where_without_the_text()
    {
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = time });
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        var posts = new PostWriter(forum.Server);
        var thread = await posts.ThreadAsync("ada", "Tea");
        await posts.ReplyAsync("bob", thread, "At four, @ada?");
        Assert.AreEqual("""
            {
              "notifications": [
                {
                  "created_at": "2026-01-31T09:30:00.000Z",
                  "from": {
                    "id": 3,
                    "username": "bob"
                  },
                  "id": 1,
                  "kind": "reply",
                  "post": {
                    "id": 2,
                    "number": 1,
                    "thread": 1,
                    "title": "Tea"
                  },
                  "read": false
                }
              ],
              "status": "success",
              "unread": 1
            }

            """, (await ada.GetAsync("/api/notifications")).Is(200).Text);
        Assert.AreEqual(0, (int?)(await ada.PutAsync("/api/notifications/read")).Is(200, "success")["unread"]);
        var read = (await ada.GetAsync("/api/notifications")).Is(200);
        Assert.IsTrue((bool?)read["notifications.0.read"]);
        Assert.AreEqual(0, (int?)read["unread"]);
        await ToldAsync(bob);
    }

    [TestMethod]
    public async Task A_post_calls_each_it_concerns_once_and_its_author_never()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob, eve) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"), await forum.UserAsync("eve"));
        var posts = new PostWriter(forum.Server);
        var thread = await posts.ThreadAsync("ada", body: "Hello @bob, @BOB, @ＢＯＢ and @ada");
        await ToldAsync(bob, "mention ada");
        var reply = await posts.ReplyAsync("bob", thread, "@ada @eve. `@nobody` @system @deleted");
        await ToldAsync(ada, "reply bob");
        await ToldAsync(eve, "mention bob");
        await posts.ReplyAsync("eve", thread, "@bob: indeed", reply);
        await ToldAsync(bob, "reply eve", "mention ada");
        await ToldAsync(ada, "reply eve", "reply bob");
        await posts.ReplyAsync("ada", thread, "in code `@eve` alone");
        await posts.ReplyAsync("bob", thread, "to myself", reply);
        await ToldAsync(bob, "reply eve", "mention ada");
        await ToldAsync(eve, "mention bob");
    }

    [TestMethod]
    [DataRow("Жанна", "Привет, @жанна!"), DataRow("太郎", "こんにちは@太郎さん、ではなく @太郎、"), DataRow("jo.", "Ask @jo."), DataRow("jo", "Ask @jo...")]
    public async Task A_mention_finds_names_of_any_script(string name, string body)
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("ada");
        var named = await forum.UserAsync(name);
        await new PostWriter(forum.Server).ThreadAsync("ada", body: body);
        await ToldAsync(named, "mention ada");
    }

    [TestMethod]
    public async Task The_blocked_call_nobody_who_blocks_them_until_they_are_let_through()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        var posts = new PostWriter(forum.Server);
        (await ada.PutAsync("/api/blocks/bob")).Is(200);
        var adas = await posts.ThreadAsync("ada");
        var bobs = await posts.ThreadAsync("bob", body: "@ada");
        await posts.ReplyAsync("bob", adas, "@ada");
        var reply = await posts.ReplyAsync("ada", bobs, "the other way it works: @bob");
        await posts.ReplyAsync("bob", bobs, "a reply to a reply", reply);
        await ToldAsync(ada);
        await ToldAsync(bob, "reply ada");
        (await ada.DeleteAsync("/api/blocks/bob")).Is(200);
        await posts.ReplyAsync("bob", adas);
        await ToldAsync(ada, "reply bob");
    }

    [TestMethod]
    public async Task Moderation_is_told_whoever_is_blocked_but_not_to_oneself()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        var posts = new PostWriter(forum.Server);
        (await ada.PutAsync("/api/blocks/bob")).Is(200);
        var thread = await posts.ThreadAsync("ada", "Tea");
        await posts.NotifyAsync("ada", "delete", thread, by: "bob");
        await posts.NotifyAsync("ada", "lock", thread, by: "ada");
        await ToldAsync(ada, "delete bob");
    }

    [TestMethod]
    public async Task The_suspended_are_told_nothing_until_it_is_over()
    {
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = time });
        var ada = await forum.UserAsync("ada");
        await forum.UserAsync("bob");
        var posts = new PostWriter(forum.Server);
        foreach (var until in (long?[])[null, time.GetUtcNow().AddHours(1).ToUnixTimeMilliseconds()])
        {
            await forum.Server.Database.WriteAsync(c =>
                c.Execute("UPDATE users SET suspension = 'spam', suspended_until = $until WHERE username = 'ada'", ("$until", until)));
            await posts.ThreadAsync("bob", body: "@ada");
        }
        Assert.AreEqual(0, forum.Server.Database.Read(c => c.Number("SELECT count(*) FROM notifications")));
        time.Advance(TimeSpan.FromHours(1));
        await posts.ThreadAsync("bob", body: "@ada");
        Assert.AreEqual(1, forum.Server.Database.Read(c => c.Number("SELECT unread_notifications FROM users WHERE username = 'ada'")));
        await ToldAsync(ada, "mention bob");
    }

    [TestMethod]
    public async Task What_tells_of_a_deleted_post_goes_with_it_and_the_count_too()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob, eve) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"), await forum.UserAsync("eve"));
        var posts = new PostWriter(forum.Server);
        var (thread, other) = (await posts.ThreadAsync("ada", "Tea", "@bob"), await posts.ThreadAsync("ada", "Coffee", "@bob"));
        var reply = await posts.ReplyAsync("eve", thread, "@bob");
        await posts.ReplyAsync("bob", thread, "@eve");
        await posts.ReplyAsync("bob", other, "@eve");
        (await eve.PutAsync("/api/notifications/read")).Is(200);

        await posts.DeleteAsync(reply);
        await ToldAsync(ada, "reply bob", "reply bob");
        await ToldAsync(bob, "mention ada", "mention ada");
        await posts.NotifyAsync("ada", "delete", thread, by: "eve");
        await posts.DeleteAsync(thread);
        await ToldAsync(ada, "delete eve", "reply bob");
        await ToldAsync(bob, "mention ada");
        Assert.HasCount(1, (await eve.GetAsync("/api/notifications"))["notifications"]!.AsArray());
        Assert.AreEqual(0, (int?)(await eve.GetAsync("/api/notifications"))["unread"]);
        Assert.AreEqual(thread, (long?)(await ada.GetAsync("/api/notifications"))["notifications.0.post.id"]);
        Assert.IsNull((await ada.GetAsync("/api/notifications"))["notifications.0.post.title"]);
    }

    [TestMethod]
    public async Task There_are_at_most_a_thousand_and_the_oldest_read_go_first()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        var posts = new PostWriter(forum.Server);
        var thread = await posts.ThreadAsync("ada");
        await posts.NotifyAsync("ada", "pin", thread, by: "bob", times: 2);
        (await ada.PutAsync("/api/notifications/read")).Is(200);
        await posts.NotifyAsync("ada", "lock", thread, by: "bob", times: NotificationStore.Max - 2);
        CollectionAssert.AreEqual(Range(1, 1_000), await WalkAsync(ada));
        await posts.NotifyAsync("ada", "lock", thread, by: "bob", times: 1);
        CollectionAssert.AreEqual(Range(2, 1_001), await WalkAsync(ada));
        Assert.AreEqual(999, (int?)(await ada.GetAsync("/api/notifications"))["unread"]);

        // Made the second oldest the only one that is read: it goes before older ones that are not.
        await posts.NotifyAsync("ada", "lock", thread, by: "bob", times: 1);
        CollectionAssert.AreEqual(Range(3, 1_002), await WalkAsync(ada));
        await forum.Server.Database.WriteAsync(c =>
        {
            c.Execute("UPDATE notifications SET read = 1 WHERE id = 500");
            c.Execute("UPDATE users SET unread_notifications = unread_notifications - 1 WHERE username = 'ada'");
        });
        await posts.NotifyAsync("ada", "lock", thread, by: "bob", times: 2);
        CollectionAssert.AreEqual(Range(4, 1_004).Where(id => id != 500).ToArray(), await WalkAsync(ada));
        Assert.AreEqual(1_000, (int?)(await ada.GetAsync("/api/notifications"))["unread"]);
        await ToldAsync(bob);
    }

    [TestMethod]
    public async Task Lists_are_each_users_own()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        var posts = new PostWriter(forum.Server);
        var thread = await posts.ThreadAsync("ada");
        await posts.NotifyAsync("ada", "pin", thread, by: "bob", times: 3);
        await posts.NotifyAsync("bob", "pin", thread, by: "ada", times: 1);
        var next = (await ada.GetAsync("/api/notifications?limit=1"))["next"];
        (await bob.GetAsync($"/api/notifications?cursor={next}")).IsInvalid("cursor");
        (await bob.PutAsync("/api/notifications/read")).Is(200);
        Assert.AreEqual(3, (int?)(await ada.GetAsync("/api/notifications"))["unread"]);
        await ToldAsync(ada, "pin bob", "pin bob", "pin bob");
    }

    [TestMethod]
    public async Task An_erased_user_is_told_nothing_more_and_is_deleted_to_others()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        var posts = new PostWriter(forum.Server);
        var thread = await posts.ThreadAsync("ada", body: "@bob");
        await posts.ReplyAsync("bob", thread);
        await forum.Server.Database.WriteAsync(c => NotificationStore.Erase(c, userId: 3));
        await ToldAsync(ada, "reply deleted");
        Assert.IsEmpty((await bob.GetAsync("/api/notifications"))["notifications"]!.AsArray());
    }

    private static long[] Range(int first, int last) => [.. Enumerable.Range(first, last - first + 1).Select(i => (long)i)];

    private static async Task<long[]> WalkAsync(TestClient client)
    {
        var ids = new List<long>();
        for (var query = "?limit=100"; query is not null;)
        {
            var page = (await client.GetAsync($"/api/notifications{query}")).Is(200);
            ids.AddRange(page["notifications"]!.AsArray().Select(n => (long)n!["id"]!));
            query = page["next"] is { } next ? $"?limit=100&cursor={next}" : null;
        }
        ids.Reverse();
        return [.. ids];
    }

    /// <summary>Fails unless this is all that a user was told of, newest first, and none of it is read.</summary>
    private static async Task ToldAsync(TestClient client, params string[] expected)
    {
        var answer = (await client.GetAsync("/api/notifications")).Is(200);
        var said = answer["notifications"]!.AsArray().Select(n => $"{n!["kind"]} {n["from"]!["username"]}").ToArray();
        CollectionAssert.AreEqual(expected, said, answer.Text);
        if (answer["notifications"]!.AsArray().All(n => !(bool)n!["read"]!))
            Assert.AreEqual(said.Length, (int?)answer["unread"]);
    }

    /// <summary>Makes posts as the forum does, as far as notifications have to do with it.</summary>
    private sealed class PostWriter(ForumServer server)
    {
        public Task<long> ThreadAsync(string author, string title = "Title", string body = "Body") => server.Database.WriteAsync(c =>
        {
            var (id, by) = (NewId(c), UserStore.Find(c, author)!.Id);
            c.Execute("""
                INSERT INTO threads (id, author_id, title, last_post)
                VALUES ($id, $author, $title, $id)
                """, ("$id", id), ("$author", by), ("$title", title));
            Add(c, id, id, by, body);
            server.Notifications.PostCreated(c, id, by, by, null, body);
            return id;
        });

        public Task<long> ReplyAsync(string author, long thread, string body = "Body", long? replyTo = null) => server.Database.WriteAsync(c =>
        {
            var (id, by) = (NewId(c), UserStore.Find(c, author)!.Id);
            Add(c, id, thread, by, body);
            server.Notifications.PostCreated(c, id, by, AuthorOf(c, thread), replyTo is { } post ? AuthorOf(c, post) : null, body);
            return id;
        });

        public Task DeleteAsync(long post) => server.Database.WriteAsync(c =>
        {
            c.Execute("UPDATE posts SET deleted_at = 1 WHERE id = $id", ("$id", post));
            c.Execute("UPDATE threads SET deleted = 1 WHERE id = $id", ("$id", post));
            NotificationStore.PostDeleted(c, post);
        });

        public Task NotifyAsync(string user, string kind, long post, string by, int times = 1) => server.Database.WriteAsync(c =>
        {
            for (var i = 0; i < times; i++)
                server.Notifications.Notify(c, UserStore.Find(c, user)!.Id, kind, post, UserStore.Find(c, by)!.Id);
        });

        private static long NewId(Connection connection) => 1 + (connection.Number("SELECT max(id) FROM posts") ?? 0);

        private static long AuthorOf(Connection connection, long post) =>
            connection.Number("SELECT author_id FROM posts WHERE id = $id", ("$id", post))!.Value;

        private static void Add(Connection connection, long id, long thread, long author, string body) => connection.Execute("""
            INSERT INTO posts (id, thread_id, number, author_id, body, created_at)
            VALUES ($id, $thread, (SELECT count(*) FROM posts WHERE thread_id = $thread), $author, $body, 0)
            """, ("$id", id), ("$thread", thread), ("$author", author), ("$body", body));
    }
}
