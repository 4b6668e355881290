using System.Net;
using TinyForum.Http;

namespace TinyForum.Bench;

/// <summary>What a request leaves to the garbage collector, in this process, by a client that allocates nothing.</summary>
internal static class AllocationsBench
{
    public static async Task RunAsync(Settings settings, TextWriter output)
    {
        var requests = settings.Quick ? 200 : 20_000;
        await using var forum = await ForumServer.StartAsync(new ForumOptions
        {
            Listen = ["http://127.0.0.1:0"], Database = null, Log = _ => { },
        });
        var tag = "";
        using (var client = new HttpClient())
            tag = (await client.GetAsync(new Uri(forum.Url, "/api/user/system"))).Headers.ETag!.Tag;
        var url = new Uri(forum.Url, "/api/user/system");
        using var bare = new BareListener(80);
        output.WriteLine($"Bytes allocated by a request over {requests} on one connection, the listener's own included.");
        output.WriteLine();
        output.WriteLine("| GET | bytes | beyond the bare listener |");
        output.WriteLine("| --- | ---: | ---: |");
        var listener = Measure(bare.Url, HttpConnection.Format("GET", new Uri(bare.Url, url.PathAndQuery)), 200);
        output.WriteLine($"| bare listener | {listener:N0} | |");
        Row("kept answer (/api/user/system)", HttpConnection.Format("GET", url), 200);
        Row("304", HttpConnection.Format("GET", url, headers: $"If-None-Match: {tag}\r\n"), 304);
        Row("made anew (a cookie that says nothing)", HttpConnection.Format("GET", url, cookie: "theme=dark"), 200);

        void Row(string name, byte[] request, int status)
        {
            var bytes = Measure(url, request, status);
            output.WriteLine($"| {name} | {bytes:N0} | {bytes - listener:N0} |");
        }

        double Measure(Uri server, byte[] request, int status)
        {
            using var connection = new HttpConnection(server);
            for (var i = 0; i < requests / 10; i++)
                connection.Ask(request);
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < requests; i++)
            {
                if (connection.Ask(request) != status)
                    throw new InvalidOperationException("an unexpected status");
            }
            return (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)requests;
        }
    }
}

/// <summary>The least that HttpListener can do: a constant answer, written as well as can be, with these headers besides what it has to have.</summary>
internal sealed class BareListener : IDisposable
{
    /// <summary>Takes kept outstanding, as the forum does.</summary>
    private const int OutstandingTakes = 8;

    private readonly HttpListener _listener = new() { IgnoreWriteExceptions = true };
    private readonly byte[] _body;
    private readonly (string Name, string Value)[] _headers;

    public BareListener(int bytes, params (string Name, string Value)[] headers)
    {
        _headers = headers;
        _body = [.. Enumerable.Repeat((byte)' ', bytes)];
        Url = new ListenAddress("127.0.0.1", 0).WithFreePort().Url;
        _listener.Prefixes.Add(Url.ToString());
        _listener.Start();
        for (var i = 0; i < OutstandingTakes; i++)
            Take();
    }

    public Uri Url { get; }

    public void Dispose() => _listener.Close();

    private void Take() => _listener.BeginGetContext(static result => ((BareListener)result.AsyncState!).Taken(result), this);

    private void Taken(IAsyncResult result)
    {
        if (!_listener.IsListening)
            return;
        var context = _listener.EndGetContext(result);
        Take();
        _ = AnswerAsync(context.Response);
    }

    private async Task AnswerAsync(HttpListenerResponse response)
    {
        response.ContentType = "application/json";
        response.ContentLength64 = _body.Length;
        foreach (var (name, value) in _headers)
            response.Headers[name] = value;
        await response.OutputStream.WriteAsync(_body).ConfigureAwait(false);
        response.Close();
    }
}
