using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>What an answer is about, as far as it tells when the answer has to be made anew.</summary>
internal enum Subject
{
    /// <summary>Whatever answers are made of.</summary>
    Anything,

    /// <summary>What a stranger may see.</summary>
    Public,

    /// <summary>Who has which session or token, with which role, and who is suspended: what <see cref="CallerCache"/> keeps.</summary>
    Callers,

    /// <summary>Which names somebody has.</summary>
    Names,

    /// <summary>Private messages.</summary>
    Messages,

    /// <summary>Notifications.</summary>
    Notifications,

    /// <summary>The log of events.</summary>
    Events,

    /// <summary>What holds or refuses texts.</summary>
    Filters,
}

/// <summary>Which subjects depend on which columns.</summary>
internal static class Subjects
{
    private const int Anything = 1 << (int)Subject.Anything, Public = 1 << (int)Subject.Public, Callers = 1 << (int)Subject.Callers,
        Names = 1 << (int)Subject.Names, Messages = 1 << (int)Subject.Messages, Notifications = 1 << (int)Subject.Notifications,
        Events = 1 << (int)Subject.Events, Filters = 1 << (int)Subject.Filters;

    private const int All = Anything | Public | Callers | Names | Messages | Notifications | Events | Filters;

    public static int Count { get; } = Enum.GetValues<Subject>().Length;

    /// <summary>The subjects that a write changes, a bit each.</summary>
    public static int Of(StatementWrite write) => (write.Table, write.Column) switch
    {
        ("webhooks" or "deliveries", _) or ("sessions" or "tokens", "last_used_at") => 0, // which nothing shows that is kept
        ("sessions" or "tokens", _) => write.IsInsert ? Anything : Anything | Callers, // what is not there yet nobody has kept
        ("users", _) when write.IsInsert => All & ~(Callers | Events | Filters),
        ("users", "unread_messages") or ("messages" or "mailbox", _) => Anything | Messages,
        ("users", "unread_notifications" or "notifications") or ("notifications", _) => Anything | Notifications,
        ("users", "read_up_to") or ("reading" or "blocks" or "reports" or "idempotency_keys" or "applications" or "invitations" or "held_posts"
            or "identities" or "one_time_links" or "tree_suspensions" or "spam" or "spam_posts" or "spam_reports" or "spam_mail", _) => Anything,
        ("filters", _) => Anything | Filters,
        ("users", "posts" or "bio" or "display_name" or "invited_by") => Anything | Public,
        ("users", _) => All & ~(Events | Filters),
        ("events", _) => write.IsInsert ? Anything | Public | Events : Events, // a page says which is the newest, from where its reader goes on
        ("threads", "title" or "deleted") => Anything | Public | Notifications,
        ("posts" or "threads" or "post_versions" or "recounts" or "tags" or "thread_tags" or "likes" or "search" or "moderation_log" or "settings", _)
            => Anything | Public,
        ("sqlite_sequence", _) => Anything,
        var (name, _) when name.StartsWith("search_", StringComparison.Ordinal) => Anything | Public, // which FTS5 writes
        _ => All, // what nobody has thought of
    };
}
