-- TinyForum's tables, described in this one place. Times are Unix milliseconds in UTC; booleans are 0 or 1.
-- PRAGMA application_id marks the file as TinyForum's, PRAGMA user_version holds the number of the schema (see Data/ForumDatabase.cs).

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO settings VALUES
    ('cursor_key', randomblob(32)), -- seals paging cursors
    ('falls', 0);                   -- counts the times a thread moved down the lists, see threads.fell and unpinned

CREATE TABLE users (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT, -- AUTOINCREMENT: an erased user's id is never given out again
    username             TEXT    NOT NULL,                  -- NFC, as registered
    username_key         TEXT    NOT NULL UNIQUE,           -- NFKC and case-folded; a space and the id while it is being erased
    password             TEXT,                              -- PHC string; NULL cannot log in
    role                 TEXT    NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'moderator', 'admin')),
    display_name         TEXT,
    bio                  TEXT,
    created_at           INTEGER NOT NULL,
    posts                INTEGER NOT NULL DEFAULT 0,        -- visible threads and replies
    unread_messages      INTEGER NOT NULL DEFAULT 0,
    notifications        INTEGER NOT NULL DEFAULT 0,        -- how many there are, for their bound
    unread_notifications INTEGER NOT NULL DEFAULT 0,
    read_up_to           INTEGER NOT NULL DEFAULT 0,        -- every post up to this id counts as read
    suspension           TEXT,                              -- the reason; NULL is not suspended
    suspended_until      INTEGER,                           -- NULL with a reason is for good
    skeleton             TEXT,                              -- what the name looks like (Text/NameSkeleton); older accounts may share one
    invited_by           INTEGER REFERENCES users (id)      -- whose invitation it came with
) STRICT;

INSERT INTO users (id, username, username_key, created_at) VALUES
    (0, 'deleted', 'deleted', 0),  -- owns what erased users leave behind
    (1, 'system',  'system',  0);

CREATE INDEX users_admins ON users (id) WHERE role = 'admin'; -- to tell whether it is the last
CREATE INDEX users_by_skeleton ON users (skeleton);
CREATE INDEX users_suspended ON users (id) WHERE suspension IS NOT NULL;
CREATE INDEX users_by_inviter ON users (invited_by, id) WHERE invited_by IS NOT NULL;

CREATE TABLE sessions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    digest       BLOB    NOT NULL UNIQUE,                   -- SHA-256 of the cookie's token
    user_id      INTEGER NOT NULL REFERENCES users (id),
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    ip           TEXT    NOT NULL,
    user_agent   TEXT    NOT NULL
) STRICT;

CREATE INDEX sessions_by_user     ON sessions (user_id, last_used_at);
CREATE INDEX sessions_by_last_use ON sessions (last_used_at);

CREATE TABLE tokens (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    digest       BLOB    NOT NULL UNIQUE,
    user_id      INTEGER NOT NULL REFERENCES users (id),
    name         TEXT    NOT NULL,
    scope        TEXT    NOT NULL CHECK (scope IN ('read', 'write')),
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER
) STRICT;

CREATE INDEX tokens_by_user   ON tokens (user_id, id);
CREATE INDEX tokens_by_expiry ON tokens (expires_at) WHERE expires_at IS NOT NULL;

-- What a thread has beyond its first post, apart from it so that a reply does not rewrite that post's text.
CREATE TABLE threads (
    id          INTEGER PRIMARY KEY,                        -- the id of its first post
    author_id   INTEGER NOT NULL REFERENCES users (id),     -- as in its first post, for the indexes below
    title       TEXT    NOT NULL,
    tags        TEXT    NOT NULL DEFAULT '[]',              -- JSON array of tags as they are shown, in the author's order
    replies     INTEGER NOT NULL DEFAULT 0,                 -- visible ones
    last_number INTEGER NOT NULL DEFAULT 0,                 -- the highest number ever given, never reused
    last_post   INTEGER NOT NULL,                           -- id of the latest visible post: the key of sort=active
    fell        INTEGER NOT NULL DEFAULT 0,                 -- settings.falls when it last moved down sort=active, so that no walk meets it twice
    unpinned    INTEGER NOT NULL DEFAULT 0,                 -- settings.falls when it last moved down the lists by age
    pinned      INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1)),
    locked      INTEGER NOT NULL DEFAULT 0 CHECK (locked IN (0, 1)),
    deleted     INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1))
) STRICT;

