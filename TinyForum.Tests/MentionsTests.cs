using FsCheck.Fluent;
using TinyForum.Text;

namespace TinyForum.Tests;

[TestClass]
public sealed class MentionsTests
{
    private static string Found(string body) =>
        string.Join(' ', Mentions.Find(body).Select(m => m.Otherwise is null ? m.Key : $"{m.Key}|{m.Otherwise}"));

    [TestMethod]
    [DataRow("@bob", "bob"), DataRow("Hi @Bob, @eve!", "bob eve"), DataRow("(@bob)", "bob"), DataRow("@bob.", "bob.|bob")]
    [DataRow("@o.o-x-", "o.o-x-|o.o-x"), DataRow("@bob...", "bob...|bob")]
    [DataRow("@田中 さん", "田中"), DataRow("你好@小明", "小明"), DataRow("@Зоя и @ZOË", "зоя zoë"), DataRow("@नमस्ते", "नमस्ते")]
    [DataRow("@Straße", "strasse"), DataRow("@ｂｏｂ", "bob")]
    [DataRow("@bob @BOB @bob", "bob"), DataRow("a@b.c", ""), DataRow("é@b", ""), DataRow("a_@b", ""), DataRow("@", "")]
    [DataRow("@@bob", ""), DataRow("@...", "")]
    [DataRow("https://example.org/@bob", ""), DataRow("@bob@example.org", ""), DataRow("Thanks.@bob", "bob")]
    [DataRow("@123456789012345678901234567890123456789012345678901234567890123456", "")]
    public void Names_behind_an_at_sign_are_found(string body, string names) => Assert.AreEqual(names, Found(body));

    [TestMethod]
    [DataRow("`@bob` @eve", "eve"), DataRow("`` `@bob` `` @eve", "eve"), DataRow("` @eve", "eve"), DataRow("`` @eve `", "eve")]
    [DataRow("\\`@eve`", "eve")]
    [DataRow("`a\n@bob`", ""), DataRow("`a\n\n@eve`", "eve"), DataRow("- `a\n- @eve`", "eve"), DataRow("`a\n# @eve`", "eve")]
    [DataRow("```\n@bob\n```\n@eve", "eve"), DataRow("~~~ js\n@bob\n```\n@bob\n~~~~\n@eve", "eve")]
    [DataRow("````\n```\n@bob", ""), DataRow("```a`b\n@eve", "eve"), DataRow("``` x\n> ```\n@bob\n```\n@eve", "eve")]
    [DataRow("> ```\n> @bob\n@eve", "eve"), DataRow("> ```\n> @bob\n> ```\n> @eve", "eve"), DataRow("- ```\n  @bob\n  ```\n- @eve", "eve")]
    [DataRow("    @bob\n\n@eve", "eve"), DataRow("\t@bob", ""), DataRow("text\n    @eve", "eve"), DataRow("text\n\n    @bob", "")]
    [DataRow("- item\n\n    @eve", "eve"), DataRow("- item\n\n      @bob", "")]
    [DataRow("1. one\n   - two\n\n     @eve", "eve"), DataRow(">     @bob\n>\n> @eve", "eve")]
    public void Code_mentions_nobody(string body, string names) => Assert.AreEqual(names, Found(body));

    [TestMethod]
    public void At_most_twenty_are_called() =>
        Assert.HasCount(20, Mentions.Find(string.Join(' ', Enumerable.Range(0, 50).Select(n => $"@user{n}"))));

    [TestMethod]
    public void Any_text_at_all_can_be_searched()
    {
        var pieces = Gen.OneOf(Gen.Elements("@", "`", "```", "~~~", "\n", "    ", "> ", "- ", "1. ", "\t", "\\", "#",
            "é", "中", "\uD800", "bob", ".", "-"), ArbMap.Default.GeneratorFor<string>());
        Prop.ForAll((from list in Gen.ListOf(pieces) select string.Concat(list)).ToArbitrary(), body =>
        {
            foreach (var mention in Mentions.Find(body))
                Assert.AreEqual(mention.Key, Username.KeyOf(mention.Key));
        }).Holds(500);
    }

    [TestMethod]
    [DataRow("` ", DisplayName = "single backticks"), DataRow("@a`", DisplayName = "names and backticks")]
    [DataRow("\n> > > ", DisplayName = "quotations")]
    public void A_hostile_text_takes_no_time(string piece)
    {
        var body = "@" + string.Concat(Enumerable.Repeat(piece, 32_000 / piece.Length));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Mentions.Find(body);
        Assert.IsLessThan(2, watch.Elapsed.TotalSeconds);
    }
}
