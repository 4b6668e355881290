using System.Buffers;
using TinyForum.Api.Endpoints;
using TinyForum.Api.Events;
using TinyForum.Data;
using TinyForum.Http;
using TinyForum.Text;

namespace TinyForum.Api;

/// <summary>Takes a request through the API: cache, route, origin, caller, access, rate limits, handler, entity tag.</summary>
internal sealed class ForumApi : IAsyncDisposable
{
    private readonly Forum _forum;
    private readonly Action<IBufferWriter<byte>> _writeMetrics;
    private readonly Router<Endpoint> _router = new();
    private readonly AnswerCache _kept;
    private readonly RateLimits _limits;
    private readonly SessionCookie _cookie;
    private readonly Cors _cors;
    private readonly ExternalLogins? _logins;
    private readonly MarkedAnswers _marked;
    private readonly PostHtml _html;
    private readonly Pages _pages;
    private bool _hasWarned;

    public ForumApi(Forum forum, Action<IBufferWriter<byte>> writeMetrics, Pages pages)
    {
        _forum = forum;
        _writeMetrics = writeMetrics;
        _pages = pages;
        _kept = new AnswerCache(forum.Database.Stamp, (long)forum.Options.AnswerMemoryMiB << 20);
        _limits = new RateLimits(forum.Options.RateLimits, forum.Clock);
        _cookie = new SessionCookie(forum.Options.CookieName);
        _cors = new Cors(forum.Options.CorsOrigins);
        _logins = ExternalLogins.Of(forum.Options);
        _marked = new MarkedAnswers(forum);
        _html = new PostHtml(forum);
        Streams = new EventStreams(forum);
        foreach (var endpoint in Routes.Table.Concat(pages.Endpoints))
            _router.Add(endpoint.Pattern, endpoint);
    }

    /// <summary>The clients that read events as they happen.</summary>
    public EventStreams Streams { get; }

    public int KeptAnswers => _kept.Count;

    public long KeptBytes => _kept.Bytes;

    /// <summary>A request that leads through most of the code and changes nothing (<see cref="WarmUp"/>).</summary>
    public const string WarmUpRequest = "GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n";

    /// <summary>Types from the assemblies that other requests need and this one does not.</summary>
    public static IReadOnlyList<Type> NeededLater { get; } =
    [
        typeof(System.Collections.ReadOnlyCollectionBase),
        typeof(System.IO.Pipelines.Pipe), typeof(System.Runtime.Loader.AssemblyLoadContext), typeof(System.Numerics.Vector),
        typeof(System.Threading.RateLimiting.ConcurrencyLimiter), typeof(Markdig.Markdown), typeof(System.Xml.XmlWriter),
    ];

