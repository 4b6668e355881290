using TinyForum.Data;
using TinyForum.Storage;

namespace TinyForum.Maintenance;

/// <summary>
/// Whether a database is sound: SQLite's own checks, and every stored count and order against the rows that it is derived from. Each
/// rule is a query that returns the rows that break it.
/// </summary>
internal static class IntegrityCheck
{
    private const int MaxFaults = 10; // per rule

    /// <summary>A rule: the query returns a line of text for each row that breaks it.</summary>
    public sealed record Rule(string Name, string Sql);

    /// <summary>The rules, SQLite's first.</summary>
    public static IReadOnlyList<Rule> Rules { get; } =
    [
        new("pages, indexes, constraints", """
            SELECT integrity_check
              FROM pragma_integrity_check
             WHERE integrity_check <> 'ok'
            """),
        new("references between rows", """
            SELECT 'row ' || ifnull(rowid, '?') || ' of ' || "table" || ' refers to no row of ' || parent
              FROM pragma_foreign_key_check
            """),
        new("replies of threads", """
            SELECT 'thread ' || t.id || ' says it has ' || t.replies || ' replies and has ' || ifnull(p.n, 0)
              FROM threads t
              LEFT JOIN (SELECT thread_id, count(*) AS n
                           FROM posts
                          WHERE number > 0
                            AND deleted_at IS NULL
                          GROUP BY thread_id) p ON p.thread_id = t.id
             WHERE t.replies <> ifnull(p.n, 0)
            """),
        new("numbers of replies, from 0 without a gap", """
            SELECT 'thread ' || t.id || ' has numbers ' || min(p.number) || ' to ' || max(p.number) || ' on ' || count(p.number)
                   || ' posts and says the last is ' || t.last_number
              FROM threads t
              LEFT JOIN posts p ON p.thread_id = t.id
             GROUP BY t.id
            HAVING ifnull(min(p.number), -1) <> 0
                OR max(p.number) <> t.last_number
                OR count(p.number) <> t.last_number + 1
            """),
        new("latest posts of threads", """
            SELECT 'thread ' || t.id || ' says its latest post is ' || t.last_post || ' and that is ' || ifnull(p.latest, t.id)
              FROM threads t
              LEFT JOIN (SELECT thread_id, max(id) AS latest
                           FROM posts
                          WHERE deleted_at IS NULL
                          GROUP BY thread_id) p ON p.thread_id = t.id
             WHERE t.last_post <> ifnull(p.latest, t.id)
               AND t.deleted = 0
            """),
        new("first posts of threads", """
            SELECT 'thread ' || t.id || ' differs from its first post in author or deletion'
              FROM threads t
              LEFT JOIN posts p ON p.id = t.id
             WHERE p.thread_id IS NOT t.id
                OR p.number IS NOT 0
                OR p.author_id IS NOT t.author_id
                OR (p.deleted_at IS NOT NULL) <> t.deleted
            """),
        new("posts of users", $"""
            SELECT 'user ' || u.id || ' says to have ' || u.posts || ' posts and has ' || ifnull(p.n, 0)
              FROM users u
              LEFT JOIN (SELECT p.author_id, count(*) AS n
                           FROM posts p
                           JOIN threads t ON t.id = p.thread_id
                           LEFT JOIN recounts c ON c.thread_id = t.id
                          WHERE p.deleted_at IS NULL
                            AND CASE WHEN c.thread_id IS NULL OR p.number = 0 THEN t.deleted = 0 ELSE p.id >= c.post_id END
                          GROUP BY p.author_id) p ON p.author_id = u.id
             WHERE u.posts <> ifnull(p.n, 0)
               AND {User.IsRegistered}
            """),
        new("likes of posts", """
            SELECT 'post ' || p.id || ' says it has ' || p.likes || ' likes and has ' || ifnull(l.n, 0)
              FROM posts p
              LEFT JOIN (SELECT post_id, count(*) AS n
                           FROM likes
                          GROUP BY post_id) l ON l.post_id = p.id
             WHERE p.likes <> ifnull(l.n, 0)
            """),
        new("tags of threads", """
            SELECT 'thread ' || t.id || ' has tags ' || t.tags || ' and is listed under ' || ifnull(group_concat(coalesce(g.shown, g.name)), 'none')
              FROM threads t
              LEFT JOIN thread_tags x ON x.thread_id = t.id
              LEFT JOIN tags g ON g.id = x.tag_id
             GROUP BY t.id
            HAVING CASE t.deleted WHEN 1 THEN 0 ELSE json_array_length(t.tags) END <> count(g.name)
                OR sum(g.id IS NOT NULL AND coalesce(g.shown, g.name) NOT IN (SELECT value FROM json_each(t.tags))) > 0
                OR sum(x.author_id <> t.author_id OR x.pinned <> t.pinned OR x.last_post <> t.last_post) > 0
            """),
        new("threads of tags", """
            SELECT 'tag ' || g.name || ' says it has ' || g.threads || ' threads and has ' || ifnull(x.n, 0)
              FROM tags g
              LEFT JOIN (SELECT tag_id, count(*) AS n
                           FROM thread_tags
                          GROUP BY tag_id) x ON x.tag_id = g.id
             WHERE g.threads <> ifnull(x.n, 0)
            """),
        new("read state", """
            SELECT 'user ' || r.user_id || ' has read thread ' || r.thread_id || ' up to ' || r.number || ', which it does not have'
              FROM reading r
              LEFT JOIN posts p ON p.thread_id = r.thread_id AND p.number = r.number
             WHERE p.id IS NULL
            """),
        new("search index: every post that is not deleted", """
            SELECT 'post ' || id || ' is ' || CASE sum(side) WHEN 1 THEN 'not found' ELSE 'found though it should not be' END
              FROM (SELECT p.id, 1 AS side
                      FROM posts p
                      JOIN threads t ON t.id = p.thread_id
                      LEFT JOIN recounts c ON c.thread_id = p.thread_id
                     WHERE p.deleted_at IS NULL
                       AND CASE WHEN c.thread_id IS NULL OR p.number = 0 THEN t.deleted = 0 ELSE p.id >= c.post_id END
                     UNION ALL
                    SELECT rowid >> 5, 2
                      FROM search)
             GROUP BY id
            HAVING sum(side) <> 1 + 2
            """),
        new("mailboxes of messages", """
            SELECT 'message ' || m.id || ' is in no mailbox, or in one that is neither its sender''s nor its recipient''s'
              FROM messages m
              LEFT JOIN mailbox b ON b.message_id = m.id
             GROUP BY m.id
            HAVING (count(b.owner_id) = 0 AND NOT EXISTS (SELECT 1 FROM spam_mail s WHERE s.message_id = m.id))
                OR sum(b.owner_id NOT IN (m.sender_id, m.recipient_id)) > 0
                OR sum(b.inbox <> (b.owner_id = m.recipient_id) OR b.sent <> (b.owner_id = m.sender_id)) > 0
                OR sum(b.unread AND m.read_at IS NOT NULL) > 0
            """),
        new("unread messages of users", $"""
            SELECT 'user ' || u.id || ' says to have ' || u.unread_messages || ' unread messages and has ' || ifnull(b.n, 0)
              FROM users u
              LEFT JOIN (SELECT owner_id, sum(unread) AS n
                           FROM mailbox
                          GROUP BY owner_id) b ON b.owner_id = u.id
             WHERE u.unread_messages <> ifnull(b.n, 0)
               AND NOT {User.IsBeingErased}
            """),
        new("notifications of users", $"""
            SELECT 'user ' || u.id || ' says to have ' || u.unread_notifications || ' unread notifications of ' || u.notifications
                   || ' and has ' || ifnull(n.unread, 0) || ' of ' || ifnull(n.n, 0)
              FROM users u
              LEFT JOIN (SELECT user_id, sum(read = 0 AND hidden = 0) AS unread, count(*) AS n
                           FROM notifications
                          GROUP BY user_id) n ON n.user_id = u.id
             WHERE (u.unread_notifications <> ifnull(n.unread, 0) OR u.notifications <> ifnull(n.n, 0))
               AND NOT {User.IsBeingErased}
            """),
        new("events, numbered without a gap", """
            SELECT 'the events ' || min(number) || ' to ' || max(number) || ' are ' || count(*)
              FROM events
            HAVING count(*) <> max(number) - min(number) + 1
            """),
        new("what is hidden as spam", """
            SELECT 'post ' || s.post_id || ' is hidden as spam of user ' || s.user_id || ', who did not write it'
              FROM spam_posts s
              JOIN posts p ON p.id = s.post_id
             WHERE p.author_id <> s.user_id
             UNION ALL
            SELECT 'message ' || s.message_id || ' is hidden as spam of user ' || s.user_id || ', who did not send it'
              FROM spam_mail s
              JOIN messages m ON m.id = s.message_id
             WHERE m.sender_id <> s.user_id
            """),
        new("who invited whom", """
            SELECT 'user ' || id || ' was invited by user ' || invited_by || ', who came later'
              FROM users
             WHERE invited_by >= id
            """),
        new("places of webhooks in the log", """
            SELECT 'webhook ' || w.id || ' is at event ' || w.position || ' and the last was ' || coalesce(s.seq, 0)
              FROM webhooks w
              LEFT JOIN sqlite_sequence s ON s.name = 'events'
             WHERE w.position > coalesce(s.seq, 0)
            """),
    ];

