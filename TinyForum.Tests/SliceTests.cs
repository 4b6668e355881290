using FsCheck.Fluent;
using TinyForum.Data;
using TinyForum.Maintenance;
using TinyForum.Storage;

namespace TinyForum.Tests;

/// <summary>What is done in slices is right between any two of them, and is done in the end.</summary>
[TestClass]
public sealed class SliceTests
{
    private enum Act { Slice, Hide, Show, HideReply, ShowReply, Reply, Mention, TakeBack }

    [TestMethod]
    public void A_thread_may_be_deleted_and_restored_and_written_in_while_its_replies_are_being_counted() => Prop.ForAll(
        Gen.ListOf(Gen.Zip(Gen.Frequency((6, Gen.Constant(Act.Slice)), (2, Gen.Constant(Act.Hide)), (2, Gen.Constant(Act.Show)),
            (3, Gen.Constant(Act.HideReply)), (3, Gen.Constant(Act.ShowReply)), (2, Gen.Constant(Act.Reply)),
            (2, Gen.Constant(Act.Mention)), (2, Gen.Constant(Act.TakeBack))), Gen.Choose(1, 3 * ThreadRecount.SliceSize)))
            .ToArbitrary(), steps =>
        {
            using var database = ForumDatabase.Open(null);
            var (posts, mod) = Posts(database);
            database.WriteAsync(c => FillThread(c, 3 * ThreadRecount.SliceSize)).Wait();
            foreach (var (act, number) in steps)
                Do(act, number);
            Finish(); // whether it is deleted then or not
            foreach (var act in (Act[])[Act.Hide, Act.Slice, Act.Show])
                Do(act, 0);
            Finish();

            void Do(Act act, int number)
            {
                try
                {
                    (act switch
                    {
                        Act.Slice => database.WriteAsync(c => ThreadRecount.Slice(c, 1)),
                        Act.Hide => posts.DeleteAsync(mod, 1),
                        Act.Show => posts.RestoreAsync(mod, 1),
                        Act.HideReply => posts.DeleteAsync(mod, 1 + number),
                        Act.ShowReply => posts.RestoreAsync(mod, 1 + number),
                        Act.Mention => posts.EditAsync(mod, 1 + number, null, "word @u1", null),
                        Act.TakeBack => posts.EditAsync(mod, 1 + number, null, "word", null),
                        _ => (Task)posts.CreateReplyAsync(mod, 1, "new @u1"),
                    }).GetAwaiter().GetResult();
                }
                catch (RefusalException e) when (e.Kind == RefusalKind.NotFound)
                {
                    // It is deleted already, or its thread is.
                }
                IsSound(database, "posts of users", "notifications of users", "replies of threads");
            }
            void Finish()
            {
                while (!database.WriteAsync(c => ThreadRecount.Slice(c, 1)).Result)
                    IsSound(database, "posts of users", "notifications of users");
                IsSound(database, [.. IntegrityCheck.Rules.Select(r => r.Name)]);
                Assert.AreEqual(0, database.Read(c => c.Number("""
                    SELECT count(*)
                      FROM notifications n
                      JOIN threads t ON t.id = n.thread_id
                     WHERE t.deleted = 1
                       AND n.hidden = 0
                       AND n.kind IN ('reply', 'mention')
                    """)));
            }
        }).Holds(25);

    [TestMethod]
    public async Task All_replies_of_a_deleted_thread_are_counted_out_and_their_notifications_hidden_when_the_answer_comes()
    {
        await using var forum = await TestForum.StartAsync();
        var mod = await forum.UserAsync("mod", "moderator");
        await forum.Database.WriteAsync(c => FillThread(c, 4 * ThreadRecount.SliceSize, mod: 2));
        (await mod.DeleteAsync("/api/posts/1")).Is(200);
        Assert.AreEqual((0L, 0L), (Number("SELECT sum(posts) FROM users"), Number("SELECT count(*) FROM notifications WHERE hidden = 0")));
        (await mod.PostAsync("/api/posts/1/restore")).Is(200);
        Assert.AreEqual(1 + 4 * ThreadRecount.SliceSize, Number("SELECT sum(posts) FROM users"));
        Assert.AreEqual(4 * ThreadRecount.SliceSize, Number("SELECT count(*) FROM notifications WHERE hidden = 0"));
        IsSound(forum.Database, [.. IntegrityCheck.Rules.Select(r => r.Name)]);

        long? Number(string sql) => forum.Database.Read(c => c.Number(sql));
    }

