using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace TinyForum.Tests;

/// <summary>The forum in a browser, as people walk through it, with scripts and without.</summary>
[TestClass]
public sealed class WalkTests
{
    [TestMethod]
    [DataRow(true, DisplayName = "with scripts")]
    [DataRow(false, DisplayName = "without scripts")]
    public async Task A_member_does_everything(bool scripts)
    {
        await using var forum = await TestForum.StartAsync();
        await using var visit = await Browser.VisitAsync(forum, o => o.JavaScriptEnabled = scripts);
        await forum.UserAsync("bob");
        var page = await visit.RegisterAsync("ada");
        await Press(page, "Log out");
        await page.GetByRole(AriaRole.Link, new() { Name = "Log in" }).ClickAsync();
        await page.GetByLabel("Username").FillAsync("ada");
        await page.GetByLabel("Password").FillAsync("secret");
        await Press(page, "Log in");

        await page.GetByRole(AriaRole.Link, new() { Name = "New thread" }).ClickAsync();
        await page.GetByLabel("Title").FillAsync("Tea 下午茶");
        await page.GetByLabel("Text").FillAsync("*At* four\n\n- cake");
        await page.GetByLabel("Tags").FillAsync("tea 茶");
        await Press(page, "Preview");
        await Expect(page.Locator(".preview em")).ToHaveTextAsync("At");
        await Expect(page.GetByLabel("Text")).ToHaveValueAsync("*At* four\n\n- cake");
        await Press(page, "Post");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Tea 下午茶");
        await Expect(page.Locator("main .tag")).ToHaveTextAsync(["tea", "茶"]);

        await page.GetByLabel("Text").FillAsync("Yes, five o'clock");
        await Press(page, "Reply");
        await page.WaitForURLAsync("**/posts/1#r1");
        var reply = page.Locator("#r1");
        await Expect(reply).ToContainTextAsync("five o'clock");
        await reply.GetByRole(AriaRole.Link, new() { Name = "Edit" }).ClickAsync();
        await page.GetByLabel("Text").FillAsync("Yes, six o'clock");
        await Press(page, "Save");
        await Expect(reply).ToContainTextAsync("six o'clock");
        await reply.GetByRole(AriaRole.Link, new() { Name = "edited" }).ClickAsync();
        await Expect(page.Locator("main")).ToContainTextAsync("five o'clock");
        await page.GoBackAsync();
        await Press(reply, "Like");
        await Expect(reply).ToContainTextAsync("1 like");
        await Press(reply, "Unlike");
        await Press(reply, "Delete");
        await Expect(reply).ToContainTextAsync("This post was deleted.");
        await Press(reply, "Restore");
        await Expect(reply).ToContainTextAsync("six o'clock");

        await page.GotoAsync("/user/bob");
        await page.GetByRole(AriaRole.Link, new() { Name = "Write a message" }).ClickAsync();
        await page.GetByLabel("Text").FillAsync("psst");
        await Press(page, "Send");
        await Expect(page.Locator("article")).ToContainTextAsync("psst");

        await page.GetByRole(AriaRole.Link, new() { Name = "Search" }).ClickAsync();
        await page.GetByLabel("Search").FillAsync("下午");
        await Press(page.Locator("main"), "Search");
        await Expect(page.Locator("article a").First).ToHaveTextAsync("Tea 下午茶");
        await Press(page, "中文");
        await Expect(page.Locator("h1")).ToHaveTextAsync("搜索");
        await Press(page, "退出");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "注册" })).ToBeVisibleAsync();
        visit.IsQuiet();
    }

    // The walks through settings, blocks, reports and moderation belong here.

    [TestMethod]
    [DataRow(true, DisplayName = "with scripts")]
    [DataRow(false, DisplayName = "without scripts")]
    public async Task No_text_is_lost_when_a_form_is_refused_or_the_session_has_ended(bool scripts)
    {
        await using var forum = await TestForum.StartAsync();
        await using var visit = await Browser.VisitAsync(forum, o => o.JavaScriptEnabled = scripts);
        await visit.RegisterAsync("ada");
        var page = await visit.OpenAsync("/new");
        await page.GetByLabel("Text").FillAsync("written with care");
        await Press(page, "Post");
        await Expect(page.Locator("#title-mistake")).ToBeVisibleAsync();
        await Expect(page.GetByLabel("Text")).ToHaveValueAsync("written with care");

        (await (await forum.UserAsync("root", "admin")).GetAsync("/api/logout/ada", ("Sec-Fetch-Site", "same-origin"))).Is(200);
        await page.GetByLabel("Title").FillAsync("Tea");
        await Press(page, "Post");
        await Expect(page.GetByLabel("Text")).ToHaveValueAsync("written with care");
        await page.GetByLabel("Username").FillAsync("ada");
        await page.GetByLabel("Password").FillAsync("secret");
        await Press(page, "Post");
        await page.WaitForURLAsync("**/posts/1");
        await Expect(page.Locator("#r0 .text")).ToHaveTextAsync("written with care");
        await page.GotoAsync("/new");
        await Expect(page.GetByLabel("Text")).ToHaveValueAsync(""); // and no draft of it is left
        visit.IsQuiet();
    }

    [TestMethod]
    [DataRow(true, DisplayName = "with scripts")]
    [DataRow(false, DisplayName = "without scripts")]
    public async Task A_double_click_posts_once_and_one_can_go_back_and_forward(bool scripts)
    {
        await using var forum = await TestForum.StartAsync();
        await using var visit = await Browser.VisitAsync(forum, o => o.JavaScriptEnabled = scripts);
        var page = await visit.RegisterAsync("ada");
        await page.GotoAsync("/new");
        await page.GetByLabel("Title").FillAsync("Tea");
        await page.GetByLabel("Text").FillAsync("b");
        await page.GetByRole(AriaRole.Button, new() { Name = "Post", Exact = true }).DblClickAsync();
        await page.WaitForURLAsync("**/posts/1");
        for (var reply = 1; reply <= 2; reply++)
        {
            await page.GetByLabel("Text").FillAsync($"reply {reply}");
            await page.GetByRole(AriaRole.Button, new() { Name = "Reply", Exact = true }).DblClickAsync();
            await page.WaitForURLAsync($"**/posts/1#r{reply}");
            await page.GoBackAsync();
            await Expect(page.Locator("#r0")).ToBeVisibleAsync();
            await page.GoForwardAsync();
            await page.WaitForURLAsync($"**/posts/1#r{reply}");
        }
        await page.GotoAsync("/posts/1");
        await Expect(page.Locator("article .text")).ToHaveTextAsync(["b", "reply 1", "reply 2"]);
        await page.GotoAsync("/");
        await Expect(page.Locator(".threads li")).ToHaveCountAsync(1);
        visit.IsQuiet();
    }

    private static Task Press(IPage page, string name) => Press(page.Locator("body"), name);

    private static Task Press(ILocator place, string name) => place.GetByRole(AriaRole.Button, new() { Name = name, Exact = true }).ClickAsync();
}
