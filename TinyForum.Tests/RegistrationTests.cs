using TinyForum.Data;
using TinyForum.Maintenance;

namespace TinyForum.Tests;

/// <summary>Who may come in: anyone, whose application is accepted, who was invited, or nobody.</summary>
[TestClass]
public sealed class RegistrationTests
{
    private static Task<TestForum> StartAsync(ForumPolicy policy, TimeProvider? clock = null) =>
        TestForum.StartAsync(o => o with { Policy = policy, TimeProvider = clock ?? TimeProvider.System });

    private static Task<Answer> RegisterAsync(TestForum forum, string username, object? more = null) =>
        forum.Client().PostAsync("/api/register", Merge(new { username, password = "secret" }, more));

    private static Task<Answer> LogInAsync(TestForum forum, string username, string password = "secret") =>
        forum.Client().PostAsync("/api/login", new { username, password });

    private static System.Text.Json.Nodes.JsonObject Merge(object a, object? b)
    {
        var all = System.Text.Json.JsonSerializer.SerializeToNode(a)!.AsObject();
        foreach (var (name, value) in System.Text.Json.JsonSerializer.SerializeToNode(b ?? new { })!.AsObject())
            all[name] = value?.DeepClone();
        return all;
    }

    /// <summary>A forum with an admin, in whatever way others come in.</summary>
    private static async Task<(TestForum Forum, TestClient Admin)> WithAdminAsync(Registration registration, TimeProvider? clock = null)
    {
        var forum = await StartAsync(new ForumPolicy(), clock);
        var admin = await forum.UserAsync("root", "admin");
        (await admin.PutAsync("/api/settings", new { registration = RegistrationName.Of(registration) })).Is(200, "success");
        return (forum, admin);
    }

    [TestMethod]
    public async Task A_closed_forum_says_so_and_lets_nobody_in()
    {
        await using var forum = await StartAsync(new ForumPolicy { Registration = Registration.Closed });
        (await RegisterAsync(forum, "ada")).Is(403, "registration is closed");
        (await RegisterAsync(forum, "ada", new { application = "please", invitation = "x" })).Is(403, "registration is closed");
        (await LogInAsync(forum, "ada")).Is(200, "user does not exist");
    }

    [TestMethod]
    public async Task An_application_waits_until_a_moderator_accepts_it()
    {
        var (forum, admin) = await WithAdminAsync(Registration.Approval);
        await using var _ = forum;
        var moderator = await forum.KnownAsync("mod", "moderator");
        (await RegisterAsync(forum, "ada")).IsInvalid("application", "is required");
        (await RegisterAsync(forum, "ada", new { application = " " })).IsInvalid("application");
        (await RegisterAsync(forum, "ada", new { application = new string('x', 2001) })).IsInvalid("application", "must be 1 to 2000 characters");
        (await RegisterAsync(forum, "ada", new { application = "I like trains." })).Is(202, "the application waits for a moderator");
        (await RegisterAsync(forum, "Ada", new { application = "Me too." })).Is(200, "username already exists");

        (await LogInAsync(forum, "ada")).Is(403, "the application waits for a moderator");
        (await LogInAsync(forum, "ada", "wrong")).Is(200, "user does not exist");
        (await forum.Client().GetAsync("/api/user/ada")).Is(200, "user does not exist");
        (await forum.Client().GetAsync("/api/applications")).Is(401);
        var member = await forum.KnownAsync("bob", "member");
        (await member.GetAsync("/api/applications")).Is(403);
        (await member.PostAsync("/api/applications/1/accept")).Is(403);

        var waiting = (await moderator.GetAsync("/api/applications")).Is(200, "success");
        Assert.AreEqual(("ada", "I like trains."), ((string?)waiting["applications.0.username"], (string?)waiting["applications.0.text"]));
        Assert.DoesNotContain("argon2", waiting.Text);
        var id = (long)waiting["applications.0.id"]!;
        var accepted = (await moderator.PostAsync($"/api/applications/{id}/accept")).Is(200, "success");
        Assert.AreEqual("ada", (string?)accepted["user.username"]);
        (await moderator.PostAsync($"/api/applications/{id}/accept")).Is(404);
        (await LogInAsync(forum, "ada")).Is(200, "success");
        Assert.IsEmpty((await moderator.GetAsync("/api/applications"))["applications"]!.AsArray());
        Assert.AreEqual("accept_application", (string?)(await admin.GetAsync("/api/moderation-log"))["entries.0.action"]);
    }