    [TestMethod]
    public async Task Someone_who_is_being_erased_is_gone_from_the_first_moment_whatever_is_left_to_do()
    {
        await using var forum = await TestForum.StartAsync();
        var (xyzzy, bob) = (await forum.UserAsync("xyzzy"), await forum.UserAsync("bob", "moderator"));
        (await xyzzy.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        (await bob.PostAsync("/api/posts/1/replies", new { body = "b" })).Is(201);
        (await xyzzy.PostAsync("/api/messages", new { to = "bob", body = "b" })).Is(201);
        (await bob.PostAsync("/api/messages", new { to = "xyzzy", body = "b" })).Is(201);
        (await bob.PutAsync("/api/blocks/xyzzy")).Is(200);
        (await xyzzy.PutAsync("/api/posts/2/like")).Is(200);
        (await bob.PutAsync("/api/user/xyzzy/suspension", new { reason = "r" })).Is(200);
        (await bob.DeleteAsync("/api/user/xyzzy/suspension")).Is(200);
        await forum.Settled();
        await forum.Database.WriteAsync(c => Assert.IsTrue(AccountErasure.Begin(c, 2, proof: null, now: 0))); // and no slice

        IsSound(forum.Database, [.. IntegrityCheck.Rules.Select(r => r.Name)]);
        (await xyzzy.GetAsync("/api/me")).Is(401);
        (await forum.Client().PostAsync("/api/login", new { username = "xyzzy", password = "secret" })).Is(200, "user does not exist");
        (await bob.GetAsync("/api/user/xyzzy")).Is(200, "user does not exist");
        (await bob.PostAsync("/api/messages", new { to = "xyzzy", body = "b" })).Is(404);
        (await bob.PostAsync("/api/posts/1/replies", new { body = "@xyzzy" })).Is(201);
        foreach (var path in (string[])["/api/posts", "/api/posts/1", "/api/messages?box=all", "/api/notifications", "/api/blocks", "/api/moderation-log"])
        {
            var answer = (await bob.GetAsync(path)).Is(200);
            Assert.DoesNotContain("xyzzy", answer.Text, path);
            Assert.DoesNotContain("\"id\": 2,\n        \"username\"", answer.Text, path);
        }
        var post = await bob.GetAsync("/api/posts/1");
        Assert.AreEqual((0, "deleted"), ((int?)post["post.author.id"], (string?)post["post.author.username"]));
        Assert.IsFalse(forum.Server.Users.List().Items.Any(a => a.Username == "deleted"));
        Assert.AreEqual(RefusalKind.Unauthenticated,
            (await Assert.ThrowsExactlyAsync<RefusalException>(() => forum.Server.Posts.CreateThreadAsync(Actors.Of(2), "t", "b"))).Kind);
        await forum.UserAsync("xyzzy");
        Assert.AreEqual(0, forum.Database.Read(c => c.Number("SELECT count(*) FROM notifications WHERE user_id = 2 AND created_at > 0 AND post_id > 2")));

        forum.Server.Forum.Backlog.Resume();
        Assert.IsTrue(SpinWait.SpinUntil(() => forum.Database.Read(c => c.Number("SELECT count(*) FROM users WHERE id = 2")) == 0, TimeSpan.FromMinutes(1)));
        IsSound(forum.Database, [.. IntegrityCheck.Rules.Select(r => r.Name)]);
    }

    [TestMethod]
    public async Task An_erasure_and_a_deletion_that_a_crash_cut_off_are_finished_at_the_next_start()
    {
        using var folder = new TemporaryFolder();
        using (var database = ForumDatabase.Open(folder["forum.db"]))
        {
            await database.WriteAsync(c =>
            {
                FillThread(c, 3 * ThreadRecount.SliceSize);
                Assert.IsTrue(AccountErasure.Begin(c, 3, proof: null, now: 0));
                Assert.IsFalse(AccountErasure.Slice(c, 3));
            });
            var (posts, mod) = Posts(database);
            await posts.DeleteAsync(mod, 1);
            Assert.AreEqual(1, database.Read(c => c.Number("SELECT count(*) FROM recounts")));
            IsSound(database, [.. IntegrityCheck.Rules.Select(r => r.Name)]);
        }
        await using var forum = await TestForum.StartAsync(o => o with { Database = folder["forum.db"] });
        Assert.IsTrue(SpinWait.SpinUntil(() => forum.Database.Read(c => c.Number(
            "SELECT (SELECT count(*) FROM recounts) + (SELECT count(*) FROM users WHERE id = 3)")) == 0, TimeSpan.FromMinutes(1)));
        Assert.AreEqual(0, forum.Database.Read(c => c.Number("SELECT count(*) FROM posts WHERE author_id = 3")));
        IsSound(forum.Database, [.. IntegrityCheck.Rules.Select(r => r.Name)]);
    }

    [TestMethod]
    public async Task Only_one_slice_waits_for_the_writer_however_many_jobs_there_are()
    {
        using var database = ForumDatabase.Open(null);
        await using var backlog = database.Backlog();
        using var held = await HeldWriter.HoldAsync(database);
        var left = new int[20];
        Array.Fill(left, 5);
        var jobs = Enumerable.Range(0, 20).Select(i => backlog.FinishAsync(_ => --left[i] == 0)).ToList();
        held.AwaitWaiting(1);
        await held.ReleaseAsync();
        await Task.WhenAll(jobs);
        CollectionAssert.AreEqual(new int[20], left);
    }

    [TestMethod]
    public async Task What_has_expired_is_swept_a_hundred_at_a_time_and_never_counts()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        await forum.Database.WriteAsync(c => c.Script("""
            CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 249) SELECT i FROM n;
            INSERT INTO sessions (digest, user_id, created_at, last_used_at, ip, user_agent) SELECT randomblob(32), 1 + i % 2, 0, i, '', '' FROM n;
            INSERT INTO tokens (digest, user_id, name, scope, created_at, expires_at) SELECT randomblob(32), 1 + i % 2, '', 'read', 0, 1 + i FROM n;
            INSERT INTO idempotency_keys (user_id, key, fingerprint, kind, made_id, created_at) SELECT 2, i, x'00', 'post', 1, i FROM n;
            DROP TABLE n;
            """));
        (await ada.PostAsync("/api/tokens", new { name = "t", scope = "read" }, ("Idempotency-Key", "249"))).Is(201, "success"); // the key of long ago
        Assert.HasCount(1, forum.Server.Tokens.List(Actors.Of(2)));
        Assert.AreEqual(125 - 50, Number("SELECT count(*) FROM tokens WHERE user_id = 1"), "and all of the user's own, which would count");
        Assert.AreEqual(250 - 100, Number("SELECT count(*) FROM idempotency_keys"), "one of them was to be used");
        (await forum.Client().PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200, "success");
        Assert.AreEqual(2, await forum.Server.Sessions.EndAllAsync(Actor.System, forum.Server.Users.Find("ada")!), "those that have expired are none");
        Assert.IsGreaterThan(0, Number("SELECT count(*) FROM sessions")!.Value, "or all were swept at once");

        long? Number(string sql) => forum.Database.Read(c => c.Number(sql));
    }

