using System.Globalization;
using TinyForum.Api.Events;
using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

internal sealed record EventsAnswer(IReadOnlyList<EventView> Events, long Newest, long? Next, long Oldest) : Success;

/// <summary>What happened, as a list and as a stream.</summary>
internal static class Events
{
    /// <summary>The most events that are looked at for an answer: most may be of other kinds.</summary>
    private const int LookedAt = 1_000;

    public static async ValueTask Read(Call call)
    {
        var filter = new EventFilter(Kinds(call.Query("kinds")), call.Number("thread", "the id of a thread"));
        var after = call.Number("after", "the number of an event");
        if (call.Exchange.Method == "GET" && WantsStream(call.Exchange.Header("Accept")))
            await call.Streams.ServeAsync(call, filter, LastEventId(call) ?? after).ConfigureAwait(false);
        else
            call.Answer(await call.Forum.Pages.RunAsync(weight: 1, () => Task.FromResult(List(call, filter, after ?? 0)), call.Exchange.Stopping)
                .ConfigureAwait(false));
    }

    private static EventsAnswer List(Call call, EventFilter filter, long after)
    {
        var (oldest, newest) = call.Forum.Events.Range;
        if (after < oldest - 1 && call.Query("after") is not null)
            throw RefusalException.Invalid("after", $"must be at least {oldest - 1}: older events are not kept");
        if (after > newest)
            throw RefusalException.Invalid("after", $"must be at most {newest}, the newest event");
        var teller = new EventTeller(call.Forum);
        var views = new List<EventView>();
        var (size, chars, last, isWhole) = (call.PageSize, 0, after, true);
        var seesReports = call.Caller is { Role: >= Role.Moderator, MayWrite: true };
        foreach (var happened in call.Forum.Events.Read(after, LookedAt))
        {
            if (views.Count == size || chars > PageText.MaxBytes)
            {
                isWhole = false;
                break;
            }
            if (filter.Wants(happened) && teller.Tell(happened, call.Caller, seesReports) is { } view)
            {
                views.Add(view);
                chars += (view.Post as PostView)?.Body.Length ?? view.Message?.Body.Length ?? 0;
            }
            last = happened.Number;
        }
        return new EventsAnswer(views, Math.Max(newest, last), isWhole && last >= newest ? null : last, oldest);
    }

    private static HashSet<string>? Kinds(string? text)
    {
        if (text is null)
            return null;
        var kinds = text.Split(',', StringSplitOptions.TrimEntries);
        return Array.TrueForAll(kinds, EventKind.All.Contains) ? [.. kinds]
            : throw RefusalException.Invalid("kinds", $"must be kinds of events with commas between them, of {string.Join(", ", EventKind.All)}");
    }

    private static bool WantsStream(string? accept) =>
        accept?.Split(',').Any(type => type.Split(';')[0].Trim().Equals("text/event-stream", StringComparison.OrdinalIgnoreCase)) == true;

    // What a browser sends by itself when it reconnects; what is no number of ours says nothing.
    private static long? LastEventId(Call call) =>
        long.TryParse(call.Exchange.Header("Last-Event-ID"), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
