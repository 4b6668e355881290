using TinyForum.Api;
using TinyForum.Data;
using TinyForum.Text;
using static System.FormattableString;

namespace TinyForum.Web;

/// <summary>Threads: the lists of them, and each with its replies.</summary>
internal static class ThreadPages
{
    internal const int PageSize = 50;

    // What an operator types: the program, or what runs it from its source.
    private static readonly string Program = Path.GetFileNameWithoutExtension(Environment.ProcessPath) is { } name
        && name.Equals("TinyForum", StringComparison.OrdinalIgnoreCase) ? name : "./run.sh";

    public static ValueTask Front(Call call)
    {
        var isActive = call.Query("sort", true, ("active", true), ("newest", false));
        var unread = call.Flag("unread");
        if (unread && call.Caller is null)
            throw ForumApi.LoginRequired();
        var author = call.Query("author");
        var tag = call.Query("tag");
        var writer = author is null ? null : call.Forum.Users.FindAuthor(author);
        var filter = new ThreadFilter(
            author is null ? null : writer?.Id ?? -1,
            tag is null ? null : Tag.TryParse(tag, out var parsed, out _) ? parsed.Key : "", unread, isActive);
        var list = $"page {isActive} {author} {tag} {(unread ? call.User.Id : null)}";
        var threads = call.Forum.Posts.Threads(filter, PageSize, call.Position(list), call.Caller);
        return Page.Write(call, w => tag ?? author ?? w.Threads, page =>
        {
            var (o, w) = (page.Out, page.Words);
            o.Write($"<div class=\"bar\"><h1>");
            if (tag is not null)
                o.Write($"<a href=\"{new Url("/tags")}\">{w.Tags}</a>{w.Colon}{new Name(tag)}");
            else if (writer is not null)
                o.Write($"{writer}{w.Colon}{w.Threads}");
            else if (author is not null)
                o.Write($"{new Name(author)}{w.Colon}{w.Threads}");
            else
                o.Write($"{w.Threads}");
            o.Write($"</h1>\n<a class=\"button\" href=\"{(tag is null ? new Url("/new") : new Url("/new?tags=", null, tag))}\">{w.NewThread}</a></div>\n");
            if (tag is null && author is null)
                Sorts(page, isActive, unread);
            if (tag is null && author is null && call.Query("cursor") is null)
                page.News(w.NewsThread, w.NewsThreads);
            if (tag is null && author is null)
                HeldPages.ShowOwn(page, threadId: null);
            if (threads.Items.Count == 0 && call.Query("cursor") is null && tag is null && author is null && !unread)
            {
                o.Write($"<p class=\"empty\">{w.EmptyForum}</p>\n");
                if (call.External is null)
                    o.Write($"<p><a class=\"button\" href=\"{new Url("/register")}\">{w.Register}</a></p>\n");
                var option = call.Forum.Options.HasUsualDatabase ? "" : " --database FILE"; // where that is, nobody else has to know
                o.Write($"<p class=\"help\">{w.FirstAdmin} <code>{Program} user role {w.Username} admin{option}</code></p>\n");
            }
            else if (threads.Items.Count == 0)
                o.Write($"<p class=\"empty\">{w.EmptyList}</p>\n");
            Rows(page, threads.Items);
            if (unread && threads.Items.Count > 0)
                page.Tools(new Url("/read"), w.MarkAllRead);
            Paging(page, call.Next(list, threads.Next), tag is null ? null : new Url($"/tags/", null, tag, "/feed"));
        }, tag is null ? null : new Url("/tags/", null, tag, "/feed"));
    }

    /// <summary>The page of a thread; for a reply, where it is.</summary>
    public static ValueTask Show(Call call)
    {
        if (call.Forum.Posts.Find(call.Id, call.Caller) is { Head: not null } head)
            return Thread(call, head, Form.Empty, mistakes: null);
        var (_, number, thread) = call.Forum.Posts.PlacesOf([call.Id])[call.Id]; // where the reply is, be it deleted
        if (number == 0)
            throw RefusalException.NotFound("post");
        Page.Redirect(call.Exchange, PlaceOf(call, thread, number));
        return default;
    }

