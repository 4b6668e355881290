using System.Security.Cryptography;
using System.Text;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>The webhooks, which admins manage, and what was sent to each. Thread-safe.</summary>
public sealed class WebhookStore
{
    /// <summary>How many webhooks there can be.</summary>
    public const int Max = 50;

    /// <summary>The most characters of an address.</summary>
    public const int MaxUrl = 2_000;

    /// <summary>How many deliveries of a webhook are kept.</summary>
    public const int MaxDeliveries = 1_000;

    /// <summary>What begins a secret.</summary>
    internal const string SecretPrefix = "whsec_";

    /// <summary>The kind of a test's message.</summary>
    internal const string TestKind = "webhook.test";

    /// <summary>How long a secret signs beside the one that replaced it.</summary>
    internal static readonly TimeSpan RotationTime = TimeSpan.FromDays(1);

    private const string Columns = "id, url, kinds, state, created_at";

    private const string DeliveryColumns = "id, message_id, event, kind, state, created_at, tries, tried_at, next_at, status, error";

    private const int SecretBytes = 32;

    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly IdempotencyKeys _keys;

    internal WebhookStore(Database database, TimeProvider clock, IdempotencyKeys keys) => (_database, _clock, _keys) = (database, clock, keys);

    /// <summary>Called when there may be something to send.</summary>
    internal event Action? Changed;

    /// <summary>The kinds of events that a webhook may be told: those that are for one user alone are not among them.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [.. EventKind.All.Where(kind => EventKind.AudienceOf(kind) != Audience.Owner)];

    /// <summary>Makes a webhook, which is told of what happens from now on.</summary>
    /// <param name="admin">The actor.</param>
    /// <param name="url">Where to send: an absolute http or https address of at most <see cref="MaxUrl"/> characters.</param>
    /// <param name="kinds">Which kinds of events, of <see cref="Kinds"/>; none or <see langword="null"/> for all of these.</param>
    /// <param name="key">Repeating the call with the same key returns the first webhook.</param>
    /// <exception cref="RefusalException">
    /// Forbidden: the actor is not an admin. Invalid: the address or a kind breaks a rule. Conflict: there are <see cref="Max"/> already, or
    /// another session made the key's webhook.
    /// </exception>
    public Task<IssuedWebhook> CreateAsync(Actor admin, string url, IReadOnlyList<string>? kinds = null, IdempotencyKey? key = null)
    {
        ArgumentNullException.ThrowIfNull(admin);
        ArgumentNullException.ThrowIfNull(url);
        ArgumentCheck.ThrowIfAnyNull(kinds);
        return CreateCoreAsync(admin, url, kinds, key);
    }

    private async Task<IssuedWebhook> CreateCoreAsync(Actor admin, string url, IReadOnlyList<string>? kinds, IdempotencyKey? key)
    {
        RefusalException.ThrowIfInvalid(("url", CheckUrl(url)), ("kinds", CheckKinds(kinds)));
        if (key is { Credential: null })
            throw new ArgumentException("A webhook's key needs the credential that the caller came with.", nameof(key));
        if (key is not null)
            key.Salt = RandomNumberGenerator.GetBytes(SecretBytes);
        var secret = key is null ? NewSecret() : Derive(key, key.Salt);
        var made = await _keys.CreateAsync(
            admin, key, "webhook",
            c =>
            {
                Permissions.RequireAdmin(c, admin);
                return new IssuedWebhook(secret, Create(c, url, kinds, secret));
            },
            made => made.Webhook.Id,
            (c, id) =>
            {
                Permissions.RequireAdmin(c, admin);
                return FindOriginal(c, id, Derive(key!, key!.StoredSalt));
            }).ConfigureAwait(false);
        Changed?.Invoke();
        return made;
    }

    /// <summary>All webhooks, newest first.</summary>
    public IReadOnlyList<Webhook> List() => _database.Read(c => c.All($"""
        SELECT {Columns}
          FROM webhooks
         ORDER BY id DESC
        """, Map));

