using System.Text;
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
    [DataRow(0x34F), DataRow(0xFE0F), DataRow(0x17B4), DataRow(0x17B5), DataRow(0xE0041), DataRow(0x2065), DataRow(0xFFA0), DataRow(0x180E)]
    [DataRow(0xE0100)]
    [DataRow(0x2800), DataRow(0x1D159), DataRow(0x16FE4), DataRow(0x1D173), DataRow(0xFFF0), DataRow(0xFEFF), DataRow(0x13430), DataRow(0x2028)]
    [DataRow(0xE0FFF)]
    public void What_shows_nothing_alone_is_blank(int character)
    {
        var text = $" {new Rune(character)}\u3000{new Rune(character)}";
        Assert.AreEqual("must not be blank", TextRule.PostBody.Check(text));
        Assert.IsNull(TextRule.PostBody.Check(text + "."));
    }

    [TestMethod]
    [DataRow(0x600), DataRow(0x605), DataRow(0x6DD), DataRow(0x70F), DataRow(0x890), DataRow(0x8E2), DataRow(0x110BD), DataRow(0x301)]
    [DataRow(0xE000), DataRow(0x378), DataRow(0x1F3FB)]
    public void What_shows_is_not(int character) => Assert.IsNull(TextRule.Title.Check(new Rune(character).ToString()));

    [TestMethod]
    [DataRow("a\u202Eb", "U+202E"), DataRow("\u200Ea", "U+200E"), DataRow("a\u061C", "U+061C"), DataRow("a\u2066b\u2069", "U+2066")]
    [DataRow("a\u200Bb", "U+200B")]
    [DataRow("a\u200Db", "U+200D"), DataRow("a\u00ADb", "U+00AD"), DataRow("\uFE0Fa", "U+FE0F"), DataRow("a \uFE0F", "U+FE0F")]
    [DataRow("a\uFE0F\uFE0F", "U+FE0F"), DataRow("a\u3164", "U+3164")]
    [DataRow("x\U000E0067", "U+E0067"), DataRow("a\u034F", "U+034F"), DataRow("👩\u200Da", "U+200D"), DataRow("👩\u200D", "U+200D")]
    [DataRow("👩\u200D\u200D👩", "U+200D"), DataRow("\uFEFFa", "U+FEFF")]
    [DataRow("\u200Cم", "U+200C"), DataRow("م\u200C\u200Cم", "U+200C"), DataRow("कि\u2060", "U+2060"), DataRow("\u17B4", "U+17B4")]
    [DataRow("\u180Eᠠ", "U+180E"), DataRow("Ann\uFE0F", "U+FE0F"), DataRow("Ann\uFE0E", "U+FE0E"), DataRow("Ann\U000E0100", "U+E0100")]
    [DataRow("Ann1\uFE0F", "U+FE0F"), DataRow("a\u180B", "U+180B"), DataRow("Ann\u2028b", "U+2028"), DataRow("Ann\u2029b", "U+2029")]
    [DataRow("مد\u200D", "U+200D"), DataRow("م\u200C", "U+200C"), DataRow("é\uFE00", "U+FE00")]
    public void A_display_name_has_no_character_that_does_not_show(string name, string which)
    {
        Assert.Contains($"{which} is one", TextRule.DisplayName.Check(name)!);
        Assert.DoesNotContain("direction", TextRule.Bio.Check(name) ?? "", "elsewhere they may be");
    }

    [TestMethod]
    [DataRow("Ada Lovelace"), DataRow("❤️ Ann"), DataRow("👩‍🚀"), DataRow("👩🏽‍🚀"), DataRow("👨‍👩‍👧"), DataRow("❤️‍🔥"), DataRow("🏴󠁧󠁢󠁥󠁮󠁧󠁿 Tom")]
    [DataRow("🏴‍☠️"), DataRow("1️⃣")]
    [DataRow("می‌خواهم"), DataRow("ක්‍රි"), DataRow("क्‍ष"), DataRow("葛\U000E0100城"), DataRow("ᠠ\u180Eᠠ\u180B"), DataRow("\u0600١")]
    [DataRow("ന്\u200D"), DataRow("‼\uFE0F"), DataRow("神\uFE00社")]
    [DataRow("⠁⠃\u2800⠉"), DataRow("עברית"), DataRow("ไทย")]
    public void It_may_have_what_writing_needs(string name) => Assert.IsNull(TextRule.DisplayName.Check(name));

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
