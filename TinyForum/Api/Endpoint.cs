using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using TinyForum.Data;

namespace TinyForum.Api;

/// <summary>Who may call an endpoint; <see cref="OpenApi.OpenApiTerms.Who"/> says it in words.</summary>
internal enum Access
{
    Anyone,
    Reader,
    Writer,
    Session,
    Moderator,
    Admin,
}

/// <summary>A line of the route table: the handler of a pattern, who may call it, and what the OpenAPI document says about it.</summary>
/// <param name="Pattern">The method and the path.</param>
/// <param name="Access">Who may call it.</param>
/// <param name="Body">The request's body, or <see langword="null"/> if it takes none.</param>
/// <param name="Answer">The answer's body, or <see langword="null"/> if the handler writes the answer itself.</param>
/// <param name="Run">Reads the body if there is one, runs the handler and writes what it returns.</param>
/// <param name="Summary">What it does, in a line.</param>
/// <param name="Noun">The group of the endpoint in the OpenAPI document: the class of its handler.</param>
/// <param name="Query">The parameters that its query may have.</param>
/// <param name="Refuses">The statuses of refusals that do not follow from the rest. 200 is for the oldest, which keep that status.</param>
/// <param name="Status">The status of success.</param>
/// <param name="Kept">
/// Whether the answer stays the same until something is written, so that it can be cached. Where anyone may call, it is cached for callers
/// without a credential; elsewhere for each caller.
/// </param>
/// <param name="ChangesByGet">Whether it changes something although it is a GET.</param>
/// <param name="Subject">What the answer is about, as far as it is kept.</param>
/// <param name="IsMarked">Whether the answer to a caller is the public one with the caller's marks, see <see cref="MarkedAnswers"/>.</param>
/// <param name="IsSearch">Whether its calls count as searches.</param>
/// <param name="IsSecret">Whether a client may not even store the answer.</param>
/// <param name="IsFeed">Whether it is a feed, which has the addresses of what it tells of.</param>
/// <param name="IsPage">Whether it is a page that takes about as much as a list.</param>
/// <param name="IsForm">Whether it is a form, which counts against the limits by itself: when it is refused, it shows what was written.</param>
/// <param name="ContentType">The media type of the answer.</param>
/// <param name="Waiting">The answer's body if what was asked for waits for a moderator: then the status is 202.</param>
internal sealed record Endpoint(
    string Pattern, Access Access, JsonTypeInfo? Body, JsonTypeInfo? Answer, Func<Call, ValueTask> Run, string Summary, string Noun,
    string[] Query, int[] Refuses, int Status = 200, bool Kept = false, bool ChangesByGet = false, Subject Subject = default,
    bool IsMarked = false, bool IsSearch = false, bool IsSecret = false, bool IsFeed = false, bool IsPage = false, bool IsForm = false,
    string ContentType = "application/json", JsonTypeInfo? Waiting = null)
{
    /// <summary>Whether the answer is a page of a list, or as much as one; searches wait for threads of their own.</summary>
    public bool IsPaged { get; } = IsFeed || IsPage || (Query.Contains("cursor") && !IsSearch);

    /// <summary>An endpoint without a body.</summary>
    public static Endpoint Of<TAnswer>(string pattern, Access access, Func<Call, ValueTask<TAnswer>> handler, string summary,
        int status = 200, bool kept = false, bool changesByGet = false, string[]? query = null, Subject subject = default, bool isMarked = false,
        bool isSearch = false, bool isSecret = false, int[]? refuses = null, [CallerArgumentExpression(nameof(handler))] string name = "") =>
        new(pattern, access, null, ApiJson.Type<TAnswer>(), async call => call.Answer(await handler(call).ConfigureAwait(false)),
            summary, NounOf(name), query ?? [], refuses ?? [], status, kept, changesByGet, subject, isMarked, isSearch, isSecret || access == Access.Session);

    /// <summary>An endpoint with a body.</summary>
    public static Endpoint Of<TBody, TAnswer>(string pattern, Access access, Func<Call, TBody, ValueTask<TAnswer>> handler, string summary,
        int status = 200, string[]? query = null, int[]? refuses = null, [CallerArgumentExpression(nameof(handler))] string name = "")
    {
        return new(pattern, access, ApiJson.Type<TBody>(), ApiJson.Type<TAnswer>(), Run, summary, NounOf(name), query ?? [], refuses ?? [], status);

        async ValueTask Run(Call call) =>
            call.Answer(await handler(call, await call.ReadBodyAsync<TBody>().ConfigureAwait(false)).ConfigureAwait(false));
    }

    /// <summary>An endpoint with a body, whose answer is a <typeparamref name="TWaiting"/> if what was asked for waits for a moderator.</summary>
    public static Endpoint OrWaiting<TBody, TAnswer, TWaiting>(string pattern, Access access, Func<Call, TBody, ValueTask<Success>> handler, string summary,
        int status = 200, int[]? refuses = null, [CallerArgumentExpression(nameof(handler))] string name = "")
        where TAnswer : Success where TWaiting : Success
    {
        return new(pattern, access, ApiJson.Type<TBody>(), ApiJson.Type<TAnswer>(), Run, summary, NounOf(name), [], refuses ?? [], status,
            Waiting: ApiJson.Type<TWaiting>());

        async ValueTask Run(Call call)
        {
            var answer = await handler(call, await call.ReadBodyAsync<TBody>().ConfigureAwait(false)).ConfigureAwait(false);
            if (answer is TWaiting waiting)
            {
                call.Exchange.Status = 202;
                call.Answer(waiting);
            }
            else
                call.Answer((TAnswer)answer);
        }
    }

    /// <summary>An endpoint whose handler writes the answer itself.</summary>
    public static Endpoint Of(string pattern, Access access, Func<Call, ValueTask> handler, string summary, string contentType,
        bool kept = false, int[]? refuses = null, [CallerArgumentExpression(nameof(handler))] string name = "") =>
        new(pattern, access, null, null, handler, summary, NounOf(name), [], refuses ?? [], Kept: kept, ContentType: contentType);

    /// <summary>A feed, which its handler writes.</summary>
    public static Endpoint Feed(string pattern, Func<Call, ValueTask> handler, string summary, [CallerArgumentExpression(nameof(handler))] string name = "") =>
        new(pattern, Access.Anyone, null, null, handler, summary, NounOf(name), [], [], Kept: true, IsFeed: true, ContentType: AtomFeed.ContentType);

    /// <summary>An endpoint whose handler writes an answer of that type itself, as a stream.</summary>
    public static Endpoint Streamed<TAnswer>(string pattern, Access access, Func<Call, ValueTask> handler, string summary,
        string[]? query = null, int[]? refuses = null, [CallerArgumentExpression(nameof(handler))] string name = "") =>
        new(pattern, access, null, ApiJson.Type<TAnswer>(), handler, summary, NounOf(name), query ?? [], refuses ?? []);

    /// <summary>The class of a handler: <c>Search</c> for both <c>Search.Find</c> and <c>Endpoints.Search.Find</c>.</summary>
    private static string NounOf(string handler)
    {
        var noun = handler.AsSpan(0, handler.LastIndexOf('.'));
        return noun[(noun.LastIndexOf('.') + 1)..].ToString();
    }
}
