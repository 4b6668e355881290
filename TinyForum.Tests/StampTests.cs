using System.Text.RegularExpressions;
using TinyForum.Api;
using TinyForum.Data;
using TinyForum.Storage;

namespace TinyForum.Tests;

/// <summary>What is kept stays as long as nothing is written that it is about, whoever writes.</summary>
[TestClass]
public sealed class StampTests
{
    private static readonly Subject[] All = Enum.GetValues<Subject>();

    [TestMethod]
    [DataRow("UPDATE posts SET likes = 1", nameof(Subject.Anything), nameof(Subject.Public))]
    [DataRow("UPDATE users SET posts = posts + 1", nameof(Subject.Anything), nameof(Subject.Public))]
    [DataRow("UPDATE users SET role = 'admin' WHERE id = 1",
        nameof(Subject.Anything), nameof(Subject.Public), nameof(Subject.Callers), nameof(Subject.Names), nameof(Subject.Messages),
        nameof(Subject.Notifications))]
    [DataRow("UPDATE users SET suspension = 'x' WHERE id = 1",
        nameof(Subject.Anything), nameof(Subject.Public), nameof(Subject.Callers), nameof(Subject.Names), nameof(Subject.Messages),
        nameof(Subject.Notifications))]
    [DataRow("UPDATE users SET unread_messages = 1", nameof(Subject.Anything), nameof(Subject.Messages))]
    [DataRow("UPDATE users SET read_up_to = 1", nameof(Subject.Anything))]
    [DataRow("UPDATE threads SET title = 'x'", nameof(Subject.Anything), nameof(Subject.Public), nameof(Subject.Notifications))]
    [DataRow("INSERT INTO sessions (digest, user_id, created_at, last_used_at, ip, user_agent) VALUES (randomblob(32), 1, 0, 0, '', '')",
        nameof(Subject.Anything))]
    [DataRow("UPDATE sessions SET last_used_at = 0")]
    [DataRow("DELETE FROM sessions", nameof(Subject.Anything), nameof(Subject.Callers))]
    [DataRow("UPDATE tokens SET last_used_at = 0")]
    [DataRow("UPDATE tokens SET scope = 'read'", nameof(Subject.Anything), nameof(Subject.Callers))]
    [DataRow("DELETE FROM mailbox", nameof(Subject.Anything), nameof(Subject.Messages))]
    [DataRow("DELETE FROM reading", nameof(Subject.Anything))]
    [DataRow("DELETE FROM deliveries")]
    [DataRow("DELETE FROM filters", nameof(Subject.Anything), nameof(Subject.Filters))]
    [DataRow("DELETE FROM events", nameof(Subject.Events))]
    [DataRow("INSERT INTO events (kind, created_at) VALUES ('user.erased', 0)", nameof(Subject.Anything), nameof(Subject.Public), nameof(Subject.Events))]
    [DataRow("INSERT INTO users (username, username_key, created_at) VALUES ('x', 'x', 0)",
        nameof(Subject.Anything), nameof(Subject.Public), nameof(Subject.Names), nameof(Subject.Messages), nameof(Subject.Notifications))]
    public async Task A_write_changes_the_stamps_of_what_it_is_about_and_no_others(string sql, params string[] subjects)
    {
        var changed = subjects.Select(Enum.Parse<Subject>).ToArray();
        using var database = ForumDatabase.Open(null);
        await database.WriteAsync(c => c.Execute("UPDATE posts SET likes = 0")); // the first write of a process changes all
        var before = Stamps(database);
        await database.WriteAsync(c => c.Execute(sql));
        CollectionAssert.AreEquivalent(changed, Changed(before, database));
        before = Stamps(database);
        await database.WriteAsync(c => c.Script(sql.Replace("'x', 'x'", "'y', 'y'")));
        CollectionAssert.AreEquivalent(changed, Changed(before, database), "prepared for once");
        before = Stamps(database);
        await database.WriteAsync(c => c.Execute("UPDATE posts SET likes = 2"));
        CollectionAssert.AreEquivalent((Subject[])[Subject.Anything, Subject.Public], Changed(before, database), "what was written before is forgotten");
    }

