using System.Text.RegularExpressions;

namespace TinyForum.Tests.Support;

/// <summary>A client that reads nothing, and what the kernel keeps for it at the server, which has a post of each of three lengths.</summary>
internal sealed partial class IdleReader(Uri url) : IDisposable
{
    public const string Malformed = "GET / HTTP/1.1\nno header\n\n";

    /// <summary>Requests with smaller and smaller answers, the last one smaller than that to the malformed one.</summary>
    private static readonly string[] Requests =
    [
        "GET /api/openapi.json HTTP/1.1\nHost: 127.0.0.1\n\n",
        "GET /api/posts/1 HTTP/1.1\nHost: 127.0.0.1\n\n",
        "GET /api/posts/2 HTTP/1.1\nHost: 127.0.0.1\n\n",
        "GET /api/posts/3 HTTP/1.1\nHost: 127.0.0.1\n\n",
        "OPTIONS /healthz HTTP/1.1\nHost: 127.0.0.1\n\n",
    ];

    private readonly RawClient _client = new(url, receiveBuffer: 1);

    /// <summary>Bytes that the server has sent and the client's system has not taken in; none once the connection is gone.</summary>
    private long Unread
    {
        get
        {
            var ends = $":{url.Port:X4} 0100007F:{_client.Port:X4} ";
            var line = File.ReadLines("/proc/net/tcp").FirstOrDefault(l => l.Contains(ends, StringComparison.Ordinal));
            return line is null ? 0 : Convert.ToInt64(line.Split(ends)[1].Split(' ', ':')[1], 16);
        }
    }

    /// <summary>
    /// Sends as many requests as have answers that the kernel takes whole, and then the malformed one. How many these are is found out
    /// by one client after another.
    /// </summary>
    /// <returns>How many bytes of the last answer, and the end of the connection, found room; none if it did not come to that.</returns>
    public static async Task<long> SendToTheBrimAsync(Uri url)
    {
        var counts = new List<int>();
        foreach (var request in Requests)
        {
            using var next = await StartAsync(url, counts);
            var (size, count) = (SizeOf(url, request), 0);
            if (request == Requests[0])
                size -= 1000; // of which the client's system may yet take a little in
            while (await next.SendAsync(request) >= size)
                count++;
            counts.Add(count);
        }
        using var last = await StartAsync(url, counts);
        return await last.SendAsync(Malformed);
    }

    /// <summary>The length of an answer.</summary>
    public static long SizeOf(Uri url, string request)
    {
        using var client = new RawClient(url);
        client.Send(request);
        var head = client.ReadAnswer().Head;
        return head.Length + (ContentLength().Match(head) is { Success: true } match ? long.Parse(match.Groups[1].Value) : 0);
    }

    public void Dispose() => _client.Dispose();

    private static async Task<IdleReader> StartAsync(Uri url, List<int> counts)
    {
        var client = new IdleReader(url);
        await client.SendAsync(Requests[0]); // fills what the client's own system takes in
        foreach (var (request, count) in Requests.Zip(counts))
        {
            for (var i = 0; i < count; i++)
                await client.SendAsync(request);
        }
        return client;
    }

    /// <summary>Sends a request, and waits until the unread grow no more. Returns by how much they have grown.</summary>
    private async Task<long> SendAsync(string request)
    {
        var before = Unread;
        _client.Send(request);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        for (var (last, looks) = (before, 0); ; looks++)
        {
            await pace.WaitForNextTickAsync();
            var now = Unread;
            if (now == last && (now != before || looks == 20))
                return now - before;
            last = now;
        }
    }

    [GeneratedRegex("Content-Length: ([0-9]+)")]
    private static partial Regex ContentLength();
}
