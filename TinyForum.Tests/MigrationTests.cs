using TinyForum.Data;
using TinyForum.Storage;

namespace TinyForum.Tests;

[TestClass]
public sealed class MigrationTests
{
    private const string Shape = """
        SELECT m.name || ' ' || i.cid || ' ' || i.name || ' ' || i.type || ' ' || i."notnull" || ' ' || i.pk || ' ' || coalesce(i.dflt_value, '')
          FROM sqlite_schema m
          JOIN pragma_table_info(m.name) i
         WHERE m.type = 'table'
         UNION ALL
        SELECT name || ' ' || tbl_name || ' ' || coalesce(sql, '')
          FROM sqlite_schema
         WHERE type IN ('index', 'trigger')
         ORDER BY 1
        """;

    [TestMethod]
    public void An_old_database_becomes_what_a_new_one_is()
    {
        using var folder = new TemporaryFolder();
        OldSchema.Create(folder["old.db"], version: 2).Dispose();
        using var migrated = ForumDatabase.Open(folder["old.db"]);
        using var made = ForumDatabase.Open(null);
        CollectionAssert.AreEqual(made.Read(Columns), migrated.Read(Columns));

        static List<string> Columns(Connection c) => c.All(Shape, r => r.GetString(0));
    }

    [TestMethod]
    public void Idempotency_keys_of_schema_2_keep_what_they_name()
    {
        using var folder = new TemporaryFolder();
        using (var old = OldSchema.Create(folder["old.db"], version: 2))
        {
            old.Script("""
                INSERT INTO users (id, username, username_key, created_at) VALUES (2, 'ada', 'ada', 0);
                INSERT INTO idempotency_keys (user_id, key, fingerprint, location, answer, created_at)
                VALUES (2, 'a', x'01', '/api/posts/17', x'02', 5),
                       (2, 'b', x'01', '/api/messages/3', x'', 5),
                       (2, 'c', x'01', '/api/reports/999', x'02', 5),
                       (2, 'd', x'01', '/api/tokens/1', CAST('a secret answer' AS BLOB), 5);
                """);
        }
        Assert.Contains("a secret answer", File.ReadAllText(folder["old.db"]), "else the test looks in the wrong place");
        using (var migrated = ForumDatabase.Open(folder["old.db"]))
            Keys(migrated);
        Assert.DoesNotContain("a secret answer", File.ReadAllText(folder["old.db"]));
    }

    [TestMethod]
    public async Task What_was_read_and_what_was_tagged_under_schema_2_still_is()
    {
        using var folder = new TemporaryFolder();
        using (var old = OldSchema.Create(folder["old.db"], version: 2))
        {
            old.Script("""
                INSERT INTO users (id, username, username_key, posts, created_at) VALUES (2, 'ada', 'ada', 2, 0), (3, 'bob', 'bob', 2, 0);
                INSERT INTO threads (id, author_id, title, tags, replies, last_number, last_post)
                VALUES (1, 2, 't', '["a","οδος","οδοσ"]', 2, 2, 3), (4, 3, 't', '["οδοσ","straße"]', 0, 0, 4);
                INSERT INTO posts (id, thread_id, number, author_id, body, created_at)
                VALUES (1, 1, 0, 2, 'b', 0), (2, 1, 1, 2, 'b', 0), (3, 1, 2, 3, 'b', 0), (4, 4, 0, 3, 'b', 0);
                INSERT INTO tags (id, name, threads) VALUES (1, 'a', 1), (2, 'οδος', 1), (3, 'οδοσ', 2), (4, 'straße', 1);
                INSERT INTO thread_tags (tag_id, thread_id, author_id, pinned, last_post)
                VALUES (1, 1, 2, 0, 3), (2, 1, 2, 0, 3), (3, 1, 2, 0, 3), (3, 4, 3, 0, 4), (4, 4, 3, 0, 4);
                INSERT INTO reading (user_id, thread_id, number, seen) VALUES (2, 1, 1, 1);
                INSERT INTO search (rowid, title, body, meta) VALUES (1 << 5, 't', 'b', 'old');
                """);
        }
        await using var forum = await TestForum.StartAsync(o => o with { Database = folder["old.db"] });
        Assert.AreEqual(1, forum.Server.Posts.Find(1, Actors.Of(2))!.Head!.Unread);
        Assert.HasCount(3, forum.Server.Search.Find("tag:a b").Items);
        Assert.HasCount(4, forum.Server.Search.Find("tag:ΟΔΟΣ b").Items);
        Assert.AreEqual("a οδος", string.Join(' ', forum.Server.Posts.Find(1)!.Head!.Tags), "one of two that are the same now");
        Assert.AreEqual("οδος straße", string.Join(' ', forum.Server.Posts.Find(4)!.Head!.Tags));
        Assert.HasCount(1, forum.Server.Posts.Threads(new ThreadFilter(Tag: "STRASSE")).Items);
        Assert.AreEqual("", string.Join('\n', forum.Database.Read(c => Maintenance.IntegrityCheck.Run(c))));
    }

    [TestMethod]
    public async Task Names_of_before_that_look_alike_or_end_in_a_sign_stay_and_new_ones_are_compared_with_them()
    {
        using var folder = new TemporaryFolder();
        using (var old = OldSchema.Create(folder["old.db"], version: 2))
        {
            old.Script("""
                INSERT INTO users (id, username, username_key, created_at)
                VALUES (2, 'coco', 'coco', 0), (3, 'сосо', 'сосо', 0), (4, 'Ivy-', 'ivy-', 0), (5, 'deleted', ' 5', 0);
                """);
        }
        await using var forum = await TestForum.StartAsync(o => o with { Database = folder["old.db"] });
        CollectionAssert.AreEqual(
            new[] { "deleted ?", "system ?", "coco coco", "сосо coco", "Ivy- lvy-" },
            forum.Database.Read(c => c.All("SELECT username || ' ' || coalesce(skeleton, '?') FROM users WHERE id < 5 ORDER BY id", r => r.GetString(0))));
        foreach (var name in (string[])["coco", "сосо", "ivy-"])
        {
            var user = forum.Server.Users.Find(name)!;
            Assert.IsTrue(await forum.Server.Users.SetPasswordAsync(user, "secret"));
            (await forum.Client().PostAsync("/api/login", new { username = name, password = "secret" })).Is(200, "success");
        }
        (await forum.Client().PostAsync("/api/register", new { username = "ｃоｃо".Replace('о', 'o'), password = "secret" })).Is(200, "username already exists");
        (await forum.Client().PostAsync("/api/register", new { username = "ϲοϲο", password = "secret" })).Is(200, "username already exists");
        (await forum.Client().PostAsync("/api/register", new { username = "lvy-", password = "secret" })).IsInvalid("username");
    }

    private static void Keys(Database migrated)
    {
        CollectionAssert.AreEqual(
            new[] { "a post 17", "b message 3", "c report 999" },
            migrated.Read(c => c.All("SELECT key || ' ' || kind || ' ' || made_id FROM idempotency_keys ORDER BY key", r => r.GetString(0))));
    }
}