    /// <summary>Leads to the first post of a thread that the caller has not read, or else to its end.</summary>
    public static ValueTask Unread(Call call)
    {
        var head = call.Forum.Posts.Find(call.Id, call.Caller) is { Head: { } found } ? found : throw RefusalException.NotFound("thread");
        Page.Redirect(call.Exchange, call.Forum.Posts.FirstUnread(call.User, call.Id) is { } number
            ? PlaceOf(call, call.Id, number) : Invariant($"/posts/{head.LatestPost}"));
        return default;
    }

    public static ValueTask MarkAllRead(Call call) => Forms.DoAsync(call, async () =>
    {
        await call.Forum.Posts.MarkAllReadAsync(call.User).ConfigureAwait(false);
        return "/";
    });

    /// <summary>The page of a thread that has a post, at the post; it may say that the caller has reported it.</summary>
    public static string PlaceOf(Call call, long thread, long number, bool isReported = false)
    {
        if (number == 0)
            return isReported ? Invariant($"/posts/{thread}?reported=0#r0") : Invariant($"/posts/{thread}");
        var after = (number - 1) / PageSize * PageSize;
        var page = call.Forum.Posts.Replies(thread, PageSize, from: null, after, call.Caller) ?? throw RefusalException.NotFound("thread");
        if (page.Items.Count == 0 || page.Items[^1].Number < number) // long texts end a page early
            after = number - 1;
        var query = after == 0 ? isReported ? Invariant($"?reported={number}") : ""
            : isReported ? Invariant($"?after={after}&reported={number}") : Invariant($"?after={after}");
        return Invariant($"/posts/{thread}{query}#r{number}");
    }

    /// <summary>A thread, with a reply as far as it was written; of one that is deleted, to whom may see it, what moderators may see.</summary>
    public static ValueTask Thread(Call call, Post head, Form form, IReadOnlyDictionary<string, string>? mistakes)
    {
        var after = call.Number("after", "the number of a reply") ?? 0;
        var isDeleted = head.DeletedBy is not null;
        var replies = call.Forum.Posts.Replies(head.Id, PageSize, from: null, after, call.Caller)
            ?? (isDeleted ? new Page<Post>([], null) : throw RefusalException.NotFound("thread"));
        var unread = call.Caller is not null && head.Head!.Unread > 0 && !isDeleted ? call.Forum.Posts.FirstUnread(call.User, head.Id) : null;
        return Page.Write(call, _ => head.Head!.Title, page =>
        {
            var thread = new ShownThread(head, replies.Items, page.Call.Caller);
            Head(page, head, unread);
            if (after == 0)
                PostPages.Article(page, head, thread);
            foreach (var reply in replies.Items)
            {
                if (reply.Number == unread)
                    page.Out.Write($"<p class=\"new\">{page.Words.NewFromHere}</p>\n");
                PostPages.Article(page, reply, thread);
            }
            if (!isDeleted)
                page.News(page.Words.NewReply, page.Words.NewReplies, head.Id);
            Turning(page, head.Id, after, replies.Next is null ? null : replies.Items[^1].Number);
            if (isDeleted)
                return;
            if (replies.Next is null)
                HeldPages.ShowOwn(page, head.Id);
            Seen(page, head, replies.Items.Count > 0 ? replies.Items[^1].Number : after == 0 ? 0 : null);
            PostPages.ReplyForm(page, head, form, mistakes);
        }, Url.Post(head.Id, "/feed"), Beginning(head.Body));
    }

