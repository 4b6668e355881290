using System.Globalization;
using System.ServiceModel.Syndication;
using System.Xml;
using FsCheck.Fluent;
using TinyForum.Data;
using TinyForum.Text;

namespace TinyForum.Tests;

/// <summary>Feeds, as parsers that are not ours read them.</summary>
[TestClass]
public sealed class FeedTests
{
    private static readonly XmlReaderSettings Reading = new() { DtdProcessing = DtdProcessing.Prohibit };

    private static SyndicationFeed Parse(Answer answer)
    {
        answer.Is(200);
        Assert.AreEqual("application/atom+xml; charset=utf-8", answer.ContentHeaders.ContentType?.ToString());
        using var xml = XmlReader.Create(new MemoryStream(answer.Bytes), Reading);
        return SyndicationFeed.Load(xml);
    }

    private static async Task<SyndicationFeed> ReadAsync(TestClient client, string path) => Parse(await client.GetAsync(path));

    private static string Titles(SyndicationFeed feed) => string.Join(" | ", feed.Items.Select(i => $"{i.Title.Text}"));

    private static string Text(SyndicationItem item) => ((TextSyndicationContent)item.Content).Text;

    private static async Task<TestClient> FilledAsync(TestForum forum)
    {
        var ada = await forum.UserAsync("Ada-Ärm");
        (await ada.PostAsync("/api/posts", new { title = "One & <only>", body = "1", tags = (string[])["Tea", "kö"] })).Is(201);
        (await ada.PostAsync("/api/posts", new { title = "Two", body = "2", tags = (string[])["tea"] })).Is(201);
        (await ada.PostAsync("/api/posts", new { title = "Three", body = "3" })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "4" })).Is(201);
        return ada;
    }

    [TestMethod]
    public async Task Each_feed_has_what_it_is_of_newest_first_wherever_it_is_pinned()
    {
        await using var forum = await TestForum.StartAsync();
        await FilledAsync(forum);
        var mod = await forum.UserAsync("mod", "moderator");
        (await mod.PutAsync("/api/posts/1/pin")).Is(200);
        var anyone = forum.Client();
        foreach (var (path, titles, alternate) in ((string, string, string)[])
            [
                ("/feed", "Three | Two | One & <only>", "/"),
                ("/tags/TEA/feed", "Two | One & <only>", "/?tag=tea"),
                ("/tags/k%C3%B6/feed", "One & <only>", "/?tag=k%C3%B6"),
                ("/posts/1/feed", "Re: One & <only> | One & <only>", "/posts/1"),
                ("/user/ada-%C3%A4rm/feed", "Re: One & <only> | Three | Two | One & <only>", "/user/Ada-%C3%84rm"),
                ("/user/mod/feed", "", "/user/mod"),
            ])
        {
            var feed = await ReadAsync(anyone, path);
            Assert.AreEqual(titles, Titles(feed), path);
            var links = feed.Links.ToDictionary(l => l.RelationshipType, l => l.Uri);
            Assert.AreEqual(new Uri(forum.Url, alternate), links["alternate"]);
            Assert.AreEqual(feed.Id, (await ReadAsync(anyone, links["self"].PathAndQuery)).Id);
            foreach (var item in feed.Items)
            {
                Assert.AreEqual("Ada-Ärm", item.Authors.Single().Name);
                Assert.AreEqual(Text(item), (string?)(await anyone.GetAsync($"/api{item.Links.Single().Uri.AbsolutePath}?html=true")).Is(200)["post.html"]);
                StringAssert.Matches(item.Id, new(@"^tag:127\.0\.0\.1,\d{4}:/posts/\d$")); // RFC 4151
            }
        }
        Assert.AreEqual("Tea kö", string.Join(' ', (await ReadAsync(anyone, "/feed")).Items.Last().Categories.Select(c => c.Name)));
        foreach (var none in (string[])["tags/none", "tags/no%20tag", "posts/4", "posts/9", "posts/x", "user/nobody", "user/deleted"])
            (await anyone.GetAsync($"/{none}/feed")).Is(404);
        (await anyone.PostAsync("/feed")).Is(405);
    }

    [TestMethod]
    public async Task Edits_and_deletions_change_a_feed_and_its_time_and_nothing_else_does()
    {
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = time });
        var ada = await FilledAsync(forum);
        var mod = await forum.UserAsync("mod", "moderator");
        (await ada.PostAsync("/api/posts", new { title = "Four", body = "5", tags = (string[])["other"] })).Is(201);
        string[] feeds = ["/feed", "/tags/tea/feed", "/tags/other/feed", "/posts/1/feed", "/posts/2/feed", "/user/Ada-%C3%84rm/feed"];
        var anyone = forum.Client();
        foreach (var (step, changed) in ((Func<Task<Answer>>, string[])[])
            [
                (() => ada.PatchAsync("/api/posts/2", new { body = "2!" }), ["/feed", "/tags/tea/feed", "/posts/2/feed", "/user/Ada-%C3%84rm/feed"]),
                (() => mod.PutAsync("/api/posts/2/like"), []),
                (() => ada.PatchAsync("/api/posts/4", new { body = "4!" }), ["/posts/1/feed", "/user/Ada-%C3%84rm/feed"]),
                (() => ada.DeleteAsync("/api/posts/4"), ["/posts/1/feed", "/user/Ada-%C3%84rm/feed"]),
                (() => ada.DeleteAsync("/api/posts/3"), ["/feed", "/user/Ada-%C3%84rm/feed"]),
                (() => mod.DeleteAsync("/api/posts/5"), ["/feed", "/tags/other/feed", "/user/Ada-%C3%84rm/feed"]),
                (() => mod.DeleteAsync("/api/posts/1"), ["/feed", "/tags/tea/feed", "/user/Ada-%C3%84rm/feed", "/posts/1/feed"]),
                (() => mod.PutAsync("/api/posts/2/pin"), []),
            ])
        {
            var before = new Dictionary<string, Answer>();
            foreach (var path in feeds)
                before[path] = await anyone.GetAsync(path);
            time.Advance(TimeSpan.FromMinutes(1));
            (await step()).Is(200);
            foreach (var path in feeds.Where(p => before[p].Bytes.Length > 0 && before[p].Header("ETag") is not null))
            {
                var after = await anyone.GetAsync(path, ("If-None-Match", before[path].Header("ETag")!));
                if (!changed.Contains(path))
                    after.Is(304);
                else if (path is ("/posts/1/feed" or "/tags/other/feed") && (int)after.Status == 404)
                    after.Is(404); // as if it had never been there
                else
                    Assert.AreEqual(time.GetUtcNow(), Parse(after).LastUpdatedTime, path);
            }
        }
        Assert.AreEqual("Two", Titles(await ReadAsync(anyone, "/feed")));
        (await anyone.GetAsync("/tags/other/feed")).Is(404);
        (await anyone.GetAsync("/posts/1/feed")).Is(404);
        (await mod.GetAsync("/posts/1/feed")).Is(404);
    }

    [TestMethod]
    public async Task A_feed_names_the_host_that_asks_or_the_public_address()
    {
        await using var forum = await TestForum.StartAsync(o => o with { TrustedProxies = ForumOptions.NearNetworks, Hosts = ["one.example", "two.example"] });
        await FilledAsync(forum);
        var anyone = forum.Client();
        for (var again = 0; again < 2; again++)
        {
            var one = await anyone.GetAsync("/feed", ("Host", "One.example"), ("X-Forwarded-Proto", "https"));
            var two = await anyone.GetAsync("/feed", ("Host", "two.example:8080"));
            Assert.AreEqual("https://one.example/feed", Parse(one).Links[0].Uri.AbsoluteUri);
            Assert.AreEqual("http://two.example:8080/feed", Parse(two).Links[0].Uri.AbsoluteUri);
            Assert.AreEqual("tag:two.example,2026:/posts/3", Parse(two).Items.First().Id);
        }
        await using var other = await TestForum.StartAsync(o => o with { PublicUrl = new("https://forum.example") });
        await FilledAsync(other);
        for (var again = 0; again < 2; again++) // made, and kept
        {
            var feed = await ReadAsync(other.Client(), "/feed");
            Assert.AreEqual("https://forum.example/posts/3", feed.Items.First().Links[0].Uri.AbsoluteUri);
        }
    }

    [TestMethod]
    public async Task Feeds_are_bounded_and_what_they_leave_out_is_looked_through_up_to_a_bound()
    {
        await using var forum = await TestForum.StartAsync(o => o with { RateLimits = new() { Enabled = false } });
        var ada = await forum.UserAsync("ada");
        var long_ = new string('é', 30_000);
        (await ada.PostAsync("/api/posts", new { title = "T", body = long_ })).Is(201);
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async _ => (await ada.PostAsync("/api/posts/1/replies", new { body = long_ })).Is(201)));
        var whole = await ada.GetAsync("/posts/1/feed");
        Assert.AreEqual(16, Parse(whole).Items.Count(), "a megabyte");
        await Task.WhenAll(Enumerable.Range(2, 20).Select(async id => (await ada.PatchAsync($"/api/posts/{id}", new { body = "short" })).Is(200)));
        await Task.WhenAll(Enumerable.Range(22, 20).Select(async id => (await ada.DeleteAsync($"/api/posts/{id}")).Is(200)));
        Assert.AreEqual(21, (await ReadAsync(ada, "/posts/1/feed")).Items.Count());
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async _ => (await ada.PostAsync("/api/posts/1/replies", new { body = "s" })).Is(201)));
        Assert.AreEqual(PostStore.FeedSize, (await ReadAsync(ada, "/posts/1/feed")).Items.Count());
        Assert.AreEqual(PostStore.FeedSize, (await ReadAsync(ada, "/user/ada/feed")).Items.Count());
    }

    [TestMethod]
    public async Task Any_text_arrives_as_it_is_but_for_what_XML_cannot_have()
    {
        await using var forum = await TestForum.StartAsync(o => o with { RateLimits = new() { Enabled = false } });
        var ada = await forum.UserAsync("ada");
        var texts = Gen.Elements(
            "]]>", "<!--", "&amp;", "\t", "\n", "\uFFFE", "\uFFFF", "\u2028", "\u0301", "😀", "<script>", "\"", "'", "x", " ", "\u00A0", "é", "\uFDD0");
        Prop.ForAll(texts.ArrayOf().Select(string.Concat).ToArbitrary(), text =>
        {
            var title = $"t{text.Replace("\n", "").Replace("\t", "")}";
            var answer = ada.PostAsync("/api/posts", new { title, body = text }).GetAwaiter().GetResult();
            if ((int)answer.Status == 400)
                return; // blank
            answer.Is(201);
            var item = ReadAsync(ada, "/feed").GetAwaiter().GetResult().Items.First();
            Assert.AreEqual(AsXml(Markup.Html(text, static _ => null)), Text(item));
            Assert.AreEqual(AsXml(title), item.Title.Text);
        }).Holds();

        static string AsXml(string text) => text.Replace('\uFFFE', '\uFFFD').Replace('\uFFFF', '\uFFFD');
    }

    [TestMethod]
    public async Task A_common_reader_takes_the_feeds()
    {
        await using var forum = await TestForum.StartAsync();
        await FilledAsync(forum);
        using var folder = new TemporaryFolder();
        string[] paths = ["feed", "posts/1/feed", "tags/tea/feed", "user/Ada-%C3%84rm/feed"];
        await File.WriteAllLinesAsync(folder["urls"], paths.Select(p => $"{forum.Url}{p}"));
        await File.WriteAllTextAsync(folder["config"], "");
        string[] files = ["-u", folder["urls"], "-c", folder["cache"], "-C", folder["config"]];
        if (await Tool.RunAsync("newsboat", [.. files, "-x", "reload"]) is not { } reload)
        {
            Assert.Inconclusive("NOT CHECKED: newsboat is not installed");
            return;
        }
        Assert.AreEqual(0, reload.Code, reload.Output);
        var unread = await Tool.RunAsync("newsboat", [.. files, "-x", "print-unread"]);
        Assert.AreEqual(4, int.Parse(unread!.Value.Output.Split(' ')[0], CultureInfo.InvariantCulture), "each post once, whatever feeds it is in");
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Feeds_and_lists_do_not_disturb_each_other(bool feedFirst)
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "Tea", body = "At four?", tags = new[] { "tea" } })).Is(201);
        using var anyone = new HttpClient { BaseAddress = forum.Url };
        string[] addresses = ["feed", "api/posts", "?sort=newest", "tags/tea/feed", "api/posts?tag=tea&sort=newest", "?tag=tea&sort=newest"];
        foreach (var address in feedFirst ? addresses : addresses.Reverse())
            StringAssert.Contains(await anyone.GetStringAsync(address), "Tea", address);
    }
}
