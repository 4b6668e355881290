using System.Net;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using FsCheck.Fluent;
using TinyForum.Text;

namespace TinyForum.Tests;

/// <summary>Markdown becomes HTML that is safe to show, in little time whatever it is.</summary>
[TestClass]
public sealed partial class MarkupTests
{
    private static readonly int[] BareAddresses = [608, 611]; // which are links here

    private static string Html(string markdown) => Markup.Html(markdown, key => key is "ada" or "bob" ? $"/user/{key}" : null);

    /// <summary>What of the examples we mean to do otherwise, done to what the specification expects.</summary>
    private static string AsOurs(string expected)
    {
        var html = Outlined(expected).Replace("<pre>", "<pre tabindex=\"0\">");
        html = Image().Replace(html, m =>
            $"<a href=\"{m.Groups[1].Value}\"{m.Groups[3].Value}>{(m.Groups[2].Value == "" ? m.Groups[1].Value : m.Groups[2].Value)}</a>");
        for (string before = ""; before != html;)
        {
            before = html;
            html = Link().Replace(html, m =>
            {
                var (url, title, text) = (m.Groups[1].Value, m.Groups[2].Value, m.Groups[3].Value);
                var isAddress = text != "" && Uri.UnescapeDataString(url).Replace("mailto:", "") == Uri.UnescapeDataString(WebUtility.HtmlDecode(text));
                return Markup.IsAllowed(WebUtility.HtmlDecode(url))
                    ? $"<A href=\"{url}\"{title}{(url[0] == '/' ? "" : " rel=\"nofollow ugc noopener\"")}>{text}</A>"
                    : isAddress ? $"&lt;{text}&gt;" : text;
            });
        }
        return html.Replace("<A ", "<a ").Replace("</A>", "</a>");
    }

    /// <summary>Headings at the level that they have within each other, below the first.</summary>
    private static string Outlined(string html)
    {
        List<int> open = [];
        return Heading().Replace(html, m =>
        {
            var level = m.Groups[2].Value[0] - '0';
            if (m.Groups[1].Length == 0)
                open = [.. open.Where(outer => outer < level), level];
            return $"<{m.Groups[1].Value}h{Math.Min(6, open.Count + 1)}>";
        });
    }

    [GeneratedRegex("<(/?)h([1-6])>")]
    private static partial Regex Heading();

    [GeneratedRegex("<img src=\"([^\"]*)\" alt=\"([^\"]*)\"( title=\"[^\"]*\")? />")]
    private static partial Regex Image();

    [GeneratedRegex("<a href=\"([^\"]*)\"( title=\"[^\"]*\")?>((?:(?!<a |</a>).)*)</a>", RegexOptions.Singleline)]
    private static partial Regex Link();

    [GeneratedRegex("(?ms)^`{32} example\n(.*?)^\\.\n(.*?)^`{32}$")]
    private static partial Regex Example();

    [GeneratedRegex("<[a-zA-Z/!?][^>]*>?")]
    private static partial Regex Tag();

    [GeneratedRegex("</?em>")]
    private static partial Regex Emphasis(); // which the text of an image's link may have

    [GeneratedRegex("\\n*(</?(?:p|ul|ol|li|blockquote|h[1-6]|hr)\\b[^>]*>)\\n*")]
    private static partial Regex Block();

    [TestMethod]
    public void The_examples_of_the_specification_come_out_as_it_says_but_for_raw_HTML()
    {
        var failed = new List<string>();
        var (number, compared) = (0, 0);
        foreach (Match example in Example().Matches(Repository.Read("TinyForum.Tests/commonmark.txt")))
        {
            number++;
            var (markdown, expected) = (example.Groups[1].Value.Replace('→', '\t'), example.Groups[2].Value.Replace('→', '\t'));
            if (Tag().Matches(expected).Any(tag => markdown.Contains(tag.Value)))
                continue;
            compared++;
            var html = Html(markdown);
            string Comparable(string text) => Block().Replace(markdown.Contains("![") ? Emphasis().Replace(text, "") : text, "$1");
            if (Comparable(html) != Comparable(AsOurs(expected)) && !BareAddresses.Contains(number))
                failed.Add($"{number}\n{markdown}\n-- is expected to be\n{AsOurs(expected)}\n-- and is\n{html}");
        }
        Assert.IsEmpty(failed, string.Join("\n\n", failed.Take(12)));
        Assert.IsGreaterThan(550, compared);
    }

    [TestMethod]
    [DataRow("**中文。**後", "<strong>中文。</strong>後")]
    [DataRow("これは**「重要」**です", "これは<strong>「重要」</strong>です")]
    [DataRow("看https://example.com/a。好", "看<a href=\"https://example.com/a\" rel=\"nofollow ugc noopener\">https://example.com/a</a>。好")]
    [DataRow("(www.example.com/a_(b)).", "(<a href=\"https://www.example.com/a_(b)\" rel=\"nofollow ugc noopener\">www.example.com/a_(b)</a>).")]
    [DataRow("xhttps://a.b", "xhttps://a.b")]
    [DataRow("[a https://b.c](https://d.e)", "<a href=\"https://d.e\" rel=\"nofollow ugc noopener\">a https://b.c</a>")]
    [DataRow("~~a~~", "<del>a</del>")]
    [DataRow("hi @Ada, @eve and @bob's", "hi <a href=\"/user/ada\">@Ada</a>, @eve and <a href=\"/user/bob\">@bob</a>'s")]
    [DataRow("`@ada` \\@ada a@ada", "<code>@ada</code> @ada a@ada")]
    [DataRow("问@bob吧", "问<a href=\"/user/bob\">@bob</a>吧")]
    [DataRow("*@ada* [@ada](/x)", "<em><a href=\"/user/ada\">@ada</a></em> <a href=\"/x\">@ada</a>")]
    [DataRow("![cat](https://c.at/1.png)", "<a href=\"https://c.at/1.png\" rel=\"nofollow ugc noopener\">cat</a>")]
    [DataRow("![](https://c.at/1.png)", "<a href=\"https://c.at/1.png\" rel=\"nofollow ugc noopener\">https://c.at/1.png</a>")]
    [DataRow("<b>&amp;<script>", "&lt;b&gt;&amp;&lt;script&gt;")]
    [DataRow("[<http://a.b>](http://x.y)", "<a href=\"http://x.y\" rel=\"nofollow ugc noopener\">http://a.b</a>")]
    [DataRow("[*<a@b.c>*](/x) ![<http://a.b>](/y)", "<a href=\"/x\"><em>a@b.c</em></a> <a href=\"/y\">http://a.b</a>")]
    public void Text_in_a_line(string markdown, string html) => Assert.AreEqual($"<p>{html}</p>\n", Html(markdown));

    [TestMethod]
    [DataRow("# a", "2a")]
    [DataRow("### a", "2a")]
    [DataRow("# a\n## b\n### c\n## d\n# e", "2a 3b 4c 3d 2e")]
    [DataRow("## a\n# b\n#### c\n### d\n> ###### e", "2a 2b 3c 3d 4e")]
    [DataRow("# a\n## b\n### c\n#### d\n##### e\n###### f", "2a 3b 4c 5d 6e 6f")]
    public void Headings_begin_below_that_of_the_page_and_leave_no_level_out(string markdown, string levels) =>
        Assert.AreEqual(levels, string.Join(' ', Regex.Matches(Html(markdown), "<h(.)>(.)</h").Select(m => m.Groups[1].Value + m.Groups[2].Value)));

    [TestMethod]
    public void Columns_are_aligned_by_classes_and_what_is_wide_can_be_scrolled_with_keys()
    {
        const string Table = "<div class=\"wide\" tabindex=\"0\"><table>\n<thead>\n<tr>\n"
            + "<th>a</th>\n<th class=\"right\">b</th>\n<th class=\"center\">c</th>\n</tr>\n"
            + "</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td class=\"right\"><em>2</em></td>\n<td class=\"center\"></td>\n</tr>\n</tbody>\n</table></div>\n";
        Assert.AreEqual(Table, Html("|a|b|c|\n|:-|-:|:-:|\n|1|*2*|"));
        Assert.AreEqual("<pre tabindex=\"0\"><code class=\"language-c\">a &lt; b\n</code></pre>\n", Html("```c\na < b\n```"));
    }

    [TestMethod]
    [DataRow("[a](javascript:alert(1))"), DataRow("[a](JavaScript:alert(1))"), DataRow("[a](&#106;avascript:alert(1))"), DataRow("[a](java\tscript:alert(1))")]
    [DataRow("[a](<java\nscript:alert(1)>)"), DataRow("<javascript:alert(1)>"), DataRow("<data:text/html,x>"), DataRow("[a](data:text/html,x)")]
    [DataRow("[a]\n\n[a]: javascript:alert(1)"), DataRow("![a](javascript:alert(1))"), DataRow("![a](data:image/png;base64,x)"), DataRow("[a](//evil.example)")]
    [DataRow("[a](/\\evil.example)"), DataRow("[a](\\\\evil.example)"), DataRow("[a](/%09/evil.example\"onclick=alert(1))"), DataRow("[a](vbscript:x)")]
    [DataRow("[a](/&#9;/evil.example)"), DataRow("[a](&#1;javascript:x)"), DataRow("[a](https:evil.example)"), DataRow("[a](feed:javascript:x)")]
    [DataRow("[a](/&#x2F;evil.example)"), DataRow("[a](/&#92;evil.example)"), DataRow("[a](relative)")]
    [DataRow("[a](#hash)"), DataRow("<a href=javascript:x>a</a>")]
    public void Links_to_anything_but_pages_and_mail_are_text(string markdown)
    {
        AssertInert(Html(markdown), links: markdown.Contains("%09") ? 1 : 0); // which is a path of this forum
    }

    private static readonly string[] Fragments =
    [
        "- ", "* ", "> ", "1. ", "a", " ", "\n", "\n\n", "*", "**", "_", "~", "~~", "`", "``", "```\n", "[", "]", "(", ")", "![", "<", ">", "|", "|-|\n", "&",
        "|a|b|\n|-:|:-:|\n",
        "&amp;", "\\", "@", "@ada ", "www.", "http://", "https://a.b/(", "\t", "    ", "# ", "===\n", "---\n", "[a]: /b\n", "[a][a]", ":", "<a ", "<!--",
        "中", "。", "- [ ] ", "10) ", "\"", "'", "=", "](javascript:", "](", "<http:", "a@b.c", "[a](/b \"c\")",
        "\u202E", "\uFFFE", "😀", "&#x6A;", "<javascript:x>",
    ];

    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["a"] = ["href", "title", "rel"], ["ul"] = ["class"], ["li"] = ["class"], ["ol"] = ["start", "class"],
        ["code"] = ["class"], ["th"] = ["class"], ["td"] = ["class"], ["pre"] = ["tabindex"], ["div"] = ["class", "tabindex"],
    };

    private const string Plain = " p h2 h3 h4 h5 h6 em strong del blockquote br hr table thead tbody tr post ";

    [TestMethod]
    public void Whatever_is_written_comes_out_well_formed_and_inert()
    {
        var fragment = Gen.Elements(Fragments);
        var texts = Gen.OneOf(fragment.ArrayOf(), fragment.ArrayOf(3).Select(few => Enumerable.Repeat(few, 400).SelectMany(f => f).ToArray()));
        Prop.ForAll(texts.ToArbitrary(), fragments => AssertInert(Html(string.Concat(fragments)))).Holds(cases: 400, size: 60);
    }

    /// <summary>Requires well-formed HTML of the elements, attributes and addresses that are allowed.</summary>
    private static void AssertInert(string html, int? links = null)
    {
        var post = XElement.Parse($"<post>{html.Replace('\uFFFE', '?').Replace("&#xFFFE;", "?")}</post>");
        foreach (var element in post.DescendantsAndSelf())
        {
            var attributes = Allowed.GetValueOrDefault(element.Name.LocalName);
            Assert.IsTrue(attributes is not null || Plain.Contains($" {element.Name.LocalName} "), html);
            foreach (var attribute in element.Attributes())
            {
                CollectionAssert.Contains(attributes ?? [], attribute.Name.LocalName, html);
                if (attribute.Name == "href")
                    Assert.IsTrue(Regex.IsMatch(attribute.Value, "^(https?://|mailto:|/(?![/\\\\]))", RegexOptions.IgnoreCase), html);
            }
        }
        if (links is not null)
            Assert.AreEqual(links, post.Descendants("a").Count(), html);
    }

    [TestMethod]
    [DataRow("+ "), DataRow("1. "), DataRow("> "), DataRow("*a "), DataRow("_a\r\n"), DataRow("[a]("), DataRow("![ "), DataRow("~~a ")]
    [DataRow("|a|\n"), DataRow("===\na\n")]
    public void What_would_take_long_is_shown_as_it_was_written(string fragment)
    {
        var text = string.Concat(Enumerable.Repeat(fragment, 32_000 / fragment.Length)).TrimEnd();
        var html = Html(text);
        Assert.AreEqual(text.ReplaceLineEndings("\n"), WebUtility.HtmlDecode(html[3..^5].Replace("<br />\n", "\n").Replace("&#xD;", "")));
    }
}
