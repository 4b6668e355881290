using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace TinyForum.Http;

/// <summary>
/// The one place where requests come in and answers go out. It refuses what no handler should see, turns refusals into the envelope and
/// any other exception into a logged "internal error", sends the answer and reports it. Requests may be for any host if there are no
/// <paramref name="hosts"/>, which have no port; those for the path <paramref name="probe"/> always may, since what watches a server may know its
/// address alone. What was refused or failed, <paramref name="show"/> may show in a way of its own; else it is told in the envelope.
/// </summary>
internal sealed class Boundary(
    Func<Exchange, ValueTask> serve,
    IReadOnlySet<string>? hosts,
    TimeProvider clock,
    Action<LogEntry>? log,
    ActivitySource? activities,
    Action<Exchange, TimeSpan>? answered,
    string? probe = null,
    Func<Exchange, string, IReadOnlyDictionary<string, string>?, ValueTask<bool>>? show = null)
{
    internal const int MaxLoggedPath = 256, MaxLoggedMethod = 32;

    /// <summary>Does not throw, whatever the handler, the log, or a listener to metrics or activities does.</summary>
    public async Task ServeAsync(Exchange exchange)
    {
        if (exchange.WasAnsweredByListener)
            return;
        Activity? activity = null;
        Exception? fault;
        try
        {
            activity = activities?.StartActivity(exchange.Method, ActivityKind.Server);
            fault = await AnswerAsync(exchange).ConfigureAwait(false);
            if (!exchange.IsStreamed)
                fault = await exchange.SendAsync().ConfigureAwait(false) ?? fault;
            else
                exchange.Abort(); // it has ended, whatever ended it: a refusal, too, comes behind the head
        }
        catch (Exception e)
        {
            fault = e;
            exchange.Abort();
        }
        Tell(exchange, activity, fault);
        await exchange.EndAsync().ConfigureAwait(false);
    }

    /// <summary>Tells the log of a fault outside of any request. Does not throw.</summary>
    public void Report(Exception fault)
    {
        try
        {
            log?.Invoke(new LogEntry(clock.GetUtcNow(), LogSeverity.Error, "internal error", Exception: fault));
        }
        catch (Exception)
        {
            // There is nobody else to tell.
        }
    }

    /// <summary>Renders the answer. Returns what went wrong, other than that the request was refused.</summary>
    private async ValueTask<Exception?> AnswerAsync(Exchange exchange)
    {
        try
        {
            RefuseEarly(exchange);
            await serve(exchange).ConfigureAwait(false);
            exchange.HoldAnswer();
            return null;
        }
        catch (RefusalException refusal)
        {
            RefusalStatus.Set(exchange, refusal);
            if (!await ShowsAsync(exchange, refusal.Message, refusal.Errors).ConfigureAwait(false))
                JsonResponder.Refuse(exchange, refusal.Message, refusal.Errors);
            return null;
        }
        catch (HttpRefusalException refusal)
        {
            RefusalStatus.Set(exchange, refusal);
            if (!await ShowsAsync(exchange, refusal.Message).ConfigureAwait(false))
                JsonResponder.Refuse(exchange, refusal.Message, errors: null);
            return null;
        }
        catch (Exception e)
        {
            exchange.Status = 500;
            if (!await ShowsAsync(exchange, "internal error").ConfigureAwait(false))
                JsonResponder.Fault(exchange);
            return e;
        }
    }

    /// <summary>Lets the application say by a page of its own why there is no answer. Does not throw.</summary>
    private async ValueTask<bool> ShowsAsync(Exchange exchange, string message, IReadOnlyDictionary<string, string>? errors = null)
    {
        try
        {
            return show is not null && !exchange.IsStreamed && await show(exchange, message, errors).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Report(e);
            exchange.ContentType = "application/json";
            return false;
        }
    }

    private void RefuseEarly(Exchange exchange)
    {
        exchange.CheckFraming();
        if (exchange.RawTarget.Length > RequestTarget.MaxLength)
            throw new HttpRefusalException(414, $"the request target must be at most {RequestTarget.MaxLength} bytes");
        if (!AnswersFor(exchange))
            throw new HttpRefusalException(421, "this server does not answer for that host");
        if (exchange.HasBody && exchange.Header("Content-Encoding") is { } coding && !coding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            var accepted = new Dictionary<string, string> { ["Accept-Encoding"] = "identity" }; // RFC 9110, section 12.5.3
            throw new HttpRefusalException(415, "the body must be sent without a Content-Encoding") { Headers = accepted };
        }
    }

    /// <summary>
    /// Whether the request is for a host that this is. On a loopback address only loopback's names are, unless others were given: a web page
    /// could make its own name resolve to this machine (DNS rebinding).
    /// </summary>
    private bool AnswersFor(Exchange exchange)
    {
        if (exchange.RawTarget == probe)
            return true;
        if (hosts is not null)
            return hosts.Contains(exchange.HostName);
        return exchange.ListenAddress is not { IsLoopback: true } address || exchange.HostName is "" or "127.0.0.1"
            || exchange.HostName.Equals("localhost", StringComparison.OrdinalIgnoreCase) || exchange.HostName == address.Host;
    }

    /// <summary>Tells the meter, the activity and the log of a request. Does not throw, even if one of those who listen to them does.</summary>
    private void Tell(Exchange exchange, Activity? activity, Exception? fault)
    {
        var duration = Stopwatch.GetElapsedTime(exchange.StartedAt);
        try
        {
            answered?.Invoke(exchange, duration);
        }
        catch (Exception e)
        {
            fault ??= e;
        }
        try
        {
            if (log is not null)
                log(Entry(exchange, duration, fault));
        }
        catch (Exception)
        {
            // There is nobody else to tell.
        }
        try
        {
            End(activity, exchange);
        }
        catch (Exception e)
        {
            Report(e);
        }
    }

    private static void End(Activity? activity, Exchange exchange)
    {
        if (activity is null)
            return;
        using (activity)
        {
            activity.DisplayName = $"{exchange.Method} {exchange.Route}";
            activity.SetTag("http.request.method", exchange.Method).SetTag("http.route", exchange.Route)
                .SetTag("http.response.status_code", exchange.Status).SetTag("tinyforum.request.id", exchange.Id);
            if (exchange.Status >= 500)
                activity.SetStatus(ActivityStatusCode.Error);
        }
    }

    private LogEntry Entry(Exchange exchange, TimeSpan duration, Exception? fault)
    {
        var path = exchange.RawTarget;
        if (path.IndexOf('?', StringComparison.Ordinal) is >= 0 and var mark)
            path = path[..mark];
        path = path[..Math.Min(path.Length, MaxLoggedPath)];
        var method = exchange.Method[..Math.Min(exchange.Method.Length, MaxLoggedMethod)];
        return new LogEntry(
            clock.GetUtcNow(),
            exchange.Status >= 500 ? LogSeverity.Error : LogSeverity.Information,
            fault is null ? "request" : "internal error",
            new RequestSummary(
                exchange.Id, method, Visible(path), exchange.Route, exchange.Status,
                duration, exchange.UserId, exchange.Remote?.Address.ToString(), exchange.BodyLength),
            fault);
    }

    // Control characters could forge lines in the log or control a terminal.
    private static string Visible(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange('!', '~'))
            return text;
        var visible = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (c is >= '!' and <= '~')
                visible.Append(c);
            else
                visible.Append(CultureInfo.InvariantCulture, $"%{(int)c:X2}");
        }
        return visible.ToString();
    }
}
