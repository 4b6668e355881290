using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace TinyForum.Tests;

/// <summary>The settings as pages, without scripts.</summary>
[TestClass]
public sealed partial class SettingsPageTests
{
    private static async Task<FormClient> UserAsync(TestForum forum, string name)
    {
        var client = new FormClient(forum.Url);
        await client.SubmitAsync("/register", ("username", name), ("password", "secret"));
        return client;
    }

    [TestMethod]
    public async Task A_profile_is_changed_and_what_is_refused_comes_back()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = await UserAsync(forum, "ada");
        var saved = await ada.SubmitAsync("/settings", ("display_name", "Ada <b>"), ("bio", "I *like* tea & </textarea>"));
        Assert.AreEqual("/user/ada", saved.Path);
        StringAssert.Contains(saved.Text, "<h1 dir=\"auto\">Ada &lt;b&gt;</h1>\n<p class=\"meta\"><bdi>ada</bdi> · member · joined <time");
        StringAssert.Contains(saved.Text, "I <em>like</em> tea");
        StringAssert.Contains((await ada.GetAsync("/settings")).Text, "I *like* tea &amp; &lt;/textarea&gt;</textarea>");
        var refused = await ada.SubmitAsync("/settings", ("display_name", new string('x', 51)), ("bio", "kept"));
        Assert.AreEqual(400, refused.Status);
        StringAssert.Contains(refused.Text, "id=\"display_name-mistake\"");
        StringAssert.Contains(refused.Text, ">\nkept</textarea>");
        await ada.SubmitAsync("/settings", ("display_name", ""), ("bio", ""));
        Assert.DoesNotContain("I <em>like</em>", (await ada.GetAsync("/user/ada")).Text);
    }

    [TestMethod]
    public async Task A_password_is_changed_with_the_old_one_alone_and_ends_the_other_sessions()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = await UserAsync(forum, "ada");
        using var elsewhere = new FormClient(forum.Url);
        await elsewhere.SubmitAsync("/login", ("username", "ada"), ("password", "secret"));
        var wrong = await ada.SubmitAsync("/settings/password", ("current", "other"), ("new", "new secret"));
        Assert.AreEqual(400, wrong.Status);
        StringAssert.Contains(wrong.Text, "<p class=\"mistake\" id=\"current-mistake\">wrong password</p>");
        Assert.DoesNotContain("new secret", wrong.Text);
        StringAssert.Contains((await ada.SubmitAsync("/settings/password", ("current", "secret"), ("new", "x"))).Text, "id=\"new-mistake\"");
        StringAssert.Contains((await ada.SubmitAsync("/settings/password", ("current", "secret"), ("new", "new secret"))).Text, "Done.");
        StringAssert.Contains((await elsewhere.GetAsync("/settings")).Path, "/login");
        Assert.AreEqual(400, (await elsewhere.SubmitAsync("/login", ("username", "ada"), ("password", "secret"))).Status);
        Assert.AreEqual("/", (await elsewhere.SubmitAsync("/login", ("username", "ada"), ("password", "new secret"))).Path);
    }

    [TestMethod]
    public async Task Wrong_passwords_are_counted()
    {
        await using var forum = await TestForum.StartAsync(o => o with { RateLimits = new() { FailedLogins = new(1, TimeSpan.FromHours(1)) } });
        using var ada = await UserAsync(forum, "ada");
        AnsweredPage page;
        var tries = 0;
        do
            page = await ada.SubmitAsync(tries % 2 == 0 ? "/settings/password" : "/settings/erase", ("current", "wrong"), ("new", "new secret"));
        while (page.Status == 400 && ++tries < 3);
        Assert.AreEqual(429, page.Status);
        Assert.IsNotNull(page.RetryAfter);
    }

    [TestMethod]
    public async Task Sessions_are_ended_each_alone_and_all_at_once()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = await UserAsync(forum, "ada");
        using var elsewhere = new FormClient(forum.Url);
        await elsewhere.SubmitAsync("/login", ("username", "ada"), ("password", "secret"));
        using var bob = await UserAsync(forum, "bob");
        var list = await ada.GetAsync("/sessions");
        var others = EndSession().Matches(list.Text).Select(m => m.Groups[1].Value).ToList();
        Assert.HasCount(2, others);
        Assert.HasCount(2, list.Text.Split("this one"));
        Assert.AreEqual(404, (await bob.PostAsync(others[0])).Status);
        var mine = EndSession().Match(list.Text, list.Text.IndexOf("this one", StringComparison.Ordinal)).Groups[1].Value;
        await ada.PressAsync("/sessions", others.Single(o => o != mine));
        StringAssert.Contains((await elsewhere.GetAsync("/sessions")).Path, "/login");
        StringAssert.Contains((await ada.PressAsync("/sessions", mine)).Path, "/login", "the own one");
        await ada.SubmitAsync("/login", ("username", "ada"), ("password", "secret"));
        await elsewhere.SubmitAsync("/login", ("username", "ada"), ("password", "secret"));
        Assert.AreEqual("/login", (await ada.PressAsync("/sessions", "/sessions/end")).Path);
        StringAssert.Contains((await elsewhere.GetAsync("/sessions")).Path, "/login");
        StringAssert.Contains((await bob.GetAsync("/sessions")).Path, "/sessions");
    }

    [TestMethod]
    public async Task A_token_is_shown_once_and_ends()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = await UserAsync(forum, "ada");
        StringAssert.Contains((await ada.SubmitAsync("/tokens", ("name", ""), ("scope", "read"), ("expires_in_days", ""))).Text, "id=\"name-mistake\"");
        var refused = await ada.SubmitAsync("/tokens", ("name", "x"), ("scope", "all"), ("expires_in_days", "ten"));
        StringAssert.Contains(refused.Text, "id=\"expires_in_days-mistake\"");
        var form = await ada.GetAsync("/tokens");
        var made = await ada.SubmitAsync(form, ("name", "Script <1>"), ("scope", "read"), ("expires_in_days", "30"));
        var secret = Secret().Match(made.Text).Groups[1].Value;
        Assert.AreNotEqual("", secret);
        var again = await ada.SubmitAsync(form, ("name", "Script <1>"), ("scope", "read"), ("expires_in_days", "30"));
        Assert.AreEqual(secret, Secret().Match(again.Text).Groups[1].Value, "a form that is sent twice makes one");
        var list = await ada.GetAsync("/tokens");
        Assert.DoesNotContain(secret, list.Text);
        Assert.HasCount(2, list.Text.Split("Script &lt;1&gt;"));

        using var script = new HttpClient { BaseAddress = forum.Url };
        script.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        script.DefaultRequestHeaders.Accept.ParseAdd("text/html");
        foreach (var path in (string[])["/tokens", "/sessions/end", "/settings/erase", "/settings/password", "/settings", "/new"])
        {
            string[] names = ["name", "current", "new", "bio", "title", "body"];
            var fields = names.Select(f => KeyValuePair.Create(f, "secret")).Append(new("scope", "read"));
            using var answer = await script.PostAsync(path, new FormUrlEncodedContent(fields));
            Assert.AreEqual(HttpStatusCode.Forbidden, answer.StatusCode, path);
        }
        Assert.AreEqual(HttpStatusCode.Forbidden, (await script.GetAsync("/tokens")).StatusCode);
        Assert.AreEqual(HttpStatusCode.OK, (await script.GetAsync("/messages")).StatusCode);
        await ada.PressAsync("/tokens", "/tokens/1/end");
        Assert.AreEqual(HttpStatusCode.Unauthorized, (await script.GetAsync("/api/messages")).StatusCode);
    }

    [TestMethod]
    public async Task Who_is_blocked_can_not_write_until_that_ends()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = await UserAsync(forum, "ada");
        using var bob = await UserAsync(forum, "bob");
        StringAssert.Contains((await ada.PressAsync("/user/bob", "/blocks/bob")).Text, "/blocks/bob/remove");
        Assert.AreEqual(403, (await bob.SubmitAsync("/messages/new?to=ada", ("to", "ada"), ("subject", ""), ("body", "psst"))).Status);
        await ada.PressAsync("/blocks", "/blocks/bob/remove");
        Assert.AreEqual("/messages?with=ada", (await bob.SubmitAsync("/messages/new?to=ada", ("to", "ada"), ("subject", ""), ("body", "psst"))).Path);
        Assert.AreEqual(404, (await ada.PostAsync("/blocks/nobody")).Status);
        Assert.AreEqual(400, (await ada.PostAsync("/blocks/ada")).Status);
    }

    [TestMethod]
    public async Task Language_and_colours_are_chosen_by_anyone_and_kept_apart()
    {
        await using var forum = await TestForum.StartAsync();
        using var dark = new FormClient(forum.Url);
        using var chinese = new FormClient(forum.Url);
        using var plain = new FormClient(forum.Url);
        StringAssert.Contains((await dark.SubmitAsync("/settings/look", ("language", "en"), ("theme", "dark"))).Text, "<html lang=\"en\" data-theme=\"dark\">");
        await chinese.SubmitAsync("/settings/look", ("language", "zh"), ("theme", "light"));
        for (var again = 0; again < 2; again++) // made, and kept
        {
            StringAssert.Contains((await dark.GetAsync("/", "zh")).Text, "<html lang=\"en\" data-theme=\"dark\">");
            StringAssert.Contains((await chinese.GetAsync("/")).Text, "<html lang=\"zh\" data-theme=\"light\">");
            StringAssert.Contains((await plain.GetAsync("/")).Text, "<html lang=\"en\">");
            StringAssert.Contains((await plain.GetAsync("/", "zh")).Text, "<html lang=\"zh\">");
        }
        StringAssert.Contains((await dark.PressAsync("/", "/language")).Text, "<html lang=\"zh\" data-theme=\"dark\">");
        var odd = await dark.SubmitAsync("/settings/look", ("language", "\"><b>"), ("theme", "; Domain=evil"));
        StringAssert.Contains(odd.Text, "<html lang=\"en\">");
    }

    [TestMethod]
    public async Task An_account_is_erased_with_its_password_alone()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = await UserAsync(forum, "ada");
        await ada.SubmitAsync("/new", ("title", "Stays"), ("body", "x"), ("tags", ""));
        var page = await ada.GetAsync("/settings/erase");
        StringAssert.Contains(page.Text, "<a class=\"button\" href=\"/api/me/export\" download>");
        StringAssert.Contains((await ada.GetAsync("/api/me/export")).Text, "\"Stays\"");
        Assert.AreEqual(400, (await ada.SubmitAsync(page, ("current", "wrong"))).Status);
        Assert.AreEqual("/", (await ada.SubmitAsync(page, ("current", "secret"))).Path);
        StringAssert.Contains((await ada.GetAsync("/")).Text, ">Log in</a>");
        StringAssert.Contains((await ada.GetAsync("/posts/1")).Text, "<bdi>deleted</bdi>");
        foreach (var path in (string[])["/", "/posts/1", "/posts/1/history", "/search?q=author:deleted", "/?author=deleted", "/moderation-log"])
            Assert.DoesNotContain("/user/deleted", (await ada.GetAsync(path)).Text, path);
        Assert.AreEqual(404, (await ada.GetAsync("/user/ada")).Status);
    }

    [TestMethod]
    public async Task What_is_private_is_stored_nowhere()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = await UserAsync(forum, "ada");
        foreach (var path in (string[])["/settings", "/settings/password", "/settings/erase", "/sessions", "/tokens", "/blocks", "/messages"])
            StringAssert.Contains((await ada.GetAsync(path)).Caching, "no-store", path);
        using var stranger = new FormClient(forum.Url);
        foreach (var path in (string[])["/settings", "/settings/password", "/settings/erase", "/sessions", "/tokens", "/blocks", "/messages"])
            StringAssert.StartsWith((await stranger.GetAsync(path)).Path, "/login?next=", path);
    }

    [TestMethod]
    public async Task What_answers_a_form_can_be_gone_back_to_unless_it_shows_a_token()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = await UserAsync(forum, "ada");
        var tooLong = new string('x', TinyForum.Web.Form.MaxLength);
        foreach (var (path, fields, status) in ((string, (string, string)[], int)[])
            [
                ("/new", [("title", "t"), ("body", "b"), ("preview", "1")], 200), ("/new", [("title", ""), ("body", "b")], 400),
                ("/posts/9/edit", [("body", "b")], 404),
                ("/tokens", [("name", ""), ("scope", "read")], 400), ("/posts/9/like", [], 404),
                ("/new", [("body", tooLong)], 413), ("/login", [("username", "ada"), ("password", "wrong")], 400),
            ])
        {
            var answer = await ada.PostAsync(path, fields);
            Assert.AreEqual((status, "no-cache, private"), (answer.Status, answer.Caching), path);
        }
        StringAssert.Contains((await ada.PostAsync("/new", ("body", tooLong))).Text, "Go back: what you wrote is still there.");
        using var again = await UserAsync(forum, "bob");
        Assert.AreEqual("no-store", (await again.SubmitAsync("/tokens", ("name", "x"), ("scope", "read"), ("expires_in_days", ""))).Caching);
    }

    [TestMethod]
    [DataRow("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", "Chrome · Linux")]
    [DataRow("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge · Windows")]
    [DataRow("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/604.1", "Safari · iPhone")]
    [DataRow("Mozilla/5.0 (Android 15; Mobile; rv:142.0) Gecko/142.0 Firefox/142.0", "Firefox · Android")]
    [DataRow("curl/8.14.1", "curl")]
    [DataRow("my script", "my script")]
    [DataRow("", "")]
    public void Sessions_say_where_they_are_in_few_words(string userAgent, string words) => Assert.AreEqual(words, TinyForum.Web.Device.Of(userAgent));

    [GeneratedRegex("action=\"(/sessions/\\d+/end)\"")]
    private static partial Regex EndSession();

    [GeneratedRegex("<code>([A-Za-z0-9_-]+)</code>")]
    private static partial Regex Secret();
}
