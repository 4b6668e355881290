using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Data.Sqlite;
using TinyForum.Search;
using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Tests;

[TestClass]
public sealed class SearchTextTests
{
    // FTS5 as the forum declares it.
    private sealed class Index : IDisposable
    {
        private readonly SqliteConnection _connection = new("Data Source=:memory:");

        internal Index()
        {
            _connection.Open();
            Run("CREATE VIRTUAL TABLE t USING fts5(x, content = '', contentless_delete = 1, tokenize = 'ascii')");
            Run("CREATE VIRTUAL TABLE v USING fts5vocab(t, instance)");
        }

        internal void Put(int id, string text) =>
            Run("INSERT OR REPLACE INTO t(rowid, x) VALUES ($id, $text)", id, SearchTokens.Of(text));

        internal string[] Tokens(int id) => Read("SELECT term FROM v WHERE doc = $id ORDER BY offset", id, reader => reader.GetString(0));

        internal long[] Find(string match) =>
            Read("SELECT rowid FROM t WHERE t MATCH $text ORDER BY rowid", 0, reader => reader.GetInt64(0), match);

        private void Run(string sql, int id = 0, string text = "")
        {
            using var command = Command(sql, id, text);
            command.ExecuteNonQuery();
        }

        private T[] Read<T>(string sql, int id, Func<Row, T> row, string text = "")
        {
            using var command = Command(sql, id, text);
            using var reader = command.ExecuteReader();
            List<T> rows = [];
            while (reader.Read())
                rows.Add(row(new Row(reader)));
            return [.. rows];
        }

        private SqliteCommand Command(string sql, int id, string text)
        {
            var command = _connection.CreateCommand();
            command.CommandText = sql;
            command.Parameters.AddWithValue("$id", id);
            command.Parameters.AddWithValue("$text", text);
            return command;
        }

        public void Dispose() => _connection.Dispose();
    }

    private static SearchQuery Query(string text)
    {
        Assert.IsTrue(SearchQuery.TryParse(text, out var query, out var why), why);
        return query;
    }

    private static bool Finds(string query, string text)
    {
        using var index = new Index();
        index.Put(1, text);
        return index.Find(Query(query).Match()!).Length == 1;
    }

    private static readonly Gen<int> Anything = Gen.OneOf(Gen.Choose(0, 0x7F), Gen.Choose(0x80, 0x3FF), Gen.Choose(0x400, 0xFFF),
        Gen.Choose(0x1000, 0x33FF), Gen.Choose(0xAC00, 0xD7FF), Gen.Choose(0xF900, 0xFFFF), Gen.Choose(0x10000, 0x1FFFF), Gen.Choose(0x1F300, 0x1F6FF),
        Gen.Choose(0xE0000, 0xE01FF));

    private static readonly Gen<int> EastAsian = Gen.OneOf(Gen.Choose(0x4E00, 0x9FFF), Gen.Choose(0x3041, 0x3096),
        Gen.Choose(0x30A1, 0x30FA), Gen.Choose(0xAC00, 0xD7A3), Gen.Choose(0x20000, 0x323AF), Gen.Choose(0x3400, 0x4DBF), Gen.Choose(0x3131, 0x3163),
        Gen.Choose(0x3105, 0x312F), Gen.Constant(0x30FC), Gen.Constant(0x3005));

    private static Gen<string> Texts(Gen<int> characters) =>
        from list in Gen.ListOf(characters) select string.Concat(list.Select(c => Rune.IsValid(c) ? new Rune(c).ToString() : " "));

