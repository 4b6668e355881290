namespace TinyForum.Tests;

/// <summary>The API gives texts as HTML on request.</summary>
[TestClass]
public sealed class HtmlAnswerTests
{
    [TestMethod]
    public async Task Posts_and_messages_have_their_HTML_on_request_and_only_then()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        (await ada.PostAsync("/api/posts", new { title = "t", body = "*Hi* @bob & @eve <b>" })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "**re**" })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "gone" })).Is(201);
        (await ada.DeleteAsync("/api/posts/3")).Is(200);
        (await ada.PostAsync("/api/messages", new { to = "bob", body = "`@bob`, @bob" })).Is(201);
        const string Head = "<p><em>Hi</em> <a href=\"/user/bob\">@bob</a> &amp; @eve &lt;b&gt;</p>\n";
        foreach (var reader in (TestClient[])[forum.Client(), bob])
        {
            foreach (var (path, at, html) in ((string, string, string)[])
                [("/api/posts/1", "post", Head), ("/api/posts", "posts.0", Head), ("/api/posts/1/replies", "replies.0", "<p><strong>re</strong></p>\n")])
            {
                Assert.IsNull((await reader.GetAsync(path)).Is(200)[$"{at}.html"]);
                Assert.IsNull((await reader.GetAsync($"{path}?html=false")).Is(200)[$"{at}.html"]);
                var answer = (await reader.GetAsync($"{path}?html=true")).Is(200);
                Assert.AreEqual(html, (string?)answer[$"{at}.html"]);
                Assert.AreEqual(reader == bob ? false : null, (bool?)answer[$"{at}.liked"]);
                (await reader.GetAsync($"{path}?html=true", ("If-None-Match", answer.Header("ETag")!))).Is(304);
            }
            Assert.IsNull((await reader.GetAsync("/api/posts/1/replies?html=true")).Is(200)["replies.1.html"]);
            (await reader.GetAsync("/api/posts/1?html=1")).IsInvalid("html", "must be true or false");
        }
        Assert.AreEqual("<p><code>@bob</code>, @bob</p>\n", (string?)(await bob.GetAsync("/api/messages?html=true")).Is(200)["messages.0.html"]);
        Assert.AreEqual("<p><code>@bob</code>, @bob</p>\n", (string?)(await bob.GetAsync("/api/messages/1?html=true")).Is(200)["private_message.html"]);
    }

    [TestMethod]
    public async Task An_edit_changes_the_HTML_and_a_preview_shows_it_before()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "t", body = "one" })).Is(201);
        var before = await ada.GetAsync("/api/posts/1?html=true");
        var html = (string?)(await ada.PostAsync("/api/preview", new { body = "- two" })).Is(200, "success")["html"];
        Assert.AreEqual("<ul>\n<li>two</li>\n</ul>\n", html);
        (await ada.PatchAsync("/api/posts/1", new { body = "- two" }, ("If-Match", before.Header("ETag")!))).Is(200);
        var after = (await ada.GetAsync("/api/posts/1?html=true", ("If-None-Match", before.Header("ETag")!))).Is(200);
        Assert.AreEqual(html, (string?)after["post.html"]);
        foreach (var body in (string[])["", " ", "\u0001", new string('x', 32_001)])
            (await ada.PostAsync("/api/preview", new { body })).IsInvalid("body");
        (await forum.Client().PostAsync("/api/preview", new { body = "x" })).Is(401);
    }

    [TestMethod]
    public async Task A_text_that_was_erased_is_not_shown_as_HTML_either()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, mod) = (await forum.UserAsync("ada"), await forum.UserAsync("mod", "moderator"));
        (await mod.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "my secret" })).Is(201);
        StringAssert.Contains((string)(await mod.GetAsync("/api/posts/2?html=true")).Is(200)["post.html"]!, "my secret");
        (await ada.DeleteAsync("/api/posts/2")).Is(200);
        (await ada.DeleteAsync("/api/me", new { password = "secret" })).Is(200);
        Assert.DoesNotContain("my secret", (await mod.GetAsync("/api/posts/2?html=true")).Text);
    }

    [TestMethod]
    public async Task A_mention_leads_to_whoever_has_the_name_now()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "t", body = "@bob" })).Is(201);
        using var pages = new HttpClient { BaseAddress = forum.Url };
        await ShowsAsync("<p>@bob</p>\n");
        var bob = await forum.UserAsync("bob");
        await ShowsAsync("<p><a href=\"/user/bob\">@bob</a></p>\n");
        (await bob.DeleteAsync("/api/me", new { password = "secret" })).Is(200);
        await ShowsAsync("<p>@bob</p>\n");

        async Task ShowsAsync(string html)
        {
            Assert.AreEqual(html, (string?)(await ada.GetAsync("/api/posts/1?html=true")).Is(200)["post.html"]);
            StringAssert.Contains(await pages.GetStringAsync("/posts/1"), html);
        }
    }
}
