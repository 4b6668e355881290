using System.Text;
using System.Text.Json.Nodes;
using TinyForum.Data;
using TinyForum.Maintenance;

namespace TinyForum.Tests;

/// <summary>What is stored about a person can be had whole, and be gone whole.</summary>
[TestClass]
public sealed class ErasureTests
{
    /// <summary>Rows in every table that knows of users: xyzzy is 2, bob 3.</summary>
    private const string Life = """
        UPDATE users SET role = 'moderator', posts = 1, unread_messages = 1, unread_notifications = 1 WHERE id = 2;
        UPDATE users SET posts = 2, unread_messages = 1 WHERE id = 3;
        INSERT INTO threads (id, author_id, title, tags, replies, last_number, last_post, deleted)
        VALUES (1, 2, 'a thread that stays', '["go"]', 1, 3, 2, 0), (5, 2, 'plugh title', '["plugh"]', 0, 0, 5, 1);
        INSERT INTO posts (id, thread_id, number, author_id, body, created_at, likes, deleted_at, deleted_by, deleted_as)
        VALUES (1, 1, 0, 2, 'a body that stays', 0, 0, NULL, NULL, NULL), (2, 1, 1, 3, 'a reply', 0, 2, NULL, NULL, NULL),
               (3, 1, 2, 2, 'plugh reply', 0, 0, 1, 2, 'author'), (4, 1, 3, 3, 'bob''s deleted words', 0, 0, 1, 2, 'moderator'),
               (5, 5, 0, 2, 'plugh thread', 0, 0, 1, 2, 'author');
        INSERT INTO post_versions (post_id, revision, editor_id, title, tags, body, created_at)
        VALUES (1, 1, 2, 'an older title', '[]', 'an older body', 0), (3, 1, 2, NULL, NULL, 'plugh version', 0), (4, 1, 3, NULL, NULL, 'bob''s older words', 0),
               (4, 2, 2, NULL, NULL, 'bob''s words, edited', 0);
        INSERT INTO likes (post_id, user_id, created_at) VALUES (2, 2, 0), (2, 3, 0);
        INSERT INTO reading (user_id, thread_id, number) VALUES (2, 1, 1), (3, 1, 1);
        INSERT INTO messages (id, sender_id, recipient_id, subject, body, created_at)
        VALUES (1, 2, 3, NULL, 'kept by bob', 0), (2, 2, 3, 'plugh', 'plugh kept by no other', 0),
            (3, 3, 2, NULL, 'kept by its sender', 0), (4, 2, 2, NULL, 'plugh to myself', 0);
        INSERT INTO mailbox (owner_id, message_id, peer_id, inbox, sent, unread)
        VALUES (2, 1, 3, 0, 1, 0), (3, 1, 2, 1, 0, 1), (2, 2, 3, 0, 1, 0), (2, 3, 3, 1, 0, 1), (3, 3, 2, 0, 1, 0), (2, 4, 2, 1, 1, 0);
        INSERT INTO blocks (user_id, blocked_id, created_at) VALUES (2, 3, 0), (3, 2, 0);
        INSERT INTO notifications (user_id, kind, post_id, from_id, created_at) VALUES (2, 'reply', 2, 3, 0), (3, 'reply', 1, 2, 0);
        INSERT INTO reports (post_id, reporter_id, reason, created_at, resolution, resolved_by, resolved_at)
        VALUES (2, 2, 'rude', 0, NULL, NULL, NULL), (1, 3, 'bob''s reason', 0, 'fine', 2, 1);
        INSERT INTO moderation_log (actor_id, action, post_id, user_id, reason, created_at)
        VALUES (2, 'delete', 4, NULL, 'spam', 0), (1, 'role', NULL, 2, 'moderator', 0);
        INSERT INTO idempotency_keys (user_id, key, fingerprint, kind, made_id, created_at)
        VALUES (2, 'plugh', x'00', 'post', 1, 0), (3, 'own', x'00', 'post', 2, 0);
        UPDATE users SET invited_by = 2 WHERE id = 3;
        INSERT INTO invitations (digest, inviter_id, created_at, expires_at) VALUES (x'01', 2, 0, 1), (x'02', 3, 0, 1);
        INSERT INTO held_posts (author_id, thread_id, reply_to, title, tags, body, cause, created_at)
        VALUES (2, NULL, NULL, 'plugh', '["plugh"]', 'plugh held', 'new', 0), (3, 1, 2, NULL, NULL, 'bob''s held words', 'filter', 0);
        INSERT INTO filters (kind, pattern, action, creator_id, created_at) VALUES ('host', 'casino.example', 'hold', 2, 0);
        INSERT INTO identities (subject, user_id, created_at) VALUES ('plugh@example.org', 2, 0), ('bob@example.org', 3, 0);
        INSERT INTO one_time_links (digest, user_id, created_at, expires_at) VALUES (x'03', 2, 0, 1), (x'04', 3, 0, 1);
        INSERT INTO tree_suspensions (user_id, lifts, reason) VALUES (2, 1, 'plugh');
        INSERT INTO spam (user_id, actor_id, created_at, is_done) VALUES (3, 2, 0, 1), (2, 3, 0, 1);
        INSERT INTO spam_posts (user_id, post_id) VALUES (3, 4), (2, 3);
        INSERT INTO spam_reports (user_id, report_id) VALUES (3, 2), (2, 1);
        INSERT INTO messages (id, sender_id, recipient_id, subject, body, created_at)
        VALUES (5, 3, 2, NULL, 'bob''s spam', 0), (6, 2, 3, NULL, 'plugh spam', 0);
        INSERT INTO mailbox (owner_id, message_id, peer_id, inbox, sent, unread) VALUES (3, 5, 2, 0, 1, 0), (2, 6, 3, 0, 1, 0);
        INSERT INTO spam_mail (user_id, owner_id, message_id, unread) VALUES (3, 2, 5, 1), (2, 3, 6, 0);
        """;

