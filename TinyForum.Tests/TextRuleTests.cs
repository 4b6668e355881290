using TinyForum.Text;

namespace TinyForum.Tests;

[TestClass]
public sealed class TextRuleTests
{
    [TestMethod]
    [DataRow("Hello"), DataRow(" padded "), DataRow("😀"), DataRow("a\u2028b"), DataRow("e\u0301")]
    public void A_title_may_be_any_line(string text) => Assert.IsNull(TextRule.Title.Check(text));

    [TestMethod]
    [DataRow("", "1 to 150"), DataRow(" \u3000\u00A0", "blank"), DataRow("\u200B\u200E", "blank"), DataRow("\u3164", "blank")]
    [DataRow("a\nb", "U+000A"), DataRow("a\tb", "U+0009"), DataRow("a\0", "U+0000"), DataRow("a\u007F", "U+007F")]
    [DataRow("a\u0085", "U+0085")]
    public void A_title_is_refused_with_the_reason(string text, string why) => Assert.Contains(why, TextRule.Title.Check(text)!);

    [TestMethod]
    public void A_body_may_have_tabs_and_newlines_and_no_other_control()
    {
        Assert.IsNull(TextRule.PostBody.Check("a\n\tb"));
        Assert.Contains("U+000D", TextRule.PostBody.Check("a\r\nb")!);
        Assert.AreEqual("must not be blank", TextRule.PostBody.Check("\n\t \n"));
    }

    [TestMethod]
    public void Half_a_character_is_refused()
    {
        foreach (var text in (string[])["\uD83D", "\uDE00\uD83D", "a\uD83Db"])
            Assert.Contains("surrogate", TextRule.PostBody.Check(text)!);
    }

    [TestMethod]
    public void Lengths_count_characters()
    {
        Assert.IsNull(TextRule.Title.Check(string.Concat(Enumerable.Repeat("😀", 150))));
        Assert.AreEqual("must be 1 to 150 characters", TextRule.Title.Check(string.Concat(Enumerable.Repeat("😀", 151))));
        Assert.IsNull(TextRule.PostBody.Check(new string('x', 32_000)));
        Assert.IsNotNull(TextRule.PostBody.Check(new string('x', 32_001)));
        Assert.IsNull(TextRule.Password.Check("     "));
        Assert.AreEqual("must be 5 to 128 characters", TextRule.Password.Check("1234"));
        Assert.IsNull(TextRule.Bio.Check(""));
        Assert.AreEqual("must be at most 50 characters", TextRule.DisplayName.Check(new string('x', 51)));
    }

    [TestMethod]
    [DataRow("C-Sharp", "C-Sharp", "c-sharp")]
    [DataRow("ＮＥＷＳ", "ＮＥＷＳ", "news"), DataRow("Straße", "Straße", "strasse")]
    [DataRow("日本語", "日本語", "日本語")]
    [DataRow("E\u0301te\u0301", "Été", "été"), DataRow("ΟΔΟΣ", "ΟΔΟΣ", "οδοσ"), DataRow("οδος", "οδος", "οδοσ")]
    [DataRow("İstanbul", "İstanbul", "i\u0307stanbul")]
    [DataRow("हिन्दी", "हिन्दी", "हिन्दी"), DataRow("2026", "2026", "2026")]
    public void A_tag_is_shown_as_it_is_written_and_compared_by_case_folding(string text, string shown, string key)
    {
        Assert.IsTrue(Tag.TryParse(text, out var tag, out _));
        Assert.AreEqual(new Tag(shown, key), tag);
        Assert.IsTrue(Tag.TryParse(key, out var again, out _));
        Assert.AreEqual(key, again.Key);
    }

    [TestMethod]
    [DataRow(""), DataRow("a b"), DataRow("a_b"), DataRow("a.b"), DataRow("-"), DataRow("c#"), DataRow("a\u200Bb")]
    [DataRow("123456789012345678901"), DataRow("\u0301a"), DataRow("a-\u0301"), DataRow("1\u0301")]
    public void Other_tags_are_refused(string text) => Assert.IsFalse(Tag.TryParse(text, out _, out _));
}
