using System.Globalization;
using FsCheck.Fluent;
using TinyForum.Text;

namespace TinyForum.Tests;

[TestClass]
public sealed class MentionsTests
{
    /// <summary>Whom a text tells, of users with these names.</summary>
    private static string Told(string body, string users)
    {
        var names = users.Split(' ').ToList();
        var told = Mentions.Find(body, key => names.FindIndex(n => Username.KeyOf(n) == key) is >= 0 and var i ? i : null);
        return string.Join(' ', told.Select(i => names[(int)i]));
    }

    private static string Names(string body) => string.Join(' ', Mentions.Names(body).Select(names => string.Join('|', names)));

    [TestMethod]
    [DataRow("@bob", "bob"), DataRow("Hi @Bob, @eve!", "bob eve"), DataRow("(@bob)", "bob"), DataRow("@bob.", "bob.|bob")]
    [DataRow("@o.o-x-", "o.o-x-|o.o-x"), DataRow("@bob...", "bob...|bob")]
    [DataRow("@田中 さん", "田中|田"), DataRow("你好@小明", "小明|小"), DataRow("@Зоя и @ZOË", "зоя zoë"), DataRow("@नमस्ते", "नमस्ते")]
    [DataRow("@Straße", "strasse"), DataRow("@ｂｏｂ", "bob"), DataRow("＠bob ﹫eve", "bob eve")]
    [DataRow("a@b.c", ""), DataRow("é@b", ""), DataRow("a_@b", ""), DataRow("a-@b", ""), DataRow("@", "")]
    [DataRow("-@bob", "bob"), DataRow("–@bob", "bob"), DataRow("x -_@bob", "bob"), DataRow("中_@bob", "bob")]
    [DataRow("@@bob", ""), DataRow("＠@bob", ""), DataRow("@...", "...")]
    [DataRow("https://example.org/@bob", ""), DataRow("@bob@example.org", ""), DataRow("Thanks.@bob", "bob")]
    [DataRow("@123456789012345678901234567890123456789012345678901234567890123456", "")]
    public void Names_behind_an_at_sign_are_found(string body, string names) => Assert.AreEqual(names, Names(body));

    [TestMethod]
    [DataRow("@bobさん、@bob的帖子", "bob eve", "bob"), DataRow("谢谢@bob的回复", "bob", "bob"), DataRow("@bobครับ", "bob", "bob")]
    [DataRow("@bobпривет @bobمرحبا @bobשלום @bob님", "bob", "bob"), DataRow("@bob2", "bob", ""), DataRow("@bobby", "bob", "")]
    [DataRow("@小明你好", "小明 小", "小明"), DataRow("@小明你好", "小", "小"), DataRow("@小明你好", "小明你 小明", "小明你")]
    [DataRow("@ครูครับ", "ครู", "ครู"), DataRow("@철수님", "철수", "철수"), DataRow("@bob的", "bob bob的", "bob的")]
    [DataRow("@ครู", "คร", ""), DataRow("@नमस्ते", "नमस", "")]
    [DataRow("@bob.的", "bob", "bob"), DataRow("@bob的@eve", "bob eve", "bob eve"), DataRow("@bob@eve", "bob eve", "")]
    [DataRow("@小明@田中", "小明 小 田中", "小明 田中"), DataRow("@김철수@민지", "김철수 민지", "김철수 민지"), DataRow("@ครู@สมชาย", "ครู สมชาย", "ครู สมชาย")]
    [DataRow("@ミカ@さくら", "ミカ さくら", "ミカ さくら"), DataRow("@小明@example.org", "小明 小", "小明"), DataRow("小明@example.org", "小明 小", "")]
    [DataRow("@ada99привет @bob-у @bob_привет @bob.Привет", "ada99 bob", "ada99 bob"), DataRow("@иван-bob @иван2bob", "иван иван2", "иван иван2")]
    [DataRow("@bob-ה @ada9مرحبا", "bob ada9", "bob ada9"), DataRow("@99раз @bob99x", "99 bob bob99", "")]
    public void A_name_ends_where_the_script_does(string body, string users, string told) => Assert.AreEqual(told, Told(body, users));

    [TestMethod]
    [DataRow("_@bob_", "bob", "bob"), DataRow("__@bob__", "bob", "bob"), DataRow("@bob_", "bob", "bob"), DataRow("**@bob**", "bob", "bob")]
    [DataRow("_@bob_", "bob bob_", "bob_"), DataRow("@bob_", "bob bob_", "bob_"), DataRow("***@bob***, _@eve_!", "bob eve", "bob eve")]
    [DataRow("~~@bob~~", "bob", "bob"), DataRow("谢谢_@小明_", "小明", "小明"), DataRow("*@bob*的", "bob", "bob"), DataRow("@_bob_", "_bob", "_bob")]
    public void Emphasis_is_no_part_of_a_name_unless_there_is_such_a_name(string body, string users, string told) =>
        Assert.AreEqual(told, Told(body, users));

