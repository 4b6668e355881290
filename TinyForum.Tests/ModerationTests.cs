using Microsoft.Data.Sqlite;

namespace TinyForum.Tests;

[TestClass]
public sealed class ModerationTests
{
    private static async Task<(TestForum Forum, TestClient Moderator, TestClient Member)> StartAsync()
    {
        var forum = await TestForum.StartAsync();
        return (forum, await forum.UserAsync("mod", "moderator"), await forum.UserAsync("ada"));
    }

    [TestMethod]
    public async Task A_report_waits_until_a_moderator_resolves_it()
    {
        var (forum, moderator, ada) = await StartAsync();
        await using var _ = forum;
        var post = await forum.Database.ThreadAsync(2, "Title", "Body");

        var made = (await ada.PostAsync($"/api/posts/{post}/report", new { reason = "spam" })).Is(201, "success");
        var id = (long)made["report.id"]!;
        Assert.AreEqual($"/api/reports/{id}", made.Header("Location"));
        Assert.AreEqual("ada", (string?)made["report.reporter.username"]);
        Assert.AreEqual(post, (long?)made["report.post"]);
        Assert.IsNull(made["report.resolution"]);
        Assert.AreEqual(id, (long?)(await moderator.GetAsync("/api/reports")).Is(200)["reports.0.id"]);

        var resolved = (await moderator.PutAsync($"/api/reports/{id}", new { resolution = "it is not" })).Is(200, "success");
        Assert.AreEqual("mod", (string?)resolved["report.resolved_by.username"]);
        Assert.AreEqual("it is not", (string?)(await moderator.GetAsync($"/api/reports/{id}")).Is(200)["report.resolution"]);
        Assert.IsEmpty((await moderator.GetAsync("/api/reports?state=open"))["reports"]!.AsArray());
        Assert.HasCount(1, (await moderator.GetAsync("/api/reports?state=resolved"))["reports"]!.AsArray());
        Assert.HasCount(1, (await moderator.GetAsync("/api/reports?state=all"))["reports"]!.AsArray());

        var log = (await forum.Client().GetAsync("/api/moderation-log")).Is(200, "success");
        Assert.AreEqual("resolve_report", (string?)log["entries.0.action"]);
        Assert.AreEqual(post, (long?)log["entries.0.post"]);
        Assert.AreEqual("it is not", (string?)log["entries.0.reason"]);
        Assert.IsFalse(log.Text.Contains("ada", StringComparison.Ordinal), "who reported is nobody's business");
    }

    [TestMethod]
    public async Task A_resolution_may_be_changed_and_the_same_again_leaves_no_second_line_in_the_log()
    {
        var (forum, moderator, ada) = await StartAsync();
        await using var _ = forum;
        var post = await forum.Database.ThreadAsync(2, "Title", "Body");
        await ada.PostAsync($"/api/posts/{post}/report", new { reason = "spam" });
        foreach (var resolution in new[] { "one", "one", "two" })
            (await moderator.PutAsync("/api/reports/1", new { resolution })).Is(200);
        var log = (await ada.GetAsync("/api/moderation-log"))["entries"]!.AsArray();
        CollectionAssert.AreEqual(new[] { "two", "one" }, log.Select(e => (string?)e!["reason"]).ToArray());
    }

    [TestMethod]
    public async Task A_post_is_reported_once_a_user_while_the_report_is_open()
    {
        var (forum, moderator, ada) = await StartAsync();
        await using var _ = forum;
        var post = await forum.Database.ThreadAsync(2, "Title", "Body");
        (await ada.PostAsync($"/api/posts/{post}/report", new { reason = "spam" })).Is(201);
        (await ada.PostAsync($"/api/posts/{post}/report", new { reason = "still" })).Is(409, "you have reported this post already");
        (await moderator.PostAsync($"/api/posts/{post}/report", new { reason = "me too" })).Is(201);
        (await moderator.PutAsync("/api/reports/1", new { resolution = "no" })).Is(200);
        (await ada.PostAsync($"/api/posts/{post}/report", new { reason = "again" })).Is(201);
    }

