using System.Text.RegularExpressions;
using TinyForum.Data;

namespace TinyForum.Tests;

/// <summary>Reporting and moderating with pages, without scripts.</summary>
[TestClass]
public sealed partial class ModerationPageTests
{
    private static async Task<FormClient> UserAsync(TestForum forum, string name, string role = "member")
    {
        await forum.UserAsync(name, role);
        var client = new FormClient(forum.Url);
        await client.SubmitAsync("/login", ("username", name), ("password", "secret"));
        return client;
    }

    /// <summary>The titles, reasons and resolutions of a page, in their order.</summary>
    private static string[] Said(string html) => [.. Text().Matches(html).Select(m => m.Groups[1].Value)];

    private static string Next(string html) => FormClient.AddressesIn(html).Single(a => a.Contains("cursor=", StringComparison.Ordinal));

    [GeneratedRegex("<(?:h3 dir=\"auto\"><a[^>]*|p class=\"said\" dir=\"auto\")>([^<]*)<")]
    private static partial Regex Text();

    /// <summary>Reports a post in the name of accounts that are gone, of which there may be many.</summary>
    private static Task ReportAsync(TestForum forum, long post, int times) => forum.Database.WriteAsync(c =>
    {
        for (var i = 0; i < times; i++)
            c.Execute("INSERT INTO reports (post_id, reporter_id, reason, created_at) VALUES ($post, 0, 'again', 0)", ("$post", post));
    });

    [TestMethod]
    public async Task A_post_is_reported_and_the_report_is_resolved_with_one_click()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = await UserAsync(forum, "ada");
        using var bob = await UserAsync(forum, "bob");
        using var mod = await UserAsync(forum, "mod", "moderator");
        await ada.SubmitAsync("/new", ("title", "Tea"), ("body", "*rude*"), ("tags", ""));
        await ada.SubmitAsync("/posts/1", ("body", "kind"));
        StringAssert.Contains((await bob.GetAsync("/posts/1")).Text, "href=\"/posts/1/report\"");
        Assert.DoesNotContain("/report\"", (await ada.GetAsync("/posts/1")).Text, "one's own");
        StringAssert.Contains((await bob.SubmitAsync("/posts/1/report", ("reason", " "))).Text, "id=\"reason-mistake\"");
        var reported = await bob.SubmitAsync("/posts/1/report", ("reason", "<b>Rude</b>"));
        Assert.AreEqual("/posts/1?reported=0#r0", reported.Path);
        StringAssert.Contains(reported.Text, "<span role=\"status\">Reported: the moderators will look at it.</span>");
        Assert.DoesNotContain("/posts/1/report", reported.Text);
        var again = await bob.SubmitAsync("/posts/1/report", ("reason", "Still rude"));
        Assert.AreEqual(409, again.Status);
        StringAssert.Contains(again.Text, "You have reported this post already");
        StringAssert.Contains(again.Text, ">\nStill rude</textarea>");
        Assert.AreEqual("/posts/1?reported=1#r1", (await bob.SubmitAsync("/posts/2/report", ("reason", "not to my taste"))).Path);

        var list = await mod.GetAsync("/moderation");
        StringAssert.Contains(list.Text, "Moderation <span class=\"count\">2</span>");
        StringAssert.Contains(list.Text, ">&lt;b&gt;Rude&lt;/b&gt;</p>");
        StringAssert.Contains(list.Text, "<em>rude</em>");
        Assert.AreEqual("/moderation", (await mod.PostAsync("/reports/1", ("outcome", "delete"), ("resolution", "Against <rule> 1"))).Path);
        await mod.PostAsync("/reports/2", ("outcome", "dismiss"), ("resolution", ""));
        StringAssert.Contains((await mod.GetAsync("/moderation")).Text, "There is nothing to do here.");
        Assert.AreEqual(404, (await bob.GetAsync("/posts/1")).Status);
        var log = (await bob.GetAsync("/moderation-log")).Text;
        StringAssert.Contains(log, "Against &lt;rule&gt; 1");
        StringAssert.Contains(log, "Nothing was found wrong.");
        StringAssert.Contains((await mod.GetAsync("/moderation?state=resolved")).Text, "Against &lt;rule&gt; 1");

