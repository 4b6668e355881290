using System.Buffers.Text;
using System.Text;

namespace TinyForum.Tests;

[TestClass]
public sealed class TokenTests
{
    private static (string, string) Bearer(string token) => ("Authorization", $"Bearer {token}");

    [TestMethod]
    public async Task A_token_is_shown_once_and_listed_without_itself()
    {
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = time });
        var ada = await forum.UserAsync("ada");
        var made = (await ada.PostAsync("/api/tokens", new { name = "ci", scope = "read", expires_in_days = 7 })).Is(201, "success");
        Assert.AreEqual("/api/tokens/1", made.Header("Location"));
        var token = (string)made["token.token"]!;
        Assert.AreEqual(43, token.Length);
        var list = (await ada.GetAsync("/api/tokens")).Is(200, "success");
        Assert.AreEqual(
            """[{"created_at":"2026-01-31T09:30:00.000Z","expires_at":"2026-02-07T09:30:00.000Z","id":1,"name":"ci","scope":"read"}]""",
            list["tokens"]!.ToJsonString());
        (await forum.Client().GetAsync("/api/me", Bearer(token))).Is(200, "success");
        await forum.Settled();
        Assert.AreEqual("2026-01-31T09:30:00.000Z", (string?)(await ada.GetAsync("/api/tokens"))["tokens.0.last_used_at"]);
    }

    [TestMethod]
    public async Task The_scope_says_what_a_token_may()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("ada");
        var (read, _) = await forum.Server.Tokens.CreateAsync(Actors.Of(2), "r", mayWrite: false);
        var (write, _) = await forum.Server.Tokens.CreateAsync(Actors.Of(2), "w", mayWrite: true);
        var client = forum.Client();
        (await client.GetAsync("/api/me", Bearer(read))).Is(200, "success");
        (await client.PatchAsync("/api/me", new { bio = "x" }, Bearer(read))).Is(403, "a token of scope read may not do this");
        (await client.PatchAsync("/api/me", new { bio = "x" }, Bearer(write))).Is(200, "success");
        foreach (var (method, path) in ((string, string)[])
            [("GET", "/api/sessions"), ("GET", "/api/tokens"), ("GET", "/api/me/export"),
            ("POST", "/api/logout"), ("DELETE", "/api/tokens/1"), ("DELETE", "/api/sessions/1")])
            (await client.SendAsync(method, path, null, Bearer(write))).Is(403, "a token may not do this: log in");
        (await client.PostAsync("/api/tokens", new { name = "x", scope = "write" }, Bearer(write))).Is(403, "a token may not do this: log in");
        (await client.DeleteAsync("/api/me", new { password = "secret" }, Bearer(write))).Is(403, "a token may not do this: log in");
    }

    [TestMethod]
    [DataRow("Bearer nonsense"), DataRow("bearer nonsense"), DataRow("Bearer"), DataRow("Bearer  ")]
    public async Task A_token_that_is_no_good_is_a_401_even_where_anyone_may_read(string header)
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        foreach (var path in (string[])["/api/me", "/api/user/ada"])
        {
            var refused = (await ada.GetAsync(path, ("Authorization", header))).Is(401, "the token is not valid");
            Assert.AreEqual("Bearer realm=\"TinyForum\", error=\"invalid_token\"", refused.Header("WWW-Authenticate"));
        }
        Assert.AreEqual("Bearer realm=\"TinyForum\"", (await forum.Client().GetAsync("/api/me")).Is(401, "login required").Header("WWW-Authenticate"));
    }

    [TestMethod]
    [DataRow("Basic YTpi"), DataRow("Bearerish x")]
    public async Task Another_scheme_is_not_ours_to_judge(string header)
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.GetAsync("/api/me", ("Authorization", header))).Is(200, "success");
        (await forum.Client().GetAsync("/api/me", ("Authorization", header))).Is(401, "login required");
    }

    [TestMethod]
    public async Task A_token_ends_when_it_was_said_to_or_when_its_owner_ends_it()
    {
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = time });
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        var (day, _) = await forum.Server.Tokens.CreateAsync(Actors.Of(2), "day", mayWrite: true, days: 1);
        var (ever, token) = await forum.Server.Tokens.CreateAsync(Actors.Of(2), "ever", mayWrite: true);
        time.Advance(TimeSpan.FromDays(1) - TimeSpan.FromMilliseconds(1));
        (await forum.Client().GetAsync("/api/me", Bearer(day))).Is(200);
        await forum.Settled(); // its last use is written
        (await forum.Client().GetAsync("/api/me", Bearer(day))).Is(200); // and who it is, is kept in memory
        time.Advance(TimeSpan.FromMilliseconds(1));
        (await forum.Client().GetAsync("/api/me", Bearer(day))).Is(401, "the token is not valid");
        Assert.HasCount(1, (await ada.GetAsync("/api/tokens"))["tokens"]!.AsArray());

        (await bob.DeleteAsync($"/api/tokens/{token.Id}")).Is(404, "token does not exist");
        (await forum.Client().GetAsync("/api/me", Bearer(ever))).Is(200);
        (await ada.DeleteAsync($"/api/tokens/{token.Id}")).Is(200, "success");
        (await forum.Client().GetAsync("/api/me", Bearer(ever))).Is(401);
        (await ada.DeleteAsync($"/api/tokens/{token.Id}")).Is(404, "token does not exist");
        await forum.Server.Tokens.CreateAsync(Actors.Of(3), "bob's", mayWrite: true);
        Assert.AreEqual(1, forum.Database.Read(c => c.Number("SELECT count(*) FROM tokens")), "what has expired is swept");
    }

    [TestMethod]
    public async Task What_breaks_a_rule_is_named()
    {
        await using var forum = await TestForum.StartAsync();
        _ = forum.Server;
        var ada = await forum.UserAsync("ada");
        var all = await ada.PostAsync("/api/tokens", new { name = "", scope = "admin", expires_in_days = 0 });
        all.IsInvalid("name").IsInvalid("scope", "must be read or write").IsInvalid("expires_in_days", "must be 1 to 3650");
        (await ada.PostAsync("/api/tokens", new { name = "a", scope = "read", expires_in_days = 3651 })).IsInvalid("expires_in_days");
        (await ada.PostAsync("/api/tokens", new { name = "a" })).IsInvalid("scope", "is required");
        await Assert.ThrowsExactlyAsync<RefusalException>(() => forum.Server.Tokens.CreateAsync(Actors.Of(2), "a", mayWrite: true, days: long.MaxValue));
        for (var i = 0; i < 50; i++)
            await forum.Server.Tokens.CreateAsync(Actors.Of(2), "a", mayWrite: true);
        (await ada.PostAsync("/api/tokens", new { name = "a", scope = "read" })).Is(409);
    }

    [TestMethod]
    public async Task A_retry_gets_the_same_token_which_is_not_stored_in_the_clear()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        var first = (await ada.PostAsync("/api/tokens", new { name = "ci", scope = "read" }, ("Idempotency-Key", "k"))).Is(201);
        var again = (await ada.PostAsync("/api/tokens", new { name = "ci", scope = "read" }, ("Idempotency-Key", "k"))).Is(201);
        Assert.AreEqual((first.Text, "true"), (again.Text, again.Header("Idempotency-Replayed")));
        Assert.HasCount(1, forum.Server.Tokens.List(Actors.Of(2)));
        var stored = forum.Database.Read(c => c.All("SELECT hex(fingerprint) || hex(salt) || key FROM idempotency_keys", r => r.GetString(0)));
        var secret = (string)first["token.token"]!;
        foreach (var form in (string[])[secret, Convert.ToHexString(Encoding.UTF8.GetBytes(secret)), Convert.ToHexString(Base64Url.DecodeFromChars(secret))])
            Assert.DoesNotContain(form, stored.Single());
    }
}
