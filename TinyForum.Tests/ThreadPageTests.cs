using System.Net;

namespace TinyForum.Tests;

/// <summary>A thread as a page: where what is unread begins, answers to answers, quotes, and threads of long texts.</summary>
[TestClass]
public sealed class ThreadPageTests
{
    [TestMethod]
    public async Task A_line_stands_where_the_unread_replies_begin_and_the_list_leads_there()
    {
        await using var forum = await TestForum.StartAsync(o => o with { RateLimits = new() { Enabled = false } });
        var bob = await forum.UserAsync("bob");
        using var ada = new FormClient(forum.Url);
        await ada.SubmitAsync("/register", ("username", "ada"), ("password", "secret"));
        (await bob.PostAsync("/api/posts", new { title = "t", body = "head" })).Is(201);
        Assert.AreEqual("/posts/1", (await ada.GetAsync("/posts/1/unread")).Path, "all of it is unread");
        for (var i = 1; i <= 120; i++)
            (await bob.PostAsync("/api/posts/1/replies", new { body = $"reply {i}." })).Is(201);
        await ada.PressAsync("/posts/1?after=50", "/posts/1/read?number=100");
        (await bob.DeleteAsync("/api/posts/102")).Is(200);
        await ada.SubmitAsync("/posts/1?after=100", ("body", "mine"));
        StringAssert.Contains((await ada.GetAsync("/")).Text, "<a class=\"count\" href=\"/posts/1/unread\">19 unread</a>");

        var unread = await ada.GetAsync("/posts/1/unread");
        Assert.AreEqual("/posts/1?after=100#r102", unread.Path);
        StringAssert.Contains(unread.Text, "New from here</p>\n<article id=\"r102\">");
        Assert.DoesNotContain("New from here", (await ada.GetAsync("/posts/1")).Text);
        await ada.PressAsync("/posts/1?after=100", "/posts/1/read?number=121");
        Assert.AreEqual("/posts/1?after=100#r121", (await ada.GetAsync("/posts/1/unread")).Path, "nothing is unread: its end");
        Assert.DoesNotContain("New from here", (await ada.GetAsync("/posts/1?after=100")).Text);
        using var anyone = new FormClient(forum.Url);
        Assert.AreEqual("/login?next=%2Fposts%2F1%2Funread", (await anyone.GetAsync("/posts/1/unread")).Path);
        Assert.AreEqual(404, (await ada.GetAsync("/posts/2/unread")).Status);
    }

    [TestMethod]
    public async Task What_was_notified_of_a_thread_is_read_with_it()
    {
        await using var forum = await TestForum.StartAsync();
        var bob = await forum.UserAsync("bob");
        using var ada = new FormClient(forum.Url);
        await ada.SubmitAsync("/register", ("username", "ada"), ("password", "secret"));
        await ada.SubmitAsync("/new", ("title", "one"), ("body", "1"), ("tags", ""));
        await ada.SubmitAsync("/new", ("title", "two"), ("body", "2"), ("tags", ""));
        foreach (var thread in (long[])[1, 1, 2])
            (await bob.PostAsync($"/api/posts/{thread}/replies", new { body = "r" })).Is(201);
        StringAssert.Contains((await ada.GetAsync("/")).Text, "Notifications <span class=\"count\">3<");
        await ada.PostAsync("/posts/1/read?number=1");
        StringAssert.Contains((await ada.GetAsync("/")).Text, "Notifications <span class=\"count\">2<");
        await ada.SubmitAsync("/posts/1", ("body", "thanks")); // which reads the thread, but not what was notified of it
        await ada.PressAsync("/posts/1", "/posts/1/read?number=3");
        StringAssert.Contains((await ada.GetAsync("/")).Text, "Notifications <span class=\"count\">1<");
        Assert.DoesNotContain("/read?", (await ada.GetAsync("/posts/1")).Text);
        var list = (await ada.PressAsync("/notifications", "/notifications/read")).Text;
        Assert.DoesNotContain(">Unread<", list);
        Assert.DoesNotContain("Mark all as read", list);
    }

