using TinyForum.Maintenance;
using TinyForum.Storage;

namespace TinyForum.Tests;

[TestClass]
public sealed class IntegrityCheckTests
{
    [TestMethod]
    public async Task A_forum_that_was_used_is_sound()
    {
        await using var forum = await TestForum.StartAsync();
        await Population.FillAsync(forum);
        CollectionAssert.AreEqual(Array.Empty<string>(), forum.Database.Read(c => IntegrityCheck.Run(c)).ToArray());
    }

    [TestMethod]
    [DataRow("references between rows", "PRAGMA foreign_keys = OFF; INSERT INTO likes VALUES (99, 2, 0)")]
    [DataRow("replies of threads", "UPDATE threads SET replies = 7 WHERE id = 1")]
    [DataRow("numbers of replies, from 0 without a gap", "UPDATE posts SET number = 9 WHERE id = 4")]
    [DataRow("numbers of replies, from 0 without a gap", "UPDATE threads SET last_number = 4 WHERE id = 1")]
    [DataRow("latest posts of threads", "UPDATE threads SET last_post = 3 WHERE id = 1")]
    [DataRow("first posts of threads", "UPDATE threads SET author_id = 3 WHERE id = 1")]
    [DataRow("first posts of threads", "UPDATE posts SET deleted_at = 1 WHERE id = 5")]
    [DataRow("posts of users", "UPDATE users SET posts = posts + 1 WHERE id = 2")]
    [DataRow("likes of posts", "DELETE FROM likes")]
    [DataRow("tags of threads", "DELETE FROM thread_tags")]
    [DataRow("tags of threads", "UPDATE threads SET tags = '[\"other\", \"drinks\"]' WHERE id = 1")]
    [DataRow("tags of threads", "UPDATE thread_tags SET last_post = 1")]
    [DataRow("threads of tags", "UPDATE tags SET threads = 9 WHERE name = 'tea'")]
    [DataRow("read state", "UPDATE reading SET number = 9")]
    [DataRow("search index: every post that is not deleted", "DELETE FROM search WHERE rowid >> 5 = 1")]
    [DataRow("search index: every post that is not deleted", "INSERT INTO search (rowid, title, body) VALUES (3 << 5, '', 'white')")]
    [DataRow("mailboxes of messages", "DELETE FROM mailbox WHERE message_id = 2")]
    [DataRow("mailboxes of messages", "UPDATE mailbox SET unread = 1 WHERE message_id = 1")]
    [DataRow("unread messages of users", "UPDATE users SET unread_messages = 5 WHERE id = 3")]
    [DataRow("notifications of users", "UPDATE notifications SET read = 1 WHERE user_id = 2")]
    [DataRow("notifications of users", "UPDATE users SET notifications = 0")]
    [DataRow("events, numbered without a gap", "DELETE FROM events WHERE number = 2")]
    [DataRow("what is hidden as spam", "INSERT INTO spam_posts SELECT 2, max(id) FROM posts WHERE author_id <> 2")]
    [DataRow("what is hidden as spam", "INSERT INTO spam_mail SELECT recipient_id, sender_id, id, 0 FROM messages LIMIT 1")]
    [DataRow("who invited whom", "UPDATE users SET invited_by = 3 WHERE id = 2")]
    [DataRow("places of webhooks in the log",
        "INSERT INTO webhooks (url, kinds, secret, state, position, created_at) VALUES ('https://hooks.example', '', 'whsec_', 'on', 999, 0)")]
    public async Task What_does_not_fit_together_is_named(string rule, string damage)
    {
        await using var forum = await TestForum.StartAsync();
        await Population.FillAsync(forum);
        using var connection = new Connection(forum.Database.Path, readOnly: false, TimeSpan.FromSeconds(5));
        connection.Script(damage);
        var faults = IntegrityCheck.Run(connection);
        Assert.IsTrue(faults.Any(f => f.StartsWith(rule + ": ", StringComparison.Ordinal)), $"{rule} is not among: {string.Join("; ", faults)}");
    }

    [TestMethod]
    public async Task A_rule_that_many_rows_break_names_ten_of_them()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.Database.WriteAsync(c =>
        {
            for (var i = 0; i < 25; i++)
                c.Execute("INSERT INTO tags (name, threads) VALUES ($name, 1)", ("$name", $"t{i}"));
        });
        var faults = forum.Database.Read(c => IntegrityCheck.Run(c));
        Assert.AreEqual(11, faults.Count);
        Assert.AreEqual("threads of tags: 15 more", faults[^1]);
    }
}