    /// <summary>Checks everything in one read transaction, so that it may run beside a server.</summary>
    /// <param name="connection">The connection; if it has an open transaction, its changes are checked too.</param>
    /// <param name="progress">Called with the name of each rule before it is checked.</param>
    /// <returns>What is wrong, up to <see cref="MaxFaults"/> lines per rule; empty if all is well.</returns>
    public static IReadOnlyList<string> Run(Connection connection, Action<string>? progress = null)
    {
        var faults = new List<string>();
        var isNested = connection.IsInTransaction;
        if (!isNested)
            connection.Execute("BEGIN");
        // A connection that has checked the search index before would check it by what it knows of it from then: a query looks anew.
        connection.Number("SELECT rowid FROM search LIMIT 1");
        foreach (var rule in Rules)
        {
            progress?.Invoke(rule.Name);
            var lines = connection.All(rule.Sql, r => r.GetString(0));
            faults.AddRange(lines.Take(MaxFaults).Select(line => $"{rule.Name}: {line}"));
            if (lines.Count > MaxFaults)
                faults.Add($"{rule.Name}: {lines.Count - MaxFaults} more");
        }
        if (!isNested)
            connection.RollBack();
        return faults;
    }

    /// <summary>Rewrites the file without anything that was deleted.</summary>
    /// <remarks>The search index marks deleted posts and keeps their words until segments merge: <c>optimize</c> merges them all.</remarks>
    public static void Vacuum(Connection connection) => connection.Script("""
        PRAGMA secure_delete = ON;
        INSERT INTO search (search) VALUES ('optimize');
        VACUUM;
        PRAGMA wal_checkpoint(TRUNCATE);
        """);
}
