using TinyForum.Data;

namespace TinyForum.Tests;

/// <summary>What admins do not want to be written is refused, whoever keeps the list and wherever it is written.</summary>
[TestClass]
public sealed class FilterTests
{
    private const string NotAllowed = "contains what this forum does not allow";

    [TestMethod]
    public async Task Admins_manage_filters()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, mod) = (await forum.UserAsync("ada", "admin"), await forum.UserAsync("mod", "moderator"));
        foreach (var (method, path) in ((string, string)[])[("GET", ""), ("POST", ""), ("POST", "/test"), ("GET", "/1"), ("DELETE", "/1")])
        {
            (await mod.SendAsync(method, $"/api/filters{path}", new { })).Is(403);
            (await forum.Client().SendAsync(method, $"/api/filters{path}", new { })).Is(401);
        }
        (await ada.GetAsync("/api/filters/1")).Is(404, "filter does not exist");
        (await ada.DeleteAsync("/api/filters/1")).Is(404, "filter does not exist");
        var made = (await ada.PostAsync("/api/filters", new { kind = "host", pattern = "WWW.Casino.example.", action = "hold" })).Is(201);
        Assert.AreEqual("/api/filters/1", made.Header("Location"));
        Assert.AreEqual("host hold www.casino.example ada",
            $"{made["filter.kind"]} {made["filter.action"]} {made["filter.pattern"]} {made["filter.creator.username"]}");
        (await ada.PostAsync("/api/filters", new { kind = "pattern", pattern = "cas[i1]no", action = "refuse" })).Is(201);
        Assert.AreEqual(made["filter"]!.ToJsonString(), (await ada.GetAsync("/api/filters/1")).Is(200)["filter"]!.ToJsonString());
        var first = (await ada.GetAsync("/api/filters?limit=1")).Is(200);
        Assert.AreEqual(2, (int)first["filters.0.id"]!);
        var second = (await ada.GetAsync($"/api/filters?limit=1&cursor={first["next"]}")).Is(200);
        Assert.AreEqual(1, (int)second["filters.0.id"]!);
        Assert.IsNull(second["next"]);
        (await ada.DeleteAsync("/api/filters/1")).Is(200);
        (await ada.GetAsync("/api/filters/1")).Is(404);
        var log = (await forum.Client().GetAsync("/api/moderation-log")).Is(200);
        Assert.AreEqual("unfilter filter filter", string.Join(' ', log["entries"]!.AsArray().Select(e => (string)e!["action"]!)));
        Assert.DoesNotContain("cas", log.Text);
    }

    [TestMethod]
    public async Task A_filter_has_a_kind_an_action_and_a_pattern_that_keeps_the_rules()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada", "admin");
        (await ada.PostAsync("/api/filters", new { kind = "word", pattern = "x", action = "hold" })).IsInvalid("kind", "must be pattern or host");
        (await ada.PostAsync("/api/filters", new { kind = "pattern", pattern = "x", action = "burn" })).IsInvalid("action", "must be hold or refuse");
        foreach (var pattern in (string[])["", "(", "(a)\\1", "(?=a)b", "a*", "(a{1000}){1000}", "(?x)a", new string('a', 501)])
            (await ada.PostAsync("/api/filters", new { kind = "pattern", pattern, action = "hold" })).IsInvalid("pattern");
        foreach (var pattern in (string[])["", "casino", "https://casino.example", "casino.example/x", "casino.example:80", "*.casino.example", "a b.example"])
            (await ada.PostAsync("/api/filters", new { kind = "host", pattern, action = "hold" })).IsInvalid("pattern");
        Assert.IsEmpty((await ada.GetAsync("/api/filters")).Is(200)["filters"]!.AsArray());
    }

    [TestMethod]
    public async Task There_is_a_bound_on_filters_none_is_there_twice_and_a_repeated_request_makes_one()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada", "admin");
        object body = new { kind = "host", pattern = "casino.example", action = "hold" };
        var first = (await ada.PostAsync("/api/filters", body, ("Idempotency-Key", "a"))).Is(201);
        Assert.AreEqual(first.Text, (await ada.PostAsync("/api/filters", body, ("Idempotency-Key", "a"))).Is(201).Text);
        (await ada.PostAsync("/api/filters", body)).Is(409, "there is such a filter already");
        (await ada.PostAsync("/api/filters", new { kind = "host", pattern = "CASINO。example", action = "refuse" })).Is(409, "there is such a filter already");
        (await ada.PostAsync("/api/filters", new { kind = "pattern", pattern = "casino.example", action = "hold" })).Is(201);
        await forum.Database.WriteAsync(c => c.Execute("""
            INSERT INTO filters (kind, pattern, action, creator_id, created_at)
            WITH RECURSIVE n (i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < $max)
            SELECT 'host', i || '.example', 'hold', 2, 0 FROM n
            """, ("$max", FilterStore.Max)));
        (await ada.PostAsync("/api/filters", new { kind = "pattern", pattern = "more", action = "hold" })).Is(409);
    }

    [TestMethod]
    [DataRow("refuse", 400)]
    [DataRow("hold", 202)]
    public async Task New_posts_are_refused_and_all_that_can_not_be_held_is_by_either_action(string action, int created)
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada", "admin"), await forum.UserAsync("bob"));
        (await bob.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        (await bob.PostAsync("/api/posts/1/replies", new { body = "b" })).Is(201);
        (await ada.PostAsync("/api/filters", new { kind = "pattern", pattern = "cas[i1]no", action })).Is(201);

        (await bob.PostAsync("/api/posts", new { title = "Casino", body = "b" })).Is(created);
        (await bob.PostAsync("/api/posts", new { title = "t", body = "the cas1no" })).Is(created);
        (await bob.PostAsync("/api/posts", new { title = "t", body = "b", tags = new[] { "casino" } })).Is(created);
        (await bob.PostAsync("/api/posts/1/replies", new { body = "CASINO" })).Is(created);

        (await bob.PatchAsync("/api/posts/1", new { title = "casino" })).IsInvalid("title", NotAllowed);
        (await bob.PatchAsync("/api/posts/1", new { body = "casino" })).IsInvalid("body", NotAllowed);
        (await bob.PatchAsync("/api/posts/1", new { tags = new[] { "casino" } })).IsInvalid("tags", NotAllowed);
        (await bob.PatchAsync("/api/posts/2", new { body = "casino" })).IsInvalid("body", NotAllowed);
        (await bob.PostAsync("/api/messages", new { to = "ada", body = "casino" })).IsInvalid("body", NotAllowed);
        (await bob.PostAsync("/api/messages", new { to = "ada", subject = "casino", body = "b" })).IsInvalid("subject", NotAllowed);
        (await bob.PatchAsync("/api/me", new { bio = "casino" })).IsInvalid("bio", NotAllowed);
        (await bob.PatchAsync("/api/me", new { display_name = "Casino" })).IsInvalid("display_name", NotAllowed);
        (await forum.Client().PostAsync("/api/register", new { username = "casino", password = "secret" })).IsInvalid("username", NotAllowed);
        (await bob.PostAsync("/api/posts/1/report", new { reason = "links to a casino" })).Is(201);

        (await bob.PatchAsync("/api/posts/1", new { body = "cards" })).Is(200);
        (await bob.PatchAsync("/api/me", new { bio = "cards" })).Is(200);
    }

    [TestMethod]
    public async Task What_a_filter_holds_waits_for_a_moderator_and_is_not_asked_again()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada", "admin"), await forum.UserAsync("bob"));
        (await ada.PostAsync("/api/filters", new { kind = "pattern", pattern = "casino", action = "hold" })).Is(201);
        var held = (await bob.PostAsync("/api/posts", new { title = "t", body = "the casino" })).Is(202);
        Assert.AreEqual("filter", (string)held["held.cause"]!);
        (await forum.Client().GetAsync("/api/posts/1")).Is(404);
        (await ada.PostAsync("/api/held/1/accept")).Is(200);
        (await bob.PostAsync("/api/posts/1/replies", new { body = "CASINO" })).Is(202);
        (await bob.PostAsync("/api/posts/1/replies", new { body = "cards" })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "casino" })).Is(201);
    }

    [TestMethod]
    public async Task A_refusal_names_the_field_and_not_the_pattern()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada", "admin"), await forum.UserAsync("bob"));
        (await ada.PostAsync("/api/filters", new { kind = "host", pattern = "casino.example", action = "refuse" })).Is(201);
        var refused = (await bob.PostAsync("/api/posts", new { title = "t", body = "see casino.example" })).IsInvalid("body", NotAllowed);
        Assert.DoesNotContain("casino", refused.Text);
    }

    [TestMethod]
    public async Task Moderators_admins_and_the_forum_itself_write_what_they_want_as_long_as_they_are_that()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, mod) = (await forum.UserAsync("ada", "admin"), await forum.UserAsync("mod", "moderator"));
        (await ada.PostAsync("/api/filters", new { kind = "pattern", pattern = "casino", action = "refuse" })).Is(201);
        foreach (var client in (TestClient[])[ada, mod])
        {
            (await client.PostAsync("/api/posts", new { title = "casino", body = "casino" })).Is(201);
            (await client.PatchAsync("/api/me", new { bio = "casino" })).Is(200);
            (await client.PostAsync("/api/messages", new { to = "ada", body = "casino" })).Is(201);
        }
        (await mod.PatchAsync("/api/posts/1", new { body = "no casino" })).Is(200);
        (await ada.PutAsync("/api/user/mod/role", new { role = "member" })).Is(200);
        (await mod.PostAsync("/api/posts", new { title = "casino", body = "b" })).IsInvalid("title", NotAllowed);
        await forum.Server.Posts.CreateThreadAsync(Actor.System, "casino", "casino");
        var stale = forum.Server.Users.FindActor("mod")! with { Role = Role.Moderator };
        await Assert.ThrowsExactlyAsync<RefusalException>(() => forum.Server.Posts.CreateThreadAsync(stale, "casino", "casino"));
    }

    [TestMethod]
    public async Task A_repeated_request_gets_what_it_made_although_a_filter_refuses_it_by_now()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada", "admin"), await forum.UserAsync("bob"));
        object post = new { title = "t", body = "casino" };
        var made = (await bob.PostAsync("/api/posts", post, ("Idempotency-Key", "a"))).Is(201);
        (await ada.PostAsync("/api/filters", new { kind = "pattern", pattern = "casino", action = "refuse" })).Is(201);
        Assert.AreEqual(made.Text, (await bob.PostAsync("/api/posts", post, ("Idempotency-Key", "a"))).Is(201).Text);
        (await bob.PostAsync("/api/posts", post, ("Idempotency-Key", "b"))).IsInvalid("body");
    }

    [TestMethod]
    public async Task Two_servers_of_a_database_see_each_others_filters_at_once()
    {
        using var folder = new TemporaryFolder();
        await using var one = await TestForum.StartAsync(o => o with { Database = folder["forum.db"] });
        await using var other = await TestForum.StartAsync(o => o with { Database = folder["forum.db"] });
        var (ada, bob) = (await one.UserAsync("ada", "admin"), await other.UserAsync("bob"));
        for (var round = 1; round <= 3; round++)
        {
            (await bob.PostAsync("/api/posts", new { title = "t", body = "casino" })).Is(201);
            (await ada.PostAsync("/api/filters", new { kind = "pattern", pattern = "casino", action = "refuse" })).Is(201);
            (await bob.PostAsync("/api/posts", new { title = "t", body = "casino" })).IsInvalid("body");
            (await ada.DeleteAsync($"/api/filters/{round}")).Is(200);
        }
    }

    [TestMethod]
    public async Task A_test_tells_which_filters_match_what_part_and_writes_nothing()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada", "admin");
        (await ada.PostAsync("/api/filters", new { kind = "host", pattern = "casino.example", action = "refuse" })).Is(201);
        (await ada.PostAsync("/api/filters", new { kind = "pattern", pattern = "w[i1]n+", action = "hold" })).Is(201);
        (await ada.PostAsync("/api/filters", new { kind = "pattern", pattern = "poker", action = "hold" })).Is(201);
        var tested = (await ada.PostAsync("/api/filters/test", new { text = "W1nnn at [it](https://a.CASINO.example:8080/x)" })).Is(200);
        Assert.AreEqual("1 a.casino.example, 2 W1nnn", string.Join(", ", tested["matches"]!.AsArray().Select(m => $"{m!["id"]} {m["part"]}")));
        Assert.IsEmpty(tested["unfinished"]!.AsArray());

        var faces = string.Concat(Enumerable.Repeat("😀", 200));
        tested = (await ada.PostAsync("/api/filters/test", new { text = faces, kind = "pattern", pattern = ".+" })).Is(200);
        Assert.AreEqual(1, tested["matches"]!.AsArray().Count);
        Assert.IsNull(tested["matches.0.id"]);
        Assert.AreEqual(faces[..FilterTrial.MaxPart], (string)tested["matches.0.part"]!);

        (await ada.PostAsync("/api/filters/test", new { text = "" })).IsInvalid("text");
        (await ada.PostAsync("/api/filters/test", new { text = "t", kind = "pattern" })).IsInvalid("pattern", "is required");
        (await ada.PostAsync("/api/filters/test", new { text = "t", pattern = "a" })).IsInvalid("kind", "is required");
        (await ada.PostAsync("/api/filters/test", new { text = "t", kind = "x", pattern = "a" })).IsInvalid("kind");
        (await ada.PostAsync("/api/filters/test", new { text = "t", kind = "pattern", pattern = "(" })).IsInvalid("pattern");
        Assert.AreEqual(3, (await ada.GetAsync("/api/filters")).Is(200)["filters"]!.AsArray().Count);
    }

    [TestMethod]
    public async Task What_takes_too_long_is_told_as_unfinished_and_counts_as_held()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada", "admin");
        var slow = new { kind = "pattern", pattern = "(?:.*a){200}b", action = "refuse" };
        (await ada.PostAsync("/api/filters", slow)).Is(201);
        var text = new string('a', 32_000);
        var tested = (await ada.PostAsync("/api/filters/test", new { text })).Is(200);
        Assert.AreEqual(1, (int)tested["unfinished.0.id"]!);
        Assert.IsEmpty(tested["matches"]!.AsArray());
        Assert.AreEqual(FilterAction.Hold, forum.Server.Filters.Check(("body", text)).Action);
        var bob = await forum.UserAsync("bob");
        (await bob.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201, "success");
        (await bob.PostAsync("/api/posts", new { title = "t", body = text })).Is(202, "success");
        (await bob.PatchAsync("/api/posts/1", new { body = text })).IsInvalid("body");
    }

    [TestMethod]
    public async Task All_filters_together_have_a_bound_and_what_is_left_then_counts_as_held()
    {
        using var database = ForumDatabase.Open(null);
        var (still, running) = (new SteppingTime(TimeSpan.Zero), new SteppingTime(TimeSpan.FromMilliseconds(300)));
        var filters = database.Filters(still);
        for (var i = 0; i < 10; i++)
            await filters.CreateAsync(Actor.System, FilterKind.Pattern, $"casino{i}", FilterAction.Refuse);
        Assert.AreEqual(FilterVerdict.None, filters.Check(("body", "nothing")));
        Assert.AreEqual(new FilterVerdict(FilterAction.Refuse, 9, "body"), filters.Check(("title", null), ("body", "casino8")));
        var (stopped, trial) = (database.Filters(running).Check(("body", "casino8")), database.Filters(running).Test(Actor.System, "casino8"));
        Assert.AreEqual(new FilterVerdict(FilterAction.Hold, 4, "body"), stopped);
        CollectionAssert.AreEqual((long[])[4, 5, 6, 7, 8, 9, 10], trial.Unfinished.Select(m => m.Filter!.Id).ToArray());
    }

    [TestMethod]
    public async Task What_refuses_counts_before_what_holds()
    {
        using var database = ForumDatabase.Open(null);
        var filters = database.Filters();
        var hold = await filters.CreateAsync(Actor.System, FilterKind.Pattern, "cas", FilterAction.Hold);
        Assert.AreEqual(new FilterVerdict(FilterAction.Hold, hold.Id, "title"), filters.Check(("title", "casino"), ("body", "casino")));
        var refuse = await filters.CreateAsync(Actor.System, FilterKind.Pattern, "ino", FilterAction.Refuse);
        Assert.AreEqual(new FilterVerdict(FilterAction.Refuse, refuse.Id, "title"), filters.Check(("title", "casino"), ("body", "casino")));
        await filters.RemoveAsync(Actor.System, refuse.Id);
        Assert.AreEqual(FilterAction.Hold, filters.Check(("title", "casino")).Action);
    }

    [TestMethod]
    public async Task A_pattern_that_this_version_of_NET_does_not_take_holds_what_it_can_not_judge()
    {
        using var database = ForumDatabase.Open(null);
        await database.WriteAsync(c => c.Execute(
            "INSERT INTO filters (kind, pattern, action, creator_id, created_at) VALUES ('pattern', '(a)\\1', 'refuse', 1, 0)"));
        Assert.AreEqual(new FilterVerdict(FilterAction.Hold, 1, "body"), database.Filters().Check(("body", "text")));
    }

    [TestMethod]
    public async Task A_filter_outlives_the_account_that_made_it()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada", "admin"), await forum.UserAsync("bob", "admin"));
        (await ada.PostAsync("/api/filters", new { kind = "host", pattern = "casino.example", action = "hold" })).Is(201);
        (await ada.DeleteAsync("/api/me", new { password = "secret" })).Is(200);
        await forum.Settled();
        var left = (await bob.GetAsync("/api/filters/1")).Is(200);
        Assert.AreEqual("casino.example", (string)left["filter.pattern"]!);
        Assert.IsNull(left["filter.creator"]);
    }

    /// <summary>A clock that goes on by a step whenever it is looked at.</summary>
    private sealed class SteppingTime(TimeSpan step) : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Add(ref _ticks, step.Ticks);
    }
}
