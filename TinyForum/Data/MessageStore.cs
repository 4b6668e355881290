using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>A private message.</summary>
/// <param name="Id">Its id.</param>
/// <param name="From">Who sent it.</param>
/// <param name="To">Who got it.</param>
/// <param name="Subject">Its subject, if it has one.</param>
/// <param name="Body">Its text.</param>
/// <param name="CreatedAt">When it was sent.</param>
/// <param name="ReadAt">When it was marked as read, if it was.</param>
public sealed record Message(long Id, User From, User To, string? Subject, string Body, DateTimeOffset CreatedAt, DateTimeOffset? ReadAt);

/// <summary>A folder of a user's messages.</summary>
public enum Mailbox
{
    /// <summary>Received messages.</summary>
    Inbox,

    /// <summary>Sent messages.</summary>
    Sent,

    /// <summary>Both.</summary>
    All,
}

/// <summary>Which messages a list has.</summary>
/// <param name="Box">The folder.</param>
/// <param name="With">The id of the other user of one conversation; <see langword="null"/> for all.</param>
/// <param name="Unread">Whether the list has only messages that its owner has not read.</param>
public sealed record MailFilter(Mailbox Box = Mailbox.Inbox, long? With = null, bool Unread = false);

/// <summary>
/// The private messages. Sender and recipient each have their own copy to delete; the text is removed once both have. Only the recipient
/// marks a message as read. Other users' messages are treated as if they did not exist. Thread-safe.
/// </summary>
public sealed class MessageStore
{
    // Marking all is done in steps of this many, each a write of its own, so that nobody waits for someone else's million.
    private const int MarkedAtOnce = 250;

    private const string Columns = "m.id, m.subject, m.body, m.created_at, m.read_at, s.id, s.username, r.id, r.username";

    private const string AndWithOne = " AND b.peer_id = $with";

    /// <summary>
    /// Which index serves which list: one for a folder, and one for its messages with one other user. The first line that fits a filter counts.
    /// The hints are needed because the primary key has the same order, and SQLite does not know that it may skip a million rows to find one.
    /// </summary>
    internal static readonly (Predicate<MailFilter> Fits, string WithAnyone, string WithOne)[] Lists =
    [
        (f => f.Unread, List("mailbox_unread", "b.unread = 1"), List("mailbox_unread_with", "b.unread = 1" + AndWithOne)),
        (f => f.Box == Mailbox.Inbox, List("mailbox_inbox", "b.inbox = 1"), List("mailbox_inbox_with", "b.inbox = 1" + AndWithOne)),
        (f => f.Box == Mailbox.Sent, List("mailbox_sent", "b.sent = 1"), List("mailbox_sent_with", "b.sent = 1" + AndWithOne)),
        (_ => true, List(null, "true"), List("mailbox_with", "true" + AndWithOne)),
    ];

    private static readonly string One = Rows(null, "b.message_id = $id");

    /// <summary>An SQL condition: nobody has a copy of the message <c>$id</c>, and none was hidden.</summary>
    internal const string IsInNoMailbox =
        "NOT EXISTS (SELECT 1 FROM mailbox WHERE message_id = $id) AND NOT EXISTS (SELECT 1 FROM spam_mail WHERE message_id = $id)";

    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly IdempotencyKeys _keys;
    private readonly Backlog _backlog;
    private readonly PolicyStore _policy;
    private readonly FilterStore _filters;

    internal MessageStore(
        Database database, TimeProvider clock, IdempotencyKeys keys, Backlog backlog, PolicyStore policy, FilterStore filters) =>
        (_database, _clock, _keys, _backlog, _policy, _filters) = (database, clock, keys, backlog, policy, filters);

