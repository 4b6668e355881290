using System.Globalization;
using Microsoft.Data.Sqlite;
using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>A private message.</summary>
/// <param name="Id">Its number.</param>
/// <param name="From">Who sent it.</param>
/// <param name="To">Who got it.</param>
/// <param name="Subject">Its subject, if it has one.</param>
/// <param name="Body">Its text.</param>
/// <param name="CreatedAt">When it was sent, Unix milliseconds.</param>
/// <param name="ReadAt">When it was marked as read, if it was.</param>
public sealed record Message(long Id, User From, User To, string? Subject, string Body, long CreatedAt, long? ReadAt);

/// <summary>A box of a user's messages.</summary>
public enum MailBox
{
    /// <summary>What came.</summary>
    Inbox,

    /// <summary>What went.</summary>
    Sent,

    /// <summary>Both.</summary>
    All,
}

/// <summary>What narrows a list of messages.</summary>
/// <param name="Box">The box.</param>
/// <param name="With">The number of the one other user it is about, if any.</param>
/// <param name="Unread">Whether it leaves out what the list's owner has read or sent.</param>
public sealed record MailFilter(MailBox Box = MailBox.Inbox, long? With = null, bool Unread = false);

/// <summary>
/// The private messages. Each of the two has a side of its own: reading is the recipient's, deleting is of one side, and the text is
/// gone once neither has it. A message of others is as one that does not exist. Thread-safe.
/// </summary>
public sealed class MessageStore
{
    /// <summary>What a message's number is put behind to make its address, as stored with idempotency keys.</summary>
    internal const string Address = "/api/messages/";

    // Marking all is done in steps of as many, each a write of its own, so that nobody waits for someone else's million.
    private const int MarkedAtOnce = 1_000;

    private const string AndWithOne = " AND b.peer_id = $with";

    /// <summary>
    /// Which index serves which list: a box, and its messages with one other user. The first line that fits a filter counts.
    /// The hints: the primary key has the order of each box too, and SQLite does not know that it can meet a million rows before one fits.
    /// </summary>
    internal static readonly (Predicate<MailFilter> Fits, string WithAnyone, string WithOne)[] Lists =
    [
        (f => f.Unread, List("mailbox_unread", "b.unread = 1"), List("mailbox_unread_with", "b.unread = 1" + AndWithOne)),
        (f => f.Box == MailBox.Inbox, List("mailbox_inbox", "b.inbox = 1"), List("mailbox_inbox_with", "b.inbox = 1" + AndWithOne)),
        (f => f.Box == MailBox.Sent, List("mailbox_sent", "b.sent = 1"), List("mailbox_sent_with", "b.sent = 1" + AndWithOne)),
        (_ => true, List(null, "true"), List("mailbox_with", "true" + AndWithOne)),
    ];

    private static readonly string One = Rows(null, "b.message_id = $id");

    private readonly Database _database;
    private readonly TimeProvider _clock;

    internal MessageStore(Database database, TimeProvider clock) => (_database, _clock) = (database, clock);

    /// <summary>A page of a user's messages, newest first.</summary>
    /// <param name="ownerId">Whose.</param>
    /// <param name="filter">Which of them.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="from">The <see cref="Page{T}.Next"/> of the page before.</param>
    public Page<Message> List(long ownerId, MailFilter filter, int limit = 20, long[]? from = null)
    {
        if (filter is { Box: MailBox.Sent, Unread: true }) // what one sent is unread only where one sent it to oneself
        {
            if (filter.With is { } other && other != ownerId)
                return new Page<Message>([], null);
            filter = new MailFilter(MailBox.Inbox, ownerId, Unread: true);
        }
        var before = from?[0] ?? long.MaxValue;
        var (_, withAnyone, withOne) = Array.Find(Lists, list => list.Fits(filter));
        var rows = _database.Read(c => c.All(filter.With is null ? withAnyone : withOne, Map,
            ("$owner", ownerId), ("$with", filter.With), ("$before", before), ("$limit", limit + 1)));
        return Page<Message>.Cut(rows, limit, last => [last.Id]);
    }

    /// <summary>How many messages a user has yet to read.</summary>
    public long CountUnread(long ownerId) => _database.Read(c => CountUnread(c, ownerId));