    [TestMethod]
    public async Task A_report_that_is_retried_with_its_key_is_made_once()
    {
        var (forum, _, ada) = await StartAsync();
        await using var __ = forum;
        var post = await forum.Database.ThreadAsync(2, "Title", "Body");
        var first = (await ada.PostAsync($"/api/posts/{post}/report", new { reason = "spam" }, ("Idempotency-Key", "k"))).Is(201);
        var second = (await ada.PostAsync($"/api/posts/{post}/report", new { reason = "spam" }, ("Idempotency-Key", "k"))).Is(201);
        Assert.AreEqual(first.Text, second.Text);
        Assert.AreEqual("true", second.Header("Idempotency-Replayed"));
    }

    [TestMethod]
    public async Task What_nobody_sees_can_not_be_reported()
    {
        var (forum, _, ada) = await StartAsync();
        await using var __ = forum;
        var thread = await forum.Database.ThreadAsync(2, "Title", "Body");
        var reply = await forum.Database.ReplyAsync(2, thread, "Reply");
        await forum.Database.HideAsync(thread);
        foreach (var id in new[] { thread, reply, 999 })
            (await ada.PostAsync($"/api/posts/{id}/report", new { reason = "spam" })).Is(404, "post does not exist");
    }

    [TestMethod]
    public async Task Reports_are_the_moderators_alone_and_say_why_they_are_refused()
    {
        var (forum, moderator, ada) = await StartAsync();
        await using var _ = forum;
        var post = await forum.Database.ThreadAsync(2, "Title", "Body");
        (await forum.Client().PostAsync($"/api/posts/{post}/report", new { reason = "spam" })).Is(401, "login required");
        (await ada.PostAsync($"/api/posts/{post}/report", new { reason = " " })).IsInvalid("reason", "must not be blank");
        (await ada.GetAsync("/api/reports")).Is(403, "only a moderator may do this");
        (await ada.GetAsync("/api/reports/1")).Is(403);
        (await ada.PutAsync("/api/reports/1", new { resolution = "no" })).Is(403);
        (await moderator.PutAsync("/api/reports/1", new { resolution = "no" })).Is(404, "report does not exist");
        (await moderator.GetAsync("/api/reports/1")).Is(404, "report does not exist");
        (await moderator.GetAsync("/api/reports?state=new")).IsInvalid("state");
        (await moderator.PutAsync("/api/reports/1", new { resolution = "" })).IsInvalid("resolution", "must be 1 to 500 characters");
    }

    [TestMethod]
    public async Task Open_reports_come_oldest_first_and_resolved_ones_newest_first_a_page_at_a_time()
    {
        var (forum, moderator, ada) = await StartAsync();
        await using var _ = forum;
        for (var i = 0; i < 6; i++)
            await ada.PostAsync($"/api/posts/{await forum.Database.ThreadAsync(2, "Title", "Body")}/report", new { reason = "spam" });
        for (var i = 4; i <= 6; i++)
            await moderator.PutAsync($"/api/reports/{i}", new { resolution = "no" });
        CollectionAssert.AreEqual(new long[] { 1, 2, 3 }, await IdsAsync(moderator, "/api/reports?limit=2", "reports"));
        CollectionAssert.AreEqual(new long[] { 6, 5, 4 }, await IdsAsync(moderator, "/api/reports?state=resolved&limit=1", "reports"));
        CollectionAssert.AreEqual(new long[] { 6, 5, 4, 3, 2, 1 }, await IdsAsync(moderator, "/api/reports?state=all&limit=4", "reports"));
        var cursor = (string?)(await moderator.GetAsync("/api/reports?limit=1"))["next"];
        (await moderator.GetAsync($"/api/reports?state=all&cursor={cursor}")).IsInvalid("cursor");
    }