    [TestMethod]
    [DataRow("Hello, World!", "hello world"), DataRow("Zoë's CAFÉ", "zoe s cafe"), DataRow("e\u0301te\u0301 ÉTÉ", "ete ete")]
    [DataRow("Straße STRASSE ﬁn", "strasse strasse fin"), DataRow("ΛΌΓΟΣ λόγος", "λογοσ λογοσ"), DataRow("Ёлка ёлка", "елка елка")]
    [DataRow("IŞIK ışık İzmir", "isik isik izmir"), DataRow("１２３ Ａｂｃ x²", "123 abc x2")]
    [DataRow("中文abc论坛", "中 文 abc 论 坛"), DataRow("ラーメン、ﾗｰﾒﾝ", "ら ー め ん ら ー め ん"), DataRow("ガｶﾞ", "か か"), DataRow("カ\u3099", "か")]
    [DataRow("한국", "한 국"), DataRow("\u1112\u1161\u11AB", "한"), DataRow("ㅋㅋ", "\u110F \u110F"), DataRow("𠮷野家", "𠮷 野 家")]
    [DataRow("हिन्दी में", "हिन्दी मे"), DataRow("สวัสดี", "ส ว ั ส ด ี"), DataRow("שָׁלוֹם", "שלום")]
    [DataRow("مُحَمَّد محمـد", "محمد محمد"), DataRow("أحمد", "احمد")]
    [DataRow("so\u00ADft a\u200Bb", "soft a b"), DataRow("葛\uDB40\uDD01城", "葛 城"), DataRow("👍🏽 ok👨‍👩‍👧❤️", "👍 ok 👨 👩 👧 ❤")]
    [DataRow("snake_case e-mail", "snake case e mail"), DataRow("c++, C# a+b .NET a.b ... +1", "c \uE002\uE002 c \uE003 a b \uE004 net a b 1")]
    [DataRow("x＋＋＋＋ ＃", "x \uE002\uE002\uE002"), DataRow("使用C#语言和.net", "使 用 c \uE003 语 言 和 \uE004 net"), DataRow("a\uE002\uE003 \uE004b", "a b")]
    [DataRow("🇧🇩🇪🇸🇫", "🇧🇩 🇪🇸 🇫")]
    [DataRow("", ""), DataRow(" \n.,!", "")]
    public void Text_is_folded_into_tokens(string text, string tokens) => Assert.AreEqual(tokens, SearchTokens.Of(text));

    [TestMethod]
    [DataRow("d", "đ Đ ð Ď ᴰ"), DataRow("l", "ł Ł ľ"), DataRow("o", "ø Ø ơ º"), DataRow("h", "ħ Ħ"), DataRow("i", "ı İ I į"), DataRow("y", "ÿ Ŷ")]
    [DataRow("ae", "æ Æ Ǽ"), DataRow("oe", "œ Œ"), DataRow("ss", "ß ẞ ſs"), DataRow("tz", "ꜩ")]
    [DataRow("ا", "أ إ آ ٱ ﺍ ا\u0654"), DataRow("ه", "ة ﺓ ه"), DataRow("ي", "ى ی ﯼ"), DataRow("ك", "ک ﮐ"), DataRow("כתב", "כּתב כתָב")]
    [DataRow("נ", "ן")]
    [DataRow("0123456789", "٠١٢٣٤٥٦٧٨٩ ۰۱۲۳۴۵۶۷۸۹ ०१२३४५६७८९ ০১২৩৪৫৬৭৮৯ ๐๑๒๓๔๕๖๗๘๙ ０１２３４５６７８９ ០១២៣៤៥៦៧៨៩ 𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")]
    [DataRow("е", "ё Ё ѐ"), DataRow("і", "ї"), DataRow("г", "ґ"), DataRow("у", "ў"), DataRow("か", "が カ ガ ヵ ｶ ｶﾞ"), DataRow("つ", "っ ッ ヅ")]
    [DataRow("क", "क़ क\u093C कं")]
    [DataRow("α", "ά Α ᾳ ᾼ ἇ"), DataRow("น", "น้ น่"), DataRow("محمد", "مُحَمَّد محمـد")]
    public void What_the_root_collation_holds_equal_is_one_word(string word, string others)
    {
        foreach (var other in others.Split(' '))
        {
            Assert.AreEqual(SearchTokens.Of(word), SearchTokens.Of(other), other);
            Assert.IsTrue(Finds(word, other) && Finds(other, word), other);
        }
    }

