using System.Collections.Concurrent;
using TinyForum.Data;

namespace TinyForum.Webhooks;

/// <summary>
/// Sends what happens to the webhooks: each in order, one message at a time, and none waits for another's receiver. It reads the log, so what
/// another process has written is sent too, and what was not sent when the process ended is sent after the next start.
/// </summary>
internal sealed class WebhookSender : IAsyncDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1); // at what other processes have written, and at the clock

    private readonly WebhookStore _store;
    private readonly WebhookDeliveries _deliveries;
    private readonly EventLog _log;
    private readonly WebhookClient _client;
    private readonly Func<DueDelivery, ForumEvent?, byte[]?> _render;
    private readonly Action<string> _tell;
    private readonly TimeProvider _clock;
    private readonly string _holder = $"{Guid.NewGuid():N}";
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _changed = new(0);
    private readonly Dictionary<long, Progress> _webhooks = []; // of the loop alone
    private readonly ConcurrentDictionary<string, long> _outcomes = new();
    private readonly Task _running;

    /// <param name="store">The webhooks.</param>
    /// <param name="deliveries">Their queues.</param>
    /// <param name="log">The log.</param>
    /// <param name="client">Sends.</param>
    /// <param name="render">The body of a message; <see langword="null"/> if there is nothing to tell any more.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="tell">Tells the operator.</param>
    public WebhookSender(
        WebhookStore store, WebhookDeliveries deliveries, EventLog log, WebhookClient client, Func<DueDelivery, ForumEvent?, byte[]?> render,
        TimeProvider clock, Action<string> tell)
    {
        (_store, _deliveries, _log, _client, _render, _clock, _tell) = (store, deliveries, log, client, render, clock, tell);
        _store.Changed += Wake;
        _running = Task.Run(RunAsync);
    }

    /// <summary>How many tries had which outcome: delivered, failed (to be tried again, or given up) and refused.</summary>
    public IReadOnlyDictionary<string, long> Outcomes => _outcomes;

    /// <summary>Ends the tries that are under way, which are made again later, by whoever sends then.</summary>
    public async ValueTask DisposeAsync()
    {
        _store.Changed -= Wake;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        await Task.WhenAll(_webhooks.Values.Select(w => w.Sending)).ConfigureAwait(false);
        _client.Dispose();
    }

    /// <summary>How far a webhook has come in this process.</summary>
    private sealed class Progress
    {
        /// <summary>The number up to which it wants no event that it has not had.</summary>
        public long Seen { get; set; }

        /// <summary>The kinds that it wants, as they were when that was found.</summary>
        public string Kinds { get; set; } = "";

        /// <summary>A try of which the database does not know yet.</summary>
        public TryResult? Unsettled { get; set; }

        public Task Sending { get; set; } = Task.CompletedTask;
    }

    private void Wake()
    {
        if (_changed.CurrentCount == 0)
            _changed.Release();
    }

    private async Task RunAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var change = _log.NextChange;
                await LookAsync().ConfigureAwait(false);
                await WaitAsync(change).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // It stops.
            }
            catch (Exception e)
            {
                if (e is not RefusalException) // busy, or at its end
                    _tell($"webhooks can't be sent, which is tried again: {e.Message}");
                await Task.Delay(LookEvery, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task WaitAsync(Task change)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var happened = _webhooks.Count == 0 ? Task.Delay(LookEvery, waiting.Token) : _log.WaitAsync(change, LookEvery, waiting.Token);
        var changed = _changed.WaitAsync(LookEvery, waiting.Token);
        await Task.WhenAny(happened, changed).ConfigureAwait(false);
        await waiting.CancelAsync().ConfigureAwait(false);
        await ((Task)changed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await happened.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Begins to send to each webhook that has something to be sent and is not being sent to.</summary>
    private async Task LookAsync()
    {
        var active = _deliveries.Active(_holder);
        foreach (var gone in _webhooks.Keys.Except(active.Select(w => w.Id)).Where(id => _webhooks[id].Sending.IsCompleted).ToList())
            _webhooks.Remove(gone);
        foreach (var webhook in active)
        {
            if (!_webhooks.TryGetValue(webhook.Id, out var progress))
                _webhooks[webhook.Id] = progress = new Progress();
            if (!progress.Sending.IsCompleted)
                continue;
            progress.Seen = progress.Kinds == webhook.Kinds ? Math.Max(progress.Seen, webhook.Position) : webhook.Position;
            progress.Kinds = webhook.Kinds;
            var now = _clock.Now();
            if (webhook.NotBefore > now)
                continue;
            if (webhook.NextAt <= now || (!webhook.IsBlocked && Wants(webhook, progress)))
                progress.Sending = SendInBackground(webhook.Id, progress);
            else if (progress.Seen - webhook.Position > 2 * EventLog.ReadAtOnce) // long before those events go
                await _deliveries.SkipAsync(webhook, progress.Seen).ConfigureAwait(false);
        }
    }

    /// <summary>Looks for an event that a webhook wants, past those that it is known not to.</summary>
    private bool Wants(ActiveWebhook webhook, Progress progress)
    {
        while (_log.Read(progress.Seen) is { Count: > 0 } events)
        {
            if (events[0].Number > progress.Seen + 1)
                _tell($"webhook {webhook.Id}: the events {progress.Seen + 1} to {events[0].Number - 1} are no longer kept and were not sent");
            progress.Seen = events[0].Number - 1;
            foreach (var happened in events)
            {
                if (webhook.Wants(happened.Kind))
                    return true;
                progress.Seen = happened.Number;
            }
        }
        return false;
    }

    private Task<bool> SendInBackground(long webhook, Progress progress)
    {
        var sending = Task.Run(() => SendAsync(webhook, progress));
        _ = sending.ContinueWith(hasSent =>
        {
            if (hasSent.Result)
                Wake(); // for what happened when it was about to end
        }, TaskScheduler.Default);
        return sending;
    }

    /// <returns>Whether anything was sent.</returns>
    private async Task<bool> SendAsync(long webhook, Progress progress)
    {
        var hasSent = false;
        var skip = (progress.Seen, progress.Kinds);
        try
        {
            while (true)
            {
                var (due, note) = await _deliveries.NextAsync(webhook, _holder, progress.Unsettled, skip).ConfigureAwait(false);
                progress.Unsettled = null;
                if (note is not null)
                    _tell(note);
                if (due is null)
                    break;
                _stopping.Token.ThrowIfCancellationRequested();
                var last = progress.Unsettled = await TryAsync(due).ConfigureAwait(false);
                hasSent = true;
                if (!last.IsUntold)
                    _outcomes.AddOrUpdate(last.State == DeliveryState.Waiting ? DeliveryState.Failed : last.State, 1, (_, count) => count + 1);
            }
        }
        catch (OperationCanceledException)
        {
            await ReleaseAsync(webhook).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _tell($"webhook {webhook} can't be sent to, which is tried again: {e.Message}");
        }
        return hasSent;
    }

    private async Task<TryResult> TryAsync(DueDelivery due)
    {
        var happened = due.Event is { } number && _log.Read(number - 1, 1) is [var found] && found.Number == number ? found : null;
        byte[]? body;
        try
        {
            body = _render(due, happened);
        }
        catch (Exception e) when (e is not RefusalException) // which the database may do while it is busy
        {
            return new TryResult(due, DeliveryState.Waiting, Error: $"can't be written: {e.Message}");
        }
        return body is null ? new TryResult(due, DeliveryState.Failed, Error: "what it is about has gone", IsUntold: true)
            : await _client.SendAsync(due, body, _stopping.Token).ConfigureAwait(false);
    }

    private async Task ReleaseAsync(long webhook)
    {
        try
        {
            await _deliveries.ReleaseAsync(webhook, _holder).ConfigureAwait(false);
        }
        catch (RefusalException)
        {
            // The lease ends by itself.
        }
    }
}
