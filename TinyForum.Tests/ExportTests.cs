using System.Globalization;
using System.Net;
using System.Text.Json;
using TinyForum.Data;
using TinyForum.Http;
using TinyForum.Storage;

namespace TinyForum.Tests;

/// <summary><c>GET /api/me/export</c> takes no memory, holds nothing up and leaves nothing behind. What is in it, ErasureTests tells.</summary>
[TestClass]
public sealed class ExportTests(TestContext context)
{
    [TestMethod]
    public async Task An_export_of_any_size_takes_next_to_no_memory()
    {
        using var folder = new TemporaryFolder();
        const int Megabytes = 150;
        await using var server = await ServerProcess.StartAsync(folder["forum.db"]);
        using var client = Streaming(server.Url);
        await SendAsync(client, "/api/register");
        await SendAsync(client, "/api/login");
        using (var database = ForumDatabase.Open(folder["forum.db"]))
            await database.WriteAsync(c => FillPosts(c, Megabytes));
        (await client.GetAsync("/api/posts/1", context.CancellationToken)).Dispose();
        var before = server.PeakMemory;
        using var answer = await client.GetAsync("/api/me/export", HttpCompletionOption.ResponseHeadersRead, context.CancellationToken);
        Assert.AreEqual(HttpStatusCode.OK, answer.StatusCode);
        Assert.IsGreaterThan(Megabytes * 1_000_000L, answer.Content.Headers.ContentLength!.Value);
        await using var body = await answer.Content.ReadAsStreamAsync(context.CancellationToken);
        using var json = await JsonDocument.ParseAsync(body, cancellationToken: context.CancellationToken);
        Assert.AreEqual(10 * Megabytes, json.RootElement.GetProperty("export").GetProperty("posts").GetArrayLength());
        Assert.IsLessThan(80_000_000, server.PeakMemory - before);
    }

    [TestMethod]
    public async Task A_client_that_does_not_read_holds_no_snapshot_and_leaves_no_file_and_has_one_export_at_a_time()
    {
        using var folder = new TemporaryFolder();
        await using var forum = await TestForum.StartAsync(o => o with { Database = folder["forum.db"] });
        var ada = await forum.UserAsync("ada");
        await forum.UserAsync("bob");
        await forum.Database.WriteAsync(c => FillPosts(c, 30));
        using (var client = Streaming(forum.Url))
        {
            await SendAsync(client, "/api/login");
            using var answer = await client.GetAsync("/api/me/export", HttpCompletionOption.ResponseHeadersRead, context.CancellationToken);
            Assert.AreEqual(HttpStatusCode.OK, answer.StatusCode);
            CollectionAssert.AreEquivalent(
                (string[])["forum.db", "forum.db-shm", "forum.db-wal"], Directory.GetFiles(folder.Path).Select(Path.GetFileName).ToList());

            await forum.Database.WriteAsync(c => c.Execute("UPDATE users SET bio = 'x' WHERE id = 2"));
            using (var other = new Connection(folder["forum.db"], readOnly: false, TimeSpan.FromSeconds(5)))
                Assert.AreEqual(0, other.Number("PRAGMA wal_checkpoint(TRUNCATE)"), "no reader is in the way");

            var second = (await ada.GetAsync("/api/me/export")).Is(409, "an export of this account is being made or sent already");
            Assert.IsNull(second.Header("Content-Disposition"));
            (await (await LoggedInAsync(forum, "bob")).GetAsync("/api/me/export")).Is(200, "success");
        }
        while ((await ada.GetAsync("/api/me/export")).Status == HttpStatusCode.Conflict) // until the server has heard that the client is gone
            await Task.Yield();
        (await ada.GetAsync("/api/me/export")).Is(200, "success");
    }