    [TestMethod]
    [DataRow("й", "и"), DataRow("ы", "и"), DataRow("þ", "th"), DataRow("ŋ", "n"), DataRow("ⱥ", "a"), DataRow("ŧ", "t"), DataRow("ئ", "ي")]
    [DataRow("ؤ", "و"), DataRow("ے", "ی")]
    [DataRow("き", "ぎゃ"), DataRow("は", "ば゛る"), DataRow("ー", "一"), DataRow("คำ", "คา"), DataRow("ກຳ", "ກາ"), DataRow("ක", "ග"), DataRow("〇", "0")]
    [DataRow("௰", "௧")]
    public void What_it_holds_apart_is_not(string one, string other) => Assert.AreNotEqual(SearchTokens.Of(one), SearchTokens.Of(other));

    [TestMethod]
    public void Every_character_folds_to_what_stays_whatever_its_case()
    {
        for (var c = 0; c <= 0x323AF; c++)
        {
            if (!Rune.IsValid(c) || c == 0xFFFE)
                continue;
            var text = new Rune(c).ToString();
            var tokens = SearchTokens.Of($"x{text}x");
            Assert.AreEqual(tokens, SearchTokens.Of(tokens), $"U+{c:X4}");
            if (!text.Normalize(NormalizationForm.FormD).Contains('\u0345')) // a mark whose capital is a letter
                Assert.AreEqual(tokens, SearchTokens.Of($"x{UnicodeText.Fold(text)}x"), $"U+{c:X4}");
            Assert.AreEqual(tokens, SearchTokens.Of($"x{text.Normalize(NormalizationForm.FormD)}x"), $"U+{c:X4}");
        }
    }

    [TestMethod]
    public void Fts5_keeps_every_token_as_it_is()
    {
        using var index = new Index();
        Prop.ForAll(Texts(Anything).ToArbitrary(), text =>
        {
            index.Put(1, text);
            Assert.AreEqual(SearchTokens.Of(text), string.Join(' ', index.Tokens(1)));
        }).Holds();
    }

    [TestMethod]
    public void Composed_or_not_and_folded_again_a_text_has_the_same_tokens() =>
        Prop.ForAll(Texts(Gen.OneOf(Gen.Choose(0x20, 0x24F), Gen.Choose(0x300, 0x30A), Gen.Choose(0x370, 0x45F), Gen.Choose(0x900, 0x97F),
            Gen.Choose(0x3041, 0x30FF), Gen.Choose(0xAC00, 0xD7A3), Gen.Choose(0x1E00, 0x1FFE))).ToArbitrary(), text =>
        {
            text = Regex.Replace(text, "[+#.]", " "); // what they become can't be typed
            var tokens = SearchTokens.Of(text);
            Assert.AreEqual(tokens, SearchTokens.Of(text.Normalize(NormalizationForm.FormC)));
            Assert.AreEqual(tokens, SearchTokens.Of(text.Normalize(NormalizationForm.FormD)));
            Assert.AreEqual(tokens, SearchTokens.Of(tokens));
        }).Holds();

    [TestMethod]
    public void Any_run_of_East_Asian_characters_is_found()
    {
        using var index = new Index();
        var runs = from text in Gen.NonEmptyListOf(EastAsian)
                   from start in Gen.Choose(0, text.Count - 1)
                   from length in Gen.Choose(1, text.Count - start)
                   select (Text: Join(text), Run: Join(text.Skip(start).Take(Math.Min(length, 100))));
        Prop.ForAll(runs.ToArbitrary(), sample =>
        {
            index.Put(1, sample.Text);
            CollectionAssert.AreEqual((long[])[1], index.Find(Query(sample.Run).Match()!));
        }).Holds();

        static string Join(IEnumerable<int> characters) => string.Concat(characters.Select(char.ConvertFromUtf32));
    }

