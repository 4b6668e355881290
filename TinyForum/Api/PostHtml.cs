using System.Collections.Concurrent;
using TinyForum.Data;
using TinyForum.Text;

namespace TinyForum.Api;

/// <summary>What people wrote, as HTML. That of posts is kept as long as there is room: most are read more often than they are written.</summary>
internal sealed class PostHtml(Forum forum)
{
    private const int MaxChars = 8 * 1024 * 1024;

    private readonly ConcurrentDictionary<(long Id, long Revision), string> _kept = new();
    private int _chars;

    /// <summary>The HTML of a post, with links to the users whom it mentions.</summary>
    public string Of(Post post)
    {
        if (post.Body.Length == 0)
            return ""; // erased: what it was is not to be shown, although no edit changed it
        if (_kept.TryGetValue((post.Id, post.Revision), out var kept))
            return kept;
        var html = Of(post.Body);
        if (Interlocked.Add(ref _chars, html.Length) > MaxChars)
        {
            _kept.Clear();
            Interlocked.Exchange(ref _chars, html.Length);
        }
        _kept[(post.Id, post.Revision)] = html;
        return html;
    }

    /// <summary>The HTML of a text as it would be in a post.</summary>
    public string Of(string body) => Markup.Html(
        body, key => forum.Users.FindAuthor(key) is { } user ? $"{forum.Options.BasePath}/user/{Uri.EscapeDataString(user.Username)}" : null);

    /// <summary>The HTML of a private message, in which names are text.</summary>
    public static string OfMessage(string body) => Markup.Html(body, static _ => null);
}