CREATE INDEX threads_newest           ON threads (pinned, id)                   WHERE deleted = 0;
CREATE INDEX threads_active           ON threads (pinned, last_post)            WHERE deleted = 0;
CREATE INDEX threads_newest_by_author ON threads (author_id, pinned, id)        WHERE deleted = 0;
CREATE INDEX threads_active_by_author ON threads (author_id, pinned, last_post) WHERE deleted = 0;
CREATE INDEX threads_by_author        ON threads (author_id);
CREATE INDEX threads_deleted          ON threads (id)                           WHERE deleted = 1; -- to tell when a feed last lost one

-- Posts are never removed, so max(id) + 1 is always new; ids grow with time.
CREATE TABLE posts (
    id         INTEGER PRIMARY KEY,
    thread_id  INTEGER NOT NULL REFERENCES threads (id),
    number     INTEGER NOT NULL,                            -- 0 is the thread's first post
    author_id  INTEGER NOT NULL REFERENCES users (id),
    reply_to   INTEGER REFERENCES posts (id),               -- no index: posts are never removed
    body       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    edited_at  INTEGER,
    revision   INTEGER NOT NULL DEFAULT 1,                  -- counts what changed its text, for If-Match
    likes      INTEGER NOT NULL DEFAULT 0,
    deleted_at INTEGER,
    deleted_by INTEGER REFERENCES users (id),
    deleted_as TEXT CHECK (deleted_as IN ('author', 'moderator')),
    UNIQUE (thread_id, number)
) STRICT;

CREATE INDEX posts_by_author  ON posts (author_id, id);
CREATE INDEX posts_visible    ON posts (thread_id, id) WHERE deleted_at IS NULL;
CREATE INDEX posts_own        ON posts (author_id, thread_id, id) WHERE deleted_at IS NULL; -- they are never unread to their author
CREATE INDEX posts_by_deleter ON posts (deleted_by) WHERE deleted_by IS NOT NULL; -- to erase an account
CREATE INDEX posts_deleted    ON posts (thread_id, number) WHERE deleted_at IS NOT NULL; -- to tell how many are unread

-- Who wants to come in and waits for a moderator, and who was declined. They are no users, so that nothing takes them for some.
CREATE TABLE applications (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    username     TEXT    NOT NULL,
    username_key TEXT    NOT NULL UNIQUE,
    skeleton     TEXT    NOT NULL,
    password     TEXT    NOT NULL,                          -- PHC string
    text         TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    declined_at  INTEGER,
    reason       TEXT                                       -- why it was declined
) STRICT;

CREATE INDEX applications_by_skeleton ON applications (skeleton);
CREATE INDEX applications_open        ON applications (id)          WHERE declined_at IS NULL;
CREATE INDEX applications_declined    ON applications (declined_at) WHERE declined_at IS NOT NULL;

