using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

internal sealed record NewWebhook(string Url, IReadOnlyList<string>? Kinds = null);

internal sealed record WebhookChange(IReadOnlyList<string>? Kinds = null, bool? RotateSecret = null, string? State = null, string? Url = null);

/// <summary>A webhook. <paramref name="Secret"/> is only in the answer to the request that made it.</summary>
internal sealed record WebhookView(string CreatedAt, long Id, IReadOnlyList<string> Kinds, string State, string Url, string? Secret = null)
{
    public static WebhookView Of(Webhook webhook) => Of(webhook, secret: null);

    public static WebhookView Of(Webhook webhook, string? secret) => new(
        Rfc3339.Format(webhook.CreatedAt), webhook.Id, webhook.Kinds is [] ? WebhookStore.Kinds : webhook.Kinds, webhook.State, webhook.Url, secret);
}

internal sealed record WebhookAnswer(WebhookView Webhook) : Success;

internal sealed record WebhooksAnswer(IReadOnlyList<WebhookView> Webhooks) : Success;

internal sealed record DeliveryView(
    string CreatedAt, long Id, string Kind, string MessageId, string State, long Tries, string? Error = null, long? Event = null,
    string? NextTryAt = null, string? TriedAt = null, long? StatusCode = null)
{
    public static DeliveryView Of(WebhookDelivery delivery) => new(
        Rfc3339.Format(delivery.CreatedAt), delivery.Id, delivery.Kind, delivery.MessageId, delivery.State, delivery.Tries, delivery.Error,
        delivery.Event, delivery.NextAt is { } next ? Rfc3339.Format(next) : null, delivery.TriedAt is { } tried ? Rfc3339.Format(tried) : null,
        delivery.Status);
}

internal sealed record DeliveryAnswer(DeliveryView Delivery) : Success;

internal sealed record DeliveriesAnswer(IReadOnlyList<DeliveryView> Deliveries, string? Next) : Success;

/// <summary>The addresses that are told of events, and what was sent to them.</summary>
internal static class Webhooks
{
    public static ValueTask<WebhooksAnswer> List(Call call) => new(new WebhooksAnswer([.. call.Forum.Webhooks.List().Select(WebhookView.Of)]));

    public static async ValueTask<WebhookAnswer> Create(Call call, NewWebhook body)
    {
        var key = call.IdempotencyKey();
        var issued = await call.Forum.Webhooks.CreateAsync(call.User, body.Url, body.Kinds, key).ConfigureAwait(false);
        return call.Created(new WebhookAnswer(WebhookView.Of(issued.Webhook, issued.Secret)), $"/api/webhooks/{issued.Webhook.Id}", key);
    }

    public static ValueTask<WebhookAnswer> Find(Call call) =>
        new(new WebhookAnswer(WebhookView.Of(call.Forum.Webhooks.Find(call.Id) ?? throw RefusalException.NotFound("webhook"))));

    public static async ValueTask<WebhookAnswer> Change(Call call, WebhookChange body)
    {
        bool? isOn = body.State switch
        {
            null => null,
            WebhookState.On => true,
            WebhookState.Off => false,
            _ => throw RefusalException.Invalid("state", $"must be {WebhookState.On} or {WebhookState.Off}"),
        };
        var changed = await call.Forum.Webhooks.ChangeAsync(call.User, call.Id, body.Url, body.Kinds, isOn, body.RotateSecret == true)
            .ConfigureAwait(false);
        return new WebhookAnswer(WebhookView.Of(changed.Webhook, changed.Secret));
    }

    public static async ValueTask<Done> Remove(Call call)
    {
        await call.Forum.Webhooks.RemoveAsync(call.User, call.Id).ConfigureAwait(false);
        return new Done();
    }

    public static ValueTask<DeliveriesAnswer> Deliveries(Call call) => call.Page(
        $"deliveries {call.Id}",
        (size, from) => call.Forum.Webhooks.Deliveries(call.Id, size, from) ?? throw RefusalException.NotFound("webhook"),
        DeliveryView.Of, (deliveries, next) => new DeliveriesAnswer(deliveries, next));

    public static async ValueTask<DeliveryAnswer> Redeliver(Call call) =>
        new(DeliveryView.Of(await call.Forum.Webhooks.RedeliverAsync(call.User, call.Id, call.SecondId).ConfigureAwait(false)));

    public static async ValueTask<DeliveryAnswer> Test(Call call) =>
        new(DeliveryView.Of(await call.Forum.Webhooks.TestAsync(call.User, call.Id).ConfigureAwait(false)));
}