    [TestMethod]
    public void Whatever_is_typed_fts5_takes_the_expression()
    {
        using var index = new Index();
        var pieces = Gen.OneOf(Texts(Anything), Gen.Elements("\"", "-", "*", "^", "+", ":", "(", ")", "{", "}", " ",
            " AND ", " OR ", " NOT ", "NEAR(", "author:", "tag:", "x:", "''", "\0", "a", "中"));
        var queries = from list in Gen.ListOf(pieces) select string.Concat(list);
        Prop.ForAll(queries.ToArbitrary(), text =>
        {
            if (SearchQuery.TryParse(text, out var query, out var why))
                index.Find(query.Match() ?? "\"x\"");
            else
                Assert.IsNotEmpty(why);
        }).Holds(500);
        Prop.ForAll<string?>(text => SearchQuery.TryParse(text ?? "", out _, out _) | true).Holds();
    }

    [TestMethod]
    [DataRow("cafe", "Le Café", true), DataRow("CAFÉ", "un cafe", true), DataRow("caf", "cafe", false)]
    [DataRow("two one", "one, two", true)]
    [DataRow("\"one two\"", "one two", true), DataRow("\"two one\"", "one two", false), DataRow("“one two”", "two one", false)]
    [DataRow("one -two", "one two", false)]
    [DataRow("one -\"two three\"", "one three two", true), DataRow("one -\"two three\"", "one two three", false)]
    [DataRow("-one two", "two", true)]
    [DataRow("one OR two", "one", false), DataRow("one* ^two", "onery two", false), DataRow("x:one", "one x", false)]
    [DataRow("x:one", "x one", true), DataRow("NEAR(one two)", "near one two", true)]
    [DataRow("苹果，手机", "手机和苹果", true), DataRow("cats,dogs", "dogs and cats", true), DataRow("coffee/tea", "tea, coffee", true)]
    [DataRow("cats+dogs", "dogs, cats", true), DataRow("cats*dogs$", "dogs, cats", true), DataRow("50%off", "off 50", true)]
    [DataRow("C++11", "C++11", true), DataRow("AT&T", "T at", false), DataRow("cats→dogs", "dogs, cats", true), DataRow("g++", "c++", false)]
    [DataRow("苹果、手机；电脑", "电脑 手机 苹果", true), DataRow("《红楼梦》（上）", "上册：红楼梦", true), DataRow("こんにちは！元気？", "元気です。こんにちは", true)]
    [DataRow("बिल्ली।कुत्ता", "कुत्ता बिल्ली", true), DataRow("قطط،كلاب", "كلاب قطط", true), DataRow("a|b", "b a", true)]
    [DataRow("f(x)", "x f", true), DataRow("cats,dogs", "cats", false)]
    [DataRow("node.js", "node js", true), DataRow("node.js", "js node", false), DataRow("don't", "t don", false), DataRow("don’t", "I don't", true)]
    [DataRow("1,000", "1,000 francs", true), DataRow("1,000", "000 1", false), DataRow("a,1", "1 a", true)]
    [DataRow("std::list", "list std", false), DataRow("צה״ל", "צה\"ל", true)]
    [DataRow("a&b", "b a", false), DataRow("x=1", "1 x", false), DataRow("ab@c.org", "org c ab", false)]
    [DataRow("snake_case", "case snake", false), DataRow("བོད་ཡིག", "ཡིག་བོད", false)]
    [DataRow("one -cats,dogs", "one dogs", false), DataRow("one arr[-1]", "one arr 1", true), DataRow("\"one,two\"", "two one", false)]
    [DataRow("(-one) two", "one two", false)]
    [DataRow("C++", "I like C++.", true), DataRow("C++", "vitamin C", false), DataRow("c++", "C++17", true), DataRow("C", "C++ or C#", true)]
    [DataRow("C#", "C# 7", true)]
    [DataRow("C#", "C and #7", false), DataRow("c＋＋", "C++", true), DataRow("F#", "使用F#语言", true), DataRow("g++", "g++ -O2", true)]
    [DataRow("g++", "g+", false), DataRow("a+b", "a b", true)]
    [DataRow(".NET", "the .NET runtime", true), DataRow(".NET", "net income", false), DataRow("net", ".NET", true)]
    [DataRow(".net", "(.NET)", true), DataRow("C++,.NET", ".NET and C++", true)]
    [DataRow("~/.bashrc", "edit ~/.bashrc", true), DataRow(".bashrc", "edit ~/.bashrc", true), DataRow("the end.Start", "the end.Start", true)]
    [DataRow("end", "the end. .", true)]
    [DataRow("🇩🇪", "🇧🇩🇪🇸", false), DataRow("🇩🇪", "🇫🇷🇩🇪", true), DataRow("🇧🇩", "🇧🇩🇪🇸", true), DataRow("🇪", "🇧🇩🇪🇸", false)]
    [DataRow("dorde", "Đorđe", true), DataRow("lodz", "Łódź", true), DataRow("smorrebrod", "smørrebrød", true)]
    [DataRow("aether oeuvre", "æther œuvre", true)]
    [DataRow("إسلام", "اسلام", true), DataRow("مدرسه", "مدرسة", true), DataRow("علي", "على", true), DataRow("کتاب", "كتاب", true)]
    [DataRow("1403", "۱۴۰۳", true), DataRow("мои", "мой", false)]
    [DataRow("论坛", "一个小论坛", true), DataRow("坛论", "论坛", false), DataRow("文a", "中文abc", false), DataRow("文abc", "中文abc论坛", true)]
    [DataRow("e-mail", "my e-mail", true)]
    [DataRow("👍", "nice 👍🏽!", true), DataRow("ดี", "สวัสดี", true), DataRow("한", "한국", true), DataRow("a\0b", "b a", false)]
    public void A_query_finds_what_it_says(string query, string text, bool found) => Assert.AreEqual(found, Finds(query, text));

