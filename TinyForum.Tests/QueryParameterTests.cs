using FsCheck.Fluent;
using TinyForum.Text;

namespace TinyForum.Tests;

/// <summary>Parameters of the query that a route does not take, and the several spellings of those that it does.</summary>
[TestClass]
public sealed class QueryParameterTests
{
    [TestMethod]
    [DataRow("GET", "/api/posts?x=1", "x", "is not a known parameter: this takes sort, author, tag, unread, html, limit, cursor")]
    [DataRow("GET", "/api/posts?limt=3", "limt", "is not a known parameter: did you mean limit?")]
    [DataRow("GET", "/api/posts?limit=3&Limit=4", "Limit", "is not a known parameter: did you mean limit?")]
    [DataRow("GET", "/api/posts?limit=3&%70age=4", "page", "is not a known parameter: this takes sort, author, tag, unread, html, limit, cursor")]
    [DataRow("GET", "/api/posts?=3", "", "is not a known parameter: this takes sort, author, tag, unread, html, limit, cursor")]
    [DataRow("GET", "/api/posts/1?limit=3", "limit", "is not a known parameter: this takes html")]
    [DataRow("GET", "/api/openapi.json?v=3", "v", "is not a known parameter: this takes none")]
    [DataRow("POST", "/api/register?next=/", "next", "is not a known parameter: this takes none")]
    [DataRow("DELETE", "/api/posts/1?reasons=spam", "reasons", "is not a known parameter: did you mean reason?")]
    public async Task A_parameter_that_a_route_does_not_take_is_refused_by_its_name(string method, string target, string name, string why)
    {
        await using var forum = await TestForum.StartAsync();
        (await (await forum.UserAsync("bob")).SendAsync(
            method, target, method == "POST" ? new { username = "ada", password = "secret" } : null)).IsInvalid(name, why);
    }

    [TestMethod]
    public async Task A_long_name_is_told_back_cut_short()
    {
        await using var forum = await TestForum.StartAsync();
        (await forum.Client().GetAsync($"/api/posts?{new string('x', 5_000)}=1")).IsInvalid(new string('x', 64) + "…");
    }

    [TestMethod]
    [DataRow("/healthz?probe=1")]
    [DataRow("/metrics?format=text")]
    public async Task What_is_not_of_the_API_ignores_parameters(string target)
    {
        await using var forum = await TestForum.StartAsync();
        (await forum.Client().GetAsync(target)).Is(200);
    }

    [TestMethod]
    public async Task All_spellings_of_a_target_share_one_kept_answer()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.Server.Posts.CreateThreadAsync((await forum.Server.Users.RegisterAsync("ada", "secret"))!, "t", "b");
        var client = forum.Client();
        var first = (await client.GetAsync("/api/posts?sort=active&limit=5")).Is(200);
        Assert.AreEqual(1, forum.Server.KeptAnswers);
        foreach (var target in (string[])["/api/posts?limit=5&sort=active", "/api/posts?l%69mit=%35&sort=active", "/%61pi/posts?sort=active&&limit=5&"])
            CollectionAssert.AreEqual(first.Bytes, (await client.GetAsync(target)).Is(200).Bytes);
        Assert.AreEqual(1, forum.Server.KeptAnswers);
    }

    [TestMethod]
    public async Task No_spelling_of_one_target_is_answered_with_another()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = (await forum.Server.Users.RegisterAsync("ada", "secret"))!;
        for (var i = 0; i < 3; i++)
            await forum.Server.Posts.CreateThreadAsync(ada, $"t{i}", "b");
        var client = forum.Client();
        Assert.HasCount(1, (await client.GetAsync("/api/posts?limit=1")).Is(200)["posts"]!.AsArray());
        (await client.GetAsync("/api/posts%3Flimit=1")).Is(404);
        (await client.GetAsync("/api/posts%3Flimit%3D1")).Is(404);
        (await client.GetAsync("/api/user/ada%3Fx%3D1")).Is(200, "user does not exist");
        Assert.HasCount(0, (await client.GetAsync("/api/posts?author=ada%26limit%3D1")).Is(200)["posts"]!.AsArray());
        Assert.HasCount(1, (await client.GetAsync("/api/posts?author=ada&limit=1")).Is(200)["posts"]!.AsArray());
    }

    [TestMethod]
    [DataRow("limt", "limit"), DataRow("LIMIT", "limit"), DataRow("cursors", "cursor"), DataRow("sotr", "sort"), DataRow("x", null), DataRow("", null)]
    public void The_nearest_word_is_the_one_with_the_fewest_edits(string word, string? nearest) =>
        Assert.AreEqual(nearest, Nearest.Of(word, ["sort", "author", "limit", "cursor"]));

    [TestMethod]
    public void A_word_is_nearest_to_itself() => Prop.ForAll<string[]>(words =>
    {
        foreach (var word in words.Where(w => w is { Length: > 0 and < 64 }))
            Assert.AreEqual(word, Nearest.Of(word, words.Where(w => w is { Length: < 64 })), ignoreCase: true);
    }).Holds();
}
