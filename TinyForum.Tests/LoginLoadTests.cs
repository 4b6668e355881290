using TinyForum.Passwords;

namespace TinyForum.Tests;

[TestClass]
public sealed class LoginLoadTests
{
    [TestMethod]
    public async Task Five_hundred_logins_at_once_are_all_answered_while_the_rest_goes_on()
    {
        const int logins = 500, memoryKiB = 2 * 1024;
        await using var forum = await TestForum.StartAsync(
            o => o with { Passwords = new PasswordOptions { MemoryKiB = memoryKiB, Iterations = 1, MaxWait = TimeSpan.FromMinutes(10) } });
        var reader = await forum.UserAsync("ada");
        var client = forum.Client();
        var (before, peak) = (Environment.WorkingSet, 0L);
        var answers = Task.WhenAll(Enumerable.Range(0, logins).Select(_ => client.PostAsync("/api/login", new { username = "ada", password = "secret" })));
        var between = 0;
        for (var i = 0; i < 50 && !answers.IsCompleted; i++)
        {
            (await reader.GetAsync("/api/user/ada")).Is(200, "success");
            between += answers.IsCompleted ? 0 : 1;
            Assert.IsLessThanOrEqualTo(PasswordHasher.MaxConcurrent, forum.Server.Forum.Passwords.Running);
            peak = Math.Max(peak, Environment.WorkingSet);
        }
        Assert.AreEqual(logins, (await answers).Count(a => (string?)a.Is(200)["status"] == "success"));
        Assert.IsGreaterThan(0, between, "reads are answered while logins wait");
        // Other tests share the process, so the bound is loose; were each login to take its memory at once, it would be four times as much.
        Assert.IsLessThan((long)logins * memoryKiB * 1024 / 4, peak - before);
    }

    [TestMethod]
    public async Task Those_too_many_are_told_when_to_come_again()
    {
        await using var forum = await TestForum.StartAsync(
            o => o with { Passwords = new PasswordOptions { MemoryKiB = 4 * 1024, Iterations = 1, MaxWaiting = 1 } });
        await forum.UserAsync("ada");
        var client = forum.Client();
        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => client.PostAsync("/api/login", new { username = "ada", password = "secret" })));
        Assert.IsTrue(answers.Any(a => (int)a.Status == 200));
        Assert.IsTrue(answers.Any(a => (int)a.Status == 503));
        foreach (var refused in answers.Where(a => (int)a.Status != 200))
            Assert.IsNotNull(refused.Is(503, "the server is busy, try again later").Header("Retry-After"));
    }
}
