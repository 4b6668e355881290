using System.Text.Json.Nodes;

namespace TinyForum.Tests;

[TestClass]
public sealed class PostEditTests
{
    [TestMethod]
    public async Task An_edit_changes_what_it_names_and_history_keeps_every_version()
    {
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = time });
        var (ada, mod) = (await forum.UserAsync("ada"), await forum.UserAsync("mod", "moderator"));
        (await ada.PostAsync("/api/posts", new { title = "One", body = "first", tags = (string[])["a"] })).Is(201);
        Assert.AreEqual("first", (string?)(await ada.GetAsync("/api/posts/1/history")).Is(200)["versions.0.body"]);
        time.Advance(TimeSpan.FromMinutes(1));
        var edited = (await ada.PatchAsync("/api/posts/1", new { body = "second", tags = (string[])["b", "c"] })).Is(200, "success");
        Assert.AreEqual("One", (string?)edited["post.title"]);
        Assert.AreEqual("2026-01-31T09:31:00.000Z", (string?)edited["post.edited_at"]);
        Assert.AreEqual(edited.Header("ETag"), (await ada.GetAsync("/api/posts/1")).Header("ETag"));
        (await mod.PatchAsync("/api/posts/1", new { title = "Two" })).Is(200);

        var history = (await forum.Client().GetAsync("/api/posts/1/history")).Is(200, "success");
        CollectionAssert.AreEqual(
            (string[])["3 Two second b,c mod 09:31", "2 One second b,c ada 09:31", "1 One first a ada 09:30"],
            ((JsonArray)history["versions"]!).Select(v =>
                $"{v!["revision"]} {v["title"]} {v["body"]} {string.Join(",", ((JsonArray)v["tags"]!).Select(t => (string?)t))} "
                + $"{v["editor"]!["username"]} {((string)v["created_at"]!)[11..16]}").ToArray());
        var page = (await ada.GetAsync("/api/posts/1/history?limit=2")).Is(200);
        Assert.AreEqual(1, (int?)(await ada.GetAsync($"/api/posts/1/history?limit=2&cursor={page["next"]}")).Is(200)["versions.0.revision"]);
        CollectionAssert.AreEqual((string[])["b", "c"], ((JsonArray)(await ada.GetAsync("/api/tags"))["tags"]!).Select(t => (string)t!["name"]!).ToArray());
    }

    [TestMethod]
    public async Task An_edit_without_a_difference_makes_no_version()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b", tags = (string[])["a"] })).Is(201);
        var tag = (await ada.GetAsync("/api/posts/1")).Header("ETag");
        foreach (var edit in (object[])[new { }, new { title = "t", body = "b", tags = (string[])["A"] }])
        {
            var answer = (await ada.PatchAsync("/api/posts/1", edit)).Is(200);
            Assert.AreEqual(tag, answer.Header("ETag"));
            Assert.IsNull(answer["post.edited_at"]);
        }
        Assert.HasCount(1, (JsonArray)(await ada.GetAsync("/api/posts/1/history"))["versions"]!);
    }

    [TestMethod]
    public async Task An_edit_that_may_not_be_is_refused()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "r" })).Is(201);
        (await ada.PatchAsync("/api/posts/2", new { title = "t" })).IsInvalid("title", "only threads have this");
        (await ada.PatchAsync("/api/posts/2", new { tags = (string[])["t"] })).IsInvalid("tags", "only threads have this");
        (await ada.PatchAsync("/api/posts/1", new { body = "" })).IsInvalid("body");
        Assert.AreEqual(1, (await ada.GetAsync("/api/posts/1/history"))["versions"]!.AsArray().Count);
        (await ada.PatchAsync("/api/posts/1", """{"title": null, "body": null, "tags": null}""")).Is(200);
        (await ada.PatchAsync("/api/posts/1", """{"tags": [null]}""")).IsInvalid("tags", "must be a list of strings");
        Assert.AreEqual(1, (await ada.GetAsync("/api/posts/1/history"))["versions"]!.AsArray().Count);
        (await bob.PatchAsync("/api/posts/1", new { body = "mine" })).Is(403, "only its author or a moderator may do this");
        (await bob.PatchAsync("/api/posts/9", new { body = "mine" })).Is(404, "post does not exist");
        Assert.AreEqual("b", (string?)(await ada.GetAsync("/api/posts/1"))["post.body"]);
    }

    [TestMethod]
    public async Task If_Match_refuses_an_edit_of_another_revision_but_not_for_a_like_in_between()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        (await ada.PostAsync("/api/posts", new { title = "t", body = "1" })).Is(201);
        var first = (await ada.GetAsync("/api/posts/1")).Header("ETag")!;
        (await bob.PutAsync("/api/posts/1/like")).Is(200);
        var second = (await ada.PatchAsync("/api/posts/1", new { body = "2" }, ("If-Match", first))).Is(200).Header("ETag")!;
        foreach (var stale in (string[])[first, "\"x\"", "nonsense", "\"\"", $"{first}, \"7-x\""])
            (await ada.PatchAsync("/api/posts/1", new { body = "3" }, ("If-Match", stale))).Is(412, "the post has been changed since");
        foreach (var current in (string[])[second, $"{first}, {second}", "W/" + second, "*"])
            (await ada.PatchAsync("/api/posts/1", new { body = "2" }, ("If-Match", current))).Is(200);
        (await ada.PatchAsync("/api/posts/9", new { body = "3" }, ("If-Match", "*"))).Is(404);
        Assert.AreEqual("2", (string?)(await ada.GetAsync("/api/posts/1"))["post.body"]);
    }

    [TestMethod]
    public async Task Of_many_who_edit_the_same_revision_at_once_one_succeeds_and_nothing_is_lost()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "t", body = "0" })).Is(201);
        for (var round = 1; round <= 5; round++)
        {
            var tag = (await ada.GetAsync("/api/posts/1")).Header("ETag")!;
            var answers = await Task.WhenAll(Enumerable.Range(0, 8)
                .Select(i => ada.PatchAsync("/api/posts/1", new { body = $"{round}-{i}" }, ("If-Match", tag))));
            Assert.AreEqual(1, answers.Count(a => (int)a.Status == 200));
            Assert.AreEqual(7, answers.Count(a => (int)a.Status == 412));
            var won = (string?)answers.Single(a => (int)a.Status == 200)["post.body"];
            Assert.AreEqual(won, (string?)(await ada.GetAsync("/api/posts/1/history"))["versions.0.body"]);
        }
        Assert.HasCount(6, (JsonArray)(await ada.GetAsync("/api/posts/1/history"))["versions"]!);
    }

    [TestMethod]
    public async Task A_moderators_edit_is_logged_with_its_reason_and_told_to_the_author()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, mod) = (await forum.UserAsync("ada"), await forum.UserAsync("mod", "moderator"));
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        (await ada.PatchAsync("/api/posts/1", new { body = "own edit" })).Is(200);
        (await mod.PatchAsync($"/api/posts/1?reason={new string('x', 501)}", new { body = "c" })).IsInvalid("reason");
        (await mod.PatchAsync("/api/posts/1?reason=too+long", new { body = "c" })).Is(200);
        CollectionAssert.AreEqual((string[])["3 edit 1 too long"], forum.Log());
        CollectionAssert.AreEqual((string[])["2 edit 1 3"], forum.Notifications());
    }
}
