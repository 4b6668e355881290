using System.Diagnostics;
using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using TinyForum.Text;
using HostName = TinyForum.Text.HostName;

namespace TinyForum.Tests;

/// <summary>What filters find in texts, however it is hidden, and how long that may take.</summary>
[TestClass]
public sealed class FilterTextTests
{
    private static readonly string[] Invisible =
    [
        "\u200B", "\u200C", "\u200D", "\u2060", "\uFEFF", "\u00AD", "\u034F", "\u180E", "\u2063", "\uFE0F", "\u202E", "\u3164",
        "\U000E0061", "\U000E0101",
    ];

    [TestMethod]
    [DataRow("casino", "The CASINO is open"), DataRow("casino", "ｃａｓｉｎｏ"), DataRow("casino", "𝐜𝐚𝐬𝐢𝐧𝐨"), DataRow("casino", "ⓒⓐⓢⓘⓝⓞ")]
    [DataRow("casino", "cas\u200Bino"), DataRow("casino", "ca**si**no"), DataRow("casino", "cas&#105;no"), DataRow("casino", "cas&shy;ino")]
    [DataRow("casino", "cas[](https://a.example)ino")]
    [DataRow("ｃａｓｉｎｏ", "casino"), DataRow("cas\u200Bino", "cas\u2060ino"), DataRow("caf\u00E9", "cafe\u0301"), DataRow("cafe\u0301", "caf\u00E9")]
    [DataRow("赌+场", "来赌赌场"), DataRow(@"\bwin\b", "you win!"), DataRow(@"win\s+now", "win\u3000now"), DataRow("[ａ-ｃ]x{2}", "BXX")]
    [DataRow(@"\u200B", "a\u200Bb"), DataRow("(?-i)Casino", "Casino"), DataRow("straße", "STRAẞE")]
    public void A_pattern_is_found(string pattern, string text)
    {
        Assert.IsNull(TextPattern.Check(pattern));
        Assert.IsTrue(Matches(pattern, text));
    }

    [TestMethod]
    [DataRow("casino", "cas ino"), DataRow(@"\bwin\b", "winter"), DataRow("(?-i)Casino", "casino"), DataRow(@"a\.example", "a example")]
    public void A_pattern_is_not_found(string pattern, string text) => Assert.IsFalse(Matches(pattern, text));

    [TestMethod]
    [DataRow("", "must be 1 to 500 characters"), DataRow(" ", "must not be blank"), DataRow("a\nb", "must not contain line breaks")]
    [DataRow("a*", "must not match an empty text"), DataRow("a|", "must not match an empty text"), DataRow("^", "must not match an empty text")]
    [DataRow(@"\b", "must not match an empty text"), DataRow(@"x|\b", "must not match an empty text")]
    [DataRow("(?:)", "must not match an empty text")]
    [DataRow("(", "must be a regular expression: InsufficientClosingParentheses at 1")]
    [DataRow("[a", "must be a regular expression: UnterminatedBracket")]
    [DataRow("a{2,1}", "must be a regular expression"), DataRow("a**", "must be a regular expression")]
    [DataRow(@"\p{Nothing}", "must be a regular expression")]
    [DataRow(@"(a)\1", "must have no back-references"), DataRow("(?=a)a", "must have no back-references")]
    [DataRow("a(?<!b)", "must have no back-references")]
    [DataRow("(?>a)", "must have no back-references"), DataRow("(?(a)b|c)", "must have no back-references")]
    [DataRow(@"\Ga", "must have no back-references")]
    [DataRow("(a{1000}){1000}", "must have at most 1000"), DataRow("a{2147483647}", "must have at most 1000")]
    [DataRow("a{1001,}", "must have at most 1000")]
    [DataRow("((((a{9}){9}){9}){9})b", "must have at most 1000"), DataRow("(?:a|b{10}){100}", "must have at most 1000")]
    [DataRow("a{99999999999999999999}", "must have at most 1000"), DataRow("([)]a{50}){50}", "must have at most 1000")]
    [DataRow(@"(\)a{50}){50}", "must have at most 1000"), DataRow("((?#()a{50}){50}", "must have at most 1000")]
    [DataRow("([a-z-[)]]a{50}){50}", "must have at most 1000")]
    [DataRow("(?x)(a{50} #)\n){50}", "must not contain line breaks"), DataRow("(?ix:a b)", "must have at most 1000")]
    public void A_pattern_that_breaks_a_rule_says_which(string pattern, string rule) => StringAssert.StartsWith(TextPattern.Check(pattern), rule);

