using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TinyForum.Bench;

/// <summary>
/// Enough of wrk for where it is not installed: the same arguments, the same lines of output, of the script the variables and the cookies in turn.
/// </summary>
internal static class LoadClient
{
    public static Command Command()
    {
        var connections = new Option<int>("-c");
        var duration = new Option<string>("-d");
        var latency = new Option<bool>("--latency");
        var script = new Option<FileInfo>("-s");
        var url = new Argument<Uri>("url");
        var command = new Command("load") { connections, duration, latency, script, url };
        command.Hidden = true;
        command.SetAction((arguments, _) => RunAsync(
            arguments.GetRequiredValue(url), File.ReadAllText(arguments.GetRequiredValue(script).FullName), arguments.GetValue(connections),
            TimeSpan.FromSeconds(int.Parse(arguments.GetRequiredValue(duration).TrimEnd('s'), CultureInfo.InvariantCulture))));
        return command;
    }

    private static async Task RunAsync(Uri url, string script, int connections, TimeSpan duration)
    {
        var requests = Requests(url, script);
        var latencies = new List<long>[connections];
        var failures = 0;
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(i => Task.Run(() => DriveAsync(latencies[i] = []))));
        var elapsed = Stopwatch.GetElapsedTime(start);
        var sorted = latencies.SelectMany(l => l).Order().ToList();
        if (failures > 0)
            Console.WriteLine($"Non-2xx or 3xx responses: {failures}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"50% {Microseconds(0.5):F2}us\n99% {Microseconds(0.99):F2}us"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Requests/sec: {sorted.Count / elapsed.TotalSeconds:F2}"));

        double Microseconds(double quantile) => Stopwatch.GetElapsedTime(0, sorted[(int)(quantile * (sorted.Count - 1))]).TotalMicroseconds;

        async Task DriveAsync(List<long> mine)
        {
            var connection = new HttpConnection(url);
            var turn = Random.Shared.Next(requests.Count);
            while (Stopwatch.GetElapsedTime(start) < duration)
            {
                var sent = Stopwatch.GetTimestamp();
                if (await connection.AskAsync(requests[turn++ % requests.Count]) is < 200 or > 399)
                    Interlocked.Increment(ref failures);
                mine.Add(Stopwatch.GetTimestamp() - sent);
            }
            connection.Dispose();
        }
    }

    private static List<byte[]> Requests(Uri url, string script)
    {
        var cookies = Between("for cookie in ([[", "]]")?.Split(' ');
        cookies ??= [Between("wrk.headers[\"Cookie\"] = \"", "\"")!];
        var body = Between("wrk.body = [[", "]]");
        return [.. cookies.Select(cookie => HttpConnection.Format(body is null ? "GET" : "POST", url, cookie, body))];

        string? Between(string before, string after)
        {
            var at = script.IndexOf(before, StringComparison.Ordinal);
            if (at < 0)
                return null;
            at += before.Length;
            return script[at..script.IndexOf(after, at, StringComparison.Ordinal)];
        }
    }
}

/// <summary>A keep-alive connection that reads no more of an answer than its status and length, and reconnects when the server closes.</summary>
internal sealed class HttpConnection(Uri url, int bufferSize = 256 * 1024) : IDisposable
{
    private readonly byte[] _buffer = new byte[bufferSize];
    private Socket? _socket;

    public static byte[] Format(string method, Uri url, string? cookie = null, string? body = null, string headers = "") => Encoding.UTF8.GetBytes(
        $"{method} {url.PathAndQuery} HTTP/1.1\r\nHost: {url.Authority}\r\n{(cookie is null ? "" : $"Cookie: {cookie}\r\n")}{headers}"
        + (body is null ? "\r\n" : $"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"));

    /// <summary>Whether the server has left the connection open.</summary>
    public bool IsOpen => _socket is { } socket && !(socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0);

    /// <summary>Sends the request and reads its answer.</summary>
    /// <returns>The status code.</returns>
    public async Task<int> AskAsync(ReadOnlyMemory<byte> request)
    {
        var socket = Connect();
        await socket.SendAsync(request);
        var length = 0;
        while (true)
        {
            var read = await socket.ReceiveAsync(_buffer.AsMemory(length));
            if (read == 0)
                throw new IOException("the server closed the connection within an answer");
            length += read;
            if (Complete(length) is { } status)
                return status;
        }
    }

    /// <summary>As <see cref="AskAsync"/>, allocating nothing.</summary>
    public int Ask(ReadOnlySpan<byte> request)
    {
        var socket = Connect();
        socket.Send(request);
        var length = 0;
        while (true)
        {
            length += socket.Receive(_buffer.AsSpan(length));
            if (Complete(length) is { } status)
                return status;
        }
    }

    public void Dispose() => _socket?.Dispose();

    private Socket Connect()
    {
        if (_socket is not null)
            return _socket;
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Connect(IPAddress.Parse(url.Host), url.Port);
            return _socket = socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private int? Complete(int length)
    {
        var answer = _buffer.AsSpan(0, length);
        var end = answer.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return null;
        var head = answer[..end];
        var status = (head[9] - '0') * 100 + (head[10] - '0') * 10 + head[11] - '0';
        var field = head.IndexOf("Content-Length: "u8);
        if (field >= 0)
        {
            _ = System.Buffers.Text.Utf8Parser.TryParse(head[(field + 16)..], out int body, out _);
            if (length < end + 4 + body)
                return null;
        }
        if (head.IndexOf("Connection: close"u8) >= 0)
        {
            _socket!.Dispose();
            _socket = null;
        }
        return status;
    }
}
