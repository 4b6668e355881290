using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace TinyForum.Bench;

/// <summary>A forum in a process of its own with someone logged in and something to read.</summary>
internal sealed class Fixture : IDisposable
{
    private readonly Child _server;
    private readonly HttpClient _client;

    private Fixture(Child server, HttpClient client, string username, string cookie) =>
        (_server, _client, Username, Cookie) = (server, client, username, cookie);

    public Child Server => _server;

    public string Username { get; }

    public string Cookie { get; }

    /// <summary>Starts a forum on a database, which gets an account more.</summary>
    public static async Task<Fixture> StartAsync(string database, params string[] arguments) =>
        await StartAsync(await Child.StartAsync(["forum", "--database", database, .. arguments]));

    /// <summary>Starts the program that is to be measured, if one is named, or else what the bench was built with.</summary>
    public static async Task<Fixture> StartAsync(Settings settings, string database) =>
        settings.Program is null ? await StartAsync(database) : await StartAsync(await Child.ServeAsync(settings.Program, database));

    private static async Task<Fixture> StartAsync(Child server)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = server.Url };
        var (username, cookie) = await RegisterAsync(client);
        client.DefaultRequestHeaders.Add("Cookie", cookie);
        return new Fixture(server, client, username, cookie);
    }

    /// <summary>Makes another account and logs in.</summary>
    /// <returns>Its cookie.</returns>
    public async Task<string> RegisterAsync() => (await RegisterAsync(_client)).Cookie;

    private static async Task<(string Username, string Cookie)> RegisterAsync(HttpClient client)
    {
        var account = new JsonObject { ["username"] = $"bench{Random.Shared.Next():x}", ["password"] = "secret" };
        (await client.PostAsync("/api/register", Content(account))).EnsureSuccessStatusCode();
        using var answer = (await client.PostAsync("/api/login", Content(account))).EnsureSuccessStatusCode();
        return ((string)account["username"]!, answer.Headers.GetValues("Set-Cookie").Single().Split(';')[0]);
    }

    /// <summary>Makes threads.</summary>
    public async Task PostAsync(int threads)
    {
        for (var i = 0; i < threads; i++)
            (await _client.PostAsync("/api/posts", Content(JsonNode.Parse(Thread)!))).EnsureSuccessStatusCode();
    }

    /// <summary>Posts threads at a steady rate until told to stop.</summary>
    public async Task WriteAsync(int perSecond, CancellationToken stop)
    {
        var url = new Uri(_server.Url, "/api/posts");
        var request = HttpConnection.Format("POST", url, Cookie, Thread);
        using var connection = new HttpConnection(url);
        var start = Stopwatch.GetTimestamp();
        for (var sent = 1; !stop.IsCancellationRequested; sent++)
        {
            if (await connection.AskAsync(request) != 201)
                throw new InvalidOperationException("a post was refused");
            var due = TimeSpan.FromSeconds(sent / (double)perSecond) - Stopwatch.GetElapsedTime(start);
            if (due > TimeSpan.Zero)
                await Task.Delay(due, CancellationToken.None);
        }
    }

    /// <summary>A thread of a usual length.</summary>
    public static string Thread { get; } = new JsonObject
    {
        ["title"] = "How often does the pump need new seals?",
        ["body"] = string.Join(' ', Enumerable.Repeat("Mine leaks a little after three winters, and the book says nothing of it.", 5)),
        ["tags"] = new JsonArray("garden", "pumps"),
    }.ToJsonString();

    /// <summary>A reply of a usual length.</summary>
    public static string Reply { get; } = new JsonObject { ["body"] = (string)JsonNode.Parse(Thread)!["body"]! }.ToJsonString();

    public async Task<JsonNode> GetAsync(string path) => JsonNode.Parse(await _client.GetStringAsync(path))!;

    /// <summary>The size of an answer, bytes.</summary>
    public async Task<int> SizeAsync(string path, string? cookie = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (cookie is not null)
            request.Headers.Add("Cookie", cookie);
        using var answer = (await _client.SendAsync(request)).EnsureSuccessStatusCode();
        return (await answer.Content.ReadAsByteArrayAsync()).Length;
    }

    public LoadRequest Get(string path, bool loggedIn = false) => new(new Uri(_server.Url, path), loggedIn ? Cookie : null);

    public LoadRequest Post(string path, string body) => new(new Uri(_server.Url, path), Cookie, body);

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
    }

    // Not JsonContent, which would come in chunks.
    private static StringContent Content(JsonNode json) => new(json.ToJsonString(), new MediaTypeHeaderValue("application/json"));
}

/// <summary>A folder that goes with this object.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tinyforum-bench-");

    public string File(string name) => Path.Combine(_folder.FullName, name);

    public void Dispose() => _folder.Delete(recursive: true);
}