    [TestMethod]
    public async Task A_deleted_thread_is_shown_as_such_to_whom_may_see_it_and_comes_back()
    {
        await using var forum = await TestForum.StartAsync();
        var bob = await forum.UserAsync("bob");
        await forum.UserAsync("mod", "moderator");
        using var ada = new FormClient(forum.Url);
        using var mod = new FormClient(forum.Url);
        await ada.SubmitAsync("/register", ("username", "ada"), ("password", "secret"));
        await mod.SubmitAsync("/login", ("username", "mod"), ("password", "secret"));
        await ada.SubmitAsync("/new", ("title", "Tea"), ("body", "mine"), ("tags", ""));
        (await bob.PostAsync("/api/posts/1/replies", new { body = "bob's" })).Is(201);
        StringAssert.Contains((await ada.GetAsync("/posts/1/delete")).Text, "Its reply goes with it");
        Assert.AreEqual(200, (await ada.GetAsync("/posts/1")).Status, "to look at the question deletes nothing");
        foreach (var (deleter, restorer, why) in ((FormClient, FormClient, string)[])
            [(ada, ada, "Its author deleted this."), (mod, mod, "A moderator deleted this.")])
        {
            var gone = await deleter.SubmitAsync("/posts/1/delete", ("reason", deleter == mod ? "Off <topic>" : ""));
            Assert.AreEqual(("/posts/1", 200), (gone.Path, gone.Status));
            StringAssert.Contains(gone.Text, why);
            foreach (var offered in (string[])["/pin", "/lock", "/posts/1#reply", "/posts/1/edit", "/like"])
                Assert.DoesNotContain($"{offered}\"", gone.Text);
            StringAssert.Contains((await mod.GetAsync("/posts/1")).Text, "bob's");
            var lost = await mod.PostAsync("/posts/1", ("body", "written meanwhile"));
            Assert.AreEqual(404, lost.Status);
            StringAssert.Contains(lost.Text, "written meanwhile");
            StringAssert.Contains((await restorer.PressAsync("/posts/1", "/posts/1/restore")).Text, "<p>mine</p>");
        }
        StringAssert.Contains((await ada.GetAsync("/moderation-log")).Text, "Off &lt;topic&gt;");
        using var eve = new FormClient(forum.Url);
        await eve.SubmitAsync("/register", ("username", "eve"), ("password", "secret"));
        Assert.AreEqual(403, (await eve.GetAsync("/posts/1/delete")).Status);
        Assert.AreEqual(403, (await eve.PostAsync("/posts/1/delete")).Status);
        Assert.AreEqual(403, (await eve.GetAsync("/posts/1/edit")).Status);
    }

    [TestMethod]
    public async Task A_reply_is_answered_and_quoted_without_scripts()
    {
        await using var forum = await TestForum.StartAsync();
        var bob = await forum.UserAsync("bob");
        using var ada = new FormClient(forum.Url);
        await ada.SubmitAsync("/register", ("username", "ada"), ("password", "secret"));
        (await bob.PostAsync("/api/posts", new { title = "t", body = "head" })).Is(201);
        (await bob.PostAsync("/api/posts/1/replies", new { body = "first <line>\n\n> quoted\nlast" })).Is(201);
        (await bob.PostAsync("/api/posts", new { title = "other", body = "secret of another thread" })).Is(201);

        var quote = await ada.GetAsync("/posts/1?quote=2");
        StringAssert.Contains(WebUtility.HtmlDecode(quote.Text), ">\n> bob:\n> \n> first <line>\n> \n> > quoted\n> last\n\n</textarea>");
        var refused = await ada.SubmitAsync(quote, ("body", " "));
        Assert.AreEqual(400, refused.Status);
        StringAssert.Contains(refused.Text, "name=\"reply_to\" value=\"2\"");
        var preview = await ada.SubmitAsync(refused, ("body", "yes"), ("preview", "1"));
        Assert.AreEqual("/posts/1#r2", (await ada.SubmitAsync(preview, ("body", "yes"))).Path);
        Assert.AreEqual(2, (long?)(await bob.GetAsync("/api/posts/4"))["post.reply_to"]);
        StringAssert.Contains((await ada.GetAsync("/posts/1")).Text, "in reply to <a href=\"#r1\">#1</a> <bdi>bob</bdi>");
        StringAssert.Contains((await ada.GetAsync("/posts/1?reply_to=2")).Text, "name=\"reply_to\" value=\"2\"");
        foreach (var elsewhere in (string[])["3", "99"])
            Assert.DoesNotContain("reply_to\" value", (await ada.GetAsync($"/posts/1?quote={elsewhere}")).Text);
        Assert.AreEqual(400, (await ada.GetAsync("/posts/1?quote=x")).Status);
    }

