using System.IO.Compression;
using System.Text.RegularExpressions;
using FsCheck.Fluent;
using TinyForum.Http;

namespace TinyForum.Tests;

[TestClass]
public sealed class CompressionTests
{
    private static readonly string Long = string.Join(' ', Enumerable.Repeat("Mine leaks a little after three winters.", 60));

    [TestMethod]
    [DataRow(null, "Identity")]
    [DataRow("", "Identity")]
    [DataRow("gzip", "Gzip")]
    [DataRow("GZip", "Gzip")]
    [DataRow("x-gzip", "Gzip")]
    [DataRow("br", "Brotli")]
    [DataRow("gzip, deflate, br, zstd", "Brotli", DisplayName = "as browsers say it")]
    [DataRow("gzip;q=1.0, br;q=0.9", "Gzip")]
    [DataRow("br ; q=0.5 , gzip ; Q=0.7", "Gzip")]
    [DataRow("br;q=0, gzip;q=0.001", "Gzip")]
    [DataRow("br;q=0, gzip;q=0", "Identity")]
    [DataRow("*", "Brotli")]
    [DataRow("br;q=0, *", "Gzip")]
    [DataRow("*;q=0", "Identity")]
    [DataRow("identity, gzip;q=0.5", "Identity")]
    [DataRow("identity;q=0.5, gzip", "Gzip")]
    [DataRow("identity;q=0, gzip;q=0.1", "Gzip")]
    [DataRow("identity;q=0", "Identity", DisplayName = "nothing is left: the plain answer says more than none")]
    [DataRow("identity;q=0, br;q=0", "Identity")]
    [DataRow("deflate, zstd", "Identity")]
    [DataRow("gzip;q=2", "Identity", DisplayName = "a malformed weight is no wish")]
    [DataRow("gzip;q=x, br;level=1", "Identity")]
    [DataRow(",, gzip,,", "Gzip")]
    public void The_coding_is_the_one_that_the_client_likes_best(string? header, string coding) =>
        Assert.AreEqual(coding, ContentCodings.Choose(header).ToString());

    [TestMethod]
    public void No_header_makes_it_choose_what_is_forbidden() => Prop.ForAll(
        Gen.Elements("gzip", "br", "identity", "*", "deflate").SelectMany(name => Gen.Choose(0, 10).Select(tenths => (name, tenths))).ListOf().ToArbitrary(),
        wishes =>
        {
            var header = string.Join(", ", wishes.Select(w => $"{w.name};q=0.{w.tenths % 10}"));
            var chosen = ContentCodings.Choose(header);
            var last = wishes.GroupBy(w => w.name).ToDictionary(g => g.Key, g => g.Last().tenths % 10);
            return chosen == ContentCoding.Identity
                || (last.TryGetValue(ContentCodings.Name(chosen), out var own) ? own > 0 : last.GetValueOrDefault("*") > 0);
        }).Holds();

    [TestMethod]
    [DataRow("gzip")]
    [DataRow("br")]
    public async Task A_long_answer_to_anyone_is_compressed_and_has_a_tag_of_its_own(string coding)
    {
        await using var forum = await TestForum.StartAsync();
        var author = await forum.UserAsync("ada");
        (await author.PostAsync("/api/posts", new { title = "Pump", body = Long })).Is(201);
        foreach (var path in new[] { "/api/posts", "/api/posts/1", "/api/search?q=winters" })
        {
            var plain = await AskAsync(forum, path);
            Assert.IsNull(plain.Header("Content-Encoding"));
            for (var i = 0; i < 2; i++) // made, then kept
            {
                var answer = await AskAsync(forum, path, ("Accept-Encoding", coding));
                Assert.AreEqual(coding, answer.Header("Content-Encoding"), path);
                CollectionAssert.AreEqual(plain.Bytes, Decompress(answer.Bytes, coding));
                Assert.IsLessThan(plain.Bytes.Length / 3, answer.Bytes.Length);
                StringAssert.Contains(answer.Header("Vary"), "Accept-Encoding");
                Assert.AreNotEqual(plain.Header("ETag"), answer.Header("ETag"));

                var known = (await AskAsync(forum, path, ("Accept-Encoding", coding), ("If-None-Match", answer.Header("ETag")!))).Is(304);
                Assert.AreEqual(answer.Header("ETag"), known.Header("ETag"));
                Assert.IsNull(known.Header("Content-Encoding"));
                (await AskAsync(forum, path, ("If-None-Match", answer.Header("ETag")!))).Is(200);
                var head = await AskAsync(forum, $"HEAD {path}", ("Accept-Encoding", coding));
                Assert.AreEqual($"{answer.Bytes.Length}", head.Header("Content-Length"));
            }
            Assert.AreEqual(plain.Header("ETag"), (await AskAsync(forum, path)).Header("ETag"));
        }
    }

