using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace TinyForum.Http;

/// <summary>
/// The one place where requests come in and answers go out. It refuses what no handler should see, turns refusals into the envelope and
/// any other exception into a logged "internal error", sends the answer and reports it. Requests may be for any host if there are no
/// <paramref name="hosts"/>, which have no port.
/// </summary>
internal sealed class Boundary(
    Func<Exchange, ValueTask> serve,
    IReadOnlySet<string>? hosts,
    TimeProvider clock,
    Action<LogEntry>? log,
    ActivitySource? activities,
    Action<Exchange, TimeSpan>? answered)
{
    internal const int MaxLoggedPath = 256, MaxLoggedMethod = 32;

    /// <summary>Does not throw.</summary>
    public async Task ServeAsync(Exchange exchange)
    {
        if (HasBeenAnswered(exchange))
            return;
        using var activity = activities?.StartActivity(exchange.Method, ActivityKind.Server);
        Exception? fault = null;
        try
        {
            RefuseEarly(exchange);
            await serve(exchange).ConfigureAwait(false);
        }
        catch (RefusalException refusal)
        {
            JsonResponder.Refuse(exchange, refusal);
        }
        catch (HttpRefusalException refusal)
        {
            JsonResponder.Refuse(exchange, refusal);
        }
        catch (Exception e)
        {
            fault = e;
            JsonResponder.Fault(exchange);
        }
        await exchange.SendAsync().ConfigureAwait(false);
        Tell(exchange, activity, fault);
    }

    /// <summary>The listener sends a 411 itself to a POST or PUT without a length, but still hands it on.</summary>
    private static bool HasBeenAnswered(Exchange exchange) =>
        exchange.Method is "POST" or "PUT" && exchange.ContentLength is null && exchange.Header("Transfer-Encoding") is null;

    private void RefuseEarly(Exchange exchange)
    {
        // Reading a chunked body, or letting the listener skip it, can end the process: leave it alone and close the connection.
        if (exchange.Header("Transfer-Encoding") is not null)
        {
            exchange.CloseConnection = true;
            throw new HttpRefusalException(411, "the body needs a Content-Length and no Transfer-Encoding");
        }
        if (exchange.RawTarget.Length > RequestTarget.MaxLength)
            throw new HttpRefusalException(414, $"the request target must be at most {RequestTarget.MaxLength} bytes");
        if (hosts is not null && !hosts.Contains(exchange.HostName))
            throw new HttpRefusalException(421, "this server does not answer for that host");
    }

    private void Tell(Exchange exchange, Activity? activity, Exception? fault)
    {
        var duration = Stopwatch.GetElapsedTime(exchange.StartedAt);
        answered?.Invoke(exchange, duration);
        if (activity is not null)
        {
            activity.DisplayName = $"{exchange.Method} {exchange.Route}";
            activity.SetTag("http.request.method", exchange.Method).SetTag("http.route", exchange.Route)
                .SetTag("http.response.status_code", exchange.Status).SetTag("tinyforum.request.id", exchange.Id);
            if (exchange.Status >= 500)
                activity.SetStatus(ActivityStatusCode.Error);
        }
        if (log is null)
            return;
        var path = exchange.RawTarget;
        if (path.IndexOf('?', StringComparison.Ordinal) is >= 0 and var mark)
            path = path[..mark];
        path = path[..Math.Min(path.Length, MaxLoggedPath)];
        var method = exchange.Method[..Math.Min(exchange.Method.Length, MaxLoggedMethod)];
        log(new LogEntry(
            clock.GetUtcNow(),
            exchange.Status >= 500 ? LogSeverity.Error : LogSeverity.Information,
            fault is null ? "request" : "internal error",
            new RequestSummary(
                exchange.Id, method, Visible(path), exchange.Route, exchange.Status,
                duration, exchange.UserId, exchange.Remote?.Address.ToString(), exchange.BodyLength),
            fault));
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
