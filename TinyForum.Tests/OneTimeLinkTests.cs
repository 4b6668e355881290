using System.Web;
using TinyForum.Data;

namespace TinyForum.Tests;

/// <summary>Links that work once: to make the first account, and to set a password.</summary>
[TestClass]
public sealed class OneTimeLinkTests(TestContext context)
{
    private const string Ended = "this link has been used or has expired";

    [TestMethod]
    public async Task The_link_of_an_empty_forum_makes_its_admin_once()
    {
        await using var forum = await TestForum.StartAsync();
        var key = KeyIn(forum.Server.SetupUrl);
        Assert.AreEqual(new Uri(forum.Server.Url, $"setup?key={key}"), forum.Server.SetupUrl);
        var ada = forum.Client();
        (await ada.PostAsync("/api/setup", Setup("x", "ada"))).Is(403, Ended);
        (await ada.PostAsync("/api/setup", Setup(key, "system"))).IsInvalid("username", "is reserved");
        (await ada.PostAsync("/api/setup", Setup(key, "ada", "x"))).IsInvalid("password");
        Assert.AreEqual("ada", (string?)(await ada.PostAsync("/api/setup", Setup(key, "ada"))).Is(200, "success")["user.username"]);
        Assert.AreEqual("admin", (string?)(await ada.GetAsync("/api/me")).Is(200)["user.role"]);
        (await forum.Client().PostAsync("/api/setup", Setup(key, "eve"))).Is(403, Ended);
        (await forum.Client().PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200, "success");
        Assert.AreEqual("role", (string?)(await ada.GetAsync("/api/moderation-log")).Is(200)["entries.0.action"]);
    }

