using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using TinyForum.Api.Events;
using TinyForum.Data;

namespace TinyForum.Tests;

/// <summary>Other programs' logins: a header of a trusted proxy, and a function of the embedder's.</summary>
[TestClass]
public sealed partial class ExternalLoginTests(TestContext context)
{
    private const string Header = "Remote-User";

    private static readonly IReadOnlyList<IPNetwork> Here = [IPNetwork.Parse("127.0.0.1/32")];

    [TestMethod]
    [DataRow("Remote-User"), DataRow("remote-user"), DataRow("REMOTE-USER")]
    public async Task The_header_of_a_trusted_proxy_says_who_is_calling(string spelt)
    {
        await using var forum = await StartAsync();
        var client = forum.Client();
        var me = (await client.GetAsync("/api/me", (spelt, "ada@example.org"))).Is(200);
        Assert.AreEqual(("ada", "member"), ((string?)me["user.username"], (string?)me["user.role"]));
        Assert.IsNull(me.Header("Set-Cookie"));
        (await client.PostAsync("/api/posts", new { title = "t", body = "b" }, (spelt, "ada@example.org"))).Is(201);
        (await client.GetAsync("/api/me")).Is(401, "login required");
        (await client.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(401);
        Assert.AreEqual("ada@example.org", Subjects(forum));
    }

    [TestMethod]
    public async Task The_header_from_elsewhere_counts_for_nothing()
    {
        await using var forum = await StartAsync(o => o with { TrustedProxies = [IPNetwork.Parse("10.0.0.0/8")] });
        var client = forum.Client();
        (await client.GetAsync("/api/me", (Header, "ada"))).Is(401);
        (await client.GetAsync("/api/me", (Header, "ada"), ("X-Forwarded-For", "10.0.0.1"))).Is(401);
        (await client.PostAsync("/api/register", new { username = "ada", password = "secret" }, (Header, "root"))).Is(200, "success");
        Assert.AreEqual("", Subjects(forum));
    }

    [TestMethod]
    [DataRow("Remote-User: ada\r\nRemote-User: root", 400)]
    [DataRow("Remote-User: ada\r\nremote-user: ada", 400)]
    [DataRow("Remote-User: ada\r\nRemote-User:", 400)]
    [DataRow("Remote-User:\r\nRemote-User: ada", 400)]
    [DataRow("Remote-User: ada\r\nRemote-User : root", 400)]
    [DataRow("Remote-User: ada, root", 400)]
    [DataRow("Remote-User: ada,", 400)]
    [DataRow("Remote-User:", 401)]
    [DataRow("Remote-User:    ", 401)]
    [DataRow("Remote_User: ada", 401)]
    [DataRow("X-Remote-User: ada", 401)]
    [DataRow("Remote-User: \xff", 400, DisplayName = "not UTF-8")]
    [DataRow("Remote-User: a\x01z", 400, DisplayName = "a control character")]
    [DataRow("Remote-User: {256}", 400)]
    public async Task A_header_that_does_not_say_one_name_is_no_login(string headers, int status)
    {
        await using var forum = await StartAsync();
        using var client = new RawClient(forum.Url);
        client.SendExactly($"GET /api/me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers.Replace("{256}", new('a', 256))}\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {status} ", client.ReadToEnd());
        Assert.AreEqual("", Subjects(forum));
    }

    [TestMethod]
    public async Task A_name_that_somebody_has_gives_no_access_to_that_account()
    {
        await using var forum = await StartAsync();
        var (ada, proxied) = (await forum.UserAsync("ada", "admin"), forum.Client());
        (string, string)[] all = [("ada", "ada2"), ("Ada", "Ada3"), ("ADA@example.org", "ADA4"), ("system", "user"), ("deleted", "user2")];
        foreach (var (subject, name) in all)
        {
            var me = (await proxied.GetAsync("/api/me", (Header, subject))).Is(200);
            Assert.AreEqual((name, "member"), ((string?)me["user.username"], (string?)me["user.role"]), subject);
            Assert.AreEqual(name, (string?)(await proxied.GetAsync("/api/me", (Header, subject))).Is(200)["user.username"], "again");
        }
        Assert.AreEqual("ada2", (string?)(await ada.GetAsync("/api/me", (Header, "ada"))).Is(200)["user.username"], "the header goes before a cookie");
        var token = (string)(await ada.PostAsync("/api/tokens", new { name = "t", scope = "write" })).Is(201)["token.token"]!;
        (await ada.PutAsync("/api/user/ada2/role", new { role = "admin" }, (Header, "ada"), ("Authorization", $"Bearer {token}"))).Is(403);
        Assert.AreEqual("ada", (string?)(await ada.GetAsync("/api/me")).Is(200)["user.username"]);
    }

    [TestMethod]
    [DataRow("张三", "张三"), DataRow("CORP\\ada", "CORP-ada"), DataRow("ada lovelace", "ada-lovelace"), DataRow("...", "user"), DataRow("@ada", "ada")]
    [DataRow("cn=ada;dc=example", "cn-ada-dc-example"), DataRow("аda", "user"), DataRow("-", "user"), DataRow("ada-", "ada")]
    public async Task The_account_gets_a_name_that_fits(string subject, string name)
    {
        await using var forum = await StartAsync();
        using var http = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 }) { BaseAddress = forum.Url };
        http.DefaultRequestHeaders.TryAddWithoutValidation(Header, subject);
        Assert.Contains($"\"username\": \"{name}\"", await http.GetStringAsync("/api/me", context.CancellationToken));
        Assert.AreEqual(subject, Subjects(forum));
    }

    [TestMethod]
    public async Task Long_names_are_cut_and_numbered()
    {
        await using var forum = await StartAsync();
        var client = forum.Client();
        for (var i = 1; i <= 25; i++)
        {
            var name = (string)(await client.GetAsync("/api/me", (Header, $"{new string('a', 40)}@{i}.example"))).Is(200)["user.username"]!;
            Assert.AreEqual(32, name.Length);
        }
        Assert.AreEqual(25, forum.Database.Read(c => c.Number("SELECT count(DISTINCT user_id) FROM identities")));
    }

    [TestMethod]
    public async Task Simultaneous_first_requests_make_one_account()
    {
        await using var forum = await StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => forum.Client().GetAsync("/api/me", (Header, "ada"))));
        Assert.AreEqual("ada", string.Join(' ', answers.Select(a => (string)a.Is(200)["user.username"]!).Distinct()));
        Assert.AreEqual(1, forum.Database.Read(c => c.Number("SELECT count(*) FROM users WHERE id > 1")));
    }

    [TestMethod]
    public async Task Nothing_is_written_for_who_is_known()
    {
        await using var forum = await StartAsync();
        var client = forum.Client();
        (await client.GetAsync("/api/me", (Header, "ada"))).Is(200);
        await forum.Settled();
        var before = forum.Database.Stamp((int)Subject.Anything);
        foreach (var path in (string[])["/api/me", "/api/posts", "/api/notifications", "/api/me"])
            (await client.GetAsync(path, (Header, "ada"))).Is(200);
        Assert.AreEqual(before, forum.Database.Stamp((int)Subject.Anything));
    }

    [TestMethod]
    public async Task What_another_site_makes_a_browser_send_is_refused_as_with_a_cookie()
    {
        await using var forum = await StartAsync(o => o with { CorsOrigins = ["*"] });
        var client = forum.Client();
        object post = new { title = "t", body = "b" };
        (await client.PostAsync("/api/posts", post, (Header, "ada"), ("Sec-Fetch-Site", "cross-site"))).Is(403);
        (await client.PostAsync("/api/posts", post, (Header, "ada"), ("Origin", "https://evil.example"))).Is(403);
        (await client.PostAsync("/api/posts", post, (Header, "ada"), ("Sec-Fetch-Site", "cross-site"), ("Authorization", "Bearer x"))).Is(403);
        (await client.GetAsync("/api/logout/ada", (Header, "ada"))).Is(403);
        (await client.GetAsync("/api/me", (Header, "ada"), ("Origin", "https://evil.example"))).Is(401, "login required");
        (await client.PostAsync("/api/posts", post, (Header, "ada"), ("Sec-Fetch-Site", "same-origin"))).Is(201);
    }

    [TestMethod]
    [DataRow("/"), DataRow("/api/posts"), DataRow("/user/ada"), DataRow("/api/user/ada/profile")]
    public async Task An_answer_to_one_reader_is_not_anothers(string path)
    {
        await using var forum = await StartAsync();
        (await forum.Client().PostAsync("/api/posts", new { title = "t", body = "b" }, (Header, "ada"))).Is(201);
        using var http = new HttpClient { BaseAddress = forum.Url };
        for (var i = 0; i < 3; i++)
        {
            foreach (var reader in (string[])["ada", "", "bob", "ada"])
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, path);
                request.Headers.TryAddWithoutValidation(Header, reader);
                using var answer = await http.SendAsync(request, context.CancellationToken);
                Assert.AreEqual(HttpStatusCode.OK, answer.StatusCode);
                Assert.Contains(Header, string.Join(',', answer.Headers.Vary));
                Assert.AreEqual(reader.Length > 0, answer.Headers.CacheControl!.Private, $"{path} {reader}");
                var names = DataUser().Match(await answer.Content.ReadAsStringAsync(context.CancellationToken)).Groups[1].Value;
                Assert.AreEqual(path.StartsWith("/api/", StringComparison.Ordinal) ? "" : reader, names, path);
            }
        }
    }

    [TestMethod]
    public async Task A_suspended_account_is_refused_and_a_stranger_may_read()
    {
        await using var forum = await StartAsync();
        var (mod, client) = (await forum.UserAsync("mod", "moderator"), forum.Client());
        (await client.GetAsync("/api/me", (Header, "ada"))).Is(200);
        (await mod.PutAsync("/api/user/ada/suspension", new { reason = "spam" })).Is(200);
        (await client.GetAsync("/api/me", (Header, "ada"))).Is(403, "this account is suspended: spam");
        (await client.PostAsync("/api/posts", new { title = "t", body = "b" }, (Header, "ada"))).Is(403, "this account is suspended: spam");
        (await client.GetAsync("/api/posts", (Header, "ada"))).Is(200);
        (await mod.DeleteAsync("/api/user/ada/suspension")).Is(200);
        (await client.GetAsync("/api/me", (Header, "ada"))).Is(200);
        Assert.AreEqual("ada", Subjects(forum));
    }

    [TestMethod]
    public async Task There_is_no_other_way_into_the_account()
    {
        await using var forum = await StartAsync();
        var (root, client) = (await forum.UserAsync("root", "admin"), forum.Client());
        (await client.GetAsync("/api/me", (Header, "ada"))).Is(200);
        (await root.PostAsync("/api/user/ada/password-link")).Is(409, "this account has no password: another program logs it in");
        Assert.IsFalse(await forum.Server.Users.SetPasswordAsync(forum.Server.Users.Find("ada")!, "secret", context.CancellationToken));
        (await client.PutAsync("/api/me/password", new { current = "secret", @new = "secret" }, (Header, "ada"))).Is(403);
        (await client.PostAsync("/api/tokens", new { name = "t", scope = "write" }, (Header, "ada"))).Is(403);
        (await client.PostAsync("/api/logout", null, (Header, "ada"))).Is(403);
        (await client.PostAsync("/api/login", new { username = "root", password = "secret" }, (Header, "ada"))).Is(403);
        (await client.PostAsync("/api/register", new { username = "eve", password = "secret" }, (Header, "ada"))).Is(403);
        (await client.PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200, "username and password do not match");
        (await client.GetAsync("/api/sessions", (Header, "ada"))).Is(200);
        Assert.AreEqual("ada", (string?)(await client.GetAsync("/api/me/export", (Header, "ada"))).Is(200)["export.identities.0.subject"]);
    }

    [TestMethod]
    public async Task An_erased_account_is_made_anew_at_the_next_sight()
    {
        await using var forum = await StartAsync();
        var client = forum.Client();
        var first = (long)(await client.GetAsync("/api/me", (Header, "ada"))).Is(200)["user.id"]!;
        (await client.DeleteAsync("/api/me", new { password = "none of it" }, (Header, "ada"))).Is(200, "success");
        Assert.AreEqual("", Subjects(forum));
        var second = (await client.GetAsync("/api/me", (Header, "ada"))).Is(200);
        Assert.AreNotEqual(first, (long)second["user.id"]!);
        Assert.AreEqual("ada", (string?)second["user.username"]);
    }

    [TestMethod]
    public async Task A_stream_of_events_ends_so_that_its_reader_shows_the_login_again()
    {
        var time = new ManualTime();
        await using var forum = await StartAsync(o => o with { TimeProvider = time });
        await using var mine = await EventReader.OpenAsync(forum.Url, "/api/events", (Header, "ada"));
        await using var anyones = await EventReader.OpenAsync(forum.Url, "/api/events");
        await mine.NextAsync("hello");
        await anyones.NextAsync("hello");
        time.Advance(EventStreams.ExternalLifetime);
        Assert.IsNull(await mine.NextAsync());
        var ada = await forum.UserAsync("bob");
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        Assert.IsNotNull(await anyones.NextAsync());
    }

    [TestMethod]
    public async Task Pages_offer_no_login_that_another_program_does()
    {
        await using var forum = await StartAsync();
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = forum.Url };
        http.DefaultRequestHeaders.Add(Header, "ada");
        http.DefaultRequestHeaders.Accept.ParseAdd("text/html");
        foreach (var path in (string[])["/", "/settings", "/settings/erase", "/nothing"])
        {
            var page = await (await http.GetAsync(path, context.CancellationToken)).Content.ReadAsStringAsync(context.CancellationToken);
            Assert.Contains("href=\"/user/ada\"", page, path);
            foreach (var not in (string[])["/logout", "/login", "/register\"", "/sessions", "/tokens", "/settings/password", "type=\"password\""])
                Assert.DoesNotContain(not, page, path);
        }
        foreach (var path in (string[])["/login?next=/tags", "/register?next=/tags"])
            Assert.AreEqual("/tags", (await http.GetAsync(path, context.CancellationToken)).Headers.Location?.OriginalString);
        foreach (var path in (string[])["/sessions", "/tokens", "/settings/password"])
            Assert.AreEqual(HttpStatusCode.Forbidden, (await http.GetAsync(path, context.CancellationToken)).StatusCode, path);
        using var erased = await http.PostAsync("/settings/erase", new FormUrlEncodedContent([]), context.CancellationToken);
        Assert.AreEqual(HttpStatusCode.SeeOther, erased.StatusCode);
        Assert.AreEqual("", Subjects(forum));
    }

    [TestMethod]
    public async Task A_function_of_the_embedder_says_who_is_calling_and_in_which_role()
    {
        AuthenticationRequest? seen = null;
        var role = (Role?)Role.Admin;
        await using var forum = await StartAsync(o => o with
        {
            AuthHeader = null,
            TrustedProxies = [],
            Authenticate = request =>
            {
                seen = request;
                return ValueTask.FromResult(
                    request.Header("X-User") is { } user ? new ExternalIdentity($"uid:{user}", user, user == "ada" ? role : null) : null);
            },
        });
        Assert.IsNull(forum.Server.SetupUrl);
        var client = forum.Client();
        Assert.AreEqual("admin", (string?)(await client.GetAsync("/api/me?", ("x-user", "ada"))).Is(200)["user.role"]);
        Assert.AreEqual(("GET", "/api/me", IPAddress.Loopback), (seen!.Method, seen.Path, seen.RemoteAddress));
        Assert.IsNull(seen.Header("X-Other"));
        (await client.GetAsync("/api/me")).Is(401);

        role = Role.Member;
        Assert.AreEqual("admin", (string?)(await client.GetAsync("/api/me", ("X-User", "ada"))).Is(200)["user.role"], "the last admin stays one");
        (await client.GetAsync("/api/me", ("X-User", "bob"))).Is(200);
        (await client.PutAsync("/api/user/bob/role", new { role = "admin" }, ("X-User", "ada"))).Is(200);
        Assert.AreEqual("member", (string?)(await client.GetAsync("/api/me", ("X-User", "ada"))).Is(200)["user.role"]);
        (await client.PutAsync("/api/user/bob/role", new { role = "member" }, ("X-User", "ada"))).Is(403);
        role = null;
        (await client.PutAsync("/api/user/ada/role", new { role = "moderator" }, ("X-User", "bob"))).Is(200);
        Assert.AreEqual("moderator", (string?)(await client.GetAsync("/api/me", ("X-User", "ada"))).Is(200)["user.role"]);
        await forum.Settled();
        Assert.AreEqual("role role role role", string.Join(' ', forum.Server.Moderation.List().Items.Select(e => e.Action)));
    }

    [TestMethod]
    [DataRow("", 400), DataRow(" ", 400), DataRow("a\nb", 400), DataRow("{256}", 400), DataRow("{lone}", 400), DataRow("{255}", 200)]
    public async Task A_function_that_gives_no_proper_name_lets_nobody_in(string subject, int status)
    {
        subject = subject.Replace("{256}", new('a', 256)).Replace("{255}", new('a', 255)).Replace("{lone}", "\ud800");
        await using var forum = await StartAsync(o => o with
        {
            AuthHeader = null,
            Authenticate = _ => ValueTask.FromResult<ExternalIdentity?>(new(subject)),
        });
        (await forum.Client().GetAsync("/api/me")).Is(status);
    }

    [TestMethod]
    public async Task A_function_that_fails_is_a_fault_of_the_server_and_nobodys_login()
    {
        await using var forum = await StartAsync(o => o with { AuthHeader = null, Authenticate = _ => throw new InvalidOperationException("secret") });
        foreach (var accept in (string[])["application/json", "text/html"])
        {
            var answer = await forum.Client().GetAsync("/api/posts", ("Accept", accept));
            answer.Is(500);
            Assert.DoesNotContain("secret", answer.Text);
        }
        using var browser = new FormClient(forum.Url);
        Assert.AreEqual(500, (await browser.GetAsync("/")).Status);
    }

    [TestMethod]
    public async Task The_header_needs_a_proxy_that_is_trusted_and_a_name_that_is_a_proxys()
    {
        foreach (var (options, why) in ((ForumOptions, string)[])
            [
                (new() { AuthHeader = Header }, "must come with TrustedProxies"),
                (new() { AuthHeader = "Remote User", TrustedProxies = Here }, "must be the name of a header, such as Remote-User"),
                (new() { AuthHeader = "Cookie", TrustedProxies = Here }, "must be the name of a header, such as Remote-User"),
                (new() { AuthHeader = Header, TrustedProxies = Here, Authenticate = _ => default }, "must not come with Authenticate"),
            ])
        {
            var e = await Assert.ThrowsExactlyAsync<ArgumentException>(() => ForumServer.StartAsync(options));
            Assert.Contains($"ForumOptions.AuthHeader {why}", e.Message);
        }
        using var folder = new TemporaryFolder();
        var (code, _, errors) = await ServerProcess.RunAsync(["serve", "--database", folder["forum.db"], "--auth-header", Header]);
        Assert.AreEqual(1, code);
        Assert.Contains("--auth-header needs --trust-proxy", errors);
    }

    private static Task<TestForum> StartAsync(Func<ForumOptions, ForumOptions>? configure = null) => TestForum.StartAsync(o =>
    {
        o = o with { AuthHeader = Header, TrustedProxies = Here };
        return configure?.Invoke(o) ?? o;
    });

    [GeneratedRegex("data-user=\"([^\"]*)\"")]
    private static partial Regex DataUser();

    private static string Subjects(TestForum forum) =>
        string.Join(' ', forum.Database.Read(c => c.All("SELECT subject FROM identities ORDER BY subject", r => r.GetString(0))));
}
