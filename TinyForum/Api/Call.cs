using System.Globalization;
using System.Net;
using TinyForum.Data;
using TinyForum.Http;
using TinyForum.Storage;
using TinyForum.Telemetry;

namespace TinyForum.Api;

/// <summary>One request as a handler sees it: who is calling, what the path and query say, and where the answer goes.</summary>
internal sealed class Call(Exchange exchange, Forum forum, Endpoint endpoint, string[] values)
{
    public const int DefaultPageSize = 20, MaxPageSize = 100;

    private ReadOnlyMemory<byte> _body;

    public Exchange Exchange { get; } = exchange;

    public Forum Forum { get; } = forum;

    /// <summary>What the server tells of itself.</summary>
    public required ForumTelemetry Telemetry { get; init; }

    /// <summary>Who is calling, or <see langword="null"/> if nobody is logged in.</summary>
    public Caller? Caller { get; set; }

    /// <summary>The token that the caller presented.</summary>
    public string? Credential { get; set; }

    /// <summary>Who is calling, where the endpoint's access says that someone is.</summary>
    public Caller User => Caller ?? throw new InvalidOperationException("this endpoint is open to callers who are not logged in");

    /// <summary>The rate limits, for the handlers that count something themselves.</summary>
    public required RateLimits Limits { get; init; }

    /// <summary>The address of the client, a proxy's word for it where one is trusted.</summary>
    public IPAddress ClientAddress => ForwardedHeaders.ClientAddress(Exchange, Forum.Options.TrustProxy);

    /// <summary>Whether the client came over https, a proxy's word for it where one is trusted.</summary>
    public bool IsHttps => ForwardedHeaders.IsHttps(Exchange, Forum.Options.TrustProxy);

    /// <summary>
    /// Whether the client is on this machine with no proxy between. It has to call the server by a name of loopback: a page in a browser here can
    /// have a name of its own lead to this machine (DNS rebinding), and a proxy may say no more of itself than that name.
    /// </summary>
    public bool IsDirectLoopback => Exchange.Remote is { } remote && IPAddress.IsLoopback(remote.Address) && !ForwardedHeaders.Any(Exchange)
        && (Exchange.HostName is "" or "127.0.0.1" || Exchange.HostName.Equals("localhost", StringComparison.OrdinalIgnoreCase));

    /// <summary>The entity tag of a GET's answer, with quotes, if the handler knows it without rendering: a 304 then renders nothing.</summary>
    public string? ETag { get; set; }

    /// <summary>The <c>{id}</c> of the path.</summary>
    /// <exception cref="Refusal">404: it is no number.</exception>
    public long Id => long.TryParse(values[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id) && values[0][0] != '0'
        ? id : throw new Refusal(404, "not found");

    /// <summary>The <c>{username}</c> of the path.</summary>
    public string Username => values[0];

    /// <summary>How many rows the caller wants, 1 to <see cref="MaxPageSize"/>; <see cref="DefaultPageSize"/> if it does not say.</summary>
    public int Limit => Exchange.Target.Parameter("limit") is not { } text ? DefaultPageSize
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MaxPageSize ? limit
        : throw Refusal.Invalid("limit", $"must be 1 to {MaxPageSize}");

    /// <summary>A parameter of the query, or <see langword="null"/>.</summary>
    public string? Query(string name) => Exchange.Target.Parameter(name);

    /// <summary>A parameter of the query that is <c>true</c> or <c>false</c>; false if it is not there.</summary>
    public bool Flag(string name) => Query(name) switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw Refusal.Invalid(name, "must be true or false"),
    };

    /// <summary>Opens the cursor of the query.</summary>
    /// <param name="list">The list, with all that narrows and sorts it.</param>
    /// <param name="count">How many numbers its key has.</param>
    /// <returns>The key of the last row of the page before, or <see langword="null"/> on the first page.</returns>
    public long[]? Cursor(string list, int count) => Query("cursor") is { } cursor ? Forum.Cursors.Open(list, cursor, count) : null;