    private static async Task<TestClient> LiveAsync(TestForum forum)
    {
        var person = await forum.UserAsync("xyzzy");
        await forum.UserAsync("bob");
        (await person.PatchAsync("/api/me", new { bio = "plugh bio", display_name = "plugh name" })).Is(200, "success");
        (await person.PostAsync("/api/login", new { username = "xyzzy", password = "secret" }, ("User-Agent", "plugh agent"))).Is(200, "success");
        (await person.PostAsync("/api/tokens", new { name = "plugh token", scope = "write" }, ("Idempotency-Key", "plugh2"))).Is(201);
        await forum.Database.WriteAsync(c => c.Script(Life));
        return person;
    }

    [TestMethod]
    public async Task What_erased_users_wrote_is_found_by_the_name_that_it_is_shown_under()
    {
        await using var forum = await TestForum.StartAsync();
        var (gone, bob) = (await forum.UserAsync("gone"), await forum.UserAsync("bob", "moderator"));
        (await gone.PostAsync("/api/posts", new { title = "t", body = "needle" })).Is(201);
        (await gone.PostAsync("/api/posts/1/replies", new { body = "needle too" })).Is(201);
        (await gone.PostAsync("/api/posts/1/replies", new { body = "needle deleted" })).Is(201);
        (await bob.PostAsync("/api/posts/1/replies", new { body = "needle of bob" })).Is(201);
        (await bob.DeleteAsync("/api/posts/3")).Is(200);
        (await gone.DeleteAsync("/api/me", new { password = "secret" })).Is(200, "success");
        foreach (var (query, found) in new[]
        {
            ("needle author:deleted", "1 2"), ("author:deleted", "1 2"), ("needle -author:deleted", "4"), ("needle author:gone", ""), ("author:bob", "4"),
            ("needle author:deleted author:bob", "1 2 4"),
        })
        {
            var hits = (await bob.GetAsync($"/api/search?q={Uri.EscapeDataString(query)}")).Is(200).Json["results"]!.AsArray();
            Assert.AreEqual(found, string.Join(' ', hits.Select(p => (int)p!["post"]!["id"]!).Order()), query);
        }
        Assert.AreEqual("", string.Join('\n', forum.Database.Read(c => IntegrityCheck.Run(c))));
    }

