using System.Text.Json;
using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace TinyForum.Tests;

/// <summary>What holds for every page, whoever looks at it: others' programs judge it, in a browser and as HTML.</summary>
[TestClass]
public sealed class EveryPageTests(TestContext context)
{
    private static readonly string[] Languages = ["en", "zh"];

    private static readonly string Axe = new BundledAxeScriptProvider().GetScript();

    private const string Judge = """
        async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
            .map(v => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map(n => n.html).join(' | ')}`)
        """;

    private const string Layout = """
        () => {
            const wrong = [], width = document.documentElement.scrollWidth;
            if (width > innerWidth)
                wrong.push(`is ${width} pixels wide`);
            let level = 0;
            for (const heading of document.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
                if (+heading.tagName[1] > level + 1)
                    wrong.push(`${heading.outerHTML} comes behind an h${level}`);
                level = +heading.tagName[1];
            }
            return wrong;
        }
        """;

    [TestMethod]
    [DataRow("", "en", DisplayName = "a stranger, in English")]
    [DataRow("", "zh", DisplayName = "a stranger, in Chinese")]
    [DataRow("ada", "en", DisplayName = "a member, in English")]
    [DataRow("mod", "zh", DisplayName = "a moderator, in Chinese")]
    [DataRow("root", "en", DisplayName = "an admin, in English")]
    public async Task Can_be_read_by_all_on_any_screen(string reader, string language)
    {
        await using var forum = await TestForum.StartAsync(o => o with { RateLimits = new() { Enabled = false } });
        await WebPages.FillAsync(forum);
        await using var visit = await Browser.VisitAsync(forum, o => o.Locale = language);
        if (reader.Length > 0)
            await visit.LogInAsync(reader);
        var page = await visit.Context.NewPageAsync();
        var wrong = new List<string>();
        var isChinese = language == "zh";
        foreach (var path in WebPages.Of(reader))
        {
            await page.GotoAsync(path);
            await LookAsync(path);
        }
        foreach (var (path, button) in WithForms(reader))
        {
            await page.GotoAsync(path);
            await page.Locator("main textarea, main #username").First.FillAsync("*some text*");
            await page.Locator(button).ClickAsync();
            await page.Locator(".mistakes, .preview").WaitForAsync();
            await LookAsync($"{path} {button}");
        }
        Assert.AreEqual("", string.Join('\n', wrong));
        visit.IsQuiet();

        // Each language on a wide and a narrow screen, each screen in light and dark.
        async Task LookAsync(string name)
        {
            await page.EvaluateAsync(Axe);
            foreach (var (width, isDark) in ((int, bool)[])[(1280, isChinese), (320, !isChinese)])
            {
                context.CancellationToken.ThrowIfCancellationRequested();
                await page.EmulateMediaAsync(new() { ColorScheme = isDark ? ColorScheme.Dark : ColorScheme.Light });
                await page.SetViewportSizeAsync(width, 800);
                wrong.AddRange((await page.EvaluateAsync<string[]>(Judge)).Select(w => $"{name}, {width}: {w}"));
                wrong.AddRange((await page.EvaluateAsync<string[]>(Layout)).Select(w => $"{name}, {width}: {w}"));
            }
        }
    }

    [TestMethod]
    public async Task Is_valid_HTML()
    {
        using var folder = new TemporaryFolder();
        if (await Tool.RunAsync("npm", ["install", "--silent", "--no-audit", "--no-fund", "--prefix", folder.Path, "html-validate@10"]) is not { Code: 0 })
        {
            Assert.Inconclusive("NOT CHECKED: npm or its registry is not there");
            return;
        }
        await using var forum = await TestForum.StartAsync();
        await WebPages.FillAsync(forum);
        Directory.CreateDirectory(folder["pages"]);
        var names = new List<string>();
        foreach (var reader in WebPages.Readers)
        {
            using var client = new FormClient(forum.Url);
            if (reader.Length > 0)
                await client.SubmitAsync("/login", ("username", reader), ("password", "secret"));
            foreach (var (path, language) in WebPages.Of(reader).SelectMany(_ => Languages, (path, language) => (path, language)))
                await SaveAsync($"{reader} {language} {path}", await client.GetAsync(path, language));
            if (reader.Length > 0)
            {
                await SaveAsync($"{reader} refused", await client.SubmitAsync("/new", ("title", ""), ("body", "b"), ("tags", "a,b,c,d,e,f,g")));
                await SaveAsync($"{reader} preview", await client.SubmitAsync("/new", ("title", ""), ("body", "*b*"), ("tags", ""), ("preview", "1")));
            }
        }
        await File.WriteAllTextAsync(folder[".htmlvalidate.json"], JsonSerializer.Serialize(new
        {
            root = true,
            extends = (string[])["html-validate:recommended"],
            rules = new Dictionary<string, string>
            {
                ["long-title"] = "off", // a title is as long as its writer made it
                ["no-trailing-whitespace"] = "off",
                ["doctype-style"] = "off",
                ["prefer-native-element"] = "off",
                ["no-implicit-button-type"] = "off",
            },
        }));
        var program = folder["node_modules/html-validate/bin/html-validate.mjs"];
        var judged = await Tool.RunAsync("node", [program, "--config", folder[".htmlvalidate.json"], "--formatter", "text", folder["pages"]]);
        Assert.AreEqual(0, judged!.Value.Code, judged.Value.Output[..Math.Min(6000, judged.Value.Output.Length)] + string.Join('\n', names.Index()));

        async Task SaveAsync(string name, AnsweredPage page)
        {
            await File.WriteAllTextAsync(folder[$"pages/{names.Count}.html"], page.Text);
            names.Add(name);
        }
    }

    /// <summary>Forms to be seen refused or previewed, and the button that does it.</summary>
    private static (string Path, string Button)[] WithForms(string reader) => reader.Length == 0
        ? [("/login", "main .button"), ("/register", "main .button")]
        : [("/new", "main .button"), ("/new", "[name=preview]"), ("/posts/1", "[name=preview]"), ("/messages/new", "main .button")];
}
