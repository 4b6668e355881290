namespace TinyForum.Tests;

[TestClass]
public sealed class AccountTests
{
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
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ =>
            forum.Client().PostAsync("/api/register", new { username = "ada", password = "secret" })));
        Assert.AreEqual(1, answers.Count(a => (string?)a["status"] == "success"));
        Assert.AreEqual(63, answers.Count(a => (string?)a["message"] == "username already exists"));
    }
}