-- Those that may still be used, once.
CREATE TABLE invitations (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    digest     BLOB    NOT NULL UNIQUE,                     -- SHA-256 of what is in the link
    inviter_id INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX invitations_by_inviter ON invitations (inviter_id, id);
CREATE INDEX invitations_by_expiry  ON invitations (expires_at);

-- Posts that wait for a moderator, and those that were declined. They are no posts, so that nothing that tells of posts meets them: one that is
-- accepted is written then.
CREATE TABLE held_posts (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    author_id   INTEGER NOT NULL REFERENCES users (id),
    thread_id   INTEGER REFERENCES threads (id),            -- NULL for a new thread; no index: threads are never removed
    reply_to    INTEGER REFERENCES posts (id),
    title       TEXT,                                       -- with tags, of a new thread alone
    tags        TEXT,
    body        TEXT    NOT NULL,
    cause       TEXT    NOT NULL CHECK (cause IN ('new', 'filter')),
    created_at  INTEGER NOT NULL,
    declined_at INTEGER,
    reason      TEXT                                        -- why it was declined
) STRICT;

CREATE INDEX held_posts_by_author ON held_posts (author_id, id);
CREATE INDEX held_posts_open      ON held_posts (id)          WHERE declined_at IS NULL;
CREATE INDEX held_posts_declined  ON held_posts (declined_at) WHERE declined_at IS NOT NULL;

-- What holds or refuses texts (Data/FilterStore).
CREATE TABLE filters (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT    NOT NULL CHECK (kind IN ('pattern', 'host')),
    pattern    TEXT    NOT NULL,
    action     TEXT    NOT NULL CHECK (action IN ('hold', 'refuse')),
    creator_id INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX filters_by_creator ON filters (creator_id);

-- Who is known by another program's login.
CREATE TABLE identities (
    subject    TEXT    PRIMARY KEY,                         -- as that program has it
    user_id    INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX identities_by_user ON identities (user_id);

-- Links that work once: to set a password, or, without a user, to set the forum up.
CREATE TABLE one_time_links (
    digest     BLOB    PRIMARY KEY,                         -- SHA-256 of what is in the link
    user_id    INTEGER REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX one_time_links_by_user   ON one_time_links (user_id);
CREATE INDEX one_time_links_by_expiry ON one_time_links (expires_at);

-- Whose invitees are being suspended with them, or no longer, and up to which id they are (Data/TreeSuspension).
CREATE TABLE tree_suspensions (
    user_id  INTEGER PRIMARY KEY REFERENCES users (id),
    lifts    INTEGER NOT NULL CHECK (lifts IN (0, 1)),
    reason   TEXT    NOT NULL,
    until    INTEGER,
    done     INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Accounts whose posts and messages are hidden as spam (Data/SpamStore), and what was hidden or closed with them, so that it can be undone.
CREATE TABLE spam (
    user_id         INTEGER PRIMARY KEY REFERENCES users (id),
    actor_id        INTEGER NOT NULL REFERENCES users (id),
    created_at      INTEGER NOT NULL,
    suspension      TEXT,                                   -- as it was before
    suspended_until INTEGER,
    is_undone       INTEGER NOT NULL DEFAULT 0 CHECK (is_undone IN (0, 1)), -- and its items have still to be shown
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
    user_id    INTEGER NOT NULL REFERENCES users (id),      -- who sent it
    owner_id   INTEGER NOT NULL REFERENCES users (id),      -- from whose mailbox it was taken
    message_id INTEGER NOT NULL REFERENCES messages (id),
    unread     INTEGER NOT NULL CHECK (unread IN (0, 1)),
    PRIMARY KEY (user_id, owner_id, message_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX spam_mail_by_owner   ON spam_mail (owner_id);
CREATE INDEX spam_mail_by_message ON spam_mail (message_id);

-- A thread that was deleted or restored, while its replies are being taken out of their authors' counts or put back in, in slices: those with
-- ids below post_id are out (Data/ThreadRecount).
CREATE TABLE recounts (
    thread_id INTEGER PRIMARY KEY REFERENCES threads (id),
    post_id   INTEGER NOT NULL
) STRICT;

CREATE TABLE post_versions (
    id         INTEGER PRIMARY KEY,
    post_id    INTEGER NOT NULL REFERENCES posts (id),
    revision   INTEGER NOT NULL,
    editor_id  INTEGER NOT NULL REFERENCES users (id),      -- who wrote this version
    title      TEXT,                                        -- with tags, of a thread's first post alone
    tags       TEXT,
    body       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,                            -- when this version was written
    UNIQUE (post_id, revision)
) STRICT;

CREATE INDEX post_versions_by_editor ON post_versions (editor_id);

CREATE TABLE tags (
    id      INTEGER PRIMARY KEY,
    name    TEXT    NOT NULL UNIQUE,                        -- NFKC and case-folded
    threads INTEGER NOT NULL DEFAULT 0,                     -- visible ones
    shown   TEXT                                            -- as it was first written, if that differs
) STRICT;

CREATE INDEX tags_in_use ON tags (name) WHERE threads > 0;

-- Visible threads only. What it has beyond the pair is the thread's, for the indexes; the trigger below keeps it so.
CREATE TABLE thread_tags (
    tag_id    INTEGER NOT NULL REFERENCES tags (id),
    thread_id INTEGER NOT NULL REFERENCES threads (id),
    author_id INTEGER NOT NULL,
    pinned    INTEGER NOT NULL,
    last_post INTEGER NOT NULL,
    PRIMARY KEY (tag_id, pinned, thread_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX thread_tags_active           ON thread_tags (tag_id, pinned, last_post);
CREATE INDEX thread_tags_newest_by_author ON thread_tags (tag_id, author_id, pinned, thread_id);
CREATE INDEX thread_tags_active_by_author ON thread_tags (tag_id, author_id, pinned, last_post);
CREATE INDEX thread_tags_by_thread        ON thread_tags (thread_id, tag_id);

CREATE TRIGGER thread_tags_follow_threads
    AFTER UPDATE OF author_id, pinned, last_post ON threads
BEGIN
    UPDATE thread_tags
       SET author_id = new.author_id, pinned = new.pinned, last_post = new.last_post
     WHERE thread_id = new.id;
END;

CREATE TABLE likes (
    post_id    INTEGER NOT NULL REFERENCES posts (id),
    user_id    INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (post_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX likes_by_user ON likes (user_id);

-- How far a user has read a thread, if beyond users.read_up_to. What is unread is counted from there: the numbers up to threads.last_number
-- but for those of deleted replies. Deleting a reply changes no row here, however many have read it.
CREATE TABLE reading (
    user_id   INTEGER NOT NULL REFERENCES users (id),
    thread_id INTEGER NOT NULL REFERENCES threads (id), -- no index: threads are never removed
    number    INTEGER NOT NULL,
    PRIMARY KEY (user_id, thread_id)
) STRICT, WITHOUT ROWID;

-- rowid is the post's id and, in its last bits, how long the post is (Search/Relevance); the text is Search/SearchTokens's, so SQLite's
-- tokenizer only splits it at spaces. meta holds a token for the author and one for the thread, through which its tags are found: they may
-- change without a change here. Not here: deleted posts and those of deleted threads (Data/ThreadRecount).
CREATE VIRTUAL TABLE search USING fts5 (
    title, body, meta,
    content = '', contentless_delete = 1,
    tokenize = 'ascii'
);

CREATE TABLE messages (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    sender_id    INTEGER NOT NULL REFERENCES users (id),
    recipient_id INTEGER NOT NULL REFERENCES users (id),
    subject      TEXT,
    body         TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    read_at      INTEGER
) STRICT;

CREATE INDEX messages_by_sender    ON messages (sender_id);
CREATE INDEX messages_by_recipient ON messages (recipient_id);

-- One row per message and side; a message to oneself has one row that is in both boxes. The message goes with its last row.
CREATE TABLE mailbox (
    owner_id   INTEGER NOT NULL REFERENCES users (id),
    message_id INTEGER NOT NULL REFERENCES messages (id),
    peer_id    INTEGER NOT NULL REFERENCES users (id),
    inbox      INTEGER NOT NULL CHECK (inbox IN (0, 1)),
    sent       INTEGER NOT NULL CHECK (sent IN (0, 1)),
    unread     INTEGER NOT NULL CHECK (unread IN (0, 1)),   -- only in an inbox
    PRIMARY KEY (owner_id, message_id)
) STRICT, WITHOUT ROWID;

-- An index for each list there is, so that a page of the rarest messages costs what a page of all costs.
CREATE INDEX mailbox_inbox       ON mailbox (owner_id, message_id)          WHERE inbox = 1;
CREATE INDEX mailbox_sent        ON mailbox (owner_id, message_id)          WHERE sent = 1;
CREATE INDEX mailbox_unread      ON mailbox (owner_id, message_id)          WHERE unread = 1;
CREATE INDEX mailbox_with        ON mailbox (owner_id, peer_id, message_id);
CREATE INDEX mailbox_inbox_with  ON mailbox (owner_id, peer_id, message_id) WHERE inbox = 1;
CREATE INDEX mailbox_sent_with   ON mailbox (owner_id, peer_id, message_id) WHERE sent = 1;
CREATE INDEX mailbox_unread_with ON mailbox (owner_id, peer_id, message_id) WHERE unread = 1;
CREATE INDEX mailbox_by_peer     ON mailbox (peer_id);
CREATE INDEX mailbox_by_message  ON mailbox (message_id);

CREATE TABLE blocks (
    user_id    INTEGER NOT NULL REFERENCES users (id),
    blocked_id INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, blocked_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX blocks_by_blocked ON blocks (blocked_id);

-- Each user's latest NotificationStore.Max.
CREATE TABLE notifications (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    kind       TEXT    NOT NULL,                            -- reply, mention, or the moderation log's action
    post_id    INTEGER REFERENCES posts (id),               -- no index of its own: posts are never removed
    thread_id  INTEGER REFERENCES threads (id),             -- the post's
    from_id    INTEGER REFERENCES users (id),
    created_at INTEGER NOT NULL,
    read       INTEGER NOT NULL DEFAULT 0 CHECK (read IN (0, 1)),
    hidden     INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1)) -- a reply or mention in a post that is deleted, or whose thread is
) STRICT;

CREATE INDEX notifications_by_user ON notifications (user_id, id) WHERE hidden = 0;
CREATE INDEX notifications_oldest  ON notifications (user_id, hidden DESC, read DESC, id); -- the first is the one that has to go
CREATE INDEX notifications_by_post ON notifications (thread_id, post_id);
CREATE INDEX notifications_by_from ON notifications (from_id);

CREATE TABLE reports (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    post_id     INTEGER NOT NULL REFERENCES posts (id),
    reporter_id INTEGER NOT NULL REFERENCES users (id),
    reason      TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    resolution  TEXT,
    resolved_by INTEGER REFERENCES users (id),
    resolved_at INTEGER
) STRICT;

CREATE UNIQUE INDEX reports_once ON reports (post_id, reporter_id) WHERE resolved_at IS NULL AND reporter_id > 0;
CREATE INDEX reports_open        ON reports (id) WHERE resolved_at IS NULL;
CREATE INDEX reports_resolved    ON reports (id) WHERE resolved_at IS NOT NULL;
CREATE INDEX reports_by_post     ON reports (post_id);
CREATE INDEX reports_by_reporter ON reports (reporter_id);
CREATE INDEX reports_by_resolver ON reports (resolved_by) WHERE resolved_by IS NOT NULL;

CREATE TABLE moderation_log (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    actor_id   INTEGER NOT NULL REFERENCES users (id),
    action     TEXT    NOT NULL,
    post_id    INTEGER REFERENCES posts (id),
    user_id    INTEGER REFERENCES users (id),
    reason     TEXT,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX moderation_log_by_actor ON moderation_log (actor_id);
CREATE INDEX moderation_log_by_user  ON moderation_log (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX moderation_log_by_post  ON moderation_log (post_id) WHERE post_id IS NOT NULL;

-- Lines are only ever added; erasing an account makes user 0 of it, nothing else may change.
CREATE TRIGGER moderation_log_delete BEFORE DELETE ON moderation_log
BEGIN
    SELECT raise(ABORT, 'the moderation log is append-only');
END;

CREATE TRIGGER moderation_log_update BEFORE UPDATE ON moderation_log
WHEN NOT (new.id = old.id AND new.action = old.action AND new.created_at = old.created_at
          AND new.post_id IS old.post_id AND new.reason IS old.reason
          AND new.actor_id IN (old.actor_id, 0)
          AND (new.user_id IS old.user_id OR (old.user_id IS NOT NULL AND new.user_id IS 0)))
BEGIN
    SELECT raise(ABORT, 'the moderation log is append-only');
END;

CREATE TABLE idempotency_keys (
    user_id     INTEGER NOT NULL REFERENCES users (id),
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL,                           -- SHA-256 of the request
    kind        TEXT    NOT NULL,                           -- what was made: post, message, report or token
    made_id     INTEGER NOT NULL,                           -- its id in the table of its kind
    salt        BLOB,                                       -- of a token: what its secret was derived with
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT;

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- What happened (Data/EventLog). The oldest go.
CREATE TABLE events (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,           -- in the order of commits, without gaps
    kind       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    post_id    INTEGER REFERENCES posts (id),               -- no index: posts are never removed, and neither are threads
    thread_id  INTEGER REFERENCES threads (id),
    user_id    INTEGER REFERENCES users (id),               -- whom it is about, or to whom alone it is told
    item_id    INTEGER                                      -- the message, notification or report
) STRICT;

CREATE INDEX events_by_user ON events (user_id) WHERE user_id IS NOT NULL; -- to erase an account

-- Where events are sent (Data/WebhookStore).
CREATE TABLE webhooks (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    url           TEXT    NOT NULL,
    kinds         TEXT    NOT NULL,                         -- with spaces between them; empty for all
    secret        TEXT    NOT NULL,
    old_secret    TEXT,                                     -- signs beside it
    old_until     INTEGER,
    state         TEXT    NOT NULL CHECK (state IN ('on', 'off', 'gone', 'failed')),
    position      INTEGER NOT NULL,                         -- the event up to which deliveries were made
    failing_since INTEGER,
    paused_until  INTEGER NOT NULL DEFAULT 0,               -- as the receiver wants it
    leased_by     TEXT,                                     -- the process that sends, alone
    leased_until  INTEGER NOT NULL DEFAULT 0,
    created_at    INTEGER NOT NULL
) STRICT;

-- What was sent and waits to be sent (Data/WebhookDeliveries). The oldest go.
CREATE TABLE deliveries (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id INTEGER NOT NULL REFERENCES webhooks (id),
    message_id TEXT    NOT NULL,                            -- for the receiver, at every try
    event      INTEGER,                                     -- its number, also when it is no longer kept; none for a test
    kind       TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed', 'refused')),
    in_order   INTEGER NOT NULL CHECK (in_order IN (0, 1)), -- later events wait for it
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