    [TestMethod]
    public void Authors_and_tags_are_taken_out_of_the_words()
    {
        var query = Query("author:Bob -author:@eve TAG:c-sharp tag：新闻 -tag:old author: hello -spam");
        CollectionAssert.AreEqual((string[])["Bob"], query.Authors.ToArray());
        CollectionAssert.AreEqual((string[])["eve"], query.NotAuthors.ToArray());
        CollectionAssert.AreEqual((string[])["c-sharp", "新闻"], query.Tags.ToArray());
        CollectionAssert.AreEqual((string[])["old"], query.NotTags.ToArray());
        Assert.AreEqual("(\"author\" AND \"hello\") NOT (\"spam\")", query.Match());
        Assert.IsNull(Query("author:bob tag:x").Match());
    }

    [TestMethod]
    [DataRow("", "characters"), DataRow(" ", "word to look for"), DataRow("-one", "word to look for")]
    [DataRow("!!! ...", "word to look for: letters, digits or emoji"), DataRow("-author:bob", "word to look for")]
    [DataRow("+", "letters"), DataRow("++", "as in C++"), DataRow("#", "letters"), DataRow("，。", "letters"), DataRow("\uE002", "letters")]
    [DataRow("\"\"", "letters")]
    [DataRow("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33", "32 words")]
    public void A_query_that_cannot_be_answered_is_refused(string text, string why)
    {
        Assert.IsFalse(SearchQuery.TryParse(text, out _, out var reason));
        Assert.Contains(why, reason);
    }

