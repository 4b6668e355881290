using System.Text.Json;
using TinyForum.Api.Endpoints;
using TinyForum.Data;

namespace TinyForum.Api.Events;

/// <summary>What is sent to a webhook. <paramref name="Truncated"/>: the post's text goes on where it ends here.</summary>
internal sealed record WebhookBody(EventView Data, string Timestamp, string Type, bool? Truncated = null)
{
    /// <summary>How long it is at most, in bytes (Standard Webhooks advises to stay below 20 KB).</summary>
    internal const int MaxBytes = 20_000;

    /// <summary>The body of a delivery; <see langword="null"/> if there is nothing to tell any more.</summary>
    /// <param name="teller">Tells of events.</param>
    /// <param name="delivery">The delivery.</param>
    /// <param name="happened">The event, if it is still kept.</param>
    /// <param name="now">The time, which a test has instead of an event's.</param>
    public static byte[]? Render(EventTeller teller, DueDelivery delivery, ForumEvent? happened, DateTimeOffset now)
    {
        var view = delivery.Event is null ? new EventView(Rfc3339.Format(now), delivery.Kind, 0)
            : happened is null ? null : teller.Tell(happened, reader: null, seesReports: true);
        return view is null ? null : Fit(new WebhookBody(view, view.CreatedAt, view.Kind));
    }

    private static byte[] Fit(WebhookBody whole)
    {
        var bytes = Json(whole);
        for (var text = (whole.Data.Post as PostView)?.Body; bytes.Length > MaxBytes && text is not null; bytes = Json(Cut(whole, text)))
            text = Shortened(text, (double)MaxBytes / bytes.Length);
        return bytes;
    }

    private static WebhookBody Cut(WebhookBody whole, string text) =>
        whole with { Truncated = true, Data = whole.Data with { Post = (PostView)whole.Data.Post! with { Body = text } } };

    /// <summary>A little less than that share of a text, without half a character at its end.</summary>
    private static string Shortened(string text, double share)
    {
        var length = Math.Max(0, (int)(text.Length * share) - 100);
        return text[..(length > 0 && char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
    }

    private static byte[] Json(WebhookBody body)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Http.Json.WriterOptions with { Indented = false }))
            JsonSerializer.Serialize(writer, body, ApiJson.Type<WebhookBody>());
        return buffer.ToArray();
    }
}
