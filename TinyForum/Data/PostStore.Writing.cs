using TinyForum.Search;
using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>
/// Writing and editing. Each method is one write transaction that also updates counts, orders, the search index and notifications.
/// </summary>
public sealed partial class PostStore
{
    // What is looked up before an edit is of no use if the text is edited meanwhile.
    private const int MaxEditTries = 10;

    /// <summary>Creates a thread at once, whatever the forum's policy; <see cref="SubmitThreadAsync"/> asks that.</summary>
    /// <param name="author">The actor.</param>
    /// <param name="title">Its title.</param>
    /// <param name="body">The text of its first post.</param>
    /// <param name="tags">Its tags, if it has any.</param>
    /// <param name="key">Repeating the call with the same key returns the first thread.</param>
    /// <exception cref="RefusalException">Invalid: the text breaks a rule, or a filter refuses it.</exception>
    public Task<Post> CreateThreadAsync(
        Actor author, string title, string body, IReadOnlyList<string>? tags = null, IdempotencyKey? key = null)
    {
        ArgumentNullException.ThrowIfNull(author);
        ArgumentNullException.ThrowIfNull(title);
        ArgumentNullException.ThrowIfNull(body);
        ArgumentCheck.ThrowIfAnyNull(tags);
        var text = PostText.Check(title, body, tags ?? []);
        var (tokens, mentioned) = (PostTokens.Of(title, body), MentionedBy(body));
        var verdict = Check(text);
        return _keys.CreateAsync(
            author, key, "post",
            c =>
            {
                verdict.ThrowIfRefused(c, author);
                return CreateThread(c, author.Id, text, tokens, mentioned);
            },
            post => post.Id, FindOriginal);
    }