    [TestMethod]
    public async Task An_export_has_an_entity_tag_and_refusals_come_without_a_file_name()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        var answer = (await ada.GetAsync("/api/me/export")).Is(200, "success");
        Assert.AreEqual(ConditionalGet.ETagOf(answer.Bytes), answer.Header("ETag"));
        Assert.AreEqual(answer.Bytes.Length.ToString(CultureInfo.InvariantCulture), answer.Header("Content-Length"));
        Assert.IsEmpty((await ada.GetAsync("/api/me/export", ("If-None-Match", answer.Header("ETag")!))).Is(304).Bytes);
        Assert.AreEqual(answer.Header("Content-Length"), (await ada.SendAsync("HEAD", "/api/me/export", null)).Is(200).Header("Content-Length"));
        Assert.IsNull((await forum.Client().GetAsync("/api/me/export")).Is(401).Header("Content-Disposition"));
        (await ada.GetAsync("/api/me/export")).Is(200, "success");
    }

    [TestMethod]
    public async Task An_export_that_was_read_whole_is_over_though_the_server_still_has_its_request()
    {
        var end = new TaskCompletionSource();
        await using var forum = await TestForum.StartAsync(o => o with
        {
            Log = entry =>
            {
                if (entry.Request?.Route == "/api/me/export")
                    end.Task.Wait(context.CancellationToken);
            },
        });
        await forum.UserAsync("ada");
        foreach (var method in (string[])["GET", "HEAD", "GET"])
            (await (await LoggedInAsync(forum, "ada")).SendAsync(method, "/api/me/export", null)).Is(200);
        end.SetResult();
    }

    [TestMethod]
    public async Task Where_there_is_no_room_for_an_export_it_is_refused_and_the_forum_goes_on()
    {
        using var folder = new TemporaryFolder();
        using var disk = SmallDisk.Mount(folder.Path) ?? throw new AssertInconclusiveException("this process may not mount");
        await using var forum = await TestForum.StartAsync(o => o with { Database = folder["forum.db"] });
        var ada = await forum.UserAsync("ada");
        for (var i = 0; i < 20; i++)
            (await ada.PostAsync("/api/posts", new { title = "t", body = new string('x', 32_000) })).Is(201);
        SmallDisk.Fill(folder["filler"]);
        var refused = (await ada.GetAsync("/api/me/export")).Is(503, "there is no room for the export");
        Assert.IsNull(refused.Header("Content-Disposition"));
        File.Delete(folder["filler"]);
        (await ada.GetAsync("/api/me/export")).Is(200, "success");
    }

    [TestMethod]
    public void A_buffer_doubles_until_no_array_is_larger()
    {
        Assert.AreEqual(4096, PooledBuffer.Grown(0, 1));
        Assert.AreEqual(8192, PooledBuffer.Grown(4096, 4097));
        Assert.AreEqual(100_000, PooledBuffer.Grown(4096, 100_000));
        Assert.AreEqual(Array.MaxLength, PooledBuffer.Grown(1 << 30, (1L << 30) + 1));
        Assert.AreEqual(Array.MaxLength, PooledBuffer.Grown(1 << 30, Array.MaxLength));
        Assert.ThrowsExactly<InvalidOperationException>(() => PooledBuffer.Grown(Array.MaxLength, Array.MaxLength + 1L));
    }

    private static void FillPosts(Connection c, int megabytes) => c.Script($"""
        INSERT INTO threads (id, author_id, title, replies, last_number, last_post)
        VALUES (1, 2, 't', {10 * megabytes - 1}, {10 * megabytes - 1}, {10 * megabytes});
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {10 * megabytes - 1})
        INSERT INTO posts (id, thread_id, number, author_id, body, created_at) SELECT 1 + i, 1, i, 2, printf('%.100000c', 'x'), 0 FROM n;
        """);

    private static HttpClient Streaming(Uri url) => new() { BaseAddress = url };

    private async Task SendAsync(HttpClient client, string path)
    {
        using var content = new StringContent("""{"username":"ada","password":"secret"}""", null, "application/json");
        using var answer = await client.PostAsync(path, content, context.CancellationToken);
        Assert.Contains("success", await answer.Content.ReadAsStringAsync(context.CancellationToken));
    }

    private static async Task<TestClient> LoggedInAsync(TestForum forum, string name)
    {
        var client = forum.Client();
        (await client.PostAsync("/api/login", new { username = name, password = "secret" })).Is(200, "success");
        return client;
    }
}
