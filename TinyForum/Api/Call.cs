using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using TinyForum.Api.Events;
using TinyForum.Data;
using TinyForum.Http;

namespace TinyForum.Api;

/// <summary>One request as a handler sees it: the caller, the parameters of path and query, and the answer.</summary>
internal sealed class Call(Exchange exchange, Forum forum, Endpoint endpoint, string[] values)
{
    private ReadOnlyMemory<byte> _body;

    public Exchange Exchange { get; } = exchange;

    public Forum Forum { get; } = forum;

    public Endpoint Endpoint { get; } = endpoint;

    public required Action<IBufferWriter<byte>> WriteMetrics { get; init; }

    /// <summary>The number of the newest event when the work on a page began.</summary>
    public long? NewestEvent { get; set; }

    /// <summary>Who is calling, or <see langword="null"/> if nobody is logged in.</summary>
    public Caller? Caller { get; set; }

    /// <summary>Whom another program has logged in, if one has. Its account is the <see cref="Caller"/>, unless that is suspended.</summary>
    public ExternalIdentity? External { get; set; }

    /// <summary>The secret that the caller presented: of a session or an access token.</summary>
    public string? Credential { get; set; }

    /// <summary>The caller, on an endpoint whose access requires one.</summary>
    public Caller User => Caller ?? throw new InvalidOperationException("this endpoint is open to callers who are not logged in");

    public required RateLimits RateLimits { get; init; }

    public required SessionCookie Cookie { get; init; }

    public required EventStreams Streams { get; init; }

    public required PostHtml Html { get; init; }

    public required Pages Pages { get; init; }

    /// <summary>Requires that no other program logs the client in: a session of its own would count for nothing.</summary>
    /// <exception cref="RefusalException">Forbidden: one does.</exception>
    public void RequireNoExternalLogin()
    {
        if (External is not null)
            throw RefusalException.Forbidden("you are logged in by another program");
    }

    /// <summary>Whether texts are wanted as HTML as well.</summary>
    public bool WantsHtml => Flag("html");

    /// <summary>The same call as anyone could make it, without a caller.</summary>
    public Call ForAnyone() => new(Exchange, Forum, Endpoint, values)
    {
        WriteMetrics = WriteMetrics,
        RateLimits = RateLimits,
        Cookie = Cookie,
        Streams = Streams,
        Html = Html,
        Pages = Pages,
    };

    /// <summary>The address of the client, as told by the proxy if one is trusted.</summary>
    public IPAddress ClientAddress => ForwardedHeaders.ClientAddress(Exchange, Forum.Options.TrustedProxies);

    /// <summary>Whether the client came over https, as told by the proxy if one is trusted.</summary>
    public bool IsHttps => ForwardedHeaders.IsHttps(Exchange, Forum.Options.TrustedProxies);

    /// <summary>The scheme, host and port under which clients know the forum, without its base path.</summary>
    /// <exception cref="RefusalException">Invalid: that is not set, and the request names no host.</exception>
    public Uri Origin => Forum.Options.PublicUrl
        ?? (Uri.TryCreate($"{(IsHttps ? "https" : "http")}://{Exchange.Authority}", UriKind.Absolute, out var origin)
            ? origin : throw RefusalException.Invalid("Host", "must be the forum's host"));

    public bool IsDirectLoopback => ForwardedHeaders.IsDirectLoopback(Exchange);

    /// <summary>The entity tag of a GET's answer, with quotes, if the handler knows it in advance: a 304 then renders nothing.</summary>
    public string? ETag { get; set; }

    /// <summary>Whether the answer may change although nothing is written, as time goes by: it is not kept then.</summary>
    public bool EndsByTime { get; set; }

    /// <summary>The <c>{id}</c> of the path.</summary>
    /// <exception cref="RefusalException">NotFound: it is not a number.</exception>
    public long Id => IdAt(0);

    /// <summary>The number behind the <c>{id}</c>, of what belongs to that.</summary>
    /// <exception cref="RefusalException">NotFound: it is not a number.</exception>
    public long SecondId => IdAt(1);

    /// <summary>The <c>{username}</c> of the path.</summary>
    public string Username => values[0];

    /// <summary>The <c>{tag}</c> of the path.</summary>
    public string TagName => values[0];

    /// <summary>How many rows of a list the caller wants: the query's <c>limit</c>, 1 to <see cref="PagePosition.MaxSize"/>.</summary>
    public int PageSize => Query("limit") is not { } text ? PagePosition.DefaultSize
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size is >= 1 and <= PagePosition.MaxSize ? size
        : throw RefusalException.Invalid("limit", $"must be 1 to {PagePosition.MaxSize}");

