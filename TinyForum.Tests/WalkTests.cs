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
        await page.IsAtAsync("/posts/1#r1");
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
        await reply.GetByRole(AriaRole.Link, new() { Name = "Delete" }).ClickAsync();
        await Expect(page.Locator("article")).ToContainTextAsync("six o'clock");
        await Press(page.Locator("main"), "Delete");
        await Expect(reply).ToContainTextAsync("Its author deleted this.");
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

    [TestMethod]
    [DataRow(true, DisplayName = "with scripts")]
    [DataRow(false, DisplayName = "without scripts")]
    public async Task A_moderator_does_what_is_reported_and_all_choose_what_they_like(bool scripts)
    {
        await using var forum = await TestForum.StartAsync();
        await using var visit = await Browser.VisitAsync(forum, o => o.JavaScriptEnabled = scripts);
        var eve = await forum.UserAsync("eve");
        await forum.UserAsync("mod", "moderator");
        (await eve.PostAsync("/api/posts", new { title = "CHEAP WATCHES", body = "Buy!" })).Is(201);
        var page = await visit.RegisterAsync("ada");
        await page.GotoAsync("/posts/1");
        await page.Locator("#r0").GetByRole(AriaRole.Link, new() { Name = "Quote" }).ClickAsync();
        await Expect(page.GetByLabel("Text")).ToHaveValueAsync("> eve:\n> \n> Buy!\n\n");
        await page.Locator("#r0").GetByRole(AriaRole.Link, new() { Name = "Report" }).ClickAsync();
        await page.GetByLabel("Reason").FillAsync("An advertisement");
        await Press(page, "Report");
        await page.IsAtAsync("/posts/1?reported=0#r0");
        await page.GotoAsync("/user/eve");
        await Press(page, "Block");
        await Press(page, "Unblock");

        await page.GetByRole(AriaRole.Link, new() { Name = "Settings" }).First.ClickAsync();
        await page.GetByLabel("About you").FillAsync("I like tea");
        await Press(page, "Save");
        await Expect(page.Locator("main .text")).ToHaveTextAsync("I like tea");
        await page.GotoAsync("/settings/look");
        await page.GetByLabel("Colours").SelectOptionAsync("dark");
        await Press(page, "Save");
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        await Expect(page.Locator("body")).ToHaveCSSAsync("background-color", "rgb(25, 29, 28)");
        await Press(page, "Log out");

        await visit.LogInAsync("mod");
        await page.GotoAsync("/");
        await page.GetByRole(AriaRole.Link, new() { Name = "Moderation 1" }).ClickAsync();
        await Expect(page.Locator("main")).ToContainTextAsync("An advertisement");
        await page.GetByRole(AriaRole.Link, new() { Name = "Suspend eve" }).ClickAsync();
        await page.GetByLabel("Reason").FillAsync("Spam");
        await Press(page, "Suspend");
        await page.IsAtAsync("/user/eve");
        await page.GotoAsync("/moderation");
        await Press(page, "Delete the post");
        await Expect(page.Locator("main")).ToContainTextAsync("There is nothing to do here.");
        (await eve.GetAsync("/api/me")).Is(401);
        await page.GotoAsync("/moderation-log");
        await Expect(page.Locator("main")).ToContainTextAsync("Spam");
        visit.IsQuiet();
    }

    [TestMethod]
    public async Task Keys_alone_are_enough()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "Tea", body = "At four?" })).Is(201);
        await using var visit = await Browser.VisitAsync(forum, o => o.JavaScriptEnabled = false);
        await visit.RegisterAsync("bob");
        var page = await visit.OpenAsync("/");
        await page.Keyboard.PressAsync("Tab");
        await Expect(page.Locator(":focus")).ToHaveTextAsync("Skip to the content");
        await page.Keyboard.PressAsync("Enter");
        await TabToAsync(page, "Tea");
        await page.Keyboard.PressAsync("Enter");
        await page.IsAtAsync("/posts/1");
        await TabToAsync(page, "Like");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#r0")).ToContainTextAsync("1 like");
        for (var i = 0; i < 40 && await page.Locator("textarea:focus").CountAsync() == 0; i++)
            await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.TypeAsync("Yes");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#r1")).ToContainTextAsync("Yes");
        visit.IsQuiet();
    }

    private static async Task TabToAsync(IPage page, string text)
    {
        for (var i = 0; i < 40; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            var focus = page.Locator(":focus");
            if (await focus.InnerTextAsync() != text)
                continue;
            Assert.AreNotEqual("none", await focus.EvaluateAsync<string>("e => getComputedStyle(e).outlineStyle"), "the focus is to be seen");
            return;
        }
        Assert.Fail($"keys do not lead to {text}");
    }

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
        await page.IsAtAsync("/posts/1");
        await Expect(page.Locator("#r0 .text")).ToHaveTextAsync("written with care");
        await page.GotoAsync("/new");
        await Expect(page.GetByLabel("Text")).ToHaveValueAsync(""); // and no draft of it is left
        visit.IsQuiet();
    }

    [TestMethod]
    [DataRow(true, DisplayName = "with scripts")]
    [DataRow(false, DisplayName = "without scripts")]
    public async Task One_can_go_back_to_a_form_that_was_previewed_or_refused_before_it_was_done(bool scripts)
    {
        await using var forum = await TestForum.StartAsync();
        await using var visit = await Browser.VisitAsync(forum, o => o.JavaScriptEnabled = scripts);
        var page = await visit.RegisterAsync("ada");
        await page.GotoAsync("/new");
        await page.GetByLabel("Text").FillAsync("written with care");
        await Press(page, "Post");
        await Expect(page.Locator("#title-mistake")).ToBeVisibleAsync();
        await page.GetByLabel("Title").FillAsync("Tea");
        await Press(page, "Preview");
        await Expect(page.Locator(".preview")).ToBeVisibleAsync();
        await Press(page, "Post");
        await page.IsAtAsync("/posts/1");
        await page.GoBackAsync();
        await Expect(page.Locator(".preview")).ToContainTextAsync("written with care");
        await Expect(page.GetByLabel("Text")).ToHaveValueAsync("written with care");
        await page.GoBackAsync();
        await Expect(page.Locator("#title-mistake")).ToBeVisibleAsync();
        await Expect(page.GetByLabel("Text")).ToHaveValueAsync("written with care");
        await page.GetByLabel("Title").FillAsync("Tea again");
        await Press(page, "Post");
        await page.IsAtAsync("/posts/2");

        // What is sent from there once more is done once.
        await page.GoBackAsync();
        await page.GetByLabel("Title").FillAsync("Tea again");
        await Press(page, "Post");
        await page.IsAtAsync("/posts/2");
        visit.IsQuiet();
    }

    [TestMethod]
    public async Task What_is_too_long_for_a_form_is_still_in_it_when_one_goes_back()
    {
        await using var forum = await TestForum.StartAsync();
        await using var visit = await Browser.VisitAsync(forum, o => o.JavaScriptEnabled = false);
        var page = await visit.RegisterAsync("ada");
        var text = new string('茶', 60_000);
        await page.GotoAsync("/new");
        await page.GetByLabel("Text").FillAsync(text);
        await Press(page, "Post");
        await Expect(page.Locator("main")).ToContainTextAsync("Go back: what you wrote is still there.");
        await page.GoBackAsync();
        await Expect(page.GetByLabel("Text")).ToHaveValueAsync(text);
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
        await page.IsAtAsync("/posts/1");
        for (var reply = 1; reply <= 2; reply++)
        {
            await page.GetByLabel("Text").FillAsync($"reply {reply}");
            await page.GetByRole(AriaRole.Button, new() { Name = "Reply", Exact = true }).DblClickAsync();
            await page.IsAtAsync($"/posts/1#r{reply}");
            await page.GoBackAsync();
            await Expect(page.Locator("#r0")).ToBeVisibleAsync();
            await page.GoForwardAsync();
            await page.IsAtAsync($"/posts/1#r{reply}");
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
