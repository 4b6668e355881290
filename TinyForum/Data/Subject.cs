namespace TinyForum.Data;

/// <summary>What an answer is about, as far as it tells when the answer has to be made anew.</summary>
internal enum Subject
{
    /// <summary>Whatever the database holds.</summary>
    Anything,

    /// <summary>Who has which session or token, with which role, and who is suspended: what <see cref="CallerCache"/> keeps.</summary>
    Callers,

    /// <summary>Private messages.</summary>
    Messages,

    /// <summary>Notifications.</summary>
    Notifications,

    /// <summary>The log of events.</summary>
    Events,
}

/// <summary>Which subjects depend on which columns.</summary>
internal static class Subjects
{
    public static int Count { get; } = Enum.GetValues<Subject>().Length;

    private const int All = (1 << (int)Subject.Callers) | (1 << (int)Subject.Messages) | (1 << (int)Subject.Notifications)
        | (1 << (int)Subject.Events);

    /// <summary>The subjects that a write to a table changes, a bit each.</summary>
    /// <param name="table">The table.</param>
    /// <param name="column">The column that is updated; <see langword="null"/> if rows are inserted or deleted.</param>
    public static int Of(string table, string? column) => table is "webhooks" or "deliveries" ? 0 // which no kept answer shows
        : (1 << (int)Subject.Anything) | OfKnown(table, column);

    private static int OfKnown(string table, string? column) => (table, column) switch
    {
        ("sessions" or "tokens", _) => 1 << (int)Subject.Callers,
        ("messages" or "mailbox", _) or ("users", "unread_messages") => 1 << (int)Subject.Messages,
        ("notifications", _) or ("users", "unread_notifications" or "notifications") or ("threads", "title" or "deleted") => 1 << (int)Subject.Notifications,
        ("events", _) => 1 << (int)Subject.Events,
        ("users", "posts" or "read_up_to" or "bio" or "display_name") => 0,
        ("users", _) => All & ~(1 << (int)Subject.Events),
        ("posts" or "threads" or "post_versions" or "recounts" or "tags" or "thread_tags" or "likes" or "reading" or "search" or "blocks" or "reports"
            or "moderation_log" or "idempotency_keys" or "settings", _) => 0,
        var (name, _) when name.StartsWith("search_", StringComparison.Ordinal) || name == "sqlite_sequence" => 0, // which FTS5 and SQLite write
        _ => All, // what nobody has thought of
    };
}