    private static void Head(Page page, Post head, long? unread)
    {
        var (o, w, about) = (page.Out, page.Words, head.Head!);
        o.Write($"<h1 dir=\"auto\">{about.Title}</h1>\n<p class=\"meta\">");
        foreach (var tag in about.Tags)
            o.Write($"<a class=\"tag\" href=\"{Url.Tag(tag)}\">{new Name(tag)}</a> ");
        Marks(page, about);
        o.Write($"{w.Replies(about.Replies)}");
        if (head.DeletedBy is null)
            o.Write($" · <a href=\"{Url.Post(head.Id, "/feed")}\">{w.Feed}</a>");
        if (unread is not null)
            o.Write($" · <a href=\"{Url.Post(head.Id, "/unread")}\">{w.FirstUnread}</a>");
        if (about.Replies > 0 && head.DeletedBy is null)
            o.Write($" · <a href=\"{Url.Post(about.LatestPost)}\">{w.Latest}</a>");
        o.Write($"</p>\n");
        if (page.Call.Caller?.Role >= Role.Moderator && head.DeletedBy is null)
        {
            o.Write($"<div class=\"tools\">");
            page.Button(Url.Post(head.Id, about.IsPinned ? "/unpin" : "/pin"), about.IsPinned ? w.Unpin : w.Pin);
            page.Button(Url.Post(head.Id, about.IsLocked ? "/unlock" : "/lock"), about.IsLocked ? w.Unlock : w.Lock);
            o.Write($"</div>\n");
        }
    }

    /// <summary>Lets a reader mark what is on a page as read, and what was notified of it; the script does once it was seen to the end.</summary>
    private static void Seen(Page page, Post head, long? last)
    {
        if (page.Call.Caller is not { } caller || last is not { } number)
            return;
        if (head.Head!.Unread > 0 || page.Call.Forum.Notifications.AnyUnread(caller, head.Id, number))
            page.Button(Url.Post(head.Id, Invariant($"/read?number={number}")), page.Words.MarkRead, form: "seen");
    }