    [TestMethod]
    public async Task Who_was_declined_learns_why_and_may_apply_again()
    {
        var clock = new ManualTime();
        var (forum, admin) = await WithAdminAsync(Registration.Approval, clock);
        await using var _ = forum;
        (await RegisterAsync(forum, "ada", new { application = "spam" })).Is(202);
        (await admin.PostAsync("/api/applications/1/decline", new { reason = new string('x', 501) })).IsInvalid("reason");
        (await admin.PostAsync("/api/applications/1/decline", new { reason = "tell us more" })).Is(200, "success");
        (await admin.PostAsync("/api/applications/1/decline", new { })).Is(404);
        (await LogInAsync(forum, "ada")).Is(403, "the application was declined: tell us more");
        (await RegisterAsync(forum, "ada", new { application = "more" })).Is(202);
        (await LogInAsync(forum, "ada")).Is(403, "the application waits for a moderator");
        (await admin.PostAsync("/api/applications/2/decline", new { })).Is(200, "success");
        (await LogInAsync(forum, "ada")).Is(403, "the application was declined");
        clock.Advance(RegistrationStore.DeclinedFor + TimeSpan.FromMinutes(1));
        (await RegisterAsync(forum, "bob", new { application = "hello" })).Is(202);
        (await LogInAsync(forum, "ada")).Is(200, "user does not exist");
    }

    [TestMethod]
    public async Task Somebody_who_waits_keeps_the_name_and_what_looks_like_it()
    {
        var (forum, admin) = await WithAdminAsync(Registration.Approval);
        await using var _ = forum;
        (await RegisterAsync(forum, "paypal", new { application = "a" })).Is(202);
        (await RegisterAsync(forum, "PAYPAL", new { application = "a" })).Is(200, "username already exists");
        (await admin.PutAsync("/api/settings", new { registration = "open" })).Is(200);
        (await RegisterAsync(forum, "PayPal")).Is(200, "username already exists");
        (await admin.PostAsync("/api/applications/1/decline", new { })).Is(200);
        (await RegisterAsync(forum, "paypal")).Is(200, "success");
    }

    [TestMethod]
    public async Task With_too_many_applications_nobody_else_can_apply_until_some_are_decided()
    {
        var (forum, admin) = await WithAdminAsync(Registration.Approval);
        await using var _ = forum;
        await forum.Database.WriteAsync(c => c.Script($"""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {RegistrationStore.MaxApplications})
            INSERT INTO applications (username, username_key, skeleton, password, text, created_at)
            SELECT 'many' || i, 'many' || i, 'many' || i, 'x', 'y', 0 FROM n
            """));
        (await RegisterAsync(forum, "ada", new { application = "a" })).Is(503);
        (await admin.PostAsync("/api/applications/1/accept")).Is(200);
        (await RegisterAsync(forum, "ada", new { application = "a" })).Is(202);
    }

    [TestMethod]
    public async Task An_invitation_lets_one_in_and_who_invited_is_public()
    {
        var (forum, admin) = await WithAdminAsync(Registration.Invite);
        await using var _ = forum;
        (await RegisterAsync(forum, "ada")).Is(403, "registration is by invitation");
        (await RegisterAsync(forum, "ada", new { invitation = "nonsense" })).IsInvalid("invitation");
        var made = (await admin.PostAsync("/api/invitations", new { expires_in_days = 2 })).Is(201, "success");
        var token = (string)made["invitation.token"]!;
        Assert.AreEqual($"{forum.Url}register?invitation={token}", (string?)made["invitation.url"]);
        Assert.DoesNotContain(token, (await admin.GetAsync("/api/invitations")).Text);
        (await RegisterAsync(forum, "a b", new { invitation = token })).IsInvalid("username");
        (await RegisterAsync(forum, "root", new { invitation = token })).Is(200, "username already exists");
        (await RegisterAsync(forum, "ada", new { invitation = token })).Is(200, "success");
        (await RegisterAsync(forum, "bob", new { invitation = token })).IsInvalid("invitation");
        Assert.IsEmpty((await admin.GetAsync("/api/invitations"))["invitations"]!.AsArray());
        Assert.AreEqual("root", (string?)(await forum.Client().GetAsync("/api/user/ada/profile"))["profile.invited_by.username"]);
        Assert.AreEqual("ada", (string?)(await forum.Client().GetAsync("/api/user/root/invited")).Is(200)["users.0.username"]);
        Assert.IsNull((await forum.Client().GetAsync("/api/user/root/profile"))["profile.invited_by"]);
    }

