using System.Globalization;
using TinyForum.Api;
using TinyForum.Data;
using TinyForum.Maintenance;
using TinyForum.Storage;

namespace TinyForum.Tests;

/// <summary>No request, with the largest that it may be about, makes one transaction of which everyone else would wait for the end.</summary>
[TestClass]
public sealed class WriteBoundTests
{
    private const int Many = 1_500;

    // Ten milliseconds or two.
    private const long MostSteps = 100_000, MostPages = 10_000;

    private static readonly string Longest = string.Concat(Enumerable.Range(0x4E00, 20_900).Concat(Enumerable.Range(0xAC00, 11_100)).Select(c => (char)c));

    /// <summary>What is sent on each route that changes anything, in this order; <c>{id}</c> is what stands in the path.</summary>
    private static readonly (string Route, string Id, object? Body)[] Requests =
    [
        ("POST /api/register", "", new { username = "new", password = "secret" }),
        ("POST /api/login", "", new { username = "big", password = "secret" }),
        ("PATCH /api/me", "", new { bio = new string('x', 1_000), display_name = "Big" }),
        ("POST /api/tokens", "", new { name = "t", scope = "write" }),
        ("DELETE /api/tokens/{id}", "1501", null),
        ("POST /api/preview", "", new { body = Mentioning() }),
        ("POST /api/posts", "", new { title = "t", body = Mentioning(), tags = (string[])["a", "b", "c", "d", "e"] }),
        ("POST /api/posts/{id}/replies", "1", new { body = Longest, reply_to = 2 }),
        ("PATCH /api/posts/{id}", "1", new { tags = (string[])["f", "g", "h", "i", "j"] }),
        ("PATCH /api/posts/{id}", "1", new { title = "u", body = Longest }),
        ("PUT /api/posts/{id}/pin", "1", null),
        ("DELETE /api/posts/{id}/pin", "1", null),
        ("PUT /api/posts/{id}/lock", "1", null),
        ("DELETE /api/posts/{id}/lock", "1", null),
        ("PUT /api/posts/{id}/like", "1", null),
        ("DELETE /api/posts/{id}/like", "1", null),
        ("PUT /api/posts/{id}/read", "1", new { number = 0 }),
        ("PUT /api/notifications/read", "", null),
        ("DELETE /api/posts/{id}", "2", null),
        ("POST /api/posts/{id}/restore", "2", null),
        ("DELETE /api/posts/{id}", "1", null),
        ("POST /api/posts/{id}/restore", "1", null),
        ("PUT /api/posts/read", "", null),
        ("POST /api/posts/{id}/report", "1", new { reason = new string('x', 500) }),
        ("PUT /api/reports/{id}", "1", new { resolution = new string('x', 500) }),
        ("POST /api/messages", "", new { to = "other", body = new string('字', 8_192) }),
        ("PUT /api/messages/{id}/read", "1", null),
        ("PUT /api/messages/read", "", null),
        ("DELETE /api/messages/{id}", "1", null),
        ("PUT /api/blocks/{username}", "other", null),
        ("DELETE /api/blocks/{username}", "other", null),
        ("PUT /api/user/{username}/role", "other", new { role = "admin" }),
        ("PUT /api/user/{username}/suspension", "other", new { reason = "r" }),
        ("DELETE /api/user/{username}/suspension", "other", null),
        ("PUT /api/settings", "", new { registration = "approval", invite_after_days = 1 }),
        ("DELETE /api/settings", "", null),
        ("POST /api/applications/{id}/accept", "1", null),
        ("POST /api/applications/{id}/decline", "2", new { reason = new string('x', 500) }),
        ("POST /api/invitations", "", new { }),
        ("DELETE /api/invitations/{id}", "5001", null),
        ("POST /api/held/{id}/accept", "1", null),
        ("POST /api/held/{id}/decline", "2", new { reason = new string('x', 500) }),
        ("DELETE /api/held/{id}", "3", null),
        ("PUT /api/user/{username}/suspension", "user1", new { reason = "r", invited = true }),
        ("DELETE /api/user/{username}/suspension", "user1", null),
        ("POST /api/user/{username}/spam", "other", new { }),
        ("POST /api/held/spam", "", new { registered_since = "1970-01-01T00:00:00Z" }),
        ("DELETE /api/user/{username}/spam", "other", null),
        ("POST /api/webhooks", "", new { url = "https://hooks.example" }),
        ("POST /api/webhooks/{id}/test", "1", null),
        ("POST /api/webhooks/{id}/deliveries/{delivery}/redeliver", "1", null),
        ("POST /api/user/{username}/password-link", "other", null),
        ("POST /api/password-reset", "", new { key = "none", password = "secret" }),
        ("POST /api/setup", "", new { key = "none", username = "new", password = "secret" }),
        ("PATCH /api/webhooks/{id}", "1", new { rotate_secret = true, url = "https://other.example" }),
        ("DELETE /api/webhooks/{id}", "1", null),
        ("POST /api/filters", "", new { kind = "pattern", pattern = "(?:casino|poker){1,9}", action = "hold" }),
        ("POST /api/filters/test", "", new { text = Longest }),
        ("DELETE /api/filters/{id}", "1", null),
        ("GET /api/logout/{username}", "other", null),
        ("PUT /api/user/{username}/role", "other", new { role = "admin" }),
        ("PUT /api/me/password", "", new { current = "secret", @new = "another" }),
        ("DELETE /api/sessions/{id}", "9999", null),
        ("DELETE /api/me", "", new { password = "another" }),
        ("POST /api/logout", "", null),
    ];

