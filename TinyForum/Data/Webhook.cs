namespace TinyForum.Data;

/// <summary>An address that is told of events (Standard Webhooks, https://www.standardwebhooks.com).</summary>
/// <param name="Id">Its id.</param>
/// <param name="Url">Where events are sent.</param>
/// <param name="Kinds">Which kinds of events; none for all that a webhook may be told.</param>
/// <param name="State">One of <see cref="WebhookState"/>.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record Webhook(long Id, string Url, IReadOnlyList<string> Kinds, string State, DateTimeOffset CreatedAt);

/// <summary>A webhook that was made or got a new secret.</summary>
/// <param name="Secret">The secret that signs what is sent, as <c>whsec_</c> and base64; <see langword="null"/> if it stayed.</param>
/// <param name="Webhook">The webhook.</param>
public sealed record IssuedWebhook(string? Secret, Webhook Webhook);

/// <summary>Whether events are sent to a webhook, by the names that clients see.</summary>
public static class WebhookState
{
    /// <summary>They are sent.</summary>
    public const string On = "on";

    /// <summary>An admin switched it off; switched on again, it goes on where it stopped.</summary>
    public const string Off = "off";

    /// <summary>It was switched off because it answered 410.</summary>
    public const string Gone = "gone";

    /// <summary>It was switched off because it failed for days.</summary>
    public const string Failed = "failed";
}

/// <summary>A message to a webhook.</summary>
/// <param name="Id">Its id.</param>
/// <param name="MessageId">The <c>webhook-id</c> that it has at every try.</param>
/// <param name="Event">The number of the event; <see langword="null"/> for a test.</param>
/// <param name="Kind">The event's kind.</param>
/// <param name="State">One of <see cref="DeliveryState"/>.</param>
/// <param name="CreatedAt">When its turn came.</param>
/// <param name="Tries">How often it was tried.</param>
/// <param name="TriedAt">When it was tried last.</param>
/// <param name="NextAt">When it is tried next, if it waits.</param>
/// <param name="Status">The HTTP status of the last answer, if there was one.</param>
/// <param name="Error">Why the last try failed, if it did.</param>
public sealed record WebhookDelivery(
    long Id, string MessageId, long? Event, string Kind, string State, DateTimeOffset CreatedAt, long Tries, DateTimeOffset? TriedAt,
    DateTimeOffset? NextAt, long? Status, string? Error);

/// <summary>How far a delivery has come, by the names that clients see.</summary>
public static class DeliveryState
{
    /// <summary>It is going to be tried, for the first time or again.</summary>
    public const string Waiting = "waiting";

    /// <summary>It was answered 2xx.</summary>
    public const string Delivered = "delivered";

    /// <summary>It was given up.</summary>
    public const string Failed = "failed";

    /// <summary>Its address is one that webhooks may not have.</summary>
    public const string Refused = "refused";
}

/// <summary>A delivery whose turn it is, with what sending it takes: the secret that signs it, and for a day after a rotation the one before.</summary>
internal sealed record DueDelivery(long Id, long WebhookId, string MessageId, long? Event, string Kind, string Url, IReadOnlyList<string> Secrets);

/// <summary>What came of a try.</summary>
/// <param name="Delivery">What was tried.</param>
/// <param name="State">The state that it leads to; <see cref="DeliveryState.Waiting"/> to try again, unless there were enough tries.</param>
/// <param name="Status">The HTTP status of the answer.</param>
/// <param name="Error">Why it failed.</param>
/// <param name="RetryAfter">How long the receiver wants to be left alone.</param>
/// <param name="IsThrottled">Whether the receiver can't keep up.</param>
/// <param name="IsUntold">Nothing was sent: what the event is about has gone.</param>
internal sealed record TryResult(
    DueDelivery Delivery, string State, int? Status = null, string? Error = null, TimeSpan? RetryAfter = null, bool IsThrottled = false,
    bool IsUntold = false);

/// <summary>A webhook as its sender sees it.</summary>
/// <param name="Id">The webhook.</param>
/// <param name="Kinds">As its row has them.</param>
/// <param name="Position">The number of the last event that a delivery was made of, or that it does not want.</param>
/// <param name="NextAt">When the next waiting delivery is due, in Unix milliseconds.</param>
/// <param name="IsBlocked">Whether an event waits to be delivered, and all later ones with it.</param>
/// <param name="NotBefore">Until when it is left alone or another process sends, in Unix milliseconds.</param>
internal sealed record ActiveWebhook(long Id, string Kinds, long Position, long? NextAt, bool IsBlocked, long NotBefore)
{
    public bool Wants(string kind) => WebhookStore.Wants(Kinds, kind);
}