    [TestMethod]
    public void What_separators_stand_between_are_words_of_their_own()
    {
        var words = Gen.Elements("cats", "дом", "猫", "C++", ".NET", "don't", "1,000", "👍", "ไทย");
        var separators = Gen.Elements(
            ", ", "/", ";", "|", "!", "?", "，", "、", "。", "；", "！", "？", "「", "」", "（", "）", "《", "》", "…", "،", "۔", "।", " ", "\u3000", "\\");
        var samples = from list in words.NonEmptyListOf()
                      from between in separators.ArrayOf(list.Count)
                      select (Words: list, Text: string.Concat(list.Zip(between, (word, separator) => word + separator)));
        Prop.ForAll(samples.ToArbitrary(), sample =>
        {
            if (!SearchQuery.TryParse(sample.Text, out var query, out var why))
                Assert.Contains("characters", why);
            else
                CollectionAssert.AreEqual(sample.Words.Distinct().Select(w => SearchTerm.Of(w)).ToList(), query.Terms.ToList());
        }).Holds();
    }

    [TestMethod]
    public void Exclusions_need_a_word_an_author_or_a_tag_beside_them()
    {
        var query = Query("author:ja -needle");
        Assert.IsEmpty(query.Terms);
        Assert.AreEqual(" needle ", query.Without.Single().Pattern);
        Assert.HasCount(2, Query("tag:x -needle -author:bob").Without.Select(t => t.Pattern).Concat(Query("tag:x -needle -author:bob").NotAuthors));
        foreach (var text in (string[])["-needle", "-tag:x", "-author:x -y", "- -x"])
        {
            Assert.IsFalse(SearchQuery.TryParse(text, out _, out var why));
            Assert.Contains("an author or a tag", why);
        }
        CollectionAssert.AreEqual((string[])["新闻"], Query("手机，tag：新闻，苹果").Tags.ToArray());
    }

    [TestMethod]
    public void A_query_is_bounded()
    {
        Assert.IsTrue(SearchQuery.TryParse(string.Concat(Enumerable.Repeat("𠮷", 200)), out _, out _));
        Assert.IsFalse(SearchQuery.TryParse(new string('x', 201), out _, out _));
        Assert.IsFalse(SearchQuery.TryParse("a\uD800", out _, out _));
        Assert.IsTrue(SearchQuery.TryParse(string.Join(' ', Enumerable.Range(1, SearchQuery.MaxTerms)), out _, out _));
        Assert.IsTrue(Finds(new string('ﷺ', 200), new string('ﷺ', 200)));
    }

    [TestMethod]
    public void Folding_makes_no_text_much_longer_than_twice_as_long_and_leaves_no_plain_word_out()
    {
        foreach (var character in (string[])["ﷺ", "㍿", "⒇", "ﬃ", "½", "Ⅷ", "㋿", "ᾂ", "ΐ"])
        {
            var tokens = SearchTokens.Of(string.Concat(Enumerable.Repeat(character + " ", 16_000)) + "needle");
            Assert.IsLessThan(2 * 32_000 + 10_000, tokens.Length, character);
            Assert.IsTrue(tokens.EndsWith(" needle", StringComparison.Ordinal), character);
        }
        Assert.IsTrue(Finds("صلى", "ﷺ " + new string('ﷺ', 31_000)), "those at the beginning are found by their words");
        Prop.ForAll(Texts(Gen.OneOf(Gen.Choose(0xFB00, 0xFDFF), Gen.Choose(0x3200, 0x33FF), Gen.Choose(0x2100, 0x24FF))).ToArbitrary(), text =>
            Assert.IsLessThanOrEqualTo(2 * text.Length + 8_192 + 32, SearchTokens.Of(text).Length)).Holds();
    }

    [TestMethod]
    public void A_word_without_end_is_found_by_its_beginning()
    {
        Assert.IsTrue(Finds(new string('x', 200), new string('x', 32_000)));
        Assert.AreEqual(new string('x', 64), SearchTokens.Of(new string('x', 32_000)));
    }