    [TestMethod]
    public async Task Posting_leaves_what_is_kept_of_callers_and_messages()
    {
        using var database = ForumDatabase.Open(null);
        await database.WriteAsync(c => c.Execute("INSERT INTO users (id, username, username_key, created_at) VALUES (2, 'ada', 'ada', 0)"));
        var (clock, notifications) = (new ManualTime(), new NotificationStore(database, new ManualTime()));
        await using var backlog = database.Backlog();
        var posts = new PostStore(
            database, clock, new ModerationStore(database, clock, backlog), notifications, new IdempotencyKeys(database, clock), backlog,
            database.Policy(clock), database.Filters());
        await posts.CreateThreadAsync(Actors.Of(2), "t", "text", ["a"]);
        for (var i = 0; i < 50; i++)
        {
            var before = Stamps(database);
            await database.WriteAsync(c => c.Execute("DELETE FROM reading"));
            CollectionAssert.AreEquivalent((Subject[])[Subject.Anything], Changed(before, database), $"{i}");
            before = Stamps(database);
            await posts.CreateThreadAsync(Actors.Of(2), "t", $"text {i}", ["a"]);
            await posts.CreateReplyAsync(Actors.Of(2), 1, $"text {i}");
            CollectionAssert.AreEquivalent((Subject[])[Subject.Anything, Subject.Public, Subject.Events], Changed(before, database), $"{i}");
        }
    }

    [TestMethod]
    public async Task A_trigger_that_another_process_has_made_since_counts()
    {
        using var folder = new TemporaryFolder();
        using var database = ForumDatabase.Open(folder["forum.db"]);
        const string Sql = "UPDATE posts SET likes = likes + 1";
        await database.WriteAsync(c => c.Execute(Sql));
        using (var other = new Connection(folder["forum.db"], readOnly: false, TimeSpan.FromSeconds(1)))
            other.Script("CREATE TRIGGER x AFTER UPDATE ON posts BEGIN UPDATE users SET role = 'member' WHERE id = 1; END");
        for (var i = 0; i < 3; i++)
        {
            var before = Stamps(database);
            await database.WriteAsync(c => c.Execute(Sql));
            CollectionAssert.Contains(Changed(before, database), Subject.Callers);
        }
    }

    [TestMethod]
    public async Task A_statement_that_can_not_be_prepared_hides_no_write()
    {
        using var database = ForumDatabase.Open(null);
        await database.WriteAsync(c => c.Execute("UPDATE posts SET likes = 1"));
        var before = Stamps(database);
        await database.WriteAsync(c =>
        {
            c.Execute("UPDATE users SET role = 'admin' WHERE id = 1");
            Assert.ThrowsExactly<Microsoft.Data.Sqlite.SqliteException>(() => c.Execute("UPDATE nothing SET x = 1"));
        });
        CollectionAssert.Contains(Changed(before, database), Subject.Callers);
    }

    [TestMethod]
    public async Task A_write_of_another_process_changes_all()
    {
        using var folder = new TemporaryFolder();
        using var database = ForumDatabase.Open(folder["forum.db"]);
        using var other = ForumDatabase.Open(folder["forum.db"]);
        await database.WriteAsync(c => c.Execute("UPDATE posts SET likes = 0"));
        for (var i = 0; i < 20; i++)
        {
            var before = Stamps(database);
            await other.WriteAsync(c => c.Execute("UPDATE settings SET value = value + 1"));
            CollectionAssert.AreEquivalent(All, Changed(before, database));
            before = Stamps(database);
            await database.WriteAsync(c => c.Execute("UPDATE settings SET value = value + 1"));
            CollectionAssert.AreEquivalent(All, Changed(before, database), "the first of its own after that");
            before = Stamps(database);
            await database.WriteAsync(c => c.Execute("UPDATE settings SET value = value + 1"));
            CollectionAssert.AreEquivalent((Subject[])[Subject.Anything, Subject.Public], Changed(before, database));
        }
    }

