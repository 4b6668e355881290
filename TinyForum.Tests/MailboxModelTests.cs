using FsCheck.Fluent;
using TinyForum.Data;

namespace TinyForum.Tests;

/// <summary>Whatever is sent, read, deleted and blocked in whatever order: each list is what a plain list of messages would give.</summary>
[TestClass]
public sealed class MailboxModelTests
{
    private enum Act { Send, Read, ReadAll, Delete, Block, Unblock }

    private sealed record Step(Act Act, int User, int Other, int Which);

    private sealed record Model(List<Model.Mail> Mails, HashSet<(int, int)> Blocks)
    {
        public sealed record Mail(long Id, int From, int To)
        {
            public HashSet<int> Sides { get; } = [From, To];
            public bool Read { get; set; }
        }

        public static bool IsUnread(Mail mail, int user) => mail.To == user && mail.Sides.Contains(user) && !mail.Read;

        public IEnumerable<Mail> List(int user, Mailbox box, int? with, bool unread) => Mails
            .Where(m => m.Sides.Contains(user))
            .Where(m => (box != Mailbox.Inbox && m.From == user) || (box != Mailbox.Sent && m.To == user))
            .Where(m => with is null || (m.From == user ? m.To : m.From) == with)
            .Where(m => !unread || IsUnread(m, user))
            .OrderByDescending(m => m.Id);
    }

    private const int Users = 3;

    [TestMethod]
    public async Task Every_list_and_count_is_what_a_plain_list_of_messages_gives()
    {
        using var database = ForumDatabase.Open(null);
        var messages = new MessageStore(database, TimeProvider.System, new IdempotencyKeys(database, TimeProvider.System), database.Backlog(),
            database.Policy(TimeProvider.System), database.Filters());
        var blocks = new BlockStore(database, TimeProvider.System);
        var act = Gen.Frequency((8, Gen.Constant(Act.Send)), (3, Gen.Constant(Act.Read)), (4, Gen.Constant(Act.Delete)),
            (1, Gen.Constant(Act.ReadAll)), (1, Gen.Constant(Act.Block)), (1, Gen.Constant(Act.Unblock)));
        var step = from what in act
                   from user in Gen.Choose(0, Users - 1)
                   from other in Gen.Choose(0, Users - 1)
                   from which in Gen.Choose(0, 1_000)
                   select new Step(what, user, other, which);
        var run = 0;
        Prop.ForAll(Gen.ListOf(step).ToArbitrary(), steps =>
        {
            var prefix = $"u{run++}-";
            var ids = database.WriteAsync(c => Enumerable.Range(0, Users).Select(i => c.Number("""
                INSERT INTO users (username, username_key, created_at)
                VALUES ($name, $name, 0)
                RETURNING id
                """, ("$name", $"{prefix}{i}"))!.Value).ToArray()).Result;
            var model = new Model([], []);
            foreach (var one in steps)
                Take(one, model, messages, blocks, ids, prefix).Wait();
            Compare(model, messages, ids);
            var left = database.Read(c => c.Number("SELECT count(*) FROM messages WHERE sender_id >= $first", ("$first", ids[0])));
            Assert.AreEqual(model.Mails.Count(m => m.Sides.Count > 0), left, "messages that one side has are there, and no others");
        }).Holds(60, 60);
        Assert.AreEqual("ok", await Task.Run(() => database.Read(c => c.First("PRAGMA integrity_check", r => r.GetString(0)))));
    }

    private static async Task Take(Step step, Model model, MessageStore messages, BlockStore blocks, long[] ids, string prefix)
    {
        var (_, user, other, which) = step;
        var mail = model.Mails.Count == 0 ? null : model.Mails[which % model.Mails.Count];
        switch (step.Act)
        {
            case Act.Send when model.Blocks.Contains((other, user)):
                Assert.AreEqual(RefusalKind.Forbidden, (await Assert.ThrowsExactlyAsync<RefusalException>(
                    () => messages.SendAsync(Actors.Of(ids[user]), $"{prefix}{other}", null, "x"))).Kind);
                break;
            case Act.Send:
                model.Mails.Add(new Model.Mail((await messages.SendAsync(Actors.Of(ids[user]), $"{prefix}{other}", null, "x")).Id, user, other));
                break;
            case Act.Read when mail is not null:
                Assert.AreEqual(mail.Sides.Contains(user), await messages.MarkReadAsync(Actors.Of(ids[user]), mail.Id) is not null);
                mail.Read |= Model.IsUnread(mail, user);
                break;
            case Act.ReadAll:
                Assert.AreEqual(0, await messages.MarkAllReadAsync(Actors.Of(ids[user])));
                foreach (var unread in model.Mails.Where(m => Model.IsUnread(m, user)))
                    unread.Read = true;
                break;
            case Act.Delete when mail is not null:
                Assert.AreEqual(mail.Sides.Remove(user), await messages.DeleteAsync(Actors.Of(ids[user]), mail.Id));
                break;
            case Act.Block when user != other:
                Assert.IsTrue(await blocks.AddAsync(Actors.Of(ids[user]), $"{prefix}{other}"));
                model.Blocks.Add((user, other));
                break;
            case Act.Unblock:
                Assert.IsTrue(await blocks.RemoveAsync(Actors.Of(ids[user]), $"{prefix}{other}"));
                model.Blocks.Remove((user, other));
                break;
        }
    }

    private static void Compare(Model model, MessageStore messages, long[] ids)
    {
        for (var user = 0; user < Users; user++)
        {
            Assert.AreEqual(model.Mails.Count(m => Model.IsUnread(m, user)), messages.CountUnread(Actors.Of(ids[user])));
            foreach (var box in Enum.GetValues<Mailbox>())
                foreach (var with in (int?[])[null, 0, 1, 2])
                    foreach (var unread in (bool[])[false, true])
                    {
                        var expected = model.List(user, box, with, unread).Select(m => (m.Id, ids[m.From], ids[m.To], m.Read)).ToList();
                        var actual = Walk(messages, ids[user], new MailFilter(box, with is { } peer ? ids[peer] : null, unread))
                            .Select(m => (m.Id, m.From.Id, m.To.Id, m.ReadAt is not null)).ToList();
                        CollectionAssert.AreEqual(expected, actual, $"user {user}, {box} with {with}, unread {unread}");
                    }
            foreach (var mail in model.Mails)
                Assert.AreEqual(mail.Sides.Contains(user), messages.Find(Actors.Of(ids[user]), mail.Id) is not null);
        }
    }

    private static IEnumerable<Message> Walk(MessageStore messages, long owner, MailFilter filter)
    {
        for (PagePosition? from = null; ;)
        {
            var page = messages.List(Actors.Of(owner), filter, limit: 3, from);
            foreach (var message in page.Items)
                yield return message;
            if ((from = page.Next) is null)
                yield break;
        }
    }
}