    [TestMethod]
    public async Task A_reply_is_on_the_page_that_its_address_leads_to_however_long_the_others_are()
    {
        await using var forum = await TestForum.StartAsync(o => o with { RateLimits = new() { Enabled = false } });
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "t", body = "head" })).Is(201);
        for (var i = 1; i <= 50; i++)
            (await ada.PostAsync("/api/posts/1/replies", new { body = $"reply {i}.\n\n{new string('茶', 15_000)}" })).Is(201);
        using var anyone = new FormClient(forum.Url);
        foreach (var number in (int[])[1, 20, 30, 49, 50])
        {
            var page = await anyone.GetAsync($"/posts/{number + 1}");
            StringAssert.EndsWith(page.Path, $"#r{number}");
            StringAssert.Contains(page.Text, $"<article id=\"r{number}\">");
        }
    }

    [TestMethod]
    public async Task Each_version_shows_what_changed_in_it_on_whatever_page_the_one_before_is()
    {
        await using var forum = await TestForum.StartAsync(o => o with { RateLimits = new() { Enabled = false } });
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "Tea at four", body = "version 1 <b>", tags = (string[])["tea"] })).Is(201);
        for (var i = 2; i <= 22; i++)
            (await ada.PatchAsync("/api/posts/1", new { body = $"version {i} <b>" })).Is(200);
        (await ada.PatchAsync("/api/posts/1", new { title = "茶 at four", tags = (string[])["tea", "cake"] })).Is(200);
        using var anyone = new FormClient(forum.Url);
        var newest = await anyone.GetAsync("/posts/1/history");
        StringAssert.Contains(newest.Text, "<h2 dir=\"auto\"><del>Tea</del><ins>茶</ins> at four</h2>\n<p class=\"meta\" dir=\"auto\">tea<ins> cake</ins></p>");
        StringAssert.Contains(newest.Text, "version <del>3</del><ins>4</ins> &lt;b&gt;</div>");
        var oldest = (await anyone.GetAsync(FormClient.AddressesIn(newest.Text).Single(a => a.Contains("cursor=", StringComparison.Ordinal)))).Text;
        StringAssert.Contains(oldest, "version <del>2</del><ins>3</ins> &lt;b&gt;</div>");
        StringAssert.Contains(oldest, "<div class=\"source\" dir=\"auto\">version 1 &lt;b&gt;</div>");
    }

    [TestMethod]
    public async Task What_a_user_wrote_is_a_list_that_goes_on_behind_what_is_deleted()
    {
        await using var forum = await TestForum.StartAsync(o => o with { RateLimits = new() { Enabled = false } });
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "A <title>", body = "head" })).Is(201);
        for (var i = 1; i <= 40; i++)
            (await ada.PostAsync("/api/posts/1/replies", new { body = $"reply {i}." })).Is(201);
        (await ada.DeleteAsync("/api/posts/40")).Is(200);
        using var anyone = new FormClient(forum.Url);
        var first = await anyone.GetAsync("/user/ada/posts");
        StringAssert.Contains(first.Text, "<p>reply 40.</p>");
        Assert.DoesNotContain("<p>reply 39.</p>", first.Text);
        Assert.DoesNotContain("<p>reply 9.</p>", first.Text);
        var next = FormClient.AddressesIn(first.Text).Single(a => a.Contains("cursor", StringComparison.Ordinal));
        var second = await anyone.GetAsync(next);
        StringAssert.Contains(second.Text, "<p>reply 9.</p>");
        StringAssert.Contains(second.Text, ">A &lt;title&gt;</a>");
        Assert.DoesNotContain("cursor=", second.Text);
    }
}
