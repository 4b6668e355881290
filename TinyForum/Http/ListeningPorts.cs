using System.Net;
using System.Net.Sockets;

namespace TinyForum.Http;

/// <summary>
/// The ports that a server listens on, and the HttpListener that reads the requests. The server accepts connections by itself, because
/// HttpListener can't listen on one address and answer to any name there, and can't be kept from throwing where nobody catches
/// (<see cref="ConnectionStream"/>). Where it is not the HttpListener that <see cref="ListenerInternals"/> knows, it accepts them as it does.
/// </summary>
internal sealed class ListeningPorts
{
    private const int Backlog = 512;
    private const int StartAttempts = 20;
    private static readonly TimeSpan Respite = TimeSpan.FromMilliseconds(10);

    private readonly List<(Socket Socket, ListenAddress Address)> _sockets = [];

    private ListeningPorts(HttpListener listener) => Listener = listener;

    public HttpListener Listener { get; }

    /// <summary>The addresses, with the ports that were chosen.</summary>
    public List<ListenAddress> Addresses { get; } = [];

    /// <summary>Whether the server accepts connections by itself.</summary>
    public bool AreOwn => _sockets.Count > 0;

    /// <summary>Opens the ports. Connections wait for <see cref="Accept"/>, if the server accepts them by itself.</summary>
    /// <exception cref="StartException">An address is taken or can't be listened on.</exception>
    public static ListeningPorts Open(IReadOnlyList<ListenAddress> addresses, bool plain = false)
    {
        if (plain || !ListenerInternals.Exist)
            return OpenPlain(addresses);
        var ports = new ListeningPorts(new HttpListener { IgnoreWriteExceptions = true });
        foreach (var address in addresses)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }; // which the accepted ones inherit
            try
            {
                socket.Bind(address.EndPoint);
                socket.Listen(Backlog);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                ports.Close();
                throw new StartException($"cannot listen on {address.Bound}: {Explain(e)}", e);
            }
            var bound = address with { Port = ((IPEndPoint)socket.LocalEndPoint!).Port };
            ports._sockets.Add((socket, bound));
            ports.Addresses.Add(bound);
        }
        ports.Listener.Start(); // without a prefix it listens on nothing
        return ports;
    }

    /// <summary>Begins to accept connections. <paramref name="accepted"/> is called after each, before the next one is accepted.</summary>
    public void Accept(Action? accepted)
    {
        if (!AreOwn)
            return;
        var endPoint = ListenerInternals.NewEndPoint(Listener);
        foreach (var (socket, address) in _sockets)
            _ = AcceptAsync(socket, address, endPoint, accepted);
    }

    /// <summary>Closes the ports; connections stay open.</summary>
    public void Close()
    {
        foreach (var (socket, _) in _sockets)
            socket.Dispose();
        Listener.Prefixes.Clear();
    }

    private static async Task AcceptAsync(Socket socket, ListenAddress address, object endPoint, Action? accepted)
    {
        while (!socket.SafeHandle.IsClosed)
        {
            try
            {
                var connection = await socket.AcceptAsync().ConfigureAwait(false);
                ThreadPool.UnsafeQueueUserWorkItem(static c => Begin(c.connection, c.address, c.endPoint), (connection, address, endPoint), preferLocal: false);
                accepted?.Invoke();
            }
            catch (Exception)
            {
                // It is closed, or the client has left already, or there is no memory or descriptor for it, and will be again.
                Thread.Sleep(Respite);
            }
        }
    }

    private static void Begin(Socket socket, ListenAddress address, object endPoint)
    {
        try
        {
            ConnectionStream.Begin(socket, address, endPoint);
        }
        catch (Exception)
        {
            socket.Dispose(); // no memory for it, or it is closed already
        }
    }

    private static ListeningPorts OpenPlain(IReadOnlyList<ListenAddress> addresses)
    {
        if (addresses.FirstOrDefault(a => a.Prefixes.Count == 0) is { } impossible)
            throw new StartException($"cannot listen on {impossible.Bound}: the HttpListener of this .NET can't listen on it alone");
        for (var attempt = 1; ; attempt++)
        {
            var ports = new ListeningPorts(new HttpListener { IgnoreWriteExceptions = true });
            ports.Addresses.AddRange(addresses.Select(a => a.WithFreePort()));
            try
            {
                foreach (var prefix in ports.Addresses.SelectMany(a => a.Prefixes))
                    ports.Listener.Prefixes.Add(prefix);
                ports.Listener.Start();
                return ports;
            }
            catch (Exception e) when (e is HttpListenerException or SocketException)
            {
                ports.Listener.Close();
                // Someone else may have taken the free port between the probe and the start.
                if (attempt == StartAttempts || !addresses.Any(a => a.Port == 0))
                    throw new StartException($"cannot listen on {string.Join(", ", ports.Addresses.Select(a => a.Bound))}: {Explain(e)}", e);
            }
        }
    }

    private static string Explain(Exception e) => e switch
    {
        HttpListenerException { ErrorCode: 98 or 48 or 183 or 400 } => "the port is taken",
        SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } => "the port is taken",
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable } => "this machine has no such address",
        _ => e.Message,
    };
}
