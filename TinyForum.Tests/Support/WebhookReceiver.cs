using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace TinyForum.Tests.Support;

/// <summary>A message that a <see cref="WebhookReceiver"/> got.</summary>
internal sealed record ReceivedMessage(string Request, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Id => Headers["webhook-id"];

    public JsonNode Json => JsonNode.Parse(Body)!;

    public string Kind => (string)Json["type"]!;
}

/// <summary>Who takes a webhook's messages, and answers as a test wants.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ended = new();
    private readonly Func<ReceivedMessage, Stream, CancellationToken, Task> _answer;
    private readonly SemaphoreSlim _came = new(0);
    private readonly X509Certificate2? _certificate;
    private readonly Task _running;

    /// <param name="answer">Writes an answer, each with <c>Connection: close</c>; by default 204.</param>
    /// <param name="certificate">With which it takes messages over https alone.</param>
    public WebhookReceiver(Func<ReceivedMessage, Stream, CancellationToken, Task>? answer = null, X509Certificate2? certificate = null)
    {
        _certificate = certificate;
        _answer = answer ?? ((_, to, _) => AnswerAsync(to, "204 No Content"));
        _listener.Start();
        _running = RunAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public string Url => _certificate is null ? $"http://127.0.0.1:{Port}/hook" : $"https://localhost:{Port}/hook";

    public ConcurrentQueue<ReceivedMessage> Received { get; } = new();

    public static Task AnswerAsync(Stream to, string status, params string[] headers) => to.WriteAsync(Encoding.ASCII.GetBytes(
        $"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n{string.Concat(headers.Select(h => $"{h}\r\n"))}\r\n")).AsTask();

    /// <summary>Waits until so many messages have come in all.</summary>
    public async Task<IReadOnlyList<ReceivedMessage>> WaitForAsync(int count)
    {
        while (Received.Count < count)
            await WaitForOneAsync();
        return [.. Received];
    }

    /// <summary>Waits for a message that was not waited for.</summary>
    public async Task WaitForOneAsync() => Assert.IsTrue(await _came.WaitAsync(TimeSpan.FromSeconds(60)), $"{Received.Count} messages came, and no other");

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _listener.Stop();
        await _running;
    }

    private async Task RunAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
                open.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_ended.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await using var stream = await StreamOfAsync(client);
                if (await ReadAsync(stream) is not { } message)
                    return;
                Received.Enqueue(message);
                _came.Release();
                await _answer(message, stream, _ended.Token);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or AuthenticationException)
            {
                // The sender has gone.
            }
        }
    }

    private async Task<Stream> StreamOfAsync(TcpClient client)
    {
        if (_certificate is null)
            return client.GetStream();
        var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsServerAsync(_certificate);
        return tls;
    }

    private async Task<ReceivedMessage?> ReadAsync(Stream stream)
    {
        var bytes = new List<byte>();
        var one = new byte[1];
        while (bytes.Count < 4 || !bytes[^4..].SequenceEqual("\r\n\r\n"u8.ToArray()))
        {
            if (await stream.ReadAsync(one, _ended.Token) == 0)
                return null;
            bytes.Add(one[0]);
        }
        var lines = Encoding.ASCII.GetString([.. bytes]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines.Skip(1).Select(l => l.Split(": ", 2)).ToDictionary(h => h[0], h => h[1], StringComparer.OrdinalIgnoreCase);
        var body = new byte[int.Parse(headers["Content-Length"])];
        await stream.ReadExactlyAsync(body, _ended.Token);
        return new ReceivedMessage(lines[0], headers, body);
    }
}