    [TestMethod]
    public void An_excerpt_is_cut_around_the_match_between_words()
    {
        var words = string.Join(' ', Enumerable.Range(0, 200).Select(n => $"word{n}"));
        var text = $"{words}\nThe Café is here. {words}";
        var excerpt = SearchExcerpt.Of(text, Query("cafe").Terms);
        Assert.Contains(" The Café is here. ", excerpt);
        Assert.IsTrue(excerpt.StartsWith("…word", StringComparison.Ordinal) && char.IsDigit(excerpt[^2]) && excerpt.EndsWith('…'), excerpt);
        Assert.IsTrue(excerpt.Length is > 120 and <= 162, excerpt);
        Assert.AreEqual("short text", SearchExcerpt.Of("short text\n", Query("text").Terms));
        Assert.AreEqual("word0 word1…", SearchExcerpt.Of(text, Query("absent").Terms, 14));
    }

    [TestMethod]
    public void An_excerpt_shows_where_the_most_words_meet()
    {
        var text = "one " + new string('.', 500) + " one two three " + new string('.', 500) + " three";
        Assert.Contains("one two three", SearchExcerpt.Of(text, Query("three two one").Terms));
    }

    [TestMethod]
    public void An_excerpt_shows_the_rarest_word_and_then_the_next()
    {
        var gap = new string('.', 500);
        var text = $"the cat of the house {gap} the needle {gap} the needle and a cat {gap} cat";
        byte[] counts = [20, 2, 9];
        Assert.Contains("the needle and a cat", SearchExcerpt.Of(text, Query("the needle cat").Terms, counts: counts));
        Assert.Contains("cat of the house", SearchExcerpt.Of(text, Query("the absent cat").Terms, counts: counts));
        Assert.Contains("the cat of", SearchExcerpt.Of(text, Query("the absent house").Terms, counts: counts));
        Assert.Contains("one two", SearchExcerpt.Of($"rare {gap} one two", Query("rare one two").Terms, counts: [5, 5, 5]), "of those alike, the most");
        Assert.Contains("rare", SearchExcerpt.Of($"one two {gap} rare", Query("rare one two").Terms, counts: [4, 5, 5]));
    }

    [TestMethod]
    public void An_excerpt_has_the_match_and_whole_characters()
    {
        var words = Gen.Elements("plain", "Zoe\u0308", "👩‍👩‍👧", "中文", "🇩🇪🇫🇷", "한글", "สวัสดี", "e\u0301\u0301\u0301",
            "\n", "हिन्दी", "a\r\nb", "!?", "𠮷");
        var samples = from before in Gen.ListOf(words)
                      from after in Gen.ListOf(words)
                      from gap in Gen.Elements("", " ")
                      from length in Gen.Choose(20, 60)
                      select (Text: string.Join(gap, before) + " needle " + string.Join(gap, after), Length: length);
        Prop.ForAll(samples.ToArbitrary(), sample =>
        {
            var excerpt = SearchExcerpt.Of(sample.Text, Query("NEEDLE").Terms, sample.Length);
            Assert.Contains("needle", excerpt);
            Assert.IsLessThanOrEqualTo(sample.Length + 2, UnicodeText.Length(excerpt));
            Assert.IsGreaterThan(0, UnicodeText.Length(excerpt));

            var flat = sample.Text.Replace('\n', ' ').Replace('\r', ' ');
            var inside = excerpt.Trim('…');
            var boundaries = StringInfo.ParseCombiningCharacters(sample.Text).Append(sample.Text.Length).ToHashSet();
            var places = Enumerable.Range(0, flat.Length).Where(at => string.CompareOrdinal(flat, at, inside, 0, inside.Length) == 0);
            Assert.IsTrue(places.Any(at => boundaries.Contains(at) && boundaries.Contains(at + inside.Length)),
                $"[{excerpt}] of [{sample.Text}]");
        }).Holds(500);
    }

    [TestMethod]
    public void An_excerpt_of_one_endless_character_is_bounded()
    {
        var excerpt = SearchExcerpt.Of("x " + "a" + new string('\u0301', 30_000), Query("a").Terms);
        Assert.IsLessThanOrEqualTo(162, excerpt.Length);
    }
}
