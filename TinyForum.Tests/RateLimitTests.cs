using TinyForum.Http;

namespace TinyForum.Tests;

[TestClass]
public sealed class RateLimitTests
{
    private readonly ManualTime _time = new();

    private Task<TestForum> StartAsync(RateLimitOptions? limits = null) =>
        TestForum.StartAsync(o => o with { TimeProvider = _time, TrustedProxies = ForumOptions.NearNetworks, RateLimits = limits ?? new() });

    private static Task<Answer> LogIn(TestClient client, string name, string password, string? from) => client.PostAsync(
        "/api/login", new { username = name, password }, from is null ? [] : [("X-Forwarded-For", from)]);

    private static void IsLimited(Answer answer, string message, int limit, int seconds)
    {
        answer.Is(429, message);
        Assert.AreEqual(
            ($"{seconds}", $"{limit}", "0", $"{seconds}"),
            (answer.Header("Retry-After"), answer.Header("RateLimit-Limit"), answer.Header("RateLimit-Remaining"), answer.Header("RateLimit-Reset")));
    }

    [TestMethod]
    public async Task A_limit_that_is_off_limits_nothing_and_the_others_stay()
    {
        var once = new RateLimit(1, TimeSpan.FromHours(1));
        await using var forum = await StartAsync(
            new() { FailedLogins = null, FailedLoginsPerAddress = null, Registrations = once, Writes = null, Searches = once });
        var ada = await forum.UserAsync("ada");
        for (var i = 0; i < 70; i++)
            (await ada.PostAsync("/api/posts", new { title = $"t{i}", body = "b" })).Is(201);
        for (var i = 0; i < 12; i++)
            (await forum.Client().PostAsync("/api/login", new { username = "ada", password = "wrong" })).Is(200, "username and password do not match");
        (string, string) elsewhere = ("X-Forwarded-For", "192.0.2.1");
        (await forum.Client().GetAsync("/api/search?q=b", elsewhere)).Is(200);
        (await forum.Client().GetAsync("/api/search?q=b", elsewhere)).Is(429);
    }

    [TestMethod]
    public async Task Ten_wrong_passwords_in_five_minutes_are_all_that_an_address_may_try_on_an_account()
    {
        await using var forum = await StartAsync();
        await forum.UserAsync("ada");
        await forum.UserAsync("bob");
        var client = forum.Client();
        for (var i = 0; i < 10; i++)
        {
            (await LogIn(client, "ada", "secret", "203.0.113.7")).Is(200, "success"); // a right one does not count
            (await LogIn(client, "ada", "wrong", "203.0.113.7")).Is(200, "username and password do not match");
        }
        _time.Advance(TimeSpan.FromSeconds(60.5));
        IsLimited(await LogIn(client, "ada", "secret", "203.0.113.7"), "too many failed logins, try again later", 10, 240);
        (await LogIn(client, "ada", "secret", "203.0.113.8")).Is(200, "success");
        (await LogIn(client, "bob", "secret", "203.0.113.7")).Is(200, "success");
        (await LogIn(client, "nobody", "secret", "203.0.113.7")).Is(200, "user does not exist");
        _time.Advance(TimeSpan.FromSeconds(240));
        (await LogIn(client, "ada", "secret", "203.0.113.7")).Is(200, "success");
    }

