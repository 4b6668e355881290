using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// Everything that is stored about an account, table by table, as JSON, but neither secrets nor what belongs to others, such as their
/// deleted text or whom they block. Written row by row, so that only the document itself takes memory.
/// </summary>
internal sealed class AccountExport
{
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
        ("idempotency_keys", """
            SELECT created_at AS "created_at:time", key, kind, made_id AS made
              FROM idempotency_keys
             WHERE user_id = $user
             ORDER BY key
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
            SELECT bio, created_at AS "created_at:time", display_name, id, posts, read_up_to, role, suspended_until AS "suspended_until:time",
                   suspension, username
              FROM users
             WHERE id = $user
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

    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly Actor _actor;

    // Not public, in a property or a constructor: the JSON source generator would follow it into the database.
    internal AccountExport(Database database, TimeProvider clock, Actor actor) => (_database, _clock, _actor) = (database, clock, actor);

    /// <summary>Writes the document from one snapshot of the database.</summary>
    public void WriteTo(Utf8JsonWriter writer) => _database.ReadSnapshot(c =>
    {
        Permissions.RequireStanding(c, _actor, _clock.Now(), toWrite: false);
        writer.WriteStartObject();
        foreach (var (name, sql) in Members)
            Write(c, writer, name, sql);
        writer.WriteEndObject();
        return true;
    });

    private void Write(Connection connection, Utf8JsonWriter writer, string name, string sql)
    {
        writer.WritePropertyName(name);
        if (name != Profile)
            writer.WriteStartArray();
        connection.First(sql, row =>
        {
            do
                WriteRow(writer, row);
            while (row.Read());
            return true;
        }, ("$user", _actor.Id));
        if (name != Profile)
            writer.WriteEndArray();
    }

    private static void WriteRow(Utf8JsonWriter writer, SqliteDataReader row)
    {
        writer.WriteStartObject();
        for (var i = 0; i < row.FieldCount; i++)
        {
            if (row.IsDBNull(i))
                continue;
            var column = row.GetName(i);
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
                    if (row.GetFieldType(i) == typeof(long))
                        writer.WriteNumberValue(row.GetInt64(i));
                    else
                        writer.WriteStringValue(row.GetString(i));
                    break;
            }
        }
        writer.WriteEndObject();
    }
}
