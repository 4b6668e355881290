using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using TinyForum.Data;
using TinyForum.Storage;
using static SQLitePCL.raw;

namespace TinyForum.Tests;

[TestClass]
public sealed partial class QueryPlanTests
{
    /// <summary>The only statements that may sort: what was active since the caller last marked everything as read.</summary>
    private static readonly string[] MaySort = [.. PostStore.Lists.Select(l => l.Revived)];

    private const int Reprepared = 5; // SQLITE_STMTSTATUS_REPREPARE

    /// <summary>Every statement of the lists that are made from templates.</summary>
    private static readonly string[] OfLists =
    [
        .. PostStore.Lists.SelectMany(l => (string[])[l.Newest, l.Active, l.Revived]),
        .. MessageStore.Lists.SelectMany(l => (string[])[l.WithAnyone, l.WithOne]),
    ];

    [TestMethod]
    public async Task Every_statement_that_answers_a_GET_seeks_on_an_index_and_sorts_nothing()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob, mod) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"), await forum.UserAsync("mod", "admin"));
        foreach (var title in (string[])["one", "two", "three"])
            (await ada.PostAsync("/api/posts", new { title, body = "word", tags = (string[])["news", "other"] })).Is(201);
        (await bob.PutAsync("/api/posts/read")).Is(200);
        foreach (var body in (string[])["a word", "another"])
            (await ada.PostAsync("/api/posts/1/replies", new { body })).Is(201);
        (await ada.PostAsync("/api/posts/2/replies", new { body = "more" })).Is(201);
        (await ada.PatchAsync("/api/posts/1", new { body = "words" })).Is(200);
        foreach (var client in (TestClient[])[forum.Client(), ada, bob, mod])
            await Everything.GetAsync(client, 1);

        var statements = forum.Server.Database.ReaderStatements.ToList();
        Assert.HasCount(12 + 8, OfLists.Distinct());
        foreach (var list in OfLists.Where(l => !l.Contains("INDEXED BY")))
            StringAssert.StartsWith(Plan(forum.Server.Database, list)[0], list.Contains("thread_tags g")
                ? "SEARCH g USING PRIMARY KEY (tag_id=? AND pinned=? AND thread_id>? AND thread_id<?)"
                : "SEARCH b USING PRIMARY KEY (owner_id=? AND message_id<?)");
        Assert.HasCount(2, OfLists.Where(l => !l.Contains("INDEXED BY")), "which have the primary key's order, with nothing to pass over");
        CollectionAssert.IsSubsetOf(OfLists, statements);
        Assert.IsGreaterThanOrEqualTo(14,
            statements.Count(s => s.Contains("FROM threads t") || s.Contains("FROM thread_tags g") || s.Contains("FROM posts p")));
        var bad = statements.Except(MaySort).Select(s => (Sql: s, Plan: Plan(forum.Server.Database, s))).Where(s => IsSlow(s.Plan)).ToList();
        Assert.IsEmpty(bad, string.Join("\n\n", bad.Select(b => $"{b.Sql}\n-- {string.Join("\n-- ", b.Plan)}")));
        foreach (var list in MaySort)
            Assert.IsFalse(Plan(forum.Server.Database, list).Exists(line => line.Contains("SCAN")));
    }

    [TestMethod]
    public async Task So_does_every_statement_that_a_page_needs()
    {
        await using var forum = await TestForum.StartAsync(o => o with { RateLimits = new() { Enabled = false } });
        await WebPages.FillAsync(forum);
        foreach (var reader in WebPages.Readers)
        {
            using var client = new FormClient(forum.Url);
            if (reader.Length > 0)
                await client.SubmitAsync("/login", ("username", reader), ("password", "secret"));
            foreach (var path in WebPages.Of(reader).Append("/sitemap.xml?part=0"))
                Assert.IsLessThan(500, (await client.GetAsync(path)).Status, path);
        }
        var statements = forum.Server.Database.ReaderStatements.Except(MaySort);
        var bad = statements.Select(s => (Sql: s, Plan: Plan(forum.Server.Database, s))).Where(s => IsSlow(s.Plan)).ToList();
        Assert.IsEmpty(bad, string.Join("\n\n", bad.Select(b => $"{b.Sql}\n-- {string.Join("\n-- ", b.Plan)}")));
    }

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_next_stmt")]
    private static partial nint NextStatement(nint database, nint statement);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_stmt_status")]
    private static partial int StatementStatus(nint statement, int what, int reset);

    [TestMethod]
    public async Task No_statement_is_prepared_twice()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob, mod) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"), await forum.UserAsync("mod", "admin"));
        for (var round = 0; round < 3; round++)
        {
            (await ada.PostAsync("/api/posts", new { title = "t", body = "word @bob", tags = (string[])["news"] })).Is(201);
            (await bob.PostAsync("/api/posts/1/replies", new { body = "a word" })).Is(201);
            (await bob.PostAsync("/api/messages", new { to = "ada", body = "x" })).Is(201);
            (await bob.PutAsync("/api/posts/1/like")).Is(200);
            foreach (var client in (TestClient[])[forum.Client(), ada, bob, mod])
                await Everything.GetAsync(client, 1);
        }
        Assert.AreEqual((0, 0), (forum.Server.Database.Read(Again), await forum.Server.Database.WriteAsync(Again)));
        await forum.Server.Database.WriteAsync(c => c.Script("CREATE INDEX x ON posts (likes)"));
        (await bob.PutAsync("/api/posts/1/like")).Is(200); // by the one connection that writes: whoever reads may have another each time
        Assert.IsGreaterThan(0, await forum.Server.Database.WriteAsync(Again), "else the test counts nothing");

        static int Again(Connection connection)
        {
            var again = 0;
            var database = connection.Sqlite.Handle!.DangerousGetHandle();
            for (var statement = NextStatement(database, 0); statement != 0; statement = NextStatement(database, statement))
                again += StatementStatus(statement, Reprepared, 0);
            return again;
        }
    }

    [TestMethod]
    public async Task Every_statement_of_a_write_about_messages_blocks_and_notifications_seeks_too()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        var before = await forum.Server.Database.WriteAsync(c => c.Statements.ToList());
        foreach (var key in (string[])["a", "b", "c"])
            (await ada.PostAsync("/api/messages", new { to = "bob", body = "x" }, ("Idempotency-Key", key))).Is(201);
        (await bob.PutAsync("/api/messages/1/read")).Is(200);
        (await bob.PutAsync("/api/messages/read")).Is(200);
        foreach (var client in (TestClient[])[ada, bob])
            (await client.DeleteAsync("/api/messages/1")).Is(200);
        (await bob.PutAsync("/api/blocks/ada")).Is(200);
        (await bob.DeleteAsync("/api/blocks/ada")).Is(200);
        (await ada.PostAsync("/api/posts", new { title = "x", body = "@bob" })).Is(201);
        (await bob.PutAsync("/api/notifications/read")).Is(200);
        await forum.Server.Database.WriteAsync(c =>
        {
            for (var i = 0; i < NotificationStore.Max; i++)
                forum.Server.Notifications.Notify(c, userId: 3, "pin", postId: 1, fromId: 2);
            NotificationStore.PostsDeleted(c, threadId: 1, from: 0, to: 9);
            c.Erase(userId: 3);
        });

        var tables = (string[])["mailbox", "messages", "blocks", "notifications", "idempotency_keys"];
        var statements = (await forum.Server.Database.WriteAsync(c => c.Statements.ToList())).Except(before).Where(s => tables.Any(s.Contains)).ToList();
        Assert.IsGreaterThan(20, statements.Count);
        var bad = statements.Select(s => (Sql: s, Plan: Plan(forum.Server.Database, s))).Where(s => IsSlow(s.Plan)).ToList();
        Assert.IsEmpty(bad, string.Join("\n\n", bad.Select(b => $"{b.Sql}\n-- {string.Join("\n-- ", b.Plan)}")));
    }

    [TestMethod]
    public async Task Every_statement_of_a_write_to_posts_seeks_on_an_index()
    {
        await using var forum = await TestForum.StartAsync();
        var mod = await forum.UserAsync("mod", "moderator");
        (await mod.PostAsync("/api/posts", new { title = "t", body = "b", tags = (string[])["a"] }, ("Idempotency-Key", "k"))).Is(201);
        (await mod.PostAsync("/api/posts/1/replies", new { body = "b", reply_to = 1 })).Is(201);
        (await mod.PatchAsync("/api/posts/1", new { body = "c", tags = (string[])["b"] })).Is(200);
        foreach (var path in (string[])["like", "pin", "lock"])
            foreach (var method in (string[])["PUT", "DELETE"])
                (await mod.SendAsync(method, $"/api/posts/1/{path}", null)).Is(200);
        foreach (var id in (int[])[2, 1])
            (await mod.DeleteAsync($"/api/posts/{id}")).Is(200);
        foreach (var id in (int[])[1, 2])
            (await mod.PostAsync($"/api/posts/{id}/restore")).Is(200);
        (await mod.PutAsync("/api/posts/1/read", new { number = 1 })).Is(200);
        (await mod.PutAsync("/api/posts/read")).Is(200);
        var statements = (await forum.Server.Database.WriteAsync(c => c.Statements.ToList())).Where(s => s.Contains("FROM") || s.Contains("UPDATE"));
        foreach (var (sql, plan) in statements.Where(s => !s.Contains("FROM search")).Select(s => (s, Plan(forum.Server.Database, s))))
            Assert.IsFalse(plan.Exists(line => line.Contains("SCAN") && !Regex.IsMatch(line, "SCAN (CONSTANT ROW|visible|behind)")),
                $"{sql}\n-- {string.Join("\n-- ", plan)}");
    }

    [TestMethod]
    [DataRow("SELECT count(*) FROM posts WHERE body = 'x'", true)]
    [DataRow("SELECT id FROM posts ORDER BY created_at", true)]
    [DataRow("SELECT id FROM threads INDEXED BY threads_newest WHERE deleted = 0 AND pinned = 1 ORDER BY last_post", true)]
    [DataRow("SELECT id FROM posts WHERE id = 1", false)]
    public void What_is_slow_is_told(string sql, bool slow)
    {
        using var database = ForumDatabase.Open(null);
        Assert.AreEqual(slow, IsSlow(Plan(database, sql)));
    }

    // A handful of rows that stay a handful; a full-text index is not scanned though its plan says so; a stretch that was found by seeking.
    private static bool IsSlow(List<string> plan) => plan.Exists(line => line.Contains("TEMP B-TREE")
        || (line.Contains("SCAN") && !Regex.IsMatch(line,
            @"SCAN (CONSTANT ROW|sqlite_master|\d-ROW VALUES|settings|behind|\(subquery|.* VIRTUAL TABLE INDEX)")));

    private static List<string> Plan(Database database, string sql) => database.Read(c =>
    {
        // By hand, for the parameters need no values here.
        Assert.AreEqual(SQLITE_OK, sqlite3_prepare_v2(c.Sqlite.Handle!, $"EXPLAIN QUERY PLAN {sql}", out var statement), sql);
        using var _ = statement;
        var lines = new List<string>();
        while (sqlite3_step(statement) == SQLITE_ROW)
            lines.Add(sqlite3_column_text(statement, 3).utf8_to_string());
        return lines;
    });
}