    [TestMethod]
    public void Every_route_that_changes_anything_is_among_them() => CollectionAssert.AreEquivalent(
        Routes.Table.Where(e => !e.Pattern.StartsWith("GET ", StringComparison.Ordinal) || e.ChangesByGet).Select(e => e.Pattern).ToList(),
        Requests.Select(r => r.Route).Distinct().ToList());

    [TestMethod]
    public async Task The_work_of_a_transaction_is_bounded_whatever_the_request_is_about()
    {
        await using var forum = await TestForum.StartAsync(o => o with { Resolve = (_, _) => Task.FromResult<System.Net.IPAddress[]>([]) });
        var big = await forum.UserAsync("big", "admin");
        await forum.UserAsync("other", "moderator");
        await forum.Database.WriteAsync(Fill);
        Assert.AreEqual("", string.Join('\n', forum.Database.Read(c => IntegrityCheck.Run(c))));
        var meter = await WorkMeter.AttachAsync(forum.Database);
        var told = new List<string>();
        foreach (var (route, id, body) in Requests)
        {
            var (method, path) = (route.Split(' ')[0], route.Split(' ')[1].Replace("{id}", id).Replace("{username}", id).Replace("{delivery}", "1"));
            path += route == "DELETE /api/user/{username}/suspension" && id == "user1" ? "?invited=true" : "";
            var answer = await big.SendAsync(method, path, body, ("Idempotency-Key", route.GetHashCode().ToString(CultureInfo.InvariantCulture)));
            Assert.IsTrue((int)answer.Status is 200 or 201 or 202 || route is "DELETE /api/sessions/{id}" or "POST /api/logout"
                or "POST /api/setup" or "POST /api/password-reset", $"{route}: {answer.Text}");
            await forum.Settled();
            told.Add($"{route}: {meter.Most()}");
            if (id == "1" && (path.EndsWith("restore", StringComparison.Ordinal) || method == "DELETE") || route == "DELETE /api/me")
                Assert.AreEqual("", string.Join('\n', forum.Database.Read(c => IntegrityCheck.Run(c))), route);
        }
        Assert.AreEqual(0, forum.Database.Read(c => c.Number("SELECT count(*) FROM users WHERE id = 2")));
        var tooMuch = told.Where(line => line.Split(['(', ',', ')'])[1..3].Select(long.Parse).ToArray() is var n && (n[0] > MostSteps || n[1] > MostPages));
        Assert.AreEqual("", string.Join('\n', tooMuch), string.Join('\n', told));
    }