    [TestMethod]
    public async Task Erasure_needs_the_password_and_ends_everything_at_once()
    {
        await using var forum = await TestForum.StartAsync();
        var person = await LiveAsync(forum);
        var (token, _) = await forum.Server.Tokens.CreateAsync(Actors.Of(2), "t", mayWrite: true);
        (await person.DeleteAsync("/api/me", new { password = "wrong" })).Is(403, "wrong password");
        (await person.DeleteAsync("/api/me", new { })).IsInvalid("password", "is required");
        (await person.GetAsync("/api/me")).Is(200);
        Assert.Contains("Max-Age=0", (await person.DeleteAsync("/api/me", new { password = "secret" })).Is(200, "success").Header("Set-Cookie")!);
        (await person.GetAsync("/api/me")).Is(401);
        (await forum.Client().GetAsync("/api/me", ("Authorization", $"Bearer {token}"))).Is(401);
        (await person.PostAsync("/api/login", new { username = "xyzzy", password = "secret" })).Is(200, "user does not exist");
        (await person.PostAsync("/api/register", new { username = "xyzzy", password = "secret" })).Is(200, "success");
        Assert.AreEqual(4, (int?)(await person.GetAsync("/api/user/xyzzy"))["user.id"], "the number is not given out again");
        Assert.IsFalse(await forum.Server.Users.EraseAsync(Actor.System));
        foreach (var nobody in (long[])[2, 0])
        {
            var refusal = await Assert.ThrowsExactlyAsync<RefusalException>(() => forum.Server.Users.EraseAsync(Actors.Of(nobody)));
            Assert.AreEqual(RefusalKind.Unauthenticated, refusal.Kind);
        }
    }

    [TestMethod]
    public async Task What_others_have_a_part_in_stays_by_deleted_and_every_count_is_right()
    {
        await using var forum = await TestForum.StartAsync();
        await LiveAsync(forum);
        Assert.IsTrue(await forum.Server.Users.EraseAsync(Actors.Of(2)));
        forum.Database.Read(c =>
        {
            long? N(string sql) => c.Number(sql);
            foreach (var (table, column) in c.All(
                "SELECT m.name, f.\"from\" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE f.\"table\" = 'users'",
                r => (r.GetString(0), r.GetString(1))))
                Assert.AreEqual(0, N($"SELECT count(*) FROM {table} WHERE {column} = 2"), $"{table}.{column}");
            Assert.AreEqual(0, N("SELECT count(*) FROM pragma_foreign_key_check"));
            Assert.AreEqual(0, N("SELECT count(*) FROM users WHERE id = 2"));
            Assert.AreEqual(1, N("SELECT likes FROM posts WHERE id = 2"));
            Assert.AreEqual(1, N("SELECT posts FROM users WHERE id = 0"));
            Assert.AreEqual((2L, 1L), (N("SELECT posts FROM users WHERE id = 3"), N("SELECT unread_messages FROM users WHERE id = 3")));
            Assert.AreEqual(2, N("SELECT count(*) FROM posts WHERE id IN (1, 3) AND author_id = 0"));
            Assert.AreEqual(2, N("SELECT count(*) FROM posts WHERE id IN (3, 4) AND deleted_by = 0"));
            Assert.AreEqual(1, N("SELECT count(*) FROM posts WHERE id = 1 AND body = 'a body that stays'"));
            Assert.AreEqual(1, N("SELECT count(*) FROM threads WHERE id = 1 AND author_id = 0 AND title = 'a thread that stays'"));
            Assert.AreEqual(2, N("SELECT count(*) FROM post_versions WHERE editor_id = 0"));
            CollectionAssert.AreEqual((string[])["1 0 3 0", "3 3 0 0", "5 3 0 0"], c.All(
                "SELECT m.id || ' ' || sender_id || ' ' || recipient_id || ' ' || peer_id "
                + "FROM messages m JOIN mailbox b ON b.message_id = m.id AND b.owner_id = 3 ORDER BY m.id",
                r => r.GetString(0)));
            Assert.AreEqual(3, N("SELECT count(*) FROM messages"));
            Assert.AreEqual((1L, 1L), (N("SELECT count(*) FROM spam WHERE user_id = 3 AND actor_id = 0"), N("SELECT count(*) FROM spam_posts")));
            Assert.AreEqual((1L, 0L), (N("SELECT count(*) FROM spam_reports"), N("SELECT count(*) FROM spam_mail")));
            Assert.AreEqual((1L, 1L), (N("SELECT count(*) FROM held_posts"), N("SELECT count(*) FROM users WHERE id = 3 AND invited_by = 0")));
            Assert.AreEqual(1, N("SELECT count(*) FROM notifications WHERE user_id = 3 AND from_id = 0"));
            Assert.AreEqual(1, N("SELECT count(*) FROM notifications"));
            Assert.AreEqual(2, N("SELECT count(*) FROM reports"));
            Assert.AreEqual(2, N("SELECT count(*) FROM moderation_log WHERE actor_id IN (0, 1)"));
            Assert.AreEqual(1, N("SELECT count(*) FROM idempotency_keys WHERE key = 'own'"));
            return true;
        });
        (await forum.Client().GetAsync("/api/user/bob/profile")).Is(200, "success");
    }

