using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TinyForum.Http.Guard;

namespace TinyForum.Tests.Support;

/// <summary>A listener with a guard and the shortest of server loops.</summary>
internal sealed class GuardedListener : IAsyncDisposable
{
    private readonly HttpListener _listener;
    private readonly int _port;
    private readonly Task _loop;
    private int _serving, _served;

    public GuardedListener(ConnectionLimits options)
    {
        (_listener, _port) = Listen();
        Guard = ConnectionGuard.TryStart([new(IPAddress.Loopback, _port)], hearsAccepts: false, options, out var note)
            ?? throw new InvalidOperationException(note);
        Note = note;
        _loop = Task.Run(LoopAsync);
    }

    public ConnectionGuard Guard { get; }

    public string? Note { get; }

    public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Serving => Volatile.Read(ref _serving);

    public int Served => Volatile.Read(ref _served);

    public async Task<GuardedClient> ConnectAsync(CancellationToken token, string from = "127.0.0.1")
    {
        var client = new GuardedClient(from);
        await client.ConnectAsync(_port, token);
        return client;
    }

    public static string Get(string target) => $"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

    public static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        bytes.AsSpan().Fill((byte)'a');
        return bytes;
    }

    public void Stop() => _listener.Close();

    public async ValueTask DisposeAsync()
    {
        Gate.TrySetResult();
        Guard.Shutdown();
        Stop();
        Guard.Dispose();
        await _loop;
    }

    private static (HttpListener, int) Listen()
    {
        while (true)
        {
            using var probe = new TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            var port = ((IPEndPoint)probe.LocalEndpoint).Port;
            probe.Stop();
            var listener = new HttpListener { IgnoreWriteExceptions = true };
            listener.Prefixes.Add($"http://127.0.0.1:{port}/");
            try
            {
                listener.Start();
                return (listener, port);
            }
            catch (HttpListenerException)
            {
                // Another test was faster.
            }
        }
    }

    private async Task LoopAsync()
    {
        while (true)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                _ = Task.Run(() => ServeAsync(context));
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(HttpListenerContext context)
    {
        if (Guard.BeginRequest(context.Request.RemoteEndPoint) is not { } connection)
        {
            context.Response.Abort();
            return;
        }
        Interlocked.Increment(ref _serving);
        try
        {
            await AnswerAsync(context, connection);
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or IOException or InvalidOperationException)
        {
            // The client was cut off.
        }
        finally
        {
            connection.EndRequest();
            Interlocked.Decrement(ref _serving);
            Interlocked.Increment(ref _served);
        }
    }

    private async Task AnswerAsync(HttpListenerContext context, GuardedConnection connection)
    {
        var (request, response) = (context.Request, context.Response);
        byte[] body = [.. "hello"u8];
        switch (request.RawUrl)
        {
            case "/wait":
                await Gate.Task;
                break;
            case "/large":
                body = Bytes(1 << 26);
                break;
            case "/two-writes":
                response.ContentLength64 = body.Length;
                await response.OutputStream.WriteAsync(body.AsMemory(0, 2));
                await response.OutputStream.WriteAsync(body.AsMemory(2));
                response.Close();
                return;
            case "/body":
                connection.BeginBody();
                try
                {
                    var buffer = new byte[8192];
                    long length = 0;
                    int read;
                    while ((read = await request.InputStream.ReadAsync(buffer)) > 0)
                        length += read;
                    body = Encoding.ASCII.GetBytes($"{length} bytes");
                }
                finally
                {
                    connection.EndBody();
                }
                break;
        }
        response.ContentLength64 = body.Length;
        await response.OutputStream.WriteAsync(body);
        response.Close();
    }
}

/// <summary>A socket that says what it is told to; nothing waits longer than the generous limit.</summary>
internal sealed class GuardedClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    public GuardedClient(string from) => _socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));

    public async Task ConnectAsync(int port, CancellationToken token) => await _socket.ConnectAsync(IPAddress.Loopback, port, token);

    public async Task SendAsync(string text, CancellationToken token) => await _socket.SendAsync(Encoding.ASCII.GetBytes(text), token);

    /// <summary>Sends the same again and again until the other end has had enough. Returns the bytes sent.</summary>
    public async Task<long> SendForEverAsync(byte[] bytes, TimeSpan pause, CancellationToken token, long most = long.MaxValue)
    {
        using var timeout = Limit(token);
        using var pace = new PeriodicTimer(pause == TimeSpan.Zero ? TimeSpan.FromDays(1) : pause);
        long sent = 0;
        try
        {
            while (sent < most)
            {
                sent += await _socket.SendAsync(bytes, timeout.Token);
                if (pause != TimeSpan.Zero)
                    await pace.WaitForNextTickAsync(timeout.Token);
            }
        }
        catch (SocketException)
        {
        }
        return sent;
    }

    public async Task<string> GetAsync(string target, CancellationToken token)
    {
        await SendAsync(GuardedListener.Get(target), token);
        return await ReadAnswerAsync(token);
    }

    /// <summary>Reads one answer: a header and as much as its Content-Length says.</summary>
    public async Task<string> ReadAnswerAsync(CancellationToken token)
    {
        var text = "";
        while (!IsComplete(text))
        {
            var more = await ReadSomeAsync(4096, token);
            if (more.Length == 0)
                Assert.Fail($"closed after \"{text}\"");
            text += more;
        }
        return text;
    }

    /// <summary>All that comes until the other end closes or resets the connection.</summary>
    public async Task<string> ReadToEndAsync(CancellationToken token)
    {
        var text = "";
        while (await ReadSomeAsync(4096, token) is { Length: > 0 } more)
            text += more;
        return text;
    }

    public async Task<string> ReadSomeAsync(int most, CancellationToken token)
    {
        using var timeout = Limit(token);
        var buffer = new byte[most];
        try
        {
            return Encoding.Latin1.GetString(buffer, 0, await _socket.ReceiveAsync(buffer, timeout.Token));
        }
        catch (SocketException)
        {
            return "";
        }
    }

    public void Dispose() => _socket.Dispose();

    private static bool IsComplete(string text)
    {
        const string Field = "Content-Length: ";
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var field = text.IndexOf(Field, StringComparison.Ordinal);
        return end >= 0 && field >= 0
            && text.Length - end - 4 >= int.Parse(text[(field + Field.Length)..].Split('\r')[0], CultureInfo.InvariantCulture);
    }

    private static CancellationTokenSource Limit(CancellationToken token)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(token);
        source.CancelAfter(TimeSpan.FromMinutes(1));
        return source;
    }
}
