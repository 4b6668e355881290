using Microsoft.Data.Sqlite;
using TinyForum.CommandLine;

namespace TinyForum.Tests;

[TestClass]
public sealed class ReadmeTests
{
    [TestMethod]
    [DataRow("README.md")]
    [DataRow("README.zh-CN.md")]
    public void Every_setting_is_in_the_table_with_its_variable(string readme)
    {
        var text = Repository.Read(readme);
        foreach (var setting in Settings.OfServe.Append(Settings.Database))
        {
            var variable = "TINYFORUM_" + setting.Option.Name[2..].Replace('-', '_').ToUpperInvariant();
            Assert.Contains(line => line.StartsWith($"| `{setting.Option.Name}", StringComparison.Ordinal) && line.Contains($"`{variable}`"), text.Split('\n'), setting.Option.Name);
        }
    }

    [TestMethod]
    [DataRow("README.md")]
    [DataRow("README.zh-CN.md")]
    public void The_SQLite_it_names_is_the_one_inside(string readme)
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        Assert.Contains($"SQLite {connection.ServerVersion}", Repository.Read(readme));
    }
}