    public string? Query(string name) => Exchange.Target.Parameter(name);

    /// <summary>A parameter of the query that is a number, if it is there.</summary>
    /// <exception cref="RefusalException">Invalid: it is no number; <paramref name="what"/> says what it should be.</exception>
    public long? Number(string name, string what) => Query(name) is not { } text ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw RefusalException.Invalid(name, $"must be {what}");

    public bool Flag(string name) => Query(name, false, ("true", true), ("false", false));

    /// <summary>The value that belongs to a parameter of the query.</summary>
    public T Query<T>(string name, T fallback, params (string Word, T Value)[] choices)
    {
        if (Query(name) is not { } text)
            return fallback;
        var words = choices.Select(c => c.Word).ToList();
        return words.IndexOf(text) is >= 0 and var at ? choices[at].Value
            : throw RefusalException.Invalid(name, $"must be {string.Join(", ", words.SkipLast(1))} or {words[^1]}");
    }

    /// <summary>Answers with the page of a list that the query's <c>limit</c> and <c>cursor</c> ask for.</summary>
    /// <param name="list">Names the list with its filter and order: a cursor is valid for the same list only.</param>
    /// <param name="read">Reads a page, given the size and the position.</param>
    /// <param name="view">Converts a row to what the answer shows.</param>
    /// <param name="answer">Makes the answer of the rows and its <c>next</c>.</param>
    public ValueTask<TAnswer> Page<T, TView, TAnswer>(
        string list, Func<int, PagePosition?, Page<T>> read, Func<T, TView> view, Func<IReadOnlyList<TView>, string?, TAnswer> answer)
    {
        var page = read(PageSize, Position(list));
        return new(answer([.. page.Items.Select(view)], Next(list, page.Next)));
    }

    /// <summary>The position in a list that the query's <c>cursor</c> names.</summary>
    public PagePosition? Position(string list) => Query("cursor") is { } cursor ? Forum.Cursors.Open(list, cursor) : null;

    /// <summary>The <c>cursor</c> of the next page of a list.</summary>
    public string? Next(string list, PagePosition? next) => next is null ? null : Forum.Cursors.Seal(list, next);

    /// <summary>Makes the answer a 201, for what was created at that path, now or by an earlier request with the same key.</summary>
    public T Created<T>(T answer, string location, IdempotencyKey? key = null)
    {
        Exchange.Status = 201;
        Exchange.SetHeader("Location", Exchange.BasePath + location);
        if (key?.IsReplay == true)
            Exchange.SetHeader("Idempotency-Replayed", "true");
        return answer;
    }

    /// <summary>The <c>Idempotency-Key</c> of a request whose body was read; <see langword="null"/> without one.</summary>
    /// <exception cref="RefusalException">Invalid: it is malformed.</exception>
    public IdempotencyKey? IdempotencyKey()
    {
        const string Header = "Idempotency-Key";
        if (Exchange.Header(Header) is not { } key)
            return null;
        if (key.Length is 0 or > Data.IdempotencyKey.MaxLength || key.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw RefusalException.Invalid(Header, $"must be 1 to {Data.IdempotencyKey.MaxLength} visible ASCII characters");
        return new IdempotencyKey(key, [.. Encoding.UTF8.GetBytes($"{Exchange.Method} {Exchange.RawTarget}\n"), .. _body.Span], Credential);
    }

    /// <summary>Writes the answer's body, unless its <see cref="ETag"/> shows that the client has it.</summary>
    public void Answer<T>(T answer)
    {
        if (ETag is null || !ConditionalGet.Matches(Exchange.Header("If-None-Match"), ETag))
            JsonResponder.Write(Exchange, answer, ApiJson.Type<T>());
    }

    /// <summary>Reads the request's body.</summary>
    /// <exception cref="HttpRefusalException">411, 413 or 415: its length is missing, it is too long, or it is not JSON.</exception>
    /// <exception cref="RefusalException">Invalid: a member breaks the rules of its type.</exception>
    public async ValueTask<T> ReadBodyAsync<T>()
    {
        if (!Exchange.HasMediaType("application/json"))
            throw new HttpRefusalException(415, "the body must be sent as application/json");
        _body = await Exchange.ReadBodyAsync().ConfigureAwait(false);
        return JsonBody.Read(_body.Span, ApiJson.Type<T>());
    }

    private long IdAt(int place) =>
        long.TryParse(values[place], NumberStyles.None, CultureInfo.InvariantCulture, out var id) && values[place][0] != '0'
            ? id : throw new RefusalException(RefusalKind.NotFound, "not found");
}
