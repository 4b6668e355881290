using TinyForum.Data;

namespace TinyForum.Tests;

[TestClass]
public sealed class RoleTests
{
    [TestMethod]
    public async Task A_role_counts_from_the_very_next_request_and_is_logged()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        (await ada.PutAsync("/api/user/bob/role", new { role = "moderator" })).Is(403, "only an admin may do this");
        (await forum.Client().PutAsync("/api/user/bob/role", new { role = "moderator" })).Is(401, "login required");
        Assert.AreEqual(Role.Admin, (await forum.Server.Users.SetRoleAsync(Actor.System, "ada", Role.Admin))!.Role);

        var given = (await ada.PutAsync("/api/user/BOB/role", new { role = "moderator" })).Is(200, "success");
        Assert.AreEqual(("bob", "moderator"), ((string?)given["profile.username"], (string?)given["profile.role"]));
        Assert.AreEqual("moderator", (string?)(await bob.GetAsync("/api/me"))["user.role"]);
        (await ada.PutAsync("/api/user/bob/role", new { role = "moderator" })).Is(200, "success");
        (await bob.PutAsync("/api/user/bob/role", new { role = "admin" })).Is(403, "only an admin may do this");
        CollectionAssert.AreEqual(
            (string[])["1 role 2 admin", "2 role 3 moderator"],
            forum.Database.Read(c => c.All(
                "SELECT actor_id || ' ' || action || ' ' || user_id || ' ' || reason FROM moderation_log ORDER BY id", r => r.GetString(0))));
    }

    [TestMethod]
    public async Task What_is_no_role_or_no_user_is_refused()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        await forum.Server.Users.SetRoleAsync(Actor.System, "ada", Role.Admin);
        (await ada.PutAsync("/api/user/ada/role", new { role = "owner" })).IsInvalid("role", "must be member, moderator or admin");
        (await ada.PutAsync("/api/user/ada/role", new { role = 1 })).IsInvalid("role", "must be a string");
        (await ada.PutAsync("/api/user/nobody/role", new { role = "admin" })).Is(404, "user does not exist");
        (await ada.PutAsync("/api/user/system/role", new { role = "admin" })).Is(403, "system has no role");
        Assert.IsNull(await forum.Server.Users.SetRoleAsync(Actor.System, "nobody", Role.Admin));
    }

    [TestMethod]
    public async Task The_last_admin_stays_one_unless_the_command_line_says_otherwise()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        await forum.Server.Users.SetRoleAsync(Actor.System, "ada", Role.Admin);
        (await ada.PutAsync("/api/user/ada/role", new { role = "member" })).Is(409, "this is the last admin: make another one first");
        (await ada.PutAsync("/api/user/bob/role", new { role = "admin" })).Is(200, "success");
        (await ada.PutAsync("/api/user/ada/role", new { role = "member" })).Is(200, "success");
        (await ada.PutAsync("/api/user/ada/role", new { role = "admin" })).Is(403);
        await forum.Server.Users.SetRoleAsync(Actor.System, "bob", Role.Member);
        Assert.AreEqual("member", (string?)(await bob.GetAsync("/api/me"))["user.role"]);
    }

    [TestMethod]
    public async Task A_token_of_an_admin_acts_as_one_within_its_scope()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("ada");
        await forum.Server.Users.SetRoleAsync(Actor.System, "ada", Role.Admin);
        var (write, _) = await forum.Server.Tokens.CreateAsync(Actors.Of(2), "w", mayWrite: true);
        var (read, _) = await forum.Server.Tokens.CreateAsync(Actors.Of(2), "r", mayWrite: false);
        (await forum.Client().PutAsync("/api/user/ada/role", new { role = "admin" }, ("Authorization", $"Bearer {write}"))).Is(200, "success");
        (await forum.Client().PutAsync("/api/user/ada/role", new { role = "admin" }, ("Authorization", $"Bearer {read}")))
            .Is(403, "a token of scope read may not do this");
    }
}
