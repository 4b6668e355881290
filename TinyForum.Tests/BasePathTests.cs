using System.Net;
using System.Xml.Linq;
using FsCheck.Fluent;
using TinyForum.Http;

namespace TinyForum.Tests;

/// <summary>A forum below a path, as behind another site's address.</summary>
[TestClass]
public sealed class BasePathTests
{
    [TestMethod]
    [DataRow("", "")]
    [DataRow("/", "")]
    [DataRow("/forum", "/forum")]
    [DataRow("/forum/", "/forum")]
    [DataRow("/a/b.c/~d-e_f", "/a/b.c/~d-e_f")]
    public void A_path_is_read_with_and_without_its_slash(string text, string path) => Assert.AreEqual(path, BasePath.Parse(text));

    [TestMethod]
    [DataRow("forum")]
    [DataRow("//forum")]
    [DataRow("/for um")]
    [DataRow("/forum?")]
    [DataRow("/forum#x")]
    [DataRow("/../forum")]
    [DataRow("/forum/.")]
    [DataRow("/%66orum")]
    [DataRow("/论坛")]
    [DataRow("/a//b")]
    [DataRow("http://forum.example/forum")]
    [DataRow("/forum\n")]
    public void Others_are_refused(string text) => Assert.ThrowsExactly<FormatException>(() => BasePath.Parse(text));

    [TestMethod]
    [DataRow("/forum", "/")]
    [DataRow("/forum/", "/")]
    [DataRow("/forum?unread=true", "/?unread=true")]
    [DataRow("/forum/posts/1?after=2", "/posts/1?after=2")]
    [DataRow("/posts/1", "/posts/1")]
    [DataRow("/forums/1", "/forums/1")]
    [DataRow("/forum/forum/1", "/forum/1")]
    [DataRow("/x/forum/1", "/x/forum/1")]
    [DataRow("*", "*")]
    [DataRow("", "")]
    [DataRow("http://forum.example/forum/api/posts", "http://forum.example/api/posts")]
    [DataRow("http://forum.example/api/posts", "http://forum.example/api/posts")]
    [DataRow("http://forum.example", "http://forum.example")]
    public void It_is_cut_off_where_it_stands(string target, string rest) => Assert.AreEqual(rest, BasePath.Cut(target, "/forum"));

    [TestMethod]
    public void A_target_below_it_comes_back_whole() => Prop.ForAll<string>(text =>
        BasePath.Cut($"/forum/{text}", "/forum") == $"/{text}" && BasePath.Cut(text ?? "", "") == (text ?? "")).Holds();

    [TestMethod]
    [DataRow("/api")]
    [DataRow("/posts")]
    [DataRow("/user/forum")]
    [DataRow("/login")]
    [DataRow("forum")]
    [DataRow("/ ")]
    public async Task A_path_that_could_be_one_of_the_forums_own_stops_the_start(string path)
    {
        var e = await Assert.ThrowsExactlyAsync<ArgumentException>(
            () => ForumServer.StartAsync(new ForumOptions { BasePath = path, Database = null, Listen = ["http://127.0.0.1:0"] }));
        StringAssert.StartsWith(e.Message, "ForumOptions.BasePath must ");
    }

    [TestMethod]
    [DataRow("/forum/", DisplayName = "sent as it is")]
    [DataRow("/", DisplayName = "cut off by a proxy")]
    public async Task Whatever_a_page_links_to_is_below_it(string sent)
    {
        await using var forum = await TestForum.StartAsync(o => o with { BasePath = "/forum", PublicUrl = new("https://club.example") });
        var root = new Uri(forum.Url, "/");
        using var ada = new FormClient(root) { Prefix = sent.TrimEnd('/'), BasePath = "/forum" };
        Assert.AreEqual("/forum/", (await ada.SubmitAsync("/forum/register", ("username", "ada"), ("password", "secret"))).Path);
        Assert.AreEqual("/forum/posts/1", (await ada.SubmitAsync("/forum/new", ("title", "Tea"), ("body", "@ada [here](/forum/x)"), ("tags", "tea"))).Path);
        Assert.AreEqual("/forum/posts/1#r1", (await ada.SubmitAsync("/forum/posts/1", ("body", "reply"))).Path);
        foreach (var path in (string[])["/forum/", "/forum/posts/1", "/forum/user/ada", "/forum/tags", "/forum/search?q=tea", "/forum/messages", "/forum/none"])
        {
            var page = await ada.GetAsync(path);
            foreach (var address in FormClient.AddressesIn(page.Text))
                StringAssert.StartsWith(address, address.StartsWith('#') ? "#" : "/forum/", $"{path}: {address}");
        }
        foreach (var address in FormClient.AddressesIn((await ada.GetAsync("/forum/posts/1")).Text).Where(a => a.EndsWith("css") || a.Contains("feed")))
            Assert.AreEqual(200, (await ada.GetAsync(address)).Status, address);

        var feed = XDocument.Parse((await ada.GetAsync("/forum/feed")).Text);
        foreach (var link in feed.Descendants().Attributes("href"))
            StringAssert.StartsWith(link.Value, "https://club.example/forum/");
        StringAssert.Contains((await ada.GetAsync("/forum/sitemap.xml")).Text, "https://club.example/forum/sitemap.xml?part=0");
        StringAssert.Contains((await ada.GetAsync("/forum/sitemap.xml?part=0")).Text, "https://club.example/forum/posts/1");
        StringAssert.Contains((await ada.GetAsync("/forum/robots.txt")).Text, "Disallow: /forum/search\n");
        StringAssert.Contains((await ada.PressAsync("/forum/tags", "/forum/language")).Text, "<html lang=\"zh\"");
    }

    [TestMethod]
    public async Task The_interface_is_below_it_too()
    {
        await using var forum = await TestForum.StartAsync(o => o with { BasePath = "/forum/" });
        StringAssert.EndsWith(forum.Url.ToString(), "/forum/");
        using var http = new HttpClient(new HttpClientHandler { CookieContainer = new() }) { BaseAddress = forum.Url };
        static StringContent Json(string json) => new(json, null, "application/json");
        Assert.AreEqual(HttpStatusCode.OK, (await http.PostAsync("api/register", Json("""{"username":"ada","password":"secret"}"""))).StatusCode);
        Assert.AreEqual(HttpStatusCode.OK, (await http.PostAsync("api/login", Json("""{"username":"ada","password":"secret"}"""))).StatusCode);
        var created = await http.PostAsync("api/posts", Json("""{"title":"Tea","body":"@ada"}"""));
        Assert.AreEqual("/forum/api/posts/1", created.Headers.Location!.OriginalString);
        StringAssert.Contains(await http.GetStringAsync("api/posts/1?html=true"), "/forum/user/ada");
        StringAssert.Contains(await http.GetStringAsync("api/events"), "thread.created");
        StringAssert.Contains(await http.GetStringAsync("api/openapi.json"), "\"url\": \"/forum\"");
        Assert.AreEqual(HttpStatusCode.OK, (await http.GetAsync("/healthz")).StatusCode, "what watches the server may know its address alone");
        using var streamed = new HttpRequestMessage(HttpMethod.Get, "api/events") { Headers = { { "Accept", "text/event-stream" } } };
        using var events = await http.SendAsync(streamed, HttpCompletionOption.ResponseHeadersRead);
        Assert.AreEqual("text/event-stream", events.Content.Headers.ContentType!.MediaType);
    }
}
