using System.Text.RegularExpressions;
using TinyForum.Web;

namespace TinyForum.Tests;

/// <summary>Refusals in the words of a page's language.</summary>
[TestClass]
public sealed partial class RefusalWordsTests
{
    // What no form of a page can meet: JSON, webhooks, events, and what the operator's log says.
    private static readonly string[] OfOthers =
    [
        "JsonBody.cs", "WebhookStore.cs", "EventLog.cs", "Events.cs", "Webhooks.cs", "DatabaseFault.cs", "ForumEvent.cs", "Subject.cs",
    ];

    [TestMethod]
    [DataRow("must be 1 to 150 characters", "长度须为 1 到 150 个字符")]
    [DataRow("must be at most 5", "最多 5 个")]
    [DataRow("each must be 1 to 30 letters, digits and '-'", "每个标签须为 1 到 30 个字母、数字或“-”")]
    [DataRow("this account is suspended until 2026-01-31T09:30:00Z: spam: and more", "此账号被封禁至 2026-01-31T09:30:00Z：spam: and more")]
    [DataRow("this account is suspended: must be 1 to 5", "此账号已被封禁：must be 1 to 5")]
    [DataRow("thread not found", "没有找到")]
    [DataRow("something nobody thought of", "something nobody thought of")]
    public void A_message_comes_in_Chinese_with_what_it_tells(string english, string chinese) => Assert.AreEqual(chinese, Refusals.Chinese(english));

    [TestMethod]
    public void Every_refusal_that_a_page_can_show_is_there_in_Chinese()
    {
        string[] folders = ["Text", "Data", "Search", "Passwords", "Concurrency", "Api", "Api/Endpoints", "Http", "Web"];
        var messages = folders.SelectMany(f => Directory.GetFiles(Path.Combine(Repository.Root, "TinyForum", f), "*.cs"))
            .Where(f => !OfOthers.Contains(Path.GetFileName(f)))
            .SelectMany(f => Message().Matches(File.ReadAllText(f)).Select(m => Hole().Replace(m.Groups[1].Value, "7")))
            .Except(["this takes none", "user did not log in", "the longest possible was not enough"]) // of the API or of programs alone
            .Where(m => !m.Contains("string.Join", StringComparison.Ordinal))
            .ToHashSet();
        Assert.IsGreaterThan(50, messages.Count);
        Assert.AreEqual("", string.Join('\n', messages.Where(m => Refusals.Chinese(m) == m)));
    }

    [TestMethod]
    public async Task A_form_that_is_refused_says_so_in_the_language_of_its_page()
    {
        await using var forum = await TestForum.StartAsync();
        using var ada = new FormClient(forum.Url);
        await ada.SubmitAsync("/register", ("username", "ada"), ("password", "secret"));
        await ada.PressAsync("/", "/language");
        var page = await ada.SubmitAsync("/new", ("title", ""), ("body", "x"), ("tags", ""));
        StringAssert.Contains(page.Text, "<li><a href=\"#title\">标题</a>：长度须为 1 到 150 个字符</li>");
        StringAssert.Contains((await ada.PostAsync("/login", ("username", "ada"), ("password", "wrong"))).Text, "<li>用户名与密码不符。</li>");
    }

    // The texts that refusals are made of: arguments of theirs, and what the rules of fields return.
    private const string Beginnings = "must|is|only|this|you|its|the|too|user|wrong|there|others|what|a token|an export|login|over|cross";

    [GeneratedRegex($$"""(?:Refusal[A-Za-z.]*\((?:RefusalKind\.\w+, |\d+, |"\w+", )?|return [^;"]*|\? |: |why = )\$?"((?:{{Beginnings}})[ -][^"]*)(?=")""")]
    private static partial Regex Message();

    [GeneratedRegex(@"\{[^{}]*(\{[^{}]*\}[^{}]*)*\}")]
    private static partial Regex Hole();
}