    /// <summary>A webhook, or <see langword="null"/>.</summary>
    public Webhook? Find(long id)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return _database.Read(c => Load(c, id));
    }

    /// <summary>Changes a webhook. What is <see langword="null"/> stays.</summary>
    /// <param name="admin">The actor.</param>
    /// <param name="id">The webhook.</param>
    /// <param name="url">Where to send from now on, what waits too.</param>
    /// <param name="kinds">Which kinds of events; none for all.</param>
    /// <param name="isOn">Whether events are sent. Switched on again, a webhook goes on where it stopped, as far as events are kept.</param>
    /// <param name="rotateSecret">Whether it gets a new secret. For a day both sign what is sent.</param>
    /// <exception cref="RefusalException">Forbidden: the actor is not an admin. Invalid: the address or a kind breaks a rule. NotFound.</exception>
    public Task<IssuedWebhook> ChangeAsync(
        Actor admin, long id, string? url = null, IReadOnlyList<string>? kinds = null, bool? isOn = null, bool rotateSecret = false)
    {
        ArgumentNullException.ThrowIfNull(admin);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        ArgumentCheck.ThrowIfAnyNull(kinds);
        return ChangeCoreAsync(admin, id, url, kinds, isOn, rotateSecret);
    }

    private async Task<IssuedWebhook> ChangeCoreAsync(
        Actor admin, long id, string? url, IReadOnlyList<string>? kinds, bool? isOn, bool rotateSecret)
    {
        RefusalException.ThrowIfInvalid(("url", url is null ? null : CheckUrl(url)), ("kinds", CheckKinds(kinds)));
        var secret = rotateSecret ? NewSecret() : null;
        var changed = await _database.WriteAsync(admin, _clock, c =>
        {
            Permissions.RequireAdmin(c, admin);
            Require(c, id);
            if (url is not null || kinds is not null)
                c.Execute("""
                    UPDATE webhooks
                       SET url = coalesce($url, url),
                           kinds = coalesce($kinds, kinds),
                           failing_since = CASE WHEN $url IS NULL THEN failing_since END,
                           paused_until = CASE WHEN $url IS NULL THEN paused_until ELSE 0 END
                     WHERE id = $id
                    """, ("$url", url), ("$kinds", kinds is null ? null : Join(kinds)), ("$id", id));
            if (isOn is { } on)
                c.Execute("""
                    UPDATE webhooks
                       SET state = $state,
                           failing_since = NULL,
                           paused_until = 0
                     WHERE id = $id
                    """, ("$state", on ? WebhookState.On : WebhookState.Off), ("$id", id));
            if (url is not null || isOn == true) // a receiver that was mended is not made to wait
                c.Execute("""
                    UPDATE deliveries
                       SET next_at = $now,
                           tries = 0
                     WHERE webhook_id = $id
                       AND state = 'waiting'
                    """, ("$now", _clock.Now()), ("$id", id));
            if (secret is not null)
                c.Execute("""
                    UPDATE webhooks
                       SET old_secret = secret,
                           old_until = $until,
                           secret = $secret
                     WHERE id = $id
                    """, ("$until", _clock.Now() + (long)RotationTime.TotalMilliseconds), ("$secret", secret), ("$id", id));
            return new IssuedWebhook(secret, Load(c, id)!);
        }).ConfigureAwait(false);
        Changed?.Invoke();
        return changed;
    }

    /// <summary>Removes a webhook with what was sent to it and what waits.</summary>
    /// <exception cref="RefusalException">Forbidden: the actor is not an admin. NotFound.</exception>
    public Task RemoveAsync(Actor admin, long id)
    {
        ArgumentNullException.ThrowIfNull(admin);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return _database.WriteAsync(admin, _clock, c =>
        {
            Permissions.RequireAdmin(c, admin);
            Require(c, id);
            c.Execute("DELETE FROM deliveries WHERE webhook_id = $id", ("$id", id));
            return c.Execute("DELETE FROM webhooks WHERE id = $id", ("$id", id));
        });
    }

    /// <summary>A page of the deliveries of a webhook, newest first; <see langword="null"/> if there is no such webhook.</summary>
    /// <param name="id">The webhook.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="from">The <see cref="Page{T}.Next"/> of the page before.</param>
    public Page<WebhookDelivery>? Deliveries(long id, int limit = PagePosition.DefaultSize, PagePosition? from = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return _database.Read(c => Load(c, id) is null ? null : c.Page($"""
            SELECT {DeliveryColumns}
              FROM deliveries
             WHERE webhook_id = $webhook
               AND id < $before
             ORDER BY id DESC
             LIMIT $limit
            """, MapDelivery, limit, last => [last.Id], ("$webhook", id), ("$before", from?.KeyOf(1)[0] ?? long.MaxValue)));
    }

    /// <summary>Sends a delivery again, or at once if it waits, with the id that it has.</summary>
    /// <exception cref="RefusalException">
    /// Forbidden: the actor is not an admin. NotFound. Conflict: the webhook is off, or the event is no longer kept.
    /// </exception>
    public Task<WebhookDelivery> RedeliverAsync(Actor admin, long id, long delivery)
    {
        ArgumentNullException.ThrowIfNull(admin);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(delivery);
        return RedeliverCoreAsync(admin, id, delivery);
    }

    private async Task<WebhookDelivery> RedeliverCoreAsync(Actor admin, long id, long delivery)
    {
        var waiting = await _database.WriteAsync(admin, _clock, c =>
        {
            Permissions.RequireAdmin(c, admin);
            RequireOn(Require(c, id));
            var again = c.First($"""
                UPDATE deliveries
                   SET in_order = CASE state WHEN 'waiting' THEN in_order ELSE 0 END,
                       state = 'waiting',
                       tries = 0,
                       next_at = $now
                 WHERE id = $delivery
                   AND webhook_id = $webhook
                RETURNING {DeliveryColumns}
                """, MapDelivery, ("$now", _clock.Now()), ("$delivery", delivery), ("$webhook", id)) ?? throw RefusalException.NotFound("delivery");
            if (again.Event is { } number && c.Number("SELECT 1 FROM events WHERE number = $number", ("$number", number)) is null)
                throw new RefusalException(RefusalKind.Conflict, "its event is no longer kept");
            Unpause(c, id);
            return again;
        }).ConfigureAwait(false);
        Changed?.Invoke();
        return waiting;
    }

    /// <summary>An admin who asks is not made to wait as the receiver wants it.</summary>
    private static void Unpause(Connection connection, long id) => connection.Execute("UPDATE webhooks SET paused_until = 0 WHERE id = $id", ("$id", id));

    /// <summary>Sends a message that says nothing, once.</summary>
    /// <exception cref="RefusalException">Forbidden: the actor is not an admin. NotFound. Conflict: the webhook is off.</exception>
    public Task<WebhookDelivery> TestAsync(Actor admin, long id)
    {
        ArgumentNullException.ThrowIfNull(admin);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return TestCoreAsync(admin, id);
    }

    private async Task<WebhookDelivery> TestCoreAsync(Actor admin, long id)
    {
        var waiting = await _database.WriteAsync(admin, _clock, c =>
        {
            Permissions.RequireAdmin(c, admin);
            RequireOn(Require(c, id));
            Unpause(c, id);
            return Add(c, id, null, TestKind, inOrder: false, _clock.Now());
        }).ConfigureAwait(false);
        Changed?.Invoke();
        return waiting;
    }

    internal static bool Wants(string kinds, string kind) =>
        kinds.Length == 0 ? Kinds.Contains(kind) : kinds.Split(' ').Contains(kind);

    /// <summary>Makes a delivery, in place of the oldest if there are too many.</summary>
    internal static WebhookDelivery Add(Connection connection, long webhook, long? number, string kind, bool inOrder, long now)
    {
        connection.Execute("""
            DELETE FROM deliveries
             WHERE id IN (SELECT id
                            FROM deliveries
                           WHERE webhook_id = $webhook
                             AND in_order + (CASE state WHEN 'waiting' THEN 1 ELSE 0 END) < 2
                           ORDER BY id
                           LIMIT (SELECT CASE WHEN count(*) < $max THEN 0 ELSE count(*) - $max + 1 END FROM deliveries WHERE webhook_id = $webhook))
            """, ("$webhook", webhook), ("$max", MaxDeliveries));
        return connection.First($"""
            INSERT INTO deliveries (webhook_id, message_id, event, kind, state, in_order, created_at, next_at)
            VALUES ($webhook, $message, $event, $kind, 'waiting', $order, $now, $now)
            RETURNING {DeliveryColumns}
            """, MapDelivery, ("$webhook", webhook), ("$message", $"msg_{SessionTable.Encode(RandomNumberGenerator.GetBytes(16))}"),
            ("$event", number), ("$kind", kind), ("$order", inOrder ? 1 : 0), ("$now", now))!;
    }

    private Webhook Create(Connection connection, string url, IReadOnlyList<string>? kinds, string secret) => connection.First($"""
        INSERT INTO webhooks (url, kinds, secret, state, position, created_at)
        SELECT $url, $kinds, $secret, 'on', coalesce((SELECT max(number) FROM events), 0), $now
         WHERE (SELECT count(*) FROM webhooks) < $max
        RETURNING {Columns}
        """, Map, ("$url", url), ("$kinds", Join(kinds ?? [])), ("$secret", secret), ("$now", _clock.Now()), ("$max", Max))
        ?? throw new RefusalException(RefusalKind.Conflict, $"there are {Max} webhooks already: remove one");

    private static IssuedWebhook? FindOriginal(Connection connection, long id, string secret)
    {
        if (Load(connection, id) is not { } webhook)
            return null;
        var stored = connection.First("SELECT secret FROM webhooks WHERE id = $id", r => r.GetString(0), ("$id", id))!;
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(stored), Encoding.UTF8.GetBytes(secret))
            ? new IssuedWebhook(secret, webhook)
            : throw new RefusalException(RefusalKind.Conflict, "the secret has changed since, or another session created this webhook: rotate it to get one");
    }

    private static Webhook? Load(Connection connection, long id) => connection.First($"""
        SELECT {Columns}
          FROM webhooks
         WHERE id = $id
        """, Map, ("$id", id));

    private static Webhook Require(Connection connection, long id) => Load(connection, id) ?? throw RefusalException.NotFound("webhook");

    private static void RequireOn(Webhook webhook)
    {
        if (webhook.State != WebhookState.On)
            throw new RefusalException(RefusalKind.Conflict, "the webhook is off: switch it on first");
    }

    private static string? CheckUrl(string url) =>
        url.Length > MaxUrl ? $"must have at most {MaxUrl} characters"
        : !Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0
            || url.AsSpan().IndexOfAnyInRange('\0', ' ') >= 0 ? "must be an address such as https://hooks.example/forum"
        : uri.UserInfo.Length > 0 ? "must have no user name or password"
        : uri.Fragment.Length > 0 ? "must have no fragment"
        : null;

    private static string? CheckKinds(IReadOnlyList<string>? kinds) => kinds?.FirstOrDefault(kind => !Kinds.Contains(kind)) is not { } wrong ? null
        : EventKind.All.Contains(wrong) ? $"must not have {wrong}, which is told to its owner alone"
        : $"must be of {string.Join(", ", Kinds)}";

    private static string Join(IReadOnlyList<string> kinds) => string.Join(' ', kinds.Distinct());

    private static string NewSecret() => SecretPrefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(SecretBytes));

    private static string Derive(IdempotencyKey key, byte[]? salt) =>
        SecretPrefix + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(key.DeriveSecret(salt))));

    private static Webhook Map(Row row) => new(
        row.GetInt64(0), row.GetString(1), row.GetString(2) is { Length: > 0 } kinds ? kinds.Split(' ') : [], row.GetString(3), row.Time(4));

    private static WebhookDelivery MapDelivery(Row row) => new(
        row.GetInt64(0), row.GetString(1), row.NumberOrNull(2), row.GetString(3), row.GetString(4), row.Time(5), row.GetInt64(6), row.TimeOrNull(7),
        row.TimeOrNull(8), row.NumberOrNull(9), row.TextOrNull(10));
}