    /// <summary>A message, or <see langword="null"/> if the user has none of that number.</summary>
    public Message? Find(long ownerId, long id) => _database.Read(c => Find(c, ownerId, id));

    /// <summary>Sends a message.</summary>
    /// <exception cref="Refusal">
    /// 400: the text breaks a rule. 404: there is no such user, or none who could read it. 403: the recipient blocks the sender.
    /// </exception>
    public Task<Message> SendAsync(long senderId, string to, string? subject, string body) =>
        _database.WriteAsync(c => Create(c, senderId, to, subject, body));

    /// <summary>As <see cref="SendAsync"/>, in a transaction.</summary>
    internal Message Create(Connection connection, long senderId, string to, string? subject, string body)
    {
        Check(subject, body);
        if (UserStore.Find(connection, to) is not { Id: > 1 } recipient) // nobody reads system's
            throw Refusal.NotFound("user");
        if (BlockStore.Has(connection, recipient.Id, senderId))
            throw Refusal.Forbidden("this user takes no messages from you");
        var id = connection.Number("""
            INSERT INTO messages (sender_id, recipient_id, subject, body, created_at)
            VALUES ($from, $to, $subject, $body, $now)
            RETURNING id
            """, ("$from", senderId), ("$to", recipient.Id), ("$subject", subject), ("$body", body), ("$now", _clock.Now()))!.Value;
        // The conflict is that of a message to oneself.
        connection.Execute("""
            INSERT INTO mailbox (owner_id, message_id, peer_id, inbox, sent, unread)
            VALUES ($to, $id, $from, 1, 0, 1), ($from, $id, $to, 0, 1, 0)
                ON CONFLICT (owner_id, message_id) DO UPDATE SET sent = 1
            """, ("$to", recipient.Id), ("$id", id), ("$from", senderId));
        AddUnread(connection, recipient.Id, 1);
        return Find(connection, senderId, id)!;
    }

    /// <summary>Marks a message as read; one that was read or sent stays as it is.</summary>
    /// <returns>How many are left to read, or <see langword="null"/> if the user has no message of that number.</returns>
    public Task<long?> MarkReadAsync(long ownerId, long id) => _database.WriteAsync(c =>
    {
        var unread = c.Number("""
            SELECT unread
              FROM mailbox
             WHERE owner_id = $owner
               AND message_id = $id
            """, ("$owner", ownerId), ("$id", id));
        if (unread == 1)
        {
            c.Execute("""
                UPDATE mailbox
                   SET unread = 0
                 WHERE owner_id = $owner
                   AND message_id = $id
                """, ("$owner", ownerId), ("$id", id));
            c.Execute("""
                UPDATE messages
                   SET read_at = $now
                 WHERE id = $id
                """, ("$now", _clock.Now()), ("$id", id));
            AddUnread(c, ownerId, -1);
        }
        return unread is null ? (long?)null : CountUnread(c, ownerId);
    });

    /// <summary>Marks all messages that there are now as read.</summary>
    /// <returns>How many came meanwhile.</returns>
    public async Task<long> MarkAllReadAsync(long ownerId)
    {
        var newest = _database.Read(c => c.Number("""
            SELECT max(message_id)
              FROM mailbox INDEXED BY mailbox_unread
             WHERE owner_id = $owner
               AND unread = 1
            """, ("$owner", ownerId))) ?? 0;
        while (await _database.WriteAsync(c => MarkRead(c, ownerId, newest)).ConfigureAwait(false) == MarkedAtOnce)
        {
        }
        return CountUnread(ownerId);
    }

    /// <summary>Removes a message from the user's side, and the text with it once neither side has it.</summary>
    /// <returns>Whether there was one of that number.</returns>
    public Task<bool> DeleteAsync(long ownerId, long id) => _database.WriteAsync(c =>
    {
        var unread = c.Number("""
            DELETE FROM mailbox
             WHERE owner_id = $owner
               AND message_id = $id
            RETURNING unread
            """, ("$owner", ownerId), ("$id", id));
        if (unread is null)
            return false;
        AddUnread(c, ownerId, -unread.Value);
        var sender = c.Number("""
            DELETE FROM messages
             WHERE id = $id
               AND NOT EXISTS (SELECT 1 FROM mailbox WHERE message_id = $id)
            RETURNING sender_id
            """, ("$id", id));
        if (sender is not null)
            IdempotencyKeys.Forget(c, sender.Value, AddressOf(id));
        return true;
    });