    [TestMethod]
    [DataRow("casino", 6), DataRow("cas[i1]no", 6), DataRow("a{3}", 3), DataRow("a{3,}", 4), DataRow("a{3,5}b?", 6), DataRow("(?:ab){10}", 20)]
    [DataRow("((a{3}){4}b){5}", 65), DataRow(@"\{3}", 3), DataRow("a{,3}", 5), DataRow("[]a{3}]x", 2), DataRow("[^]]{7}", 7), DataRow("(?i)a", 1)]
    [DataRow("a{0}b", 2), DataRow("a{2}?", 2), DataRow("(?<n>a){6}", 24)]
    public void The_size_of_a_pattern_is_that_of_what_it_stands_for(string pattern, int size) => Assert.AreEqual(size, PatternSize.Of(pattern));

    [TestMethod]
    [DataRow("https://casino.example"), DataRow("http://CASINO.example/path?q#f"), DataRow("http://www.casino.example:8080")]
    [DataRow("see www.casino.example.")]
    [DataRow("[it](https://a.b.casino.example)"), DataRow("<https://casino.example>"), DataRow("<me@casino.example>")]
    [DataRow("[m](mailto:a@casino.example)")]
    [DataRow("[it][1]\n\n[1]: http://casino.example/x \"t\""), DataRow("![](http://casino.example/i.png)")]
    [DataRow("[x](http://ada:pw@casino.example/)")]
    [DataRow("[x](http://good.example@casino.example)"), DataRow("[x](http:///casino.example)"), DataRow("[x](http://\\\\casino.example)")]
    [DataRow("[x](http://c%61sino.ex%41mple/)"), DataRow("http://casino%2Eexample/"), DataRow("[x](http://cas&#105;no.example)")]
    [DataRow("[x](http://casino\\.example)")]
    [DataRow("[x](http://casino.example./)"), DataRow("[x](http://ｃａｓｉｎｏ．example)"), DataRow("[x](http://casino。example)")]
    [DataRow("[x](http://cas\u00ADino.example)")]
    [DataRow("[x](https://good.example/?to=https%3A%2F%2Fcasino.example)"), DataRow("casino.example")]
    [DataRow("at casino.example, now"), DataRow("(casino.example)")]
    [DataRow("cas\u200Bino.example"), DataRow("**casino**.example"), DataRow("_casino.example_"), DataRow("请看casino.example吧")]
    [DataRow("去casino.example。真好")]
    [DataRow("-casino.example-"), DataRow("casino.example:443"), DataRow("`casino.example`"), DataRow("ftp://casino.example")]
    [DataRow("//casino.example/")]
    [DataRow("me@mail.casino.example")]
    public void A_host_is_found_linked_or_named(string text) => Assert.IsTrue(Names(text, "casino.example"), text);

    [TestMethod]
    [DataRow("mycasino.example"), DataRow("my-casino.example"), DataRow("casino.example.com")]
    [DataRow("https://casino.example.com/"), DataRow("casino.examples")]
    [DataRow("casino.example-site.com"), DataRow("casino example"), DataRow("https://good.example/casino")]
    [DataRow("[x](http://casino.example.evil/)")]
    [DataRow("a_casino.example"), DataRow("casinoxexample")]
    public void A_host_is_not_found_where_another_is_meant(string text) => Assert.IsFalse(Names(text, "casino.example"), text);