    [TestMethod]
    public async Task Nothing_that_was_kept_is_seen_after_a_change_however_many_write()
    {
        using var folder = new TemporaryFolder();
        using var database = ForumDatabase.Open(folder["forum.db"]);
        using var other = ForumDatabase.Open(folder["forum.db"]);
        using var over = new CancellationTokenSource();
        var kept = (Stamp: 0L, Value: 0L);
        var noise = new[] { database, other }.Select(d => Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
                await d.WriteAsync(c => c.Execute("UPDATE settings SET value = value + 1 WHERE name = 'falls'"));
        })).ToArray();
        for (var i = 1; i <= 150; i++)
        {
            await (i % 3 == 0 ? other : database).WriteAsync(c => c.Execute("UPDATE users SET unread_messages = $n WHERE id = 1", ("$n", i)));
            for (var look = 0; look < 5; look++)
            {
                var stamp = database.Stamp((int)Subject.Messages);
                if (kept.Stamp != stamp)
                    kept = (stamp, database.Read(c => c.Number("SELECT unread_messages FROM users WHERE id = 1"))!.Value);
                Assert.AreEqual(i, kept.Value);
            }
        }
        await over.CancelAsync();
        await Task.WhenAll(noise);
    }

    [TestMethod]
    public void Every_column_of_a_table_that_answers_are_made_of_belongs_to_what_it_is_shown_in()
    {
        using var database = ForumDatabase.Open(null);
        var tables = database.Read(c => c.All("SELECT name FROM sqlite_schema WHERE type = 'table'", r => r.GetString(0)));
        foreach (var table in tables.Where(t => !t.StartsWith("search_", StringComparison.Ordinal) && t != "sqlite_sequence"))
            Assert.Contains($"\"{table}\"", SubjectSource(), $"say in Data/Subject.cs what depends on {table}");
    }

    [TestMethod]
    public async Task What_strangers_are_shown_is_made_of_nothing_but_what_changes_it()
    {
        using var folder = new TemporaryFolder();
        await using var forum = await TestForum.StartAsync(o => o with { Database = folder["forum.db"] });
        await WebPages.FillAsync(forum);
        var before = await PublicAsync(forum);
        await forum.Database.WriteAsync(c =>
        {
            foreach (var (table, column, isText) in Columns(c))
            {
                if ((Subjects.Of(new(table, column)) & (1 << (int)Subject.Public)) == 0)
                    c.Execute($"UPDATE OR IGNORE {table} SET {column} = {(isText ? $"{column} || 'x'" : $"{column} + 1000")}");
            }
            c.Script("DELETE FROM reading; DELETE FROM blocks; DELETE FROM reports; DELETE FROM mailbox; DELETE FROM notifications; DELETE FROM sessions");
        });
        await using var anew = await TestForum.StartAsync(o => o with { Database = folder["forum.db"] });
        var after = await PublicAsync(anew);
        foreach (var (path, text) in before)
            Assert.AreEqual(text, after[path], path);
    }

    private static List<(string Table, string Column, bool IsText)> Columns(Connection c) => c.All("""
        SELECT t.name, c.name, c.type
          FROM sqlite_schema t, pragma_table_info(t.name) c
         WHERE t.type = 'table'
           AND c.type IN ('TEXT', 'INTEGER')
           AND c.pk = 0
           AND t.name NOT LIKE 'search%'
           AND c.name NOT IN (SELECT "from" FROM pragma_foreign_key_list(t.name))
        """, r => (r.GetString(0), r.GetString(1), r.GetString(2) == "TEXT"));

    /// <summary>What a stranger is sent, of what is kept: by its path.</summary>
    private static async Task<Dictionary<string, string>> PublicAsync(TestForum forum)
    {
        using var http = new HttpClient { BaseAddress = forum.Url };
        var paths = Routes.Table.Where(e => e.Kept && e.Access == Access.Anyone)
            .Select(e => e.Pattern["GET ".Length..].Replace("{id}", "1").Replace("{username}", "ada").Replace("{tag}", "tea")).ToList();
        Assert.IsGreaterThan(5, paths.Count);
        var shown = new Dictionary<string, string>();
        foreach (var path in paths.Concat(WebPages.Of("")))
        {
            var text = await (await http.GetAsync(path)).Content.ReadAsStringAsync();
            shown[path] = Regex.Replace(text, """(data-event="|name="key" value="|127\.0\.0\.1:|request )[0-9a-f-]+""", "");
        }
        return shown;
    }

    private static string SubjectSource() => Repository.Read("TinyForum/Data/Subject.cs");

    private static long[] Stamps(Database database) => [.. All.Select(s => database.Stamp((int)s))];

    private static Subject[] Changed(long[] before, Database database) => [.. All.Where(s => database.Stamp((int)s) != before[(int)s])];
}
