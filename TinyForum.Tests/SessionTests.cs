using TinyForum.Data;

namespace TinyForum.Tests;

[TestClass]
public sealed class SessionTests
{
    private static readonly object Secret = new { username = "ada", password = "secret" };

    [TestMethod]
    public async Task The_cookie_is_out_of_reach_of_scripts_and_of_other_sites()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("ada");
        var cookie = (await forum.Client().PostAsync("/api/login", Secret)).Header("Set-Cookie")!;
        Assert.MatchesRegex("^tinyforum_session=[A-Za-z0-9_-]{43}; Max-Age=1209600; Path=/; HttpOnly; SameSite=Lax$", cookie);
        var token = cookie.Split('=', ';')[1];
        Assert.AreEqual(0, forum.Database.Read(c => c.Number("SELECT count(*) FROM sessions WHERE instr(digest, $token)", ("$token", token))));
    }

    [TestMethod]
    public async Task A_session_ends_14_days_after_its_last_use()
    {
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = time });
        var (ada, idle) = (await forum.UserAsync("ada"), forum.Client());
        (await idle.PostAsync("/api/login", Secret)).Is(200, "success");
        time.Advance(TimeSpan.FromDays(13));
        Assert.Contains("Max-Age=1209600", (await ada.GetAsync("/api/me")).Is(200).Header("Set-Cookie")!, "the browser's copy lives on, too");
        await forum.Settled();
        Assert.IsNull((await ada.GetAsync("/api/me")).Is(200).Header("Set-Cookie"));
        time.Advance(TimeSpan.FromDays(1));
        (await idle.GetAsync("/api/me")).Is(401, "login required");
        (await ada.GetAsync("/api/me")).Is(200);
        await forum.Settled();
        (await idle.PostAsync("/api/login", Secret)).Is(200, "success");
        (await idle.GetAsync("/api/me")).Is(200); // who it is, is kept in memory, and nothing is written from here on
        time.Advance(TimeSpan.FromDays(14));
        foreach (var client in (TestClient[])[idle, ada])
            (await client.GetAsync("/api/me")).Is(401, "login required");
        (await forum.Client().GetAsync("/api/logout/ada")).Is(200, "user did not log in");
    }

    [TestMethod]
    public async Task The_last_use_is_written_at_most_once_a_minute()
    {
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = time });
        var ada = await forum.UserAsync("ada");
        var version = forum.Database.Version();
        time.Advance(TimeSpan.FromSeconds(59));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ada.GetAsync("/api/me")));
        await forum.Settled();
        Assert.AreEqual(version, forum.Database.Version());
        time.Advance(TimeSpan.FromSeconds(1));
        await ada.GetAsync("/api/me");
        await forum.Settled();
        Assert.AreNotEqual(version, forum.Database.Version());
        Assert.AreEqual("2026-01-31T09:31:00.000Z", (string?)(await ada.GetAsync("/api/sessions"))["sessions.0.last_used_at"]);
    }

    [TestMethod]
    public async Task Expired_rows_are_swept_and_the_session_unused_longest_makes_room_for_the_51st()
    {
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = time });
        var (first, second) = (await forum.UserAsync("ada"), forum.Client());
        time.Advance(TimeSpan.FromMinutes(1));
        (await second.PostAsync("/api/login", Secret)).Is(200, "success");
        time.Advance(TimeSpan.FromMinutes(1));
        (await first.GetAsync("/api/me")).Is(200); // now the second is the one unused longest
        await forum.Settled();
        for (var i = 0; i < 49; i++)
            Assert.IsNotNull(await forum.Server.Sessions.StartAsync(Actors.Of(2), "", ""));
        (await second.GetAsync("/api/me")).Is(401);
        (await first.GetAsync("/api/me")).Is(200);
        Assert.HasCount(50, forum.Server.Sessions.List(Actors.Of(2)));

        time.Advance(TimeSpan.FromDays(15));
        Assert.IsEmpty(forum.Server.Sessions.List(Actors.Of(2)));
        await forum.UserAsync("bob");
        Assert.AreEqual(1, forum.Database.Read(c => c.Number("SELECT count(*) FROM sessions")));
    }

    [TestMethod]
    public async Task Ones_own_sessions_can_be_seen_and_ended()
    {
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = time });
        var (ada, bob, phone) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"), forum.Client());
        time.Advance(TimeSpan.FromSeconds(1));
        (await phone.PostAsync("/api/login", Secret, ("User-Agent", "phone " + new string('x', 300)))).Is(200, "success");
        var list = (await ada.GetAsync("/api/sessions")).Is(200, "success");
        var here = list["sessions.1"]!;
        Assert.AreEqual(
            """{"created_at":"2026-01-31T09:30:00.000Z","current":true,"expires_at":"2026-02-14T09:30:00.000Z","id":"""
            + """1,"ip":"127.0.0.1","last_used_at":"2026-01-31T09:30:00.000Z","user_agent":""}""",
            here.ToJsonString());
        Assert.AreEqual((false, 256), ((bool)list["sessions.0.current"]!, ((string)list["sessions.0.user_agent"]!).Length));

        var there = (long)list["sessions.0.id"]!;
        (await bob.DeleteAsync($"/api/sessions/{there}")).Is(404, "session does not exist");
        (await phone.GetAsync("/api/me")).Is(200);
        (await ada.DeleteAsync($"/api/sessions/{there}")).Is(200, "success");
        (await phone.GetAsync("/api/me")).Is(401);
        (await ada.DeleteAsync($"/api/sessions/{there}")).Is(404, "session does not exist");
        (await ada.DeleteAsync("/api/sessions/x")).Is(404, "not found");
        Assert.Contains("Max-Age=0", (await ada.DeleteAsync("/api/sessions/1")).Is(200, "success").Header("Set-Cookie")!);
        (await ada.GetAsync("/api/sessions")).Is(401);
    }

    [TestMethod]
    public async Task A_stale_cookie_is_as_good_as_none()
    {
        await using var forum = await TestForum.StartAsync();
        var client = forum.Client();
        (await client.GetAsync("/api/user/system", ("Cookie", "tinyforum_session=stale"))).Is(200, "success");
        (await client.GetAsync("/api/me", ("Cookie", "tinyforum_session=stale"))).Is(401, "login required");
        (await client.PostAsync("/api/register", Secret, ("Cookie", "a=b; tinyforum_session=; c"))).Is(200, "success");
        (await client.PostAsync("/api/login", Secret, ("Cookie", "tinyforum_session=stale"))).Is(200, "success");
    }

    [TestMethod]
    public async Task Logging_out_ends_the_session_that_sent_it_and_no_other()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, phone) = (await forum.UserAsync("ada"), forum.Client());
        (await phone.PostAsync("/api/login", Secret)).Is(200, "success");
        Assert.Contains("Max-Age=0", (await phone.PostAsync("/api/logout")).Is(200, "success").Header("Set-Cookie")!);
        (await phone.PostAsync("/api/logout")).Is(401, "login required");
        (await ada.GetAsync("/api/me")).Is(200);
    }

    [TestMethod]
    public async Task A_suspended_account_is_told_why_and_gets_in_again_when_it_is_over()
    {
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = time });
        var ada = await forum.UserAsync("ada");
        var (token, _) = await forum.Server.Tokens.CreateAsync(Actors.Of(2), "ci", mayWrite: true);
        await forum.Database.WriteAsync(c => c.Execute(
            "UPDATE users SET suspension = 'spam', suspended_until = $until WHERE id = 2", ("$until", time.Now() + 60_000)));

        (await ada.GetAsync("/api/me")).Is(401, "login required");
        (await forum.Client().GetAsync("/api/me", ("Authorization", $"Bearer {token}"))).Is(401);
        (await ada.PostAsync("/api/login", Secret)).Is(403, "this account is suspended until 2026-01-31T09:31:00.000Z: spam");
        (await ada.PostAsync("/api/login", new { username = "ada", password = "wrong" })).Is(200, "username and password do not match");
        Assert.IsNull(await forum.Server.Sessions.StartAsync(Actors.Of(2), "", ""));

        time.Advance(TimeSpan.FromMinutes(1));
        (await ada.PostAsync("/api/login", Secret)).Is(200, "success");
        await forum.Database.WriteAsync(c => c.Execute("UPDATE users SET suspended_until = NULL WHERE id = 2"));
        (await ada.PostAsync("/api/login", Secret)).Is(403, "this account is suspended: spam");
    }

    [TestMethod]
    public async Task What_ends_a_session_in_one_process_ends_it_in_every_process_on_the_database()
    {
        var folder = Directory.CreateTempSubdirectory("tinyforum-");
        try
        {
            var file = Path.Combine(folder.FullName, "forum.db");
            await using var one = await TestForum.StartAsync(o => o with { Database = file });
            await using var other = await TestForum.StartAsync(o => o with { Database = file });
            var (ada, bob) = (await one.UserAsync("ada"), await one.UserAsync("bob"));
            (await other.Client().GetAsync("/api/user/ada")).Is(200, "success");
            using var there = other.Client();
            (await there.PostAsync("/api/login", Secret)).Is(200, "success");
            (await there.GetAsync("/api/me")).Is(200);
            (await one.Client().GetAsync("/api/logout/ada")).Is(200, "success");
            (await there.GetAsync("/api/me")).Is(401);

            await other.Server.Users.SetRoleAsync(Actor.System, "bob", Role.Admin);
            Assert.AreEqual("admin", (string?)(await bob.GetAsync("/api/me"))["user.role"]);
            await other.Server.Users.SetRoleAsync(Actor.System, "bob", Role.Member);
            await other.Server.Users.EraseAsync(Actors.Of(3));
            (await bob.GetAsync("/api/me")).Is(401);
            (await one.Client().GetAsync("/api/user/bob")).Is(200, "user does not exist");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
