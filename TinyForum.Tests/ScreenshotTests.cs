using Microsoft.Playwright;

namespace TinyForum.Tests;

/// <summary>Pictures of the pages; <c>./run.sh screenshots</c> puts them into <c>docs/screenshots</c>.</summary>
[TestClass]
public sealed class ScreenshotTests
{
    private static readonly (string Name, string Path)[] Pages =
    [
        ("front", "/"), ("thread", "/posts/1"), ("writing", "/new"), ("moderation", "/moderation"),
    ];

    [TestMethod]
    public async Task Pictures_are_taken_of_what_matters_most()
    {
        using var temporary = new TemporaryFolder();
        var folder = Environment.GetEnvironmentVariable("TINYFORUM_SCREENSHOTS") is { Length: > 0 } named ? named : temporary.Path;
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(
            o => o with { Title = "The Garden Club", TimeProvider = time, RateLimits = new() { Enabled = false } });
        await FillAsync(forum, time);
        await using var visit = await Browser.VisitAsync(forum);
        await visit.LogInAsync("mira");
        foreach (var (name, path) in Pages)
        {
            var page = await visit.Context.NewPageAsync();
            await page.Clock.SetFixedTimeAsync(time.GetUtcNow().UtcDateTime);
            foreach (var (width, height) in ((int, int)[])[(1280, 900), (390, 844)])
            {
                foreach (var theme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
                {
                    await page.SetViewportSizeAsync(width, height);
                    await page.EmulateMediaAsync(new() { ColorScheme = theme });
                    await page.GotoAsync(path);
                    if (name == "writing")
                        await WriteAsync(page);
                    var file = Path.Combine(folder, $"{name}-{width}-{theme.ToString().ToLowerInvariant()}.png");
                    await page.ScreenshotAsync(new() { Path = file });
                    Assert.IsGreaterThan(5_000, new FileInfo(file).Length);
                }
            }
            await page.CloseAsync();
        }
    }

    private static async Task WriteAsync(IPage page)
    {
        await page.GetByLabel("Title").FillAsync("Frost on Thursday");
        await page.GetByLabel("Text").FillAsync(
            "Minus **four**, they say. Bring in:\n\n- the lemons\n- what is still in pots\n\n> Last year's frost took the figs.");
        await page.GetByLabel("Tags").FillAsync("weather");
        await page.GetByRole(AriaRole.Button, new() { Name = "Preview" }).ClickAsync();
        await page.Locator(".preview").WaitForAsync();
    }

    private static async Task FillAsync(TestForum forum, ManualTime time)
    {
        var mira = await forum.UserAsync("mira", "moderator");
        var (jonas, wei, ada) = (await forum.UserAsync("jonas"), await forum.UserAsync("李薇"), await forum.UserAsync("ada"));
        await SayAsync(mira, "How often does the pump need new seals?", """
            Mine leaks a little after *three winters*, and the book says nothing of it. The previous owner changed them every year; that seems a lot for
            something that costs **40 €** a set.

            What do you do? I have read:

            1. once a year, before the frost
            2. when they leak, and not before
            """, "pump", "winter");
        await ReplyAsync(jonas, 1, """
            > The previous owner changed them every year

            So did I, until I found the grease. With it they last five years at least:

            ```
            clean, dry, grease, close by hand
            ```
            """, null);
        await ReplyAsync(wei, 1, "五年太久了。我每两年换一次，冬天把水**放干净**最重要。", 2);
        await ReplyAsync(ada, 1, "What @jonas says, but use the grease for drinking water. The other kind smells for weeks.", 2);
        await SayAsync(wei, "春天的番茄：什么时候移栽？", "阳台朝南，夜里还有八度。", "番茄", "spring");
        await SayAsync(jonas, "Seeds to give away: beans, chard, a few odd squashes", "First come, first served. They are from last summer.", "seeds");
        await ReplyAsync(ada, 6, "The squashes, please!", null);
        await SayAsync(ada, "Which pears keep until March?", "Ours are gone by Christmas, in a cool cellar, on straw.", "fruit", "storage");
        await SayAsync(mira, "Work on the hedge: Saturday, nine o'clock", "Bring gloves. There is soup.", "meeting");
        (await mira.PutAsync("/api/posts/9/pin")).Is(200);
        foreach (var (client, post) in ((TestClient, int)[])[(jonas, 1), (wei, 1), (ada, 2), (mira, 2)])
            (await client.PutAsync($"/api/posts/{post}/like")).Is(200);
        (await mira.PutAsync("/api/posts/read")).Is(200);
        await SayAsync(jonas, "CHEAP WATCHES!!!", "Buy the best watches at [this shop](https://shop.example/).", "watches");
        await ReplyAsync(jonas, 8, "Bosc, if you pick them green.", null);
        (await wei.PostAsync("/api/posts/10/report", new { reason = "This is an advertisement." })).Is(201);
        (await wei.PostAsync("/api/messages", new { to = "mira", subject = "Seals", body = "I have a spare set." })).Is(201);
        time.Advance(TimeSpan.FromMinutes(12));

        async Task SayAsync(TestClient who, string title, string body, params string[] tags)
        {
            time.Advance(TimeSpan.FromHours(7));
            (await who.PostAsync("/api/posts", new { title, body, tags })).Is(201);
        }

        async Task ReplyAsync(TestClient who, long thread, string body, long? to)
        {
            time.Advance(TimeSpan.FromMinutes(40));
            (await who.PostAsync($"/api/posts/{thread}/replies", new { body, reply_to = to })).Is(201);
        }
    }
}
