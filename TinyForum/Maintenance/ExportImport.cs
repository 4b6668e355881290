using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using TinyForum.Data;
using TinyForum.Storage;
using static SQLitePCL.raw;

namespace TinyForum.Maintenance;

/// <summary>
/// The whole forum as newline-delimited JSON: a header line, a line for every row, and a last line with the number of rows, which tells
/// whether the file is complete. Tables are ordered such that references point backwards. Sessions, tokens, invitations, links and
/// idempotency keys are left out: everyone has to log in again. The search index is rebuilt from the posts.
/// </summary>
internal static class ExportImport
{
    private const string Format = "tinyforum";
    private const int FormatVersion = 1;
    private const int OldestSchema = 1; // its tables have what today's have, but for the columns below

    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The tables, each with the query that reads its rows in an order in which they can be inserted.</summary>
    public static IReadOnlyList<(string Name, string Sql)> Tables { get; } =
    [
        ("settings", "SELECT * FROM settings ORDER BY name"),
        ("users", "SELECT * FROM users ORDER BY id"),
        ("identities", "SELECT * FROM identities ORDER BY subject"),
        ("applications", "SELECT * FROM applications ORDER BY id"),
        ("tags", "SELECT * FROM tags ORDER BY id"),
        ("threads", "SELECT * FROM threads ORDER BY id"),
        ("posts", "SELECT * FROM posts ORDER BY id"),
        ("post_versions", "SELECT * FROM post_versions ORDER BY id"),
        ("recounts", "SELECT * FROM recounts ORDER BY thread_id"),
        ("thread_tags", "SELECT * FROM thread_tags ORDER BY tag_id, pinned, thread_id"),
        ("likes", "SELECT * FROM likes ORDER BY post_id, user_id"),
        ("reading", "SELECT * FROM reading ORDER BY user_id, thread_id"),
        ("messages", "SELECT * FROM messages ORDER BY id"),
        ("mailbox", "SELECT * FROM mailbox ORDER BY owner_id, message_id"),
        ("blocks", "SELECT * FROM blocks ORDER BY user_id, blocked_id"),
        ("notifications", "SELECT * FROM notifications ORDER BY id"),
        ("reports", "SELECT * FROM reports ORDER BY id"),
        ("held_posts", "SELECT * FROM held_posts ORDER BY id"),
        ("filters", "SELECT * FROM filters ORDER BY id"),
        ("tree_suspensions", "SELECT * FROM tree_suspensions ORDER BY user_id"),
        ("spam", "SELECT * FROM spam ORDER BY user_id"),
        ("spam_posts", "SELECT * FROM spam_posts ORDER BY user_id, post_id"),
        ("spam_reports", "SELECT * FROM spam_reports ORDER BY user_id, report_id"),
        ("spam_mail", "SELECT * FROM spam_mail ORDER BY user_id, owner_id, message_id"),
        ("moderation_log", "SELECT * FROM moderation_log ORDER BY id"),
        ("events", "SELECT * FROM events ORDER BY number"),
        ("webhooks", "SELECT * FROM webhooks ORDER BY id"),
        ("deliveries", "SELECT * FROM deliveries ORDER BY id"),
        ("sqlite_sequence", "SELECT * FROM sqlite_sequence ORDER BY name"), // the last ids that were used, so that none is used again
    ];

    /// <summary>The columns that exports of older schemas have and nothing needs any more.</summary>
    private static readonly (string Table, string Column)[] Dropped = [("reading", "seen")];

    /// <summary>The columns that they lack, with what they get; an import makes skeletons of the names.</summary>
    private static readonly Dictionary<(string Table, string Column), object?> Added = new()
    {
        [("notifications", "hidden")] = 0,
        [("tags", "shown")] = null,
        [("users", "skeleton")] = null,
        [("users", "invited_by")] = null,
    };

    /// <summary>The tables that are not exported.</summary>
    public static IReadOnlyList<string> LeftOut { get; } = ["sessions", "tokens", "invitations", "one_time_links", "idempotency_keys", "search"];

    /// <summary>Writes a snapshot of everything.</summary>
    /// <returns>How many rows there were.</returns>
    public static long Export(Connection connection, Stream output, Action<string>? progress = null)
    {
        var pace = new ProgressReporter(progress);
        var rows = 0L;
        using var writer = new Utf8JsonWriter(output, WriterOptions);
        connection.Execute("BEGIN");
        Line(writer, output, w =>
        {
            w.WriteString("format", Format);
            w.WriteNumber("version", FormatVersion);
            w.WriteNumber("schema", ForumDatabase.SchemaVersion);
        });
        foreach (var (table, sql) in Tables)
        {
            connection.ForEach(sql, row =>
            {
                Line(writer, output, w => WriteRow(w, table, row));
                rows++;
                if (pace.IsDue)
                    pace.Tell($"{rows} rows, now {table}");
            });
        }
        connection.RollBack();
        Line(writer, output, w => w.WriteNumber("rows", rows));
        return rows;
    }

