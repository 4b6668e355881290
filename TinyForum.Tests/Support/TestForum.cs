using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using TinyForum.Data;
using TinyForum.Passwords;
using TinyForum.Storage;

namespace TinyForum.Tests.Support;

/// <summary>A real server on a free port with a temporary database, and clients of it.</summary>
internal sealed class TestForum : IAsyncDisposable
{
    /// <summary>The cheapest passwords there are, for tests that are not about them.</summary>
    public static readonly PasswordOptions CheapPasswords = new() { MemoryKiB = 8, Iterations = 1 };

    private readonly List<TestClient> _clients = [];

    private readonly ForumServer? _server;
    private readonly TemporaryFolder? _folder;
    private readonly Lazy<Database> _database;
    private ServerProcess? _process;

    private TestForum(ForumServer server) => (_server, _database) = (server, new(server.Database));

    private TestForum(ServerProcess process, string database, TemporaryFolder folder) =>
        (_process, _database, _folder) = (process, new(() => ForumDatabase.Open(database)), folder);

    /// <summary>The server. A test that looks inside it is inconclusive where it is a process of its own.</summary>
    public ForumServer Server => _server ?? throw new AssertInconclusiveException("this test looks inside the server");

    /// <summary>The server's database: its own, or the same file opened once more.</summary>
    public Database Database => _database.Value;

    public Uri Url => _server?.Url ?? _process!.Url;

    /// <summary>Starts a server in this process, or the program that <see cref="ServerProcess.OtherProgram"/> names.</summary>
    public static async Task<TestForum> StartAsync(Func<ForumOptions, ForumOptions>? configure = null)
    {
        var options = new ForumOptions
        {
            Listen = ["http://127.0.0.1:0"],
            Database = null,
            Passwords = CheapPasswords,
            RateLimits = new() { Enabled = false },
        };
        options = configure?.Invoke(options) ?? options;
        if (ServerProcess.OtherProgram is null)
            return new TestForum(await ForumServer.StartAsync(options));
        var folder = new TemporaryFolder();
        options = options with { Database = options.Database ?? folder["forum.db"] };
        return new TestForum(await ServerProcess.StartAsync(options), options.Database, folder);
    }

    /// <summary>Returns when every write that was asked for so far is done, also those that no request waits for.</summary>
    public Task Settled() => Server.Database.WriteAsync(_ => { });

    /// <summary>A client that nobody knows yet.</summary>
    public TestClient Client()
    {
        var client = new TestClient(Url);
        lock (_clients)
            _clients.Add(client);
        return client;
    }

    /// <summary>A client of a new account, logged in.</summary>
    public async Task<TestClient> UserAsync(string name)
    {
        var client = Client();
        (await client.PostAsync("/api/register", new { username = name, password = "secret" })).Is(200, "success");
        (await client.PostAsync("/api/login", new { username = name, password = "secret" })).Is(200, "success");
        return client;
    }

    /// <summary>A client of an account that exists, logged in.</summary>
    public async Task<TestClient> KnownAsync(string name)
    {
        var client = Client();
        (await client.PostAsync("/api/login", new { username = name, password = "secret" })).Is(200, "success");
        return client;
    }

    /// <summary>As <see cref="UserAsync(string, string)"/>, however others come in.</summary>
    public async Task<TestClient> KnownAsync(string name, string role)
    {
        await Server.Users.RegisterAsync(name, "secret");
        await Server.Users.SetRoleAsync(Data.Actor.System, name, Data.RoleName.Parse(role)!.Value);
        return await KnownAsync(name);
    }

