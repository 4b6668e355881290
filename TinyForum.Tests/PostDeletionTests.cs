using System.Text.Json.Nodes;

namespace TinyForum.Tests;

[TestClass]
public sealed class PostDeletionTests
{
    [TestMethod]
    public async Task A_deleted_reply_leaves_a_stub_and_comes_back_as_it_was()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        foreach (var body in (string[])["one", "two"])
            (await ada.PostAsync("/api/posts/1/replies", new { body })).Is(201);
        var before = (await ada.GetAsync("/api/posts/1/replies")).Text;
        (await ada.DeleteAsync("/api/posts/2")).Is(200, "success");
        var stub = (JsonObject)(await ada.GetAsync("/api/posts/1/replies"))["replies.0"]!;
        Assert.AreEqual("""{"deleted":true,"id":2,"number":1,"thread":1}""", stub.ToJsonString());
        Assert.AreEqual(1, (int?)(await ada.GetAsync("/api/posts/1"))["post.replies"]);
        Assert.IsTrue((bool?)(await ada.GetAsync("/api/posts/2")).Is(200)["post.deleted"], "its author may restore it and so sees it");
        (await ada.DeleteAsync("/api/posts/2")).Is(404, "post does not exist");
        (await ada.PatchAsync("/api/posts/2", new { body = "x" })).Is(404, "post does not exist");
        Assert.AreEqual("one", (string?)(await ada.PostAsync("/api/posts/2/restore")).Is(200)["post.body"]);
        (await ada.PostAsync("/api/posts/2/restore")).Is(200); // already
        Assert.AreEqual(before, (await ada.GetAsync("/api/posts/1/replies")).Text);
        Assert.AreEqual(3, (int?)(await ada.PostAsync("/api/posts/1/replies", new { body = "three" })).Is(201)["post.number"]);
    }

    [TestMethod]
    public async Task Numbers_of_deleted_replies_are_not_given_again()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "one" })).Is(201);
        (await ada.DeleteAsync("/api/posts/2")).Is(200);
        var next = (await ada.PostAsync("/api/posts/1/replies", new { body = "two" })).Is(201);
        Assert.AreEqual(2, (int?)next["post.number"]);
        Assert.AreEqual(3, (int?)next["post.id"]);
    }

    [TestMethod]
    public async Task The_side_that_deleted_restores_and_no_other()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob, mod, other) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"),
            await forum.UserAsync("mod", "moderator"), await forum.UserAsync("other", "admin"));
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        (await bob.DeleteAsync("/api/posts/1")).Is(403, "only its author or a moderator may do this");
        (await bob.PostAsync("/api/posts/1/restore")).Is(403, "only its author or a moderator may do this");

        (await mod.DeleteAsync("/api/posts/1?reason=spam")).Is(200);
        (await ada.PostAsync("/api/posts/1/restore")).Is(403, "a moderator deleted this post");
        (await bob.PostAsync("/api/posts/1/restore")).Is(404, "post does not exist");
        (await ada.GetAsync("/api/posts/1")).Is(404, "post does not exist");
        Assert.IsTrue((bool?)(await other.GetAsync("/api/posts/1")).Is(200)["post.deleted"]);
        (await other.PostAsync("/api/posts/1/restore")).Is(200);

        (await ada.DeleteAsync("/api/posts/1")).Is(200);
        (await mod.PostAsync("/api/posts/1/restore")).Is(403, "its author deleted this post");
        (await bob.GetAsync("/api/posts/1")).Is(404);
        (await ada.PostAsync("/api/posts/1/restore")).Is(200);
        (await ada.PostAsync("/api/posts/9/restore")).Is(404, "post does not exist");
        CollectionAssert.AreEqual((string[])["4 delete 1 spam", "5 restore 1"], forum.Log());
        CollectionAssert.AreEqual((string[])["2 delete 1 4", "2 restore 1 5"], forum.Notifications());
    }

    [TestMethod]
    [DataRow(false, DisplayName = "a thread"), DataRow(true, DisplayName = "a reply")]
    public async Task A_moderator_sees_what_its_author_hid_with_its_reports_and_can_keep_it_hidden(bool isReply)
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob, mod) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"), await forum.UserAsync("mod", "moderator"));
        (await ada.PostAsync("/api/posts", new { title = "t", body = "thread" })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "reply" })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "other" })).Is(201);
        var id = isReply ? 2 : 1;
        (await bob.PostAsync($"/api/posts/{id}/report", new { reason = "rude" })).Is(201);
        (await bob.PostAsync("/api/posts/3/report", new { reason = "rude, too" })).Is(201);
        (await ada.DeleteAsync($"/api/posts/{id}")).Is(200);

        Assert.AreEqual(isReply ? "reply" : "thread", (string?)(await mod.GetAsync($"/api/posts/{id}")).Is(200)["post.body"]);
        (await mod.GetAsync($"/api/posts/{id}/history")).Is(200);
        (await mod.GetAsync("/api/posts/1/replies")).Is(200);
        (await mod.GetAsync("/api/posts/3")).Is(200);
        foreach (var client in (TestClient[])[bob, forum.Client()])
            (await client.GetAsync($"/api/posts/{id}")).Is(404);
        Assert.AreEqual("rude", (string?)(await mod.GetAsync($"/api/reports?post={id}")).Is(200)["reports.0.reason"]);
        Assert.HasCount(1, (await mod.GetAsync($"/api/reports?post={id}&state=all")).Is(200)["reports"]!.AsArray());
        Assert.IsEmpty((await mod.GetAsync($"/api/reports?post={id}&state=resolved")).Is(200)["reports"]!.AsArray());
        (await mod.GetAsync("/api/reports?post=x")).IsInvalid("post");
        (await bob.DeleteAsync($"/api/posts/{id}")).Is(404);

        (await mod.PostAsync($"/api/posts/{id}/restore")).Is(403, "its author deleted this post");
        (await mod.DeleteAsync($"/api/posts/{id}?reason=rude")).Is(200);
        (await mod.DeleteAsync($"/api/posts/{id}")).Is(404);
        (await ada.PostAsync($"/api/posts/{id}/restore")).Is(403, "a moderator deleted this post");
        (await ada.GetAsync($"/api/posts/{id}")).Is(404);
        CollectionAssert.AreEqual((string[])[$"4 delete {id} rude"], forum.Log());
        (await mod.DeleteAsync("/api/posts/3")).Is(200, "success");
        Assert.IsEmpty(forum.Database.Read(c => Maintenance.IntegrityCheck.Run(c)));
        (await mod.PostAsync($"/api/posts/{id}/restore")).Is(200);
        Assert.AreEqual(1, (int?)(await bob.GetAsync("/api/posts/1")).Is(200)["post.replies"]);
        Assert.IsEmpty(forum.Database.Read(c => Maintenance.IntegrityCheck.Run(c)));
    }

    [TestMethod]
    public async Task A_deleted_thread_takes_its_replies_its_tags_and_its_counts_with_it_until_restored()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b", tags = (string[])["a"] })).Is(201);
        (await bob.PostAsync("/api/posts/1/replies", new { body = "r" })).Is(201);
        (await ada.DeleteAsync("/api/posts/1")).Is(200);
        foreach (var client in (TestClient[])[bob, ada, forum.Client()])
        {
            Assert.IsEmpty((JsonArray)(await client.GetAsync("/api/posts"))["posts"]!);
            Assert.IsEmpty((JsonArray)(await client.GetAsync("/api/tags"))["tags"]!);
            (await client.GetAsync("/api/posts/1/replies")).Is(404, "thread does not exist");
            (await client.GetAsync("/api/posts/2")).Is(404, "post does not exist");
            (await client.GetAsync("/api/posts/2/history")).Is(404, "post does not exist");
        }
        (await bob.DeleteAsync("/api/posts/2")).Is(404, "post does not exist");
        (await bob.PatchAsync("/api/posts/2", new { body = "x" })).Is(404, "post does not exist");
        (await bob.PutAsync("/api/posts/2/like")).Is(404, "post does not exist");
        (await bob.PostAsync("/api/posts/1/replies", new { body = "r" })).Is(404, "thread does not exist");
        (await bob.PutAsync("/api/posts/1/read", new { number = 0 })).Is(404, "thread does not exist");
        Assert.AreEqual("0 0", Counts());
        (await ada.PostAsync("/api/posts/1/restore")).Is(200);
        Assert.AreEqual("1 1", Counts());
        Assert.AreEqual("r", (string?)(await bob.GetAsync("/api/posts/1/replies")).Is(200)["replies.0.body"]);
        Assert.AreEqual("a", (string?)(await bob.GetAsync("/api/tags"))["tags.0.name"]);

        string Counts() => forum.Database.Read(c => c.First("SELECT group_concat(posts, ' ') FROM users WHERE id >= 2", r => r.GetString(0))!);
    }

    [TestMethod]
    [DataRow(true, DisplayName = "by a moderator")]
    [DataRow(false, DisplayName = "by its author")]
    public async Task Nothing_of_a_deleted_post_shows_in_any_answer_to_the_other_side(bool byModerator)
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob, mod) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"), await forum.UserAsync("mod", "moderator"));
        (await ada.PostAsync("/api/posts", new { title = "Secret one", body = "SECRET", tags = (string[])["secret-tag", "news"] })).Is(201);
        (await ada.PatchAsync("/api/posts/1", new { title = "Secret two", body = "Secret three" })).Is(200);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "inside of the secret" })).Is(201);
        (await ada.PostAsync("/api/posts", new { title = "Open", body = "word", tags = (string[])["news"] })).Is(201);
        (await ada.PostAsync("/api/posts/3/replies", new { body = "secret word" })).Is(201);
        (await ada.PatchAsync("/api/posts/4", new { body = "secret word, twice" })).Is(200);
        (await bob.PutAsync("/api/posts/4/like")).Is(200);
        var deleter = byModerator ? mod : ada;
        foreach (var id in (int[])[1, 4])
            (await deleter.DeleteAsync($"/api/posts/{id}")).Is(200);

        TestClient[] others = byModerator ? [ada, bob, forum.Client()] : [bob, forum.Client()];
        foreach (var client in others)
        {
            var answers = await Everything.GetAsync(client, 1, 2, 3, 4);
            answers.Add(await client.PatchAsync("/api/posts/1", new { title = "x" }));
            answers.Add(await client.PutAsync("/api/posts/4/like"));
            answers.Add(await client.PostAsync("/api/posts/4/restore"));
            answers.Add(await client.PostAsync("/api/posts/3/replies", new { body = "x", reply_to = 4 }));
            // All that is stored of oneself, one's own words that a moderator deleted among it, is in one's own export.
            foreach (var answer in answers.Where(a => client != ada || !a.Request.Contains("/api/me/export")))
                Assert.DoesNotContain("secret", answer.Text.ToLowerInvariant(), answer.Request);
            var (deleted, absent) = (await client.GetAsync("/api/posts/1"), await client.GetAsync("/api/posts/99"));
            Assert.AreEqual(absent.Text, deleted.Text);
            Assert.AreEqual(absent.Header("ETag"), deleted.Header("ETag"));
        }
        Assert.Contains(a => a.Text.Contains("Secret one"), await Everything.GetAsync(deleter, 1), "who may restore it sees it, history included");
        Assert.AreEqual(0, forum.Database.Read(c => c.Number("SELECT count(*) FROM search WHERE rowid >> 5 IN (1, 4)")));
        (await deleter.PostAsync("/api/posts/4/restore")).Is(200);
        Assert.AreEqual(1, (int?)(await bob.GetAsync("/api/posts/4")).Is(200)["post.likes"]);
    }
}