    /// <summary>The beginning of a text, on one line.</summary>
    private static string Beginning(string text)
    {
        var line = string.Join(' ', text[..Math.Min(text.Length, 400)].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= 160 ? line : $"{line.AsSpan(0, char.IsHighSurrogate(line[159]) ? 159 : 160)}…";
    }

    public static ValueTask Tags(Call call)
    {
        var tags = call.Forum.Posts.Tags(PagePosition.MaxSize, call.Position("page tags"));
        return Page.Write(call, w => w.Tags, page =>
        {
            var o = page.Out;
            o.Write($"<h1>{page.Words.Tags}</h1>\n<ul class=\"tags\">\n");
            foreach (var tag in tags.Items)
                o.Write($"<li><a class=\"tag\" href=\"{Url.Tag(tag.Name)}\">{new Name(tag.Name)}</a> <span class=\"number\">{tag.Threads}</span></li>\n");
            o.Write($"</ul>\n");
            Paging(page, call.Next("page tags", tags.Next));
        });
    }

    /// <summary>Where a list goes on.</summary>
    /// <param name="page">The page.</param>
    /// <param name="cursor">The cursor of the next page.</param>
    /// <param name="feed">The feed of the list.</param>
    /// <param name="next">What the next page is called; <see langword="null"/>: older.</param>
    public static void Paging(Page page, string? cursor, Url? feed = null, string? next = null)
    {
        var call = page.Call;
        if (cursor is null && feed is null && call.Query("cursor") is null)
            return;
        page.Out.Write($"<nav class=\"paging\" aria-label=\"{page.Words.Older}\">");
        if (call.Query("cursor") is not null)
            page.Out.Write($"<a href=\"{new Url(Here(call, cursor: null))}\">{page.Words.Newer}</a> ");
        if (cursor is not null)
            page.Out.Write($"<a rel=\"next\" href=\"{new Url(Here(call, cursor))}\">{next ?? page.Words.Older}</a> ");
        if (feed is { } url)
            page.Out.Write($"<a href=\"{url}\">{page.Words.Feed}</a>");
        page.Out.Write($"</nav>\n");
    }

    /// <summary>The address of a list. It has nothing that a request adds of its own, since the page may be kept for others.</summary>
    private static string Here(Call call, string? cursor)
    {
        var here = call.Exchange.Target.Canonical(call.Endpoint.Query.Where(name => name != "cursor"));
        return cursor is null ? here : $"{here}{(here.Contains('?', StringComparison.Ordinal) ? '&' : '?')}cursor={cursor}";
    }

    private static void Sorts(Page page, bool isActive, bool unread)
    {
        page.Out.Write($"<nav class=\"sorts\" aria-label=\"{page.Words.Threads}\">");
        Sort(Url.Front, page.Words.Active, isActive && !unread);
        Sort(new Url("/?sort=newest"), page.Words.Newest, !isActive && !unread);
        if (page.Call.Caller is not null)
            Sort(new Url("/?unread=true"), page.Words.Unread, unread);
        page.Out.Write($"</nav>\n");

        void Sort(Url url, string label, bool isCurrent)
        {
            if (isCurrent)
                page.Out.Write($"<a href=\"{url}\" aria-current=\"page\">{label}</a> ");
            else
                page.Out.Write($"<a href=\"{url}\">{label}</a> ");
        }
    }

    public static void Rows(Page page, IReadOnlyList<Post> threads)
    {
        page.Out.Write($"<ol class=\"threads\">\n");
        foreach (var (thread, latest) in threads.Zip(page.Call.Forum.Posts.Latest(threads)))
            Row(page, thread, latest.At, latest.Author);
        page.Out.Write($"</ol>\n");
    }

    private static void Row(Page page, Post thread, DateTimeOffset latest, string author)
    {
        var (o, w, head) = (page.Out, page.Words, thread.Head!);
        o.Write($"<li><h2 dir=\"auto\"><a href=\"{Url.Post(thread.Id)}\">{head.Title}</a></h2>\n<p class=\"meta\">");
        if (head.Unread is > 0 and var unread)
            o.Write($"<a class=\"count\" href=\"{Url.Post(thread.Id, "/unread")}\">{w.UnreadCount(unread)}</a> · ");
        Marks(page, head);
        o.Write($"{thread.Author} · {w.Replies(head.Replies)} · ");
        if (head.Replies > 0)
            o.Write($"{new Name(author)} ");
        o.Write($"<a href=\"{Url.Post(head.LatestPost)}\">{latest}</a>");
        foreach (var tag in head.Tags)
            o.Write($" <a class=\"tag\" href=\"{Url.Tag(tag)}\">{new Name(tag)}</a>");
        o.Write($"</p></li>\n");
    }

    private static void Marks(Page page, ThreadHead head)
    {
        if (head.IsPinned)
            page.Out.Write($"<span class=\"mark\">{page.Words.Pinned}</span> · ");
        if (head.IsLocked)
            page.Out.Write($"<span class=\"mark\">{page.Words.Locked}</span> · ");
    }

    private static void Turning(Page page, long thread, long after, long? last)
    {
        if (after == 0 && last is null)
            return;
        var (o, w) = (page.Out, page.Words);
        o.Write($"<nav class=\"paging\" aria-label=\"{w.Next}\">");
        if (after > 0)
        {
            o.Write($"<a href=\"{Url.Post(thread)}\">{w.First}</a> ");
            var before = after > PageSize ? Invariant($"?after={after - PageSize}") : null;
            o.Write($"<a rel=\"prev\" href=\"{Url.Post(thread, before)}\">{w.Previous}</a> ");
        }
        if (last is { } number)
            o.Write($"<a rel=\"next\" href=\"{Url.Post(thread, Invariant($"?after={number}"))}\">{w.Next}</a>");
        o.Write($"</nav>\n");
    }
}

/// <summary>A thread as far as it is on a page.</summary>
internal sealed class ShownThread
{
    private readonly Dictionary<long, Post> _posts;

    public ShownThread(Post head, IReadOnlyList<Post> replies, Actor? reader)
    {
        _posts = replies.ToDictionary(reply => reply.Id);
        IsDeleted = head.DeletedBy is not null;
        IsOpen = !IsDeleted && (!head.Head!.IsLocked || reader?.Role >= Role.Moderator);
    }

    public bool IsDeleted { get; }

    /// <summary>Whether the reader may reply, if logged in.</summary>
    public bool IsOpen { get; }

    /// <summary>A reply, if it is on the page.</summary>
    public Post? Find(long id) => _posts.GetValueOrDefault(id);
}
