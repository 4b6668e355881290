using System.Globalization;
using TinyForum.Api;
using TinyForum.Data;
using TinyForum.Text;
using static System.FormattableString;

namespace TinyForum.Web;

/// <summary>Single posts: how one is shown, and the forms that write and change them.</summary>
internal static class PostPages
{
    /// <summary>Shows a post within a thread, or alone.</summary>
    /// <param name="page">The page.</param>
    /// <param name="post">The post.</param>
    /// <param name="thread">The thread and what else of it is on the page; <see langword="null"/>: the post is alone.</param>
    public static void Article(Page page, Post post, ShownThread? thread = null)
    {
        var (o, w) = (page.Out, page.Words);
        if (thread is null)
            o.Write($"<article>\n");
        else
            o.Write($"<article id=\"r{post.Number}\">\n");
        if (post.DeletedBy is { } side)
        {
            o.Write($"<p class=\"meta\">");
            if (post.Number > 0)
                o.Write($"#{post.Number} · ");
            o.Write($"{(side == Side.Author ? w.DeletedByAuthor : w.DeletedByModerator)}");
            if (Permissions.MaySee(post, page.Call.Caller))
                o.Write($" <a href=\"{Url.Post(post.Id, "/history")}\">{w.History}</a>");
            o.Write($"</p>\n");
        }
        if (post.DeletedBy is null || post.Body.Length > 0)
        {
            Meta(page, post, thread);
            o.Write($"<div class=\"text\" dir=\"auto\">\n{new Html(page.Call.Html.Of(post))}</div>\n");
        }
        if (thread is not null)
            Tools(page, post, thread);
        o.Write($"</article>\n");
    }

    private static void Meta(Page page, Post post, ShownThread? thread)
    {
        var (o, w) = (page.Out, page.Words);
        o.Write($"<p class=\"meta\">{post.Author} · ");
        if (post.Number > 0)
            o.Write($"<a href=\"{Url.Post(post.Id)}\">#{post.Number}</a> · ");
        o.Write($"{post.CreatedAt}");
        if (post.EditedAt is { } edited)
            o.Write($" · <a href=\"{Url.Post(post.Id, "/history")}\">{w.Edited}</a> {edited}");
        if (post.ReplyTo is { } id)
        {
            if (thread?.Find(id) is { Number: > 0, DeletedBy: null } parent)
                o.Write($" · {w.InReplyTo} <a href=\"#r{parent.Number}\">#{parent.Number}</a> {new Name(parent.Author.Username)}");
            else
                o.Write($" · <a href=\"{Url.Post(id)}\">{w.Answers}</a>");
        }
        o.Write($"</p>\n");
    }

    public static ValueTask New(Call call) => Write(call, Form.Empty, mistakes: null);

    public static async ValueTask Create(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        await Forms.SubmitAsync(call, form, async () =>
        {
            var made = await call.Forum.Posts.SubmitThreadAsync(call.User, form["title"], form["body"], TagsOf(form), form.Key(call)).ConfigureAwait(false);
            return made.Post is { } thread ? $"/posts/{thread.Id}" : "/held";
        }, mistakes => Write(call, form, mistakes)).ConfigureAwait(false);
    }

    public static async ValueTask Reply(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        await Forms.SubmitAsync(call, form, async () =>
        {
            var made = await call.Forum.Posts.SubmitReplyAsync(call.User, call.Id, form["body"], ReplyTo(form), form.Key(call)).ConfigureAwait(false);
            return made.Post is { } reply ? $"/posts/{reply.Id}" : "/held";
        }, mistakes => ThreadPages.Thread(call, Undeleted(Found(call)), form, mistakes)).ConfigureAwait(false);
    }

    public static ValueTask Edit(Call call) => Change(call, Changeable(call, Undeleted(Found(call))), Form.Empty, mistakes: null);

