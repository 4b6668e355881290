namespace TinyForum.Tests;

/// <summary>Reporting and moderating with pages, without scripts.</summary>
[TestClass]
public sealed class ModerationPageTests
{
    private static async Task<FormClient> UserAsync(TestForum forum, string name, string role = "member")
    {
        await forum.UserAsync(name, role);
        var client = new FormClient(forum.Url);
        await client.SubmitAsync("/login", ("username", name), ("password", "secret"));
        return client;
    }

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
        Assert.AreEqual("/posts/1", (await bob.SubmitAsync("/posts/1/report", ("reason", "<b>Rude</b>"))).Path);
        var again = await bob.SubmitAsync("/posts/1/report", ("reason", "Still rude"));
        Assert.AreEqual(409, again.Status);
        StringAssert.Contains(again.Text, "you have reported this post already");
        StringAssert.Contains(again.Text, ">\nStill rude</textarea>");
        await bob.SubmitAsync("/posts/2/report", ("reason", "not to my taste"));

        var list = await mod.GetAsync("/moderation");
        StringAssert.Contains(list.Text, "Moderation <span class=\"count\">2</span>");
        StringAssert.Contains(list.Text, ">&lt;b&gt;Rude&lt;/b&gt;</h2>");
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
        var tooLong = await mod.PostAsync("/reports/2", ("outcome", "delete"), ("resolution", new string('x', 501)));
        Assert.AreEqual("/moderation", tooLong.Path);
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
        StringAssert.Contains(refused.Text, "must be 1 to 500 characters");
        Assert.AreEqual(200, (await ada.GetAsync("/posts/1")).Status);
        StringAssert.Contains((await mod.GetAsync("/moderation")).Text, "class=\"count\">1<");
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
        StringAssert.Contains((await ada.GetAsync("/posts/1")).Text, "This thread is closed to replies.");
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
        StringAssert.Contains(profile.Text, "2100-01-01 09:30");
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
        StringAssert.Contains(last.Text, "this is the last admin");
    }
}
