using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TinyForum.Tests.Support;

/// <summary>A browser without a window, driven by the Chrome DevTools Protocol.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private static readonly string[] Programs = ["chromium", "chromium-browser", "google-chrome"];

    private readonly Process _process;
    private readonly TemporaryFolder _folder = new();
    private readonly ClientWebSocket _socket = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly ConcurrentDictionary<long, TaskCompletionSource<JsonNode>> _calls = new();
    private Task _reading = Task.CompletedTask;
    private long _lastCall;

    private Browser(string program)
    {
        var start = new ProcessStartInfo(program,
        [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-port=0",
            $"--user-data-dir={_folder.Path}", "about:blank",
        ])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["HOME"] = _folder.Path;
        _process = Process.Start(start)!;
    }

    /// <summary>Starts it; <see langword="null"/> if none is installed.</summary>
    public static async Task<Browser?> StartAsync()
    {
        foreach (var program in Programs)
        {
            try
            {
                var browser = new Browser(program);
                await browser.ConnectAsync();
                return browser;
            }
            catch (Win32Exception)
            {
                // The next one may be there.
            }
        }
        return null;
    }

    /// <summary>Opens a tab that shares nothing with others: no cookies, no storage.</summary>
    public async Task<Tab> OpenAsync(string url = "about:blank")
    {
        var context = (string)(await CallAsync("Target.createBrowserContext"))["browserContextId"]!;
        return await OpenInAsync(context, url);
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        await _reading;
        _socket.Dispose();
        _process.Dispose();
        for (var tries = 0; tries < 10; tries++)
        {
            try
            {
                _folder.Dispose();
                return;
            }
            catch (IOException)
            {
                // One of its processes has not ended yet.
            }
        }
    }

    private async Task<Tab> OpenInAsync(string context, string url)
    {
        var target = (string)(await CallAsync("Target.createTarget", new { url = "about:blank", browserContextId = context }))["targetId"]!;
        var session = (string)(await CallAsync("Target.attachToTarget", new { targetId = target, flatten = true }))["sessionId"]!;
        var tab = new Tab(this, context, session);
        await tab.PrepareAsync();
        await tab.GoAsync(url);
        return tab;
    }

    private async Task ConnectAsync()
    {
        const string Begin = "DevTools listening on ";
        string? line;
        while ((line = await _process.StandardError.ReadLineAsync()) is not null && !line.StartsWith(Begin, StringComparison.Ordinal))
        {
        }
        Assert.IsNotNull(line, "the browser did not start");
        await _socket.ConnectAsync(new Uri(line[Begin.Length..]), CancellationToken.None);
        _reading = Task.WhenAll(ReadAsync(), _process.StandardError.ReadToEndAsync(), _process.StandardOutput.ReadToEndAsync());
    }

    private async Task<JsonNode> CallAsync(string method, object? parameters = null, string? session = null)
    {
        var id = Interlocked.Increment(ref _lastCall);
        var answered = _calls[id] = new TaskCompletionSource<JsonNode>(TaskCreationOptions.RunContinuationsAsynchronously);
        var message = JsonSerializer.SerializeToNode(new { id, method })!.AsObject();
        if (parameters is not null)
            message["params"] = JsonSerializer.SerializeToNode(parameters);
        if (session is not null)
            message["sessionId"] = session;
        await _sending.WaitAsync();
        try
        {
            await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, true, CancellationToken.None);
        }
        finally
        {
            _sending.Release();
        }
        return await answered.Task.WaitAsync(TimeSpan.FromMinutes(1));
    }

    private async Task ReadAsync()
    {
        using var message = new MemoryStream();
        var buffer = new byte[1 << 16];
        try
        {
            while (true)
            {
                var part = await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                message.Write(buffer, 0, part.Count);
                if (part.MessageType == WebSocketMessageType.Close)
                    return;
                if (!part.EndOfMessage)
                    continue;
                Take(JsonNode.Parse(message.ToArray())!);
                message.SetLength(0);
            }
        }
        catch (WebSocketException)
        {
            // It was stopped.
        }
    }

    private void Take(JsonNode message)
    {
        if ((long?)message["id"] is not { } id)
            return;
        _calls.Remove(id, out var call);
        if (message["error"] is { } error)
            call!.SetException(new InvalidOperationException(error.ToJsonString()));
        else
            call!.SetResult(message["result"]!);
    }

    /// <summary>A tab.</summary>
    internal sealed class Tab(Browser browser, string context, string session)
    {
        /// <summary>Opens another tab with the same cookies and storage.</summary>
        public Task<Tab> OpenAsync(string url) => browser.OpenInAsync(context, url);

        /// <summary>Calls a method of the protocol.</summary>
        public Task<JsonNode> CallAsync(string method, object? parameters = null) => browser.CallAsync(method, parameters, session);

        /// <summary>Goes to an address, and returns when the page is loaded.</summary>
        public async Task GoAsync(string url)
        {
            await CallAsync("Page.navigate", new { url });
            await UntilAsync("document.readyState === 'complete'");
        }

        /// <summary>What an expression is in the page, once it is settled.</summary>
        /// <exception cref="InvalidOperationException">It throws, or the page is left meanwhile.</exception>
        public async Task<JsonNode?> EvaluateAsync(string expression)
        {
            var result = await CallAsync("Runtime.evaluate", new { expression, awaitPromise = true, returnByValue = true, userGesture = true });
            return result["exceptionDetails"] is { } thrown ? throw new InvalidOperationException(thrown.ToJsonString()) : result["result"]!["value"];
        }

        /// <summary>Waits until an expression is true, whatever is loaded meanwhile.</summary>
        public async Task UntilAsync(string expression)
        {
            using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            while (true)
            {
                try
                {
                    if ((bool?)await EvaluateAsync($"!!({expression})") == true)
                        return;
                }
                catch (InvalidOperationException e) when (e.Message.Contains("context", StringComparison.Ordinal))
                {
                    // Between two pages.
                }
                if (patience.IsCancellationRequested)
                    Assert.Fail($"never came true: {expression}\n{await EvaluateAsync("document.documentElement.outerHTML")}");
                await pace.WaitForNextTickAsync();
            }
        }

        internal async Task PrepareAsync()
        {
            await CallAsync("Page.enable");
            await CallAsync("Runtime.enable");
        }
    }
}