    public static async ValueTask Save(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        await Forms.SubmitAsync(call, form, async () =>
        {
            var post = Found(call);
            long[] expected = long.TryParse(form["revision"], out var revision) ? [revision] : [0];
            try
            {
                await call.Forum.Posts.EditAsync(
                    call.User, call.Id, post.Head is null ? null : form["title"], form["body"], post.Head is null ? null : TagsOf(form), expected,
                    form.OrNull("reason")).ConfigureAwait(false);
            }
            catch (RefusalException e) when (e.Kind == RefusalKind.Stale && Says(Found(call), form))
            {
                // It was sent twice.
            }
            return $"/posts/{call.Id}";
        }, mistakes => Change(call, Found(call), form, mistakes)).ConfigureAwait(false);
    }

    public static ValueTask Delete(Call call) => Delete(call, Changeable(call, Found(call)), Form.Empty, mistakes: null);

    public static async ValueTask DoDelete(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        await Forms.SubmitAsync(call, form, async () =>
        {
            var post = Found(call);
            try
            {
                await call.Forum.Posts.DeleteAsync(call.User, call.Id, form.OrNull("reason")).ConfigureAwait(false);
            }
            catch (RefusalException e) when (e.Kind == RefusalKind.NotFound && post.DeletedBy is not null)
            {
                // It was sent twice.
            }
            return ThreadPages.PlaceOf(call, post.ThreadId, post.Number);
        }, mistakes => Delete(call, Found(call), form, mistakes)).ConfigureAwait(false);
    }

    public static ValueTask Restore(Call call) => Forms.DoAsync(call, async () =>
        $"/posts/{(await call.Forum.Posts.RestoreAsync(call.User, call.Id).ConfigureAwait(false)).Id}");

    public static ValueTask Like(Call call) => Like(call, likes: true);

    public static ValueTask Unlike(Call call) => Like(call, likes: false);

    public static ValueTask MarkRead(Call call) => Forms.DoAsync(call, async () =>
    {
        var number = call.Number("number", "the number of a reply") ?? 0;
        if (!await call.Forum.Posts.MarkReadAsync(call.User, call.Id, number).ConfigureAwait(false))
            throw RefusalException.NotFound("thread");
        await call.Forum.Notifications.MarkReadAsync(call.User, call.Id, number).ConfigureAwait(false);
        return "/";
    });

    public static void ReplyForm(Page page, Post head, Form form, IReadOnlyDictionary<string, string>? mistakes)
    {
        var (o, w, text) = (page.Out, page.Words, form["body"]);
        o.Write($"<section aria-labelledby=\"reply\">\n<h2 id=\"reply\">{w.YourReply}</h2>\n");
        if (head.Head!.IsLocked)
            o.Write($"<p class=\"empty\">{w.LockedHelp}</p>\n");
        var isOpen = !head.Head.IsLocked || page.Call.Caller?.Role >= Role.Moderator || mistakes is not null; // what was written is shown
        if (isOpen && page.Call.Caller is null && mistakes is null)
        {
            var here = page.Call.Exchange.Target.Canonical(page.Call.Endpoint.Query);
            o.Write($"<p class=\"empty\"><a href=\"{new Url("/login?next=", null, here)}\">{w.LogInToReply}</a></p>\n");
        }
        else if (isOpen)
        {
            var quoted = page.Call.Number("quote", "the id of a post");
            var parent = ReplyTo(form) ?? quoted ?? page.Call.Number("reply_to", "the id of a post");
            Forms.Begin(page, Url.Post(head.Id, "#reply"), form, mistakes); // there the page comes back, not at its top
            if (parent is { } id && page.Call.Forum.Posts.Find(id, page.Call.Caller) is { DeletedBy: null } answered && answered.ThreadId == head.Id)
            {
                o.Write($"<p class=\"meta\"><input type=\"hidden\" name=\"reply_to\" value=\"{id}\">");
                o.Write($"{w.InReplyTo} <a href=\"{Url.Post(id)}\">#{answered.Number}</a> {new Name(answered.Author.Username)}</p>\n");
                text = form.Or("body", quoted is null ? "" : Quote($"{answered.Author.Username}:\n\n{answered.Body}"));
            }
            Forms.Area(page, "body", w.Text, text, mistakes, w.MarkdownHelp);
            Forms.End(page, w.Reply, hasPreview: true);
        }
        o.Write($"</section>\n");
    }