    /// <summary>Reads what <see cref="Export"/> wrote into an empty forum, in the caller's transaction: all of it or nothing.</summary>
    /// <returns>How many rows there were.</returns>
    /// <exception cref="InvalidDataException">The forum is not empty, or a line is invalid; the message has its number.</exception>
    public static long Import(Connection connection, TextReader input, Action<string>? progress = null)
    {
        if (connection.Number("SELECT max(id) FROM users") > 1 || connection.Number("SELECT count(*) FROM posts") > 0)
            throw new InvalidDataException("this forum is not empty: import into a new database");
        var pace = new ProgressReporter(progress);
        var tables = new Dictionary<string, Table>();
        var number = 0L;
        var isWhole = false;
        while (ReadLine(input, number + 1) is { } line)
        {
            number++;
            if (isWhole)
                throw Bad(number, "the file goes on after its end");
            try
            {
                using var json = JsonDocument.Parse(line);
                if (number == 1)
                    RequireHeader(json.RootElement);
                else if (json.RootElement.TryGetProperty("rows", out var rows))
                    isWhole = rows.GetInt64() == number - 2 ? true : throw new FormatException($"there should be {rows} rows before this line");
                else
                    ReadRow(connection, tables, json.RootElement);
            }
            catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException or KeyNotFoundException)
            {
                throw Bad(number, e.Message);
            }
            catch (SqliteException e) when (e.SqliteErrorCode is SQLITE_CONSTRAINT or SQLITE_MISMATCH or SQLITE_TOOBIG)
            {
                throw Bad(number, e.Message);
            }
            if (pace.IsDue)
                pace.Tell($"{number} lines");
        }
        if (!isWhole)
            throw Bad(number + 1, "the file was cut off: its last line is missing");
        TagKeys.Renew(connection);
        UserStore.FillSkeletons(connection, pace);
        SearchIndex.Fill(connection, pace);
        if (IntegrityCheck.Run(connection) is [var fault, ..])
            throw new InvalidDataException($"the file is inconsistent: {fault}");
        return number - 2;
    }

    private static string? ReadLine(TextReader input, long number)
    {
        try
        {
            return input.ReadLine();
        }
        catch (DecoderFallbackException)
        {
            throw Bad(number, "what follows is not UTF-8");
        }
        catch (InvalidDataException e) // of the compression
        {
            throw Bad(number, e.Message);
        }
    }

    private static void Line(Utf8JsonWriter writer, Stream output, Action<Utf8JsonWriter> members)
    {
        writer.WriteStartObject();
        members(writer);
        writer.WriteEndObject();
        writer.Flush();
        writer.Reset();
        output.WriteByte((byte)'\n');
    }

    private static void WriteRow(Utf8JsonWriter writer, string table, Row row)
    {
        writer.WriteString("table", table);
        writer.WriteStartObject("row");
        for (var i = 0; i < row.ColumnCount; i++)
        {
            writer.WritePropertyName(row.NameOf(i));
            switch (row.GetValue(i))
            {
                case long number:
                    writer.WriteNumberValue(number);
                    break;
                case string text:
                    writer.WriteStringValue(text);
                    break;
                case byte[] bytes:
                    writer.WriteStartObject();
                    writer.WriteBase64String("base64", bytes);
                    writer.WriteEndObject();
                    break;
                case DBNull:
                    writer.WriteNullValue();
                    break;
                case var other:
                    throw new NotSupportedException($"{table}.{row.NameOf(i)} holds a {other.GetType()}");
            }
        }
        writer.WriteEndObject();
    }

    private static void RequireHeader(JsonElement header)
    {
        if (!header.TryGetProperty("format", out var format) || format.GetString() != Format)
            throw new FormatException("this is not a TinyForum export");
        if (header.GetProperty("version").GetInt32() != FormatVersion
            || header.GetProperty("schema").GetInt32() is not (>= OldestSchema and <= ForumDatabase.SchemaVersion))
            throw new FormatException($"the export is of schema {header.GetProperty("schema")}, "
                + $"this TinyForum reads schema {OldestSchema} to {ForumDatabase.SchemaVersion}");
    }

    private static void ReadRow(Connection connection, Dictionary<string, Table> tables, JsonElement line)
    {
        var name = line.GetProperty("table").GetString()!;
        if (!tables.TryGetValue(name, out var table))
        {
            if (!Tables.Any(t => t.Name == name))
                throw new FormatException($"there is no table \"{name}\"");
            table = Table.Of(connection, name);
            table.Clear(connection);
            tables.Add(name, table);
        }
        table.Insert(connection, line.GetProperty("row"));
    }

    private static InvalidDataException Bad(long line, string why) => new(string.Create(CultureInfo.InvariantCulture, $"line {line}: {why}"));

    /// <summary>Inserts rows into a table. Its SQL is built here, once, from the names in the schema, never from the file.</summary>
    private sealed class Table(string name, IReadOnlyList<string> columns)
    {
        private readonly string _clear = string.Concat("DELETE FROM ", name);
        private readonly string _insert = string.Concat(
            "INSERT INTO ", name, " (", string.Join(", ", columns), ") VALUES (", string.Join(", ", columns.Select(c => "$" + c)), ")");

        private readonly (string Name, object? Value)[] _values = [.. columns.Select(c => ("$" + c, (object?)null))];

        public static Table Of(Connection connection, string name) => new(name, connection.All("""
            SELECT name
              FROM pragma_table_info($table)
            """, r => r.GetString(0), ("$table", name)));

        /// <summary>Removes the rows of a new forum.</summary>
        public void Clear(Connection connection) => connection.Execute(_clear);

        public void Insert(Connection connection, JsonElement row)
        {
            for (var i = 0; i < columns.Count; i++)
                _values[i].Value = row.TryGetProperty(columns[i], out var value) ? Read(value)
                    : Added.TryGetValue((name, columns[i]), out var initial) ? initial
                    : throw new FormatException($"{name}.{columns[i]} is missing");
            if (row.EnumerateObject().FirstOrDefault(p => !columns.Contains(p.Name) && !Dropped.Contains((name, p.Name)))
                is { Value.ValueKind: not JsonValueKind.Undefined } unknown)
                throw new FormatException($"there is no {name}.{unknown.Name}");
            connection.Execute(_insert, _values);
        }

        private static object? Read(JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.Number => value.GetInt64(),
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Object => value.GetProperty("base64").GetBytesFromBase64(),
            _ => throw new FormatException($"a column can't hold {value}"),
        };
    }
}