    [TestMethod]
    public async Task Nothing_of_the_person_is_left_in_the_file()
    {
        var folder = Directory.CreateTempSubdirectory("tinyforum-");
        try
        {
            var file = Path.Combine(folder.FullName, "forum.db");
            await using (var forum = await TestForum.StartAsync(o => o with { Database = file }))
            {
                await LiveAsync(forum);
                for (var i = 0; i < 200; i++) // enough for pages to be split and moved
                    await forum.Server.Users.RegisterAsync($"someone{i:d3}", "secret");
            }
            Assert.IsTrue(Holds("xyzzy") && Holds("plugh bio"), "else the test looks in the wrong place");
            await using (var forum = await TestForum.StartAsync(o => o with { Database = file }))
                Assert.IsTrue(await forum.Server.Users.EraseAsync(Actors.Of(2)));
            Assert.HasCount(1, Directory.GetFiles(folder.FullName), "the log has been folded into the file");
            foreach (var trace in (string[])["xyzzy", "plugh"])
                Assert.IsFalse(Holds(trace), $"{trace}: {Around(trace)}");
            Assert.IsTrue(Holds("a body that stays") && Holds("kept by bob"));

            bool Holds(string text) => PlaceOf(text) >= 0;
            int PlaceOf(string text) => File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(text));
            string Around(string text) => PlaceOf(text) is >= 0 and var at ? Encoding.Latin1.GetString(File.ReadAllBytes(file)[(at - 60)..(at + 60)]) : "";
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [TestMethod]
    public async Task What_was_made_under_keys_does_not_bring_back_the_name_of_someone_who_was_erased()
    {
        using var folder = new TemporaryFolder();
        await using (var forum = await TestForum.StartAsync(o => o with { Database = folder["forum.db"] }))
        {
            var (person, bob) = (await forum.UserAsync("xyzzy"), await forum.UserAsync("bob", "moderator"));
            await MakeAsync(person, "/api/posts", new { title = "t", body = "b" }, "xyzzy");
            await MakeAsync(person, "/api/messages", new { to = "bob", body = "b" }, "xyzzy");
            await MakeAsync(person, "/api/posts/1/report", new { reason = "r" }, "xyzzy");
            await MakeAsync(person, "/api/tokens", new { name = "n", scope = "read" });
            await MakeAsync(bob, "/api/posts/1/replies", new { body = "b", reply_to = 1 });
            await MakeAsync(bob, "/api/messages", new { to = "xyzzy", body = "kept by bob" }, "xyzzy");
            (await bob.PatchAsync("/api/posts/1", new { body = "edited" })).Is(200);
            (await bob.DeleteAsync("/api/posts/2")).Is(200);

            (await person.DeleteAsync("/api/me", new { password = "secret" })).Is(200, "success");
            var again = await MakeAsync(bob, "/api/messages", new { to = "xyzzy", body = "kept by bob" }, "deleted");
            Assert.AreEqual("true", again.Header("Idempotency-Replayed"));
            Assert.AreEqual(2, forum.Database.Read(c => c.Number("SELECT count(*) FROM idempotency_keys")), "bob's, and no other");
        }
        var file = await File.ReadAllBytesAsync(folder["forum.db"]);
        Assert.IsGreaterThan(0, file.AsSpan().IndexOf("kept by bob"u8), "else the test looks in the wrong place");
        Assert.AreEqual(-1, file.AsSpan().IndexOf("xyzzy"u8));

        static async Task<Answer> MakeAsync(TestClient client, string path, object body, string? name = null)
        {
            var answer = (await client.PostAsync(path, body, ("Idempotency-Key", path))).Is(201);
            Assert.Contains(name ?? "", answer.Text);
            return answer;
        }
    }

    [TestMethod]
    public async Task The_export_holds_everything_stored_and_nothing_of_others()
    {
        await using var forum = await TestForum.StartAsync();
        var person = await LiveAsync(forum);
        var answer = (await person.GetAsync("/api/me/export")).Is(200, "success");
        Assert.AreEqual("attachment; filename=\"tinyforum-export.json\"", answer.Header("Content-Disposition"));
        var export = answer["export"]!.AsObject();
        var names = export.Select(m => m.Key).ToList();
        CollectionAssert.AreEqual(names.Order(StringComparer.Ordinal).ToList(), names);
        Assert.AreEqual(("xyzzy", "plugh bio", "plugh name", "moderator"),
            (Text("profile.username"), Text("profile.bio"), Text("profile.display_name"), Text("profile.role")));
        Assert.AreEqual((2, 1, 3, 2, 1), (Count("sessions"), Count("tokens"), Count("posts"), Count("versions"), Count("likes")));
        Assert.AreEqual((1, 5, 1, 1), (Count("reading"), Count("messages"), Count("blocks"), Count("notifications")));
        Assert.AreEqual((1, 1, 1, 1, 2), (Count("reports"), Count("resolved_reports"), Count("moderated"), Count("moderation_log"), Count("idempotency_keys")));
        Assert.AreEqual((1, 1, 1, 1), (Count("filters"), Count("held_posts"), Count("identities"), Count("invitations")));
        Assert.IsGreaterThan(0, Count("events"));
        Assert.AreEqual(("plugh agent", "plugh token", "bob"), (Text("sessions.1.user_agent"), Text("tokens.0.name"), Text("blocks.0.username")));
        Assert.AreEqual(
            """{"body":"kept by bob","created_at":"1970-01-01T00:00:00.000Z","from":{"id":2,"username":"xyzzy"},"id":1,"to":{"id":3,"username":"bob"}}""",
            export["messages"]![0]!.ToJsonString());
        Assert.AreEqual("""{"created_at":"1970-01-01T00:00:00.000Z","from":"bob","kind":"reply","post":2,"read":false}""",
            export["notifications"]![0]!.ToJsonString());
        Assert.AreEqual(("plugh reply", "author"), (Text("posts.1.body"), Text("posts.1.deleted_by")));
        Assert.AreEqual("""["go"]""", export["posts"]![0]!["tags"]!.ToJsonString());
        Assert.DoesNotContain("bob's", answer.Text);
        Assert.DoesNotContain("digest", answer.Text);
        Assert.DoesNotContain("argon2", answer.Text);

        // A table that gets to know of users has to be thought of here.
        var tables = forum.Database.Read(c => c.All(
            "SELECT DISTINCT m.name FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE f.\"table\" = 'users' ORDER BY 1", r => r.GetString(0)));
        CollectionAssert.AreEqual(
            (string[])["blocks", "events", "filters", "held_posts", "idempotency_keys", "identities", "invitations", "likes", "mailbox", "messages",
                "moderation_log", "notifications", "one_time_links", "post_versions", "posts", "reading", "reports", "sessions", "spam", "spam_mail",
                "spam_posts", "spam_reports", "threads", "tokens", "tree_suspensions", "users"], tables);

        int Count(string name) => export[name]!.AsArray().Count;
        string? Text(string path) => (string?)path.Split('.').Aggregate((JsonNode?)export,
            (node, key) => node is JsonArray list ? list[int.Parse(key)] : node![key]);
    }

    [TestMethod]
    public async Task The_export_of_someone_who_has_nothing_is_short()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        var answer = (await ada.GetAsync("/api/me/export")).Is(200, "success");
        Assert.IsEmpty(answer["export.posts"]!.AsArray());
        Assert.Contains("\n  \"export\": {\n    \"blocks\": [],\n", answer.Text);
        (await forum.Client().GetAsync("/api/me/export")).Is(401, "login required");
    }
}
