using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;

namespace TinyForum.Api;

/// <summary>Who may call an endpoint.</summary>
internal enum Access
{
    /// <summary>Anyone.</summary>
    Anyone,

    /// <summary>A session, or a token of either scope.</summary>
    Reader,

    /// <summary>A session, or a token of scope <c>write</c>.</summary>
    Writer,

    /// <summary>A session; no token.</summary>
    Session,

    /// <summary>As <see cref="Writer"/>, for moderators and admins.</summary>
    Moderator,

    /// <summary>As <see cref="Writer"/>, for admins.</summary>
    Admin,
}

/// <summary>A line of the route table: the handler of a pattern, who may call it, and what the OpenAPI document says about it.</summary>
internal sealed class Endpoint
{
    private Endpoint(string pattern, Access access, JsonTypeInfo? body, JsonTypeInfo? answer, Func<Call, ValueTask> run) =>
        (Pattern, Access, Body, Answer, Run) = (pattern, access, body, answer, run);

    public string Pattern { get; }

    public Access Access { get; }

    /// <summary>The request's body, or <see langword="null"/> if it takes none.</summary>
    public JsonTypeInfo? Body { get; }

    /// <summary>The answer's body, or <see langword="null"/> if the handler writes the answer itself.</summary>
    public JsonTypeInfo? Answer { get; }

    /// <summary>Reads the body if there is one, runs the handler and writes what it returns.</summary>
    public Func<Call, ValueTask> Run { get; }

    /// <summary>What it does, in a line.</summary>
    public required string Summary { get; init; }

    /// <summary>The group of the endpoint in the OpenAPI document: the class of its handler.</summary>
    public required string Noun { get; init; }

    /// <summary>The status of success.</summary>
    public int Status { get; init; } = 200;

    /// <summary>The media type of the answer's body.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>The parameters that its query may have.</summary>
    public IReadOnlyList<string> Query { get; init; } = [];

    /// <summary>The statuses of refusals that do not follow from the rest. 200 stands for the oldest refusals, which keep that status.</summary>
    public IReadOnlyList<int> Refuses { get; init; } = [];

    /// <summary>
    /// Whether the answer stays the same until something is written, so that it can be cached. Where anyone may call, it is cached for callers
    /// without a credential; elsewhere for each caller.
    /// </summary>
    public bool Kept { get; init; }

    /// <summary>Whether it changes something although it is a GET.</summary>
    public bool ChangesByGet { get; init; }

    /// <summary>The rate limit that its calls count against, besides their user's writes.</summary>
    public RateLimited RateLimited { get; init; }

    /// <summary>An endpoint without a body.</summary>
    public static Endpoint Of<TAnswer>(string pattern, Access access, Func<Call, ValueTask<TAnswer>> handler, string summary,
        int status = 200, bool kept = false, bool changesByGet = false, string[]? query = null, RateLimited limit = RateLimited.No,
        int[]? refuses = null, [CallerArgumentExpression(nameof(handler))] string name = "") =>
        new(pattern, access, null, ApiJson.Type<TAnswer>(), async call => call.Answer(await handler(call).ConfigureAwait(false)))
        {
            Summary = summary, Noun = NounOf(name), Status = status, Kept = kept, ChangesByGet = changesByGet, Query = query ?? [],
            RateLimited = limit, Refuses = refuses ?? [],
        };

    /// <summary>An endpoint with a body.</summary>
    public static Endpoint Of<TBody, TAnswer>(string pattern, Access access, Func<Call, TBody, ValueTask<TAnswer>> handler, string summary,
        int status = 200, string[]? query = null, int[]? refuses = null, [CallerArgumentExpression(nameof(handler))] string name = "") =>
        new(pattern, access, ApiJson.Type<TBody>(), ApiJson.Type<TAnswer>(), async call =>
        {
            var body = await call.ReadBodyAsync<TBody>().ConfigureAwait(false);
            call.Answer(await handler(call, body).ConfigureAwait(false));
        })
        {
            Summary = summary, Noun = NounOf(name), Status = status, Query = query ?? [], Refuses = refuses ?? [],
        };

    /// <summary>An endpoint whose handler writes the answer itself.</summary>
    public static Endpoint Of(string pattern, Access access, Func<Call, ValueTask> handler, string summary, string contentType,
        bool kept = false, int[]? refuses = null, [CallerArgumentExpression(nameof(handler))] string name = "") =>
        new(pattern, access, null, null, call =>
        {
            call.Exchange.ContentType = contentType;
            return handler(call);
        })
        {
            Summary = summary, Noun = NounOf(name), ContentType = contentType, Kept = kept, Refuses = refuses ?? [],
        };

    /// <summary>The class of a handler: <c>Search</c> for both <c>Search.Find</c> and <c>Endpoints.Search.Find</c>.</summary>
    private static string NounOf(string handler)
    {
        var noun = handler.AsSpan(0, handler.LastIndexOf('.'));
        return noun[(noun.LastIndexOf('.') + 1)..].ToString();
    }
}