    /// <summary>Creates a reply at once, whatever the forum's policy; <see cref="SubmitReplyAsync"/> asks that.</summary>
    /// <param name="author">The actor.</param>
    /// <param name="threadId">The thread.</param>
    /// <param name="body">The text.</param>
    /// <param name="replyTo">The post in the thread that it answers, if any.</param>
    /// <param name="key">Repeating the call with the same key returns the first reply.</param>
    /// <exception cref="RefusalException">
    /// Invalid: the text breaks a rule, a filter refuses it, or <paramref name="replyTo"/> is not a post of the thread. Forbidden: the thread is
    /// locked and <paramref name="author"/> is not a moderator. NotFound: there is no such thread.
    /// </exception>
    public Task<Post> CreateReplyAsync(Actor author, long threadId, string body, long? replyTo = null, IdempotencyKey? key = null)
    {
        ArgumentNullException.ThrowIfNull(author);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threadId);
        ArgumentNullException.ThrowIfNull(body);
        var text = PostText.Check(null, body, null);
        var (tokens, mentioned) = (PostTokens.Of(null, body), MentionedBy(body));
        var verdict = Check(text);
        return _keys.CreateAsync(
            author, key, "post",
            c =>
            {
                verdict.ThrowIfRefused(c, author);
                return CreateReply(c, author, threadId, text, tokens, mentioned, replyTo);
            },
            post => post.Id, FindOriginal);
    }

    /// <summary>Changes a post's text and keeps the old version. If nothing differs, nothing happens.</summary>
    /// <param name="editor">The author or a moderator.</param>
    /// <param name="id">The post.</param>
    /// <param name="title">The new title of a thread, if it changes.</param>
    /// <param name="body">The new text, if it changes.</param>
    /// <param name="tags">The new tags of a thread, if they change.</param>
    /// <param name="revisions">The revisions that the post may have; <see langword="null"/> for any.</param>
    /// <param name="reason">A moderator's reason, for the log.</param>
    /// <exception cref="RefusalException">
    /// Invalid: the text breaks a rule, a filter matches it, or a reply is given a title or tags. Forbidden: someone else's post. NotFound: there
    /// is no such post. Stale: the post has none of <paramref name="revisions"/>. Busy: others edit it all the time.
    /// </exception>
    public Task<Post> EditAsync(
        Actor editor, long id, string? title, string? body, IReadOnlyList<string>? tags,
        IReadOnlyCollection<long>? revisions = null, string? reason = null)
    {
        ArgumentNullException.ThrowIfNull(editor);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        ArgumentCheck.ThrowIfAnyNull(tags);
        return EditCoreAsync(editor, id, title, body, tags, revisions, reason);
    }

    private async Task<Post> EditCoreAsync(
        Actor editor, long id, string? title, string? body, IReadOnlyList<string>? tags,
        IReadOnlyCollection<long>? revisions, string? reason)
    {
        var text = PostText.Check(title, body, tags);
        var counts = NewAccounts.Count(_policy.Current, editor, title, body);
        var after = MentionedBy(body);
        var verdict = Check(text);
        for (var tries = 0; tries < MaxEditTries; tries++)
        {
            var former = BodyOf(id);
            var expected = new ExpectedBody(body ?? (title is null ? null : former));
            var before = MentionedBy(body is null ? null : former);
            var edited = await _database.WriteAsync(editor, _clock, c =>
            {
                var post = LoadToChange(c, editor, id);
                NewAccounts.RequireMayEdit(c, _policy.Of(c), editor, counts, _clock.Now());
                if (body is not null && post.Body != former)
                    return null; // it has been edited just now
                verdict.ThrowIfMatched(c, editor);
                if (Edit(c, editor, post, text, expected, revisions, reason) is not { } edited)
                    return post;
                if (body is null)
                    return edited;
                _notifications.PostEdited(c, post, editor.Id, before, after);
                if (ThreadRecount.IsOut(c, post))
                    NotificationStore.PostsDeleted(c, post.ThreadId, id, id + 1); // they are shown with the others
                return edited;
            }).ConfigureAwait(false);
            if (edited is not null)
                return edited;
        }
        throw new RefusalException(RefusalKind.Busy, "others are editing the post") { RetryAfter = TimeSpan.FromSeconds(1) };
    }

    /// <summary>Likes a post, or removes the like.</summary>
    /// <returns>How many users like it now; <see langword="null"/> if there is no such post.</returns>
    public Task<long?> LikeAsync(Actor actor, long id, bool likes)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return _database.WriteAsync(actor, _clock, c => Like(c, actor, id, likes));
    }

    private long? Like(Connection c, Actor actor, long id, bool likes)
    {
        if (Load(c, id, null) is not { DeletedBy: null } post)
            return null;
        var changed = likes
            ? c.Execute("""
                INSERT INTO likes (post_id, user_id, created_at)
                VALUES ($post, $user, $now)
                    ON CONFLICT DO NOTHING
                """, ("$post", id), ("$user", actor.Id), ("$now", _clock.Now()))
            : -c.Execute("""
                DELETE FROM likes
                 WHERE post_id = $post
                   AND user_id = $user
                """, ("$post", id), ("$user", actor.Id));
        if (changed == 0)
            return post.Likes;
        Happened(c, likes ? EventKind.PostLiked : EventKind.PostUnliked, id, post.ThreadId);
        return c.Number("""
            UPDATE posts
               SET likes = likes + $changed
             WHERE id = $post
            RETURNING likes
            """, ("$post", id), ("$changed", changed));
    }

    private Post CreateThread(Connection connection, long authorId, PostText text, PostTokens tokens, IReadOnlyList<long> mentioned)
    {
        var id = NextId(connection);
        var tags = Count(connection, text.Tags!);
        connection.Execute("""
            INSERT INTO threads (id, author_id, title, tags, last_post)
            VALUES ($id, $author, $title, $tags, $id)
            """, ("$id", id), ("$author", authorId), ("$title", text.Title), ("$tags", FormatTags([.. tags.Select(t => t.Shown)])));
        Insert(connection, id, id, 0, authorId, text.Body!, null);
        List(connection, id, tags);
        MarkRead(connection, authorId, id, 0);
        SearchIndex.PutNew(connection, id, tokens, authorId, id);
        Happened(connection, EventKind.ThreadCreated, id, id);
        _notifications.PostCreated(connection, id, authorId, authorId, null, mentioned);
        return Load(connection, id, authorId)!;
    }

    private Post CreateReply(
        Connection connection, User author, long threadId, PostText text, PostTokens tokens, IReadOnlyList<long> mentioned, long? replyTo,
        bool isLetIn = false)
    {
        var (threadAuthor, hasReadAll, repliedTo) = RequireMayReply(connection, author, threadId, replyTo, isLetIn);
        var id = NextId(connection);
        var number = connection.Number("""
            UPDATE threads
               SET replies = replies + 1, last_number = last_number + 1, last_post = $id
             WHERE id = $thread
            RETURNING last_number
            """, ("$id", id), ("$thread", threadId))!.Value;
        Insert(connection, id, threadId, number, author.Id, text.Body!, replyTo);
        if (hasReadAll)
            MarkRead(connection, author.Id, threadId, number);
        SearchIndex.PutNew(connection, id, tokens, author.Id, threadId);
        Happened(connection, EventKind.ReplyCreated, id, threadId);
        _notifications.PostCreated(connection, id, author.Id, threadAuthor, repliedTo, mentioned);
        return Load(connection, id, author.Id)!;
    }

    private static (long ThreadAuthor, bool HasReadAll, long? RepliedTo) RequireMayReply(
        Connection connection, User author, long threadId, long? replyTo, bool isLetIn = false)
    {
        var thread = connection.First($"""
            SELECT t.author_id, t.locked, {HasReadAll}
              FROM threads t
              JOIN users me ON me.id = $author
              LEFT JOIN reading r ON r.user_id = me.id AND r.thread_id = t.id
              LEFT JOIN posts seen ON seen.thread_id = r.thread_id AND seen.number = r.number AND seen.id > me.read_up_to
             WHERE t.id = $thread
               AND t.deleted = 0
            """, r => new { AuthorId = r.GetInt64(0), IsLocked = r.GetBoolean(1), HasReadAll = r.GetBoolean(2) },
            ("$author", author.Id), ("$thread", threadId)) ?? throw RefusalException.NotFound("thread");
        if (thread.IsLocked && !isLetIn)
            Permissions.RequireMayReplyInLocked(connection, (Actor)author);
        var repliedTo = replyTo is null ? (long?)null : connection.Number("""
            SELECT author_id
              FROM posts
             WHERE id = $id
               AND thread_id = $thread
               AND deleted_at IS NULL
            """, ("$id", replyTo), ("$thread", threadId)) ?? throw RefusalException.Invalid("reply_to", "must be the id of a post in this thread");
        return (thread.AuthorId, thread.HasReadAll, repliedTo);
    }

    /// <returns>The post as it is now; <see langword="null"/> if nothing differs.</returns>
    private Post? Edit(
        Connection connection, Actor editor, Post post, PostText text, ExpectedBody expected, IReadOnlyCollection<long>? revisions, string? reason)
    {
        if (revisions?.Contains(post.Revision) == false)
            throw new RefusalException(RefusalKind.Stale, "the post has been changed since");
        if (post.Head is null && (text.Title ?? (object?)text.Tags) is not null)
            throw RefusalException.Invalid(text.Title is null ? "tags" : "title", "only threads have this");
        var (id, title, body) = (post.Id, text.Title ?? post.Head?.Title, text.Body ?? post.Body);
        var isRetagged = text.Tags?.Select(t => t.Key).SequenceEqual(post.Head!.Tags.Select(UnicodeText.Key)) == false;
        if (body == post.Body && title == post.Head?.Title && !isRetagged)
            return null;

        var tags = post.Head?.Tags;
        if (isRetagged)
        {
            Untag(connection, id);
            var counted = Count(connection, text.Tags!);
            List(connection, id, counted);
            tags = [.. counted.Select(t => t.Shown)];
        }
        if (post.Revision == 1)
            Add(connection, id, Original(post));
        connection.Execute("""
            UPDATE posts
               SET body = $body, revision = revision + 1, edited_at = $now
             WHERE id = $id
            """, ("$id", id), ("$body", body), ("$now", _clock.Now()));
        Add(connection, id, new PostVersion(post.Revision + 1, new User(editor.Id, editor.Username), title, tags, body, _clock.GetUtcNow()));
        if (post.Head is not null)
            connection.Execute("""
                UPDATE threads
                   SET title = $title, tags = $tags
                 WHERE id = $id
                """, ("$id", id), ("$title", title), ("$tags", FormatTags(tags!)));
        if ((body != post.Body || title != post.Head?.Title) && (post.Head is not null || !ThreadRecount.IsOut(connection, post)))
            SearchIndex.Put(connection, id, expected.Of(title, body));
        Happened(connection, EventKind.PostEdited, id, post.ThreadId);
        Tell(connection, editor, "edit", post, reason);
        return Load(connection, id, editor.Id)!;
    }

    private void Happened(Connection connection, string kind, long postId, long threadId) =>
        EventLog.Add(connection, new ForumEvent(0, kind, _clock.GetUtcNow(), postId, threadId));

    // Before the write, whose time it would take.
    private FilterVerdict Check(PostText text) => _filters.Check(
        ("title", text.Title), ("body", text.Body), ("tags", text.Tags is null ? null : string.Join('\n', text.Tags.Select(t => t.Shown))));

    // Looked up before the write, whose time it would take; who registers meanwhile is not told.
    internal IReadOnlyList<long> MentionedBy(string? body) =>
        body is null ? [] : _database.Read(c => Mentions.Find(body, key => UserStore.FindByKey(c, key)?.Id));

    private string? BodyOf(long id) => _database.Read(c => Load(c, id, viewerId: null))?.Body;

    private static long NextId(Connection connection) => connection.Number("SELECT coalesce(max(id), 0) + 1 FROM posts")!.Value;

    private void Insert(Connection connection, long id, long threadId, long number, long authorId, string body, long? replyTo)
    {
        connection.Execute("""
            INSERT INTO posts (id, thread_id, number, author_id, reply_to, body, created_at)
            VALUES ($id, $thread, $number, $author, $reply_to, $body, $now)
            """, ("$id", id), ("$thread", threadId), ("$number", number), ("$author", authorId),
            ("$reply_to", replyTo), ("$body", body), ("$now", _clock.Now()));
        CountPost(connection, authorId, 1);
    }

    private static void CountPost(Connection connection, long authorId, int change) => connection.Execute("""
        UPDATE users
           SET posts = posts + $change
         WHERE id = $id
        """, ("$id", authorId), ("$change", change));

    /// <summary>Counts one thread more for each of these tags, and makes those that are new.</summary>
    /// <returns>The tags as they are shown, with their ids.</returns>
    private static List<(long Id, string Shown)> Count(Connection connection, IReadOnlyList<Tag> tags) =>
    [
        .. tags.Select(tag => connection.First("""
            INSERT INTO tags (name, shown, threads)
            VALUES ($name, nullif($shown, $name), 1)
                ON CONFLICT (name) DO UPDATE SET threads = tags.threads + 1
            RETURNING id, coalesce(shown, name)
            """, r => (r.GetInt64(0), r.GetString(1)), ("$name", tag.Key), ("$shown", tag.Shown))),
    ];

    /// <summary>Lists a thread under these tags.</summary>
    private static void List(Connection connection, long threadId, List<(long Id, string Shown)> tags)
    {
        foreach (var (id, _) in tags)
        {
            connection.Execute("""
                INSERT INTO thread_tags (tag_id, thread_id, author_id, pinned, last_post)
                SELECT $tag, id, author_id, pinned, last_post
                  FROM threads
                 WHERE id = $thread
                """, ("$tag", id), ("$thread", threadId));
        }
    }

    private static void Untag(Connection connection, long threadId)
    {
        connection.Execute("""
            UPDATE tags
               SET threads = threads - 1
             WHERE id IN (SELECT tag_id FROM thread_tags WHERE thread_id = $thread)
            """, ("$thread", threadId));
        connection.Execute("""
            DELETE FROM thread_tags
             WHERE thread_id = $thread
            """, ("$thread", threadId));
    }
}