    [TestMethod]
    public async Task Suspending_ends_sessions_and_tokens_at_once()
    {
        var (forum, moderator, ada) = await StartAsync();
        await using var _ = forum;
        await forum.Database.WriteAsync(c => c.Execute(
            "INSERT INTO tokens (digest, user_id, name, scope, created_at) VALUES (x'00', 3, 'n', 'read', 0)"));
        var answer = (await moderator.PutAsync("/api/user/ADA/suspension", new { reason = "spam", until = "2999-01-01T01:00:00+01:00" })).Is(200, "success");
        Assert.AreEqual("spam", (string?)answer["suspension.reason"]);
        Assert.AreEqual("2999-01-01T00:00:00.000Z", (string?)answer["suspension.until"]);
        Assert.AreEqual("ada", (string?)answer["suspension.user.username"]);
        (await ada.GetAsync("/api/me")).Is(401, "login required");
        Assert.AreEqual(0, forum.Database.Read(c => c.Number("SELECT count(*) FROM tokens")));
        Assert.AreEqual("spam", forum.Database.Read(c => c.First("SELECT suspension FROM users WHERE id = 3", r => r.GetString(0))));

        (await moderator.DeleteAsync("/api/user/ada/suspension")).Is(200, "success");
        (await moderator.DeleteAsync("/api/user/ada/suspension")).Is(200, "success");
        Assert.AreEqual(1, forum.Database.Read(c => c.Number("SELECT suspension IS NULL AND suspended_until IS NULL FROM users WHERE id = 3")));
        var log = (await forum.Client().GetAsync("/api/moderation-log"))["entries"]!.AsArray();
        CollectionAssert.AreEqual(new[] { "unsuspend", "suspend" }, log.Select(e => (string?)e!["action"]).ToArray());
        Assert.AreEqual("ada", (string?)log[0]!["user"]!["username"]);
    }

    [TestMethod]
    public async Task A_suspension_may_be_changed_and_the_same_again_leaves_no_second_line_in_the_log()
    {
        var (forum, moderator, _) = await StartAsync();
        await using var __ = forum;
        foreach (var reason in new[] { "one", "one", "two" })
            Assert.IsNull((await moderator.PutAsync("/api/user/ada/suspension", new { reason })).Is(200)["suspension.until"]);
        Assert.HasCount(2, (await moderator.GetAsync("/api/moderation-log"))["entries"]!.AsArray());

        (await moderator.PutAsync("/api/user/ada/suspension", new { reason = "two", until = "2999-01-01T00:00:00Z" })).Is(200);
        Assert.HasCount(3, (await moderator.GetAsync("/api/moderation-log"))["entries"]!.AsArray());
        (await forum.Client().PostAsync("/api/login", new { username = "ada", password = "secret" }))
            .Is(403, "this account is suspended until 2999-01-01T00:00:00.000Z: two");
    }

    [TestMethod]
    [DataRow("mod", "ada", "member", 200)]
    [DataRow("mod", "ada", "moderator", 403, DisplayName = "a moderator, another moderator")]
    [DataRow("mod", "ada", "admin", 403, DisplayName = "a moderator, an admin")]
    [DataRow("admin", "ada", "moderator", 200)]
    [DataRow("admin", "ada", "admin", 200)]
    [DataRow("mod", "mod", "moderator", 403, DisplayName = "a moderator, himself")]
    [DataRow("admin", "admin", "admin", 403, DisplayName = "an admin, himself")]
    [DataRow("admin", "system", "member", 403)]
    [DataRow("admin", "nobody", "member", 404)]
    [DataRow("admin", "deleted", "member", 404)]
    [DataRow("ada", "mod", "moderator", 403, DisplayName = "a member, anyone")]
    public async Task Who_may_suspend_whom(string actor, string target, string role, int status)
    {
        var (forum, moderator, ada) = await StartAsync();
        await using var _ = forum;
        var admin = await forum.UserAsync("admin", "admin");
        await forum.Database.WriteAsync(c => c.Execute("UPDATE users SET role = $role WHERE username = $name", ("$role", role), ("$name", target)));
        var client = actor switch { "mod" => moderator, "ada" => ada, _ => admin };
        (await client.PutAsync($"/api/user/{target}/suspension", new { reason = "spam" })).Is(status);
        (await client.DeleteAsync($"/api/user/{target}/suspension")).Is(status);
        Assert.AreEqual(status == 200 ? 2 : 0, forum.Database.Read(c => c.Number("SELECT count(*) FROM moderation_log")));
    }