    /// <summary>Removes all of a user's sides; what others keep is then from or to <c>deleted</c>.</summary>
    internal static void Erase(Connection connection, long userId)
    {
        connection.Execute("""
            DELETE FROM mailbox
             WHERE owner_id = $user
            """, ("$user", userId));
        var gone = connection.All("""
            DELETE FROM messages
             WHERE (sender_id = $user OR recipient_id = $user)
               AND NOT EXISTS (SELECT 1 FROM mailbox WHERE message_id = messages.id)
            RETURNING id, sender_id
            """, r => (Id: r.GetInt64(0), SenderId: r.GetInt64(1)), ("$user", userId));
        foreach (var (id, senderId) in gone)
            IdempotencyKeys.Forget(connection, senderId, AddressOf(id));
        connection.Execute("""
            UPDATE mailbox
               SET peer_id = 0
             WHERE peer_id = $user
            """, ("$user", userId));
        connection.Execute("""
            UPDATE messages
               SET sender_id    = iif(sender_id = $user, 0, sender_id),
                   recipient_id = iif(recipient_id = $user, 0, recipient_id)
             WHERE sender_id = $user
                OR recipient_id = $user
            """, ("$user", userId));
    }

    internal static string AddressOf(long id) => string.Create(CultureInfo.InvariantCulture, $"{Address}{id}");

    private static string List(string? index, string which) => $"""
        {Rows(index, which)}
           AND b.message_id < $before
         ORDER BY b.message_id DESC
         LIMIT $limit
        """;

    private static string Rows(string? index, string which) => $"""
        SELECT m.id, m.subject, m.body, m.created_at, m.read_at, s.id, s.username, r.id, r.username
          FROM mailbox b{(index is null ? "" : $" INDEXED BY {index}")}
          JOIN messages m ON m.id = b.message_id
          JOIN users s ON s.id = m.sender_id
          JOIN users r ON r.id = m.recipient_id
         WHERE b.owner_id = $owner
           AND {which}
        """;

    private static void Check(string? subject, string body)
    {
        var errors = new Dictionary<string, string>();
        if (TextRule.MessageBody.Check(body) is { } mistake)
            errors["body"] = mistake;
        if (subject is not null && TextRule.Subject.Check(subject) is { } other)
            errors["subject"] = other;
        if (errors.Count > 0)
            throw Refusal.Invalid(errors);
    }

    private static Message? Find(Connection connection, long ownerId, long id) =>
        connection.First(One, Map, ("$owner", ownerId), ("$id", id));

    private static long CountUnread(Connection connection, long ownerId) => connection.Number("""
        SELECT unread_messages
          FROM users
         WHERE id = $owner
        """, ("$owner", ownerId)) ?? 0;

    private static void AddUnread(Connection connection, long ownerId, long count) => connection.Execute("""
        UPDATE users
           SET unread_messages = unread_messages + $count
         WHERE id = $owner
        """, ("$count", count), ("$owner", ownerId));

    /// <summary>Marks the oldest <see cref="MarkedAtOnce"/> of those up to <paramref name="newest"/>; tells how many there were.</summary>
    private int MarkRead(Connection connection, long ownerId, long newest)
    {
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
            """, ("$now", _clock.Now()), ("$owner", ownerId), ("$newest", newest), ("$limit", MarkedAtOnce));
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
            """, ("$owner", ownerId), ("$newest", newest), ("$limit", MarkedAtOnce));
        AddUnread(connection, ownerId, -marked);
        return marked;
    }

    private static Message Map(SqliteDataReader row) => new(
        row.GetInt64(0),
        new User(row.GetInt64(5), row.GetString(6)),
        new User(row.GetInt64(7), row.GetString(8)),
        row.IsDBNull(1) ? null : row.GetString(1),
        row.GetString(2),
        row.GetInt64(3),
        row.IsDBNull(4) ? null : row.GetInt64(4));
}
