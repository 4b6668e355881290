using System.Text;
using FsCheck.Fluent;
using TinyForum.Text;

namespace TinyForum.Tests;

[TestClass]
public sealed class UsernameTests
{
    private static string Refusal(string text) => Username.TryParse(text, out _, out var why) ? "" : why;

    private static Username Accepted(string text)
    {
        Assert.IsTrue(Username.TryParse(text, out var name, out var why), $"'{text}' {why}");
        return name;
    }

    [TestMethod]
    [DataRow("kim"), DataRow("Kim_Lee-2.0"), DataRow("7"), DataRow("O.o"), DataRow("..a")]
    [DataRow("Zoë"), DataRow("Αλέξης"), DataRow("Анна"), DataRow("Երևան"), DataRow("ქართული")]
    [DataRow("محمد"), DataRow("فاطمة٢"), DataRow("שָׁלוֹם"), DataRow("नमस्ते"), DataRow("বাংলা"), DataRow("தமிழ்"), DataRow("ສະບາຍດີ")]
    [DataRow("สวัสดี"), DataRow("น้ำ"), DataRow("မြန်မာ"), DataRow("ភាសាខ្មែរ"), DataRow("አማርኛ"), DataRow("ᏣᎳᎩ"), DataRow("བོད")]
    [DataRow("李小龙"), DataRow("𠮷野家"), DataRow("二〇二六"), DataRow("佐々木"), DataRow("ラーメン"), DataRow("ひらがなカタカナ漢字ーabc")]
    [DataRow("ﾗｰﾒﾝ"), DataRow("ｂｏｂ１"), DataRow("한국어"), DataRow("韓国한글abc"), DataRow("ㄅㄆㄇ漢字abc")]
    public void Names_of_any_script_are_accepted(string text) => Accepted(text);

    [TestMethod]
    [DataRow("аdmin", "must not mix Cyrillic and Latin letters")]
    [DataRow("adminа", "must not mix Latin and Cyrillic letters")]
    [DataRow("αlice", "must not mix Greek and Latin letters")]
    [DataRow("日本語русский", "must not mix Han and Cyrillic letters")]
    [DataRow("ひらがな한글", "must not mix Hiragana and Hangul letters")]
    [DataRow("abcひ한", "must not mix Hiragana and Hangul letters")]
    [DataRow("aーя", "must not mix Latin and Cyrillic letters")]
    [DataRow("яー", "must not mix Cyrillic and Hiragana letters")]
    [DataRow("𝐚дмин", "must not mix Latin and Cyrillic letters")]
    [DataRow("١۲", "must not mix digits of two scripts")]
    [DataRow("1a٢", "must not mix digits of two scripts")]
    [DataRow("a٢", "must not mix Latin and Arabic letters")]
    public void Names_of_two_scripts_are_refused(string text, string why) => Assert.Contains(why, Refusal(text));