    [TestMethod]
    [DataRow("bücher.example", "https://xn--bcher-kva.example/"), DataRow("xn--bcher-kva.example", "https://BÜCHER.example/")]
    [DataRow("bücher.example", "xn--bcher-kva.example"), DataRow("赌场.example", "https://www.xn--mes317j.example")]
    [DataRow("赌场.example", "来赌场.example玩")]
    [DataRow("例え.テスト", "http://xn--r8jz45g.xn--zckzah/"), DataRow("bücher.example", "bu\u0308cher.example")]
    [DataRow("192.0.2.1", "http://3221225985/")]
    [DataRow("192.0.2.1", "http://0xC0.0.0x2.1/x"), DataRow("0xc0000201", "http://192.0.2.1"), DataRow("192.0.2.1", "see 192.0.2.1:80")]
    [DataRow("[2001:db8::1]", "[x](http://[2001:DB8:0::1]:80/)")]
    public void A_host_is_the_same_in_each_of_its_forms(string host, string text)
    {
        Assert.IsNull(HostName.Check(host));
        Assert.IsTrue(Names(text, host));
    }

    [TestMethod]
    [DataRow(""), DataRow("casino"), DataRow("casino."), DataRow(".casino.example"), DataRow("a..example"), DataRow("-a.example")]
    [DataRow("a-.example")]
    [DataRow("https://a.example"), DataRow("a.example/"), DataRow("a.example:80"), DataRow("a@b.example"), DataRow("*.a.example")]
    [DataRow("a b.example")]
    [DataRow("a%2eb.example"), DataRow("1.2.3.4.5"), DataRow("999.1.1.1"), DataRow("::1")]
    public void What_is_no_name_of_a_host_is_refused(string name) => Assert.IsNotNull(HostName.Check(name));

    [TestMethod]
    public void Punycode_is_read_as_NET_reads_it()
    {
        var mapping = new IdnMapping();
        var letters = Gen.OneOf(
            Gen.Choose('a', 'z'), Gen.Choose(0xE0, 0xF6), Gen.Choose(0x3B1, 0x3C0), Gen.Choose(0x4E00, 0x9FFF), Gen.Choose(0x20000, 0x2A6D6));
        var labels = from list in Gen.ListOf(letters) select string.Concat(list.Take(10).Select(c => new Rune(c).ToString()));
        Prop.ForAll(labels.Where(l => !Ascii.IsValid(l)).ToArbitrary(), label =>
            Punycode.Decode(mapping.GetAscii(label).AsSpan(Punycode.Prefix.Length)) == label).Holds(cases: 300);
        Prop.ForAll<string?>(label => Punycode.Decode(label) is null or not "").Holds();
    }

    [TestMethod]
    public void No_mixture_of_case_width_and_invisible_characters_hides_a_word()
    {
        var pattern = new TextPattern("casino");
        Prop.ForAll(Hidden("casino").ToArbitrary(), text => pattern.IsMatch(new FilteredText($"see {text} now")) == true).Holds(cases: 300);
    }

    [TestMethod]
    public void Nor_a_host_nor_percent_encoding_in_a_link()
    {
        var key = HostName.KeyOf("casino.example");
        var around = Gen.Elements("see {0} now", "https://{0}/x", "[x](https://{0}:80)", "[x](http://a@{0}/)", "<http://{0}>", "请看{0}吧", "http://www.{0}");
        var named = from form in around from host in Hidden("casino.example") select string.Format(CultureInfo.InvariantCulture, form, host);
        Prop.ForAll(named.ToArbitrary(), text => Names(text, key)).Holds(cases: 300);
        var escaped = from form in Gen.Elements("[x](http://{0}/)", "http://w%77w.{0}", "![i](https://{0})")
                      from choices in Gen.Choose(0, 2).ArrayOf("casino.example".Length)
                      let host = string.Concat("casino.example".Select((c, i) => choices[i] == 0 ? $"%{(int)c:X2}" : $"{c}"))
                      select string.Format(CultureInfo.InvariantCulture, form, host);
        Prop.ForAll(escaped.ToArbitrary(), text => Names(text, key)).Holds(cases: 200);
    }