    private static ValueTask Write(Call call, Form form, IReadOnlyDictionary<string, string>? mistakes) => Page.Write(call, w => w.NewThread, page =>
    {
        var w = page.Words;
        page.Out.Write($"<h1>{w.NewThread}</h1>\n");
        Forms.Begin(page, new Url("/new"), form, mistakes);
        Forms.Line(page, "title", w.Title, form["title"], mistakes);
        Forms.Area(page, "body", w.Text, form["body"], mistakes, w.MarkdownHelp);
        Forms.Line(page, "tags", w.Tags, form.Or("tags", call.Query("tags")), mistakes, w.TagsHelp);
        Forms.End(page, w.Post, hasPreview: true);
    });

    private static ValueTask Change(Call call, Post post, Form form, IReadOnlyDictionary<string, string>? mistakes) => Page.Write(call, w => w.Edit, page =>
    {
        var w = page.Words;
        // Who was told that the post has changed meanwhile may save over that.
        var hasChanged = call.Exchange.Status == 412;
        var revision = hasChanged ? $"{post.Revision}" : form.Or("revision", $"{post.Revision}");
        Heading(page, w.Edit, post);
        if (hasChanged)
        {
            Article(page, post);
            if (post.Head is { } now)
                page.Out.Write($"<p class=\"meta\">{w.Title}{w.Colon}{new Name(now.Title)} · {w.Tags}{w.Colon}{new Name(string.Join(' ', now.Tags))}</p>\n");
        }
        Forms.Begin(page, Url.Post(post.Id, "/edit"), form, mistakes);
        page.Out.Write($"<input type=\"hidden\" name=\"revision\" value=\"{revision}\">\n");
        if (post.Head is { } head)
            Forms.Line(page, "title", w.Title, form.Or("title", head.Title), mistakes);
        Forms.Area(page, "body", w.Text, form.Or("body", post.Body), mistakes, w.MarkdownHelp);
        if (post.Head is { } also)
            Forms.Line(page, "tags", w.Tags, form.Or("tags", string.Join(' ', also.Tags)), mistakes, w.TagsHelp);
        Reason(page, post, form, mistakes);
        Forms.End(page, w.Save, hasPreview: true);
    });

    private static ValueTask Delete(Call call, Post post, Form form, IReadOnlyDictionary<string, string>? mistakes) => Page.Write(call, w => w.Delete, page =>
    {
        var (o, w) = (page.Out, page.Words);
        Heading(page, w.Delete, post);
        Article(page, post);
        o.Write($"<p>{(post.Head is { Replies: > 0 and var replies } ? w.DeleteThreadHelp(replies) : w.DeleteHelp)}</p>\n");
        Forms.Begin(page, Url.Post(post.Id, "/delete"), form, mistakes);
        Reason(page, post, form, mistakes);
        Forms.End(page, w.Delete);
    });

    /// <summary>What a page does with a post, and with which.</summary>
    public static void Heading(Page page, string what, Post post)
    {
        page.Out.Write($"<h1>{what}{page.Words.Colon}<a href=\"{Url.Post(post.Id)}\" dir=\"auto\">");
        if (post.Head is { } head)
            page.Out.Write($"{head.Title}</a></h1>\n");
        else
            page.Out.Write($"#{post.Number}</a></h1>\n");
    }

