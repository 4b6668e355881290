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
        var thread = await ThreadAsync(ada, "Tea");
        await ReplyAsync(bob, thread, "At four, @ada?");
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
        var thread = await ThreadAsync(ada, body: "Hello @bob, @BOB, @ＢＯＢ and @ada");
        await ToldAsync(bob, "mention ada");
        var reply = await ReplyAsync(bob, thread, "@ada @eve. `@nobody` @system @deleted");
        await ToldAsync(ada, "reply bob");
        await ToldAsync(eve, "mention bob");
        await ReplyAsync(eve, thread, "@bob: indeed", reply);
        await ToldAsync(bob, "reply eve", "mention ada");
        await ToldAsync(ada, "reply eve", "reply bob");
        await ReplyAsync(ada, thread, "in code `@eve` alone");
        await ReplyAsync(bob, thread, "to myself", reply);
        await ToldAsync(bob, "reply eve", "mention ada");
        await ToldAsync(eve, "mention bob");
    }

    [TestMethod]
    [DataRow("Жанна", "Привет, @жанна!"), DataRow("太郎", "こんにちは@太郎さん、ではなく @太郎、")]
    [DataRow("jo.", "Ask @jo."), DataRow("jo", "Ask @jo...")]
    public async Task A_mention_finds_names_of_any_script(string name, string body)
    {
        await using var forum = await TestForum.StartAsync();
        var named = await forum.UserAsync(name.TrimEnd('.'));
        if (name.EndsWith('.')) // as names could before schema 5
            await forum.Database.WriteAsync(c => c.Execute("UPDATE users SET username = $name, username_key = $name WHERE id = 2", ("$name", name)));
        await ThreadAsync(await forum.UserAsync("ada"), body: body);
        await ToldAsync(named, "mention ada");
    }

    [TestMethod]
    public async Task The_blocked_call_nobody_who_blocks_them_until_they_are_let_through()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        (await ada.PutAsync("/api/blocks/bob")).Is(200);
        var adas = await ThreadAsync(ada);
        var bobs = await ThreadAsync(bob, body: "@ada");
        await ReplyAsync(bob, adas, "@ada");
        var reply = await ReplyAsync(ada, bobs, "the other way it works: @bob");
        await ReplyAsync(bob, bobs, "a reply to a reply", reply);
        await ToldAsync(ada);
        await ToldAsync(bob, "reply ada");
        (await ada.DeleteAsync("/api/blocks/bob")).Is(200);
        await ReplyAsync(bob, adas);
        await ToldAsync(ada, "reply bob");
    }

    [TestMethod]
    public async Task Moderation_is_told_whoever_is_blocked_but_not_to_oneself()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob", "moderator"));
        (await ada.PutAsync("/api/blocks/bob")).Is(200);
        var (adas, bobs) = (await ThreadAsync(ada), await ThreadAsync(bob));
        foreach (var thread in (long[])[adas, bobs])
            (await bob.PutAsync($"/api/posts/{thread}/lock")).Is(200);
        (await bob.DeleteAsync($"/api/posts/{adas}")).Is(200);
        await ToldAsync(ada, "delete bob", "lock bob");
        await ToldAsync(bob);
    }

    [TestMethod]
    public async Task Who_is_suspended_for_a_time_is_told_all_and_who_is_for_good_nothing()
    {
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = time });
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        foreach (var (until, told) in ((long?, long)[])[(null, 0), (time.GetUtcNow().AddHours(1).ToUnixTimeMilliseconds(), 1)])
        {
            await forum.Database.WriteAsync(c =>
                c.Execute("UPDATE users SET suspension = 'spam', suspended_until = $until WHERE username = 'ada'", ("$until", until)));
            await ThreadAsync(bob, body: "@ada");
            Assert.AreEqual(told, forum.Database.Read(c => c.Number("SELECT unread_notifications FROM users WHERE username = 'ada'")));
        }
        time.Advance(TimeSpan.FromHours(1));
        await ThreadAsync(bob, body: "@ada");
        await ToldAsync(ada, "mention bob", "mention bob");
    }

    [TestMethod]
    public async Task What_tells_of_a_deleted_post_goes_and_comes_back_with_it_and_the_count_too()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob, eve) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"), await forum.UserAsync("eve", "moderator"));
        var (thread, other) = (await ThreadAsync(ada, "Tea", "@bob"), await ThreadAsync(ada, "Coffee", "@bob"));
        var reply = await ReplyAsync(eve, thread, "@bob");
        await ReplyAsync(bob, thread, "@eve");
        await ReplyAsync(bob, other, "@eve");
        (await eve.PutAsync("/api/notifications/read")).Is(200);

        (await eve.DeleteAsync($"/api/posts/{reply}")).Is(200);
        await ToldAsync(ada, "reply bob", "reply bob");
        await ToldAsync(bob, "mention ada", "mention ada");
        (await eve.DeleteAsync($"/api/posts/{thread}")).Is(200);
        await ToldAsync(ada, "delete eve", "reply bob");
        await ToldAsync(bob, "mention ada");
        Assert.HasCount(1, (await eve.GetAsync("/api/notifications"))["notifications"]!.AsArray());
        Assert.AreEqual(0, (int?)(await eve.GetAsync("/api/notifications"))["unread"]);
        Assert.AreEqual(thread, (long?)(await ada.GetAsync("/api/notifications"))["notifications.0.post.id"]);
        Assert.IsNull((await ada.GetAsync("/api/notifications"))["notifications.0.post.title"]);

        (await eve.PostAsync($"/api/posts/{thread}/restore")).Is(200);
        await ToldAsync(ada, "restore eve", "delete eve", "reply bob", "reply bob");
        Assert.AreEqual("Tea", (string?)(await ada.GetAsync("/api/notifications"))["notifications.1.post.title"]);
        await ToldAsync(bob, "mention ada", "mention ada");
        Assert.HasCount(2, (await eve.GetAsync("/api/notifications"))["notifications"]!.AsArray());
        Assert.AreEqual(0, (int?)(await eve.GetAsync("/api/notifications"))["unread"], "read as it was");
        (await eve.PostAsync($"/api/posts/{reply}/restore")).Is(200);
        await ToldAsync(bob, "mention eve", "mention ada", "mention ada");
        Assert.IsEmpty(forum.Database.Read(c => Maintenance.IntegrityCheck.Run(c)));
    }

    [TestMethod]
    public async Task What_is_hidden_stays_as_it_was_and_is_the_first_to_go()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        var (first, second) = (await ThreadAsync(bob, body: "@ada"), await ThreadAsync(bob, body: "@ada"));
        await NotifyAsync(forum, "ada", "pin", first, by: "bob", times: NotificationStore.Max - 2);
        (await bob.DeleteAsync($"/api/posts/{second}")).Is(200);
        (await ada.PutAsync("/api/notifications/read")).Is(200);
        (await bob.PostAsync($"/api/posts/{second}/restore")).Is(200);
        Assert.AreEqual(1, (int?)(await ada.GetAsync("/api/notifications"))["unread"], "marking all as read is about what shows");
        (await bob.DeleteAsync($"/api/posts/{second}")).Is(200);
        await NotifyAsync(forum, "ada", "pin", first, by: "bob", times: 1);
        CollectionAssert.AreEqual(Range(1, 1_001).Where(id => id != 2).ToArray(), await WalkAsync(ada));
        (await bob.PostAsync($"/api/posts/{second}/restore")).Is(200);
        CollectionAssert.AreEqual(Range(1, 1_001).Where(id => id != 2).ToArray(), await WalkAsync(ada));
    }

    [TestMethod]
    public async Task An_edit_tells_whom_it_mentions_once_and_takes_back_what_is_unread()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob, eve) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"), await forum.UserAsync("eve", "moderator"));
        var thread = await ThreadAsync(ada, body: "Hello");
        await EditAsync(ada, "Hello @bob");
        await ToldAsync(bob, "mention ada");
        await EditAsync(ada, "Hello @bob, and again @bob and @ada");
        await ToldAsync(bob, "mention ada");
        await EditAsync(ada, "Hello `@bob` @eve");
        await ToldAsync(bob);
        await ToldAsync(eve, "mention ada");
        (await eve.PutAsync("/api/notifications/read")).Is(200);
        await EditAsync(ada, "Hello @bob");
        await EditAsync(ada, "Hello @bob @eve");
        await ToldAsync(bob, "mention ada");
        Assert.HasCount(1, (await eve.GetAsync("/api/notifications"))["notifications"]!.AsArray(), "what was read is not told again");
        (await ada.PatchAsync($"/api/posts/{thread}", new { title = "Other" })).Is(200);
        await EditAsync(eve, "Hello @ada");
        await ToldAsync(bob);
        await ToldAsync(ada, "edit eve");
        Assert.IsEmpty(forum.Database.Read(c => Maintenance.IntegrityCheck.Run(c)));

        async Task EditAsync(TestClient editor, string body) => (await editor.PatchAsync($"/api/posts/{thread}", new { body })).Is(200);
    }

    [TestMethod]
    public async Task An_edit_tells_nobody_who_was_told_of_the_post_already_or_blocks_its_author()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob, eve) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"), await forum.UserAsync("eve"));
        (await eve.PutAsync("/api/blocks/ada")).Is(200);
        var thread = await ThreadAsync(bob);
        var reply = await ReplyAsync(ada, thread);
        (await ada.PatchAsync($"/api/posts/{reply}", new { body = "@bob @eve" })).Is(200);
        await ToldAsync(bob, "reply ada");
        await ToldAsync(eve);
        (await ada.PatchAsync($"/api/posts/{reply}", new { body = "nobody" })).Is(200);
        await ToldAsync(bob, "reply ada");
    }

    [TestMethod]
    public async Task There_are_at_most_a_thousand_and_the_oldest_read_go_first()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        var thread = await ThreadAsync(ada);
        await NotifyAsync(forum, "ada", "pin", thread, by: "bob", times: 2);
        (await ada.PutAsync("/api/notifications/read")).Is(200);
        await NotifyAsync(forum, "ada", "lock", thread, by: "bob", times: NotificationStore.Max - 2);
        CollectionAssert.AreEqual(Range(1, 1_000), await WalkAsync(ada));
        await NotifyAsync(forum, "ada", "lock", thread, by: "bob", times: 1);
        CollectionAssert.AreEqual(Range(2, 1_001), await WalkAsync(ada));
        Assert.AreEqual(999, (int?)(await ada.GetAsync("/api/notifications"))["unread"]);

        // Made the second oldest the only one that is read: it goes before older ones that are not.
        await NotifyAsync(forum, "ada", "lock", thread, by: "bob", times: 1);
        CollectionAssert.AreEqual(Range(3, 1_002), await WalkAsync(ada));
        await forum.Database.WriteAsync(c =>
        {
            c.Execute("UPDATE notifications SET read = 1 WHERE id = 500");
            c.Execute("UPDATE users SET unread_notifications = unread_notifications - 1 WHERE username = 'ada'");
        });
        await NotifyAsync(forum, "ada", "lock", thread, by: "bob", times: 2);
        CollectionAssert.AreEqual(Range(4, 1_004).Where(id => id != 500).ToArray(), await WalkAsync(ada));
        Assert.AreEqual(1_000, (int?)(await ada.GetAsync("/api/notifications"))["unread"]);
        await ToldAsync(bob);
    }

    [TestMethod]
    public async Task Lists_are_each_users_own()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        var thread = await ThreadAsync(ada);
        await NotifyAsync(forum, "ada", "pin", thread, by: "bob", times: 3);
        await NotifyAsync(forum, "bob", "pin", thread, by: "ada", times: 1);
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
        var thread = await ThreadAsync(ada, body: "@bob");
        await ReplyAsync(bob, thread);
        await forum.Database.WriteAsync(c => c.Erase(userId: 3));
        await ToldAsync(ada, "reply deleted");
        Assert.AreEqual(0, forum.Database.Read(c => c.Number("SELECT count(*) FROM notifications WHERE user_id = 3")));
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

    private static async Task<long> ThreadAsync(TestClient author, string title = "Title", string body = "Body") =>
        (long)(await author.PostAsync("/api/posts", new { title, body })).Is(201)["post.id"]!;

    private static async Task<long> ReplyAsync(TestClient author, long thread, string body = "Body", long? replyTo = null) => (long)(
        await author.PostAsync($"/api/posts/{thread}/replies", replyTo is null ? new { body } : (object)new { body, reply_to = replyTo }))
        .Is(201)["post.id"]!;

    private static Task NotifyAsync(TestForum forum, string user, string kind, long post, string by, int times = 1) =>
        forum.Database.WriteAsync(c =>
        {
            for (var i = 0; i < times; i++)
                forum.Server.Notifications.Notify(c, UserStore.Find(c, user)!.Id, kind, post, UserStore.Find(c, by)!.Id);
        });
}