    [TestMethod]
    public async Task A_reply_takes_no_more_work_however_many_of_ones_own_stand_behind_what_one_has_not_read()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        (await bob.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        await forum.Database.WriteAsync(c => c.Execute("""
            INSERT INTO posts (id, thread_id, number, author_id, body, created_at)
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $many)
            SELECT 1 + i, 1, i, 2, 'b', 0 FROM n
            """, ("$many", Many)));
        await forum.Database.WriteAsync(c => c.Execute("UPDATE threads SET replies = $many, last_number = $many, last_post = $many + 1", ("$many", Many)));
        var meter = await WorkMeter.AttachAsync(forum.Database);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "once more" })).Is(201);
        Assert.IsLessThan(Many, meter.Most().Steps);
    }

    [TestMethod]
    public async Task Behind_many_deleted_replies_what_is_unread_stays_so_when_one_replies()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        await forum.Database.WriteAsync(c => c.Execute("""
            INSERT INTO posts (id, thread_id, number, author_id, body, created_at, deleted_at, deleted_by, deleted_as)
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $many)
            SELECT 1 + i, 1, i, 3, 'b', 0, 0, 3, 'author' FROM n
            """, ("$many", Many)));
        await forum.Database.WriteAsync(c => c.Execute("UPDATE threads SET last_number = $many", ("$many", Many)));
        (await bob.PostAsync("/api/posts/1/replies", new { body = "a question" })).Is(201);
        Assert.AreEqual(1, (int?)(await ada.GetAsync("/api/posts/1"))["post.unread"]);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "mine" })).Is(201);
        Assert.AreEqual(1, (int?)(await ada.GetAsync("/api/posts/1"))["post.unread"]);
    }

    private static string Mentioning() => string.Join(' ', Enumerable.Range(0, 20).Select(i => $"@user{i}")) + Longest[..31_000];

    /// <summary>Of everything that user 2 may have, and that others may have of it, many.</summary>
    private static void Fill(Connection c) => c.Script($"""
        CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {Many - 1}) SELECT i FROM n;

        INSERT INTO users (id, username, username_key, created_at) SELECT 100 + i, 'user' || i, 'user' || i, 0 FROM n;
        INSERT INTO threads (id, author_id, title, replies, last_number, last_post) VALUES (1, 2, 't', {Many}, {Many}, {Many + 1});
        INSERT INTO posts (id, thread_id, number, author_id, body, created_at) VALUES (1, 1, 0, 2, 'b', 0);
        INSERT INTO posts (id, thread_id, number, author_id, body, created_at)
        SELECT 2 + i, 1, 1 + i, CASE i % 2 WHEN 0 THEN 2 ELSE 100 + i END, CASE WHEN i < 100 THEN printf('%.32000c', 'x') ELSE 'b' END, 0 FROM n;
        INSERT INTO reading (user_id, thread_id, number) SELECT 100 + i, 1, 1 + i FROM n;
        INSERT INTO notifications (user_id, kind, post_id, thread_id, from_id, created_at)
        SELECT 100 + i, 'mention', 2 + i, 1, 2, 0 FROM n;
        UPDATE users SET notifications = 1, unread_notifications = 1 WHERE id >= 100;

        INSERT INTO threads (id, author_id, title, last_post, deleted) SELECT 100000 + i, 2, 't', 100000 + i, i % 2 FROM n;
        INSERT INTO posts (id, thread_id, number, author_id, body, created_at, deleted_at, deleted_by, deleted_as)
        SELECT 100000 + i, 100000 + i, 0, 2, 'b', 0, CASE i % 2 WHEN 1 THEN 1 END, CASE i % 2 WHEN 1 THEN 2 END, CASE i % 2 WHEN 1 THEN 'author' END FROM n;
        INSERT INTO post_versions (post_id, revision, editor_id, body, created_at) SELECT 100001, 1 + i, 2, printf('%.3200c', 'x'), 0 FROM n;
        INSERT INTO post_versions (post_id, revision, editor_id, body, created_at) SELECT 1, 1 + i, 2, printf('%.3200c', 'x'), 0 FROM n;
        UPDATE posts SET revision = {Many} WHERE id IN (1, 100001);
        INSERT INTO reading (user_id, thread_id, number) SELECT 2, 100000 + i, 0 FROM n;
        INSERT INTO likes (post_id, user_id, created_at) SELECT 2 + i, 2, 0 FROM n;
        UPDATE posts SET likes = 1 WHERE id BETWEEN 2 AND {Many + 1};
        UPDATE users SET posts = (SELECT count(*) FROM posts p WHERE p.author_id = users.id AND p.deleted_at IS NULL) WHERE id > 1;

        INSERT INTO messages (id, sender_id, recipient_id, body, created_at) SELECT 1 + i, 2, 3, printf('%.8000c', 'x'), 0 FROM n;
        INSERT INTO messages (id, sender_id, recipient_id, body, created_at) SELECT 100000 + i, 3, 2, printf('%.8000c', 'x'), 0 FROM n;
        INSERT INTO mailbox (owner_id, message_id, peer_id, inbox, sent, unread)
        SELECT 2, id, 5 - 2, recipient_id = 2, sender_id = 2, recipient_id = 2 FROM messages;
        INSERT INTO mailbox (owner_id, message_id, peer_id, inbox, sent, unread)
        SELECT 3, id, 2, recipient_id = 3, sender_id = 3, 0 FROM messages WHERE id % 2 = 0;
        UPDATE users SET unread_messages = {Many} WHERE id = 2;
        INSERT INTO blocks (user_id, blocked_id, created_at) SELECT 2, 100 + i, 0 FROM n WHERE i > 50;
        INSERT INTO blocks (user_id, blocked_id, created_at) SELECT 100 + i, 2, 0 FROM n WHERE i > 50;
        INSERT INTO notifications (user_id, kind, post_id, thread_id, from_id, created_at)
        SELECT 2, 'reply', 2 + i, 1, 100 + i, 0 FROM n WHERE i < {NotificationStore.Max};
        UPDATE users SET notifications = {NotificationStore.Max}, unread_notifications = {NotificationStore.Max} WHERE id = 2;
        UPDATE users SET invited_by = 101 WHERE id > 101;
        INSERT INTO applications (username, username_key, skeleton, password, text, created_at) SELECT 'new' || i, 'new' || i, 'new' || i, 'x', 't', 0 FROM n;
        INSERT INTO invitations (id, digest, inviter_id, created_at, expires_at)
        SELECT 5000 + i, CAST(i AS BLOB), 2, 0, CASE i WHEN 1 THEN 9000000000000000 ELSE 0 END FROM n;
        INSERT INTO threads (id, author_id, title, last_post) SELECT 300000 + i, 3, 't', 300000 + i FROM n WHERE i < 200;
        INSERT INTO posts (id, thread_id, number, author_id, body, created_at)
        SELECT 300000 + i, 300000 + i, 0, 3, printf('%.32000c', 'x'), 0 FROM n WHERE i < 200;
        UPDATE users SET posts = 200 WHERE id = 3;
        INSERT INTO held_posts (author_id, title, tags, body, cause, created_at) SELECT 2, 't', '["a"]', printf('%.32000c', 'x'), 'new', 0 FROM n WHERE i < 100;
        INSERT INTO users (id, username, username_key, created_at) SELECT 400000 + i, 'bot' || i, 'bot' || i, 0 FROM n;
        INSERT INTO held_posts (author_id, title, tags, body, cause, created_at) SELECT 400000 + i, 't', '["a"]', 'b', 'new', 0 FROM n;
        INSERT INTO reports (post_id, reporter_id, reason, created_at) SELECT 2 + i, 2, 'r', 0 FROM n;
        INSERT INTO reports (post_id, reporter_id, reason, created_at, resolution, resolved_by, resolved_at) SELECT 2 + i, 3, 'r', 0, 'r', 2, 0 FROM n;
        INSERT INTO moderation_log (actor_id, action, post_id, user_id, created_at) SELECT 2, 'delete', 2 + i, 3, 0 FROM n;
        INSERT INTO moderation_log (actor_id, action, post_id, user_id, created_at) SELECT 3, 'suspend', NULL, 2, 0 FROM n;
        INSERT INTO idempotency_keys (user_id, key, fingerprint, kind, made_id, created_at) SELECT 2, 'k' || i, x'00', 'post', 1, 0 FROM n;
        INSERT INTO sessions (digest, user_id, created_at, last_used_at, ip, user_agent) SELECT randomblob(32), 100 + i, 0, 0, '', '' FROM n;
        INSERT INTO tokens (digest, user_id, name, scope, created_at, expires_at) SELECT randomblob(32), 100 + i, '', 'read', 0, 1 FROM n;
        INSERT INTO search (rowid, title, body, meta) SELECT id << 5, '', 'x', '' FROM posts WHERE deleted_at IS NULL;
        DROP TABLE n;
        """);
}
