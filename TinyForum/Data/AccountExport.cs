using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using TinyForum.Concurrency;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>An export, to be read from its beginning and then disposed.</summary>
/// <param name="Content">The document.</param>
/// <param name="Digest">Its SHA-256.</param>
internal sealed record ExportFile(Stream Content, byte[] Digest);

/// <summary>
/// Everything that is stored about an account, table by table, as JSON, but neither secrets nor what belongs to others, such as their
/// deleted text or whom they block. It is written row by row into a file without a name beside the database, so that it takes no memory, and
/// a slow reader holds no snapshot of the database. An account has one export at a time, from when it is asked for until it is disposed:
/// all together take no more room than the database. Thread-safe.
/// </summary>
internal sealed class AccountExport(Database database, TimeProvider clock, WorkThreads threads)
{
    private const int FlushedAtOnce = 64 * 1024; // bytes

    private const string Profile = "profile";

    /// <summary>
    /// The members of the document in their order, with the statement for each; all are lists but the profile. Each column becomes a member:
    /// "name:time" from Unix milliseconds, "name:bool" from 0 or 1, "name:json" from JSON.
    /// </summary>
    private static readonly (string Name, string Sql)[] Members =
    [
        ("blocks", """
            SELECT b.created_at AS "created_at:time", u.username
              FROM blocks b
              JOIN users u ON u.id = b.blocked_id
             WHERE b.user_id = $user
             ORDER BY b.blocked_id
            """),
        ("events", """
            SELECT created_at AS "created_at:time", item_id AS item, kind, number, post_id AS post, thread_id AS thread
              FROM events
             WHERE user_id = $user
             ORDER BY number
            """),
        ("filters", """
            SELECT action, created_at AS "created_at:time", id, kind, pattern
              FROM filters
             WHERE creator_id = $user
             ORDER BY id
            """),
        ("held_posts", """
            SELECT body, created_at AS "created_at:time", declined_at AS "declined_at:time", id, reason, reply_to,
                   tags AS "tags:json", thread_id AS thread, title
              FROM held_posts
             WHERE author_id = $user
               AND body <> ''
             ORDER BY id
            """),
        ("idempotency_keys", """
            SELECT created_at AS "created_at:time", key, kind, made_id AS made
              FROM idempotency_keys
             WHERE user_id = $user
             ORDER BY key
            """),
        ("identities", """
            SELECT created_at AS "created_at:time", subject
              FROM identities
             WHERE user_id = $user
             ORDER BY subject
            """),
        ("invitations", """
            SELECT created_at AS "created_at:time", expires_at AS "expires_at:time", id
              FROM invitations
             WHERE inviter_id = $user
             ORDER BY id
            """),
        ("likes", """
            SELECT created_at AS "created_at:time", post_id AS post
              FROM likes
             WHERE user_id = $user
             ORDER BY post_id
            """),
        ("messages", """
            SELECT m.body, m.created_at AS "created_at:time", json_object('id', s.id, 'username', s.username) AS "from:json", m.id,
                   m.read_at AS "read_at:time", m.subject, json_object('id', r.id, 'username', r.username) AS "to:json"
              FROM mailbox b
              JOIN messages m ON m.id = b.message_id
              JOIN users s ON s.id = m.sender_id
              JOIN users r ON r.id = m.recipient_id
             WHERE b.owner_id = $user
             ORDER BY b.message_id
            """),
        ("moderated", """
            SELECT l.action, l.created_at AS "created_at:time", l.post_id AS post, l.reason, u.username AS user
              FROM moderation_log l
              LEFT JOIN users u ON u.id = l.user_id
             WHERE l.actor_id = $user
             ORDER BY l.id
            """),
        ("moderation_log", """
            SELECT l.action, a.username AS actor, l.created_at AS "created_at:time", l.reason
              FROM moderation_log l
              JOIN users a ON a.id = l.actor_id
             WHERE l.user_id = $user
             ORDER BY l.id
            """),
        ("notifications", """
            SELECT n.created_at AS "created_at:time", f.username AS "from", n.kind, n.post_id AS post, n.read AS "read:bool"
              FROM notifications n
              LEFT JOIN users f ON f.id = n.from_id
             WHERE n.user_id = $user
             ORDER BY n.id
            """),
        ("posts", """
            SELECT p.body, p.created_at AS "created_at:time", p.deleted_at AS "deleted_at:time", p.deleted_as AS deleted_by,
                   p.edited_at AS "edited_at:time", p.id, p.likes, p.number, p.reply_to,
                   iif(p.number = 0, t.tags, NULL) AS "tags:json", p.thread_id AS thread, iif(p.number = 0, t.title, NULL) AS title
              FROM posts p
              JOIN threads t ON t.id = p.thread_id
             WHERE p.author_id = $user
             ORDER BY p.id
            """),
        (Profile, """
            SELECT u.bio, u.created_at AS "created_at:time", u.display_name, u.id, i.username AS invited_by, u.posts, u.read_up_to, u.role,
                   u.suspended_until AS "suspended_until:time", u.suspension, u.username
              FROM users u
              LEFT JOIN users i ON i.id = u.invited_by
             WHERE u.id = $user
            """),
        ("reading", """
            SELECT number, thread_id AS thread
              FROM reading
             WHERE user_id = $user
             ORDER BY thread_id
            """),
        ("reports", """
            SELECT created_at AS "created_at:time", id, post_id AS post, reason, resolution, resolved_at AS "resolved_at:time"
              FROM reports
             WHERE reporter_id = $user
             ORDER BY id
            """),
        ("resolved_reports", """
            SELECT id, post_id AS post, resolution, resolved_at AS "resolved_at:time"
              FROM reports
             WHERE resolved_by = $user
             ORDER BY id
            """),
        ("sessions", """
            SELECT created_at AS "created_at:time", id, ip, last_used_at AS "last_used_at:time", user_agent
              FROM sessions
             WHERE user_id = $user
             ORDER BY last_used_at
            """),
        ("tokens", """
            SELECT created_at AS "created_at:time", expires_at AS "expires_at:time", id, last_used_at AS "last_used_at:time", name, scope
              FROM tokens
             WHERE user_id = $user
             ORDER BY id
            """),
        ("versions", """
            SELECT v.body, v.created_at AS "created_at:time", v.post_id AS post, v.revision, v.tags AS "tags:json", v.title
              FROM post_versions v
              JOIN posts p ON p.id = v.post_id
             WHERE v.editor_id = $user
               AND (p.author_id = $user OR p.deleted_at IS NULL)
             ORDER BY v.id
            """),
    ];

