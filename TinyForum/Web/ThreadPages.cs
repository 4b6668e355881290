using TinyForum.Api;
using TinyForum.Data;
using TinyForum.Text;
using static System.FormattableString;

namespace TinyForum.Web;

/// <summary>Threads: the lists of them, and each with its replies.</summary>
internal static class ThreadPages
{
    internal const int PageSize = 50;

    public static ValueTask Front(Call call)
    {
        var isActive = call.Query("sort", true, ("active", true), ("newest", false));
        var unread = call.Flag("unread");
        if (unread && call.Caller is null)
            throw ForumApi.LoginRequired();
        var author = call.Query("author");
        var tag = call.Query("tag");
        var filter = new ThreadFilter(
            author is null ? null : call.Forum.Users.FindAuthor(author)?.Id ?? -1,
            tag is null ? null : Tag.TryParse(tag, out var parsed, out _) ? parsed.Key : "", unread, isActive);
        var list = $"page {isActive} {author} {tag} {(unread ? call.User.Id : null)}";
        var threads = call.Forum.Posts.Threads(filter, PageSize, call.Position(list), call.Caller);
        return Page.Write(call, w => tag ?? author ?? w.Threads, page =>
        {
            var (o, w) = (page.Out, page.Words);
            o.Write($"<div class=\"bar\"><h1>{tag ?? author ?? w.Threads}</h1>\n<a class=\"button\" href=\"{new Url("/new")}\">{w.NewThread}</a></div>\n");
            if (tag is null && author is null)
                Sorts(page, isActive, unread);
            if (tag is null && author is null && call.Query("cursor") is null)
                page.News(w.NewsThread, w.NewsThreads);
            if (threads.Items.Count == 0 && call.Query("cursor") is null && tag is null && author is null && !unread)
            {
                o.Write($"<p class=\"empty\">{w.EmptyForum}</p>\n<p><a class=\"button\" href=\"{new Url("/register")}\">{w.Register}</a></p>\n");
                o.Write($"<p class=\"help\">{w.FirstAdmin} <code>./run.sh user role {w.Username} admin</code></p>\n");
            }
            else if (threads.Items.Count == 0)
                o.Write($"<p class=\"empty\">{w.EmptyList}</p>\n");
            Rows(page, threads.Items);
            Paging(page, call.Next(list, threads.Next), tag is null ? null : new Url($"/tags/", null, tag, "/feed"));
        }, tag is null ? null : new Url("/tags/", null, tag, "/feed"));
    }

    /// <summary>The page of a thread; for a reply, where it is.</summary>
    public static ValueTask Show(Call call)
    {
        var post = call.Forum.Posts.Find(call.Id, call.Caller) ?? throw RefusalException.NotFound("post");
        if (post.Head is null)
        {
            Page.Redirect(call.Exchange, PlaceOf(call, post.ThreadId, post.Number));
            return default;
        }
        return Thread(call, post, Form.Empty, mistakes: null);
    }

    /// <summary>Leads to the first post of a thread that the caller has not read, or else to its end.</summary>
    public static ValueTask Unread(Call call)
    {
        var head = call.Forum.Posts.Find(call.Id, call.Caller) is { Head: { } found } ? found : throw RefusalException.NotFound("thread");
        Page.Redirect(call.Exchange, call.Forum.Posts.FirstUnread(call.User, call.Id) is { } number
            ? PlaceOf(call, call.Id, number) : Invariant($"/posts/{head.LatestPost}"));
        return default;
    }

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

