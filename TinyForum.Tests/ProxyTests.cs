namespace TinyForum.Tests;

/// <summary>The proxies that docs/deploy.md configures, with the configuration that it shows but for names, ports and TLS.</summary>
[TestClass]
public sealed class ProxyTests
{
    [TestMethod]
    [DataRow("nginx of the docs"), DataRow("caddy of the docs"), DataRow("haproxy of the docs")]
    public async Task The_configuration_of_the_docs_does_what_the_forum_needs(string name)
    {
        await using var forum = await TestForum.StartAsync(o => o with { TrustedProxies = ForumOptions.NearNetworks });
        using var proxy = await Proxy.StartAsync(name, forum.Url);
        if (proxy is null)
        {
            Assert.Inconclusive($"NOT CHECKED: {name.Split(' ')[0]} is not installed");
            return;
        }
        using var ada = new TestClient(proxy.Url);
        var account = new { username = "ada", password = "secret" };
        (await ada.PostAsync("/api/register", account)).Is(200, "success");
        (await ada.PostAsync("/api/login", account, ("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https"))).Is(200, "success");
        Assert.AreEqual("127.0.0.1", (string?)(await ada.GetAsync("/api/sessions")).Is(200)["sessions.0.ip"], "what the client says of itself is overwritten");
        (await ada.PostAsync("/api/posts", new { title = "t", body = new string('x', 30_000) })).Is(201);
        (await ada.GetAsync("/api/posts/1", ("Origin", "https://forum.example"), ("Sec-Fetch-Site", "same-origin"))).Is(200);
        (await ada.PatchAsync("/api/posts/1", new { body = "y" }, ("Sec-Fetch-Site", "cross-site"))).Is(403);
        using var stranger = new TestClient(proxy.Url);
        (await stranger.GetAsync("/metrics")).Is(401);
        (await stranger.GetAsync("/api/logout/ada")).Is(401);
        (await ada.GetAsync("/api/me")).Is(200);
    }

    [TestMethod]
    [DataRow("nginx of the docs"), DataRow("caddy of the docs"), DataRow("haproxy of the docs"), DataRow("nginx"), DataRow("caddy"), DataRow("haproxy")]
    public async Task Events_pass_as_they_happen(string name)
    {
        await using var forum = await TestForum.StartAsync(o => o with { TrustedProxies = ForumOptions.NearNetworks });
        using var proxy = await Proxy.StartAsync(name, forum.Url);
        if (proxy is null)
        {
            Assert.Inconclusive($"NOT CHECKED: {name.Split(' ')[0]} is not installed");
            return;
        }
        var ada = await forum.UserAsync("ada");
        await using var reader = await EventReader.OpenAsync(proxy.Url, "/api/events");
        await reader.NextAsync("hello");
        for (var i = 0; i < 3; i++)
        {
            (await ada.PostAsync("/api/posts", new { title = $"{i}", body = "b" })).Is(201);
            Assert.AreEqual($"{i}", (string?)(await reader.NextAsync("thread.created"))["post"]!["title"]);
        }
    }
}
