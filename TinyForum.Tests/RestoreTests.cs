using TinyForum.Data;

namespace TinyForum.Tests;

[TestClass]
public sealed class RestoreTests
{
    [TestMethod]
    public void A_database_that_is_open_can_not_be_taken()
    {
        using var database = Database.Open(null);
        using var taken = DatabaseFile.TakeExclusively(database.Path);
        Assert.IsNull(taken);
    }
}