    [TestMethod]
    public async Task Many_at_once_get_no_further()
    {
        await using var forum = await StartAsync();
        await forum.UserAsync("ada");
        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => LogIn(forum.Client(), "ada", "wrong", "2001:db8::1")));
        Assert.AreEqual(10, answers.Count(a => (int)a.Status == 200));
        Assert.AreEqual(50, answers.Count(a => (int)a.Status == 429));
        IsLimited(await LogIn(forum.Client(), "ada", "secret", "2001:db8::ffff:1"), "too many failed logins, try again later", 10, 300);
        (await LogIn(forum.Client(), "ada", "secret", "2001:db8:0:1::1")).Is(200, "success");
    }

    [TestMethod]
    public async Task Wrong_passwords_count_wherever_one_is_asked_for()
    {
        await using var forum = await StartAsync();
        var ada = await forum.UserAsync("ada");
        var from = ("X-Forwarded-For", "203.0.113.7");
        for (var i = 0; i < 5; i++)
        {
            (await ada.PutAsync("/api/me/password", new { current = "wrong", @new = "better" }, from)).Is(403, "wrong password");
            (await ada.DeleteAsync("/api/me", new { password = "wrong" }, from)).Is(403, "wrong password");
        }
        IsLimited(await ada.DeleteAsync("/api/me", new { password = "secret" }, from), "too many failed logins, try again later", 10, 300);
        IsLimited(await LogIn(ada, "ada", "secret", "203.0.113.7"), "too many failed logins, try again later", 10, 300);
    }

    [TestMethod]
    public async Task A_hundred_wrong_logins_in_five_minutes_are_all_that_an_address_may_try_whatever_the_names()
    {
        await using var forum = await StartAsync();
        for (var i = 0; i < 11; i++)
            await forum.Server.Users.RegisterAsync($"user{i}", "secret");
        for (var i = 0; i < 100; i++)
        {
            (await LogIn(forum.Client(), "user0", "secret", "203.0.113.7")).Is(200, "success"); // a right one does not count
            if (i % 10 == 9)
                (await LogIn(forum.Client(), "nobody" + i, "wrong", "203.0.113.7")).Is(200, "user does not exist");
            else
                (await LogIn(forum.Client(), $"user{1 + i % 10}", "wrong", "203.0.113.7")).Is(200, "username and password do not match");
        }
        foreach (var name in (string[])["user0", "user1", "nobody"])
            IsLimited(await LogIn(forum.Client(), name, "secret", "203.0.113.7"), "too many failed logins, try again later", 100, 300);
        (await LogIn(forum.Client(), "user0", "secret", "203.0.113.8")).Is(200, "success");
        _time.Advance(TimeSpan.FromMinutes(5));
        (await LogIn(forum.Client(), "user1", "secret", "203.0.113.7")).Is(200, "success");
    }

    [TestMethod]
    public async Task What_is_refused_for_the_account_does_not_count_for_the_address()
    {
        await using var forum = await StartAsync(new() { FailedLoginsPerAddress = new(12, TimeSpan.FromMinutes(5)) });
        await forum.Server.Users.RegisterAsync("ada", "secret");
        for (var i = 0; i < 30; i++)
            (await LogIn(forum.Client(), "ada", "wrong", "203.0.113.7")).Is(i < 10 ? 200 : 429);
        (await LogIn(forum.Client(), "nobody", "wrong", "203.0.113.7")).Is(200, "user does not exist");
    }

    [TestMethod]
    public async Task An_address_may_search_sixty_times_a_minute()
    {
        await using var forum = await StartAsync();
        var client = forum.Client();
        Task<Answer> Search() => client.GetAsync("/api/search?q=word", ("X-Forwarded-For", "203.0.113.7"));
        for (var i = 0; i < 60; i++)
            (await Search()).Is(200, "success");
        (await Search()).Is(429);
        (await client.GetAsync("/api/search?q=word")).Is(200, "success");
        _time.Advance(TimeSpan.FromMinutes(1));
        (await Search()).Is(200, "success");
    }

    [TestMethod]
    public async Task An_address_may_register_thirty_accounts_an_hour()
    {
        await using var forum = await StartAsync();
        var client = forum.Client();
        Task<Answer> Register(string name) =>
            client.PostAsync("/api/register", new { username = name, password = "secret" }, ("X-Forwarded-For", "203.0.113.7"));
        for (var i = 0; i < 30; i++)
        {
            (await Register("a b")).IsInvalid("username"); // what comes to nothing does not count
            (await Register("system")).IsInvalid("username");
            if (i > 0)
                (await Register("user0")).Is(200, "username already exists");
            (await Register($"user{i}")).Is(200, "success");
        }
        IsLimited(await Register("one.more"), "too many registrations, try again later", 30, 3600);
        (await client.PostAsync("/api/register", new { username = "near", password = "secret" })).Is(200, "success");
        _time.Advance(TimeSpan.FromHours(1));
        (await Register("one.more")).Is(200, "success");
    }

    [TestMethod]
    public async Task A_user_may_change_things_sixty_times_a_minute_and_read_at_will()
    {
        await using var forum = await StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        var (token, _) = await forum.Server.Tokens.CreateAsync(Actors.Of(2), "ci", mayWrite: true);
        for (var i = 1; i <= 60; i++)
        {
            var answer = i % 2 == 0
                ? await ada.PatchAsync("/api/me", new { bio = "x" })
                : await forum.Client().PatchAsync("/api/me", new { bio = "x" }, ("Authorization", $"Bearer {token}"));
            answer.Is(200, "success");
            Assert.AreEqual(("60", $"{60 - i}", "60"),
                (answer.Header("RateLimit-Limit"), answer.Header("RateLimit-Remaining"), answer.Header("RateLimit-Reset")));
        }
        IsLimited(await ada.PatchAsync("/api/me", new { bio = "x" }), "too many requests, try again later", 60, 60);
        Assert.IsNull((await ada.GetAsync("/api/me")).Is(200, "success").Header("RateLimit-Limit"));
        (await bob.PatchAsync("/api/me", new { bio = "x" })).Is(200, "success");
        _time.Advance(TimeSpan.FromMinutes(1));
        (await ada.PatchAsync("/api/me", new { bio = "x" })).Is(200, "success");
    }

    [TestMethod]
    public async Task Callers_on_this_machine_may_register_and_search_freely_but_not_guess_and_nobody_is_limited_when_that_is_off()
    {
        var tight = new RateLimit(1, TimeSpan.FromHours(1));
        await using var forum = await StartAsync(new() { FailedLogins = tight, Registrations = tight });
        await forum.UserAsync("ada");
        await forum.UserAsync("bob");
        (await LogIn(forum.Client(), "ada", "wrong", null)).Is(200, "username and password do not match");
        (await LogIn(forum.Client(), "ada", "secret", null)).Is(429, "too many failed logins, try again later");

        await using var off = await StartAsync(new() { Enabled = false, FailedLogins = tight, Writes = tight });
        var cem = await off.UserAsync("cem");
        for (var i = 0; i < 3; i++)
        {
            (await LogIn(off.Client(), "cem", "wrong", "203.0.113.7")).Is(200, "username and password do not match");
            (await cem.PatchAsync("/api/me", new { bio = "x" })).Is(200, "success");
        }
    }

    [TestMethod]
    public void A_permit_is_given_back_or_stays_taken_until_the_window_ends()
    {
        var limiter = new WindowLimiter<int>(new RateLimit(2, TimeSpan.FromSeconds(10)), _time);
        var (first, second, third) = (limiter.Take(1), limiter.Take(1), limiter.Take(1));
        Assert.AreEqual((true, 1L), (first.Lease.IsAcquired, first.Remaining));
        Assert.AreEqual((true, 0L), (second.Lease.IsAcquired, second.Remaining));
        Assert.IsFalse(third.Lease.IsAcquired);
        first.Lease.Dispose();
        Assert.IsTrue(limiter.Take(1).Lease.IsAcquired);
        Assert.IsTrue(limiter.Take(2).Lease.IsAcquired);
        _time.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        Assert.IsFalse(limiter.Take(1).Lease.IsAcquired);
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.IsTrue(limiter.Take(1).Lease.IsAcquired);
        Assert.AreEqual(1, limiter.Count, "what has ended is forgotten");
        second.Lease.Dispose(); // of a window that has ended: nothing to give back to
        Assert.IsTrue(limiter.Take(1).Lease.IsAcquired);
        Assert.IsFalse(limiter.Take(1).Lease.IsAcquired);
    }

    [TestMethod]
    public void However_many_clients_come_the_number_remembered_is_bounded()
    {
        var limiter = new WindowLimiter<int>(new RateLimit(1, TimeSpan.FromHours(1)), _time, maxKeys: 100);
        for (var i = 0; i < 10_000; i++)
            Assert.IsTrue(limiter.Take(i).Lease.IsAcquired);
        Assert.AreEqual(100, limiter.Count);
        Assert.IsFalse(limiter.Take(9_999).Lease.IsAcquired, "the latest is among those remembered");
    }

    [TestMethod]
    public void Nobody_has_a_key_without_permits_forgotten_by_bringing_many_others_and_none_of_those_is_locked_out()
    {
        var limiter = new WindowLimiter<int>(new RateLimit(10, TimeSpan.FromHours(1)), _time, maxKeys: 1_000);
        var victims = Enumerable.Range(-300, 300).ToList();
        foreach (var victim in victims)
        {
            for (var i = 0; i < 10; i++)
                limiter.Take(victim);
        }
        for (var i = 0; i < 100_000; i++)
            Assert.IsTrue(limiter.Take(i % 50_000).Lease.IsAcquired);
        foreach (var victim in victims)
            Assert.IsFalse(limiter.Take(victim).Lease.IsAcquired);
        Assert.AreEqual(1_000, limiter.Count);
    }

    [TestMethod]
    public void A_key_whose_permits_were_all_given_back_takes_no_room()
    {
        var limiter = new WindowLimiter<int>(new RateLimit(2, TimeSpan.FromHours(1)), _time);
        for (var i = 0; i < 100; i++)
            limiter.Take(i).Lease.Dispose();
        Assert.AreEqual(0, limiter.Count);
        var lease = limiter.Take(1).Lease;
        lease.Dispose();
        lease.Dispose();
        Assert.AreEqual(1, limiter.Take(1).Remaining, "given back once, not twice");
    }
}
