using TinyForum.Data;

namespace TinyForum.Tests;

[TestClass]
public sealed class IdempotencyTests
{
    private static readonly (string, string) Key = ("Idempotency-Key", "k");

    [TestMethod]
    public async Task A_post_is_told_again_as_it_was_when_it_was_new()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, mod) = (await forum.UserAsync("ada"), await forum.UserAsync("mod", "moderator"));
        var thread = new { title = "Old title", body = "old body", tags = new[] { "old", "tags" } };
        var first = (await ada.PostAsync("/api/posts", thread, Key)).Is(201);
        var reply = new { body = "old reply", reply_to = 1 };
        var second = (await ada.PostAsync("/api/posts/1/replies", reply, ("Idempotency-Key", "r"))).Is(201);

        (await ada.PatchAsync("/api/posts/1", new { title = "New title", body = "new body", tags = new[] { "new" } })).Is(200);
        (await mod.PatchAsync("/api/posts/1", new { body = "newer body" })).Is(200);
        (await mod.PatchAsync("/api/posts/2", new { body = "new reply" })).Is(200);
        foreach (var change in (string[])["1/like", "2/like", "1/pin", "1/lock"])
            (await mod.PutAsync($"/api/posts/{change}")).Is(200);
        (await mod.PostAsync("/api/posts/1/replies", new { body = "another" })).Is(201);
        await IsReplayed();
        foreach (var post in (int[])[2, 1])
        {
            (await ada.DeleteAsync($"/api/posts/{post}")).Is(200);
            await IsReplayed();
        }
        Assert.AreEqual(3, forum.Database.Read(c => c.Number("SELECT count(*) FROM posts")), "nothing was made twice");

        async Task IsReplayed()
        {
            foreach (var (made, again) in ((Answer, Answer)[])
                [(first, await ada.PostAsync("/api/posts", thread, Key)),
                    (second, await ada.PostAsync("/api/posts/1/replies", reply, ("Idempotency-Key", "r")))])
            {
                again.Is(201);
                Assert.AreEqual((made.Text, made.Header("Location"), "true"), (again.Text, again.Header("Location"), again.Header("Idempotency-Replayed")));
            }
        }
    }

    [TestMethod]
    public async Task A_message_is_told_again_as_it_was_until_neither_side_has_it()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        var message = new { to = "bob", subject = "s", body = "b" };
        var first = (await ada.PostAsync("/api/messages", message, Key)).Is(201);
        (await bob.PutAsync("/api/messages/1/read")).Is(200);
        (await ada.DeleteAsync("/api/messages/1")).Is(200);
        Assert.AreEqual(first.Text, (await ada.PostAsync("/api/messages", message, Key)).Is(201).Text);
        (await bob.DeleteAsync("/api/messages/1")).Is(200);
        (await ada.PostAsync("/api/messages", message, Key)).Is(409, "what was created with this Idempotency-Key has been deleted");
    }

    [TestMethod]
    public async Task A_report_is_told_again_as_it_was()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, mod) = (await forum.UserAsync("ada"), await forum.UserAsync("mod", "moderator"));
        (await mod.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        var first = (await ada.PostAsync("/api/posts/1/report", new { reason = "spam" }, Key)).Is(201);
        (await mod.PutAsync("/api/reports/1", new { resolution = "done" })).Is(200);
        Assert.AreEqual(first.Text, (await ada.PostAsync("/api/posts/1/report", new { reason = "spam" }, Key)).Is(201).Text);
    }

    [TestMethod]
    public async Task A_token_is_told_again_to_the_session_that_got_it_alone()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        var elsewhere = forum.Client();
        (await elsewhere.PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200, "success");
        var token = new { name = "ci", scope = "write" };
        var first = (await ada.PostAsync("/api/tokens", token, Key)).Is(201);
        var bearer = ("Authorization", $"Bearer {first["token.token"]}");
        (await forum.Client().GetAsync("/api/me", bearer)).Is(200);
        await forum.Settled();
        Assert.AreEqual(first.Text, (await ada.PostAsync("/api/tokens", token, Key)).Is(201).Text);
        (await elsewhere.PostAsync("/api/tokens", token, Key)).Is(409, "only the session that created this token can get its secret again");
        (await ada.DeleteAsync("/api/tokens/1")).Is(200);
        (await ada.PostAsync("/api/tokens", token, Key)).Is(409, "what was created with this Idempotency-Key has been deleted");
        (await ada.PostAsync("/api/tokens", token, ("Idempotency-Key", "l"))).Is(201);
    }

    [TestMethod]
    public async Task A_key_is_remembered_for_a_day()
    {
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = time });
        var ada = await forum.UserAsync("ada");
        var thread = new { title = "t", body = "b" };
        (await ada.PostAsync("/api/posts", thread, Key)).Is(201);
        time.Advance(IdempotencyKey.Lifetime - TimeSpan.FromMilliseconds(1));
        Assert.AreEqual("true", (await ada.PostAsync("/api/posts", thread, Key)).Is(201).Header("Idempotency-Replayed"));
        time.Advance(TimeSpan.FromMilliseconds(1));
        var again = (await ada.PostAsync("/api/posts", thread, Key)).Is(201);
        Assert.AreEqual((2, null), ((int)again["post.id"]!, again.Header("Idempotency-Replayed")));
    }

    [TestMethod]
    public async Task A_key_that_named_something_of_another_kind_is_refused()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("ada");
        var (posts, messages) = (forum.Server.Posts, forum.Server.Messages);
        await posts.CreateThreadAsync(Actors.Of(2), "t", "b", key: new IdempotencyKey("k", "request"u8));
        var refusal = await Assert.ThrowsExactlyAsync<RefusalException>(
            () => messages.SendAsync(Actors.Of(2), "ada", null, "b", new IdempotencyKey("k", "request"u8)));
        Assert.AreEqual(RefusalKind.KeyReused, refusal.Kind);
    }
}