    [TestMethod]
    [DataRow("", "1 to 32 characters"), DataRow("123456789012345678901234567890123", "1 to 32 characters")]
    [DataRow(".", "dots"), DataRow("..", "dots"), DataRow("....", "dots")]
    [DataRow("system", "reserved"), DataRow("DELETED", "reserved"), DataRow("Me", "reserved"), DataRow("ｍｅ", "reserved")]
    [DataRow("ſystem", "reserved"), DataRow("deIeted", "reserved"), DataRow("DEIETED", "reserved"), DataRow("sуstеm", "must not mix")]
    [DataRow("amy.", "letter or digit"), DataRow("amy-", "letter or digit"), DataRow("a_", "letter or digit"), DataRow("李.", "letter or digit")]
    [DataRow("محمـد", "U+0640, which only stretches"), DataRow("محمدـ", "U+0640"), DataRow("ߊߺߊ", "U+07FA"), DataRow("ﹱ", "U+0640")]
    [DataRow("e\u0301\u0301", "U+0301 twice"), DataRow("é\u0301", "U+0301 twice"), DataRow("e\u0301\u0300\u0301x", "U+0301 twice"),
    DataRow("a\u0323\u0307\u0323", "U+0323 twice"), DataRow("นำ\u0E49\u0E49", "U+0E49 twice")]
    [DataRow("مّّ", "U+0651 twice")]
    [DataRow("a b", "a space"), DataRow("a@b", "'@'"), DataRow("a/b", "'/'"), DataRow("a\0", "U+0000"), DataRow("a\nb", "U+000A")]
    [DataRow("½", "'½'")]
    [DataRow("a\u200Bb", "U+200B"), DataRow("a\u200Db", "U+200D"), DataRow("a\u00ADb", "U+00AD"), DataRow("\uFEFFa", "U+FEFF")]
    [DataRow("a\u202Eb", "U+202E"), DataRow("a\u2066b", "U+2066"), DataRow("a\u200Fb", "U+200F"), DataRow("a\u3164b", "U+3164")]
    [DataRow("a\uFE0Fb", "U+FE0F"), DataRow("a\u034Fb", "U+034F"), DataRow("a\uE000b", "U+E000"), DataRow("a\u0378", "U+0378")]
    [DataRow("\u0301a", "combining mark U+0301"), DataRow("1\u0301", "combining mark U+0301"), DataRow("-\u0301", "combining mark U+0301")]
    [DataRow("a\u0316\u0317\u0318\u0319\u031C", "more than 4"), DataRow("ﷺ", "a space"), DataRow("😀", "😀"), DataRow("Ⅷ", "Ⅷ")]
    public void Names_that_deceive_are_refused(string text, string why) => Assert.Contains(why, Refusal(text));

    [TestMethod]
    [DataRow("coco", "сосо"), DataRow("coco", "ｃｏｃｏ"), DataRow("COCO", "СОСО"), DataRow("Coco", "сосо"), DataRow("ivy", "i\u0307vy"), DataRow("ivan", "İvan")]
    [DataRow("izmir", "İZMİR"), DataRow("ivan", "I\u0307van")]
    [DataRow("ị", "i\u0323\u0307")]
    [DataRow("口", "ロ"), DataRow("口口", "ﾛﾛ"), DataRow("力", "カ"), DataRow("工", "エ"), DataRow("Ivy", "lvy"), DataRow("IVAN", "lvan")]
    [DataRow("ι", "ı"), DataRow("ахе", "axe")]
    [DataRow("ј\u0307", "j"), DataRow("ο", "о"), DataRow("א", "א"), DataRow("ﬁsh", "fish")]
    public void Names_that_look_alike_have_one_skeleton(string one, string other) => Assert.AreEqual(NameSkeleton.Of(one), NameSkeleton.Of(other));

    [TestMethod]
    [DataRow("m", "rn"), DataRow("1", "l"), DataRow("0", "O"), DataRow("r2d2", "rzdz"), DataRow("ivy", "lvy"), DataRow("zoë", "zoe")]
    [DataRow("анна", "anna"), DataRow("a-b", "a_b")]
    [DataRow("й", "и"), DataRow("が", "か"), DataRow("日", "曰")]
    public void Others_do_not(string one, string other) => Assert.AreNotEqual(NameSkeleton.Of(one), NameSkeleton.Of(other));

    [TestMethod]
    public void A_skeleton_is_the_same_composed_or_not_and_whatever_else_is_in_the_name()
    {
        for (var c = 0; c <= 0x323AF; c++)
        {
            if (!Rune.IsValid(c) || c == 0xFFFE)
                continue;
            var text = $"a{new Rune(c)}b";
            Assert.AreEqual(NameSkeleton.Of(text.Normalize()), NameSkeleton.Of(text.Normalize(NormalizationForm.FormD)), $"U+{c:X4}");
            Assert.AreEqual(NameSkeleton.Of(text) + NameSkeleton.Of("é"), NameSkeleton.Of(text + "é"), $"U+{c:X4}");
        }
    }

    [TestMethod]
    public void Half_a_character_is_refused_and_never_found()
    {
        foreach (var text in (string[])["\uD800", "a\uDC00", "\uDC00\uD800b", "\uFFFE"]) // attributes cannot hold these
        {
            Assert.Contains("surrogate", Refusal(text));
            Assert.IsNull(Username.KeyOf(text));
        }
    }

