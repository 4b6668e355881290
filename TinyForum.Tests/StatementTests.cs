namespace TinyForum.Tests;

/// <summary>Statements that a connection keeps.</summary>
[TestClass]
public sealed class StatementTests
{
    [TestMethod]
    public async Task A_kept_statement_takes_its_parameters_by_name()
    {
        await using var forum = await TestForum.StartAsync();
        const string Sql = "SELECT 10 * $a + $b";
        forum.Database.Read(c =>
        {
            Assert.AreEqual(12, c.Number(Sql, ("$a", 1), ("$b", 2)));
            Assert.AreEqual(12, c.Number(Sql, ("$b", 2), ("$a", 1)));
            Assert.AreEqual(12, c.Number(Sql, ("$a", 1), ("$unused", 7), ("$b", 2)));
            Assert.AreEqual(12, c.Number(Sql, ("$a", 1), ("$b", 2)));
            return true;
        });
    }
}
