using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TinyForum.Http;

/// <summary>
/// A request that the process serves itself on a port that nobody knows, before it opens the real one. An assembly that is first needed while
/// connections take up every descriptor is not found, then and ever after: what requests need is loaded by then.
/// </summary>
internal static class WarmUp
{
    private static readonly Lock Gate = new();
    private static Task? _run;

    /// <summary>
    /// Rehearses, if this process has not yet, with a request that changes nothing and ends its connection. Does not throw. The types are out
    /// of assemblies that others need: to name them is to load them.
    /// </summary>
    public static Task Once(Func<Exchange, ValueTask> serve, string request, IReadOnlyList<Type> _)
    {
        lock (Gate)
            return _run ??= RunAsync(serve, request);
    }

    private static async Task RunAsync(Func<Exchange, ValueTask> serve, string request)
    {
        try
        {
            foreach (var coding in new[] { ContentCoding.Brotli, ContentCoding.Gzip })
                ContentCodings.Compress([0], coding); // has libraries of its own
            var boundary = new Boundary(serve, hosts: null, TimeProvider.System, log: null, activities: null, answered: null);
            var limits = new ConnectionLimits { SweepInterval = TimeSpan.FromMilliseconds(1) };
            await using var loop = ListenerLoop.Start([new ListenAddress("127.0.0.1", 0)], boundary, limits, _ => { }, TimeSpan.FromSeconds(1));
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            using var idle = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp); // for the guard to end
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            foreach (var socket in new[] { idle, client })
                await socket.ConnectAsync(IPAddress.Loopback, loop.Addresses[0].Port, timeout.Token).ConfigureAwait(false);
            await client.SendAsync(Encoding.ASCII.GetBytes(request), timeout.Token).ConfigureAwait(false);
            var answer = new byte[4096];
            while (await client.ReceiveAsync(answer, timeout.Token).ConfigureAwait(false) > 0)
                continue;
        }
        catch (Exception e) when (e is StartException or SocketException or OperationCanceledException)
        {
            // It only makes ready.
        }
    }
}
