using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TinyForum.Http;

/// <summary>
/// A few requests that the process serves itself on a port that nobody knows, before it opens the real one. HttpListener begins to accept before a
/// field of its own is set, once per process, and a client that hammers the port meanwhile makes it throw: no client can yet. And an assembly that is
/// first needed while connections take up every descriptor is not found, then and ever after: what requests need is loaded by then.
/// </summary>
internal static class Rehearsal
{
    private static readonly Lock Gate = new();
    private static Task? _run;

    /// <summary>Rehearses, if this process has not yet. Does not throw.</summary>
    /// <param name="serve">Serves the requests; neither log nor metrics hear of them.</param>
    /// <param name="requests">They change nothing, and each ends its connection.</param>
    public static Task Once(Func<Exchange, ValueTask> serve, IReadOnlyList<string> requests)
    {
        lock (Gate)
            return _run ??= RunAsync(serve, requests);
    }

    private static async Task RunAsync(Func<Exchange, ValueTask> serve, IReadOnlyList<string> requests)
    {
        try
        {
            using var telemetry = new Telemetry();
            var boundary = new Boundary(serve, log: null, telemetry, TimeProvider.System, hosts: null);
            await using var loop = ListenerLoop.Start([new ListenAddress("127.0.0.1", 0)], boundary, new ConnectionLimits(), _ => { }, TimeSpan.FromSeconds(1));
            foreach (var request in requests)
            {
                using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 1000 };
                client.Connect(IPAddress.Loopback, loop.Addresses[0].Port);
                client.Send(Encoding.ASCII.GetBytes(request));
                var answer = new byte[4096];
                while (client.Receive(answer) > 0)
                    continue;
            }
        }
        catch (Exception e) when (e is StartException or SocketException)
        {
            // It only makes ready.
        }
    }
}
