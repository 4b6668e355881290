using TinyForum.Data;
using TinyForum.Storage;

namespace TinyForum.Tests.Support;

/// <summary>What stores need of others, for tests that use them without a forum.</summary>
internal static class Backlogs
{
    /// <summary>A backlog that finds nothing left from before.</summary>
    public static Backlog Backlog(this Database database) => new(database, isLeft: _ => false, rest: _ => { }, failed: _ => { });

    /// <summary>The policy by default, of a forum that listens on loopback alone.</summary>
    public static PolicyStore Policy(this Database database, TimeProvider clock) =>
        new(database, clock, new ModerationStore(database, clock, database.Backlog()), new ForumPolicy(), isPublic: false);

    /// <summary>The filters of a database.</summary>
    public static FilterStore Filters(this Database database, TimeProvider? clock = null)
    {
        clock ??= TimeProvider.System;
        return new(database, clock, new IdempotencyKeys(database, clock), new ModerationStore(database, clock, database.Backlog()));
    }

    /// <summary>Erases an account in one go.</summary>
    public static void Erase(this Connection connection, long userId)
    {
        Assert.IsTrue(AccountErasure.Begin(connection, userId, proof: null, now: 0));
        while (!AccountErasure.Slice(connection, userId))
        {
        }
    }
}