    /// <summary>A page of the actor's messages, newest first.</summary>
    /// <param name="owner">The actor.</param>
    /// <param name="filter">Which messages.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="from">The <see cref="Page{T}.Next"/> of the page before.</param>
    public Page<Message> List(Actor owner, MailFilter filter, int limit = PagePosition.DefaultSize, PagePosition? from = null)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        ArgumentCheck.ThrowIfUndefined(filter.Box, nameof(filter));
        if (filter is { Box: Mailbox.Sent, Unread: true }) // a sent message is unread only if it was sent to oneself
        {
            if (filter.With is { } other && other != owner.Id)
                return Page<Message>.Empty;
            filter = new MailFilter(Mailbox.Inbox, owner.Id, Unread: true);
        }
        var (_, withAnyone, withOne) = Array.Find(Lists, list => list.Fits(filter));
        return _database.Read(c => c.Page(filter.With is null ? withAnyone : withOne, Map, limit, last => [last.Id],
            ("$owner", owner.Id), ("$with", filter.With), ("$before", from?.KeyOf(1)[0] ?? long.MaxValue)));
    }

    /// <summary>How many messages the actor has not read.</summary>
    public long CountUnread(Actor owner)
    {
        ArgumentNullException.ThrowIfNull(owner);
        return _database.Read(c => CountUnread(c, owner.Id));
    }

    /// <summary>A message, or <see langword="null"/> if the actor has none with that id.</summary>
    public Message? Find(Actor owner, long id)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return _database.Read(c => Find(c, owner.Id, id));
    }

    /// <summary>Sends a message.</summary>
    /// <param name="sender">The actor.</param>
    /// <param name="to">The recipient's name.</param>
    /// <param name="subject">The subject, if there is one.</param>
    /// <param name="body">The text.</param>
    /// <param name="key">Repeating the call with the same key returns the first message.</param>
    /// <exception cref="RefusalException">
    /// Invalid: the text breaks a rule, or a filter matches it. NotFound: there is no such user, or it is <c>system</c>. Forbidden: the recipient
    /// blocks the sender.
    /// </exception>
    public Task<Message> SendAsync(Actor sender, string to, string? subject, string body, IdempotencyKey? key = null)
    {
        ArgumentNullException.ThrowIfNull(sender);
        ArgumentNullException.ThrowIfNull(to);
        ArgumentNullException.ThrowIfNull(body);
        RefusalException.ThrowIfInvalid(("body", TextRule.MessageBody.Check(body)), ("subject", TextRule.Subject.CheckOptional(subject)));
        var verdict = _filters.Check(("subject", subject), ("body", body));
        return _keys.CreateAsync(
            sender, key, "message",
            c =>
            {
                verdict.ThrowIfMatched(c, sender);
                return Send(c, sender, to, subject, body);
            },
            message => message.Id, FindOriginal);
    }

    private Message Send(Connection connection, Actor sender, string to, string? subject, string body)
    {
        var senderId = sender.Id;
        if (UserStore.Find(connection, to) is not { Id: > User.SystemId } recipient) // nobody reads the messages of system
            throw RefusalException.NotFound("user");
        if (BlockStore.Has(connection, recipient.Id, senderId))
            throw RefusalException.Forbidden("this user does not accept messages from you");
        NewAccounts.RequireMayWriteTo(connection, _policy.Of(connection), sender, recipient.Id, _clock.Now());
        var id = connection.Number("""
            INSERT INTO messages (sender_id, recipient_id, subject, body, created_at)
            VALUES ($from, $to, $subject, $body, $now)
            RETURNING id
            """, ("$from", senderId), ("$to", recipient.Id), ("$subject", subject), ("$body", body), ("$now", _clock.Now()))!.Value;
        // Conflicts happen for a message to oneself.
        connection.Execute("""
            INSERT INTO mailbox (owner_id, message_id, peer_id, inbox, sent, unread)
            VALUES ($to, $id, $from, 1, 0, 1),
                   ($from, $id, $to, 0, 1, 0)
                ON CONFLICT (owner_id, message_id) DO UPDATE SET sent = 1
            """, ("$to", recipient.Id), ("$id", id), ("$from", senderId));
        AddUnread(connection, recipient.Id, 1);
        EventLog.Add(connection, new ForumEvent(0, EventKind.MessageCreated, _clock.GetUtcNow(), UserId: recipient.Id, ItemId: id));
        return Find(connection, senderId, id)!;
    }

    /// <summary>Marks a received message as read; a sent one stays as it is.</summary>
    /// <returns>How many are still unread, or <see langword="null"/> if the actor has no message with that id.</returns>
    public Task<long?> MarkReadAsync(Actor owner, long id)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return _database.WriteAsync(owner, _clock, c =>
        {
            var unread = c.Number("""
                SELECT unread
                  FROM mailbox
                 WHERE owner_id = $owner
                   AND message_id = $id
                """, ("$owner", owner.Id), ("$id", id));
            if (unread == 1)
            {
                c.Execute("""
                    UPDATE mailbox
                       SET unread = 0
                     WHERE owner_id = $owner
                       AND message_id = $id
                    """, ("$owner", owner.Id), ("$id", id));
                c.Execute("""
                    UPDATE messages
                       SET read_at = $now
                     WHERE id = $id
                    """, ("$now", _clock.Now()), ("$id", id));
                AddUnread(c, owner.Id, -1);
            }
            return unread is null ? (long?)null : CountUnread(c, owner.Id);
        });
    }

    /// <summary>Marks all messages that exist now as read.</summary>
    /// <returns>How many are unread because they came meanwhile.</returns>
    public Task<long> MarkAllReadAsync(Actor owner)
    {
        ArgumentNullException.ThrowIfNull(owner);
        return MarkAllReadCoreAsync(owner);
    }

    private async Task<long> MarkAllReadCoreAsync(Actor owner)
    {
        var newest = _database.Read(c => c.Number("""
            SELECT max(message_id)
              FROM mailbox INDEXED BY mailbox_unread
             WHERE owner_id = $owner
               AND unread = 1
            """, ("$owner", owner.Id))) ?? 0;
        while (await _backlog.NextAsync(c => MarkRead(c, owner, newest)).ConfigureAwait(false) == MarkedAtOnce)
        {
        }
        return CountUnread(owner);
    }

    /// <summary>Deletes the actor's copy of a message, and the text once neither side has a copy.</summary>
    /// <returns>Whether there was one with that id.</returns>
    public Task<bool> DeleteAsync(Actor owner, long id)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return _database.WriteAsync(owner, _clock, c =>
        {
            var unread = c.Number("""
                DELETE FROM mailbox
                 WHERE owner_id = $owner
                   AND message_id = $id
                RETURNING unread
                """, ("$owner", owner.Id), ("$id", id));
            if (unread is null)
                return false;
            AddUnread(c, owner.Id, -unread.Value);
            c.Execute($"DELETE FROM messages WHERE id = $id AND {IsInNoMailbox}", ("$id", id));
            return true;
        });
    }

    private static string List(string? index, string which) => $"""
        {Rows(index, which)}
           AND b.message_id < $before
         ORDER BY b.message_id DESC
         LIMIT $limit
        """;

    private static string Rows(string? index, string which) => $"""
        SELECT {Columns}
          FROM mailbox b{(index is null ? "" : $" INDEXED BY {index}")}
          JOIN messages m ON m.id = b.message_id
          JOIN users s ON s.id = m.sender_id
          JOIN users r ON r.id = m.recipient_id
         WHERE b.owner_id = $owner
           AND {which}
        """;

    private static Message? Find(Connection connection, long ownerId, long id) => connection.First(One, Map, ("$owner", ownerId), ("$id", id));

    /// <summary>A message as it was when it was sent, even if its sender has deleted it.</summary>
    private static Message? FindOriginal(Connection connection, long id) => connection.First($"""
        SELECT {Columns}
          FROM messages m
          JOIN users s ON s.id = m.sender_id
          JOIN users r ON r.id = m.recipient_id
         WHERE m.id = $id
        """, Map, ("$id", id)) is { } message ? message with { ReadAt = null } : null;

    private static long CountUnread(Connection connection, long ownerId) => connection.Number("""
        SELECT unread_messages
          FROM users
         WHERE id = $owner
        """, ("$owner", ownerId)) ?? 0;

    internal static void AddUnread(Connection connection, long ownerId, long count) => connection.Execute("""
        UPDATE users
           SET unread_messages = unread_messages + $count
         WHERE id = $owner
        """, ("$count", count), ("$owner", ownerId));

    /// <summary>Marks the oldest <see cref="MarkedAtOnce"/> messages up to <paramref name="newest"/>; returns how many there were.</summary>
    private int MarkRead(Connection connection, Actor owner, long newest)
    {
        Permissions.RequireStanding(connection, owner, _clock.Now());
        connection.Execute("""
            UPDATE messages
               SET read_at = $now
             WHERE id IN (SELECT message_id
                            FROM mailbox INDEXED BY mailbox_unread
                           WHERE owner_id = $owner
                             AND unread = 1
                             AND message_id <= $newest
                           ORDER BY message_id
                           LIMIT $limit)
            """, ("$now", _clock.Now()), ("$owner", owner.Id), ("$newest", newest), ("$limit", MarkedAtOnce));
        var marked = connection.Execute("""
            UPDATE mailbox
               SET unread = 0
             WHERE owner_id = $owner
               AND message_id IN (SELECT message_id
                                    FROM mailbox INDEXED BY mailbox_unread
                                   WHERE owner_id = $owner
                                     AND unread = 1
                                     AND message_id <= $newest
                                   ORDER BY message_id
                                   LIMIT $limit)
            """, ("$owner", owner.Id), ("$newest", newest), ("$limit", MarkedAtOnce));
        AddUnread(connection, owner.Id, -marked);
        return marked;
    }

    private static Message Map(Row row) =>
        new(row.GetInt64(0), row.User(5), row.User(7), row.TextOrNull(1), row.GetString(2), row.Time(3), row.TimeOrNull(4));
}
