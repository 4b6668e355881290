using TinyForum.Data;
using TinyForum.Maintenance;

namespace TinyForum.Tests;

/// <summary>One action against an account that sends spam, and its undoing.</summary>
[TestClass]
public sealed class SpamTests
{
    private const string State = """
        SELECT 'post ' || id || ' ' || coalesce(deleted_as, '-') || ' ' || coalesce(deleted_by, 0) FROM posts
        UNION ALL SELECT 'thread ' || id || ' ' || deleted || ' ' || replies || ' ' || last_post || ' ' || tags FROM threads
        UNION ALL SELECT 'tag ' || name || ' ' || threads FROM tags
        UNION ALL SELECT 'user ' || id || ' ' || posts || ' ' || unread_messages || ' ' || unread_notifications || ' ' || coalesce(suspension, '-')
                         || ' ' || coalesce(suspended_until, 0) FROM users
        UNION ALL SELECT 'mail ' || owner_id || ' ' || message_id || ' ' || peer_id || ' ' || inbox || sent || unread FROM mailbox
        UNION ALL SELECT 'report ' || id || ' ' || coalesce(resolution, '-') FROM reports
        UNION ALL SELECT 'held ' || id FROM held_posts
        UNION ALL SELECT 'found ' || rowid FROM search
        ORDER BY 1
        """;

    /// <summary>A spammer (3) and others with threads, replies in each other's, deleted ones, messages and reports.</summary>
    private static async Task<(TestForum Forum, TestClient Moderator, TestClient Eve, TestClient Bob)> LiveAsync()
    {
        var forum = await TestForum.StartAsync();
        var (moderator, eve, bob) = (await forum.UserAsync("mod", "moderator"), await forum.UserAsync("eve"), await forum.UserAsync("bob"));
        (await bob.PostAsync("/api/posts", new { title = "honest", body = "words", tags = new[] { "go" } })).Is(201);
        for (var i = 0; i < 60; i++) // more than a slice
            (await eve.PostAsync("/api/posts/1/replies", new { body = $"cheap pills {i} @bob" })).Is(201);
        (await eve.PostAsync("/api/posts", new { title = "pills", body = "cheap", tags = new[] { "pills", "go" } })).Is(201);
        (await bob.PostAsync("/api/posts/62/replies", new { body = "is this spam?" })).Is(201);
        (await eve.PostAsync("/api/posts/62/replies", new { body = "no, cheap" })).Is(201);
        (await eve.DeleteAsync("/api/posts/3")).Is(200);
        (await moderator.DeleteAsync("/api/posts/4")).Is(200);
        (await eve.PostAsync("/api/messages", new { to = "bob", body = "cheap" })).Is(201);
        (await eve.PostAsync("/api/messages", new { to = "mod", body = "cheap" })).Is(201);
        (await bob.PutAsync("/api/messages/1/read")).Is(200);
        (await bob.PostAsync("/api/messages", new { to = "eve", body = "no" })).Is(201);
        (await bob.PostAsync("/api/posts/62/report", new { reason = "spam" })).Is(201);
        (await bob.PostAsync("/api/posts/2/report", new { reason = "spam" })).Is(201);
        (await eve.PostAsync("/api/posts/1/report", new { reason = "revenge" })).Is(201);
        (await moderator.PostAsync("/api/posts/1/report", new { reason = "a joke" })).Is(201);
        return (forum, moderator, eve, bob);
    }

    private static string Of(TestForum forum) => string.Join('\n', forum.Database.Read(c => c.All(State, r => r.GetString(0))));