    /// <summary>Asks a moderator why, for the log, about what somebody else wrote.</summary>
    private static void Reason(Page page, Post post, Form form, IReadOnlyDictionary<string, string>? mistakes)
    {
        if (page.Call.Caller?.Id != post.Author.Id)
            Forms.Line(page, "reason", page.Words.Reason, form["reason"], mistakes, page.Words.ReasonHelp);
    }

    private static void Tools(Page page, Post post, ShownThread thread)
    {
        var (o, w) = (page.Out, page.Words);
        o.Write($"<div class=\"tools\">");
        if (post.Likes > 0 && post.DeletedBy is null)
            o.Write($"<span class=\"number\">{w.Likes(post.Likes)}</span> ");
        if (page.Call.Caller is { } caller)
        {
            var isOwn = caller.Id == post.Author.Id;
            var isModerator = caller.Role >= Role.Moderator;
            if (post.DeletedBy is { } side)
            {
                if (side == Side.Author ? isOwn : isModerator)
                    page.Button(Url.Post(post.Id, "/restore"), w.Restore);
                else if (isModerator) // so that its author can't bring it back
                    o.Write($"<a href=\"{Url.Post(post.Id, "/delete")}\">{w.Delete}</a> ");
            }
            else if (!thread.IsDeleted)
            {
                if (thread.IsOpen)
                    Answers(o, w, post);
                page.Button(Url.Post(post.Id, post.Liked == true ? "/unlike" : "/like"), post.Liked == true ? w.Unlike : w.Like);
                if (page.Call.Query("reported") == Invariant($"{post.Number}"))
                    o.Write($" <span role=\"status\">{w.Reported}</span> ");
                else if (!isOwn)
                    o.Write($" <a href=\"{Url.Post(post.Id, "/report")}\">{w.Report}</a> ");
                if (isOwn || isModerator)
                    o.Write($" <a href=\"{Url.Post(post.Id, "/edit")}\">{w.Edit}</a> <a href=\"{Url.Post(post.Id, "/delete")}\">{w.Delete}</a> ");
            }
        }
        o.Write($"</div>\n");
    }

    private static void Answers(HtmlWriter o, Words w, Post post)
    {
        if (post.Number > 0)
            o.Write($"<a href=\"{Url.Post(post.ThreadId, Invariant($"?reply_to={post.Id}#reply"))}\">{w.Reply}</a> ");
        o.Write($"<a class=\"quote\" href=\"{Url.Post(post.ThreadId, Invariant($"?quote={post.Id}#reply"))}\">{w.Quote}</a> ");
    }

    private static ValueTask Like(Call call, bool likes) => Forms.DoAsync(call, async () =>
        await call.Forum.Posts.LikeAsync(call.User, call.Id, likes).ConfigureAwait(false) is null
            ? throw RefusalException.NotFound("post") : $"/posts/{call.Id}");

    private static Post Found(Call call) => call.Forum.Posts.Find(call.Id, call.Caller) ?? throw RefusalException.NotFound("post");

    /// <summary>What somebody may not do is not offered; whether it is done is decided where it is.</summary>
    private static Post Changeable(Call call, Post post) => post.Author.Id == call.User.Id || call.User.Role >= Role.Moderator
        ? post : throw RefusalException.Forbidden("only its author or a moderator may do this");

    private static bool Says(Post post, Form form) => post.Body == form["body"] && (post.Head is not { } head
        || (head.Title == form["title"] && head.Tags.Select(Tag.KeyOf).SequenceEqual(TagsOf(form).Select(Tag.KeyOf))));

    private static Post Undeleted(Post post) => post.DeletedBy is null ? post : throw RefusalException.NotFound("post");

    private static long? ReplyTo(Form form) =>
        long.TryParse(form["reply_to"], NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0 ? id : null;

    private static string Quote(string text) => string.Concat(text.TrimEnd().Split('\n').Select(line => $"> {line}\n")) + "\n";

    private static string[] TagsOf(Form form) => form["tags"].Split([' ', ',', '，', '、', '\u3000'], StringSplitOptions.RemoveEmptyEntries);
}
