using System.Collections.Concurrent;
using System.Xml.Linq;

namespace TinyForum.Tests;

/// <summary>What an operator can say about a forum, what search engines get, and how pages say that something went wrong.</summary>
[TestClass]
public sealed class SiteTests
{
    [TestMethod]
    public async Task A_title_a_description_a_style_sheet_and_a_page_are_the_operators()
    {
        using var folder = new TemporaryFolder();
        var style = Write(folder["own.css"], "\uFEFF:root { --accent: #123456; }");
        var about = Write(folder["about.md"], "# Rules\n\nBe *kind*. <script>alert(1)</script> [x](javascript:alert(1))");
        await using var forum = await TestForum.StartAsync(
            o => o with { Title = "Tea & <Cake>", Description = "About \"tea\"", StyleFile = style, AboutFile = about });
        using var anyone = new FormClient(forum.Url);
        var page = await anyone.GetAsync("/about");
        StringAssert.Contains(page.Text, "<h1 dir=\"auto\">Tea &amp; &lt;Cake&gt;</h1>\n<p dir=\"auto\">About &quot;tea&quot;</p>");
        StringAssert.Contains(page.Text, "<meta name=\"description\" content=\"About &quot;tea&quot;\">");
        StringAssert.Contains(page.Text, "Be <em>kind</em>. &lt;script&gt;");
        Assert.DoesNotContain("href=\"javascript", page.Text);
        var sheet = FormClient.AddressesIn(page.Text).Single(a => a.EndsWith(".css", StringComparison.Ordinal));
        StringAssert.EndsWith((await anyone.GetAsync(sheet)).Text, "\n:root { --accent: #123456; }");

        await using var other = await TestForum.StartAsync();
        using var stranger = new FormClient(other.Url);
        var plain = (await stranger.GetAsync("/about")).Text;
        Assert.DoesNotContain(sheet, plain, "another content has another address");
        StringAssert.Contains((await stranger.GetAsync("/about", "zh")).Text, "提问、回答");
    }

    [TestMethod]
    [DataRow("missing", DisplayName = "missing")]
    [DataRow(".", DisplayName = "a folder")]
    [DataRow("long.css", DisplayName = "too long")]
    [DataRow("latin1.css", DisplayName = "not UTF-8")]
    public async Task A_file_that_can_not_be_used_stops_the_start(string name)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["long.css"], new byte[256 * 1024 + 1]);
        File.WriteAllBytes(folder["latin1.css"], [0xE9]);
        var file = folder[name];
        var database = folder["forum.db"];
        foreach (var options in (ForumOptions[])[new() { StyleFile = file }, new() { AboutFile = file }])
        {
            var e = await Assert.ThrowsExactlyAsync<StartException>(
                () => ForumServer.StartAsync(options with { Database = database, Listen = ["http://127.0.0.1:0"] }));
            StringAssert.Contains(e.Message, options.StyleFile is null ? "the page " : "the style sheet ");
            Assert.IsFalse(File.Exists(database));
        }
    }

    private static string Write(string path, string text)
    {
        File.WriteAllText(path, text);
        return path;
    }

    [TestMethod]
    public async Task A_site_map_has_every_thread_that_anyone_may_see()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        for (var i = 0; i < 3; i++)
            (await ada.PostAsync("/api/posts", new { title = "T", body = "x" })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "x" })).Is(201);
        (await ada.DeleteAsync("/api/posts/2")).Is(200);
        using var anyone = new FormClient(forum.Url);
        StringAssert.Contains((await anyone.GetAsync("/robots.txt")).Text, $"Sitemap: {new Uri(forum.Url, "/sitemap.xml")}\n");
        var part = Assert.ContainsSingle(Addresses((await anyone.GetAsync("/sitemap.xml")).Text));
        CollectionAssert.AreEqual(
            new[] { "/", "/posts/1", "/posts/3" }.Select(p => new Uri(forum.Url, p)).ToArray(),
            Addresses((await anyone.GetAsync(part.PathAndQuery)).Text));
        Assert.HasCount(1, Addresses((await anyone.GetAsync("/sitemap.xml?part=1")).Text));
        Assert.HasCount(1, Addresses((await anyone.GetAsync($"/sitemap.xml?part={long.MaxValue}")).Text));
        Assert.AreEqual(400, (await anyone.GetAsync("/sitemap.xml?part=-1")).Status);

        static Uri[] Addresses(string xml) => [.. XDocument.Parse(xml).Descendants().Where(e => e.Name.LocalName == "loc").Select(e => new Uri(e.Value))];
    }

    [TestMethod]
    public async Task A_page_that_fails_says_how_to_find_it_in_the_log()
    {
        var log = new ConcurrentQueue<LogEntry>();
        await using var forum = await TestForum.StartAsync(o => o with { Log = log.Enqueue });
        await forum.Database.WriteAsync(c => c.Execute("DROP INDEX threads_deleted"));
        using var anyone = new FormClient(forum.Url);
        var page = await anyone.GetAsync("/feed");
        Assert.AreEqual(500, page.Status);
        StringAssert.Contains((await anyone.GetAsync("/feed", "zh")).Text, "服务器出错了");
        StringAssert.Contains(page.Text, "Something went wrong here.");
        await forum.DisposeAsync();
        Assert.IsTrue(log.Any(e => e.Request is { Status: 500 } failed && page.Text.Contains(failed.Id, StringComparison.Ordinal)), page.Text);
        Assert.DoesNotContain("threads_deleted", page.Text);
    }

    [TestMethod]
    public async Task What_goes_wrong_is_a_page_to_a_browser_and_JSON_to_others()
    {
        await using var forum = await TestForum.StartAsync(o => o with { Hosts = ["forum.example"] });
        using var http = new HttpClient { BaseAddress = forum.Url };
        foreach (var (path, host, status) in ((string, string, int)[])
            [("/none", "localhost", 404), ("/posts/x", "localhost", 404), ("/%ff", "localhost", 400), ("/?cursor=x", "localhost", 400),
             ("/", "evil.example", 421), ($"/{new string('x', 9000)}", "localhost", 414)])
        {
            foreach (var accept in (string[])["text/html", "application/json"])
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Host = host } };
                request.Headers.Accept.ParseAdd(accept);
                var answer = await http.SendAsync(request);
                Assert.AreEqual(status, (int)answer.StatusCode, path);
                Assert.AreEqual(accept, answer.Content.Headers.ContentType!.MediaType, path);
            }
        }
        using var api = new HttpRequestMessage(HttpMethod.Get, "/api/none") { Headers = { Host = "localhost" } };
        api.Headers.Accept.ParseAdd("text/html");
        Assert.AreEqual("application/json", (await http.SendAsync(api)).Content.Headers.ContentType!.MediaType);
    }
}