    [TestMethod]
    public async Task An_account_and_all_that_it_wrote_go_with_one_action_and_come_back_with_another()
    {
        var (forum, moderator, eve, bob) = await LiveAsync();
        await using var _ = forum;
        var before = Of(forum);
        (await bob.PostAsync("/api/user/eve/spam", new { })).Is(403);
        (await moderator.PostAsync("/api/user/eve/spam", new { reason = new string('x', 501) })).IsInvalid("reason");
        Assert.AreEqual(before, Of(forum), "nothing half-done");
        (await moderator.PostAsync("/api/user/eve/spam", new { reason = "pills" })).Is(200, "success");
        (await moderator.PostAsync("/api/user/eve/spam", new { })).Is(200, "success");
        (await moderator.DeleteAsync("/api/user/eve/suspension")).Is(409, "the account was removed as spam: undo that first");
        (await moderator.PutAsync("/api/user/eve/suspension", new { reason = "r" })).Is(409);

        (await eve.GetAsync("/api/me")).Is(401);
        (await eve.PostAsync("/api/login", new { username = "eve", password = "secret" })).Is(403, "this account is suspended: pills");
        foreach (var reader in (TestClient[])[forum.Client(), bob])
            foreach (var answer in await Everything.GetAsync(reader, 1, 2, 62, 63))
                Assert.DoesNotContain("cheap", answer.Text);
        Assert.AreEqual(0, (int?)(await bob.GetAsync("/api/user/eve/profile"))["profile.posts"]);
        Assert.AreEqual(0, (int?)(await bob.GetAsync("/api/posts/1"))["post.replies"]);
        var open = (await moderator.GetAsync("/api/reports")).Is(200);
        Assert.AreEqual(("a joke", 1), ((string?)open["reports.0.reason"], open["reports"]!.AsArray().Count));
        var log = (await bob.GetAsync("/api/moderation-log")).Is(200);
        Assert.AreEqual(("spam", "eve", "pills", "delete"),
            ((string?)log["entries.0.action"], (string?)log["entries.0.user.username"], (string?)log["entries.0.reason"], (string?)log["entries.1.action"]));
        Assert.IsEmpty(forum.Database.Read(c => IntegrityCheck.Run(c)));

        (await moderator.DeleteAsync("/api/user/eve/spam")).Is(200, "success");
        (await moderator.DeleteAsync("/api/user/eve/spam")).Is(200, "success");
        Assert.AreEqual(before, Of(forum));
        Assert.AreEqual("unspam", (string?)(await bob.GetAsync("/api/moderation-log"))["entries.0.action"]);
        Assert.AreEqual(0, forum.Database.Read(c => c.Number(
            "SELECT (SELECT count(*) FROM spam) + (SELECT count(*) FROM spam_posts) + (SELECT count(*) FROM spam_mail) "
            + "+ (SELECT count(*) FROM spam_reports)")));
        (await eve.PostAsync("/api/login", new { username = "eve", password = "secret" })).Is(200, "success");
        Assert.IsEmpty(forum.Database.Read(c => IntegrityCheck.Run(c)));
    }

    [TestMethod]
    public async Task Who_may_suspend_an_account_may_do_this_and_a_suspension_before_is_there_again_afterwards()
    {
        var (forum, moderator, eve, bob) = await LiveAsync();
        await using var _ = forum;
        await forum.UserAsync("root", "admin");
        (await moderator.PostAsync("/api/user/root/spam", new { })).Is(403, "only an admin may suspend a moderator or an admin");
        (await moderator.PostAsync("/api/user/mod/spam", new { })).Is(403, "you cannot suspend yourself");
        (await moderator.PostAsync("/api/user/system/spam", new { })).Is(403);
        (await moderator.PostAsync("/api/user/nobody/spam", new { })).Is(404);
        (await moderator.PutAsync("/api/user/eve/suspension", new { reason = "a pause", until = "2099-01-01T00:00:00Z" })).Is(200);
        var before = Of(forum);
        (await moderator.PostAsync("/api/user/eve/spam", new { })).Is(200);
        (await moderator.DeleteAsync("/api/user/eve/spam")).Is(200);
        Assert.AreEqual(before, Of(forum));
    }

    [TestMethod]
    public async Task What_happens_between_the_two_is_kept()
    {
        var (forum, moderator, eve, bob) = await LiveAsync();
        await using var _ = forum;
        (await moderator.PostAsync("/api/user/eve/spam", new { })).Is(200);
        (await moderator.PostAsync("/api/posts/5/restore")).Is(200);
        (await moderator.PostAsync("/api/posts/6/restore")).Is(200);
        (await moderator.DeleteAsync("/api/posts/6?reason=for+another+reason")).Is(200);
        (await bob.DeleteAsync("/api/messages/3")).Is(200);
        (await bob.DeleteAsync("/api/me", new { password = "secret" })).Is(200);
        await forum.Settled();
        (await moderator.DeleteAsync("/api/user/eve/spam")).Is(200);
        Assert.IsEmpty(forum.Database.Read(c => IntegrityCheck.Run(c)));
        Assert.AreEqual(0, forum.Database.Read(c => c.Number("SELECT count(*) FROM spam_mail")));
        (await forum.Client().GetAsync("/api/posts/5")).Is(200);
        (await forum.Client().GetAsync("/api/posts/6")).Is(404);
    }