    [TestMethod]
    [DataRow("2000-01-01T00:00:00Z"), DataRow("tomorrow"), DataRow("2999-01-01"), DataRow("2999-01-01T00:00:00"), DataRow("2999-13-01T00:00:00Z"), DataRow("")]
    public async Task The_end_of_a_suspension_is_a_time_to_come(string until)
    {
        var (forum, moderator, _) = await StartAsync();
        await using var __ = forum;
        (await moderator.PutAsync("/api/user/ada/suspension", new { reason = "spam", until })).IsInvalid("until");
        (await moderator.PutAsync("/api/user/ada/suspension", new { reason = "" })).IsInvalid("reason");
    }

    [TestMethod]
    public async Task The_log_is_paged_newest_first()
    {
        var (forum, moderator, ada) = await StartAsync();
        await using var _ = forum;
        for (var i = 0; i < 3; i++)
        {
            await moderator.PutAsync("/api/user/ada/suspension", new { reason = $"{i}" });
            await moderator.DeleteAsync("/api/user/ada/suspension");
        }
        CollectionAssert.AreEqual(new long[] { 6, 5, 4, 3, 2, 1 }, await IdsAsync(ada, "/api/moderation-log?limit=4", "entries"));
    }

    [TestMethod]
    public async Task Nothing_in_the_log_can_be_changed_but_who_was_erased()
    {
        var (forum, moderator, _) = await StartAsync();
        await using var __ = forum;
        await moderator.PutAsync("/api/user/ada/suspension", new { reason = "spam" });
        foreach (var sql in new[]
        {
            "DELETE FROM moderation_log", "UPDATE moderation_log SET reason = NULL", "UPDATE moderation_log SET actor_id = 3",
            "UPDATE moderation_log SET user_id = NULL", "UPDATE moderation_log SET user_id = 2", "UPDATE moderation_log SET created_at = 0",
        })
            await Assert.ThrowsExactlyAsync<SqliteException>(() => forum.Database.WriteAsync(c => c.Execute(sql)), sql);
        await forum.Database.WriteAsync(c => c.Execute("UPDATE moderation_log SET user_id = 0, actor_id = 0"));
        Assert.AreEqual("deleted", (string?)(await moderator.GetAsync("/api/moderation-log"))["entries.0.user.username"]);
    }

    [TestMethod]
    public async Task Two_erased_users_may_both_have_reported_a_post()
    {
        var (forum, moderator, ada) = await StartAsync();
        await using var _ = forum;
        var post = await forum.Database.ThreadAsync(2, "Title", "Body");
        await ada.PostAsync($"/api/posts/{post}/report", new { reason = "spam" });
        await moderator.PostAsync($"/api/posts/{post}/report", new { reason = "spam" });
        Assert.AreEqual(2, await forum.Database.WriteAsync(c => c.Execute("UPDATE reports SET reporter_id = 0")));
    }

    private static async Task<long[]> IdsAsync(TestClient client, string path, string list)
    {
        var ids = new List<long>();
        for (string? cursor = "", next = path; cursor is not null; next = $"{path}&cursor={cursor}")
        {
            var answer = (await client.GetAsync(next)).Is(200);
            ids.AddRange(answer[list]!.AsArray().Select(e => (long)e!["id"]!));
            cursor = (string?)answer["next"];
        }
        return [.. ids];
    }

    [TestMethod]
    [DataRow("2999-01-01T00:00:00.123456789Z", "2999-01-01T00:00:00.123Z"), DataRow("2999-01-01t00:00:00z", "2999-01-01T00:00:00.000Z")]
    [DataRow("2999-01-01T00:00:00.5+01:00", "2998-12-31T23:00:00.500Z"), DataRow("2999-01-01T00:00:00.00000000000000000-00:00", "2999-01-01T00:00:00.000Z")]
    public async Task The_end_of_a_suspension_is_any_time_of_RFC_3339(string until, string shown)
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("ada");
        var moderator = await forum.UserAsync("eve", "moderator");
        Assert.AreEqual(shown, (string?)(await moderator.PutAsync("/api/user/ada/suspension", new { reason = "spam", until })).Is(200)["suspension.until"]);
    }
}
