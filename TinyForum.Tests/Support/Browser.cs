using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace TinyForum.Tests.Support;

/// <summary>A browser without a window, one for all tests; what one of them does in it no other sees.</summary>
internal static class Browser
{
    /// <summary>How long a page may take, in milliseconds: other tests run at the same time.</summary>
    public const int Patience = 60_000;

    private static readonly string[] Programs = ["chromium", "chromium-browser", "google-chrome"];

    private static readonly Lazy<Task<(IPlaywright, IBrowser)?>> One = new(StartAsync);

    /// <summary>Begins a visit, with cookies and storage of its own. The test is inconclusive where there is no browser.</summary>
    /// <param name="forum">Which forum.</param>
    /// <param name="configure">How it differs from a browser that is like most.</param>
    public static async Task<Visit> VisitAsync(TestForum forum, Action<BrowserNewContextOptions>? configure = null)
    {
        if (await One.Value is not var (_, browser))
            throw new AssertInconclusiveException("NOT CHECKED: there is no browser");
        var options = new BrowserNewContextOptions { BaseURL = forum.Url.ToString(), Locale = "en-US" };
        configure?.Invoke(options);
        return new Visit(await browser.NewContextAsync(options), forum.Url);
    }

    /// <summary>Ends it.</summary>
    public static async Task EndAsync()
    {
        if (!One.IsValueCreated || await One.Value is not var (playwright, browser))
            return;
        await browser.DisposeAsync();
        playwright.Dispose();
    }

    private static async Task<(IPlaywright, IBrowser)?> StartAsync()
    {
        var folders = Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator) ?? [];
        var program = Environment.GetEnvironmentVariable("TINYFORUM_CHROMIUM")
            ?? Programs.SelectMany(_ => folders, (program, folder) => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
        if (program is null)
            return null;
        Assertions.SetDefaultExpectTimeout(Patience);
        var playwright = await Playwright.CreateAsync();
        return (playwright, await playwright.Chromium.LaunchAsync(new() { ExecutablePath = program }));
    }
}

/// <summary>Somebody's visit to a forum, in a browser; notes what pages do that they should not.</summary>
internal sealed class Visit : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _complaints = [];

    public Visit(IBrowserContext context, Uri forum)
    {
        Context = context;
        context.SetDefaultTimeout(Browser.Patience);
        context.Console += (_, message) =>
        {
            // That a page was refused is said by its status, and what a page asked for in vain is told below.
            if (message.Type is "error" or "warning" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal))
                _complaints.Enqueue($"{message.Page?.Url}: {message.Text}");
        };
        context.WebError += (_, error) => _complaints.Enqueue($"{error.Page?.Url}: {error.Error}");
        context.Response += (_, response) =>
        {
            if (response.Status >= 400 && !response.Request.IsNavigationRequest)
                _complaints.Enqueue($"{response.Url}: {response.Status}");
        };
        context.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(forum.ToString(), StringComparison.Ordinal))
                _complaints.Enqueue($"asked another host: {request.Url}");
        };
    }

    public IBrowserContext Context { get; }

    /// <summary>Opens a tab.</summary>
    public async Task<IPage> OpenAsync(string path)
    {
        var page = await Context.NewPageAsync();
        await page.GotoAsync(path);
        return page;
    }

    /// <summary>Makes an account and logs in, by forms.</summary>
    public async Task<IPage> RegisterAsync(string name)
    {
        var page = await OpenAsync("/register");
        await page.GetByLabel("Username").FillAsync(name);
        await page.GetByLabel("Password").FillAsync("secret");
        await page.Locator("main .button").ClickAsync();
        await Assertions.Expect(page.Locator("header").GetByRole(AriaRole.Link, new() { Name = name })).ToBeVisibleAsync();
        return page;
    }

    /// <summary>Logs in as somebody who has a client.</summary>
    public async Task LogInAsync(string name)
    {
        var page = await OpenAsync("/login");
        await page.Locator("#username").FillAsync(name);
        await page.Locator("#password").FillAsync("secret");
        await page.Locator("main .button").ClickAsync();
        await page.IsAtAsync("/");
        await page.CloseAsync();
    }

    /// <summary>Fails the test if a page had an error, broke its policy or asked another host for something.</summary>
    public void IsQuiet() => Assert.AreEqual("", string.Join('\n', _complaints));

    public ValueTask DisposeAsync() => Context.DisposeAsync();
}

/// <summary>What tests wait for.</summary>
internal static class PageExtensions
{
    /// <summary>
    /// Waits until a page has an address and all of it is there. By looking again and again: <c>WaitForURLAsync</c> listens only
    /// after it looked, and waits for ever for a page that came in between.
    /// </summary>
    /// <param name="page">The page.</param>
    /// <param name="path">The address, within the forum.</param>
    public static async Task IsAtAsync(this IPage page, string path)
    {
        await Assertions.Expect(page).ToHaveURLAsync(path);
        await Assertions.Expect(page.Locator("html")).ToHaveJSPropertyAsync("ownerDocument.readyState", "complete");
    }
}
