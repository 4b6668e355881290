using Microsoft.Data.Sqlite;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// The forum's database. <c>schema.sql</c> makes a new one; migrations bring an older one up to date. Every change of the schema is made in
/// both places, and a test compares the results.
/// </summary>
internal static class ForumDatabase
{
    public const int SchemaVersion = 9;

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