    /// <summary>Whether a browser shows the answer.</summary>
    private static bool IsShown(Exchange exchange) =>
        !exchange.RawTarget.StartsWith("/api/", StringComparison.Ordinal)
        && exchange.Header("Accept")?.Contains("text/html", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Shows a browser why it gets no page; the answer has its status.</summary>
    /// <returns>Whether it did: other clients get the envelope.</returns>
    public async ValueTask<bool> ShowsAsync(Exchange exchange, string message, IReadOnlyDictionary<string, string>? errors)
    {
        if (!IsShown(exchange))
            return false;
        var call = CallOf(exchange, _pages.Endpoints[0], []);
        try
        {
            await IdentifyAsync(call, await ExternalOf(exchange, isLetIn: false).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRefusalException or RefusalException || _forum.Options.Authenticate is not null)
        {
            // The page is a stranger's.
        }
        try
        {
            await _pages.WriteRefusalAsync(call, message, errors).ConfigureAwait(false);
        }
        catch (RefusalException) // the database is away: what is known of the caller is not to be had
        {
            call.Caller = null;
            await _pages.WriteRefusalAsync(call, message, errors).ConfigureAwait(false);
        }
        return true;
    }

    /// <summary>Whether requests below a path could not be told from others.</summary>
    public static bool Takes(Pages pages, string path) => path.Length > 0
        && Routes.Table.Concat(pages.Endpoints).Any(e => e.Pattern.Split('/')[1] == path.Split('/')[1]);

    private Call CallOf(Exchange exchange, Endpoint endpoint, string[] values) => new(exchange, _forum, endpoint, values)
    {
        RateLimits = _limits,
        Cookie = _cookie,
        WriteMetrics = _writeMetrics,
        Streams = Streams,
        Html = _html,
        Pages = _pages,
    };

    /// <exception cref="HttpRefusalException">The request can't be granted.</exception>
    /// <exception cref="RefusalException">A store refuses.</exception>
    public async ValueTask ServeAsync(Exchange exchange)
    {
        var isLetIn = _cors.Mark(exchange);
        var external = await ExternalOf(exchange, isLetIn).ConfigureAwait(false);
        // A public answer to a caller without credentials is the same until something is written.
        var isAnonymous = exchange.Method is "GET" or "HEAD" && external is null && exchange.Header("Authorization") is null
            && exchange.Header("Cookie")?.Contains(_cookie.Name, StringComparison.Ordinal) != true;
        var version = 0L;
        var variant = _pages.VariantOf(exchange);
        if (isAnonymous && _kept.TryAnswer(
            exchange, (int)Subject.Public, userId: 0, variant.Length == 0 ? exchange.RawTarget : exchange.RawTarget + variant, out version))
            return;
        WarnOfProxy(exchange);

        var match = _router.Match(exchange.Method, exchange.Target.Segments);
        if (match.Endpoint is not { } endpoint)
        {
            Unrouted(exchange, match.Allow);
            if (isLetIn)
                Cors.AnswerPreflight(exchange, match.Allow!);
            return;
        }
        exchange.Route = match.Path;
        var call = CallOf(exchange, endpoint, match.Values);
        var changes = exchange.Method is not ("GET" or "HEAD") || endpoint.ChangesByGet;
        if (changes && (external is not null || BearerToken(exchange.Header("Authorization")) is null)) // a token is never sent unasked
            CrossSite.Refuse(exchange);
        await IdentifyAsync(call, external).ConfigureAwait(false);
        exchange.UserId = call.Caller?.Id;
        if (external is not null && call.Caller is null && (changes || endpoint.Access != Access.Anyone))
            throw Suspended(external);
        RequireAccess(endpoint.Access, call.Caller);
        RequireKnownParameters(exchange.Target, endpoint);
        if (!endpoint.IsForm)
            _limits.Count(call, changes);
        (exchange.Status, exchange.ContentType, exchange.IsSecret) = (endpoint.Status, endpoint.ContentType, endpoint.IsSecret);
        var keptFor = KeptFor(endpoint, call.Caller, isAnonymous);
        var target = keptFor is null ? "" : exchange.Target.Canonical(endpoint.Query) + variant;
        if (endpoint.IsFeed && _forum.Options.PublicUrl is null)
            target += $" {call.Origin}"; // another host's feed is another
        var own = call.Caller?.Role >= Role.Moderator ? $"{target} {call.Caller.Role}" : target; // a page that was made in the role before is not found
        if (external is not null)
            own += " external"; // whose pages have no button to log out
        if (keptFor is { } userId && _kept.TryAnswer(exchange, SubjectOf(endpoint, userId), userId, own, out version))
            return;
        try
        {
            var isMarked = MarkedAnswers.Are(call) && await PublicAnswerAsync(call, target).ConfigureAwait(false) is { } answer
                && _marked.TryWrite(call, answer);
            if (!isMarked && !endpoint.IsPaged)
                await endpoint.Run(call).ConfigureAwait(false);
            else if (!isMarked)
            {
                if (await RunPagedAsync(call, keptFor, own).ConfigureAwait(false) is not { } before)
                    return;
                version = before;
            }
        }
        catch (RefusalException e) when (e.Kind == RefusalKind.Unauthenticated) // ended since the request came
        {
            throw call.Caller?.TokenId is null ? LoginRequired() : InvalidToken();
        }
        if (!changes && exchange is { Status: 200, IsStreamed: false, KeptBody: null })
            SetETag(exchange, call, isAnonymous, keptFor is null ? null : (keptFor.Value, own), version);
    }

    public ValueTask DisposeAsync() => Streams.DisposeAsync();

    /// <summary>Runs a handler of pages when its turn has come, unless another request has made the same page by then.</summary>
    /// <returns>The database's version before anything was read; <see langword="null"/> if the page was kept.</returns>
    private Task<long?> RunPagedAsync(Call call, long? keptFor, string target) => _forum.Pages.RunAsync<long?>(
        weight: 1,
        async () =>
        {
            var version = 0L;
            if (keptFor is { } userId && _kept.TryAnswer(call.Exchange, SubjectOf(call.Endpoint, userId), userId, target, out version))
                return null;
            await call.Endpoint.Run(call).ConfigureAwait(false);
            return version;
        },
        CancellationToken.None);

    /// <summary>What a call would be answered without a caller; <see langword="null"/> if it would be refused.</summary>
    private async ValueTask<KeptAnswer?> PublicAnswerAsync(Call call, string target)
    {
        var answer = _kept.Find((int)Subject.Public, userId: 0, target, out var version);
        if (answer is not null)
            return answer;
        var exchange = call.Exchange;
        var anonymous = call.ForAnyone();
        try
        {
            if (call.Endpoint.IsPaged)
                answer = await _forum.Pages.RunAsync(
                    weight: 1,
                    async () =>
                    {
                        if (_kept.Find((int)Subject.Public, userId: 0, target, out version) is { } made) // by another request meanwhile
                            return made;
                        await call.Endpoint.Run(anonymous).ConfigureAwait(false);
                        return null;
                    },
                    CancellationToken.None).ConfigureAwait(false);
            else
                await call.Endpoint.Run(anonymous).ConfigureAwait(false);
        }
        catch (RefusalException e) when (e.Kind == RefusalKind.NotFound)
        {
            return null;
        }
        var body = exchange.Body.Written;
        if (answer is not null || body.Length == 0)
            return answer;
        var etag = anonymous.ETag ?? ConditionalGet.ETagOf(body.Span);
        answer = new KeptAnswer(version, exchange.Route!, etag, exchange.ContentType, body.ToArray(), isPublic: true);
        if (_kept.IsWorthKeeping(userId: 0, target, version, body.Length))
            _kept.Keep(userId: 0, target, answer);
        return answer;
    }

    public static RefusalException SessionsOnly() => RefusalException.Forbidden("a token may not do this: log in");

    public static HttpRefusalException LoginRequired() => Unauthorized("login required", "Bearer realm=\"TinyForum\"");

    private static HttpRefusalException InvalidToken() =>
        Unauthorized("the token is not valid", "Bearer realm=\"TinyForum\", error=\"invalid_token\"");

    private static void Unrouted(Exchange exchange, string? allow)
    {
        if (allow is null)
            throw new RefusalException(RefusalKind.NotFound, "not found");
        if (exchange.Method != "OPTIONS")
            throw new HttpRefusalException(405, "method not allowed") { Headers = new Dictionary<string, string> { ["Allow"] = allow } };
        exchange.Status = 204;
        exchange.SetHeader("Allow", allow);
    }

    /// <exception cref="RefusalException">Invalid: the query has a parameter that the endpoint does not take.</exception>
    private static void RequireKnownParameters(RequestTarget target, Endpoint endpoint)
    {
        if (target.Segments[0] != "api")
            return;
        foreach (var (name, _) in target.Query)
        {
            if (endpoint.Query.Contains(name))
                continue;
            var hint = Nearest.Of(name, endpoint.Query) is { } nearest ? $"did you mean {nearest}?"
                : endpoint.Query.Length == 0 ? "this takes none" : $"this takes {string.Join(", ", endpoint.Query)}";
            throw RefusalException.Invalid(JsonBody.Shown(name), $"is not a known parameter: {hint}");
        }
    }

    /// <summary>Says once that a proxy is not trusted: its clients share an address, and with it limits.</summary>
    private void WarnOfProxy(Exchange exchange)
    {
        if (_hasWarned || !ForwardedHeaders.IsUntrustedProxy(exchange, _forum.Options.TrustedProxies) || Interlocked.Exchange(ref _hasWarned, true))
            return;
        _forum.Options.Tell(LogSeverity.Warning,
            $"{exchange.Remote!.Address} forwards requests but is not trusted, so that all its clients count as one: if it is your proxy, see --trust-proxy");
    }

    /// <summary>Whom another program has logged in. A page of another origin that may call does so without what the browser adds by itself.</summary>
    private async ValueTask<ExternalIdentity?> ExternalOf(Exchange exchange, bool isLetIn)
    {
        if (_logins is null)
            return null;
        exchange.AuthHeader = _forum.Options.AuthHeader;
        return isLetIn && CrossSite.IsForeign(exchange) ? null : await _logins.FindAsync(exchange).ConfigureAwait(false);
    }

    /// <summary>Finds the caller: whom another program logs in, whatever else the request has, or else whose session or token it has.</summary>
    private async ValueTask IdentifyAsync(Call call, ExternalIdentity? external)
    {
        if (external is null)
        {
            Identify(call);
            return;
        }
        (call.External, call.Credential) = (external, _logins!.CredentialOf(external));
        call.Caller = await _forum.Identities.FindAsync(external).ConfigureAwait(false);
    }

    private RefusalException Suspended(ExternalIdentity identity) => RefusalException.Forbidden(
        _forum.Identities.FindSuspension(identity.Subject) is { } suspension ? Accounts.Describe(suspension) : "this account is suspended");

    /// <summary>Finds the caller by token or cookie. An invalid token is refused, so that a script notices; an expired cookie counts as no cookie.</summary>
    private void Identify(Call call)
    {
        if (BearerToken(call.Exchange.Header("Authorization")) is { } token)
        {
            call.Credential = token;
            call.Caller = _forum.Tokens.Find(token) ?? throw InvalidToken();
        }
        else if (call.Exchange.Header("Cookie") is { } cookies)
        {
            foreach (var session in _cookie.TokensIn(cookies))
            {
                call.Credential = session;
                call.Caller = _forum.Sessions.Find(session, out var renewed);
                if (renewed)
                    call.Exchange.SetHeader("Set-Cookie", _cookie.Make(session, secure: call.IsHttps));
                if (call.Caller is not null)
                    break;
            }
        }
    }

    /// <summary>The token of an <c>Authorization</c> header (RFC 6750); <see langword="null"/> for other schemes, which a proxy may use for itself.</summary>
    private static string? BearerToken(string? header) =>
        header is not null && $"{header} ".StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header[6..].Trim() : null;

    private static HttpRefusalException Unauthorized(string message, string challenge) =>
        new(401, message) { Headers = new Dictionary<string, string> { ["WWW-Authenticate"] = challenge } };

    private static void RequireAccess(Access access, Caller? caller)
    {
        if (access == Access.Anyone)
            return;
        if (caller is null)
            throw LoginRequired();
        if (access == Access.Session && caller.TokenId is not null)
            throw SessionsOnly();
        if (access != Access.Reader && !caller.MayWrite)
            throw Permissions.ReadersMayNot();
        if (access == Access.Moderator && caller.Role < Role.Moderator)
            throw Permissions.ModeratorsOnly();
        if (access == Access.Admin && caller.Role < Role.Admin)
            throw Permissions.AdminsOnly();
    }

    private static int SubjectOf(Endpoint endpoint, long userId) => (int)(userId == 0 ? Subject.Public : endpoint.Subject);

    private static long? KeptFor(Endpoint endpoint, Caller? caller, bool isAnonymous) =>
        !endpoint.Kept ? null : caller?.Id ?? (isAnonymous ? 0 : null);

    private void SetETag(Exchange exchange, Call call, bool isAnonymous, (long UserId, string Target)? keptAs, long version)
    {
        var body = exchange.Body.Written;
        var etag = call.ETag ?? ConditionalGet.ETagOf(body.Span);
        if (call.EndsByTime)
            keptAs = null;
        if (keptAs is { } asked && !_kept.IsWorthKeeping(asked.UserId, asked.Target, version, body.Length))
            keptAs = null;
        if (body.Length == 0 || (!isAnonymous && keptAs is null)) // without a body it was not rendered, since the client has it
        {
            ConditionalGet.Apply(exchange, etag, isPublic: call.Caller is null);
            return;
        }
        var answer = new KeptAnswer(
            version, exchange.Route!, etag, exchange.ContentType, keptAs is null ? body : body.ToArray(), isPublic: isAnonymous && !exchange.IsSecret);
        if (keptAs is { } key)
            _kept.Keep(key.UserId, key.Target, answer);
        answer.Send(exchange);
    }
}