    [TestMethod]
    public async Task Of_many_who_use_an_invitation_at_once_one_comes_in()
    {
        var (forum, admin) = await WithAdminAsync(Registration.Invite);
        await using var _ = forum;
        var token = (string)(await admin.PostAsync("/api/invitations", new { })).Is(201)["invitation.token"]!;
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => RegisterAsync(forum, $"bot{i}", new { invitation = token })));
        Assert.AreEqual(1, answers.Count(a => (int)a.Status == 200));
        Assert.AreEqual(7, answers.Count(a => (int)a.Status == 400));
    }

    [TestMethod]
    public async Task Members_invite_after_some_days_and_a_bounded_number_who_ends()
    {
        var clock = new ManualTime();
        var (forum, admin) = await WithAdminAsync(Registration.Open, clock);
        await using var _ = forum;
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/invitations", new { })).Is(403, "an account can invite others after 7 days");
        clock.Advance(TimeSpan.FromDays(7));
        for (var i = 0; i < InvitationStore.MaxPerUser; i++)
            (await ada.PostAsync("/api/invitations", new { })).Is(201);
        (await ada.PostAsync("/api/invitations", new { })).Is(409);
        (await admin.DeleteAsync("/api/invitations/3")).Is(404);
        (await ada.DeleteAsync("/api/invitations/3")).Is(200, "success");
        var token = (string)(await ada.PostAsync("/api/invitations", new { expires_in_days = 1 })).Is(201)["invitation.token"]!;
        foreach (var days in (int[])[0, -1, 31])
            (await ada.PostAsync("/api/invitations", new { expires_in_days = days })).IsInvalid("expires_in_days", "must be 1 to 30");
        clock.Advance(TimeSpan.FromDays(1));
        (await RegisterAsync(forum, "bob", new { invitation = token })).IsInvalid("invitation");
        clock.Advance(TimeSpan.FromDays(6));
        Assert.IsEmpty((await ada.GetAsync("/api/invitations"))["invitations"]!.AsArray(), "all have ended");
        (await admin.PutAsync("/api/settings", new { registration = "closed" })).Is(200);
        (await admin.PostAsync("/api/invitations", new { })).Is(403, "registration is closed");
    }

    [TestMethod]
    public async Task An_invited_user_needs_no_application_and_the_invitations_of_a_suspended_one_are_void()
    {
        var (forum, admin) = await WithAdminAsync(Registration.Approval);
        await using var _ = forum;
        var first = (string)(await admin.PostAsync("/api/invitations", new { })).Is(201)["invitation.token"]!;
        (await RegisterAsync(forum, "ada", new { invitation = first })).Is(200, "success");
        var moderator = await forum.KnownAsync("mod", "moderator");
        var second = (string)(await moderator.PostAsync("/api/invitations", new { })).Is(201)["invitation.token"]!;
        (await admin.PutAsync("/api/user/mod/suspension", new { reason = "r" })).Is(200);
        (await RegisterAsync(forum, "eve", new { invitation = second })).IsInvalid("invitation");
    }

    [TestMethod]
    public async Task A_tree_is_suspended_as_one_and_lifted_as_one()
    {
        var (forum, admin) = await WithAdminAsync(Registration.Open);
        await using var _ = forum;
        // 3 is the trunk; each user after it was invited by the one with half its number; 5 is a moderator.
        await forum.Database.WriteAsync(c => c.Script("""
            WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
            INSERT INTO users (id, username, username_key, created_at, role, invited_by)
            SELECT i, 'u' || i, 'u' || i, 0, CASE i WHEN 7 THEN 'moderator' ELSE 'member' END, CASE WHEN i < 6 THEN NULL ELSE i / 2 END FROM n;
            UPDATE users SET suspension = 'other' WHERE id = 6;
            """));
        (await admin.PutAsync("/api/user/u3/suspension", new { reason = "a ring", invited = true })).Is(200, "success");
        var tree = forum.Database.Read(c => c.All(Tree, r => r.GetInt64(0)));
        Assert.IsGreaterThan(100, tree.Count);
        Assert.AreEqual($"{tree.Count - 2} 1", State("a ring"), "all but the moderator and who was suspended before");
        Assert.AreEqual(0, forum.Database.Read(c => c.Number("SELECT count(*) FROM users WHERE suspension = 'a ring' AND id IN (4, 5, 8)")), "another tree");
        Assert.AreEqual("suspend_invited", (string?)(await admin.GetAsync("/api/moderation-log"))["entries.0.action"]);
        (await admin.DeleteAsync("/api/user/u3/suspension?invited=true")).Is(200, "success");
        Assert.AreEqual("0 1", State("a ring"));

        string State(string reason) => forum.Database.Read(c => c.First(
            "SELECT sum(suspension = $reason), sum(suspension = 'other') FROM users WHERE suspension IS NOT NULL OR id = 2",
            r => $"{(r.IsDBNull(0) ? 0 : r.GetInt64(0))} {r.GetInt64(1)}", ("$reason", reason)))!;
    }

    private const string Tree = """
        WITH RECURSIVE tree(id) AS (SELECT 3 UNION ALL SELECT u.id FROM users u JOIN tree t ON u.invited_by = t.id)
        SELECT id FROM tree
        """;

    [TestMethod]
    public async Task Settings_are_an_admins_and_survive_a_restart_until_they_are_reset()
    {
        using var folder = new TemporaryFolder();
        ForumOptions With(ForumOptions o) => o with { Database = folder["forum.db"], Policy = new ForumPolicy { Registration = Registration.Approval } };
        await using (var forum = await TestForum.StartAsync(With))
        {
            await forum.Server.Users.RegisterAsync("root", "secret");
            await forum.Server.Users.SetRoleAsync(Actor.System, "root", Role.Admin);
            await forum.Server.Users.RegisterAsync("ada", "secret");
            var (root, ada) = (await forum.KnownAsync("root"), await forum.KnownAsync("ada"));
            (await forum.Client().GetAsync("/api/settings")).Is(401);
            (await ada.GetAsync("/api/settings")).Is(403);
            (await ada.PutAsync("/api/settings", new { registration = "open" })).Is(403);
            Assert.AreEqual("approval", (string?)(await root.GetAsync("/api/settings")).Is(200)["settings.registration"]);
            (await root.PutAsync("/api/settings", new { registration = "everybody" })).IsInvalid("registration", "must be open, approval, invite or closed");
            foreach (var number in ForumPolicy.Numbers.Where(n => n.Most > 3))
            {
                foreach (var wrong in (int[])[-1, number.Most + 1])
                    (await root.PutAsync("/api/settings", new Dictionary<string, int> { [number.Name] = wrong }))
                        .IsInvalid(number.Name, $"must be 0 to {number.Most}");
                (await root.PutAsync("/api/settings", new Dictionary<string, int> { [number.Name] = number.Most })).Is(200, "success");
            }
            var answer = (await root.PutAsync("/api/settings", new { registration = "open", limit_new_accounts = true })).Is(200, "success");
            Assert.AreEqual(("open", true, 3_650), ((string?)answer["settings.registration"], (bool?)answer["settings.limit_new_accounts"],
                (int?)answer["settings.invite_after_days"]));
            Assert.AreEqual("registration: open", (string?)(await root.GetAsync("/api/moderation-log"))["entries.0.reason"]);
        }
        await using (var forum = await TestForum.StartAsync(With))
        {
            (await RegisterAsync(forum, "bob")).Is(200, "success");
            (await (await forum.KnownAsync("root")).DeleteAsync("/api/settings")).Is(200, "success");
            (await RegisterAsync(forum, "eve")).IsInvalid("application");
            Assert.IsEmpty(forum.Database.Read(c => IntegrityCheck.Run(c)));
        }
    }

    [TestMethod]
    public void Posts_are_held_by_default_where_strangers_can_come_from_elsewhere()
    {
        (Registration? Registration, bool? Limit, int? Hold, bool IsPublic, bool IsLimited, int Held)[] cases =
        [
            (null, null, null, true, true, 1), (null, null, null, false, false, 0), (Registration.Approval, null, null, true, false, 0),
            (Registration.Closed, null, null, true, false, 0), (Registration.Invite, null, 2, true, true, 2), (null, false, 3, true, false, 0),
            (null, null, 2, false, true, 2), (null, true, null, false, true, 0), (null, null, 0, true, true, 0),
        ];
        foreach (var c in cases)
        {
            var whole = new ForumPolicy { Registration = c.Registration, LimitNewAccounts = c.Limit, HoldFirstPosts = c.Hold }.Whole(c.IsPublic);
            Assert.AreEqual((c.IsLimited, c.Held), (whole.LimitNewAccounts!.Value, whole.HoldFirstPosts!.Value), $"{c}");
            Assert.IsTrue(ForumPolicy.Numbers.All(n => n.Of(whole) is not null));
        }
    }
}
