using TinyForum.Api;

namespace TinyForum.Web;

/// <summary>Refusals as pages.</summary>
internal static class ErrorPages
{
    private const int MaxOnward = 4096; // so that the address that it is put into is none that is refused for its length

    /// <summary>Says why there is no page; to who has to be logged in to see it, shows the way.</summary>
    /// <param name="call">The request; its answer has its status.</param>
    /// <param name="message">Why it was refused.</param>
    /// <param name="errors">The rules that its fields or parameters break.</param>
    /// <param name="text">What was written and has no place any more.</param>
    public static ValueTask Write(Call call, string message, IReadOnlyDictionary<string, string>? errors, string text = "")
    {
        var status = call.Exchange.Status;
        if (status == 401 && (call.Exchange.Method is "GET" or "HEAD"))
        {
            var onward = Page.Onward(call.Exchange.RawTarget);
            Page.Redirect(call.Exchange, $"/login{(onward?.Length <= MaxOnward ? onward : null)}");
            return default;
        }
        return Page.Write(call, _ => $"{status}", page =>
        {
            var (o, w) = (page.Out, page.Words);
            o.Write($"<h1>{status}</h1>\n<p>{(status switch { 404 => w.NotFound, 413 => w.TooLong, 500 => w.InternalError, _ => w.Sentence(message) })}</p>\n");
            foreach (var (field, rule) in errors ?? new Dictionary<string, string>())
                o.Write($"<p>{w.Field(field)}{w.Colon}{w.Refusal(rule)}</p>\n");
            if (text.Length > 0)
                Forms.Area(page, "body", w.YourText, text, mistakes: null);
            if (call.Exchange.RetryAfter is { } seconds)
                o.Write($"<p>{w.ComeBack(seconds)}</p>\n");
            o.Write($"<p><a href=\"{Url.Front}\">{w.Threads}</a> · <a href=\"{new Url("/search")}\">{w.Search}</a></p>\n");
            o.Write($"<p class=\"help\">{w.Request} {call.Exchange.Id}</p>\n");
        });
    }
}
