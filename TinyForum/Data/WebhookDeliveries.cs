using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>
/// The queue of each webhook, for whoever sends. A delivery is made of an event when its turn comes, in the transaction that moves the
/// webhook's place in the log, and the next one only when that is done: so they go out in order, and a crash loses and skips none. One process
/// at a time has a webhook on lease. Thread-safe.
/// </summary>
internal sealed class WebhookDeliveries(Database database, TimeProvider clock, NotificationStore notifications)
{
    /// <summary>How long a process has a webhook to itself: longer than a try takes.</summary>
    internal static readonly TimeSpan Lease = TimeSpan.FromSeconds(20);

    /// <summary>How long a webhook may fail, without a success in between, before it is switched off.</summary>
    internal static readonly TimeSpan FailingTime = TimeSpan.FromDays(5);

    /// <summary>The waits before each try, the first excepted (Standard Webhooks, "Deliverability and reliability").</summary>
    internal static readonly IReadOnlyList<TimeSpan> Waits =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5),
        TimeSpan.FromHours(10), TimeSpan.FromHours(14), TimeSpan.FromHours(20), TimeSpan.FromHours(24),
    ];

    /// <summary>What admins are notified of.</summary>
    internal const string GivenUp = "webhook.failed", SwitchedOff = "webhook.off";

    private const double Jitter = 0.1; // of a wait, so that not all come back at once

    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromDays(1);

    /// <summary>The webhooks that are on.</summary>
    public IReadOnlyList<ActiveWebhook> Active(string holder) => database.Read(c => c.All("""
        SELECT w.id, w.kinds, w.position,
               (SELECT min(d.next_at) FROM deliveries d WHERE d.webhook_id = w.id AND d.state = 'waiting'),
               (SELECT count(*) FROM deliveries d WHERE d.webhook_id = w.id AND d.state = 'waiting' AND d.in_order = 1),
               w.paused_until, CASE WHEN w.leased_by = $holder OR w.leased_until > $latest THEN 0 ELSE w.leased_until END
          FROM webhooks w
         WHERE w.state = 'on'
         ORDER BY w.id
        """, r => new ActiveWebhook(
            r.GetInt64(0), r.GetString(1), r.GetInt64(2), r.NumberOrNull(3), r.GetBoolean(4), Math.Max(r.GetInt64(5), r.GetInt64(6))),
        ("$holder", holder), ("$latest", LatestLease(clock.Now()))));

    /// <summary>Notes what came of the last try, and takes the next delivery that is due, if any; otherwise the lease ends.</summary>
    /// <param name="webhook">The webhook.</param>
    /// <param name="holder">The process that sends.</param>
    /// <param name="last">What came of the last try.</param>
    /// <param name="skip">The number up to which it is known to want no event, as long as it wants these kinds.</param>
    /// <returns>The delivery, and what the operator has to be told.</returns>
    public Task<(DueDelivery? Next, string? Note)> NextAsync(
        long webhook, string holder, TryResult? last, (long To, string? Kinds) skip) => database.WriteAsync(c =>
    {
        var now = clock.Now();
        if (!TryLease(c, webhook, holder, now))
            return (null, null);
        var note = last is null ? null : Settle(c, last, now);
        var due = c.Number("""
            SELECT 1
              FROM webhooks
             WHERE id = $webhook
               AND state = 'on'
               AND paused_until <= $now
            """, ("$webhook", webhook), ("$now", now)) is null ? null : Due(c, webhook, now) ?? Make(c, webhook, skip, now);
        if (due is null)
            EndLease(c, webhook, holder);
        return (due, note);
    });

    /// <summary>Lets other processes send, without waiting until the lease ends.</summary>
    public Task ReleaseAsync(long webhook, string holder) => database.WriteAsync(c => EndLease(c, webhook, holder));

    /// <summary>Moves a webhook's place in the log past events that it does not want.</summary>
    public Task SkipAsync(ActiveWebhook webhook, long to) => database.WriteAsync(c => c.Execute("""
        UPDATE webhooks
           SET position = $to
         WHERE id = $webhook
           AND position = $from
           AND kinds = $kinds
        """, ("$to", to), ("$webhook", webhook.Id), ("$from", webhook.Position), ("$kinds", webhook.Kinds)));

    private static bool TryLease(Connection connection, long webhook, string holder, long now) => connection.Execute("""
        UPDATE webhooks
           SET leased_by = $holder,
               leased_until = $until
         WHERE id = $webhook
           AND (leased_until <= $now OR leased_by = $holder OR leased_until > $latest)
        """, ("$holder", holder), ("$until", now + (long)Lease.TotalMilliseconds), ("$latest", LatestLease(now)), ("$webhook", webhook), ("$now", now)) > 0;

    /// <summary>When a lease ends at the latest, with clocks that are set a little; one that seems to last longer is of a clock that was set back.</summary>
    private static long LatestLease(long now) => now + (2 * (long)Lease.TotalMilliseconds);

    private static int EndLease(Connection connection, long webhook, string holder) => connection.Execute("""
        UPDATE webhooks
           SET leased_by = NULL,
               leased_until = 0
         WHERE id = $webhook
           AND leased_by = $holder
        """, ("$webhook", webhook), ("$holder", holder));

    private static DueDelivery? Due(Connection connection, long webhook, long now) => connection.First("""
        SELECT d.id, d.webhook_id, d.message_id, d.event, d.kind, w.url, w.secret, CASE WHEN w.old_until > $now THEN w.old_secret END
          FROM deliveries d
          JOIN webhooks w ON w.id = d.webhook_id
         WHERE d.webhook_id = $webhook
           AND d.state = 'waiting'
           AND d.next_at <= $now
         ORDER BY d.next_at
         LIMIT 1
        """, r => new DueDelivery(
            r.GetInt64(0), r.GetInt64(1), r.GetString(2), r.NumberOrNull(3), r.GetString(4), r.GetString(5),
            r.TextOrNull(7) is { } old ? [r.GetString(6), old] : [r.GetString(6)]), ("$now", now), ("$webhook", webhook));

    /// <summary>Makes a delivery of the next event that the webhook wants, unless one waits already.</summary>
    private static DueDelivery? Make(Connection connection, long webhook, (long To, string? Kinds) skip, long now)
    {
        var (kinds, position) = connection.First("""
            SELECT kinds, position
              FROM webhooks w
             WHERE id = $webhook
               AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.webhook_id = w.id AND d.state = 'waiting' AND d.in_order = 1)
            """, r => (r.GetString(0), r.GetInt64(1)), ("$webhook", webhook));
        if (kinds is null)
            return null;
        foreach (var happened in EventLog.Read(connection, skip.Kinds == kinds ? Math.Max(position, skip.To) : position, EventLog.ReadAtOnce))
        {
            if (!WebhookStore.Wants(kinds, happened.Kind))
                continue;
            WebhookStore.Add(connection, webhook, happened.Number, happened.Kind, inOrder: true, now);
            connection.Execute("UPDATE webhooks SET position = $number WHERE id = $webhook", ("$number", happened.Number), ("$webhook", webhook));
            return Due(connection, webhook, now);
        }
        return null;
    }

    /// <summary>Notes what came of a try.</summary>
    /// <returns>What the operator has to be told.</returns>
    private string? Settle(Connection connection, TryResult last, long now)
    {
        var (id, webhook) = (last.Delivery.Id, last.Delivery.WebhookId);
        if (last.IsUntold)
        {
            connection.Execute("""
                UPDATE deliveries
                   SET state = 'failed',
                       next_at = NULL,
                       error = $error
                 WHERE id = $id
                """, ("$error", last.Error), ("$id", id));
            return null;
        }
        var tries = connection.Number("""
            SELECT d.tries + 1
              FROM deliveries d
              JOIN webhooks w ON w.id = d.webhook_id
             WHERE d.id = $id
               AND d.state = 'waiting'
               AND (w.url = $url OR $delivered = 1)
            """, ("$id", id), ("$url", last.Delivery.Url), ("$delivered", last.State == DeliveryState.Delivered ? 1 : 0));
        if (tries is null) // the webhook was removed meanwhile, or has another address, to which this is still to be sent
            return null;
        var isTest = last.Delivery.Event is null;
        var state = last.State == DeliveryState.Waiting && (isTest || tries > Waits.Count) ? DeliveryState.Failed : last.State;
        var next = state == DeliveryState.Waiting ? now + Wait((int)tries - 1, last.RetryAfter) : (long?)null;
        connection.Execute("""
            UPDATE deliveries
               SET state = $state,
                   tries = tries + 1,
                   tried_at = $now,
                   next_at = $next,
                   status = $status,
                   error = $error
             WHERE id = $id
            """, ("$state", state), ("$now", now), ("$next", next), ("$status", last.Status), ("$error", last.Error), ("$id", id));
        return isTest && last.Status != 410 ? null : SettleWebhook(connection, webhook, last, state, now, next);
    }

    private string? SettleWebhook(Connection connection, long webhook, TryResult last, string state, long now, long? next)
    {
        var since = connection.Number("""
            UPDATE webhooks
               SET failing_since = CASE WHEN $succeeded = 1 THEN NULL ELSE coalesce(failing_since, $now) END,
                   paused_until = CASE WHEN $throttled = 1 THEN coalesce($next, 0) ELSE 0 END
             WHERE id = $webhook
               AND url = $url
               AND state = 'on'
            RETURNING coalesce(failing_since, $now)
            """, ("$url", last.Delivery.Url),
            ("$succeeded", state == DeliveryState.Delivered ? 1 : 0), ("$now", now), ("$throttled", last.IsThrottled ? 1 : 0), ("$next", next),
            ("$webhook", webhook));
        if (since is null)
            return null; // it was changed meanwhile, and what the old address answers says nothing of the new one
        if (last.Status == 410)
            return SwitchOff(connection, webhook, WebhookState.Gone, "answered that it has gone (410) and was switched off");
        if (since <= now - (long)FailingTime.TotalMilliseconds)
            return SwitchOff(connection, webhook, WebhookState.Failed, $"has failed for {FailingTime.TotalDays} days and was switched off");
        if (state != DeliveryState.Failed)
            return null;
        notifications.NotifyAdmins(connection, GivenUp);
        return $"webhook {webhook}: event {last.Delivery.Event} was given up after {Waits.Count + 1} tries: {last.Error}";
    }

    private string SwitchOff(Connection connection, long webhook, string state, string why)
    {
        connection.Execute("UPDATE webhooks SET state = $state WHERE id = $webhook", ("$state", state), ("$webhook", webhook));
        notifications.NotifyAdmins(connection, SwitchedOff);
        return $"webhook {webhook} {why}";
    }

    private static long Wait(int failed, TimeSpan? retryAfter)
    {
        var wait = Waits[failed] * (1 + (Jitter * Random.Shared.NextDouble()));
        var asked = retryAfter > LongestRetryAfter ? LongestRetryAfter : retryAfter ?? default;
        return (long)(asked > wait ? asked : wait).TotalMilliseconds;
    }
}