    [TestMethod]
    public void A_length_is_counted_in_characters_once_composed()
    {
        Accepted(string.Concat(Enumerable.Repeat("𠮷", 32)));
        Assert.AreEqual(32, Accepted(string.Concat(Enumerable.Repeat("u\u0308\u0304", 32))).Shown.Length);
        Assert.Contains("1 to 32", Refusal(string.Concat(Enumerable.Repeat("𠮷", 33))));
        Assert.Contains("1 to 32", Refusal(new string('a', 100_000)));
        Assert.IsNull(Username.KeyOf(new string('é', 100_000)));
    }

    [TestMethod]
    [DataRow("Bob", "ｂＯｂ"), DataRow("Straße", "STRASSE"), DataRow("Zoe\u0308", "ZO\u00CB"), DataRow("Σίσυφος", "ΣΊΣΥΦΟΣ")]
    [DataRow("ﾗｰﾒﾝ", "ラーメン")]
    [DataRow("ﾊﾟﾝ", "ハ\u309Aン"), DataRow("한", "\u1112\u1161\u11AB"), DataRow("ﬁsh", "FISH"), DataRow("ᲐᲑ", "აბ")]
    [DataRow("ᏣᎳᎩ", "ꮳꮃꭹ"), DataRow("𐐀", "𐐨")]
    public void Names_that_differ_by_case_width_or_composition_are_one(string one, string other) =>
        Assert.AreEqual(Accepted(one).Key, Accepted(other).Key);

    [TestMethod]
    public void Every_character_has_a_key_that_stays_and_a_verdict_that_holds()
    {
        for (var c = 0; c <= 0xE0FFF; c = c switch { 0xD7FF => 0xE000, 0x3FFFF => 0xE0000, _ => c + 1 }) // nothing is assigned between
        {
            var text = new Rune(c).ToString();
            var key = Username.KeyOf(text) ?? "";
            Assert.IsTrue(key.Length > 0 || c == 0xFFFE, $"U+{c:X4}");
            Assert.AreEqual(key, Username.KeyOf(key) ?? "", $"U+{c:X4}");
            if (Username.TryParse(text, out var name, out _))
            {
                Assert.AreEqual(key, name.Key, $"U+{c:X4}");
                Assert.AreEqual(key, Username.KeyOf(name.Shown), $"U+{c:X4}");
                Assert.AreEqual(name, Accepted(name.Shown), $"U+{c:X4}");
            }
        }
    }

    [TestMethod]
    public void A_key_stays_whatever_the_text()
    {
        var characters = Gen.OneOf(Gen.Choose(0x20, 0x7E), Gen.Choose(0xC0, 0x24F), Gen.Choose(0x300, 0x3FF), Gen.Choose(0x400, 0x6FF),
            Gen.Choose(0x900, 0x1FFF), Gen.Choose(0x3040, 0x318F), Gen.Choose(0xAC00, 0xD7A3), Gen.Choose(0xF900, 0xFFFD),
            Gen.Choose(0x10000, 0x1FFFF));
        var texts = from list in Gen.ListOf(characters) select string.Concat(list.Select(c => new Rune(c).ToString()));
        Prop.ForAll(texts.ToArbitrary(), text =>
        {
            var key = UnicodeText.Key(text);
            Assert.AreEqual(key, UnicodeText.Key(key));
            Assert.AreEqual(key, UnicodeText.Key(text.Normalize(NormalizationForm.FormD)));
            Assert.AreEqual(key, UnicodeText.Key(text.Normalize(NormalizationForm.FormKC)));
            if (Username.TryParse(text, out var name, out var why))
            {
                Assert.AreEqual(name, Accepted(name.Shown));
                Assert.AreEqual(name.Key, Username.KeyOf(text));
                Assert.IsTrue(name.Shown.IsNormalized());
            }
            else
                Assert.IsNotEmpty(why);
        }).Holds();
    }

    [TestMethod]
    public void Any_string_at_all_can_be_looked_up() =>
        Prop.ForAll<string?>(text => Username.KeyOf(text ?? "")).Holds();

    [TestMethod]
    public void This_runtime_normalises() => UnicodeText.EnsureNormalizationWorks();
}
