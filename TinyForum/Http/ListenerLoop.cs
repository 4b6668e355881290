using System.Diagnostics;
using System.Net;
using TinyForum.Http.Guard;

namespace TinyForum.Http;

/// <summary>
/// The HttpListener loop: takes contexts as they come and hands each to the boundary. Several takes are outstanding at any time, so that a
/// request, which is served on the thread that took it, does not delay the next.
/// </summary>
internal sealed class ListenerLoop : IAsyncDisposable
{
    private const int OutstandingTakes = 8;

    private static readonly TimeSpan Respite = TimeSpan.FromMilliseconds(10);

    private readonly ListeningPorts _ports;
    private readonly Boundary _boundary;
    private readonly ConnectionLimits _limits;
    private readonly TimeSpan _drain;
    private readonly string _basePath;
    private readonly ArrayBudget _bodies, _answers;
    private readonly CancellationTokenSource _stopping = new();
    private int _inFlight;

    private ListenerLoop(
        ListeningPorts ports, ConnectionGuard? guard, Boundary boundary, ConnectionLimits limits, TimeSpan drain, string basePath)
    {
        (_ports, Guard, _boundary, _limits, _drain, _basePath) = (ports, guard, boundary, limits, drain, basePath);
        (_bodies, _answers) = (new ArrayBudget(limits.MaxBodyMemory), new ArrayBudget(limits.MaxAnswerMemory));
        for (var i = 0; i < OutstandingTakes; i++)
            Take();
        ports.Accept(guard is null ? null : guard.Accepted);
    }

    /// <summary>The guard of the connections; <see langword="null"/> where it can't work.</summary>
    public ConnectionGuard? Guard { get; }

    /// <summary>The addresses it listens on, with the ports that were chosen.</summary>
    public IReadOnlyList<ListenAddress> Addresses => _ports.Addresses;

    /// <summary>The memory of answers that are not sent yet.</summary>
    public long UnsentBytes => _answers.Held;

    /// <summary>The memory of bodies that are arriving.</summary>
    public long BodyBytes => _bodies.Held;

    /// <summary>How many accepted requests are not answered yet.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>
    /// Starts listening; a port of 0 is replaced by a free one. <paramref name="warn"/> gets a line for the operator if the limits can't be
    /// enforced, and disposal waits for accepted requests as long as <paramref name="drain"/>. <paramref name="plain"/> leaves accepting
    /// connections to HttpListener, as on Windows: for tests. <paramref name="basePath"/> is the path below which clients may know the server.
    /// </summary>
    /// <exception cref="StartException">An address is taken or can't be listened on.</exception>
    public static ListenerLoop Start(
        IReadOnlyList<ListenAddress> addresses, Boundary boundary, ConnectionLimits limits, Action<string> warn, TimeSpan drain, bool plain = false,
        string basePath = "")
    {
        var ports = ListeningPorts.Open(addresses, plain);
        if (!ports.AreOwn)
            warn("this .NET has another HttpListener: chunked bodies are refused, and clients get less protection from one another (docs/http.md)");
        var guard = ConnectionGuard.TryStart(ports.Addresses.Select(a => a.EndPoint), ports.AreOwn, limits, out var note);
        if (note is not null)
            warn(note);
        return new ListenerLoop(ports, guard, boundary, limits, drain, basePath);
    }

    /// <summary>Stops accepting, lets accepted requests finish, then closes every connection.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
            return;
        await _stopping.CancelAsync().ConfigureAwait(false);
        _ports.Close();
        var deadline = Stopwatch.GetTimestamp() + (long)(_drain.TotalSeconds * Stopwatch.Frequency);
        while (InFlight > 0 && Stopwatch.GetTimestamp() < deadline)
            await Task.Delay(5).ConfigureAwait(false);
        Guard?.Shutdown(); // otherwise closing sends a stray 200 to every connection
        _ports.Listener.Close();
        Guard?.Dispose();
    }

    private void Take()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                _ports.Listener.BeginGetContext(static state => ((ListenerLoop)state.AsyncState!).Taken(state), this);
                return;
            }
            catch (Exception e) when (e is ObjectDisposedException or InvalidOperationException)
            {
                return; // closed
            }
            catch (Exception)
            {
                Thread.Sleep(Respite); // until there is memory: without a take, no request would ever be served
            }
        }
    }

    private void Taken(IAsyncResult result)
    {
        HttpListenerContext? context = null;
        try
        {
            context = _ports.Listener.EndGetContext(result);
        }
        catch (Exception)
        {
            // Closed, or without memory.
        }
        Interlocked.Increment(ref _inFlight);
        Take();
        _ = ServeAsync(context);
    }

    /// <summary>Does not throw.</summary>
    private async Task ServeAsync(HttpListenerContext? context)
    {
        GuardedConnection? connection = null;
        try
        {
            if (context is null)
                return;
            using var exchange = new Exchange(context, _bodies, _answers, _basePath)
            {
                CloseConnection = _stopping.IsCancellationRequested,
                BodyTimeout = _limits.BodyTimeout,
                Stopping = _stopping.Token,
            };
            if (Guard is not null && exchange.Remote is { } remote && (connection = exchange.Connection = Guard.BeginRequest(remote)) is null)
                exchange.Abort(); // it was just cut off: the request must have no effect
            else
                await _boundary.ServeAsync(exchange).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Exchange.Abort(context!);
            _boundary.Report(e);
        }
        finally
        {
            connection?.EndRequest();
            Interlocked.Decrement(ref _inFlight);
        }
    }
}