    /// <summary>As <see cref="UserAsync(string)"/>, with a role.</summary>
    public async Task<TestClient> UserAsync(string name, string role)
    {
        var client = await UserAsync(name);
        await Database.WriteAsync(c => c.Execute("UPDATE users SET role = $role WHERE username_key = $name", ("$role", role), ("$name", name)));
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            client.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
        else if (_process is not null)
        {
            if (_database.IsValueCreated)
                _database.Value.Dispose();
            _process.Signal("TERM");
            Assert.AreEqual(0, await _process.EndAsync(), _process.Errors);
            await _process.DisposeAsync();
            _folder!.Dispose();
            _process = null;
        }
    }
}

/// <summary>A client with a cookie jar of its own; whatever it sends, it gets an <see cref="Answer"/>.</summary>
internal sealed class TestClient(Uri url, bool cookies = true) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = cookies, AllowAutoRedirect = false }) { BaseAddress = url };

    public Task<Answer> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync("GET", path, null, headers);

    public Task<Answer> PostAsync(string path, object? body = null, params (string Name, string Value)[] headers) => SendAsync("POST", path, body, headers);

    public Task<Answer> PutAsync(string path, object? body = null, params (string Name, string Value)[] headers) => SendAsync("PUT", path, body, headers);

    public Task<Answer> PatchAsync(string path, object? body = null, params (string Name, string Value)[] headers) => SendAsync("PATCH", path, body, headers);

    public Task<Answer> DeleteAsync(string path, object? body = null, params (string Name, string Value)[] headers) => SendAsync("DELETE", path, body, headers);

    /// <summary>Sends a request. A body that is a string goes as it is, any other as JSON.</summary>
    public async Task<Answer> SendAsync(string method, string path, object? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(body as string ?? System.Text.Json.JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        else if (method is "POST" or "PUT" or "PATCH")
            request.Content = new ByteArrayContent([]);
        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content!.Headers.Remove(name);
                request.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }
        using var response = await _http.SendAsync(request);
        var answer = new Answer($"{method} {path}", response.StatusCode, response.Headers, response.Content.Headers,
            await response.Content.ReadAsByteArrayAsync());
        Contract.Check(method, path, request.Content is null ? null : await request.Content.ReadAsStringAsync(), answer);
        return answer;
    }

    public void Dispose() => _http.Dispose();
}

/// <summary>What came back.</summary>
internal sealed record Answer(string Request, HttpStatusCode Status, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders, byte[] Bytes)
{
    public string Text => Encoding.UTF8.GetString(Bytes);

    public JsonNode Json => JsonNode.Parse(Bytes)!;

    public bool IsJson => ContentHeaders.ContentType?.MediaType == "application/json";

    /// <summary>A header's value, or <see langword="null"/>.</summary>
    public string? Header(string name) =>
        Headers.TryGetValues(name, out var values) || ContentHeaders.TryGetValues(name, out values) ? string.Join(", ", values) : null;

    /// <summary>A member by its path, such as <c>post.author.id</c> or <c>posts.0.title</c>.</summary>
    public JsonNode? this[string path] =>
        path.Split('.').Aggregate((JsonNode?)Json, (node, key) => node is JsonArray list ? list[int.Parse(key)] : node?[key]);

    /// <summary>Fails the test, showing the whole answer, unless it has this status code, and this message or status text.</summary>
    public Answer Is(int status, string? messageOrStatus = null)
    {
        var said = Bytes.Length == 0 || !IsJson || Json is not JsonObject ? null : (string?)Json["message"] ?? (string?)Json["status"];
        if ((int)Status != status || (messageOrStatus is not null && said != messageOrStatus))
            Assert.Fail($"{Request} should have answered {status} {messageOrStatus} and answered {(int)Status}\n{Headers}\n{Text}");
        return this;
    }

    /// <summary>As <see cref="Is"/> for a validation refusal of one field.</summary>
    public Answer IsInvalid(string field, string? why = null)
    {
        Is(400, "invalid input");
        var said = (string?)Json["errors"]?[field];
        if (said is null || (why is not null && said != why))
            Assert.Fail($"{Request} should have named {field}: {why}\n{Text}");
        return this;
    }
}
