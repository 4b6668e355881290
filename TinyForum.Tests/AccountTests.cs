using TinyForum.Data;
using TinyForum.Passwords;

namespace TinyForum.Tests;

[TestClass]
public sealed class AccountTests
{
    private static readonly object Secret = new { username = "ada", password = "secret" };

    [TestMethod]
    public async Task Logging_in_gives_a_cookie_by_which_me_is_known()
    {
        await using var forum = await TestForum.StartAsync();
        var client = await forum.UserAsync("ada");
        var me = (await client.GetAsync("/api/me")).Is(200, "success");
        Assert.AreEqual("ada", (string?)me["user.username"]);
        (await client.PostAsync("/api/logout")).Is(200, "success");
        (await client.GetAsync("/api/me")).Is(401, "login required");
    }

    [TestMethod]
    public async Task One_of_64_who_register_a_name_at_once_gets_it()
    {
        await using var forum = await TestForum.StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => forum.Client().PostAsync("/api/register", Secret)));
        Assert.AreEqual(1, answers.Count(a => (string?)a["status"] == "success"));
        Assert.AreEqual(63, answers.Count(a => (string?)a["message"] == "username already exists"));
    }

    [TestMethod]
    public async Task Names_are_one_whatever_their_case_and_width_and_shown_as_registered()
    {
        await using var forum = await TestForum.StartAsync();
        var client = forum.Client();
        (await client.PostAsync("/api/register", new { username = "Ada", password = "secret" })).Is(200, "success");
        (await client.PostAsync("/api/register", new { username = "ＡＤＡ", password = "secret" })).Is(200, "username already exists");
        (await client.PostAsync("/api/login", Secret)).Is(200, "success");
        Assert.AreEqual("Ada", (string?)(await client.GetAsync("/api/user/%EF%BD%81da"))["user.username"]);
    }

    [TestMethod]
    public async Task A_name_that_looks_like_one_there_is_is_taken()
    {
        await using var forum = await TestForum.StartAsync();
        foreach (var (name, other) in ((string, string)[])[("coco", "сосо"), ("Ivy", "lvy"), ("Ina", "i\u0307na"), ("口", "ロ"), ("ахе", "Axe")])
        {
            (await forum.Client().PostAsync("/api/register", new { username = name, password = "secret" })).Is(200, "success");
            var refused = await forum.Client().PostAsync("/api/register", new { username = other, password = "secret" });
            Assert.AreEqual("""{"message":"username already exists","status":"fail"}""", refused.Is(200).Json!.ToJsonString());
            Assert.IsNull(await forum.Server.Users.RegisterAsync(other, "secret"));
            Assert.IsNull(forum.Server.Users.Find(other), "it is nobody's name");
        }
        (await forum.Client().PostAsync("/api/register", new { username = "deIeted", password = "secret" })).IsInvalid("username");
    }

    [TestMethod]
    public async Task Of_those_who_register_names_that_look_alike_at_once_one_gets_his()
    {
        await using var forum = await TestForum.StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i =>
            forum.Client().PostAsync("/api/register", new { username = i % 2 == 0 ? "coco" : "сосо", password = "secret" })));
        Assert.AreEqual(1, answers.Count(a => (string?)a["status"] == "success"));
    }

    [TestMethod]
    public async Task An_erased_account_leaves_its_name_and_what_looks_like_it()
    {
        await using var forum = await TestForum.StartAsync();
        var coco = await forum.UserAsync("coco");
        (await coco.DeleteAsync("/api/me", new { password = "secret" })).Is(200);
        (await forum.Client().PostAsync("/api/register", new { username = "сосо", password = "secret" })).Is(200, "success");
    }

    [TestMethod]
    [DataRow("system", "secret", "username"), DataRow("deleted", "secret", "username"), DataRow("Me", "secret", "username")]
    [DataRow("", "secret", "username"), DataRow("a b", "secret", "username"), DataRow("аdmin", "secret", "username")]
    [DataRow("ada", "1234", "password")]
    public async Task A_name_or_password_against_the_rules_is_refused(string username, string password, string field)
    {
        await using var forum = await TestForum.StartAsync();
        (await forum.Client().PostAsync("/api/register", new { username, password })).IsInvalid(field);
    }

    [TestMethod]
    public async Task The_built_in_accounts_cannot_log_in()
    {
        await using var forum = await TestForum.StartAsync();
        var client = forum.Client();
        (await client.PostAsync("/api/login", new { username = "system", password = "secret" })).Is(200, "username and password do not match");
        (await client.PostAsync("/api/login", new { username = "deleted", password = "secret" })).Is(200, "user does not exist");
        (await client.PostAsync("/api/login", new { username = "nobody", password = "secret" })).Is(200, "user does not exist");
        (await client.PostAsync("/api/login", new { username = "\u0001", password = "secret" })).Is(200, "user does not exist");
        Assert.AreEqual(1, (int?)(await client.GetAsync("/api/user/system"))["user.id"]);
        (await client.GetAsync("/api/user/deleted")).Is(200, "user does not exist");
    }

    [TestMethod]
    public async Task Me_and_the_profile_show_what_the_contract_says()
    {
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = time });
        var ada = await forum.UserAsync("ada");
        Assert.AreEqual("""
            {
              "status": "success",
              "user": {
                "created_at": "2026-01-31T09:30:00.000Z",
                "id": 2,
                "role": "member",
                "unread": {
                  "messages": 0,
                  "notifications": 0
                },
                "username": "ada"
              }
            }

            """, (await ada.GetAsync("/api/me")).Is(200).Text);
        (await ada.PatchAsync("/api/me", new { bio = "Counts.\nThen programs. 🧮", display_name = "Ada L." })).Is(200, "success");
        Assert.AreEqual("""
            {
              "profile": {
                "bio": "Counts.\nThen programs. 🧮",
                "created_at": "2026-01-31T09:30:00.000Z",
                "display_name": "Ada L.",
                "id": 2,
                "posts": 0,
                "role": "member",
                "username": "ada"
              },
              "status": "success"
            }

            """, (await forum.Client().GetAsync("/api/user/ADA/profile")).Is(200).Text);
        (await forum.Client().GetAsync("/api/user/nobody/profile")).Is(404, "user does not exist");
        (await forum.Client().GetAsync("/api/user/deleted/profile")).Is(404, "user does not exist");
    }

    [TestMethod]
    public async Task A_change_of_the_profile_leaves_what_it_does_not_name_and_an_empty_text_removes()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PatchAsync("/api/me", new { bio = "a" })).Is(200, "success");
        var both = (await ada.PatchAsync("/api/me", new { display_name = "b" })).Is(200, "success");
        Assert.AreEqual(("a", "b"), ((string?)both["user.bio"], (string?)both["user.display_name"]));
        var one = (await ada.PatchAsync("/api/me", new { bio = "" })).Is(200, "success");
        Assert.AreEqual((null, "b"), ((string?)one["user.bio"], (string?)one["user.display_name"]));
        Assert.AreEqual(one.Text, (await ada.PatchAsync("/api/me", new { })).Is(200, "success").Text);
        (await ada.PatchAsync("/api/me", new { bio = new string('x', 1001) })).IsInvalid("bio");
        (await ada.PatchAsync("/api/me", new { display_name = "a\nb" })).IsInvalid("display_name");
        Assert.AreEqual(one.Text, (await ada.PatchAsync("/api/me", "{\"display_name\": null}")).Is(200, "success").Text, "null is as absent");
        (await ada.PatchAsync("/api/me", new { role = "admin" })).IsInvalid("role", "is not a known field");
        (await forum.Client().PatchAsync("/api/me", new { bio = "" })).Is(401, "login required");
    }

    [TestMethod]
    public async Task A_change_of_the_profile_honours_If_Match()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        var tag = (await ada.GetAsync("/api/me")).Header("ETag")!;
        (await ada.PatchAsync("/api/me", new { bio = "first" }, ("If-Match", tag))).Is(200, "success");
        (await ada.PatchAsync("/api/me", new { bio = "second" }, ("If-Match", tag))).Is(412);
        Assert.AreEqual("first", (string?)(await ada.GetAsync("/api/me"))["user.bio"]);
        (await ada.PatchAsync("/api/me", new { bio = "second" }, ("If-Match", "*"))).Is(200, "success");
    }

    [TestMethod]
    public async Task A_profile_that_another_request_changes_meanwhile_is_not_overwritten()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        var tag = (await ada.GetAsync("/api/me")).Header("ETag")!;
        using var writer = await HeldWriter.HoldAsync(forum.Server.Database);
        var first = ada.PatchAsync("/api/me", new { bio = "first" }, ("If-Match", tag));
        writer.AwaitWaiting(1);
        var second = ada.PatchAsync("/api/me", new { bio = "second" }, ("If-Match", tag));
        writer.AwaitWaiting(2);
        await writer.ReleaseAsync();
        (await first).Is(200, "success");
        (await second).Is(412, "the account has changed since");
        Assert.AreEqual("first", (string?)(await ada.GetAsync("/api/me"))["user.bio"]);
    }

    [TestMethod]
    public async Task A_new_password_needs_the_old_one_and_ends_all_other_sessions_and_the_tokens()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        var elsewhere = forum.Client();
        (await elsewhere.PostAsync("/api/login", Secret)).Is(200, "success");
        var token = (string)(await ada.PostAsync("/api/tokens", new { name = "ci", scope = "write" })).Is(201)["token.token"]!;

        (await ada.PutAsync("/api/me/password", new { current = "wrong", @new = "better" })).Is(403, "wrong password");
        (await ada.PutAsync("/api/me/password", new { current = "secret", @new = "1234" })).IsInvalid("new");
        (await forum.Client().PutAsync("/api/me/password", new { current = "secret", @new = "better" }, ("Authorization", $"Bearer {token}")))
            .Is(403, "a token may not do this: log in");
        (await elsewhere.GetAsync("/api/me")).Is(200);
        (await ada.PutAsync("/api/me/password", new { current = "secret", @new = "better" })).Is(200, "success");

        (await ada.GetAsync("/api/me")).Is(200);
        (await elsewhere.GetAsync("/api/me")).Is(401, "login required");
        (await forum.Client().GetAsync("/api/me", ("Authorization", $"Bearer {token}"))).Is(401);
        (await elsewhere.PostAsync("/api/login", Secret)).Is(200, "username and password do not match");
        (await elsewhere.PostAsync("/api/login", new { username = "ada", password = "better" })).Is(200, "success");
    }

    [TestMethod]
    public async Task What_was_proven_with_a_password_that_changed_meanwhile_does_not_count()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("ada");
        var users = forum.Server.Users;
        var proof = await users.Passwords.ProveAsync(2, "secret", CancellationToken.None);
        Assert.IsTrue(await users.SetPasswordAsync(users.Find("ada")!, "better"));
        Assert.IsNull(await forum.Server.Sessions.StartAsync(Actors.Of(2), "", "", proof));
        Assert.IsFalse(await users.Passwords.SetAsync(Actors.Of(2), Actors.Of(2), "other", "new", proof, null, CancellationToken.None));
        Assert.IsFalse(await users.EraseAsync(Actors.Of(2), proof));
        Assert.IsTrue(await users.VerifyPasswordAsync(Actors.Of(2), "better"));
    }

    [TestMethod]
    [DataRow("POST", "/api/login", 200, "username and password do not match")]
    [DataRow("PUT", "/api/me/password", 403, "wrong password")]
    [DataRow("DELETE", "/api/me", 403, "wrong password")]
    public async Task A_request_whose_password_changes_once_it_is_proven_is_refused(string method, string path, int status, string message)
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        object body = path switch
        {
            "/api/login" => Secret,
            "/api/me" => new { password = "secret" },
            _ => new { current = "secret", @new = "better" },
        };
        using var writer = await HeldWriter.HoldAsync(forum.Server.Database);
        var change = forum.Server.Database.WriteAsync(c => c.Execute("UPDATE users SET password = 'another' WHERE id = 2"));
        var request = ada.SendAsync(method, path, body);
        writer.AwaitWaiting(2); // the change, and behind it what the proof is for
        await writer.ReleaseAsync();
        (await request).Is(status, message);
        Assert.AreEqual(1, await change);
        Assert.HasCount(1, forum.Server.Sessions.List(Actors.Of(2)), "the one from before");
        Assert.AreEqual(1, forum.Server.Database.Read(c => c.Number("SELECT count(*) FROM users WHERE password = 'another'")));
    }

    [TestMethod]
    public async Task A_password_hashed_at_another_cost_still_logs_in_and_is_hashed_anew()
    {
        using var database = ForumDatabase.Open(null);
        await using var cheap = new PasswordHasher(TestForum.CheapPasswords, TimeProvider.System);
        await using var dearer = new PasswordHasher(TestForum.CheapPasswords with { Iterations = 2 }, TimeProvider.System);
        var moderation = new ModerationStore(database, TimeProvider.System, database.Backlog());
        var policy = database.Policy(TimeProvider.System);
        var user = await new UserStore(database, TimeProvider.System, cheap, moderation, database.Backlog(), database.Filters(), policy)
            .RegisterAsync("ada", "secret");
        var users = new UserStore(database, TimeProvider.System, dearer, moderation, database.Backlog(), database.Filters(), policy);
        Assert.IsFalse(await users.VerifyPasswordAsync(user!, "wrong"));
        var proofs = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => users.Passwords.ProveAsync(user!.Id, "secret", CancellationToken.None)));
        var stored = database.Read(c => c.First("SELECT password FROM users WHERE id = 2", r => r.GetString(0)));
        Assert.Contains("t=2", stored!);
        CollectionAssert.AreEqual(Enumerable.Repeat(stored, 8).ToArray(), proofs, "all who come at once prove what is stored in the end");
    }

    [TestMethod]
    public async Task An_account_of_a_build_before_the_package_logs_in_and_its_password_is_hashed_anew()
    {
        const string stored = "$argon2id$v=19$m=19456,t=2,p=1$u9Ual2u4E3mExb4Khd9Tsw$AYdUuwehZXNsUPJ81Zxf09Q/p8q9LbwQFKxI2E38VXM";
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("ada");
        var database = forum.Server.Database;
        await database.WriteAsync(c => c.Execute("UPDATE users SET password = $stored WHERE id = 2", ("$stored", stored)));
        for (var i = 0; i < 2; i++)
        {
            (await forum.Client().PostAsync("/api/login", new { username = "ada", password = "correct horse battery staple" })).Is(200, "success");
            Assert.Contains("$m=8,t=1,p=1$", database.Read(c => c.First("SELECT password FROM users WHERE id = 2", r => r.GetString(0)))!);
        }
    }

    [TestMethod]
    public async Task The_command_line_sets_passwords_and_lists_accounts()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        await forum.UserAsync("bob");
        var users = forum.Server.Users;
        Assert.IsTrue(await users.SetPasswordAsync(users.Find("ADA")!, "better"));
        (await ada.GetAsync("/api/me")).Is(401);
        Assert.IsFalse(await users.SetPasswordAsync(new User(99, "nobody"), "better"));
        Assert.IsFalse(await users.SetPasswordAsync(users.Find("system")!, "better"));
        await Assert.ThrowsExactlyAsync<RefusalException>(() => users.SetPasswordAsync(users.Find("ada")!, "1234"));
        CollectionAssert.AreEqual((string[])["ada", "bob"], users.List().Items.Select(u => u.Username).ToArray());
        CollectionAssert.AreEqual((string[])["bob"], users.List(limit: 1, users.List(limit: 1).Next).Items.Select(u => u.Username).ToArray());
    }
}
