using TinyForum.Data;
using TinyForum.Http;
using TinyForum.Telemetry;

namespace TinyForum.Api;

/// <summary>The way of a request through the API: route, origin, caller, access, handler, entity tag.</summary>
internal sealed class ForumApi
{
    private readonly Forum _forum;
    private readonly ForumTelemetry _telemetry;
    private readonly Router<Endpoint> _router = new();
    private readonly AnswerCache _kept;
    private readonly RateLimits _limits;

    public ForumApi(Forum forum, ForumTelemetry telemetry)
    {
        _forum = forum;
        _telemetry = telemetry;
        _kept = new AnswerCache(forum.Database.Version);
        _limits = new RateLimits(forum.Options.RateLimits, forum.Clock);
        foreach (var endpoint in Routes.Table)
            _router.Add(endpoint.Pattern, endpoint);
    }

    /// <summary>How many answers are kept in memory.</summary>
    public int KeptAnswers => _kept.Count;

    /// <summary>A request that leads through most of the code and changes nothing (<see cref="WarmUp"/>).</summary>
    public const string WarmUpRequest = "GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n";

    /// <summary>Types out of the assemblies that it does not need and others do.</summary>
    public static IReadOnlyList<Type> NeededLater { get; } =
    [
        typeof(System.Collections.ReadOnlyCollectionBase),
        typeof(System.IO.Pipelines.Pipe),
        typeof(System.Runtime.Loader.AssemblyLoadContext),
        typeof(System.Threading.RateLimiting.ConcurrencyLimiter),
    ];

    /// <summary>Fills in the answer.</summary>
    /// <exception cref="Refusal">The request can't be granted.</exception>
    public async ValueTask ServeAsync(Exchange exchange)
    {
        // What anyone may read, to someone who says nothing of himself: the same bytes as long as nothing was written.
        var isAnonymous = exchange.Method is "GET" or "HEAD" && exchange.Header("Cookie") is null && exchange.Header("Authorization") is null;
        var version = 0L;
        if (isAnonymous && _kept.TryAnswer(exchange, userId: 0, out version))
            return;

        var match = _router.Match(exchange.Method, exchange.Target.Segments);
        if (match.Endpoint is not { } endpoint)
        {
            Unrouted(exchange, match.Allow);
            return;
        }
        exchange.Route = match.Path;
        var call = new Call(exchange, _forum, endpoint, match.Values) { Limits = _limits, Telemetry = _telemetry };
        var changes = exchange.Method is not ("GET" or "HEAD") || endpoint.ChangesByGet;
        if (changes)
            CrossSite.Refuse(exchange);
        Identify(call);
        exchange.UserId = call.Caller?.Id;
        RequireAccess(endpoint.Access, call.Caller);
        _limits.Count(call, changes);
        exchange.Status = endpoint.Status;
        var keptFor = KeptFor(endpoint, call.Caller, isAnonymous);
        if (keptFor is { } userId && !isAnonymous && _kept.TryAnswer(exchange, userId, out version))
            return;
        await endpoint.Run(call).ConfigureAwait(false);
        if (!changes && exchange.Status == 200)
            Tag(exchange, call, isAnonymous, keptFor, version);
    }

    public static Refusal LoginRequired() => Unauthorized("login required", "Bearer realm=\"TinyForum\"");

    private static void Unrouted(Exchange exchange, string? allow)
    {
        if (allow is null)
            throw new Refusal(404, "not found");
        if (exchange.Method != "OPTIONS")
            throw new Refusal(405, "method not allowed") { Headers = new Dictionary<string, string> { ["Allow"] = allow } };
        exchange.Status = 204;
        exchange.SetHeader("Allow", allow);
    }

    /// <summary>A token that is no good is refused, for a script should be told; a cookie that has gone stale is as good as none.</summary>
    private void Identify(Call call)
    {
        if (BearerToken(call.Exchange.Header("Authorization")) is { } token)
        {
            call.Credential = token;
            call.Caller = _forum.Tokens.Find(token) ?? throw Unauthorized("the token is not valid", "Bearer realm=\"TinyForum\", error=\"invalid_token\"");
        }
        else if (SessionCookie.Find(call.Exchange.Header("Cookie")) is { } cookie)
        {
            call.Credential = cookie;
            call.Caller = _forum.Sessions.Find(cookie, out var renewed);
            if (renewed)
                call.Exchange.SetHeader("Set-Cookie", SessionCookie.Make(cookie, secure: call.IsHttps));
        }
    }

    /// <summary>The token of an <c>Authorization</c> header (RFC 6750); <see langword="null"/> for other schemes, which a proxy may use for itself.</summary>
    private static string? BearerToken(string? header) =>
        header is not null && $"{header} ".StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header[6..].Trim() : null;

    private static Refusal Unauthorized(string message, string challenge) =>
        new(401, message) { Headers = new Dictionary<string, string> { ["WWW-Authenticate"] = challenge } };

    private static void RequireAccess(Access access, Caller? caller)
    {
        if (access == Access.Anyone)
            return;
        if (caller is null)
            throw LoginRequired();
        if (access == Access.Session && caller.SessionId is null)
            throw Refusal.Forbidden("a token may not do this: log in");
        if (access != Access.Reader && !caller.MayWrite)
            throw Refusal.Forbidden("a token of scope read may not do this");
        if ((access == Access.Moderator && caller.Role < Role.Moderator) || (access == Access.Admin && caller.Role < Role.Admin))
            throw Refusal.Forbidden(access == Access.Admin ? "only an admin may do this" : "only a moderator may do this");
    }

    private static long? KeptFor(Endpoint endpoint, Caller? caller, bool isAnonymous) =>
        !endpoint.Kept ? null : endpoint.Access != Access.Anyone ? caller?.Id : isAnonymous ? 0 : null;

    private void Tag(Exchange exchange, Call call, bool isAnonymous, long? keptFor, long version)
    {
        var body = exchange.Body.Written;
        var tag = call.ETag ?? ConditionalGet.TagOf(body.Span);
        if (body.Length == 0 || (!isAnonymous && keptFor is null)) // without a body it was not rendered, for the client has it
        {
            ConditionalGet.Apply(exchange, tag, isPublic: call.Caller is null);
            return;
        }
        var answer = new KeptAnswer(version, exchange.Route!, tag, keptFor is null ? body : body.ToArray(), isPublic: isAnonymous);
        if (keptFor is { } userId)
            _kept.Keep(userId, exchange.RawTarget, answer);
        answer.Send(exchange);
    }
}