        Assert.AreEqual("/moderation", (await mod.PostAsync("/reports/1", ("outcome", "dismiss"), ("resolution", "Changed my mind"))).Path);
        Assert.DoesNotContain("Changed my mind", (await mod.GetAsync("/moderation?state=resolved")).Text, "somebody else was faster");
    }

    [TestMethod]
    public async Task A_note_that_breaks_its_rule_changes_nothing()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = await UserAsync(forum, "ada");
        using var mod = await UserAsync(forum, "mod", "moderator");
        await ada.SubmitAsync("/new", ("title", "Tea"), ("body", "x"), ("tags", ""));
        await mod.SubmitAsync("/posts/1/report", ("reason", "Rude"));
        var refused = await mod.PostAsync("/reports/1", ("outcome", "delete"), ("resolution", new string('x', 501)));
        Assert.AreEqual(400, refused.Status);
        StringAssert.Contains(refused.Text, "id=\"resolution-mistake\">must be 1 to 500 characters");
        StringAssert.Contains(refused.Text, $"value=\"{new string('x', 501)}\"");
        Assert.AreEqual(200, (await ada.GetAsync("/posts/1")).Status);
        StringAssert.Contains((await mod.GetAsync("/moderation")).Text, "class=\"count\">1<");
        Assert.AreEqual("/moderation", (await mod.SubmitAsync(refused, ("resolution", "Rude"))).Path);
        Assert.AreEqual(404, (await ada.GetAsync("/posts/1")).Status, "the form knew what it was for");
        Assert.AreEqual(404, (await mod.PostAsync("/reports/9", ("outcome", "delete"), ("resolution", "x"))).Status);
    }

    [TestMethod]
    public async Task Who_reports_a_reply_comes_back_to_it_on_whatever_page_it_is()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "Tea", body = "x" })).Is(201);
        for (var i = 1; i <= 51; i++)
            (await ada.PostAsync("/api/posts/1/replies", new { body = $"reply {i}" })).Is(201);
        using var bob = await UserAsync(forum, "bob");
        var form = await bob.GetAsync("/posts/52/report");
        var reported = await bob.SubmitAsync(form, ("reason", "Rude"));
        Assert.AreEqual("/posts/1?after=50&reported=51#r51", reported.Path);
        StringAssert.Contains(reported.Text, "role=\"status\">Reported");
        Assert.AreEqual(reported.Path, (await bob.SubmitAsync(form, ("reason", "Rude"))).Path, "a double click");
        Assert.AreEqual(1L, await forum.Database.WriteAsync(c => c.Number("SELECT count(*) FROM reports")));
    }

    [TestMethod]
    public async Task A_note_outlives_the_session_in_which_it_was_written()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = await UserAsync(forum, "ada");
        using var mod = await UserAsync(forum, "mod", "moderator");
        await ada.SubmitAsync("/new", ("title", "Tea"), ("body", "x"), ("tags", ""));
        await mod.SubmitAsync("/posts/1/report", ("reason", "Rude"));
        await mod.PostAsync("/logout");
        var refused = await mod.PostAsync("/reports/1", ("outcome", "delete"), ("resolution", "Against <rule> 1"));
        Assert.AreEqual(401, refused.Status);
        StringAssert.Contains(refused.Text, "value=\"Against &lt;rule&gt; 1\"");
        Assert.DoesNotContain("Rude", refused.Text);
        Assert.AreEqual("/moderation",
            (await mod.SubmitAsync(refused, ("username", "mod"), ("password", "secret"), ("resolution", "Against <rule> 1"))).Path);
        CollectionAssert.AreEqual((string[])["3 delete 1 Against <rule> 1", "3 resolve_report 1 Against <rule> 1"], forum.Log());
    }

    [TestMethod]
    public async Task Reports_of_a_post_stand_together_and_are_resolved_together_as_far_as_they_were_seen()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = await UserAsync(forum, "ada");
        using var bob = await UserAsync(forum, "bob");
        using var eve = await UserAsync(forum, "eve");
        using var mod = await UserAsync(forum, "mod", "moderator");
        await ada.SubmitAsync("/new", ("title", "Tea <i>"), ("body", "one"), ("tags", ""));
        await ada.SubmitAsync("/new", ("title", "Cake"), ("body", "two"), ("tags", ""));
        await bob.SubmitAsync("/posts/1/report", ("reason", "first"));
        await bob.SubmitAsync("/posts/2/report", ("reason", "second"));
        await eve.SubmitAsync("/posts/1/report", ("reason", "third"));
        var list = (await mod.GetAsync("/moderation")).Text;
        CollectionAssert.AreEqual((string[])["Tea &lt;i&gt;", "first", "third", "Cake", "second"], Said(list));
        StringAssert.Contains(list, "action=\"/reports/3\"");
        await mod.SubmitAsync("/posts/1/report", ("reason", "meanwhile"));
        await mod.PostAsync("/reports/3", ("outcome", "dismiss"), ("resolution", "Fine"));
        CollectionAssert.AreEqual((string[])["Cake", "second", "Tea &lt;i&gt;", "meanwhile"], Said((await mod.GetAsync("/moderation")).Text));
        CollectionAssert.AreEqual((string[])["Tea &lt;i&gt;", "third", "Fine", "Tea &lt;i&gt;", "first", "Fine"],
            Said((await mod.GetAsync("/moderation?state=resolved")).Text));
        Assert.HasCount(1, forum.Log());
    }

    [TestMethod]
    public async Task Many_reports_of_a_post_stand_where_the_oldest_is_and_are_counted_as_far_as_that_is_cheap()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = await UserAsync(forum, "ada");
        using var mod = await UserAsync(forum, "mod", "moderator");
        await ada.SubmitAsync("/new", ("title", "Tea"), ("body", "one"), ("tags", ""));
        await ada.SubmitAsync("/new", ("title", "Cake"), ("body", "two"), ("tags", ""));
        await ReportAsync(forum, post: 1, times: 25);
        await ReportAsync(forum, post: 2, times: 1);
        StringAssert.Contains((await ada.GetAsync("/")).Text, "Cake");
        var first = (await mod.GetAsync("/moderation")).Text;
        Assert.HasCount(1 + 20, Said(first));
        var second = (await mod.GetAsync(Next(first))).Text;
        CollectionAssert.AreEqual((string[])["Cake", "again"], Said(second));
        await mod.PostAsync("/reports/20", ("outcome", "delete"), ("resolution", ""));
        StringAssert.Contains((await mod.GetAsync("/moderation")).Text, "class=\"count\">6<");
        Assert.HasCount(2 + 6, Said((await mod.GetAsync("/moderation")).Text), "of the first post five are left, and it is still shown");
        await ReportAsync(forum, post: 2, times: 93);
        StringAssert.Contains((await mod.GetAsync("/")).Text, "class=\"count\">99<");
        await ReportAsync(forum, post: 2, times: 1);
        StringAssert.Contains((await mod.GetAsync("/")).Text, "class=\"count\">99&#x2B;<");
        Assert.DoesNotContain("Moderation <span class=\"count\">", (await ada.GetAsync("/")).Text.Split("</nav>")[0]);
    }

    [TestMethod]
    public async Task Of_those_who_resolve_a_report_at_the_same_time_one_does()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = await UserAsync(forum, "ada");
        using var mod = await UserAsync(forum, "mod", "moderator");
        using var root = await UserAsync(forum, "root", "admin");
        for (var post = 1; post <= 8; post++)
        {
            await ada.SubmitAsync("/new", ("title", $"Tea {post}"), ("body", "x"), ("tags", ""));
            await mod.SubmitAsync($"/posts/{post}/report", ("reason", "Rude"));
            await root.SubmitAsync($"/posts/{post}/report", ("reason", "Rude"));
            var path = $"/reports/{2 * post}";
            var (before, known) = (forum.Log().Length, forum.Notifications().Length);
            var answers = await Task.WhenAll(
                mod.PostAsync(path, ("outcome", "delete"), ("resolution", "mod")), root.PostAsync(path, ("outcome", "dismiss"), ("resolution", "root")),
                mod.PostAsync(path, ("outcome", "delete"), ("resolution", "mod")), root.PostAsync(path, ("outcome", "delete"), ("resolution", "root")));
            Assert.IsTrue(answers.All(a => a is { Status: 200, Path: "/moderation" }));
            var done = forum.Log()[before..];
            var isDeleted = (await ada.GetAsync($"/posts/{post}")).Status == 404;
            Assert.HasCount(isDeleted ? 2 : 1, done, string.Join('\n', done));
            Assert.HasCount(1, done.Where(d => d.Contains("resolve_report")));
            Assert.HasCount(isDeleted ? 1 : 0, forum.Notifications()[known..]);
            Assert.HasCount(1, done.Select(d => d.Split(' ')[^1]).Distinct(), "by the same moderator");
        }
    }

    [TestMethod]
    public async Task What_a_moderator_deletes_stays_deleted_whoever_deleted_it_before()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = await UserAsync(forum, "ada");
        using var bob = await UserAsync(forum, "bob");
        using var mod = await UserAsync(forum, "mod", "moderator");
        await ada.SubmitAsync("/new", ("title", "Tea"), ("body", "one"), ("tags", ""));
        await bob.SubmitAsync("/posts/1", ("body", "rude"));
        await ada.SubmitAsync("/posts/2/report", ("reason", "Rude"));
        await ada.SubmitAsync("/posts/1/delete");
        await mod.PostAsync("/reports/1", ("outcome", "delete"), ("resolution", ""));
        await ada.PressAsync("/posts/1", "/posts/1/restore");
        Assert.DoesNotContain("rude", (await bob.GetAsync("/posts/1")).Text);
        Assert.AreEqual(403, (await bob.PostAsync("/posts/2/restore")).Status);

        await ada.SubmitAsync("/posts/1/delete");
        for (var i = 0; i < 2; i++)
            StringAssert.Contains((await mod.SubmitAsync("/posts/1/delete", ("reason", ""))).Text, "A moderator deleted this.");
        Assert.AreEqual(403, (await ada.PostAsync("/posts/1/restore")).Status);
        foreach (var path in (string[])["/posts/1/edit", "/posts/1/report"])
            Assert.AreEqual(404, (await mod.GetAsync(path)).Status, path);
    }

    [TestMethod]
    [DataRow("  ")]
    [DataRow("\u0001")]
    [DataRow("long")]
    public async Task A_reason_has_its_rule_wherever_it_is_given(string reason)
    {
        reason = reason == "long" ? new string('x', 501) : reason;
        await using var forum = await TestForum.StartAsync();
        using var ada = await UserAsync(forum, "ada");
        using var mod = await UserAsync(forum, "mod", "moderator");
        await ada.SubmitAsync("/new", ("title", "Tea"), ("body", "one"), ("tags", ""));
        foreach (var path in (string[])["/posts/1/edit", "/posts/1/delete"])
        {
            var refused = await mod.SubmitAsync(path, ("title", "Tea"), ("body", "two"), ("tags", ""), ("reason", reason));
            Assert.AreEqual(400, refused.Status, path);
            StringAssert.Contains(refused.Text, "<a href=\"#reason\">Reason</a>: must");
        }
        StringAssert.Contains((await ada.GetAsync("/posts/1")).Text, "<p>one</p>");
        var posts = forum.Server.Posts;
        await Assert.ThrowsExactlyAsync<RefusalException>(() => posts.PinAsync(Actor.System, 1, pinned: true, reason));
        Assert.IsEmpty(forum.Log());
    }

    [TestMethod]
    public async Task A_suspension_that_has_ended_is_not_shown_from_memory()
    {
        var clock = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = clock });
        await forum.UserAsync("eve");
        using var mod = await UserAsync(forum, "mod", "moderator");
        await mod.SubmitAsync("/user/eve/suspend", ("reason", "Rude"), ("until", "2026-01-31T12:00"));
        for (var i = 0; i < 3; i++)
            StringAssert.Contains((await mod.GetAsync("/user/eve")).Text, "Rude");
        clock.Advance(TimeSpan.FromHours(3));
        Assert.DoesNotContain("Rude", (await mod.GetAsync("/user/eve")).Text);
    }

    [TestMethod]
    public async Task Pages_offer_only_what_a_moderator_may()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = await UserAsync(forum, "ada");
        using var mod = await UserAsync(forum, "mod", "moderator");
        using var root = await UserAsync(forum, "root", "admin");
        using var guard = await UserAsync(forum, "guard", "moderator");
        await root.SubmitAsync("/new", ("title", "Tea"), ("body", "x"), ("tags", ""));
        await ada.SubmitAsync("/posts/1/report", ("reason", "Rude"));
        Assert.DoesNotContain("/suspend\"", (await mod.GetAsync("/moderation")).Text, "an admin's post");
        foreach (var name in (string[])["root", "guard", "mod", "system"])
            Assert.DoesNotContain("/suspend", (await mod.GetAsync($"/user/{name}")).Text, name);
        StringAssert.Contains((await mod.GetAsync("/user/ada")).Text, "/user/ada/suspend");
        StringAssert.Contains((await root.GetAsync("/user/guard")).Text, "/user/guard/suspend");
        Assert.DoesNotContain("/suspend", (await root.GetAsync("/user/system")).Text);
        await root.SubmitAsync("/user/guard/suspend", ("reason", "Asleep"), ("until", "2100-01-01"));
        foreach (var path in (string[])["/user/guard", "/moderation/suspended"])
        {
            StringAssert.Contains((await mod.GetAsync(path)).Text, "2100-01-01<noscript> 00:00", path);
            Assert.DoesNotContain("/lift", (await mod.GetAsync(path)).Text, path);
            StringAssert.Contains((await root.GetAsync(path)).Text, "/user/guard/lift", path);
        }
        foreach (var path in (string[])["/user/guard/suspend", "/user/root/suspend", "/user/mod/suspend", "/user/system/suspend"])
            Assert.AreEqual(403, (await mod.GetAsync(path)).Status, "a form that can't succeed is not shown");
        Assert.AreEqual(403, (await root.GetAsync("/user/system/role")).Status);
        var refused = await mod.PostAsync("/user/guard/suspend", ("reason", "Mine"), ("until", ""));
        Assert.AreEqual(403, refused.Status);
        StringAssert.Contains(refused.Text, "Only an admin may suspend a moderator or an admin.");
        StringAssert.Contains(refused.Text, ">\nMine</textarea>");
        Assert.AreEqual(403, (await mod.PostAsync("/user/guard/lift")).Status);
    }

    [TestMethod]
    public async Task Who_is_suspended_now_is_listed_page_by_page()
    {
        await using var forum = await TestForum.StartAsync();
        using var mod = await UserAsync(forum, "mod", "moderator");
        for (var i = 0; i < 23; i++)
            await forum.UserAsync($"u{i:00}");
        foreach (var i in Enumerable.Range(0, 23))
            await mod.PostAsync($"/user/u{i:00}/suspend", ("reason", "Spam"), ("until", ""));
        var first = (await mod.GetAsync("/moderation/suspended")).Text;
        StringAssert.Contains(first, "/user/u22/lift");
        await forum.Database.WriteAsync(c => c.Execute("UPDATE users SET suspended_until = 1 WHERE username = 'u22'"));
        first = (await mod.GetAsync("/moderation/suspended")).Text;
        Assert.DoesNotContain("u22", first, "its time has passed");
        Assert.DoesNotContain("Spam", (await mod.GetAsync("/user/u22")).Text);
        StringAssert.Contains(first, "/user/u21/lift");
        var second = (await mod.GetAsync(Next(first))).Text;
        StringAssert.Contains(second, "/user/u01/lift");
        StringAssert.Contains(second, "/user/u00/lift");
        Assert.DoesNotContain("u02", second);
    }

    [TestMethod]
    public async Task Only_moderators_moderate_and_only_admins_give_roles()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = await UserAsync(forum, "ada");
        using var mod = await UserAsync(forum, "mod", "moderator");
        using var stranger = new FormClient(forum.Url);
        await ada.SubmitAsync("/new", ("title", "Tea"), ("body", "x"), ("tags", ""));
        await mod.SubmitAsync("/posts/1/report", ("reason", "Rude"));
        foreach (var path in (string[])["/moderation", "/moderation/suspended", "/user/mod/suspend", "/user/mod/role"])
        {
            Assert.AreEqual(403, (await ada.GetAsync(path)).Status, path);
            StringAssert.StartsWith((await stranger.GetAsync(path)).Path, "/login?next=", path);
        }
        string[] forms =
        [
            "/reports/1", "/reports/9", "/posts/1/pin", "/posts/1/unpin", "/posts/1/lock", "/posts/1/unlock", "/user/mod/suspend", "/user/mod/lift",
            "/user/mod/role",
        ];
        foreach (var path in forms)
        {
            (string, string)[] fields = [("outcome", "delete"), ("resolution", "x"), ("reason", "x"), ("until", ""), ("role", "admin")];
            var refused = await ada.PostAsync(path, fields);
            Assert.AreEqual(403, refused.Status, path);
            Assert.DoesNotContain("Rude", refused.Text, path);
            Assert.AreEqual(401, (await stranger.PostAsync(path, fields)).Status, path);
        }
        Assert.AreEqual(403, (await mod.PostAsync("/user/ada/role", ("role", "admin"))).Status);
        Assert.AreEqual(403, (await mod.PostAsync("/user/mod/suspend", ("reason", "x"), ("until", ""))).Status, "oneself");
        Assert.AreEqual(200, (await ada.GetAsync("/posts/1")).Status);
        foreach (var path in (string[])["/", "/posts/1", "/user/mod"])
        {
            var page = (await ada.GetAsync(path)).Text;
            foreach (var tool in (string[])["/pin\"", "/lock\"", "/suspend\"", "/role\"", "\"/moderation\""])
                Assert.DoesNotContain(tool, page, path);
        }
    }

    [TestMethod]
    public async Task A_thread_is_pinned_and_locked_and_back()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = await UserAsync(forum, "ada");
        using var mod = await UserAsync(forum, "mod", "moderator");
        await ada.SubmitAsync("/new", ("title", "Tea"), ("body", "x"), ("tags", ""));
        await ada.SubmitAsync("/new", ("title", "Cake"), ("body", "x"), ("tags", ""));
        StringAssert.Contains((await mod.PressAsync("/posts/1", "/posts/1/pin")).Text, "<span class=\"mark\">pinned</span>");
        var front = (await ada.GetAsync("/")).Text;
        Assert.IsLessThan(front.IndexOf(">Cake<", StringComparison.Ordinal), front.IndexOf(">Tea<", StringComparison.Ordinal));
        StringAssert.Contains((await mod.PressAsync("/posts/1", "/posts/1/lock")).Text, "<span class=\"mark\">locked</span>");
        StringAssert.Contains((await ada.GetAsync("/posts/1")).Text, "This thread is locked: moderators alone can reply.");
        Assert.AreEqual(403, (await ada.PostAsync("/posts/1", ("body", "still"))).Status);
        await mod.PressAsync("/posts/1", "/posts/1/unlock");
        StringAssert.Contains((await mod.PressAsync("/posts/1", "/posts/1/unpin")).Text, "href=\"/posts/1/report\"");
        Assert.AreEqual("/posts/1#r1", (await ada.SubmitAsync("/posts/1", ("body", "again"))).Path);
    }

    [TestMethod]
    public async Task An_account_is_suspended_for_a_reason_and_until_a_time_and_let_back()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = await UserAsync(forum, "ada");
        using var mod = await UserAsync(forum, "mod", "moderator");
        var form = await mod.GetAsync("/user/ada/suspend");
        var refused = await mod.SubmitAsync(form, ("reason", ""), ("until", "tomorrow"));
        StringAssert.Contains(refused.Text, "id=\"until-mistake\"");
        foreach (var past in (string[])["2001-01-01T00:00", "2001-01-01T00:00:00Z"])
            StringAssert.Contains((await mod.SubmitAsync(form, ("reason", "Spam"), ("until", past))).Text, "must be in the future");
        var profile = await mod.SubmitAsync(form, ("reason", "<i>Spam</i>"), ("until", "2100-01-01T09:30"));
        Assert.AreEqual("/user/ada", profile.Path);
        StringAssert.Contains(profile.Text, "2100-01-01<noscript> 09:30");
        StringAssert.Contains(profile.Text, "&lt;i&gt;Spam&lt;/i&gt;");
        StringAssert.StartsWith((await ada.GetAsync("/settings")).Path, "/login");
        StringAssert.Contains((await ada.SubmitAsync("/login", ("username", "ada"), ("password", "secret"))).Text, "this account is suspended until");
        Assert.DoesNotContain("Spam", (await ada.GetAsync("/user/ada")).Text);
        StringAssert.Contains((await mod.GetAsync("/moderation/suspended")).Text, "href=\"/user/ada\"");
        await mod.PressAsync("/moderation/suspended", "/user/ada/lift");
        StringAssert.Contains((await mod.GetAsync("/moderation/suspended")).Text, "There is nothing here yet.");
        Assert.AreEqual("/", (await ada.SubmitAsync("/login", ("username", "ada"), ("password", "secret"))).Path);
        Assert.AreEqual(404, (await mod.GetAsync("/user/nobody/suspend")).Status);
    }

    [TestMethod]
    public async Task An_admin_gives_roles()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = await UserAsync(forum, "ada");
        using var root = await UserAsync(forum, "root", "admin");
        StringAssert.Contains((await root.SubmitAsync("/user/ada/role", ("role", "emperor"))).Text, "id=\"role-mistake\"");
        StringAssert.Contains((await root.SubmitAsync("/user/ada/role", ("role", "moderator"))).Text, "moderator");
        StringAssert.Contains((await ada.GetAsync("/")).Text, "href=\"/moderation\"");
        var last = await root.SubmitAsync("/user/root/role", ("role", "member"));
        Assert.AreEqual(409, last.Status);
        StringAssert.Contains(last.Text, "This is the last admin");
    }
}
