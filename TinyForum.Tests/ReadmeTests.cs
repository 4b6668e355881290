using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using TinyForum.CommandLine;

namespace TinyForum.Tests;

[TestClass]
public sealed partial class ReadmeTests
{
    /// <summary>What stands for the absence of a value, in Chinese.</summary>
    private static readonly Dictionary<string, string> Chinese = new()
    {
        ["any"] = "任意",
        ["as requests name it"] = "同请求所用",
        ["never"] = "不备份",
        ["none"] = "无",
        ["a general one"] = "通用的一句",
        ["on if it listens on loopback alone"] = "只监听回环地址时为 on",
        ["on if anyone may register and it listens on more than loopback, or posts are held"] = "开放注册且不只监听回环地址，或帖子须审核时为 on",
        ["1 if anyone may register and it listens on more than loopback, else 0"] = "开放注册且不只监听回环地址时为 1，否则为 0",
        ["backups beside the database"] = "数据库旁的 backups",
    };

    [TestMethod]
    [DataRow("README.md", false)]
    [DataRow("README.zh-CN.md", true)]
    public void The_table_of_settings_says_what_help_says(string readme, bool isChinese)
    {
        var words = isChinese ? Chinese : [];
        var settings = Settings.OfServe.Append(Settings.Database)
            .Select(s => ($"{s.Option.Name} {s.Option.HelpName}", s.Variable, words.GetValueOrDefault(s.Default, s.Default)));
        var rows = Row().Matches(Repository.Read(readme))
            .Select(r => (r.Groups[1].Value.Replace("\\|", "|"), r.Groups[2].Value, r.Groups[3].Value.Replace("`", "")));
        CollectionAssert.AreEquivalent(settings.ToArray(), rows.ToArray());
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

    [GeneratedRegex(@"^\| `(--.+?)` \| `(\w+)` \| (.+?) \| .+ \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