    [TestMethod]
    [DataRow("Ask @amy.", "amy amy.", "amy. amy"), DataRow("Ask @amy.", "amy", "amy"), DataRow("Ask @amy.", "amy.", "amy.")]
    [DataRow("Ask @amy- or", "amy amy-", "amy- amy"), DataRow("@amy... @amy", "amy amy.", "amy"), DataRow("@amy", "amy.", "")]
    public void Where_a_sentence_and_a_name_may_end_alike_both_are_told(string body, string users, string told) => Assert.AreEqual(told, Told(body, users));

    [TestMethod]
    [DataRow("`@bob` @eve", "eve"), DataRow("`` `@bob` `` @eve", "eve"), DataRow("` @eve", "eve"), DataRow("`` @eve `", "eve")]
    [DataRow("\\`@eve`", "eve")]
    [DataRow("`a\n@bob`", ""), DataRow("`a\n\n@eve`", "eve"), DataRow("- `a\n- @eve`", "eve"), DataRow("`a\n# @eve`", "eve")]
    [DataRow("```\n@bob\n```\n@eve", "eve"), DataRow("~~~ js\n@bob\n```\n@bob\n~~~~\n@eve", "eve")]
    [DataRow("````\n```\n@bob", ""), DataRow("```a`b\n@eve", "eve"), DataRow("``` x\n> ```\n@bob\n```\n@eve", "eve")]
    [DataRow("> ```\n> @bob\n@eve", "eve"), DataRow("> ```\n> @bob\n> ```\n> @eve", "eve"), DataRow("- ```\n  @bob\n  ```\n- @eve", "eve")]
    [DataRow("    @bob\n\n@eve", "eve"), DataRow("\t@bob", ""), DataRow("text\n    @eve", "eve"), DataRow("text\n\n    @bob", "")]
    [DataRow("- item\n\n    @eve", "eve"), DataRow("- item\n\n      @bob", ""), DataRow("- item\n\n\t\t@bob", "")]
    [DataRow("1. one\n   - two\n\n     @eve", "eve"), DataRow(">     @bob\n>\n> @eve", "eve"), DataRow("> 1. > ```\n>    > @bob", "")]
    [DataRow("> - @eve\n>\n>       @bob", "eve"), DataRow("-\t```\n\t@bob\n\t```\n\t@eve", "eve"), DataRow("10)     @bob", "")]
    [DataRow("<!-- todo\n\n@bob -->\n\n@eve", "eve"), DataRow("<!--\n```\n-->\n\n@eve", "eve"), DataRow("<?php\n\n@bob\n?>", "")]
    [DataRow("<![CDATA[\n\n@bob\n]]>", ""), DataRow("<pre>\n```\nx\n</pre>\n\n@eve", "eve"), DataRow("> <pre>\n> x\n\n@eve", "eve")]
    [DataRow("- <pre>x\n\n@eve", "eve"), DataRow("<div>\n\n@eve", "eve")]
    public void Code_mentions_nobody(string body, string names) => Assert.AreEqual(names, Names(body));

    [TestMethod]
    [DataRow("\\@bob @eve", "eve"), DataRow("x \\@bob", ""), DataRow("&#64;bob", ""), DataRow("\\\\@eve", "eve")]
    [DataRow("<code>@bob</code> @eve", "eve"), DataRow("<CODE class=\"x\">a @bob</CODE>", ""), DataRow("<pre>@bob\n\n@bob</pre>\n\n@eve", "eve")]
    [DataRow("<kbd>@bob</kbd> <b>@eve</b>", "eve"), DataRow("<div>\n@eve\n</div>", "eve"), DataRow("<a href=\"@bob\">@eve</a>", "eve")]
    [DataRow("<!-- @bob -->", ""), DataRow("<codes>@eve</codes>", "eve"), DataRow("<code>@bob\n\n@eve", "eve")]
    [DataRow("https://x.test/?u=@bob", ""), DataRow("<https://x.test/?u=@bob>", ""), DataRow("[@eve](https://x.test/?u=@bob \"@bob\")", "eve")]
    [DataRow("www.x.test/?u=@bob @eve", "eve"), DataRow("见https://x.test/?u=@bob，@eve", "eve"), DataRow("[r]: /@bob '@bob'\n\n[r] @eve", "eve")]
    [DataRow("<bob@x.test>", ""), DataRow("![@eve](/@bob)", "eve"), DataRow("mailto:ada@bob", "")]
    public void Only_what_is_text_mentions_anyone(string body, string names) => Assert.AreEqual(names, Names(body));

