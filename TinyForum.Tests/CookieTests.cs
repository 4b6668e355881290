using System.Net;

namespace TinyForum.Tests;

/// <summary>The session's cookie: its name, and what happens if there are several.</summary>
[TestClass]
public sealed class CookieTests
{
    [TestMethod]
    public async Task Each_cookie_of_the_name_is_tried()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = (await forum.Server.Users.RegisterAsync("ada", "secret"))!;
        var token = await forum.Server.Sessions.StartAsync(ada, "127.0.0.1", "");
        using var client = new TestClient(forum.Url, cookies: false);
        foreach (var cookies in (string[])[$"tinyforum_session=stale; tinyforum_session={token}", $"tinyforum_session={token}; tinyforum_session=",
            $"a=b; tinyforum_session=\"{token}\"", $"tinyforum_session=stale; __Host-tinyforum_session={token}"])
            (await client.GetAsync("/api/me", ("Cookie", cookies))).Is(200);
        foreach (var cookies in (string[])[$"tinyforum_sessions={token}",
            $"xtinyforum_session={token}", "tinyforum_session=stale; tinyforum_session=", $"Tinyforum_session={token}"])
            (await client.GetAsync("/api/me", ("Cookie", cookies))).Is(401);
    }

    [TestMethod]
    public async Task It_has_the_name_that_it_is_given_and_a_prefix_over_https()
    {
        await using var forum = await TestForum.StartAsync(o => o with { CookieName = "club", TrustedProxies = [IPNetwork.Parse("127.0.0.1/32")] });
        using var client = new TestClient(forum.Url, cookies: false);
        var account = new { username = "ada", password = "secret" };
        (await client.PostAsync("/api/register", account)).Is(200);
        var plain = (await client.PostAsync("/api/login", account)).Is(200).Header("Set-Cookie")!;
        StringAssert.StartsWith(plain, "club=");
        (string, string) https = ("X-Forwarded-Proto", "https");
        var secure = (await client.PostAsync("/api/login", account, https)).Is(200).Header("Set-Cookie")!;
        StringAssert.StartsWith(secure, "__Host-club=");
        StringAssert.Contains(secure, "; Path=/;");
        StringAssert.EndsWith(secure, "; Secure");
        Assert.DoesNotContain("Domain", secure);
        var cookie = ("Cookie", secure.Split(';')[0]);
        (await client.GetAsync("/api/me", https, cookie)).Is(200);
        StringAssert.StartsWith((await client.PostAsync("/api/logout", null, https, cookie)).Is(200).Header("Set-Cookie"), "__Host-club=;");
        StringAssert.Contains((await client.GetAsync("/api/openapi.json")).Text, "\"name\": \"club\"");
    }

    [TestMethod]
    [DataRow("10.0.0.0/8", false), DataRow("127.0.0.0/8", true), DataRow("127.0.0.1/32", true), DataRow("127.0.0.2/32", false)]
    public async Task Only_a_proxy_in_a_trusted_network_is_believed(string network, bool isBelieved)
    {
        await using var forum = await TestForum.StartAsync(o => o with { TrustedProxies = [IPNetwork.Parse(network)] });
        var ada = await forum.UserAsync("ada");
        var cookie = (await ada.PostAsync("/api/login", new { username = "ada", password = "secret" }, ("X-Forwarded-Proto", "https"))).Header("Set-Cookie")!;
        Assert.AreEqual(isBelieved, cookie.StartsWith("__Host-", StringComparison.Ordinal));
    }

    [TestMethod]
    public async Task A_proxy_that_is_not_trusted_is_warned_of_once()
    {
        var warnings = new System.Collections.Concurrent.ConcurrentQueue<string>();
        await using var forum = await TestForum.StartAsync(o => o with
        {
            Log = entry =>
            {
                if (entry.Severity == LogSeverity.Warning)
                    warnings.Enqueue(entry.Message);
            },
        });
        (await forum.Client().GetAsync("/api/posts")).Is(200);
        Assert.IsEmpty(warnings);
        for (var i = 0; i < 3; i++)
            (await forum.Client().GetAsync($"/api/posts/{i + 1}", ("X-Forwarded-For", "203.0.113.7"))).Is(404);
        StringAssert.StartsWith(warnings.Single(), "127.0.0.1 forwards requests but is not trusted");
    }
}
