using System.Text.RegularExpressions;

namespace TinyForum.Tests;

[TestClass]
public sealed class LayoutTests
{
    [TestMethod]
    [DataRow("Http", "Api|Data|CommandLine")]
    [DataRow("Data", "Api|Http|CommandLine")]
    [DataRow("Api", "CommandLine")]
    public void A_folder_knows_nothing_of_those_it_may_not_touch(string folder, string forbidden)
    {
        var mention = new Regex($@"\b(?:TinyForum\.)?(?:{forbidden})\.[A-Z]|using TinyForum\.(?:{forbidden})\b");
        var files = Directory.GetFiles(Path.Combine(Repository.Root, "TinyForum", folder), "*.cs", SearchOption.AllDirectories);
        Assert.IsNotEmpty(files);
        foreach (var file in files)
        {
            var text = File.ReadAllText(file);
            StringAssert.Contains(text, $"namespace TinyForum.{folder};", file);
            var code = Regex.Replace(text, @"(?m)^\s*//.*$|""[^""\n]*""", "");
            Assert.IsFalse(mention.IsMatch(code), $"{file} mentions {mention.Match(code).Value}");
        }
    }

    [TestMethod]
    public void No_SQL_is_written_outside_Data()
    {
        var sql = new Regex(@"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b.*(\bFROM\b|\bSET\b|\bWHERE\b|\bVALUES\b)", RegexOptions.Singleline);
        foreach (var file in Directory.GetFiles(Path.Combine(Repository.Root, "TinyForum", "Api"), "*.cs"))
            Assert.IsFalse(sql.IsMatch(File.ReadAllText(file)), file);
    }
}
