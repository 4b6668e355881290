using FsCheck;
using FsCheck.Fluent;
using TinyForum.Data;
using TinyForum.Storage;

namespace TinyForum.Tests;

/// <summary>Whatever is done in whatever order: lists, counts and read state are what plain lists give, and no walk repeats or skips.</summary>
[TestClass]
public sealed class PostModelTests
{
    private const int Users = 3;

    private static readonly Gen<PostStep> Steps =
        from act in Gen.Frequency(
            (6, Gen.Constant(PostAct.Begin)), (12, Gen.Constant(PostAct.Reply)), (5, Gen.Constant(PostAct.DeleteReply)),
            (3, Gen.Constant(PostAct.RestoreReply)),
            (1, Gen.Constant(PostAct.DeleteThread)), (1, Gen.Constant(PostAct.RestoreThread)), (2, Gen.Constant(PostAct.Pin)), (2, Gen.Constant(PostAct.Unpin)),
            (2, Gen.Constant(PostAct.Retag)), (6, Gen.Constant(PostAct.Read)), (1, Gen.Constant(PostAct.ReadAll)))
        from user in Gen.Choose(0, Users - 1)
        from thread in Gen.Choose(0, 1_000)
        from which in Gen.Choose(0, 1_000)
        select new PostStep(act, user, thread, which);

    [TestMethod]
    public void Every_list_and_every_unread_count_is_what_the_model_gives() => Check(Gen.ListOf(Steps), steps =>
    {
        var (model, database) = PostModel.New(Users);
        using var _ = database;
        foreach (var step in steps)
            model.Take(step);
        for (var viewer = 0; viewer < Users; viewer++)
        {
            foreach (var filter in model.Filters())
                CollectionAssert.AreEqual(model.List(filter, viewer), Walk(model, filter, viewer), $"{filter} for {viewer}");
            foreach (var thread in model.Threads.Where(t => t.DeletedBy is null))
                Assert.AreEqual(thread.Unread(viewer), model.Store.Find(thread.Id, model.Users[viewer])!.Head!.Unread, $"unread of {thread.Id} for {viewer}");
        }
        RequireCounts(model, database);
    });

    [TestMethod]
    public void A_walk_meets_no_thread_twice_and_misses_none_that_did_not_move()
    {
        var cases = from before in Gen.ListOf(Steps)
                    from between in Gen.ListOf(Steps)
                    from filter in Gen.Choose(0, 15)
                    from viewer in Gen.Choose(0, Users - 1)
                    from limit in Gen.Choose(1, 3)
                    select (before, between, filter, viewer, limit);
        Check(cases, one =>
        {
            var (model, database) = PostModel.New(Users);
            using var _ = database;
            foreach (var step in one.before)
                model.Take(step);
            WalkWhile(model, model.Filters().ElementAt(one.filter), one.viewer, one.limit, new Queue<PostStep>(one.between));
        });
    }

    private static void WalkWhile(PostModel model, ThreadFilter filter, int viewer, int limit, Queue<PostStep> steps)
    {
        var unmoved = model.Threads.ToDictionary(t => t.Id, t => model.Key(t, filter, viewer));
        var seen = new HashSet<long>();
        PagePosition? from = null;
        do
        {
            var page = model.Store.Threads(filter, limit, from, model.Users[viewer]);
            var ids = page.Items.Select(p => p.Id).ToList();
            Assert.IsTrue(ids.TrueForAll(seen.Add), $"a walk of {filter} met a thread twice");
            CollectionAssert.AreEqual(model.List(filter, viewer).Where(ids.Contains).ToList(), ids, $"a page of {filter}");
            from = page.Next;
            for (var i = 0; i < 2 && steps.TryDequeue(out var step); i++)
            {
                model.Take(step);
                foreach (var thread in model.Threads)
                    if (unmoved.TryGetValue(thread.Id, out var key) && key != model.Key(thread, filter, viewer))
                        unmoved.Remove(thread.Id);
            }
        }
        while (from is not null);
        foreach (var (id, key) in unmoved)
            Assert.AreEqual(key is not null, seen.Contains(id), $"thread {id} did not move in {filter}");
    }

    private static List<long> Walk(PostModel model, ThreadFilter filter, int viewer)
    {
        var ids = new List<long>();
        PagePosition? from = null;
        do
        {
            var page = model.Store.Threads(filter, 3, from, model.Users[viewer]);
            Assert.IsTrue(page.Next is null || page.Items.Count == 3);
            ids.AddRange(page.Items.Select(p => p.Id));
            from = page.Next;
        }
        while (from is not null);
        return ids;
    }

    private static void RequireCounts(PostModel model, Database database)
    {
        var visible = model.Threads.Where(t => t.DeletedBy is null).ToList();
        for (var user = 0; user < Users; user++)
            Assert.AreEqual(
                visible.Count(t => t.Author == user) + visible.Sum(t => t.Replies.Count(r => r.Author == user && r.DeletedBy is null)),
                database.Read(c => c.Number("SELECT posts FROM users WHERE id = $id", ("$id", model.Users[user].Id))));
        CollectionAssert.AreEqual(
            visible.SelectMany(t => t.Tags).CountBy(t => t).OrderBy(t => t.Key).Select(t => new TagCount(t.Key, t.Value)).ToList(),
            model.Store.Tags().Items.ToList());
        foreach (var thread in visible)
            Assert.AreEqual(thread.Replies.Count(r => r.DeletedBy is null), model.Store.Find(thread.Id)!.Head!.Replies);
    }

    private static void Check<T>(Gen<T> cases, Action<T> property) =>
        Prop.ForAll(cases.ToArbitrary(), property).Holds(60, 80);
}