    /// <summary>A thread, with a reply as far as it was written.</summary>
    public static ValueTask Thread(Call call, Post head, Form form, IReadOnlyDictionary<string, string>? mistakes)
    {
        var after = call.Number("after", "the number of a reply") ?? 0;
        var replies = call.Forum.Posts.Replies(head.Id, PageSize, from: null, after, call.Caller) ?? throw RefusalException.NotFound("thread");
        var unread = call.Caller is not null && head.Head!.Unread > 0 ? call.Forum.Posts.FirstUnread(call.User, head.Id) : null;
        return Page.Write(call, _ => head.Head!.Title, page =>
        {
            var (o, w) = (page.Out, page.Words);
            o.Write($"<h1 dir=\"auto\">{head.Head!.Title}</h1>\n<p class=\"meta\">");
            foreach (var tag in head.Head.Tags)
                o.Write($"<a class=\"tag\" href=\"{Url.Tag(tag)}\">{tag}</a> ");
            Marks(page, head.Head);
            o.Write($"{w.Replies(head.Head.Replies)} · <a href=\"{Url.Post(head.Id, "/feed")}\">{w.Feed}</a>");
            if (unread is not null)
                o.Write($" · <a href=\"{Url.Post(head.Id, "/unread")}\">{w.FirstUnread}</a>");
            if (head.Head.Replies > 0)
                o.Write($" · <a href=\"{Url.Post(head.Head.LatestPost)}\">{w.Latest}</a>");
            o.Write($"</p>\n");
            if (call.Caller?.Role >= Role.Moderator)
            {
                o.Write($"<div class=\"tools\">");
                page.Button(Url.Post(head.Id, head.Head.IsPinned ? "/unpin" : "/pin"), head.Head.IsPinned ? w.Unpin : w.Pin);
                page.Button(Url.Post(head.Id, head.Head.IsLocked ? "/unlock" : "/lock"), head.Head.IsLocked ? w.Unlock : w.Lock);
                o.Write($"</div>\n");
            }
            if (after == 0)
                PostPages.Article(page, head);
            foreach (var reply in replies.Items)
            {
                if (reply.Number == unread)
                    o.Write($"<p class=\"new\">{w.NewFromHere}</p>\n");
                PostPages.Article(page, reply);
            }
            page.News(w.NewReply, w.NewReplies, head.Id);
            Turning(page, head.Id, after, replies.Next is null ? null : replies.Items[^1].Number);
            if (call.Caller is not null && head.Head.Unread > 0)
                page.Button(Url.Post(head.Id, $"/read?number={(replies.Items.Count == 0 ? after : replies.Items[^1].Number)}"), w.MarkRead);
            PostPages.ReplyForm(page, head, form, mistakes);
        }, Url.Post(head.Id, "/feed"), Beginning(head.Body));
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
            page.Out.Write($"<h1>{page.Words.Tags}</h1>\n<ul class=\"tags\">\n");
            foreach (var tag in tags.Items)
                page.Out.Write($"<li><a class=\"tag\" href=\"{Url.Tag(tag.Name)}\">{tag.Name}</a> <span class=\"number\">{tag.Threads}</span></li>\n");
            page.Out.Write($"</ul>\n");
            Paging(page, call.Next("page tags", tags.Next));
        });
    }

    /// <summary>Where a list goes on.</summary>
    public static void Paging(Page page, string? next, Url? feed = null)
    {
        var call = page.Call;
        if (next is null && feed is null && call.Query("cursor") is null)
            return;
        page.Out.Write($"<nav class=\"paging\" aria-label=\"{page.Words.Older}\">");
        if (call.Query("cursor") is not null)
            page.Out.Write($"<a href=\"{new Url(Here(call, cursor: null))}\">{page.Words.Newer}</a> ");
        if (next is not null)
            page.Out.Write($"<a rel=\"next\" href=\"{new Url(Here(call, next))}\">{page.Words.Older}</a> ");
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
        foreach (var (thread, latest) in threads.Zip(page.Call.Forum.Posts.LatestTimes(threads)))
            Row(page, thread, latest);
        page.Out.Write($"</ol>\n");
    }

    private static void Row(Page page, Post thread, DateTimeOffset latest)
    {
        var (o, w, head) = (page.Out, page.Words, thread.Head!);
        o.Write($"<li><h2 dir=\"auto\"><a href=\"{Url.Post(thread.Id)}\">{head.Title}</a></h2>\n<p class=\"meta\">");
        if (head.Unread is > 0 and var unread)
            o.Write($"<a class=\"count\" href=\"{Url.Post(thread.Id, "/unread")}\">{w.UnreadCount(unread)}</a> ");
        Marks(page, head);
        o.Write($"<a href=\"{Url.User(thread.Author.Username)}\">{thread.Author.Username}</a> · {w.Replies(head.Replies)} · ");
        o.Write($"<a href=\"{Url.Post(head.LatestPost)}\">{latest}</a>");
        foreach (var tag in head.Tags)
            o.Write($" <a class=\"tag\" href=\"{Url.Tag(tag)}\">{tag}</a>");
        o.Write($"</p></li>\n");
    }

    private static void Marks(Page page, ThreadHead head)
    {
        if (head.IsPinned)
            page.Out.Write($"<span class=\"mark\">{page.Words.Pinned}</span> ");
        if (head.IsLocked)
            page.Out.Write($"<span class=\"mark\">{page.Words.Locked}</span> ");
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
