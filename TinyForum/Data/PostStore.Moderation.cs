using TinyForum.Search;
using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>Deleting and restoring, pinning and locking. A moderator's actions are logged, and the author is notified.</summary>
public sealed partial class PostStore
{
    /// <summary>
    /// Deletes a post: hides it from everyone but moderators and, if its author does it, from everyone but the author and them. A thread is
    /// hidden with all its replies. A moderator may delete what its author has deleted: then only a moderator can restore it.
    /// </summary>
    /// <exception cref="RefusalException">Forbidden: someone else's post. NotFound: there is no such post.</exception>
    public Task DeleteAsync(Actor actor, long id, string? reason = null)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return DeleteCoreAsync(actor, id, reason);
    }

    private async Task DeleteCoreAsync(Actor actor, long id, string? reason)
    {
        if (!await _database.WriteAsync(actor, _clock, c => Delete(c, actor, id, reason)).ConfigureAwait(false))
            await FinishAsync(id).ConfigureAwait(false);
    }

    /// <summary>Deletes a post in the transaction of what it is deleted for.</summary>
    /// <returns>Whether all is done; else <see cref="FinishAsync"/> has to follow.</returns>
    internal bool Delete(Connection connection, Actor actor, long id, string? reason)
    {
        var post = LoadToDelete(connection, actor, id);
        var side = actor.Id == post.Author.Id ? Side.Author : Side.Moderator;
        var isDone = post.DeletedBy is null ? Hide(connection, post, actor.Id, side) : Mark(connection, post, actor.Id, side);
        Tell(connection, actor, "delete", post, reason);
        return isDone;
    }

    /// <summary>Hides a visible post, in the transaction of what it is hidden for.</summary>
    /// <returns>Whether all is done; else <see cref="FinishAsync"/> has to follow.</returns>
    internal bool Hide(Connection connection, Post post, long byId, Side side)
    {
        Mark(connection, post, byId, side);
        SearchIndex.Remove(connection, post.Id);
        Happened(connection, EventKind.PostDeleted, post.Id, post.ThreadId);
        if (post.Head is not null)
            return MarkDeleted(connection, post, true);
        CountReply(connection, post, -1);
        NotificationStore.PostsDeleted(connection, post.ThreadId, post.Id, post.Id + 1);
        return true;
    }

    /// <summary>Shows a hidden post, in the transaction of what it is shown for.</summary>
    /// <returns>Whether all is done; else <see cref="FinishAsync"/> has to follow.</returns>
    internal bool Show(Connection connection, Post post, Func<PostTokens> tokens)
    {
        connection.Execute("""
            UPDATE posts
               SET deleted_at = NULL, deleted_by = NULL, deleted_as = NULL
             WHERE id = $id
            """, ("$id", post.Id));
        connection.Execute("DELETE FROM spam_posts WHERE user_id = $author AND post_id = $id", ("$author", post.Author.Id), ("$id", post.Id));
        var isDone = post.Head is null || MarkDeleted(connection, post, false);
        if (post.Head is null)
            CountReply(connection, post, 1);
        var isOut = post.Head is null && ThreadRecount.IsOut(connection, post);
        if (post.Head is null && !isOut)
            NotificationStore.PostsRestored(connection, post.ThreadId, post.Id, post.Id + 1);
        if (!isOut)
            SearchIndex.Put(connection, post.Id, tokens());
        Happened(connection, EventKind.PostRestored, post.Id, post.ThreadId);
        return isDone;
    }

    private bool Mark(Connection connection, Post post, long byId, Side side)
    {
        connection.Execute("""
            UPDATE posts
               SET deleted_at = coalesce(deleted_at, $now), deleted_by = $by, deleted_as = $side
             WHERE id = $id
            """, ("$now", _clock.Now()), ("$by", byId), ("$side", side == Side.Author ? "author" : "moderator"), ("$id", post.Id));
        return true;
    }

    internal Task FinishAsync(long id) => _backlog.FinishAsync(c => ThreadRecount.Slice(c, id));

    /// <summary>Restores a deleted post; a visible one stays as it is.</summary>
    /// <exception cref="RefusalException">Forbidden: someone else's post, or the other side deleted it. NotFound: there is no such post.</exception>
    public Task<Post> RestoreAsync(Actor actor, long id, string? reason = null)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return RestoreCoreAsync(actor, id, reason);
    }

    private async Task<Post> RestoreCoreAsync(Actor actor, long id, string? reason)
    {
        var expected = new ExpectedBody(BodyOf(id));
        var (restored, isDone) = await _database.WriteAsync(actor, _clock, c =>
        {
            var post = Load(c, id, actor.Id) ?? throw RefusalException.NotFound("post");
            if (post.DeletedBy is null)
                return (LoadToChange(c, actor, id), true);
            Permissions.RequireMayRestore(c, actor, post);
            var isDone = Show(c, post, () => expected.Of(post.Head?.Title, post.Body));
            Tell(c, actor, "restore", post, reason);
            return (Load(c, id, actor.Id)!, isDone);
        }).ConfigureAwait(false);
        if (!isDone)
            await FinishAsync(id).ConfigureAwait(false);
        return restored;
    }

    /// <summary>Pins a thread to the top of the lists, or unpins it.</summary>
    /// <returns>Whether there is such a thread.</returns>
    /// <exception cref="RefusalException">Forbidden: the actor is no moderator.</exception>
    public Task<bool> PinAsync(Actor moderator, long threadId, bool pinned, string? reason = null) =>
        MarkAsync(
        moderator, threadId, pinned ? ("pin", EventKind.ThreadPinned) : ("unpin", EventKind.ThreadUnpinned), head => head.IsPinned != pinned, reason, c =>
        {
            c.Execute("""
                UPDATE threads
                   SET pinned = $pinned
                 WHERE id = $id
                """, ("$id", threadId), ("$pinned", pinned));
            if (!pinned)
                MarkFallen(c, threadId, isUnpinned: true);
        });

    /// <summary>Locks a thread, so that only moderators can reply, or unlocks it.</summary>
    /// <returns>Whether there is such a thread.</returns>
    /// <exception cref="RefusalException">Forbidden: the actor is no moderator.</exception>
    public Task<bool> LockAsync(Actor moderator, long threadId, bool locked, string? reason = null) =>
        MarkAsync(
        moderator, threadId, locked ? ("lock", EventKind.ThreadLocked) : ("unlock", EventKind.ThreadUnlocked), head => head.IsLocked != locked, reason,
        c => c.Execute("""
            UPDATE threads
               SET locked = $locked
             WHERE id = $id
            """, ("$id", threadId), ("$locked", locked)));

    private Task<bool> MarkAsync(
        Actor moderator, long threadId, (string Action, string Event) kind, Predicate<ThreadHead> isChange, string? reason,
        Action<Connection> change)
    {
        ArgumentNullException.ThrowIfNull(moderator);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threadId);
        return _database.WriteAsync(moderator, _clock, c =>
        {
            Permissions.RequireModerator(c, moderator);
            if (Load(c, threadId, null) is not { Head: { } head, DeletedBy: null } post)
                return false;
            if (isChange(head))
            {
                change(c);
                Happened(c, kind.Event, threadId, threadId);
                Log(c, moderator, kind.Action, post, reason);
            }
            return true;
        });
    }

    private static Post LoadToChange(Connection connection, Actor actor, long id)
    {
        if (Load(connection, id, actor.Id) is not { DeletedBy: null } post)
            throw RefusalException.NotFound("post");
        Permissions.RequireMayChange(connection, actor, post);
        return post;
    }

    /// <summary>As above; a moderator may also delete what its author has deleted, and a reply to a deleted thread.</summary>
    private static Post LoadToDelete(Connection connection, Actor actor, long id)
    {
        var post = Load(connection, id, actor.Id, ofDeletedThreads: true);
        return post is { DeletedBy: not Side.Moderator } && post.Author.Id != actor.Id && Permissions.IsModerator(connection, actor)
            ? post : LoadToChange(connection, actor, id);
    }

    private static void CountReply(Connection connection, Post reply, int change)
    {
        var before = connection.Number("SELECT last_post FROM threads WHERE id = $id", ("$id", reply.ThreadId));
        var after = connection.Number("""
            UPDATE threads
               SET replies = replies + $change,
                   last_post = coalesce((SELECT max(id) FROM posts WHERE thread_id = $id AND deleted_at IS NULL), id)
             WHERE id = $id
            RETURNING last_post
            """, ("$id", reply.ThreadId), ("$change", change));
        if (after < before)
            MarkFallen(connection, reply.ThreadId, isUnpinned: false);
        if (!ThreadRecount.IsOut(connection, reply))
            CountPost(connection, reply.Author.Id, change);
    }

    private static void MarkFallen(Connection connection, long threadId, bool isUnpinned)
    {
        var falls = connection.Number("""
            UPDATE settings
               SET value = value + 1
             WHERE name = 'falls'
            RETURNING value
            """);
        connection.Execute("""
            UPDATE threads
               SET fell = $falls, unpinned = CASE WHEN $is_unpinned THEN $falls ELSE unpinned END
             WHERE id = $id
            """, ("$id", threadId), ("$falls", falls), ("$is_unpinned", isUnpinned));
    }

    /// <summary>Hides a thread from all lists at once, or shows it. Returns whether its replies are all counted out or in, too.</summary>
    private static bool MarkDeleted(Connection connection, Post head, bool deleted)
    {
        connection.Execute("UPDATE threads SET deleted = $deleted WHERE id = $id", ("$deleted", deleted), ("$id", head.Id));
        CountPost(connection, head.Author.Id, deleted ? -1 : 1);
        if (deleted)
            Untag(connection, head.Id);
        else
            List(connection, head.Id, Count(connection, [.. head.Head!.Tags.Select(t => new Tag(t, UnicodeText.Key(t)))]));
        return ThreadRecount.Begin(connection, head.Id, deleted);
    }

    private void Tell(Connection connection, Actor actor, string action, Post post, string? reason)
    {
        if (actor.Id != post.Author.Id)
            Log(connection, actor, action, post, reason);
    }

    private void Log(Connection connection, Actor moderator, string action, Post post, string? reason)
    {
        _moderation.Log(connection, moderator, action, post.Id, null, reason);
        _notifications.Notify(connection, post.Author.Id, action, post.Id, moderator.Id);
    }
}
