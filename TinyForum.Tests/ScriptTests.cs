using System.Collections.Concurrent;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace TinyForum.Tests;

/// <summary>What the pages' script adds to them, in a browser.</summary>
[TestClass]
public sealed class ScriptTests
{
    [TestMethod]
    public async Task Tabs_hear_of_replies_threads_and_counts_as_they_happen()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "Tea", body = "b" })).Is(201);
        await using var visit = await Browser.VisitAsync(forum);
        var front = await visit.RegisterAsync("bob");
        var thread = await visit.OpenAsync("/posts/1");
        (await ada.PostAsync("/api/posts/1/replies", new { body = "first" })).Is(201);
        await Expect(News(thread)).ToHaveTextAsync("1 new reply");
        await Expect(News(front)).ToHaveTextAsync("1 thread has news: reload");
        (await ada.PostAsync("/api/posts/1/replies", new { body = "second" })).Is(201);
        (await ada.PostAsync("/api/posts", new { title = "Coffee @bob", body = "@bob" })).Is(201);
        (await ada.PostAsync("/api/messages", new { to = "bob", body = "psst" })).Is(201);
        await Expect(News(thread)).ToHaveTextAsync("2 new replies");
        await Expect(News(front)).ToHaveTextAsync("2 threads have news: reload");
        foreach (var page in (IPage[])[front, thread])
        {
            await Expect(page.Locator("header .count")).ToHaveTextAsync(["1", "1"]);
            await Expect(page).ToHaveTitleAsync(page == thread ? "(2) Tea – TinyForum" : "(2) Threads – TinyForum");
        }
        await Expect(thread.Locator("article")).ToHaveCountAsync(1); // nothing moves under who reads
        (await ada.DeleteAsync("/api/posts/2")).Is(200);
        await Expect(News(thread)).ToHaveTextAsync("1 new reply");
        await thread.RunAndWaitForResponseAsync(() => News(thread).ClickAsync(), response => response.Url.Contains("/read?"));
        await thread.IsAtAsync("/posts/1#r2");
        await Expect(thread.Locator("#r2")).ToContainTextAsync("second");
        await News(front).ClickAsync();
        await Expect(front.Locator(".threads li")).ToHaveCountAsync(2);
        await Expect(News(front)).ToHaveCountAsync(0);

        // What is read in one tab is in none.
        await thread.GotoAsync("/notifications");
        await PressAsync(thread, "Mark all as read");
        await Expect(front.Locator("header .count")).ToHaveTextAsync(["1"]);
        await Expect(front).ToHaveTitleAsync("(1) Threads – TinyForum");
        visit.IsQuiet();
    }

    [TestMethod]
    public async Task What_is_seen_to_its_end_is_read()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        await using var visit = await Browser.VisitAsync(forum);
        var page = await visit.RegisterAsync("bob");
        (await ada.PostAsync("/api/posts", new { title = "Tea", body = "b" })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = string.Concat(Enumerable.Repeat("long\n\n", 500)) + "@bob" })).Is(201);
        await page.GotoAsync("/");
        await Expect(page.Locator(".threads .count")).ToHaveTextAsync("2 unread");
        await page.GotoAsync("/posts/1");
        await Expect(page.Locator("#r1")).ToBeVisibleAsync();
        await page.GotoAsync("/");
        await Expect(page.Locator(".threads .count")).ToHaveTextAsync("2 unread");
        var other = await visit.OpenAsync("/tags");
        await page.GotoAsync("/posts/1");
        await Expect(page.Locator("header .count")).ToHaveTextAsync("1");
        var told = await page.RunAndWaitForResponseAsync(
            () => page.GetByRole(AriaRole.Button, new() { Name = "Mark as read" }).ScrollIntoViewIfNeededAsync(), answer => answer.Url.Contains("/read?"));
        Assert.AreEqual(303, told.Status);
        foreach (var tab in (IPage[])[page, other])
        {
            await Expect(tab.Locator("header .count")).ToHaveCountAsync(0);
            await Expect(tab).ToHaveTitleAsync(tab == page ? "Tea – TinyForum" : "Tags – TinyForum");
        }
        await page.GotoAsync("/");
        await Expect(page.Locator(".threads li")).ToHaveCountAsync(1);
        await Expect(page.Locator(".threads .count")).ToHaveCountAsync(0);
        visit.IsQuiet();
    }

    [TestMethod]
    public async Task What_happens_while_a_page_is_on_its_way_is_not_missed()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "Tea", body = "b" })).Is(201);
        await using var visit = await Browser.VisitAsync(forum);
        await visit.Context.RouteAsync("**/script-*.js", async route =>
        {
            (await ada.PostAsync("/api/posts/1/replies", new { body = "meanwhile" })).Is(201);
            await route.ContinueAsync();
        });
        var page = await visit.OpenAsync("/posts/1");
        await Expect(News(page)).ToHaveTextAsync("1 new reply");
        visit.IsQuiet();
    }

    [TestMethod]
    public async Task Seven_tabs_have_one_stream_and_the_next_takes_it_over()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "Tea", body = "b" })).Is(201);
        await using var visit = await Browser.VisitAsync(forum);
        var streams = new Streams(visit);
        var tabs = await Task.WhenAll(Enumerable.Range(0, 7).Select(_ => visit.OpenAsync("/posts/1")));
        (await ada.PostAsync("/api/posts/1/replies", new { body = "first" })).Is(201);
        foreach (var tab in tabs)
            await Expect(News(tab)).ToHaveTextAsync("1 new reply");
        var holder = streams.Open.Single().Frame.Page;
        await holder.CloseAsync();
        (await ada.PostAsync("/api/posts/1/replies", new { body = "second" })).Is(201);
        foreach (var tab in tabs.Where(tab => tab != holder))
            await Expect(News(tab)).ToHaveTextAsync("2 new replies");
        Assert.HasCount(1, streams.Open);
        visit.IsQuiet();
    }

    [TestMethod]
    public async Task A_tab_without_locks_has_a_stream_of_its_own()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "Tea", body = "b" })).Is(201);
        await using var visit = await Browser.VisitAsync(forum);
        await visit.Context.AddInitScriptAsync("Object.defineProperty(navigator, 'locks', { value: undefined })");
        var streams = new Streams(visit);
        IPage[] tabs = [await visit.OpenAsync("/posts/1"), await visit.OpenAsync("/posts/1")];
        (await ada.PostAsync("/api/posts/1/replies", new { body = "first" })).Is(201);
        foreach (var tab in tabs)
            await Expect(News(tab)).ToHaveTextAsync("1 new reply");
        Assert.HasCount(2, streams.Open);
        visit.IsQuiet();
    }

    [TestMethod]
    public async Task What_happens_while_the_network_is_gone_is_told_when_it_is_back()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "Tea", body = "b" })).Is(201);
        await using var visit = await Browser.VisitAsync(forum);
        var page = await visit.OpenAsync("/posts/1");
        (await ada.PostAsync("/api/posts/1/replies", new { body = "before" })).Is(201);
        await Expect(News(page)).ToHaveTextAsync("1 new reply");
        await visit.Context.SetOfflineAsync(true);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "meanwhile" })).Is(201);
        await visit.Context.SetOfflineAsync(false);
        await Expect(News(page)).ToHaveTextAsync("2 new replies");
    }

    [TestMethod]
    public async Task A_stream_that_is_refused_is_asked_for_again_later_and_later()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "Tea", body = "b" })).Is(201);
        await using var visit = await Browser.VisitAsync(forum);
        await visit.Context.Clock.InstallAsync();
        await visit.Context.Clock.PauseAtAsync(DateTime.UtcNow.AddMinutes(1));
        var asked = 0;
        await visit.Context.RouteAsync("**/api/events*", route => ++asked <= 2 ? route.FulfillAsync(new() { Status = 503 }) : route.ContinueAsync());
        var page = await visit.Context.NewPageAsync();
        await page.RunAndWaitForResponseAsync(() => page.GotoAsync("/posts/1"), response => response.Url.Contains("/api/events"));
        (await ada.PostAsync("/api/posts/1/replies", new { body = "meanwhile" })).Is(201);
        foreach (var (tries, least) in ((int, int)[])[(1, 2500), (2, 5000)])
        {
            var waited = 0;
            for (; asked == tries; waited += 100)
                await page.Clock.FastForwardAsync(100);
            Assert.IsGreaterThanOrEqualTo(least, waited);
        }
        await Expect(News(page)).ToHaveTextAsync("1 new reply");
    }

    [TestMethod]
    public async Task A_tab_that_is_hidden_for_a_minute_rests_until_it_is_shown()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "Tea", body = "b" })).Is(201);
        await using var visit = await Browser.VisitAsync(forum);
        await visit.Context.Clock.InstallAsync();
        await visit.Context.AddInitScriptAsync("""
            let isHidden = false;
            Object.defineProperty(document, 'hidden', { get: () => isHidden });
            hide = is => { isHidden = is; document.dispatchEvent(new Event('visibilitychange', { bubbles: true })); };
            """);
        var streams = new Streams(visit);
        var page = await visit.OpenAsync("/posts/1");
        (await ada.PostAsync("/api/posts/1/replies", new { body = "before" })).Is(201);
        await Expect(News(page)).ToHaveTextAsync("1 new reply");
        await page.EvaluateAsync("hide(true)");
        await page.Clock.FastForwardAsync(59_000);
        Assert.HasCount(1, streams.Open);
        await page.Clock.FastForwardAsync(2_000);
        await streams.Ended.WaitAsync(TimeSpan.FromMinutes(1));
        (await ada.PostAsync("/api/posts/1/replies", new { body = "meanwhile" })).Is(201);
        await page.EvaluateAsync("hide(false)");
        await Expect(News(page)).ToHaveTextAsync("2 new replies");
        visit.IsQuiet();
    }

    [TestMethod]
    public async Task A_draft_survives_a_closed_tab_until_it_is_posted_and_is_its_writers_alone()
    {
        await using var forum = await TestForum.StartAsync();
        await using var visit = await Browser.VisitAsync(forum);
        await visit.RegisterAsync("ada");
        await WriteAsync("/new", ("title", "Tea"), ("body", "written with care"), ("tags", "tea"));
        await AssertAsync("/new", ("title", "Tea"), ("body", "written with care"), ("tags", "tea"));

        var page = await visit.OpenAsync("/");
        await PressAsync(page, "Log out");
        await visit.RegisterAsync("bob");
        await AssertAsync("/new", ("title", ""), ("body", ""));
        await page.ReloadAsync();
        await PressAsync(page, "Log out");
        await visit.LogInAsync("ada");

        await page.GotoAsync("/new");
        await page.Locator("#title").FillAsync("");
        await PressAsync(page, "Post");
        await Expect(page.Locator("#title-mistake")).ToBeVisibleAsync();
        await AssertAsync("/new", ("title", ""), ("body", "written with care"), ("tags", "tea"));
        await page.Locator("#title").FillAsync("Tea");
        await PressAsync(page, "Preview");
        await Expect(page.Locator(".preview")).ToBeVisibleAsync();
        await AssertAsync("/new", ("title", "Tea"), ("body", "written with care"), ("tags", "tea"));
        await PressAsync(page, "Post");
        await page.IsAtAsync("/posts/1");
        await Expect(page.Locator("#r0 .text")).ToHaveTextAsync("written with care");
        await AssertAsync("/new", ("title", ""), ("body", ""), ("tags", ""));

        await WriteAsync("/posts/1", ("body", "a reply"));
        await WriteAsync("/posts/1/edit", ("body", "written with more care"));
        await AssertAsync("/posts/1", ("body", "a reply"));
        await AssertAsync("/posts/1/edit", ("body", "written with more care"));
        await page.GotoAsync("/posts/1");
        await PressAsync(page, "Reply");
        await page.IsAtAsync("/posts/1#r1");
        await Expect(page.Locator("#r1 .text")).ToHaveTextAsync("a reply");
        await AssertAsync("/posts/1", ("body", ""));
        await AssertAsync("/posts/1/edit", ("body", "written with more care"));

        // Another version is not written over with what was begun before it.
        using var elsewhere = new FormClient(forum.Url);
        await elsewhere.SubmitAsync("/login?next=/posts/1/edit", ("username", "ada"), ("password", "secret"));
        await elsewhere.SubmitAsync("/posts/1/edit", ("title", "Tea"), ("body", "elsewhere"), ("tags", ""));
        await AssertAsync("/posts/1/edit", ("body", "elsewhere"));

        // What was meant for one is not shown where one writes to another.
        await WriteAsync("/messages/new?to=bob", ("body", "psst"));
        await AssertAsync("/messages/new?to=carol", ("to", "carol"), ("body", ""));
        await AssertAsync("/messages/new?to=bob", ("to", "bob"), ("body", "psst"));
        visit.IsQuiet();

        async Task WriteAsync(string path, params (string Name, string Text)[] fields)
        {
            var tab = await visit.OpenAsync(path);
            foreach (var (name, text) in fields)
                await tab.Locator($"#{name}").FillAsync(text);
            await tab.CloseAsync();
        }

        async Task AssertAsync(string path, params (string Name, string Text)[] fields)
        {
            var tab = await visit.OpenAsync(path);
            foreach (var (name, text) in fields)
                await Expect(tab.Locator($"#{name}")).ToHaveValueAsync(text);
            await tab.CloseAsync();
        }
    }

    [TestMethod]
    public async Task Who_goes_back_to_a_form_that_was_done_gets_another()
    {
        await using var forum = await TestForum.StartAsync();
        await using var visit = await Browser.VisitAsync(forum);
        var page = await visit.RegisterAsync("ada");
        for (var thread = 1; thread <= 2; thread++)
        {
            if (thread == 1)
                await page.GotoAsync("/new");
            else
                await page.GoBackAsync();
            await page.Locator("#title").FillAsync($"Thread {thread}");
            await page.Locator("#body").FillAsync("b");
            await PressAsync(page, "Post");
            await page.IsAtAsync($"/posts/{thread}");
        }

        // A browser may have kept the page as it was left.
        var key = await page.Locator("[name=key]").InputValueAsync();
        await page.EvaluateAsync("sessionStorage.done = document.querySelector('[name=key]').value");
        await page.EvaluateAsync("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
        await Expect(page.Locator("[name=key]")).Not.ToHaveValueAsync(key);
        visit.IsQuiet();
    }

    [TestMethod]
    [DataRow("en-US", "3 minutes ago", "2 hours ago")]
    [DataRow("zh-CN", "3分钟前", "2小时前")]
    public async Task Times_are_told_as_one_would_say_them(string locale, string minutes, string hours)
    {
        await using var forum = await TestForum.StartAsync();
        (await (await forum.UserAsync("ada")).PostAsync("/api/posts", new { title = "Tea", body = "b" })).Is(201);
        await using var visit = await Browser.VisitAsync(forum, o => o.Locale = locale);
        await visit.Context.Clock.InstallAsync();
        var page = await visit.OpenAsync("/posts/1");
        var time = page.Locator("article time");
        var at = await time.GetAttributeAsync("title");
        await page.Clock.FastForwardAsync(180_000);
        await Expect(time).ToHaveTextAsync(minutes);
        await page.Clock.FastForwardAsync(2 * 3_600_000);
        await Expect(time).ToHaveTextAsync(hours);
        await page.Clock.FastForwardAsync(10 * 86_400_000L);
        await Expect(time).ToHaveTextAsync(new System.Text.RegularExpressions.Regex($"{DateTime.UtcNow.Year}|{DateTime.UtcNow.Year - 1}"));
        StringAssert.Contains(at, ":");
        visit.IsQuiet();
    }

    [TestMethod]
    public async Task Nothing_moves_when_times_are_put_into_words()
    {
        await using var forum = await TestForum.StartAsync();
        var mira = await forum.UserAsync("mira", "moderator");
        for (var i = 0; i < 8; i++)
            (await mira.PostAsync("/api/posts", new { title = $"Tea {i}", body = "At four?", tags = (string[])["tea"] })).Is(201);
        (await mira.PostAsync("/api/posts/1/replies", new { body = "Or tea at five." })).Is(201);
        await using var visit = await Browser.VisitAsync(forum, o => o.ViewportSize = new() { Width = 412, Height = 823 });
        await visit.Context.AddInitScriptAsync(
            "moved = 0; new PerformanceObserver(l => l.getEntries().forEach(e => moved += e.value)).observe({ type: 'layout-shift', buffered: true })");
        await visit.Context.RouteAsync("**/script-*.js", async route =>
        {
            await Task.Delay(400); // so that the page is painted before
            await route.ContinueAsync();
        });
        var page = await visit.Context.NewPageAsync();
        foreach (var path in (string[])["/", "/user/mira", "/user/mira/posts", "/search?q=tea", "/posts/1"])
        {
            await page.GotoAsync(path);
            await Expect(page.Locator("main time").First).Not.ToContainTextAsync("-");
            await page.EvaluateAsync("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
            Assert.IsLessThan(0.05, await page.EvaluateAsync<double>("moved"), path); // what stands beside a time may give way a little
        }
        visit.IsQuiet();
    }

    [TestMethod]
    public async Task One_quotes_what_is_chosen_or_all_of_a_post()
    {
        await using var forum = await TestForum.StartAsync();
        (await (await forum.UserAsync("bob")).PostAsync("/api/posts", new { title = "Tea", body = "At *four*.\n\nOr five?" })).Is(201);
        await using var visit = await Browser.VisitAsync(forum);
        await visit.RegisterAsync("ada");
        var page = await visit.OpenAsync("/posts/1");
        await page.Locator("#r0 .quote").ClickAsync();
        await Expect(page.Locator("#body")).ToHaveValueAsync("> bob:\n> \n> At *four*.\n> \n> Or five?\n\n");
        await page.Locator("#body").FillAsync("Well:");
        await page.Locator("#r0 em").DblClickAsync();
        await page.Locator("#r0 .quote").ClickAsync();
        await Expect(page.Locator("#body")).ToHaveValueAsync("Well:\n\n> bob:\n> \n> four\n\n");
        await Expect(page.Locator("#body")).ToBeFocusedAsync();
        await PressAsync(page, "Reply");
        await page.IsAtAsync("/posts/1#r1");
        Assert.AreEqual(1, (int?)(await forum.Client().GetAsync("/api/posts/2")).Is(200)["post.reply_to"]);
        visit.IsQuiet();
    }

    [TestMethod]
    public async Task Keys_lead_through_posts_and_threads_and_can_be_switched_off()
    {
        await using var forum = await TestForum.StartAsync();
        var bob = await forum.UserAsync("bob");
        foreach (var title in (string[])["One", "Two"])
            (await bob.PostAsync("/api/posts", new { title, body = "b" })).Is(201);
        (await bob.PostAsync("/api/posts/2/replies", new { body = "r" })).Is(201);
        await using var visit = await Browser.VisitAsync(forum);
        var page = await visit.RegisterAsync("ada");
        await page.GotoAsync("/");
        await page.Keyboard.PressAsync("j");
        await Expect(page.Locator(".threads li:nth-child(1) h2 a")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("j");
        await Expect(page.Locator(".threads li:nth-child(2) h2 a")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("k");
        await page.Keyboard.PressAsync("Enter");
        await page.IsAtAsync("/posts/2");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("j");
        await Expect(page.Locator("#r1 a").First).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Control+r"); // the browser's own
        await page.Keyboard.PressAsync("r");
        await Expect(page.Locator("#body")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("jku/?");
        await Expect(page.Locator("#body")).ToHaveValueAsync("jku/?");
        await page.Locator("h1").ClickAsync();
        await page.Keyboard.PressAsync("u");
        await page.IsAtAsync("/");
        await page.Keyboard.PressAsync("/");
        await page.IsAtAsync("/search#q");
        await Expect(page.Locator("#q")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("rust update");
        await Expect(page.Locator("#q")).ToHaveValueAsync("rust update");
        await page.Locator(".help").ClickAsync();
        await page.Keyboard.PressAsync("/");
        await Expect(page.Locator("#q")).ToBeFocusedAsync();
        await page.Locator(".help").ClickAsync();

        await page.Keyboard.PressAsync("?");
        var help = page.GetByRole(AriaRole.Dialog, new() { Name = "Keyboard" });
        await Expect(help).ToBeVisibleAsync();
        await help.GetByRole(AriaRole.Checkbox).UncheckAsync();
        await PressAsync(page, "Close");
        await Expect(help).ToBeHiddenAsync();
        await page.GotoAsync("/search?q=x");
        await page.Keyboard.PressAsync("?");
        await page.Keyboard.PressAsync("/");
        await Expect(help).ToBeHiddenAsync();
        await Expect(page.Locator("#q")).Not.ToBeFocusedAsync();
        await PressAsync(page, "Keyboard");
        await help.GetByRole(AriaRole.Checkbox).CheckAsync();
        await PressAsync(page, "Close");
        await page.Keyboard.PressAsync("/");
        await Expect(page.Locator("#q")).ToBeFocusedAsync();
        visit.IsQuiet();
    }

    [TestMethod]
    public async Task The_script_is_small_and_stays_as_long_as_it_is_the_same()
    {
        await using var forum = await TestForum.StartAsync();
        using var http = new HttpClient { BaseAddress = forum.Url };
        var page = await http.GetStringAsync("/");
        var path = System.Text.RegularExpressions.Regex.Match(page, "<script type=\"module\" src=\"(/script-[0-9a-f]+\\.js)\"></script>").Groups[1].Value;
        using var answer = await http.GetAsync(path);
        Assert.AreEqual("text/javascript; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        StringAssert.Contains(answer.Headers.CacheControl?.ToString(), "immutable");
        Assert.IsLessThanOrEqualTo(8 * 1024, (await answer.Content.ReadAsByteArrayAsync()).Length);
    }

    private static ILocator News(IPage page) => page.Locator(".news a");

    private static Task PressAsync(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true }).ClickAsync();

    /// <summary>The event streams that the tabs of a visit have open.</summary>
    private sealed class Streams
    {
        private readonly ConcurrentDictionary<IRequest, bool> _open = new();
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Streams(Visit visit)
        {
            visit.Context.Request += (_, request) => _ = request.Url.Contains("/api/events") && (_open[request] = true);
            visit.Context.RequestFailed += (_, request) => Remove(request);
            visit.Context.RequestFinished += (_, request) => Remove(request);
        }

        public ICollection<IRequest> Open => [.. _open.Keys.Where(request => !request.Frame.Page.IsClosed)];

        /// <summary>Ends when the last one does.</summary>
        public Task Ended => _ended.Task;

        private void Remove(IRequest request)
        {
            if (_open.Remove(request, out _) && _open.IsEmpty)
                _ended.TrySetResult();
        }
    }
}
