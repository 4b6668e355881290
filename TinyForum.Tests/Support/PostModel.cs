using TinyForum.Data;
using TinyForum.Storage;

namespace TinyForum.Tests.Support;

internal enum PostAct { Begin, Reply, DeleteReply, RestoreReply, DeleteThread, RestoreThread, Pin, Unpin, Retag, Read, ReadAll }

/// <summary>Something that someone does; the numbers are taken modulo what there is.</summary>
internal sealed record PostStep(PostAct Act, int User, int Thread, int Which);

/// <summary>What the posts should be after some steps, kept in plain lists beside a real store.</summary>
internal sealed class PostModel(PostStore store, Actor[] users)
{
    private static readonly string[][] TagSets = [[], ["a"], ["b"], ["a", "b"]];

    public List<Thread> Threads { get; } = [];

    public PostStore Store => store;

    public Actor[] Users => users;

    public sealed class Thread(long id, int author, string[] tags, int users)
    {
        public long Id => id;
        public int Author => author;
        public string[] Tags { get; set; } = tags;
        public bool Pinned { get; set; }
        public Actor? DeletedBy { get; set; }
        public List<Reply> Replies { get; } = [];
        public int[] ReadUpTo { get; } = [.. Enumerable.Repeat(-1, users)];
        public long LatestPost => Replies.LastOrDefault(r => r.DeletedBy is null)?.Id ?? id;
        public int Unread(int user) => (ReadUpTo[user] < 0 ? 1 : 0)
            + Replies.Where((r, i) => r.DeletedBy is null && r.Author != user && i + 1 > ReadUpTo[user]).Count();
    }

    public sealed class Reply(long id, int author)
    {
        public long Id => id;
        public int Author => author;
        public Actor? DeletedBy { get; set; }
    }

    public static (PostModel Model, Database Database) New(int users)
    {
        var database = ForumDatabase.Open(null);
        var callers = database.WriteAsync(c => Enumerable.Range(0, users).Select(i => new Actor(c.Number("""
            INSERT INTO users (username, username_key, role, created_at)
            VALUES ($name, $name, 'moderator', 0)
            RETURNING id
            """, ("$name", $"u{i}"))!.Value, $"u{i}", Role.Moderator)).ToArray()).Result;
        var clock = new ManualTime();
        return (new PostModel(
            new PostStore(
                database, clock, new ModerationStore(database, clock, database.Backlog()), new NotificationStore(database, clock),
                new IdempotencyKeys(database, clock), database.Backlog(), database.Policy(clock), database.Filters()),
            callers), database);
    }

    public void Take(PostStep step)
    {
        var user = step.User % users.Length;
        if (step.Act == PostAct.Begin || Threads.Count == 0)
        {
            var tags = TagSets[step.Which % TagSets.Length];
            var begun = new Thread(store.CreateThreadAsync(users[user], "title", "body", tags).Result.Id, user, tags, users.Length);
            begun.ReadUpTo[user] = 0;
            Threads.Add(begun);
            return;
        }
        var thread = Threads[step.Thread % Threads.Count];
        if (step.Act == PostAct.ReadAll)
        {
            store.MarkAllReadAsync(users[user]).Wait();
            Threads.ForEach(t => t.ReadUpTo[user] = Math.Max(t.ReadUpTo[user], t.Replies.Count));
        }
        else if (step.Act == PostAct.RestoreThread && thread.DeletedBy is { } by)
        {
            store.RestoreAsync(by, thread.Id).Wait();
            thread.DeletedBy = null;
        }
        else if (thread.DeletedBy is null)
            TakeIn(thread, step, user);
    }

    private void TakeIn(Thread thread, PostStep step, int user)
    {
        var reply = thread.Replies.Count == 0 ? null : thread.Replies[step.Which % thread.Replies.Count];
        switch (step.Act)
        {
            case PostAct.Reply:
                var hasReadAll = thread.Unread(user) == 0;
                var post = store.CreateReplyAsync(users[user], thread.Id, "body").Result;
                thread.Replies.Add(new Reply(post.Id, user));
                Assert.AreEqual(thread.Replies.Count, post.Number);
                if (hasReadAll)
                    thread.ReadUpTo[user] = thread.Replies.Count;
                break;
            case PostAct.DeleteReply when reply is { DeletedBy: null }:
                store.DeleteAsync(users[user], reply.Id).Wait();
                reply.DeletedBy = users[user];
                break;
            case PostAct.RestoreReply when reply?.DeletedBy is { } by:
                store.RestoreAsync(by, reply.Id).Wait();
                reply.DeletedBy = null;
                break;
            case PostAct.DeleteThread:
                store.DeleteAsync(users[user], thread.Id).Wait();
                thread.DeletedBy = users[user];
                break;
            case PostAct.Pin or PostAct.Unpin:
                thread.Pinned = step.Act == PostAct.Pin;
                Assert.IsTrue(store.PinAsync(users[user], thread.Id, thread.Pinned).Result);
                break;
            case PostAct.Retag:
                thread.Tags = TagSets[step.Which % TagSets.Length];
                store.EditAsync(users[user], thread.Id, null, null, thread.Tags).Wait();
                break;
            case PostAct.Read:
                var number = step.Which % (thread.Replies.Count + 1);
                Assert.IsTrue(store.MarkReadAsync(users[user], thread.Id, number).Result);
                thread.ReadUpTo[user] = Math.Max(thread.ReadUpTo[user], number);
                break;
        }
    }

    /// <summary>By what the thread is sorted in a list, or <see langword="null"/> if it is not in it.</summary>
    public (bool Pinned, long Key)? Key(Thread thread, ThreadFilter filter, int viewer) =>
        thread.DeletedBy is null
        && (filter.AuthorId is null || users[thread.Author].Id == filter.AuthorId)
        && (filter.Tag is null || thread.Tags.Contains(filter.Tag))
        && (!filter.Unread || thread.Unread(viewer) > 0)
            ? (thread.Pinned, filter.Active ? thread.LatestPost : thread.Id) : null;

    /// <summary>The ids of a list in its order.</summary>
    public List<long> List(ThreadFilter filter, int viewer) =>
        [.. Threads.Where(t => Key(t, filter, viewer) is not null).OrderByDescending(t => Key(t, filter, viewer)).Select(t => t.Id)];

    /// <summary>Every way to narrow and sort.</summary>
    public IEnumerable<ThreadFilter> Filters() =>
        from active in (bool[])[false, true]
        from author in (long?[])[null, users[0].Id]
        from tag in (string?[])[null, "a"]
        from unread in (bool[])[false, true]
        select new ThreadFilter(author, tag, unread, active);
}
