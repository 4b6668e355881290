using TinyForum.Api;

namespace TinyForum.Web;

/// <summary>Refusals as pages.</summary>
internal static class ErrorPages
{
    /// <summary>Says why there is no page; to who has to be logged in to see it, shows the way.</summary>
    /// <param name="call">The request; its answer has its status.</param>
    /// <param name="message">Why it was refused.</param>
    /// <param name="text">What was written and has no place any more.</param>
    public static ValueTask Write(Call call, string message, string text = "")
    {
        var status = call.Exchange.Status;
        if (status == 401 && (call.Exchange.Method is "GET" or "HEAD"))
        {
            Page.Redirect(call.Exchange, $"/login?next={Uri.EscapeDataString(call.Exchange.RawTarget)}");
            return default;
        }
        return Page.Write(call, _ => $"{status}", page =>
        {
            var (o, w) = (page.Out, page.Words);
            o.Write($"<h1>{status}</h1>\n<p>{(status switch { 404 => w.NotFound, 500 => w.InternalError, _ => w.Sentence(message) })}</p>\n");
            if (text.Length > 0)
                Forms.Area(page, "body", w.YourText, text, mistakes: null);
            if (call.Exchange.RetryAfter is { } seconds)
                o.Write($"<p>{w.ComeBack(seconds)}</p>\n");
            o.Write($"<p><a href=\"{Url.Front}\">{w.Threads}</a> · <a href=\"{new Url("/search")}\">{w.Search}</a></p>\n");
            o.Write($"<p class=\"help\">{w.Request} {call.Exchange.Id}</p>\n");
        });
    }
}