    [TestMethod]
    public async Task Marks_that_say_nothing_any_more_change_nothing_while_they_are_there()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        for (var thread = 1; thread <= 2; thread++)
            (await ada.PostAsync("/api/posts", new { title = $"{thread}", body = "b" })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "b" })).Is(201);
        (await bob.PutAsync("/api/posts/1/read", new { number = 0 })).Is(200);
        await forum.Database.WriteAsync(c => c.Execute("UPDATE users SET read_up_to = 3 WHERE id = 3")); // a crash before the marks are removed
        Assert.IsEmpty((await bob.GetAsync("/api/posts?unread=true"))["posts"]!.AsArray());
        Assert.AreEqual(0, (int?)(await bob.GetAsync("/api/posts/1"))["post.unread"]);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "b" })).Is(201);
        Assert.AreEqual(1, (int?)(await bob.GetAsync("/api/posts/1"))["post.unread"]);
        (await bob.PutAsync("/api/posts/1/read", new { number = 2 })).Is(200);
        (await bob.PutAsync("/api/posts/read")).Is(200);
        Assert.AreEqual(0, forum.Database.Read(c => c.Number("SELECT count(*) FROM reading WHERE user_id = 3")));
    }

    private static (PostStore Posts, Actor Mod) Posts(Database database)
    {
        var (clock, backlog) = (new ManualTime(), database.Backlog());
        backlog.DisposeAsync().AsTask().Wait(); // what it is given stays undone
        database.WriteAsync(c => c.Execute(
            "INSERT INTO users (id, username, username_key, role, created_at) VALUES (2, 'mod', 'mod', 'moderator', 0) ON CONFLICT DO NOTHING")).Wait();
        return (new PostStore(database, clock, new ModerationStore(database, clock, backlog), new NotificationStore(database, clock),
            new IdempotencyKeys(database, clock), backlog, database.Policy(clock), database.Filters()), new Actor(2, "mod", Role.Moderator));
    }

    /// <summary>A thread of user <paramref name="mod"/> or 2, with replies of some users after 2 and a notification of each.</summary>
    private static void FillThread(Connection c, int replies, long mod = 2) => c.Script($"""
        INSERT INTO users (id, username, username_key, role, created_at) VALUES ({mod}, 'mod', 'mod', 'moderator', 0) ON CONFLICT DO NOTHING;
        CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {replies}) SELECT i FROM n;
        INSERT INTO users (id, username, username_key, created_at) SELECT 2 + i, 'u' || i, 'u' || i, 0 FROM n WHERE i <= 3;
        INSERT INTO threads (id, author_id, title, replies, last_number, last_post) VALUES (1, {mod}, 't', {replies}, {replies}, {replies + 1});
        INSERT INTO posts (id, thread_id, number, author_id, body, created_at) VALUES (1, 1, 0, {mod}, 'b', 0);
        INSERT INTO posts (id, thread_id, number, author_id, body, created_at) SELECT 1 + i, 1, i, 3 + i % 3, 'b', 0 FROM n;
        INSERT INTO search (rowid, title, body, meta) SELECT id << 5, '', 'b', '' FROM posts;
        INSERT INTO notifications (user_id, kind, post_id, thread_id, from_id, created_at, read)
        SELECT 3 + (i + 1) % 3, 'reply', 1 + i, 1, 3 + i % 3, 0, i % 2 FROM n;
        UPDATE users SET posts = (SELECT count(*) FROM posts WHERE author_id = users.id),
                         notifications = (SELECT count(*) FROM notifications WHERE user_id = users.id),
                         unread_notifications = (SELECT count(*) FROM notifications WHERE user_id = users.id AND read = 0)
         WHERE id > 1;
        DROP TABLE n;
        """);

    private static void IsSound(Database database, params string[] rules) => database.Read(c =>
    {
        c.Number("SELECT rowid FROM search LIMIT 1");
        foreach (var rule in IntegrityCheck.Rules.Where(r => rules.Contains(r.Name)))
            Assert.AreEqual("", string.Join('\n', c.All(rule.Sql, r => r.GetString(0))), rule.Name);
        return true;
    });
}
