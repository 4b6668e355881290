using Microsoft.Data.Sqlite;
using TinyForum.Data;
using TinyForum.Maintenance;
using TinyForum.Storage;

namespace TinyForum.Tests;

/// <summary>What a machine can do to a server.</summary>
[TestClass]
public sealed class FaultTests(TestContext context)
{
    [TestMethod]
    public async Task Killed_in_the_middle_of_writes_it_loses_nothing_that_it_acknowledged()
    {
        using var folder = new TemporaryFolder();
        var rounds = int.Parse(Environment.GetEnvironmentVariable("TINYFORUM_TEST_KILLS") ?? "10");
        var threads = new HashSet<long>();
        var replies = new HashSet<(long Thread, long Number)>();
        for (var round = 0; round < rounds; round++)
        {
            await using (var server = await ServerProcess.StartAsync(folder["forum.db"], "--rate-limits", "off"))
            {
                using var user = new TestClient(server.Url);
                (await user.PostAsync("/api/register", new { username = $"user{round}", password = "secret" })).Is(200, "success");
                (await user.PostAsync("/api/login", new { username = $"user{round}", password = "secret" })).Is(200, "success");
                var thread = (long)(await user.PostAsync("/api/posts", new { title = $"Round {round}", body = "…", tags = new[] { "round" } }))
                    .Is(201)["post.id"]!;
                threads.Add(thread);
                var acknowledged = 0;
                var enough = new TaskCompletionSource();
                var writers = Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
                {
                    try
                    {
                        while (true)
                        {
                            var reply = (await user.PostAsync($"/api/posts/{thread}/replies", new { body = $"{writer}" })).Is(201);
                            lock (replies)
                                replies.Add((thread, (long)reply["post.number"]!));
                            if (Interlocked.Increment(ref acknowledged) == 20 + round)
                                enough.TrySetResult();
                        }
                    }
                    catch (HttpRequestException)
                    {
                        // Killed.
                    }
                })).ToList();
                await Task.WhenAny(enough.Task, Task.WhenAll(writers));
                server.Signal("KILL");
                await Task.WhenAll(writers);
            }
            using var database = ForumDatabase.Open(folder["forum.db"]);
            Assert.AreEqual("", string.Join('\n', database.Read(c => IntegrityCheck.Run(c))), $"round {round}");
            var stored = database.Read(c => c.All("SELECT thread_id, number FROM posts", r => (r.GetInt64(0), r.GetInt64(1)))).ToHashSet();
            Assert.IsTrue(replies.IsSubsetOf(stored) && threads.All(t => stored.Contains((t, 0))), $"round {round}: something that was acknowledged is lost");
        }
        context.WriteLine($"{rounds} rounds, {replies.Count} replies acknowledged");
    }

    [TestMethod]
    public async Task Without_room_writes_are_refused_and_reads_go_on_until_there_is_room()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        var pages = await forum.Server.Database.WriteAsync(c => c.Number("PRAGMA max_page_count = 1")); // as few as it has
        var body = new string('x', 32_000);
        Answer answer;
        var written = 0;
        while ((answer = await ada.PostAsync("/api/posts", new { title = "t", body })).Status == System.Net.HttpStatusCode.Created)
            Assert.IsTrue(++written < 100, "the file should have been full");
        answer.Is(503, "storage is full");
        Assert.AreEqual("30", answer.Header("Retry-After"));
        Assert.AreEqual(written, (await ada.GetAsync("/api/posts?limit=100")).Is(200)["posts"]!.AsArray().Count);
        (await ada.GetAsync("/healthz")).Is(200);
        await forum.Server.Database.WriteAsync(c => c.Number("PRAGMA max_page_count = 1000000"));
        (await ada.PostAsync("/api/posts", new { title = "t", body })).Is(201);
        Assert.AreEqual("", string.Join('\n', forum.Server.Database.Read(c => IntegrityCheck.Run(c))));
    }

    [TestMethod]
    public async Task On_a_full_disk_writes_are_refused_and_go_on_by_themselves_when_there_is_room()
    {
        using var folder = new TemporaryFolder();
        using var disk = SmallDisk.Mount(folder.Path);
        if (disk is null)
        {
            Assert.Inconclusive("a small disk can only be mounted by root");
            return;
        }
        await using var forum = await TestForum.StartAsync(o => o with { Database = folder["forum.db"] });
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "before", body = "…" })).Is(201);
        SmallDisk.Fill(folder["ballast"]);
        Answer answer;
        var body = new string('x', 32_000);
        for (var i = 0; (answer = await ada.PostAsync("/api/posts", new { title = "t", body })).Status == System.Net.HttpStatusCode.Created; i++)
            Assert.IsTrue(i < 1000, "the disk should have been full");
        answer.Is(503, "storage is full");
        (await ada.GetAsync("/api/posts/1")).Is(200);
        (await ada.GetAsync("/api/me")).Is(200);
        (await forum.Client().GetAsync("/api/posts?sort=active")).Is(200);
        File.Delete(folder["ballast"]);
        (await ada.PostAsync("/api/posts", new { title = "after", body })).Is(201);
        Assert.AreEqual("", string.Join('\n', forum.Database.Read(c => IntegrityCheck.Run(c))));
    }

    [TestMethod]
    public async Task While_another_process_holds_the_database_writes_are_refused_as_busy_and_then_go_on()
    {
        using var folder = new TemporaryFolder();
        using var database = Database.Open(folder["forum.db"], ForumDatabase.Schema, busyTimeout: TimeSpan.FromMilliseconds(1));
        using (var other = new SqliteConnection($"Data Source={folder["forum.db"]};Pooling=False"))
        {
            other.Open();
            using var hold = new SqliteCommand("BEGIN IMMEDIATE", other);
            hold.ExecuteNonQuery();
            var refusal = await Assert.ThrowsExactlyAsync<RefusalException>(() => AddTag("a"));
            Assert.AreEqual(RefusalKind.Busy, refusal.Kind);
            Assert.AreEqual("the database is busy", refusal.Message);
            Assert.AreEqual(0, database.Read(c => c.Number("SELECT count(*) FROM tags")));
        }
        await AddTag("a");
        Assert.AreEqual(1, database.Read(c => c.Number("SELECT count(*) FROM tags")));

        Task AddTag(string name) => database.WriteAsync(c => c.Execute("INSERT INTO tags (name) VALUES ($name)", ("$name", name)));
    }

    [TestMethod]
    [DataRow("", "deleted")]
    [DataRow("", "replaced")]
    [DataRow("-wal", "deleted")]
    [DataRow("-wal", "replaced")]
    [DataRow("-shm", "deleted")]
    [DataRow("-shm", "replaced")]
    [DataRow("", "linked")]
    [DataRow("-wal", "linked")]
    public async Task A_file_that_is_deleted_or_replaced_under_the_server_is_noticed_and_not_written_into(string suffix, string what)
    {
        using var folder = new TemporaryFolder();
        var said = new List<string>();
        await using var forum = await TestForum.StartAsync(o => o with
        {
            Database = folder["forum.db"],
            Log = entry =>
            {
                if (entry is { Severity: LogSeverity.Error, Request: null })
                    said.Add(entry.Message);
            },
        });
        var ada = await forum.UserAsync("ada");
        File.Move(folder["forum.db" + suffix], folder["away"]);
        if (what == "replaced")
            File.Copy(folder["away"], folder["forum.db" + suffix]);
        else if (what == "linked")
            File.CreateSymbolicLink(folder["forum.db" + suffix], folder["away"]); // SQLite elsewhere would keep the log beside what it leads to
        for (var i = 0; i < 2; i++)
        {
            (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(503, "the database is not available");
            (await ada.GetAsync("/healthz")).Is(503, "the database is not available");
        }
        Assert.AreEqual($"{folder["forum.db" + suffix]} was deleted, moved or replaced: nothing can be written; put it back or restart", said.Single());
        File.Move(folder["away"], folder["forum.db" + suffix], overwrite: true);
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        (await ada.GetAsync("/healthz")).Is(200);
    }

    [TestMethod]
    [DataRow("KILL")]
    [DataRow("TERM")]
    public async Task What_was_acknowledged_is_there_after_the_log_was_replaced_by_a_copy(string signal)
    {
        using var folder = new TemporaryFolder();
        var acknowledged = 0;
        await using (var server = await ServerProcess.StartAsync(folder["forum.db"], "--rate-limits", "off"))
        {
            using var ada = await UserAsync(server);
            await PostAsync();
            File.Copy(folder["forum.db-wal"], folder["copy"]);
            File.Move(folder["copy"], folder["forum.db-wal"], overwrite: true);
            await PostAsync();
            server.Signal(signal);
            await server.EndAsync();

            async Task PostAsync()
            {
                for (var i = 0; i < 10; i++)
                    acknowledged += (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Status == System.Net.HttpStatusCode.Created ? 1 : 0;
            }
        }
        using var database = ForumDatabase.Open(folder["forum.db"]);
        Assert.AreEqual(acknowledged, database.Read(c => c.Number("SELECT count(*) FROM threads")));
        Assert.AreEqual("", string.Join('\n', database.Read(c => IntegrityCheck.Run(c))));
    }

    [TestMethod]
    [DataRow("KILL", false)]
    [DataRow("TERM", false)]
    [DataRow("KILL", true, DisplayName = "and put back afterwards")]
    [DataRow("TERM", true, DisplayName = "and put back afterwards, stopped")]
    public async Task What_the_command_line_did_while_the_index_of_the_log_was_away_is_not_lost(string signal, bool isPutBack)
    {
        using var folder = new TemporaryFolder();
        await using (var server = await ServerProcess.StartAsync(folder["forum.db"], "--rate-limits", "off"))
        {
            using var ada = await UserAsync(server);
            (await ada.PostAsync("/api/posts", new { title = "before", body = "b" })).Is(201);
            File.Move(folder["forum.db-shm"], folder["away"]);
            (await ada.PostAsync("/api/posts", new { title = "refused", body = "b" })).Is(503, "the database is not available");
            var (code, _, errors) = await ServerProcess.RunAsync(["user", "role", "ada", "admin", "--database", folder["forum.db"]]);
            Assert.AreEqual(0, code, errors);
            if (isPutBack)
                File.Move(folder["away"], folder["forum.db-shm"], overwrite: true);
            (await ada.PostAsync("/api/posts", new { title = "refused", body = "b" })).Is(503, "the database is not available");
            (await ada.GetAsync("/healthz")).Is(503);
            server.Signal(signal);
            await server.EndAsync();
        }
        using var database = ForumDatabase.Open(folder["forum.db"]);
        CollectionAssert.AreEqual(new[] { "ada admin before" }, database.Read(c => c.All("""
            SELECT u.username || ' ' || u.role || ' ' || t.title
              FROM threads t
              JOIN users u ON u.id = t.author_id
            """, r => r.GetString(0))));
    }

    [TestMethod]
    public async Task A_database_by_a_symbolic_link_is_kept_where_the_link_leads()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["real"]);
        File.CreateSymbolicLink(folder["link.db"], "real/forum.db");
        await using var forum = await TestForum.StartAsync(o => o with { Database = folder["link.db"] });
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        CollectionAssert.AreEquivalent(
            new[] { "real/forum.db", "real/forum.db-wal", "real/forum.db-shm", "link.db" }.Select(name => folder[name]).ToList(),
            Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories));
        File.Delete(folder["link.db"]);
        File.CreateSymbolicLink(folder["link.db"], "real/other.db");
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(503, "the database is not available");
        File.Delete(folder["link.db"]);
        File.CreateSymbolicLink(folder["link.db"], "real/forum.db");
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
    }

    [TestMethod]
    public async Task A_log_that_grew_is_cut_once_all_of_it_is_in_the_file()
    {
        using var folder = new TemporaryFolder();
        using var database = ForumDatabase.Open(folder["forum.db"]);
        var log = new FileInfo(folder["forum.db-wal"]);
        var big = Database.MaxIdleLog + 1;
        await database.WriteAsync(c => c.Execute("INSERT INTO settings VALUES ('ballast', zeroblob($size))", ("$size", big)));
        log.Refresh();
        Assert.IsGreaterThan(Database.MaxIdleLog, log.Length);
        await database.WriteAsync(c => c.Execute("DELETE FROM settings WHERE name = 'nothing'"));
        await database.WriteAsync(c => c.Execute("INSERT INTO tags (name) VALUES ('a')")); // begins the log anew
        log.Refresh();
        Assert.IsLessThanOrEqualTo(Database.MaxIdleLog, log.Length);
    }

    private static async Task<TestClient> UserAsync(ServerProcess server)
    {
        var ada = new TestClient(server.Url);
        (await ada.PostAsync("/api/register", new { username = "ada", password = "secret" })).Is(200, "success");
        (await ada.PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200, "success");
        return ada;
    }

    [TestMethod]
    public void No_reader_is_opened_on_a_file_that_took_the_place_of_the_database()
    {
        using var folder = new TemporaryFolder();
        using var database = ForumDatabase.Open(folder["forum.db"]);
        database.Read(c => c.Number("SELECT 1")); // this reader stays with its file
        File.Move(folder["forum.db"], folder["away"]);
        File.Copy(folder["away"], folder["forum.db"]);
        var refusal = Assert.ThrowsExactly<RefusalException>(() => database.Read(_ => database.Read(c => c.Number("SELECT 1"))));
        Assert.AreEqual(RefusalKind.Unavailable, refusal.Kind);
        File.Move(folder["away"], folder["forum.db"], overwrite: true);
        Assert.AreEqual(1, database.Read(_ => database.Read(c => c.Number("SELECT 1"))));
    }

    [TestMethod]
    public async Task A_clock_that_jumps_back_changes_neither_ids_nor_order_nor_who_is_logged_in()
    {
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = time });
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "first", body = "b" })).Is(201);
        time.Advance(TimeSpan.FromDays(-400));
        (await ada.GetAsync("/api/me")).Is(200);
        (await ada.PostAsync("/api/posts", new { title = "second", body = "b" }, ("Idempotency-Key", "k"))).Is(201);
        (await ada.PostAsync("/api/posts", new { title = "second", body = "b" }, ("Idempotency-Key", "k"))).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "b" })).Is(201);
        var late = await forum.UserAsync("late");
        (await late.GetAsync("/api/me")).Is(200);
        CollectionAssert.AreEqual((long[])[2, 1], Ids(await ada.GetAsync("/api/posts")));
        CollectionAssert.AreEqual((long[])[1, 2], Ids(await ada.GetAsync("/api/posts?sort=active")));
        time.Advance(TimeSpan.FromDays(400));
        (await ada.GetAsync("/api/me")).Is(200);
        (await late.GetAsync("/api/me")).Is(401); // 400 days unused
        (await ada.PostAsync("/api/posts", new { title = "third", body = "b" })).Is(201);
        CollectionAssert.AreEqual((long[])[4, 2, 1], Ids(await ada.GetAsync("/api/posts")));
        Assert.AreEqual("", string.Join('\n', forum.Database.Read(c => IntegrityCheck.Run(c))));

        static long[] Ids(Answer answer) => [.. answer.Is(200)["posts"]!.AsArray().Select(p => (long)p!["id"]!)];
    }

    [TestMethod]
    public void A_migration_that_fails_halfway_leaves_the_database_as_it_was()
    {
        using var folder = new TemporaryFolder();
        ForumDatabase.Open(folder["forum.db"]).Dispose();
        var e = Assert.ThrowsExactly<DatabaseException>(() => Open(folder["forum.db"],
            new Migration(Next, "ALTER TABLE tags ADD COLUMN colour TEXT"),
            new Migration(Next + 1, "ALTER TABLE tags ADD COLUMN shape TEXT; SELECT 1; UPDATE nowhere SET x = 1")));
        StringAssert.Contains(e.Message, "nowhere");
        using (var connection = new Connection(folder["forum.db"], readOnly: true, TimeSpan.FromSeconds(1)))
        {
            Assert.AreEqual(Next, connection.Number("PRAGMA user_version"), "the step before it stays");
            Assert.AreEqual(0, connection.Number("SELECT count(*) FROM pragma_table_info('tags') WHERE name = 'shape'"));
        }
        using var database = Open(folder["forum.db"], new Migration(Next, "never run again"),
            new Migration(Next + 1, "ALTER TABLE tags ADD COLUMN shape TEXT"));
        Assert.AreEqual(Next + 1, database.Read(c => c.Number("PRAGMA user_version")));
    }

    [TestMethod]
    public void A_migration_cut_off_with_the_power_is_run_again()
    {
        using var folder = new TemporaryFolder();
        ForumDatabase.Open(folder["forum.db"]).Dispose();
        using (var connection = new Connection(folder["forum.db"], readOnly: false, TimeSpan.FromSeconds(1)))
        {
            // Spilling a small cache puts pages of the unfinished transaction into the log.
            connection.Script("""
                PRAGMA cache_size = 1;
                BEGIN IMMEDIATE;
                ALTER TABLE tags ADD COLUMN colour TEXT;
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                INSERT INTO tags (name) SELECT 't' || i FROM n;
                """);
            foreach (var suffix in (string[])["", "-wal"])
                File.Copy(folder["forum.db" + suffix], folder["copy.db" + suffix]);
            Assert.IsTrue(new FileInfo(folder["copy.db-wal"]).Length > 0);
        }
        using var database = Open(folder["copy.db"], new Migration(Next, "ALTER TABLE tags ADD COLUMN colour TEXT"));
        Assert.AreEqual(Next, database.Read(c => c.Number("PRAGMA user_version")));
        Assert.AreEqual(0, database.Read(c => c.Number("SELECT count(colour) + count(*) FROM tags")));
    }

    private const int Next = ForumDatabase.SchemaVersion + 1;

    private static Database Open(string path, params Migration[] migrations) =>
        Database.Open(path, ForumDatabase.Schema with { Version = migrations[^1].To, Migrations = migrations });
}
