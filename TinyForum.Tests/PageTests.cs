using System.Net;
using System.Text.RegularExpressions;
using FsCheck.Fluent;

namespace TinyForum.Tests;

/// <summary>The forum as pages, used as a browser without scripts does.</summary>
[TestClass]
public sealed partial class PageTests
{
    [TestMethod]
    public async Task A_member_does_everything_with_forms_alone()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = new FormClient(forum.Url);
        using var bob = new FormClient(forum.Url);
        var empty = await ada.GetAsync("/");
        StringAssert.Contains(empty.Text, "Nobody has written anything yet");
        StringAssert.Contains(empty.Text, " user role Username admin --database FILE</code>", "another than forum.db has to be said");
        Assert.AreEqual("/", (await ada.SubmitAsync("/register", ("username", "ada"), ("password", "secret"))).Path);
        Assert.AreEqual("/", (await bob.SubmitAsync("/register", ("username", "bob"), ("password", "secret"))).Path);

        var preview = await ada.SubmitAsync("/new", ("title", "Tea"), ("body", "*At* four, @bob?"), ("tags", "tea, 茶"), ("preview", "1"));
        StringAssert.Contains(preview.Text, "<em>At</em> four, <a href=\"/user/bob\">@bob</a>?");
        StringAssert.Contains(preview.Text, "value=\"Tea\"");
        var thread = await ada.SubmitAsync(preview, ("title", "Tea"), ("body", "*At* four, @bob?"), ("tags", "tea, 茶"));
        Assert.AreEqual("/posts/1", thread.Path);
        StringAssert.Contains(thread.Text, "<h1 dir=\"auto\">Tea</h1>");

        Assert.AreEqual("/posts/1#r1", (await bob.SubmitAsync("/posts/1", ("body", "Yes\r\n\r\n- cake"))).Path);
        Assert.AreEqual("Yes\n\n- cake", (string?)(await forum.Client().GetAsync("/api/posts/2"))["post.body"]);
        Assert.AreEqual("/posts/1#r1", (await bob.GetAsync("/posts/2")).Path);
        StringAssert.Contains((await ada.PressAsync("/posts/1", "/posts/2/like")).Text, "1 like");
        StringAssert.Contains((await ada.PressAsync("/posts/1", "/posts/2/unlike")).Text, ">Like<");
        var edited = await bob.SubmitAsync("/posts/2/edit", ("body", "No"));
        StringAssert.Contains(edited.Text, "<p>No</p>");
        StringAssert.Contains((await bob.GetAsync("/posts/2/history")).Text, "- cake");
        StringAssert.Contains((await bob.SubmitAsync("/posts/2/delete")).Text, "#1 · Its author deleted this.");
        StringAssert.Contains((await bob.PressAsync("/posts/1", "/posts/2/restore")).Text, "<p>No</p>");

        StringAssert.Contains((await bob.GetAsync("/notifications")).Text, "mention");
        await bob.PressAsync("/notifications", "/notifications/read");
        Assert.AreEqual("/messages?with=bob", (await ada.SubmitAsync("/messages/new?to=bob", ("to", "bob"), ("subject", ""), ("body", "**psst**"))).Path);
        var answer = await ada.SubmitAsync("/messages?with=bob", ("body", "and *psst*"));
        Assert.AreEqual("/messages?with=bob", answer.Path, "the conversation asks for the text alone");
        StringAssert.Contains(answer.Text, "and <em>psst</em>");
        StringAssert.Contains((await bob.GetAsync("/")).Text, "Messages <span class=\"count\">2</span>");
        StringAssert.Contains((await bob.PressAsync("/messages", "/messages/1/read")).Text, "<strong>psst</strong>");
        Assert.AreEqual("/messages", (await bob.PressAsync("/messages", "/messages/1/delete")).Path);