    [TestMethod]
    public async Task Undone_before_all_is_hidden_and_marked_again_it_is_hidden_whole()
    {
        var (forum, moderator, eve, bob) = await LiveAsync();
        await using var _ = forum;
        var before = Of(forum);
        (await moderator.PostAsync("/api/user/eve/spam", new { })).Is(200);
        await forum.Database.WriteAsync(c => c.Script("UPDATE spam SET is_undone = 1, is_done = 0; UPDATE users SET suspension = NULL WHERE id = 3"));
        await forum.Database.WriteAsync(c => forum.Server.Spam.Slice(c, 3)); // some are shown again
        (await moderator.PostAsync("/api/user/eve/spam", new { })).Is(200);
        Assert.AreEqual(0, (int?)(await bob.GetAsync("/api/user/eve/profile"))["profile.posts"]);
        (await moderator.DeleteAsync("/api/user/eve/spam")).Is(200);
        Assert.AreEqual(before, Of(forum));
    }

    [TestMethod]
    public async Task A_flood_of_new_accounts_goes_with_one_action_and_nobody_else()
    {
        var clock = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with
        {
            TimeProvider = clock,
            Policy = new ForumPolicy { HoldFirstPosts = 1, NewAccountDailyPosts = 1_000, NewAccountDailyThreads = 1_000 },
        });
        var (moderator, early, known) = (await forum.UserAsync("mod", "moderator"), await forum.UserAsync("early"), await forum.UserAsync("known"));
        clock.Advance(TimeSpan.FromHours(2));
        for (var i = 0; i < 2 * SpamStore.SliceSize + 1; i++)
            (await (await forum.UserAsync($"bot{i}")).PostAsync("/api/posts", new { title = "pills", body = "cheap" })).Is(202);
        foreach (var client in (TestClient[])[early, known])
            (await client.PostAsync("/api/posts", new { title = "honest", body = "words" })).Is(202);
        var id = (long)(await known.GetAsync("/api/me/held"))["held.0.id"]!;
        (await moderator.PostAsync($"/api/held/{id}/accept")).Is(200);
        var since = clock.GetUtcNow().AddHours(-1).ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);
        (await early.PostAsync("/api/held/spam", new { registered_since = since })).Is(403);
        (await moderator.PostAsync("/api/held/spam", new { registered_since = "yesterday" })).IsInvalid("registered_since");
        var answer = (await moderator.PostAsync("/api/held/spam", new { registered_since = since, reason = "a flood" })).Is(200, "success");
        Assert.AreEqual(2 * SpamStore.SliceSize + 1, (int?)answer["accounts"]);
        var waiting = (await moderator.GetAsync("/api/held")).Is(200);
        Assert.AreEqual((1, "early"), (waiting["held"]!.AsArray().Count, (string?)waiting["held.0.author.username"]));
        Assert.AreEqual("spam_new", (string?)(await early.GetAsync("/api/moderation-log"))["entries.0.action"]);
        (await moderator.DeleteAsync("/api/user/bot7/spam")).Is(200, "success");
        Assert.HasCount(2, (await moderator.GetAsync("/api/held"))["held"]!.AsArray());
    }

    [TestMethod]
    public async Task What_a_crash_left_undone_is_done_after_the_next_start()
    {
        using var folder = new TemporaryFolder();
        ForumOptions With(ForumOptions o) => o with { Database = folder["forum.db"] };
        await using (var forum = await TestForum.StartAsync(With))
        {
            await forum.UserAsync("mod", "moderator");
            var eve = await forum.UserAsync("eve");
            for (var i = 0; i < 3; i++)
                (await eve.PostAsync("/api/posts", new { title = "pills", body = "cheap" })).Is(201);
            await forum.Database.WriteAsync(c => c.Script("INSERT INTO spam (user_id, actor_id, created_at) VALUES (3, 2, 0)"));
        }
        await using (var forum = await TestForum.StartAsync(With))
        {
            while (forum.Database.Read(SpamStore.Left) is not null)
                await Task.Yield();
            Assert.IsEmpty((await forum.Client().GetAsync("/api/posts"))["posts"]!.AsArray());
            (await (await forum.KnownAsync("mod")).DeleteAsync("/api/user/eve/spam")).Is(200);
            Assert.HasCount(3, (await forum.Client().GetAsync("/api/posts"))["posts"]!.AsArray());
        }
    }
}
