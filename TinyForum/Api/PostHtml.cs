using System.Collections.Concurrent;
using TinyForum.Data;
using TinyForum.Text;

namespace TinyForum.Api;

/// <summary>What people wrote, as HTML. That of posts is kept as long as there is room: most are read more often than they are written.</summary>
internal sealed class PostHtml(Forum forum)
{
    private const int MaxChars = 8 * 1024 * 1024, Overhead = 100; // about what an entry takes beside its text

    // When half of the room is taken, these become the older ones, and the older ones go.
    private ConcurrentDictionary<(long Id, long Revision), Kept> _kept = new(), _older = new();
    private int _chars;

    /// <summary>The HTML of a post, with links to the users whom it mentions.</summary>
    public string Of(Post post)
    {
        if (post.Body.Length == 0)
            return ""; // erased: what it was is not to be shown, although no edit changed it
        var names = Mentions.MayBeIn(post.Body) ? forum.Database.Stamp((int)Subject.Names) : 0; // before they are looked up
        var key = (post.Id, post.Revision);
        if (_kept.TryGetValue(key, out var kept) && kept.Names == names)
            return kept.Html;
        if (!_older.TryGetValue(key, out kept) || kept.Names != names)
            kept = new Kept(Of(post.Body), names);
        if (Interlocked.Add(ref _chars, Overhead + kept.Html.Length) > MaxChars / 2)
        {
            (_older, _kept) = (_kept, new());
            Interlocked.Exchange(ref _chars, kept.Html.Length);
        }
        _kept[key] = kept;
        return kept.Html;
    }

    /// <summary>The HTML of a text as it would be in a post.</summary>
    public string Of(string body) => Markup.Html(
        body, key => forum.Users.FindAuthor(key) is { Id: > User.DeletedId } user
            ? $"{forum.Options.BasePath}/user/{Uri.EscapeDataString(user.Username)}" : null);

    /// <summary>The HTML of a private message, in which names are text.</summary>
    public static string OfMessage(string body) => Markup.Html(body, static _ => null);

    /// <summary>The HTML of a post.</summary>
    /// <param name="Html">What it is.</param>
    /// <param name="Names">The stamp of the names that it was made with; 0 if it mentions nobody.</param>
    private sealed record Kept(string Html, long Names);
}
