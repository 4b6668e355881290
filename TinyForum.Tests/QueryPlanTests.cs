using System.Text.RegularExpressions;
using TinyForum.Data;
using static SQLitePCL.raw;

namespace TinyForum.Tests;

[TestClass]
public sealed class QueryPlanTests
{
    // Sorts what was active since the caller last marked everything as read, see PostStore.Lists.cs.
    private static readonly string[] MaySort = [PostStore.Revived, PostStore.RevivedTagged];

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
        foreach (var list in MaySort)
            CollectionAssert.Contains(statements, list);
        Assert.IsGreaterThanOrEqualTo(12, statements.Count(s => s.Contains("FROM threads t") || s.Contains("FROM thread_tags g") || s.Contains("FROM posts p")));
        var bad = statements.Except(MaySort).Select(s => (Sql: s, Plan: Plan(forum.Server.Database, s))).Where(s => IsSlow(s.Plan)).ToList();
        Assert.IsEmpty(bad, string.Join("\n\n", bad.Select(b => $"{b.Sql}\n-- {string.Join("\n-- ", b.Plan)}")));
        foreach (var list in MaySort)
            Assert.IsFalse(Plan(forum.Server.Database, list).Exists(line => line.Contains("SCAN")));
    }

    [TestMethod]
    [DataRow("SELECT count(*) FROM posts WHERE body = 'x'", true)]
    [DataRow("SELECT id FROM posts ORDER BY created_at", true)]
    [DataRow("SELECT id FROM threads INDEXED BY threads_newest WHERE deleted = 0 AND pinned = 1 ORDER BY last_post", true)]
    [DataRow("SELECT id FROM posts WHERE id = 1", false)]
    public void What_is_slow_is_told(string sql, bool slow)
    {
        using var database = Database.Open(null);
        Assert.AreEqual(slow, IsSlow(Plan(database, sql)));
    }

    // A handful of rows that stay a handful; a full-text index is not scanned though its plan says so; a stretch that was found by seeking.
    private static bool IsSlow(List<string> plan) => plan.Exists(line => line.Contains("TEMP B-TREE")
        || (line.Contains("SCAN") && !Regex.IsMatch(line, @"SCAN (CONSTANT ROW|settings|\(subquery|.* VIRTUAL TABLE INDEX)")));

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
