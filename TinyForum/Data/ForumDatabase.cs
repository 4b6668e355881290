using Microsoft.Data.Sqlite;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// The forum's database. <c>schema.sql</c> makes a new one; migrations bring an older one up to date. Every change of the schema is made in
/// both places, and a test compares the results.
/// </summary>
internal static class ForumDatabase
{
    public const int SchemaVersion = 10;

    private static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(5);

    public static DatabaseSchema Schema { get; } = new(
        Program: "TinyForum",
        ApplicationId: 0x54466F72, // "TFor"
        SchemaVersion,
        ReadScript(),
        Migrations:
        [
            new(2, "-- rowids of the search index contain the posts' lengths: schema 4 makes it anew"),
            new(3, """
                ALTER TABLE idempotency_keys RENAME TO old_keys;
                CREATE TABLE idempotency_keys (
                    user_id     INTEGER NOT NULL REFERENCES users (id),
                    key         TEXT    NOT NULL,
                    fingerprint BLOB    NOT NULL,
                    kind        TEXT    NOT NULL,
                    made_id     INTEGER NOT NULL,
                    salt        BLOB,
                    created_at  INTEGER NOT NULL,
                    PRIMARY KEY (user_id, key)
                ) STRICT;

                INSERT INTO idempotency_keys (user_id, key, fingerprint, kind, made_id, created_at)
                SELECT user_id, key, fingerprint,
                       substr(location, 6, instr(substr(location, 6), '/') - 2),
                       CAST(substr(location, 6 + instr(substr(location, 6), '/')) AS INTEGER), created_at
                  FROM old_keys
                 WHERE location LIKE '/api/%s/%'
                   AND location NOT LIKE '/api/tokens/%'; -- their secrets were in the answers

                DROP TABLE old_keys;
                CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
                """), // keys store what was made, not the answer
            new(4, """
                CREATE INDEX users_admins ON users (id) WHERE role = 'admin';
                CREATE INDEX posts_deleted    ON posts (thread_id, number) WHERE deleted_at IS NOT NULL;
                CREATE TABLE recounts (
                    thread_id INTEGER PRIMARY KEY REFERENCES threads (id),
                    post_id   INTEGER NOT NULL
                ) STRICT;

                DROP INDEX reading_by_thread;
                ALTER TABLE reading DROP COLUMN seen;
                """), // the search index has threads instead of their tags: schema 5 makes it anew
            new(5, """
                ALTER TABLE users ADD COLUMN skeleton TEXT;
                CREATE INDEX users_by_skeleton ON users (skeleton);

                ALTER TABLE notifications ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1));
                DROP INDEX notifications_by_user;
                DROP INDEX notifications_read;
                CREATE INDEX notifications_by_user ON notifications (user_id, id) WHERE hidden = 0;
                CREATE INDEX notifications_oldest  ON notifications (user_id, hidden DESC, read DESC, id);

                ALTER TABLE tags ADD COLUMN shown TEXT;
                CREATE INDEX posts_own        ON posts (author_id, thread_id, id) WHERE deleted_at IS NULL;

                INSERT INTO search (search) VALUES ('delete-all');
                """, (connection, pace) =>
                {
                    TagKeys.Renew(connection);
                    UserStore.FillSkeletons(connection, pace);
                    SearchIndex.Fill(connection, pace);
                }), // letters fold as Unicode's collation has them; names that look alike; tags by case folding; what is hidden
            new(6, """
                CREATE TABLE events (
                    number     INTEGER PRIMARY KEY AUTOINCREMENT,
                    kind       TEXT    NOT NULL,
                    created_at INTEGER NOT NULL,
                    post_id    INTEGER REFERENCES posts (id),
                    thread_id  INTEGER REFERENCES threads (id),
                    user_id    INTEGER REFERENCES users (id),
                    item_id    INTEGER
                ) STRICT;

                CREATE INDEX events_by_user ON events (user_id) WHERE user_id IS NOT NULL;
                """), // the log of events
            new(7, """
                CREATE TABLE webhooks (
                    id            INTEGER PRIMARY KEY AUTOINCREMENT,
                    url           TEXT    NOT NULL,
                    kinds         TEXT    NOT NULL,
                    secret        TEXT    NOT NULL,
                    old_secret    TEXT,
                    old_until     INTEGER,
                    state         TEXT    NOT NULL CHECK (state IN ('on', 'off', 'gone', 'failed')),
                    position      INTEGER NOT NULL,
                    failing_since INTEGER,
                    paused_until  INTEGER NOT NULL DEFAULT 0,
                    leased_by     TEXT,
                    leased_until  INTEGER NOT NULL DEFAULT 0,
                    created_at    INTEGER NOT NULL
                ) STRICT;

                CREATE TABLE deliveries (
                    id         INTEGER PRIMARY KEY AUTOINCREMENT,
                    webhook_id INTEGER NOT NULL REFERENCES webhooks (id),
                    message_id TEXT    NOT NULL,
                    event      INTEGER,
                    kind       TEXT    NOT NULL,
                    state      TEXT    NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed', 'refused')),
                    in_order   INTEGER NOT NULL CHECK (in_order IN (0, 1)),
                    created_at INTEGER NOT NULL,
                    tries      INTEGER NOT NULL DEFAULT 0,
                    tried_at   INTEGER,
                    next_at    INTEGER,
                    status     INTEGER,
                    error      TEXT
                ) STRICT;

                CREATE INDEX webhooks_by_state ON webhooks (state, id);
                CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, id);
                CREATE INDEX deliveries_waiting    ON deliveries (webhook_id, next_at) WHERE state = 'waiting';
                CREATE UNIQUE INDEX deliveries_in_order ON deliveries (webhook_id) WHERE state = 'waiting' AND in_order = 1;
                """), // webhooks
            new(8, "CREATE INDEX threads_deleted          ON threads (id)                           WHERE deleted = 1;"), // feeds
            new(9, "CREATE INDEX users_suspended ON users (id) WHERE suspension IS NOT NULL;"), // for moderators
            new(10, """
                ALTER TABLE users ADD COLUMN invited_by INTEGER REFERENCES users (id);
                CREATE INDEX users_by_inviter ON users (invited_by, id) WHERE invited_by IS NOT NULL;

                CREATE TABLE applications (
                    id           INTEGER PRIMARY KEY AUTOINCREMENT,
                    username     TEXT    NOT NULL,
                    username_key TEXT    NOT NULL UNIQUE,
                    skeleton     TEXT    NOT NULL,
                    password     TEXT    NOT NULL,
                    text         TEXT    NOT NULL,
                    created_at   INTEGER NOT NULL,
                    declined_at  INTEGER,
                    reason       TEXT
                ) STRICT;

                CREATE INDEX applications_by_skeleton ON applications (skeleton);
                CREATE INDEX applications_open        ON applications (id)          WHERE declined_at IS NULL;
                CREATE INDEX applications_declined    ON applications (declined_at) WHERE declined_at IS NOT NULL;

                CREATE TABLE invitations (
                    id         INTEGER PRIMARY KEY AUTOINCREMENT,
                    digest     BLOB    NOT NULL UNIQUE,
                    inviter_id INTEGER NOT NULL REFERENCES users (id),
                    created_at INTEGER NOT NULL,
                    expires_at INTEGER NOT NULL
                ) STRICT;

                CREATE INDEX invitations_by_inviter ON invitations (inviter_id, id);
                CREATE INDEX invitations_by_expiry  ON invitations (expires_at);

                CREATE TABLE held_posts (
                    id          INTEGER PRIMARY KEY AUTOINCREMENT,
                    author_id   INTEGER NOT NULL REFERENCES users (id),
                    thread_id   INTEGER REFERENCES threads (id),
                    reply_to    INTEGER REFERENCES posts (id),
                    title       TEXT,
                    tags        TEXT,
                    body        TEXT    NOT NULL,
                    cause       TEXT    NOT NULL CHECK (cause IN ('new', 'filter')),
                    created_at  INTEGER NOT NULL,
                    declined_at INTEGER,
                    reason      TEXT
                ) STRICT;

                CREATE INDEX held_posts_by_author ON held_posts (author_id, id);
                CREATE INDEX held_posts_open      ON held_posts (id)          WHERE declined_at IS NULL;
                CREATE INDEX held_posts_declined  ON held_posts (declined_at) WHERE declined_at IS NOT NULL;

                CREATE TABLE filters (
                    id         INTEGER PRIMARY KEY AUTOINCREMENT,
                    kind       TEXT    NOT NULL CHECK (kind IN ('pattern', 'host')),
                    pattern    TEXT    NOT NULL,
                    action     TEXT    NOT NULL CHECK (action IN ('hold', 'refuse')),
                    creator_id INTEGER NOT NULL REFERENCES users (id),
                    created_at INTEGER NOT NULL
                ) STRICT;

                CREATE INDEX filters_by_creator ON filters (creator_id);

                CREATE TABLE identities (
                    subject    TEXT    PRIMARY KEY,
                    user_id    INTEGER NOT NULL REFERENCES users (id),
                    created_at INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;

                CREATE INDEX identities_by_user ON identities (user_id);

                CREATE TABLE one_time_links (
                    digest     BLOB    PRIMARY KEY,
                    user_id    INTEGER REFERENCES users (id),
                    created_at INTEGER NOT NULL,
                    expires_at INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;

                CREATE INDEX one_time_links_by_user   ON one_time_links (user_id);
                CREATE INDEX one_time_links_by_expiry ON one_time_links (expires_at);

                CREATE TABLE tree_suspensions (
                    user_id  INTEGER PRIMARY KEY REFERENCES users (id),
                    lifts    INTEGER NOT NULL CHECK (lifts IN (0, 1)),
                    reason   TEXT    NOT NULL,
                    until    INTEGER,
                    done     INTEGER NOT NULL DEFAULT 0
                ) STRICT;

                CREATE TABLE spam (
                    user_id         INTEGER PRIMARY KEY REFERENCES users (id),
                    actor_id        INTEGER NOT NULL REFERENCES users (id),
                    created_at      INTEGER NOT NULL,
                    suspension      TEXT,
                    suspended_until INTEGER,
                    is_undone       INTEGER NOT NULL DEFAULT 0 CHECK (is_undone IN (0, 1)),
                    is_done         INTEGER NOT NULL DEFAULT 0 CHECK (is_done IN (0, 1))
                ) STRICT;

                CREATE INDEX spam_by_actor ON spam (actor_id);
                CREATE INDEX spam_left     ON spam (user_id) WHERE is_done = 0;

                CREATE TABLE spam_posts (
                    user_id INTEGER NOT NULL REFERENCES users (id),
                    post_id INTEGER NOT NULL REFERENCES posts (id),
                    PRIMARY KEY (user_id, post_id)
                ) STRICT, WITHOUT ROWID;

                CREATE TABLE spam_reports (
                    user_id   INTEGER NOT NULL REFERENCES users (id),
                    report_id INTEGER NOT NULL REFERENCES reports (id),
                    PRIMARY KEY (user_id, report_id)
                ) STRICT, WITHOUT ROWID;

                CREATE TABLE spam_mail (
                    user_id    INTEGER NOT NULL REFERENCES users (id),
                    owner_id   INTEGER NOT NULL REFERENCES users (id),
                    message_id INTEGER NOT NULL REFERENCES messages (id),
                    unread     INTEGER NOT NULL CHECK (unread IN (0, 1)),
                    PRIMARY KEY (user_id, owner_id, message_id)
                ) STRICT, WITHOUT ROWID;

                CREATE INDEX spam_mail_by_owner   ON spam_mail (owner_id);
                CREATE INDEX spam_mail_by_message ON spam_mail (message_id);
                """), // who may come in, and what new accounts may do
        ],
        PrepareReader: RelevanceFunction.Register,
        Subjects.Count,
        Subjects.Of);

    /// <inheritdoc cref="Database.Open"/>
    public static Database Open(
        string? path, Action<LogSeverity, string>? tell = null, int maxBatch = WriteQueue.DefaultMaxBatch, CancellationToken cancellation = default) =>
        Database.Open(path, Schema, tell, maxBatch, busyTimeout: null, cancellation);

    /// <summary>Requires a database of this schema: only a server migrates, for another of an earlier version may be running on it.</summary>
    /// <exception cref="DatabaseException">It is none, or of another schema.</exception>
    public static void RequireCurrent(string path)
    {
        try
        {
            using var connection = new Connection(path, readOnly: true, BusyTimeout);
            Schema.RequireCurrent(connection, path);
        }
        catch (SqliteException e)
        {
            throw new DatabaseException($"cannot open the database {path}: {DatabaseFault.Explain(e, path)}", e);
        }
    }

    private static string ReadScript()
    {
        using var stream = typeof(ForumDatabase).Assembly.GetManifestResourceStream("schema.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
