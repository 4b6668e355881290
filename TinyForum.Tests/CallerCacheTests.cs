using TinyForum.Data;

namespace TinyForum.Tests;

[TestClass]
public sealed class CallerCacheTests
{
    private static readonly byte[] Digest = SessionTable.Digest("a credential");

    private int _loads;

    /// <summary>What the database has: a credential that ends at 100.</summary>
    private KnownCaller? Load(byte[] digest, long now)
    {
        _loads++;
        CollectionAssert.AreEqual(Digest, digest);
        return now < 100 ? new KnownCaller(new Caller(2, "ada", Role.Member, 1, null, MayWrite: true), lastUsedAt: 0, endsAt: 100) : null;
    }

    [TestMethod]
    public void A_credential_that_is_kept_ends_when_its_time_is_over()
    {
        using var database = ForumDatabase.Open(null);
        var callers = new CallerCache(database);
        foreach (var now in (long[])[50, 99])
            Assert.AreEqual(2, callers.Find(Digest, now, Load)?.Caller.Id);
        Assert.AreEqual(1, _loads);
        Assert.IsNull(callers.Find(Digest, 100, Load));
    }

    [TestMethod]
    public void A_clock_that_is_set_back_brings_a_credential_back_as_the_database_has_it()
    {
        using var database = ForumDatabase.Open(null);
        var callers = new CallerCache(database);
        Assert.IsNull(callers.Find(Digest, 100, Load));
        Assert.IsNotNull(callers.Find(Digest, 99, Load), "that there was none is not kept");
        Assert.IsNotNull(callers.Find(Digest, -1, Load));
        Assert.AreEqual(2, _loads);
    }

    [TestMethod]
    public void As_many_callers_are_kept_as_may_be_and_then_it_starts_over()
    {
        using var database = ForumDatabase.Open(null);
        var callers = new CallerCache(database);
        var loads = 0;
        for (var i = 0; i < CallerCache.MaxCallers; i++)
            Find(i);
        Find(0);
        Assert.AreEqual(CallerCache.MaxCallers, loads, "the first is still kept");
        Find(CallerCache.MaxCallers);
        Find(0);
        Assert.AreEqual(CallerCache.MaxCallers + 2, loads, "one too many let go of the others");

        void Find(int i) => callers.Find(SessionTable.Digest($"{i}"), 50, (_, _) =>
        {
            loads++;
            return new KnownCaller(new Caller(i, "ada", Role.Member, 1, null, MayWrite: true), lastUsedAt: 0, endsAt: 100);
        });
    }

    [TestMethod]
    public async Task What_is_kept_is_read_anew_once_something_was_written()
    {
        using var database = ForumDatabase.Open(null);
        var callers = new CallerCache(database);
        Assert.IsNotNull(callers.Find(Digest, 50, Load));
        await database.WriteAsync(c => c.Execute("INSERT INTO tags (name) VALUES ('a')"));
        Assert.IsNull(callers.Find(Digest, 50, (_, _) => null));
    }
}
