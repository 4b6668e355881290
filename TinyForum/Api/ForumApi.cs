using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using TinyForum.Data;
using TinyForum.Http;

namespace TinyForum.Api;

/// <summary>The way of a request through the API: route, origin, caller, access, handler, entity tag.</summary>
internal sealed class ForumApi
{
    private readonly Forum _forum;
    private readonly Telemetry _telemetry;
    private readonly Router<Endpoint> _router = new();
    private readonly AnswerCache _kept;

    public ForumApi(Forum forum, Telemetry telemetry)
    {
        _forum = forum;
        _telemetry = telemetry;
        _kept = new AnswerCache(forum.Database);
        foreach (var endpoint in Routes.Table)
            _router.Add(endpoint.Pattern, endpoint);
    }

    /// <summary>How many answers are kept in memory.</summary>
    public int KeptAnswers => _kept.Count;

    /// <summary>Fills in the answer.</summary>
    /// <exception cref="Refusal">The request can't be granted.</exception>
    public async ValueTask ServeAsync(Exchange exchange)
    {
        // What anyone may read, to someone who says nothing of himself: the same bytes as long as nothing was written.
        var mayBeKept = exchange.Method is "GET" or "HEAD" && exchange.Header("Cookie") is null && exchange.Header("Authorization") is null;
        var version = 0L;
        if (mayBeKept && _kept.TryAnswer(exchange, out version))
            return;

        var match = _router.Match(exchange.Method, exchange.Target.Segments);
        if (match.Endpoint is not { } endpoint)
        {
            Unrouted(exchange, match.Allow);
            return;
        }
        exchange.Route = match.Path;
        var call = new Call(exchange, _forum, endpoint, match.Values) { ClientAddress = ClientAddress(exchange), Telemetry = _telemetry };
        if (exchange.Method is not ("GET" or "HEAD") || endpoint.ChangesByGet)
            CrossSite.Refuse(exchange);
        Identify(call);
        exchange.UserId = call.Caller?.Id;
        RequireAccess(endpoint.Access, call.Caller);
        exchange.Status = endpoint.Status;
        await endpoint.Run(call).ConfigureAwait(false);
        if (exchange.Method is "GET" or "HEAD" && exchange.Status == 200 && !endpoint.ChangesByGet)
            Tag(exchange, call, mayBeKept && endpoint.Kept, version);
    }

    public static Refusal LoginRequired() =>
        new(401, "login required") { Headers = new Dictionary<string, string> { ["WWW-Authenticate"] = "Bearer realm=\"TinyForum\"" } };

    private static void Unrouted(Exchange exchange, string? allow)
    {
        if (allow is null)
            throw new Refusal(404, "not found");
        if (exchange.Method != "OPTIONS")
            throw new Refusal(405, "method not allowed") { Headers = new Dictionary<string, string> { ["Allow"] = allow } };
        exchange.Status = 204;
        exchange.SetHeader("Allow", allow);
    }

    private void Identify(Call call)
    {
        call.Credential = SessionCookie.Find(call.Exchange.Header("Cookie"));
        if (call.Credential is not null)
            call.Caller = _forum.Sessions.Find(call.Credential);
    }

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

    private IPAddress ClientAddress(Exchange exchange)
    {
        var direct = exchange.Remote?.Address ?? IPAddress.None;
        if (!_forum.Options.TrustProxy || exchange.Header("X-Forwarded-For") is not { } forwarded)
            return direct;
        var last = forwarded[(forwarded.LastIndexOf(',') + 1)..].Trim();
        return IPAddress.TryParse(last, out var client) ? client : direct;
    }

    private void Tag(Exchange exchange, Call call, bool keep, long version)
    {
        var tag = call.ETag ?? Hash(exchange.Body.Written.Span);
        if (keep)
            _kept.Keep(exchange, tag, version);
        ConditionalGet.Apply(exchange, tag, isPublic: call.Caller is null);
    }

    private static string Hash(ReadOnlySpan<byte> body)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, digest);
        return $"\"{Base64Url.EncodeToString(digest[..12])}\"";
    }
}