    [TestMethod]
    public void Whatever_an_admin_writes_is_refused_with_a_rule_or_ends_in_time()
    {
        var pieces = Gen.Elements(
            "a", "b", ".", "[ab]", @"\w", @"\s", "(", ")", "(?:", "|", "*", "+", "?", "{9}", "{50}", "{1,90}", "{200}", "{5,}", "[^a]", "^", "$", @"\b",
            "(?i)", "字", "[", "]", "\\", @"\1", "(?=", "(?x)", "(?#", "-", "{", "}", @"\p{L}");
        string[] texts =
        [
            new string('a', 32_000), string.Concat(Enumerable.Range(0, 16_000).Select(i => i % 7 == 0 ? "b " : "a")), new string('字', 32_000),
        ];
        var clock = new Stopwatch();
        Prop.ForAll((from list in Gen.ListOf(pieces) select string.Concat(list)).ToArbitrary(), pattern =>
        {
            if (TextPattern.Check(pattern) is not null)
                return;
            clock.Restart();
            var compiled = new TextPattern(pattern);
            foreach (var text in texts)
                compiled.IsMatch(new FilteredText(text));
            Assert.IsLessThan(TimeSpan.FromSeconds(10), clock.Elapsed, pattern); // at 100 ms for each form of each, but the machine may be busy
        }).Holds(cases: 300, size: 12);
    }

    [TestMethod]
    public void Whatever_a_member_writes_is_read_in_time()
    {
        var host = HostName.KeyOf("a.a");
        string[] hostile =
        [
            Many("a\u0301\u0316", 10_000), "a" + Many("\u0301\u0316", 15_000), Many("\uFDFA", 8_000), Many("xn--", 8_000), Many("xn--a-b.", 4_000),
            Many("a.a", 10_000), Many("a.a-", 8_000), Many("http://a.a ", 2_900), Many("-", 32_000), Many("%", 32_000), Many("[", 32_000),
            Many("\uFFFE", 100), "\uD800", Many("[a](http://[::1]@)", 1_700), Many("www.xn--zckzah.", 2_000),
        ];
        foreach (var text in hostile)
        {
            var clock = Stopwatch.StartNew();
            var filtered = new FilteredText(text);
            _ = filtered.Forms.Count + filtered.Hosts.Count + filtered.Names.Count(name => HostName.IsNamedIn(name, host));
            Assert.IsLessThan(TimeSpan.FromSeconds(30), clock.Elapsed, text[..Math.Min(20, text.Length)]);
        }
    }

    private static string Many(string text, int times) => string.Concat(Enumerable.Repeat(text, times));

    private static bool Matches(string pattern, string text) => new TextPattern(pattern).IsMatch(new FilteredText(text)) == true;

    private static bool Names(string text, string host)
    {
        var (filtered, key) = (new FilteredText(text), HostName.KeyOf(host));
        return filtered.Hosts.Any(h => HostName.IsWithin(h, key)) || filtered.Names.Any(name => HostName.IsNamedIn(name, key));
    }

    /// <summary>A word of ASCII letters in other letters that look the same, with what does not show between them.</summary>
    private static Gen<string> Hidden(string word) =>
        from forms in Gen.Choose(0, 3).ArrayOf(word.Length)
        from between in Gen.Frequency((2, Gen.Constant("")), (1, Gen.Elements(Invisible))).ArrayOf(word.Length - 1)
        select string.Concat(word.Select((c, i) => Form(c, forms[i]) + (i < between.Length ? between[i] : "")));

    private static string Form(char c, int form) => !char.IsAsciiLetter(c) ? (form == 1 ? "．" : $"{c}") : form switch
    {
        0 => $"{c}",
        1 => $"{(char)(c - 'a' + 'ａ')}",
        2 => $"{char.ToUpperInvariant(c)}",
        _ => char.ConvertFromUtf32(c - 'a' + 0x1D41A),
    };
}
