using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json.Nodes;

namespace TinyForum.Tests.Support;

/// <summary>A client that reads <c>GET /api/events</c> as a stream, by .NET's own parser.</summary>
internal sealed class EventReader : IAsyncDisposable
{
    private readonly HttpClient _http;
    private readonly HttpResponseMessage _response;
    private readonly Stream _body;
    private readonly IAsyncEnumerator<SseItem<string>> _frames;

    private EventReader(HttpClient http, HttpResponseMessage response, Stream body) =>
        (_http, _response, _body, _frames) = (http, response, body, SseParser.Create(body).EnumerateAsync().GetAsyncEnumerator());

    public HttpResponseMessage Response => _response;

    /// <summary>The id of the last event that has one, which a client sends to go on behind it.</summary>
    public string LastId { get; private set; } = "";

    public static async Task<EventReader> OpenAsync(Uri url, string target, params IEnumerable<(string Name, string Value)> headers)
    {
        var http = new HttpClient { BaseAddress = url, Timeout = Timeout.InfiniteTimeSpan };
        var request = new HttpRequestMessage(HttpMethod.Get, target);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        if (request.Headers.Accept.Count == 0)
            request.Headers.Accept.ParseAdd("text/event-stream");
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return new EventReader(http, response, await response.Content.ReadAsStreamAsync());
    }

    /// <summary>The next frame; <see langword="null"/> once the stream has ended.</summary>
    public async Task<(string Kind, string? Id, JsonNode Data)?> NextAsync()
    {
        try
        {
            if (!await _frames.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1)))
                return null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return null;
        }
        var frame = _frames.Current;
        LastId = frame.EventId ?? LastId;
        return (frame.EventType, frame.EventId, JsonNode.Parse(frame.Data)!);
    }

    /// <summary>The next frame, which has to be an event of that kind.</summary>
    public async Task<JsonNode> NextAsync(string kind)
    {
        var frame = await NextAsync();
        Assert.AreEqual(kind, frame?.Kind, frame?.Data.ToJsonString());
        return frame!.Value.Data;
    }

    /// <summary>Requires that the server ends the stream; what was told before counts for nothing.</summary>
    public async Task EndsAsync()
    {
        while (await NextAsync() is not null)
        {
        }
    }

    /// <summary>So many frames as they come over the wire.</summary>
    public async Task<string> ReadTextAsync(int frames)
    {
        var text = new StringBuilder();
        using var reader = new StreamReader(_body, leaveOpen: true);
        while (frames > 0)
        {
            var line = await reader.ReadLineAsync();
            text.Append(line).Append('\n');
            frames -= line is null or "" ? 1 : 0;
        }
        return text.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await _frames.DisposeAsync();
        await _body.DisposeAsync();
        _response.Dispose();
        _http.Dispose();
    }
}