    [TestMethod]
    public async Task What_pages_are_made_with_is_compressed_for_everybody()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("ada");
        using var http = new HttpClient { BaseAddress = forum.Url };
        using var client = new TestClient(forum.Url, cookies: false);
        var cookie = (await client.PostAsync("/api/login", new { username = "ada", password = "secret" })).Header("Set-Cookie")!.Split(';')[0];
        var page = await http.GetStringAsync("/");
        foreach (Match asset in Regex.Matches(page, "\"(/(?:style|script)-[^\"]+)\""))
        {
            var plain = await AskAsync(forum, asset.Groups[1].Value);
            var known = await AskAsync(forum, asset.Groups[1].Value, ("Accept-Encoding", "br"), ("Cookie", cookie));
            Assert.AreEqual("br", known.Header("Content-Encoding"));
            CollectionAssert.AreEqual(plain.Bytes, Decompress(known.Bytes, "br"));
            (await AskAsync(forum, asset.Groups[1].Value, ("Accept-Encoding", "br"), ("If-None-Match", known.Header("ETag")!))).Is(304);
        }
    }

    [TestMethod]
    public async Task A_page_of_fifty_replies_takes_twelve_kilobytes()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        var prose = Repository.Read("docs/deploy.md") + Repository.Read("docs/http.md");
        (await ada.PostAsync("/api/posts", new { title = "Pump", body = "At four?" })).Is(201);
        for (var i = 0; i < 50; i++)
            (await ada.PostAsync("/api/posts/1/replies", new { body = prose.Substring(i * 400, 250) })).Is(201);
        var page = await AskAsync(forum, "/posts/1", ("Accept-Encoding", "gzip"));
        Assert.IsLessThan(12 * 1024, page.Bytes.Length);
        Assert.IsLessThan(page.Bytes.Length, (await AskAsync(forum, "/posts/1", ("Accept-Encoding", "br"))).Bytes.Length);
        using var quick = new MemoryStream();
        using (var gzip = new GZipStream(quick, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(Decompress(page.Bytes, "gzip"));
        Assert.IsLessThan(quick.Length * 9 / 10, page.Bytes.Length);
    }

    [TestMethod]
    public async Task A_tag_of_a_compressed_post_allows_an_edit()
    {
        await using var forum = await TestForum.StartAsync();
        var author = await forum.UserAsync("ada");
        (await author.PostAsync("/api/posts", new { title = "Pump", body = Long })).Is(201);
        var tag = (await AskAsync(forum, "/api/posts/1", ("Accept-Encoding", "gzip"))).Header("ETag")!;
        (await author.PatchAsync("/api/posts/1", new { title = "Pumps" }, ("If-Match", tag))).Is(200);
        (await author.PatchAsync("/api/posts/1", new { title = "Pump" }, ("If-Match", tag))).Is(412);
    }

    [TestMethod]
    public async Task Whoever_sends_a_credential_gets_nothing_compressed()
    {
        await using var forum = await TestForum.StartAsync();
        var client = await forum.UserAsync("ada");
        (await client.PostAsync("/api/posts", new { title = "Pump", body = Long }, ("Accept-Encoding", "gzip"))).Is(201);
        (await client.PatchAsync("/api/me", new { bio = new string('é', 1000) })).Is(200);
        var login = await client.PostAsync("/api/login", new { username = "ada", password = "secret" });
        var cookie = ("Cookie", login.Header("Set-Cookie")!.Split(';')[0]);
        var made = await client.PostAsync("/api/tokens", new { name = "ci", scope = "read" });
        var token = ("Authorization", $"Bearer {made["token.token"]}");
        string[] paths = ["/api/posts", "/api/posts/1", "/api/me", "/api/me"]; // the last made, then kept
        foreach (var (path, credential) in paths.Append("/api/me/export").Select(p => (p, cookie)).Concat(paths.Select(p => (p, token))))
        {
            var answer = (await AskAsync(forum, path, credential, ("Accept-Encoding", "gzip, br"))).Is(200);
            Assert.IsNull(answer.Header("Content-Encoding"), path);
            Assert.IsGreaterThan(ContentCodings.SmallestCompressed, answer.Bytes.Length, path);
        }
    }

    [TestMethod]
    public async Task A_short_answer_and_a_refusal_go_as_they_are()
    {
        await using var forum = await TestForum.StartAsync();
        foreach (var path in new[] { "/api/user/system", "/api/posts", "/nowhere" })
            Assert.IsNull((await AskAsync(forum, path, ("Accept-Encoding", "gzip"))).Header("Content-Encoding"), path);
    }

    // TestClient holds every answer against the contract of its JSON, which this cannot read.
    private static async Task<Answer> AskAsync(TestForum forum, string path, params (string Name, string Value)[] headers)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = forum.Url };
        var method = path.StartsWith("HEAD ", StringComparison.Ordinal) ? HttpMethod.Head : HttpMethod.Get;
        using var request = new HttpRequestMessage(method, path[path.IndexOf('/')..]);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await client.SendAsync(request);
        return new Answer(path, response.StatusCode, response.Headers, response.Content.Headers, await response.Content.ReadAsByteArrayAsync());
    }

    private static byte[] Decompress(byte[] bytes, string coding)
    {
        using var source = new MemoryStream(bytes);
        using Stream stream = coding == "br" ? new BrotliStream(source, CompressionMode.Decompress) : new GZipStream(source, CompressionMode.Decompress);
        using var target = new MemoryStream();
        stream.CopyTo(target);
        return target.ToArray();
    }
}
