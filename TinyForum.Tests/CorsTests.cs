namespace TinyForum.Tests;

/// <summary>Apps of other origins: they call with tokens, and only if the operator names them.</summary>
[TestClass]
public sealed class CorsTests
{
    private const string App = "https://app.example";

    [TestMethod]
    public async Task Nothing_is_allowed_by_default()
    {
        await using var forum = await TestForum.StartAsync();
        var answer = (await forum.Client().GetAsync("/api/posts", ("Origin", App))).Is(200);
        Assert.IsNull(answer.Header("Access-Control-Allow-Origin"));
        var preflight = (await forum.Client().SendAsync("OPTIONS", "/api/posts", null, ("Origin", App), ("Access-Control-Request-Method", "POST"))).Is(204);
        Assert.IsNull(preflight.Header("Access-Control-Allow-Origin"));
        Assert.IsNull(preflight.Header("Access-Control-Allow-Methods"));
    }

    [TestMethod]
    public async Task An_app_that_is_let_in_asks_first_and_then_writes_with_a_token()
    {
        await using var forum = await TestForum.StartAsync(o => o with { CorsOrigins = ["http://other.example", App] });
        var ada = (await forum.Server.Users.RegisterAsync("ada", "secret"))!;
        var (token, _) = await forum.Server.Tokens.CreateAsync(ada, "app", mayWrite: true);
        var client = forum.Client();
        var preflight = (await client.SendAsync("OPTIONS", "/api/posts", null, ("Origin", App), ("Sec-Fetch-Site", "cross-site"),
            ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization,content-type"))).Is(204);
        Assert.AreEqual(App, preflight.Header("Access-Control-Allow-Origin"));
        StringAssert.Contains(preflight.Header("Access-Control-Allow-Methods"), "POST");
        StringAssert.Contains(preflight.Header("Access-Control-Allow-Headers"), "Authorization");
        Assert.IsNull(preflight.Header("Access-Control-Allow-Credentials"));

        var posted = (await client.PostAsync("/api/posts", new { title = "t", body = "b" },
            ("Origin", App), ("Sec-Fetch-Site", "cross-site"), ("Authorization", $"Bearer {token}"))).Is(201);
        Assert.AreEqual(App, posted.Header("Access-Control-Allow-Origin"));
        StringAssert.Contains(posted.Header("Access-Control-Expose-Headers"), "Location");
    }

    [TestMethod]
    [DataRow("GET", "/api/posts", 200), DataRow("GET", "/api/posts/9", 404), DataRow("GET", "/api/posts?x=1", 400), DataRow("GET", "/api/me", 401),
    DataRow("POST", "/api/posts", 403), DataRow("GET", "/nothing", 404), DataRow("PUT", "/api/posts", 405)]
    public async Task Refusals_can_be_read_too_and_a_cookie_does_not_count(string method, string target, int status)
    {
        await using var forum = await TestForum.StartAsync(o => o with { CorsOrigins = [App] });
        var answer = (await forum.Client().SendAsync(method, target, method == "POST" ? new { title = "t", body = "b" } : null,
            ("Origin", App), ("Sec-Fetch-Site", "cross-site"))).Is(status);
        Assert.AreEqual(App, answer.Header("Access-Control-Allow-Origin"));
        if (status == 200)
            StringAssert.Contains(answer.Header("Vary"), "Origin");
    }

    [TestMethod]
    [DataRow("https://app.example.evil.example"), DataRow("http://app.example"), DataRow("https://app.example:8443"), DataRow("null"), DataRow("")]
    public async Task Another_origin_is_not_let_in(string origin)
    {
        await using var forum = await TestForum.StartAsync(o => o with { CorsOrigins = [App] });
        Assert.IsNull((await forum.Client().GetAsync("/api/posts", ("Origin", origin))).Header("Access-Control-Allow-Origin"));
    }

    [TestMethod]
    public async Task A_star_lets_any_origin_in()
    {
        await using var forum = await TestForum.StartAsync(o => o with { CorsOrigins = ["*"] });
        Assert.AreEqual("*", (await forum.Client().GetAsync("/api/posts", ("Origin", "https://any.example"))).Header("Access-Control-Allow-Origin"));
    }
}