    [TestMethod]
    public async Task Of_many_who_use_the_link_at_once_one_is_the_admin()
    {
        await using var forum = await TestForum.StartAsync();
        var key = KeyIn(forum.Server.SetupUrl);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => forum.Client().PostAsync("/api/setup", Setup(key, $"user{i}"))));
        Assert.AreEqual(1, answers.Count(a => (int)a.Status == 200));
        Assert.IsTrue(answers.All(a => (int)a.Status is 200 or 403));
        Assert.AreEqual(3, forum.Database.Read(c => c.Number("SELECT count(*) FROM users")), "with those of the forum itself");
    }

    [TestMethod]
    public async Task A_forum_that_is_not_empty_any_more_is_not_set_up()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("first");
        (await forum.Client().PostAsync("/api/setup", Setup(KeyIn(forum.Server.SetupUrl), "eve"))).Is(403, Ended);
        using var browser = new FormClient(forum.Url);
        Assert.AreEqual(403, (await browser.GetAsync(forum.Server.SetupUrl!.PathAndQuery)).Status);
    }

    [TestMethod]
    public async Task The_link_ends_after_a_day_and_with_the_next_start()
    {
        using var folder = new TemporaryFolder();
        var time = new ManualTime();
        string first;
        await using (var forum = await TestForum.StartAsync(o => o with { Database = folder["forum.db"], TimeProvider = time }))
            first = KeyIn(forum.Server.SetupUrl);
        await using (var forum = await TestForum.StartAsync(o => o with { Database = folder["forum.db"], TimeProvider = time }))
        {
            var second = KeyIn(forum.Server.SetupUrl);
            Assert.AreNotEqual(first, second);
            (await forum.Client().PostAsync("/api/setup", Setup(first, "ada"))).Is(403, Ended);
            time.Advance(OneTimeLinks.SetupLifetime);
            (await forum.Client().PostAsync("/api/setup", Setup(second, "ada"))).Is(403, Ended);
            await forum.UserAsync("ada");
        }
        await using (var forum = await TestForum.StartAsync(o => o with { Database = folder["forum.db"] }))
            Assert.IsNull(forum.Server.SetupUrl);
    }

    [TestMethod]
    public async Task The_page_to_set_up_needs_no_script_and_tells_nobody_the_key()
    {
        await using var forum = await TestForum.StartAsync();
        var address = forum.Server.SetupUrl!;
        using var browser = new FormClient(forum.Url);
        var page = await browser.GetAsync(address.PathAndQuery);
        Assert.AreEqual(200, page.Status);
        Assert.Contains("no-store", page.Caching);
        Assert.AreEqual(2, page.Text.Split(KeyIn(address)).Length, "in its form alone");
        var refused = await browser.SubmitAsync(page, ("username", "ada"), ("password", "x"));
        Assert.AreEqual(400, refused.Status);
        var done = await browser.SubmitAsync(refused, ("username", "ada"), ("password", "secret"));
        Assert.AreEqual("/", done.Path);
        Assert.Contains("href=\"/moderation\"", done.Text);
        Assert.AreEqual("/", (await browser.SubmitAsync(refused, ("username", "ada"), ("password", "secret"))).Path, "sent twice");
        Assert.AreEqual(403, (await browser.GetAsync(address.PathAndQuery)).Status);
    }

    [TestMethod]
    public async Task An_empty_forum_prints_its_link_where_clients_know_it_and_logs_no_key()
    {
        using var folder = new TemporaryFolder();
        string[] where = ["--public-url", "https://forum.example", "--base-path", "/forum", "--log", "text"];
        string key;
        await using (var server = await ServerProcess.StartAsync(folder["forum.db"], where))
        {
            var line = await server.SaysAsync("/setup?key=");
            Assert.Contains(" https://forum.example/forum/setup?key=", line);
            key = line.Split("key=")[1].Split(' ')[0];
            using var client = new TestClient(new Uri(server.Url, "/"));
            (await client.PostAsync("/api/setup", Setup(key, "ada"))).Is(200, "success");
            using var browser = new FormClient(new Uri(server.Url, "/"));
            await browser.GetAsync($"/setup?key={key}");
            server.Signal("TERM");
            await server.EndAsync();
            Assert.AreEqual(2, server.Output.Split(key).Length, "once, where it is printed");
        }
        await using (var server = await ServerProcess.StartAsync(folder["forum.db"], where))
        {
            server.Signal("TERM");
            await server.EndAsync();
            Assert.DoesNotContain("/setup", server.Output);
        }
        var (code, output, errors) = await ServerProcess.RunAsync(
            ["user", "reset-link", "ada", "--database", folder["forum.db"], "--public-url", "https://forum.example", "--base-path", "/forum"]);
        Assert.AreEqual(0, code, errors);
        Assert.StartsWith("https://forum.example/forum/password-reset?key=", output);
    }

    [TestMethod]
    public async Task An_admins_link_sets_a_password_once_and_ends_what_the_old_one_opened()
    {
        await using var forum = await TestForum.StartAsync(o => o with { PublicUrl = new Uri("https://forum.example"), BasePath = "/forum" });
        var (root, ada) = (await forum.UserAsync("root", "admin"), await forum.UserAsync("ada"));
        var token = (string)(await ada.PostAsync("/api/tokens", new { name = "t", scope = "write" })).Is(201)["token.token"]!;
        var answer = (await root.PostAsync("/api/user/ADA/password-link")).Is(201, "success");
        var url = new Uri((string)answer["link.url"]!);
        Assert.AreEqual("https://forum.example/forum/password-reset", url.GetLeftPart(UriPartial.Path));
        Assert.DoesNotContain(KeyIn(url), answer.Headers.ToString());
        (await ada.GetAsync("/api/me")).Is(200);

        var stranger = forum.Client();
        (await stranger.PostAsync("/api/password-reset", new { key = KeyIn(url), password = "x" })).IsInvalid("password");
        (await stranger.PostAsync("/api/password-reset", new { key = KeyIn(url), password = "another" })).Is(200, "success");
        (await ada.GetAsync("/api/me")).Is(401);
        (await stranger.GetAsync("/api/me", ("Authorization", $"Bearer {token}"))).Is(401);
        (await stranger.PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200, "username and password do not match");
        (await stranger.PostAsync("/api/login", new { username = "ada", password = "another" })).Is(200, "success");
        (await stranger.PostAsync("/api/password-reset", new { key = KeyIn(url), password = "third" })).Is(403, Ended);
        var log = (await stranger.GetAsync("/api/moderation-log")).Is(200);
        Assert.AreEqual("password_link", (string?)log["entries.0.action"]);
        Assert.DoesNotContain(KeyIn(url), log.Text);
    }

    [TestMethod]
    public async Task Only_admins_make_links_and_only_for_those_who_can_log_in()
    {
        await using var forum = await TestForum.StartAsync();
        var (root, mod) = (await forum.UserAsync("root", "admin"), await forum.UserAsync("mod", "moderator"));
        await forum.UserAsync("ada");
        (await mod.PostAsync("/api/user/ada/password-link")).Is(403);
        (await forum.Client().PostAsync("/api/user/ada/password-link")).Is(401);
        foreach (var (scope, status) in ((string, int)[])[("read", 403), ("write", 201)])
        {
            var token = (string)(await root.PostAsync("/api/tokens", new { name = scope, scope })).Is(201)["token.token"]!;
            (await forum.Client().PostAsync("/api/user/ada/password-link", null, ("Authorization", $"Bearer {token}"))).Is(status);
        }
        (await root.PostAsync("/api/user/nobody/password-link")).Is(404);
        (await root.PostAsync("/api/user/deleted/password-link")).Is(404);
        (await root.PostAsync("/api/user/system/password-link")).Is(403, "system can't log in");
        (await root.PutAsync("/api/user/ada/suspension", new { reason = "r" })).Is(200);
        (await root.PostAsync("/api/user/ada/password-link")).Is(409, "this account is suspended: lift that first");
        var server = forum.Server;
        var refusal = await Assert.ThrowsExactlyAsync<RefusalException>(
            () => server.Links.MakePasswordLinkAsync(server.Users.FindActor("mod")!, server.Users.Find("root")!));
        Assert.AreEqual(RefusalKind.Forbidden, refusal.Kind);
    }

    [TestMethod]
    [DataRow("an hour"), DataRow("another link"), DataRow("a new password"), DataRow("the command line"), DataRow("a suspension"), DataRow("erasure")]
    public async Task A_link_ends_with(string what)
    {
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = time });
        var (root, ada) = (await forum.UserAsync("root", "admin"), await forum.UserAsync("ada"));
        var key = KeyIn(new Uri((string)(await root.PostAsync("/api/user/ada/password-link")).Is(201)["link.url"]!));
        switch (what)
        {
            case "an hour":
                time.Advance(OneTimeLinks.PasswordLifetime);
                break;
            case "another link":
                (await root.PostAsync("/api/user/ada/password-link")).Is(201);
                break;
            case "a new password":
                (await ada.PutAsync("/api/me/password", new { current = "secret", @new = "another" })).Is(200);
                break;
            case "the command line":
                Assert.IsTrue(await forum.Server.Users.SetPasswordAsync(forum.Server.Users.Find("ada")!, "another", context.CancellationToken));
                break;
            case "a suspension":
                (await root.PutAsync("/api/user/ada/suspension", new { reason = "r" })).Is(200);
                (await root.DeleteAsync("/api/user/ada/suspension")).Is(200);
                break;
            case "erasure":
                (await ada.DeleteAsync("/api/me", new { password = "secret" })).Is(200);
                break;
        }
        (await forum.Client().PostAsync("/api/password-reset", new { key, password = "stolen" })).Is(403, Ended);
        using var browser = new FormClient(forum.Url);
        Assert.AreEqual(403, (await browser.GetAsync($"/password-reset?key={key}")).Status);
    }

    [TestMethod]
    public async Task Of_many_who_use_a_link_at_once_one_sets_the_password()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("ada");
        var link = await forum.Server.Links.MakePasswordLinkAsync(Actor.System, forum.Server.Users.Find("ada")!);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(
            i => forum.Client().PostAsync("/api/password-reset", new { key = link.Key, password = $"secret{i}" })));
        var winner = answers.ToList().FindIndex(a => (int)a.Status == 200);
        Assert.AreEqual(1, answers.Count(a => (int)a.Status == 200));
        (await forum.Client().PostAsync("/api/login", new { username = "ada", password = $"secret{winner}" })).Is(200, "success");
    }

    [TestMethod]
    [DataRow("en"), DataRow("zh")]
    public async Task Pages_make_a_link_and_set_a_password_by_it(string language)
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("root", "admin");
        await forum.UserAsync("ada");
        using var root = new FormClient(forum.Url);
        await root.SubmitAsync("/login", ("username", "root"), ("password", "secret"));
        var made = await root.PressAsync("/user/ada", "/user/ada/password-link");
        Assert.AreEqual("no-store", made.Caching);
        var url = new Uri(made.Text.Split("<code>")[1].Split("</code>")[0]);
        using var ada = new FormClient(forum.Url);
        var page = await ada.GetAsync(url.PathAndQuery, language);
        Assert.AreEqual(2, page.Text.Split(KeyIn(url)).Length, "in its form alone");
        Assert.Contains("no-store", page.Caching);
        var refused = await ada.SubmitAsync(page, ("password", "x"));
        Assert.AreEqual((400, "no-store"), (refused.Status, refused.Caching), "the key is in its form");
        var done = await ada.SubmitAsync(refused, ("password", "another"));
        Assert.AreEqual(200, done.Status);
        Assert.Contains("href=\"/login\"", done.Text);
        var late = await ada.SubmitAsync(page, ("password", "another"));
        Assert.AreEqual(403, late.Status);
        Assert.Contains("This link has been used or has expired.", late.Text);
        Assert.AreEqual("/", (await ada.SubmitAsync("/login", ("username", "ada"), ("password", "another"))).Path);
    }

    private static object Setup(string key, string username, string password = "secret") => new { key, username, password };

    private static string KeyIn(Uri? url) => HttpUtility.ParseQueryString(url!.Query)["key"]!;
}
