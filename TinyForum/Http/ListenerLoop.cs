using System.Diagnostics;
using System.Net;
using System.Runtime.ExceptionServices;

namespace TinyForum.Http;

/// <summary>
/// The HttpListener loop: takes contexts as they come and hands each to the boundary. Several takes are outstanding at any time, so that a
/// request, which is served on the thread that took it, does not delay the next.
/// </summary>
internal sealed class ListenerLoop : IAsyncDisposable
{
    private const int OutstandingTakes = 8;
    private const int StartAttempts = 20;
    private const StringComparison Ordinal = StringComparison.Ordinal;

    /// <summary>Whether the process lives on when HttpListener fails on a thread of its own; there can be one such handler.</summary>
    private static readonly Lazy<bool> IgnoresListener = new(() =>
    {
        try
        {
            ExceptionHandling.SetUnhandledExceptionHandler(IsOfListener);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    });

    private readonly HttpListener _listener;
    private readonly Boundary _boundary;
    private readonly TimeSpan _drain, _bodyTimeout;
    private int _inFlight;
    private volatile bool _stopping;

    private ListenerLoop(
        HttpListener listener, ConnectionGuard? guard, IReadOnlyList<ListenAddress> addresses, Boundary boundary, ConnectionLimits limits, TimeSpan drain)
    {
        (_listener, Guard, Addresses, _boundary, _bodyTimeout, _drain) = (listener, guard, addresses, boundary, limits.BodyTimeout, drain);
        for (var i = 0; i < OutstandingTakes; i++)
            Take();
    }

    /// <summary>The guard of the connections; <see langword="null"/> where it can't work.</summary>
    public ConnectionGuard? Guard { get; }

    /// <summary>The addresses it listens on, with the ports that were chosen.</summary>
    public IReadOnlyList<ListenAddress> Addresses { get; }

    /// <summary>How many accepted requests are not answered yet.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>
    /// Starts listening; a port of 0 is replaced by a free one. <paramref name="warn"/> gets a line for the operator if the limits can't be
    /// enforced, and disposal waits for accepted requests as long as <paramref name="drain"/>.
    /// </summary>
    /// <exception cref="StartException">An address is taken or can't be listened on.</exception>
    public static ListenerLoop Start(
        IReadOnlyList<ListenAddress> addresses, Boundary boundary, ConnectionLimits limits, Action<string> warn, TimeSpan drain)
    {
        for (var attempt = 1; ; attempt++)
        {
            var chosen = addresses.Select(a => a.WithFreePort()).ToList();
            var listener = new HttpListener { IgnoreWriteExceptions = true };
            try
            {
                foreach (var prefix in chosen.SelectMany(a => a.Prefixes))
                    listener.Prefixes.Add(prefix);
                listener.Start();
                if (!IgnoresListener.Value)
                    warn("a client can end the process: it has a handler for unhandled exceptions already (docs/http.md)");
                var guard = ConnectionGuard.TryStart(listener, limits, out var note);
                if (note is not null)
                    warn(note);
                return new ListenerLoop(listener, guard, chosen, boundary, limits, drain);
            }
            catch (Exception e) when (e is HttpListenerException or System.Net.Sockets.SocketException or ArgumentNullException)
            {
                listener.Close();
                var clientWasFaster = e is ArgumentNullException; // rare: see WarmUp
                if (clientWasFaster)
                {
                    // The socket was left listening, but nothing refers to it: its finalizer closes it.
                    GC.Collect();
                    GC.WaitForPendingFinalizers();
                }
                // Someone else may have taken the free port between the probe and the start.
                if (attempt == StartAttempts || (!clientWasFaster && !addresses.Any(a => a.Port == 0)))
                    throw new StartException($"cannot listen on {string.Join(", ", chosen.Select(a => a.Url))}: {Explain(e)}", e);
            }
        }
    }

    /// <summary>Stops accepting, lets accepted requests finish, then closes every connection.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping)
            return;
        _stopping = true;
        _listener.Prefixes.Clear(); // closes the ports; connections stay open
        var deadline = Stopwatch.GetTimestamp() + (long)(_drain.TotalSeconds * Stopwatch.Frequency);
        while (InFlight > 0 && Stopwatch.GetTimestamp() < deadline)
            await Task.Delay(5).ConfigureAwait(false);
        Guard?.Shutdown(); // otherwise closing sends a stray 200 to every connection
        _listener.Close();
        Guard?.Dispose();
    }

    private void Take()
    {
        try
        {
            _listener.BeginGetContext(static state => ((ListenerLoop)state.AsyncState!).Taken(state), this);
        }
        catch (Exception e) when (e is ObjectDisposedException or HttpListenerException or InvalidOperationException)
        {
            // Closed.
        }
    }

    private void Taken(IAsyncResult result)
    {
        HttpListenerContext context;
        try
        {
            context = _listener.EndGetContext(result);
        }
        catch (Exception e) when (e is ObjectDisposedException or HttpListenerException)
        {
            if (!_stopping && _listener.IsListening)
                Take();
            return;
        }
        Interlocked.Increment(ref _inFlight);
        Take();
        _ = ServeAsync(context);
    }

    private async Task ServeAsync(HttpListenerContext context)
    {
        GuardedConnection? connection = null;
        try
        {
            using var exchange = new Exchange(context) { CloseConnection = _stopping, BodyTimeout = _bodyTimeout };
            if (Guard is not null && exchange.Remote is { } remote && (connection = exchange.Connection = Guard.BeginRequest(remote)) is null)
                context.Response.Abort(); // it was just cut off: the request must have no effect
            else
                await _boundary.ServeAsync(exchange).ConfigureAwait(false);
        }
        finally
        {
            connection?.EndRequest();
            Interlocked.Decrement(ref _inFlight);
        }
    }

    // HttpListener answers a malformed request by itself, and throws from its own callbacks if the client takes that answer in too slowly,
    // or if it is closed meanwhile. Nobody else's code is on the stack then.
    private static bool IsOfListener(Exception e)
    {
        var trace = e.StackTrace ?? "";
        return (trace.Contains("at System.Net.HttpListener", Ordinal) || trace.Contains("at System.Net.HttpConnection.", Ordinal))
            && trace.Split('\n').All(line => line.TrimStart() is var l && (!l.StartsWith("at ", Ordinal) || l.StartsWith("at System.", Ordinal)));
    }

    private static string Explain(Exception e) =>
        e is HttpListenerException { ErrorCode: 98 or 48 or 183 or 400 }
        or System.Net.Sockets.SocketException { SocketErrorCode: System.Net.Sockets.SocketError.AddressAlreadyInUse }
        ? "the port is taken" : e.Message;
}
