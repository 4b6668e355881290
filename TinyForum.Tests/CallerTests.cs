using System.Net;
using FsCheck.Fluent;
using TinyForum.Data;
using TinyForum.Http;

namespace TinyForum.Tests;

/// <summary>Who is calling, from where, and on whose page.</summary>
[TestClass]
public sealed class CallerTests
{
    private const string LogOut = "/api/logout/ada";

    [TestMethod]
    public async Task A_user_logs_out_everywhere_by_a_session_or_a_write_token()
    {
        await using var forum = await TestForum.StartAsync(o => o with { AnonymousLogout = false });
        var (ada, other) = (await forum.UserAsync("ada"), forum.Client());
        (await other.PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200, "success");
        (await ada.GetAsync(LogOut)).Is(403, "over http a cookie is not enough for this: use POST /api/logout or a token");
        foreach (var place in (string[])["document", "image", "iframe"])
            (await ada.GetAsync(LogOut, ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Dest", place)))
                .Is(403, "following a link is not enough for this: use POST /api/logout or a token");
        (await ada.GetAsync(LogOut, ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Dest", "empty"))).Is(200, "success");
        (await ada.GetAsync("/api/me")).Is(401);
        (await other.GetAsync("/api/me")).Is(401);

        var (read, _) = await forum.Server.Tokens.CreateAsync(Actors.Of(2), "r", mayWrite: false);
        var (write, _) = await forum.Server.Tokens.CreateAsync(Actors.Of(2), "w", mayWrite: true);
        (await other.PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200, "success");
        (await forum.Client().GetAsync(LogOut, ("Authorization", $"Bearer {read}"))).Is(403, "a token of scope read may not do this");
        (await forum.Client().GetAsync(LogOut, ("Authorization", $"Bearer {write}"))).Is(200, "success");
        (await forum.Client().GetAsync(LogOut, ("Authorization", $"Bearer {write}"))).Is(200, "user did not log in");
        (await other.GetAsync("/api/me")).Is(401);
    }

    [TestMethod]
    public async Task Another_user_does_not_log_one_out_but_an_admin_does()
    {
        await using var forum = await TestForum.StartAsync(o => o with { AnonymousLogout = true });
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        (await bob.GetAsync(LogOut)).Is(403, "only the user or an admin may do this");
        await forum.Server.Users.SetRoleAsync(Actor.System, "bob", Role.Moderator);
        (await bob.GetAsync(LogOut)).Is(403, "only the user or an admin may do this");
        (await ada.GetAsync("/api/me")).Is(200);
        await forum.Server.Users.SetRoleAsync(Actor.System, "bob", Role.Admin);
        (await bob.GetAsync(LogOut)).Is(200, "success");
        (await ada.GetAsync("/api/me")).Is(401);
        (await bob.GetAsync(LogOut)).Is(200, "user did not log in");
        (await bob.GetAsync("/api/logout/nobody")).Is(200, "user does not exist");
    }

    [TestMethod]
    [DataRow(null, "http://127.0.0.1:0", true, DisplayName = "on by itself on loopback")]
    [DataRow(null, "http://*:0", false, DisplayName = "off by itself elsewhere")]
    [DataRow(true, "http://*:0", true, DisplayName = "switched on elsewhere")]
    [DataRow(false, "http://127.0.0.1:0", false, DisplayName = "switched off on loopback")]
    public async Task Anyone_on_this_machine_logs_a_user_out_while_that_is_on(bool? setting, string listen, bool honoured)
    {
        await using var forum = await TestForum.StartAsync(o => o with { AnonymousLogout = setting, Listen = [listen] });
        var ada = await forum.UserAsync("ada");
        (await forum.Client().GetAsync(LogOut)).Is(honoured ? 200 : 401, honoured ? "success" : "login required");
        (await ada.GetAsync("/api/me")).Is(honoured ? 401 : 200);
    }

    [TestMethod]
    [DataRow("X-Forwarded-For", "203.0.113.7", 401), DataRow("X-Forwarded-Proto", "https", 401),
    DataRow("x-forwarded-host", "a", 401), DataRow("Forwarded", "for=203.0.113.7", 401)]
    [DataRow("Via", "1.1 proxy", 401), DataRow("x-real-ip", "203.0.113.7", 401), DataRow("CF-Connecting-IP", "203.0.113.7", 401)]
    [DataRow("True-Client-IP", "203.0.113.7", 401), DataRow("X-Client-IP", "203.0.113.7", 401), DataRow("X-Original-Forwarded-For", "203.0.113.7", 401)]
    [DataRow("Sec-Fetch-Site", "cross-site", 403), DataRow("Sec-Fetch-Site", "same-site", 403),
    DataRow("Origin", "http://evil.example", 403), DataRow("Authorization", "Bearer nonsense", 401)]
    [DataRow("Sec-Fetch-Site", "none", 200), DataRow("Sec-Fetch-Site", "same-origin", 200), DataRow("Cookie", "tinyforum_session=stale", 200)]
    public async Task Nobody_logs_a_user_out_through_a_proxy_or_from_another_sites_page(string header, string value, int status)
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("ada");
        (await forum.Client().GetAsync(LogOut, (header, value))).Is(status);
    }

    [TestMethod]
    [DataRow("same-origin", "http://{host}", true, DisplayName = "a page of ours")]
    [DataRow("none", null, true, DisplayName = "typed into the address bar")]
    [DataRow("cross-site", "http://evil.example", false, DisplayName = "a form on another site")]
    [DataRow("cross-site", "null", false, DisplayName = "a sandboxed frame")]
    [DataRow("same-site", "http://sub.{host}", false, DisplayName = "a sister site")]
    [DataRow("cross-site", "http://{host}", false, DisplayName = "Sec-Fetch-Site decides where both are there")]
    [DataRow("same-origin", "http://evil.example", true, DisplayName = "and so for one behind a proxy that renames")]
    [DataRow(null, "http://{host}", true, DisplayName = "an older browser, our page")]
    [DataRow(null, "https://{host}", true, DisplayName = "an older browser, our page, https ending at a proxy")]
    [DataRow(null, "HTTP://{host}", true, DisplayName = "an older browser, another spelling")]
    [DataRow(null, "http://evil.example", false, DisplayName = "an older browser, another site")]
    [DataRow(null, "ftp://{host}", false, DisplayName = "an older browser, no page")]
    [DataRow(null, "http://{host}.evil.example", false, DisplayName = "an older browser, a site named after us")]
    [DataRow(null, "http://127.0.0.1:1", false, DisplayName = "an older browser, another port")]
    [DataRow(null, "null", false, DisplayName = "an older browser, a sandboxed frame")]
    [DataRow(null, null, true, DisplayName = "curl")]
    public async Task What_changes_something_is_refused_to_other_sites_pages(string? site, string? origin, bool allowed)
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        var headers = new List<(string, string)>();
        if (site is not null)
            headers.Add(("Sec-Fetch-Site", site));
        if (origin is not null)
            headers.Add(("Origin", origin.Replace("{host}", forum.Url.Authority, StringComparison.Ordinal)));
        foreach (var (method, path, body) in ((string, string, object?)[])
            [("PATCH", "/api/me", new { bio = "x" }), ("DELETE", "/api/tokens/7", null),
                ("PUT", "/api/me/password", new { current = "x", @new = "y" }),
                ("POST", "/api/login", new { username = "x", password = "y" }), ("GET", LogOut, null)])
        {
            var answer = await ada.SendAsync(method, path, body, [.. headers]);
            Assert.AreEqual(allowed, (string?)answer["message"] != "cross-site requests may not change anything", $"{answer.Request}\n{answer.Text}");
            Assert.IsTrue(allowed || answer.Status == HttpStatusCode.Forbidden);
        }
        (await forum.Client().GetAsync("/api/user/ada", [.. headers])).Is(200, "success");
    }

    [TestMethod]
    public async Task A_proxy_is_believed_only_if_told_to_and_then_its_last_word()
    {
        foreach (var trust in (bool[])[false, true])
        {
            await using var forum = await TestForum.StartAsync(o => o with { TrustedProxies = trust ? ForumOptions.NearNetworks : [] });
            var ada = await forum.UserAsync("ada");
            var login = (await ada.PostAsync("/api/login", new { username = "ada", password = "secret" },
                ("X-Forwarded-For", "198.51.100.1, 203.0.113.7"), ("X-Forwarded-Proto", "https"))).Is(200, "success");
            Assert.AreEqual(trust, login.Header("Set-Cookie")!.EndsWith("; Secure", StringComparison.Ordinal));
            Assert.AreEqual(trust ? "203.0.113.7" : "127.0.0.1", forum.Server.Sessions.List(Actors.Of(2))[0].Ip);
            Assert.DoesNotContain("Secure", (await ada.PostAsync("/api/login", new { username = "ada", password = "secret" })).Header("Set-Cookie")!);
        }
    }

    [TestMethod]
    [DataRow("127.0.0.1", true), DataRow("127.8.8.8", true), DataRow("10.1.2.3", true), DataRow("172.16.0.1", true), DataRow("172.31.255.255", true)]
    [DataRow("192.168.1.1", true), DataRow("169.254.1.1", true), DataRow("::1", true),
    DataRow("fd00::1", true), DataRow("fe80::1", true), DataRow("::ffff:10.0.0.1", true), DataRow("100.64.0.1", true), DataRow("100.127.255.255", true)]
    [DataRow("172.32.0.1", false), DataRow("172.15.0.1", false), DataRow("11.0.0.1", false), DataRow("192.169.0.1", false), DataRow("203.0.113.7", false)]
    [DataRow("2001:db8::1", false), DataRow("::ffff:203.0.113.7", false), DataRow("255.255.255.255", false), DataRow("100.128.0.1", false)]
    public void Only_a_proxy_that_is_near_is_believed(string peer, bool believed) =>
        Assert.AreEqual(believed, ForwardedHeaders.IsTrusted(IPAddress.Parse(peer), ForumOptions.NearNetworks));

    [TestMethod]
    public void Addresses_are_one_client_when_they_are_one_IPv4_address_or_one_IPv6_network()
    {
        Prop.ForAll<byte[], byte[]>((a, b) =>
        {
            var (x, y) = (Bytes(a), Bytes(b));
            var same = AddressBlock.Of(new IPAddress(x)) == AddressBlock.Of(new IPAddress(y));
            var isMapped = new IPAddress(x).IsIPv4MappedToIPv6 || new IPAddress(y).IsIPv4MappedToIPv6;
            Assert.IsTrue(isMapped || same == x.AsSpan(0, 8).SequenceEqual(y.AsSpan(0, 8)));
            Assert.AreEqual(AddressBlock.Of(new IPAddress(x[..4])), AddressBlock.Of(new IPAddress(x[..4]).MapToIPv6()));
            Assert.AreEqual(x.AsSpan(0, 4).SequenceEqual(y.AsSpan(0, 4)), AddressBlock.Of(new IPAddress(x[..4])) == AddressBlock.Of(new IPAddress(y[..4])));
            Assert.AreNotEqual(AddressBlock.Of(new IPAddress(x[..4])), AddressBlock.Of(IPAddress.Parse($"2001:db8::{x[0]:x}")));
        }).Holds();

        static byte[] Bytes(byte[] some) => [.. Enumerable.Range(0, 16).Select(i => some.Length == 0 ? (byte)0 : some[i % some.Length])];
    }
}