    private readonly ConcurrentDictionary<long, bool> _underWay = [];

    /// <summary>Makes an export from one snapshot of the database.</summary>
    /// <param name="actor">Whose.</param>
    /// <param name="options">How the JSON is written.</param>
    /// <param name="envelope">Writes what stands around the document, and the document itself by calling the action that it gets.</param>
    /// <exception cref="RefusalException">
    /// Conflict: there is one already. Unauthenticated, Forbidden: the actor does not stand. Busy, Unavailable: try again later.
    /// </exception>
    public async Task<ExportFile> MakeAsync(Actor actor, JsonWriterOptions options, Action<Utf8JsonWriter, Action> envelope)
    {
        if (!_underWay.TryAdd(actor.Id, true))
            throw new RefusalException(RefusalKind.Conflict, "an export of this account is being made or sent already");
        NamelessFile? file = null;
        try
        {
            file = new NamelessFile(Path.GetDirectoryName(database.Path)!, () => _underWay.TryRemove(actor.Id, out _));
            var digest = await threads.RunAsync(() => Write(actor, file, options, envelope)).ConfigureAwait(false);
            file.Position = 0;
            return new ExportFile(file, digest);
        }
        catch (Exception e)
        {
            file?.Dispose();
            _underWay.TryRemove(actor.Id, out _);
            if (e is IOException)
                throw new RefusalException(RefusalKind.Unavailable, "there is no room for the export") { RetryAfter = TimeSpan.FromSeconds(30) };
            throw;
        }
    }

    private byte[] Write(Actor actor, Stream file, JsonWriterOptions options, Action<Utf8JsonWriter, Action> envelope)
    {
        using var digest = SHA256.Create();
        using (var hashed = new CryptoStream(file, digest, CryptoStreamMode.Write, leaveOpen: true))
        using (var writer = new Utf8JsonWriter(hashed, options))
        {
            database.ReadSnapshot(c =>
            {
                Permissions.RequireStanding(c, actor, clock.Now(), toWrite: false);
                envelope(writer, () => Write(c, writer, actor.Id));
                return true;
            });
            writer.Flush();
            hashed.WriteByte((byte)'\n');
        }
        file.Flush();
        return digest.Hash!;
    }

    private static void Write(Connection connection, Utf8JsonWriter writer, long userId)
    {
        writer.WriteStartObject();
        foreach (var (name, sql) in Members)
        {
            writer.WritePropertyName(name);
            if (name != Profile)
                writer.WriteStartArray();
            connection.ForEach(sql, row =>
            {
                WriteRow(writer, row);
                if (writer.BytesPending > FlushedAtOnce)
                    writer.Flush();
            }, ("$user", userId));
            if (name != Profile)
                writer.WriteEndArray();
        }
        writer.WriteEndObject();
    }

    private static void WriteRow(Utf8JsonWriter writer, Row row)
    {
        writer.WriteStartObject();
        for (var i = 0; i < row.ColumnCount; i++)
        {
            if (row.IsDBNull(i))
                continue;
            var column = row.NameOf(i);
            var colon = column.IndexOf(':', StringComparison.Ordinal);
            writer.WritePropertyName(colon < 0 ? column : column[..colon]);
            switch (colon < 0 ? "" : column[(colon + 1)..])
            {
                case "time":
                    writer.WriteStringValue(row.Time(i).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
                    break;
                case "bool":
                    writer.WriteBooleanValue(row.GetBoolean(i));
                    break;
                case "json":
                    using (var json = JsonDocument.Parse(row.GetString(i)))
                        json.WriteTo(writer);
                    break;
                default:
                    if (row.IsNumber(i))
                        writer.WriteNumberValue(row.GetInt64(i));
                    else
                        writer.WriteStringValue(row.GetString(i));
                    break;
            }
        }
        writer.WriteEndObject();
    }
}
