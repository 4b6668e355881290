using TinyForum.Data;

namespace TinyForum.Tests;

[TestClass]
public sealed class LastUseTests
{
    private const string Update = "UPDATE users SET read_up_to = $now WHERE id = $id"; // any column will do

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [TestMethod]
    public async Task A_use_is_written_once_while_that_is_under_way_and_again_a_minute_later()
    {
        using var database = ForumDatabase.Open(null);
        var uses = new LastUse(database, Update);
        var known = Known();
        using (var writer = await HeldWriter.HoldAsync(database))
        {
            Assert.IsFalse(uses.Note(1, known, now: 59_999));
            Assert.IsTrue(uses.Note(1, known, now: 60_000));
            Assert.IsFalse(uses.Note(1, known, now: 60_001));
            Assert.IsTrue(uses.Note(0, Known(), now: 60_001), "another credential's");
            await writer.ReleaseAsync();
        }
        Assert.IsTrue(SpinWait.SpinUntil(() => known.LastUsedAt == 60_000, Patience), "who is kept is kept up with");
        Assert.IsFalse(uses.Note(1, known, now: 119_999));
        Assert.IsTrue(SpinWait.SpinUntil(() => uses.Note(1, known, now: 120_000), Patience));
        await database.WriteAsync(_ => { });
        Assert.AreEqual(120_000, database.Read(c => c.Number("SELECT read_up_to FROM users WHERE id = 1")));
    }

    [TestMethod]
    public void One_that_can_not_be_written_is_tried_again_by_the_next_use()
    {
        var database = ForumDatabase.Open(null);
        database.Dispose();
        var uses = new LastUse(database, Update);
        for (var i = 0; i < 2; i++)
            Assert.IsTrue(uses.Note(1, Known(), now: 60_000));
    }

    private static KnownCaller Known() => new(new Caller(1, "ada", Role.Member, 1, null, MayWrite: true), lastUsedAt: 0, endsAt: 1_000_000);
}