        StringAssert.Contains((await ada.GetAsync("/search?q=FOUR%20bob")).Text, "*At* <mark>four</mark>, @<mark>bob</mark>?</p>");
        StringAssert.Contains((await ada.GetAsync("/search?q=tea")).Text, "<h2 dir=\"auto\"><a href=\"/posts/1\"><mark>Tea</mark></a></h2>");
        StringAssert.Contains((await ada.GetAsync("/tags")).Text, "><bdi>茶</bdi></a>");
        StringAssert.Contains((await ada.GetAsync("/?tag=%E8%8C%B6")).Text, "/posts/1");
        StringAssert.Contains((await ada.GetAsync("/user/ada")).Text, "/posts/1");
        Assert.AreEqual("/login?next=%2Fnew", (await (await ada.PressAsync("/", "/logout")).Client.GetAsync("/new")).Path);
        Assert.AreEqual("/new", (await ada.SubmitAsync("/login?next=%2Fnew", ("username", "ada"), ("password", "secret"))).Path);
    }

    [TestMethod]
    public async Task The_longest_text_fits_a_form_in_any_script()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = new FormClient(forum.Url);
        await ada.SubmitAsync("/register", ("username", "ada"), ("password", "secret"));
        var page = await ada.SubmitAsync("/new", ("title", "茶"), ("body", new string('茶', 32_000)));
        Assert.AreEqual("/posts/1", page.Path);
        Assert.AreEqual(413, (await ada.PostAsync("/new", ("title", "茶"), ("body", new string('茶', 60_000)))).Status);
    }

    [TestMethod]
    [DataRow("/posts/2/edit", "body")]
    [DataRow("/posts/2/report", "reason")]
    public async Task What_was_written_on_a_post_that_is_gone_is_shown(string path, string field)
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = new FormClient(forum.Url);
        await ada.SubmitAsync("/register", ("username", "ada"), ("password", "secret"));
        await ada.SubmitAsync("/new", ("title", "Tea"), ("body", "At four?"));
        await ada.SubmitAsync("/posts/1", ("body", "Or at five."));
        var form = await ada.GetAsync(path);
        (await (await forum.UserAsync("mod", "moderator")).DeleteAsync("/api/posts/2")).Is(200);
        var gone = await ada.SubmitAsync(form, (field, "What took me an hour."));
        Assert.IsGreaterThanOrEqualTo(400, gone.Status);
        StringAssert.Contains(gone.Text, "What took me an hour.");
    }

    [TestMethod]
    public async Task A_preview_is_for_who_may_write()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = new FormClient(forum.Url);
        (string, string)[] fields = [("title", "t"), ("body", "**tea**"), ("preview", "1")];
        var stranger = await ada.PostAsync("/new", fields);
        Assert.AreEqual(401, stranger.Status);
        Assert.DoesNotContain("<strong>tea</strong>", stranger.Text);
        await ada.SubmitAsync("/register", ("username", "ada"), ("password", "secret"));
        StringAssert.Contains((await ada.PostAsync("/new", fields)).Text, "<strong>tea</strong>");
        var tooLong = await ada.PostAsync("/new", ("title", "t"), ("body", "**tea** " + new string('x', 32_000)), ("preview", "1"));
        Assert.AreEqual(400, tooLong.Status);
        Assert.DoesNotContain("<strong>tea</strong>", tooLong.Text);
    }

    [TestMethod]
    [DataRow("title=%ff&body=x")]
    [DataRow("title=x&body=%ed%a0%80")]
    [DataRow("title=x&%c0%af=y")]
    public async Task A_form_has_to_be_UTF8(string body)
    {
        await using var forum = await TestForum.StartAsync();
        using var http = new HttpClient { BaseAddress = forum.Url };
        using var form = new StringContent(body, System.Text.Encoding.ASCII, "application/x-www-form-urlencoded");
        Assert.AreEqual(400, (int)(await http.PostAsync("login", form)).StatusCode);
    }

    [TestMethod]
    public async Task What_is_refused_comes_back_with_every_word()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = new FormClient(forum.Url);
        await ada.SubmitAsync("/register", ("username", "ada"), ("password", "secret"));
        var refused = await ada.SubmitAsync("/new", ("title", ""), ("body", "Long & <text> written with care\n\nin \"lines\""), ("tags", "a b"));
        Assert.AreEqual(400, refused.Status);
        StringAssert.Contains(refused.Text, "aria-describedby=\"title-mistake\"");
        StringAssert.Contains(WebUtility.HtmlDecode(refused.Text), ">\nLong & <text> written with care\n\nin \"lines\"</textarea>");
        StringAssert.Contains(refused.Text, "value=\"a b\"");
        var unknown = await ada.SubmitAsync("/messages/new", ("to", "nobody"), ("subject", "s"), ("body", "to you"));
        StringAssert.Contains(unknown.Text, "id=\"to-mistake\">user does not exist</p>");
        StringAssert.Contains(unknown.Text, ">\nto you</textarea>");
        StringAssert.Contains(
            (await ada.SubmitAsync(unknown, ("to", ""), ("subject", "s"), ("body", "to you"))).Text, "id=\"to-mistake\">is required</p>");
        var mod = await forum.UserAsync("mod", "moderator");
        (await mod.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        var thread = await ada.GetAsync("/posts/1");
        (await mod.DeleteAsync("/api/posts/1")).Is(200);
        var gone = await ada.SubmitAsync(thread, ("body", "an answer that took an hour"));
        Assert.AreEqual(404, gone.Status);
        StringAssert.Contains(gone.Text, ">\nan answer that took an hour</textarea>");

        var wrong = await ada.PostAsync("/login", ("username", "ada"), ("password", "wrong"));
        Assert.AreEqual(400, wrong.Status);
        StringAssert.Contains(wrong.Text, "Username and password do not match.");
        StringAssert.Contains(wrong.Text, "value=\"ada\"");

        // The session ends while someone writes.
        var form = await ada.GetAsync("/new");
        using (var elsewhere = new FormClient(forum.Url))
        {
            await elsewhere.SubmitAsync("/login", ("username", "ada"), ("password", "secret"));
            (await forum.UserAsync("root", "admin")).GetAsync("/api/logout/ada", ("Sec-Fetch-Site", "same-origin")).GetAwaiter().GetResult().Is(200);
        }
        var ended = await ada.SubmitAsync(form, ("title", "Tea"), ("body", "written with care"), ("tags", ""));
        Assert.AreEqual(401, ended.Status);
        StringAssert.Contains(ended.Text, "written with care</textarea>");
        var posted = await ada.SubmitAsync(ended, ("username", "ada"), ("password", "secret"), ("title", "Tea"), ("body", "written with care"), ("tags", ""));
        Assert.AreEqual("/posts/2", posted.Path);
        StringAssert.Contains(posted.Text, "written with care");
    }

    [TestMethod]
    public async Task Who_writes_too_much_is_told_when_to_come_back_and_keeps_the_text()
    {
        await using var forum = await TestForum.StartAsync(o => o with { RateLimits = new() { Writes = new(1, TimeSpan.FromHours(1)) } });
        using var ada = new FormClient(forum.Url);
        await ada.SubmitAsync("/register", ("username", "ada"), ("password", "secret"));
        AnsweredPage page;
        var tries = 0;
        do
            page = await ada.SubmitAsync("/new", ("title", "Tea"), ("body", $"written with care {++tries}"), ("tags", ""));
        while (page.Status == 200 && tries < 3);
        Assert.AreEqual(429, page.Status);
        StringAssert.Contains(page.Text, $"written with care {tries}</textarea>");
        Assert.IsNotNull(page.RetryAfter);
    }

    [TestMethod]
    public async Task Who_logs_in_or_registers_by_a_page_has_written_nothing_as_in_the_API()
    {
        await using var forum = await TestForum.StartAsync(o => o with { RateLimits = new() { Writes = new(2, TimeSpan.FromHours(1)) } });
        using var ada = new FormClient(forum.Url);
        await ada.SubmitAsync("/register", ("username", "ada"), ("password", "secret"));
        using (var elsewhere = new FormClient(forum.Url))
            Assert.AreEqual("/", (await elsewhere.SubmitAsync("/login", ("username", "ada"), ("password", "secret"))).Path);
        foreach (var (title, status) in ((string, int)[])[("one", 200), ("two", 200), ("three", 429)])
            Assert.AreEqual(status, (await ada.SubmitAsync("/new", ("title", title), ("body", "b"), ("tags", ""))).Status, title);
        var login = await ada.PostAsync("/login", ("username", "ada"), ("password", "secret"));
        Assert.AreEqual(429, login.Status, "it counts for who is logged in, as in the API");
    }

    [TestMethod]
    [DataRow("/login?next=/tags")]
    [DataRow("/register?next=/tags")]
    public async Task Who_is_logged_in_is_told_so_instead_of_asked(string path)
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = new FormClient(forum.Url);
        await ada.SubmitAsync("/register", ("username", "ada"), ("password", "secret"));
        var page = await ada.GetAsync(path);
        StringAssert.Contains(page.Text, "You are logged in: <a href=\"/user/ada\"><bdi>ada</bdi></a>");
        StringAssert.Contains(page.Text, "<a href=\"/tags\">Go on</a>");
        Assert.DoesNotContain("name=\"password\"", page.Text);
        StringAssert.Contains((await ada.PressAsync(path, "/logout")).Text, ">Log in</a>");
        StringAssert.Contains((await ada.GetAsync(path)).Text, "name=\"password\"");
    }

    [TestMethod]
    public async Task Names_and_titles_that_run_from_right_to_left_leave_what_stands_beside_them_in_its_order()
    {
        const string Name = "נועה", Tag = "תה";
        await using var forum = await TestForum.StartAsync();
        var (noa, root) = (await forum.UserAsync(Name), await forum.UserAsync("root", "admin"));
        (await noa.PostAsync("/api/posts", new { title = Name, body = "@root", tags = (string[])[Tag] })).Is(201);
        (await noa.PostAsync("/api/posts/1/replies", new { body = "@root" })).Is(201);
        (await noa.PostAsync("/api/posts/1/replies", new { body = "b", reply_to = 2 })).Is(201);
        (await noa.PatchAsync("/api/posts/1", new { body = "c", tags = (string[])[Tag, "tea"] })).Is(200);
        (await noa.PostAsync("/api/messages", new { to = "root", body = "psst" })).Is(201);
        (await root.PostAsync("/api/posts/2/report", new { reason = "x" })).Is(201);
        (await noa.PostAsync("/api/posts/1/report", new { reason = "x" })).Is(201);
        (await root.PutAsync($"/api/blocks/{Uri.EscapeDataString(Name)}")).Is(200);
        (await root.PutAsync($"/api/user/{Uri.EscapeDataString(Name)}/suspension", new { reason = "x", until = "2100-01-01T00:00:00Z" })).Is(200);
        using var reader = new FormClient(forum.Url);
        await reader.SubmitAsync("/login", ("username", "root"), ("password", "secret"));
        string[] pages =
        [
            "/", "/posts/1", "/posts/1?reply_to=3", "/posts/1/history", "/posts/1/edit", "/posts/2/delete", "/posts/1/report",
            $"/user/{Name}", $"/user/{Name}/posts", $"/search?q=author:{Name}", "/notifications", "/messages",
            $"/messages?with={Name}", "/messages/1", "/moderation", "/moderation-log", "/blocks",
            "/moderation/suspended", $"/user/{Name}/suspend", $"/user/{Name}/role", $"/?author={Name}", "/?author=nobody", $"/?tag={Tag}", "/tags",
        ];
        foreach (var path in pages)
        {
            var page = await reader.GetAsync(path);
            Assert.AreEqual(200, page.Status, path);
            var rest = Isolated().Replace(page.Text[page.Text.IndexOf("<body>", StringComparison.Ordinal)..], "");
            foreach (var text in (string[])[Name, Tag])
                Assert.DoesNotContain(text, System.Text.RegularExpressions.Regex.Replace(rest, "<[^>]*>", ""), path);
        }
    }

    [TestMethod]
    public async Task What_is_sent_twice_is_done_once_and_says_so_twice()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = new FormClient(forum.Url);
        using var again = new FormClient(forum.Url);
        foreach (var client in (FormClient[])[ada, again])
            Assert.AreEqual("/tags", (await client.SubmitAsync("/register?next=/tags", ("username", "ada"), ("password", "secret"))).Path);
        var taken = await again.PostAsync("/register", ("username", "ada"), ("password", "another"));
        Assert.AreEqual(400, taken.Status);
        StringAssert.Contains(taken.Text, "Username already exists.");
        await ada.SubmitAsync("/new", ("title", "Tea"), ("body", "one"), ("tags", "tea"));
        var form = await ada.GetAsync("/posts/1/edit");
        for (var i = 0; i < 2; i++)
            Assert.AreEqual("/posts/1", (await ada.SubmitAsync(form, ("title", "Cake"), ("body", "two"), ("tags", "tea"))).Path);
        var refused = await ada.SubmitAsync(form, ("title", "Cake"), ("body", "three"), ("tags", "tea"));
        Assert.AreEqual(412, refused.Status);
        StringAssert.Contains(refused.Text, "<p>two</p>", "what it has become is shown beside what was written");
        StringAssert.Contains(refused.Text, ">\nthree</textarea>");
    }

    [TestMethod]
    public async Task The_address_of_a_deleted_reply_leads_to_its_place()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "secret" })).Is(201);
        (await ada.DeleteAsync("/api/posts/2")).Is(200);
        using var stranger = new FormClient(forum.Url);
        var shown = await stranger.GetAsync("/posts/2");
        Assert.AreEqual("/posts/1#r1", shown.Path);
        Assert.DoesNotContain("secret", shown.Text);
        (await ada.DeleteAsync("/api/posts/1")).Is(200);
        foreach (var path in (string[])["/posts/1", "/posts/2", "/posts/3"])
            Assert.AreEqual(404, (await stranger.GetAsync(path)).Status, path);
    }

    [TestMethod]
    public async Task A_button_for_what_is_not_there_says_so()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("root", "admin");
        using var root = new FormClient(forum.Url);
        await root.SubmitAsync("/login", ("username", "root"), ("password", "secret"));
        foreach (var path in (string[])["/posts/1/like", "/posts/1/unlike", "/posts/1/read", "/posts/1/pin", "/posts/1/unlock", "/messages/1/read"])
            Assert.AreEqual(404, (int)(await root.PostAsync(path)).Status, path);
    }

    [TestMethod]
    public async Task What_a_stranger_says_of_himself_changes_nobody_elses_page()
    {
        await using var forum = await TestForum.StartAsync(o => o with { Hosts = ["forum.example", "evil.example"], Title = "The <club>" });
        using var ada = new FormClient(forum.Url);
        Assert.AreEqual("/", (await ada.SubmitAsync("/register?next=//evil.example", ("username", "ada"), ("password", "secret"))).Path);
        string[] elsewhere =
        [
            "//evil.example", "/\\evil.example", "https://evil.example/", "evil", "/\t/evil.example", "/\r\nX: y", "/../x", "/a/%2E%2e/x", "/x\\..\\..\\y",
        ];
        foreach (var next in elsewhere)
        {
            Assert.AreEqual("/", (await ada.PostAsync("/login", ("username", "ada"), ("password", "secret"), ("next", next))).Path, next);
            Assert.DoesNotContain("evil", (await ada.GetAsync($"/login?next={Uri.EscapeDataString(next)}")).Text);
        }
        Assert.AreEqual("/tags", (await ada.PostAsync("/login", ("username", "ada"), ("password", "secret"), ("next", "/tags"))).Path);
        using var http = new HttpClient { BaseAddress = forum.Url };
        foreach (var host in (string[])["evil.example", "forum.example"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { Host = host } };
            using var answer = await http.SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();
            StringAssert.Contains(text, "<title>Threads – The &lt;club&gt;</title>");
            Assert.IsFalse(text.Contains("evil"));
        }
        using var foreign = new HttpRequestMessage(HttpMethod.Post, "/new") { Headers = { { "Sec-Fetch-Site", "cross-site" }, { "Accept", "text/html" } } };
        foreign.Content = new FormUrlEncodedContent([]);
        Assert.AreEqual(HttpStatusCode.Forbidden, (await http.SendAsync(foreign)).StatusCode);
    }

    [TestMethod]
    public async Task A_page_that_is_kept_has_nothing_of_the_request_that_made_it()
    {
        await using var forum = await TestForum.StartAsync(o => o with { RateLimits = new() { Enabled = false } });
        var ada = await forum.UserAsync("ada");
        for (var i = 0; i < 51; i++)
            (await ada.PostAsync("/api/posts", new { title = "t", body = "b", tags = (string[])["tea"] })).Is(201);
        using var anyone = new FormClient(forum.Url);
        foreach (var path in (string[])["/", "/?tag=tea", "/posts/1"])
        {
            using (var evil = new RawClient(forum.Url))
            {
                var sign = path.Contains('?') ? '&' : '?';
                evil.SendExactly(
                    $"GET http://127.0.0.1:{forum.Url.Port}{path}{sign}evil=evil HTTP/1.1\r\nHost: 127.0.0.1:{forum.Url.Port}\r\nConnection: close\r\n\r\n");
                StringAssert.StartsWith(evil.ReadToEnd(), "HTTP/1.1 200");
            }
            var page = (await anyone.GetAsync(path)).Text;
            Assert.DoesNotContain("evil", page);
            Assert.DoesNotContain("http://", page);
            if (path != "/posts/1")
                StringAssert.Contains(page, $"href=\"{path}{(path == "/" ? "?" : "&amp;")}cursor=");
        }
    }

    [TestMethod]
    public async Task A_form_that_is_sent_twice_is_done_once()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = new FormClient(forum.Url);
        await ada.SubmitAsync("/register", ("username", "ada"), ("password", "secret"));
        var form = await ada.GetAsync("/new");
        var both = await Task.WhenAll(
            ada.SubmitAsync(form, ("title", "Tea"), ("body", "b"), ("tags", "")), ada.SubmitAsync(form, ("title", "Tea"), ("body", "b"), ("tags", "")));
        Assert.AreEqual("/posts/1 /posts/1", $"{both[0].Path} {both[1].Path}");
        Assert.IsFalse((await ada.GetAsync("/")).Text.Contains("/posts/2"));

        // Tabs that show the same kept page have the same form.
        var tab = await ada.GetAsync("/posts/1");
        await ada.SubmitAsync(tab, ("body", "one"));
        StringAssert.Contains((await ada.SubmitAsync(tab, ("body", "another"))).Path, "#r2");
    }

    [TestMethod]
    public async Task Pages_say_why_they_are_not_there_and_are_kept_by_language()
    {
        await using var forum = await TestForum.StartAsync();
        using var anyone = new FormClient(forum.Url);
        foreach (var (path, status) in ((string, int)[])[("/nothing", 404), ("/posts/9", 404), ("/user/nobody", 404), ("/?sort=best", 400)])
        {
            var page = await anyone.GetAsync(path);
            Assert.AreEqual(status, page.Status, path);
            StringAssert.Contains(page.Text, $"<h1>{status}</h1>");
        }
        for (var again = 0; again < 2; again++) // made, and kept
        {
            var english = await anyone.GetAsync("/");
            StringAssert.Contains(english.Text, "<html lang=\"en\">");
            Assert.AreEqual("text/html; charset=utf-8", english.ContentType);
            StringAssert.Contains(english.Policy, "script-src 'self'");
            StringAssert.Contains((await anyone.GetAsync("/", "zh-CN,zh;q=0.9,en;q=0.8")).Text, "<html lang=\"zh\">");
            StringAssert.Contains((await anyone.GetAsync("/", "en-US,zh;q=0.5")).Text, "<html lang=\"en\">");
        }
        StringAssert.Contains((await anyone.PressAsync("/", "/language")).Text, "<html lang=\"zh\">");
        StringAssert.Contains((await anyone.GetAsync("/tags")).Text, "<html lang=\"zh\">");
        StringAssert.Contains((await anyone.PressAsync("/tags", "/language")).Text, "<html lang=\"en\">");
        var style = StylePath().Match((await anyone.GetAsync("/")).Text).Groups[1].Value;
        var sheet = await anyone.GetAsync(style);
        Assert.AreEqual("200 text/css; charset=utf-8", $"{sheet.Status} {sheet.ContentType}");
        Assert.IsLessThan(12_000, sheet.Text.Length);
    }

    [TestMethod]
    public async Task Long_threads_are_paged_and_each_reply_has_an_address_that_stays()
    {
        await using var forum = await TestForum.StartAsync(o => o with { RateLimits = new() { Enabled = false } });
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "t", body = "head" })).Is(201);
        for (var i = 1; i <= 101; i++)
            (await ada.PostAsync("/api/posts/1/replies", new { body = $"reply {i}." })).Is(201);
        using var anyone = new FormClient(forum.Url);
        foreach (var (id, path) in ((int, string)[])
            [
                (2, "/posts/1#r1"), (51, "/posts/1#r50"), (52, "/posts/1?after=50#r51"), (101, "/posts/1?after=50#r100"), (102, "/posts/1?after=100#r101"),
            ])
        {
            var page = await anyone.GetAsync($"/posts/{id}");
            Assert.AreEqual(path, page.Path);
            StringAssert.Contains(page.Text, $"<p>reply {id - 1}.</p>");
        }
        var first = await anyone.GetAsync("/posts/1");
        StringAssert.Contains(first.Text, "<a rel=\"next\" href=\"/posts/1?after=50\">");
        StringAssert.Contains((await anyone.GetAsync("/posts/1?after=100")).Text, "<a rel=\"prev\" href=\"/posts/1?after=50\">");
    }

    [TestMethod]
    public async Task Whatever_is_written_is_text_on_every_page()
    {
        await using var forum = await TestForum.StartAsync(o => o with { RateLimits = new() { Enabled = false } });
        using var ada = new FormClient(forum.Url);
        await ada.SubmitAsync("/register", ("username", "ada"), ("password", "secret"));
        var client = await forum.UserAsync("bob");
        var root = await forum.UserAsync("root", "admin");
        using var moderator = new FormClient(forum.Url);
        await moderator.SubmitAsync("/login", ("username", "root"), ("password", "secret"));
        await forum.UserAsync("eve");
        var fragments = Gen.Elements(
            "<script>x</script>", "\"", "'", "<b onclick=x>", "&", "&lt;", "</title>", "</textarea>", "-->", "a", "\u202E", "\u0000", "é", "😀", "`", "=");
        Prop.ForAll(fragments.NonEmptyListOf().Select(string.Concat).ToArbitrary(), text =>
        {
            client.PatchAsync("/api/me", new { bio = text }).GetAwaiter().GetResult();
            client.PostAsync("/api/posts", new { title = $"x{text}", body = text }).GetAwaiter().GetResult();
            client.PostAsync("/api/messages", new { to = "ada", subject = $"x{text}", body = text }).GetAwaiter().GetResult();
            client.PatchAsync("/api/posts/1", new { title = $"y{text}", body = $"{text} {text}" }).GetAwaiter().GetResult();
            client.PostAsync("/api/posts/1/report", new { reason = text }).GetAwaiter().GetResult();
            root.PutAsync("/api/reports/1", new { resolution = text }).GetAwaiter().GetResult();
            root.PutAsync("/api/user/eve/suspension", new { reason = text }).GetAwaiter().GetResult();
            root.PostAsync("/api/tokens", new { name = text, scope = "read" }).GetAwaiter().GetResult();
            var escaped = Uri.EscapeDataString(text);
            string[] pages = ["/", "/user/bob", "/messages", $"/search?q={escaped}", $"/?tag={escaped}", $"/messages/new?to={escaped}"];
            string[] ofRoot =
            [
                "/moderation", "/moderation?state=resolved", "/moderation/suspended", "/moderation-log", "/user/eve", "/user/bob/posts", "/posts/1/history",
                "/posts/1?quote=1", "/posts/1/edit", "/posts/1/report", "/tokens", "/sessions", "/settings", $"/login?next={escaped}",
            ];
            foreach (var page in pages.Select(p => ada.GetAsync(p).GetAwaiter().GetResult())
                .Concat(ofRoot.Select(p => moderator.GetAsync(p).GetAwaiter().GetResult()))
                .Append(moderator.SubmitAsync("/settings", ("display_name", $"{text}\n"), ("bio", text)).GetAwaiter().GetResult())
                .Append(ada.SubmitAsync("/new", ("title", text), ("body", text), ("tags", text), ("preview", "1")).GetAwaiter().GetResult()))
            {
                foreach (Match tag in Tag().Matches(page.Text))
                    StringAssert.Matches(tag.Value, WellFormed(), $"{page.Path}\n{page.Text}");
                Assert.IsFalse(page.Text.Contains("<script>"), page.Text);
            }
        }).Holds(cases: 20);
    }

    [GeneratedRegex("href=\"(/style-[0-9a-f]+\\.css)\"")]
    private static partial Regex StylePath();

    /// <summary>What has a direction of its own.</summary>
    [GeneratedRegex("<(\\w+)(?= )[^>]* dir=\"auto\".*?</\\1>|<bdi>.*?</bdi>", RegexOptions.Singleline)]
    private static partial Regex Isolated();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();

    [GeneratedRegex("^<(?:!doctype html|/[a-z1-6]+|[a-z1-6]+(?: (?!on)[a-z-]+(?:=\"[^\"<>]*\")?)* ?/?)>$")]
    private static partial Regex WellFormed();
}
