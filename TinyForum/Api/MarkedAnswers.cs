using System.Runtime.CompilerServices;
using TinyForum.Api.Endpoints;
using TinyForum.Http;

namespace TinyForum.Api;

/// <summary>
/// Answers with posts to callers: the public answer, which is made once for all, with what the caller likes and has not read put in. Nothing
/// else in it depends on who asks; where something does, there is no public answer, and the handler answers. Thread-safe.
/// </summary>
internal sealed class MarkedAnswers(Forum forum)
{
    private readonly ConditionalWeakTable<KeptAnswer, MarkPlaces> _places = [];

    /// <summary>Whether the answer to a call is the public one with the caller's marks.</summary>
    public static bool Are(Call call) => call.Endpoint.IsMarked && call.Caller is not null && call.Query("unread") is null or "false";

    /// <summary>Writes the answer and sets its entity tag.</summary>
    /// <returns>Whether it did; not if the caller's account or one of the posts is gone.</returns>
    public bool TryWrite(Call call, KeptAnswer answer)
    {
        var places = _places.GetValue(answer, static a => MarkPlaces.Of(a.Body.Span));
        var marks = forum.Posts.Marks(places.Posts, places.AreThreads, call.User);
        if (marks.Count != places.Posts.Count)
            return false;
        call.ETag = PostETag.WithMarks(answer.ETag, marks);
        call.Exchange.Body.Clear();
        if (!ConditionalGet.Matches(call.Exchange.Header("If-None-Match"), call.ETag))
            places.Write(answer.Body.Span, marks, call.Exchange.Body);
        return true;
    }
}