    /// <summary>The <c>next</c> of an answer: what <see cref="Cursor"/> opens, or <see langword="null"/> at the list's end.</summary>
    public string? Next(string list, long[]? position) => position is null ? null : Forum.Cursors.Seal(list, position);

    /// <summary>Makes the answer a 201 with this <c>Location</c>.</summary>
    public void Created(string location)
    {
        Exchange.Status = 201;
        Exchange.SetHeader("Location", location);
    }

    /// <summary>Writes the answer's body, unless a kept one goes out in its place or the client has it by its <see cref="ETag"/>.</summary>
    public void Answer<T>(T answer)
    {
        var isKnown = ETag is not null && ConditionalGet.Matches(Exchange.Header("If-None-Match"), ETag);
        if (Exchange.KeptBody is null && !isKnown)
            JsonResponder.Write(Exchange, answer, ApiJson.Type<T>());
    }

    /// <summary>
    /// Creates something in one transaction with the caller's <c>Idempotency-Key</c>, if there is one: the same key and body again gets
    /// the answer of the first time, and nothing is created twice, whoever asks at once and whatever was cut off in between.
    /// </summary>
    /// <param name="create">Creates and tells of it; runs in a write transaction, perhaps twice.</param>
    /// <param name="location">The address of what was created.</param>
    /// <param name="isSecret">Whether the answer holds what must not be stored in the clear.</param>
    /// <exception cref="Refusal">400: the key is malformed. 422: it came with another request before. 409: what it made is deleted.</exception>
    public async ValueTask<T> CreateAsync<T>(Func<Connection, T> create, Func<T, string> location, bool isSecret = false)
    {
        if (Exchange.Header("Idempotency-Key") is not { } key)
        {
            var answer = await Forum.Database.WriteAsync(create).ConfigureAwait(false);
            Created(location(answer));
            return answer;
        }
        var keys = new IdempotencyKeys(Forum.Clock);
        IdempotencyKeys.RequireWellFormed(key);
        var fingerprint = IdempotencyKeys.Fingerprint(Exchange.Method, Exchange.RawTarget, _body.Span);
        var (made, stored) = await Forum.Database.WriteAsync(c =>
        {
            if (keys.Find(c, User.Id, key, fingerprint) is { } earlier)
                return (default(T)!, earlier);
            var answer = create(c);
            var bytes = JsonResponder.Render(answer, ApiJson.Type<T>());
            keys.Add(c, User.Id, key, fingerprint, new StoredAnswer(location(answer), isSecret ? IdempotencyKeys.Seal(bytes, Credential!) : bytes));
            return (answer, (StoredAnswer?)null);
        }).ConfigureAwait(false);
        Created(stored?.Location ?? location(made));
        if (stored is not null)
        {
            Exchange.SetHeader("Idempotency-Replayed", "true");
            Exchange.KeptBody = isSecret ? IdempotencyKeys.Unseal(stored.Body, Credential!) : stored.Body;
        }
        return made;
    }

    /// <summary>Reads the request's body.</summary>
    /// <exception cref="Refusal">400, 411, 413 or 415: there is none, or not one of this endpoint's.</exception>
    public async ValueTask<T> ReadBodyAsync<T>()
    {
        if (!IsJson(Exchange.Header("Content-Type")))
            throw new Refusal(415, "the body must be sent as application/json");
        _body = await Exchange.ReadBodyAsync().ConfigureAwait(false);
        return JsonBody.Read(_body.Span, ApiJson.Type<T>());
    }

    private static bool IsJson(string? contentType)
    {
        if (contentType is null)
            return false;
        var type = contentType.AsSpan();
        if (type.IndexOf(';') is >= 0 and var end)
            type = type[..end];
        return type.Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The endpoint that is called.</summary>
    public Endpoint Endpoint { get; } = endpoint;
}