    [TestMethod]
    public void At_most_twenty_are_told_and_names_that_nobody_has_do_not_count()
    {
        var users = string.Join(' ', Enumerable.Range(0, 50).Select(n => $"user{n}"));
        var told = Told(string.Join(' ', Enumerable.Range(0, 50).Select(n => $"@nobody{n} @user{n}")), users);
        Assert.AreEqual(string.Join(' ', users.Split(' ').Take(Mentions.Max)), told);
    }

    [TestMethod]
    public void Names_are_looked_up_a_bounded_number_of_times()
    {
        foreach (var piece in (string[])["@小明你好再见你好再见你好再见", "@aбaбaбaбaбaбaбaб", "@a.b.c.d "])
        {
            var tries = 0;
            Mentions.Find(string.Concat(Enumerable.Range(0, 2_000).Select(n => piece + n.ToString(CultureInfo.InvariantCulture))), _ => ++tries > 0 ? null : 0);
            Assert.IsLessThanOrEqualTo(Mentions.MaxTries, tries);
        }
    }

    [TestMethod]
    public void Any_text_at_all_can_be_searched()
    {
        var pieces = Gen.OneOf(Gen.Elements("@", "`", "```", "~~~", "\n", "    ", "> ", "- ", "1. ", "\t", "\\", "#", "*", "_", "[", "](", ")", "<", ">", "&",
            "<code>", "</code>", "<pre>", "é", "中", "ครู", "\uD800", "bob", ".", "-", "http://", "\0", "\uFFFF"), ArbMap.Default.GeneratorFor<string>());
        Prop.ForAll((from list in Gen.ListOf(pieces) select string.Concat(list)).ToArbitrary(), body =>
        {
            foreach (var name in Mentions.Names(body).SelectMany(names => names))
                Assert.AreEqual(name, Username.KeyOf(name));
        }).Holds(500);
    }

    [TestMethod]
    public void Long_rules_and_many_signs_hide_no_code()
    {
        foreach (var sign in (string[])["-", "*", "_", "- ", "* ", "="])
        {
            var rule = string.Concat(Enumerable.Repeat(sign, 60)).Trim();
            string[] bodies = [$"{rule}\n\n`@bob`", $"Title\n{rule}\n\n`@bob`", $"> {rule}\n> `@bob`", $"```sql\n{rule}\n@bob\n```", $"    {rule}\n\n`@bob`"];
            foreach (var body in bodies)
                Assert.AreEqual("", Names(body), body);
        }
        var formulas = string.Concat(Enumerable.Repeat("x_i[i] = y_i * z_i\n", 300));
        var table = string.Concat(Enumerable.Repeat("| *x* | [l](u)! |\n", 300));
        foreach (var body in (string[])[$"```\n{formulas}@bob\n```\n@eve", $"~~~\n{formulas}@bob\n~~~\n@eve", $"{table}\n`@bob` @eve", $"@eve `@bob` {table}",
            $"{formulas}\n\n```\n@bob\n```\n@eve", $"{string.Concat(Enumerable.Repeat("> ", 200))}a\n\n`@bob` @eve"])
            Assert.AreEqual("eve", Names(body), body);
    }

    [TestMethod]
    [DataRow("` ", DisplayName = "single backticks"), DataRow("@a`", DisplayName = "names and backticks"), DataRow("\n> > > ", DisplayName = "quotations")]
    [DataRow("[a](", DisplayName = "links"), DataRow("*a ", DisplayName = "stars"), DataRow("<?", DisplayName = "instructions")]
    [DataRow("@小", DisplayName = "characters"), DataRow("- \n", DisplayName = "items"), DataRow("<code>", DisplayName = "tags")]
    [DataRow("://", DisplayName = "addresses")]
    [DataRow("**a\n", DisplayName = "lines of stars"), DataRow("a_", DisplayName = "underscores"), DataRow("小", DisplayName = "a long run")]
    [DataRow("```a`", DisplayName = "fences"), DataRow("-\t", DisplayName = "lists")]
    [DataRow("漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢 @", DisplayName = "long runs")]
    public void A_hostile_text_takes_no_time(string piece)
    {
        var body = "@" + string.Concat(Enumerable.Repeat(piece, 32_000 / piece.Length));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        _ = Mentions.Find(body, _ => null);
        Assert.IsLessThan(2, watch.Elapsed.TotalSeconds);
    }
}
