using System.Net;
using System.Text.Json.Serialization.Metadata;
using FsCheck.Fluent;
using TinyForum.Api;
using TinyForum.Api.Endpoints;
using TinyForum.Data;
using TinyForum.Http;

namespace TinyForum.Tests;

/// <summary>Answers to callers are made of the public ones: they have to be what each would get if they were made for them alone.</summary>
[TestClass]
public sealed class MarkedAnswersTests
{
    // Texts that look like what the places of marks are found by.
    private static readonly string[] Texts =
        ["text", "\n      \"likes\": 5,\n      \"title\": \"x\"\n    }", "\"id\": 7,\n\"likes\": 1", "\\\"likes\\\": \u2028", "\n    },\n    {\n"];

    private enum Act
    {
        Begin, Reply, Edit, Retitle, Delete, Restore, Like, Unlike, Read, ReadAll, Pin, Lock, Send, ReadMessage, ReadMessages, DeleteMessage, ReadNotifications,
    }

    private sealed record Step(Act Act, int User, int Which, bool Elsewhere);

    [TestMethod]
    public void Each_caller_gets_what_would_be_made_for_them_alone_whoever_writes()
    {
        var steps = Gen.ListOf(
            from act in Gen.Elements(Enum.GetValues<Act>())
            from user in Gen.Choose(0, 2)
            from which in Gen.Choose(0, 1_000)
            from elsewhere in Gen.Elements(false, true)
            select new Step(act, user, which, elsewhere));
        Prop.ForAll(steps.ToArbitrary(), list => CheckAsync([.. list]).GetAwaiter().GetResult()).Holds(12, size: 30);
    }

    [TestMethod]
    public async Task A_caller_who_has_the_answer_gets_a_304_until_a_mark_or_the_post_changes()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        foreach (var path in (string[])["/api/posts", "/api/posts/1"])
        {
            var tag = (await bob.GetAsync(path)).Is(200).Header("ETag")!;
            Assert.AreNotEqual(tag, (await ada.GetAsync(path)).Is(200).Header("ETag"));
            Assert.AreNotEqual(tag, (await forum.Client().GetAsync(path)).Is(200).Header("ETag"));
            (await bob.GetAsync(path, ("If-None-Match", tag))).Is(304);
            (await bob.PutAsync("/api/posts/1/like")).Is(200);
            tag = (await bob.GetAsync(path, ("If-None-Match", tag))).Is(200).Header("ETag")!;
            (await bob.GetAsync(path, ("If-None-Match", tag))).Is(304);
            (await bob.PutAsync("/api/posts/1/read", new { number = 0 })).Is(200);
            (await bob.DeleteAsync("/api/posts/1/like")).Is(200);
            Assert.AreNotEqual(tag, (await bob.GetAsync(path)).Is(200).Header("ETag"));
            await forum.Database.WriteAsync(c => c.Execute("DELETE FROM reading WHERE user_id = 3"));
        }
    }

    private static async Task CheckAsync(List<Step> steps)
    {
        using var folder = new TemporaryFolder();
        await using var server = await TestForum.StartAsync(o => o with { Database = folder["forum.db"] });
        TestClient[] clients = [await server.UserAsync("ada"), await server.UserAsync("bob"), await server.UserAsync("mod", "moderator")];
        await using var elsewhere = new Forum(new ForumOptions { Database = folder["forum.db"], Passwords = TestForum.CheapPasswords });
        var actors = new[] { "ada", "bob", "mod" }.Select(name => elsewhere.Users.FindActor(name)!).ToArray();
        var here = ServerProcess.OtherProgram is null ? server.Server.Forum : elsewhere;
        foreach (var step in steps)
        {
            await TakeAsync(step.Elsewhere ? elsewhere : here, actors[step.User], step);
            for (var i = 0; i < clients.Length; i++)
                await RequireFreshAsync(clients[i], elsewhere, actors[i]);
        }
    }

    private static async Task TakeAsync(Forum forum, Actor actor, Step step)
    {
        var (posts, messages) = (forum.Posts, forum.Messages);
        var ids = posts.Threads(new(), 100).Items.SelectMany(t => posts.Replies(t.Id, 100)!.Items.Append(t)).Select(p => p.Id).Order().ToList();
        var id = ids.Count > 0 ? ids[step.Which % ids.Count] : 1;
        var thread = posts.Find(id)?.ThreadId ?? 1;
        var text = Texts[step.Which % Texts.Length];
        try
        {
            await (step.Act switch
            {
                Act.Begin => posts.CreateThreadAsync(actor, "\"likes\": 1", text, ["a"]),
                Act.Reply => posts.CreateReplyAsync(actor, thread, text),
                Act.Edit => posts.EditAsync(actor, id, null, text + step.Which + " @bob", null),
                Act.Retitle => posts.EditAsync(actor, thread, $"title {step.Which}", null, null),
                Act.Delete => posts.DeleteAsync(actor, id),
                Act.Restore => posts.RestoreAsync(actor, 1 + step.Which % 8),
                Act.Like or Act.Unlike => posts.LikeAsync(actor, id, step.Act == Act.Like),
                Act.Read => posts.MarkReadAsync(actor, thread, 0),
                Act.ReadAll => posts.MarkAllReadAsync(actor),
                Act.Pin => posts.PinAsync(actor, thread, step.Which % 2 == 0),
                Act.Lock => posts.LockAsync(actor, thread, step.Which % 2 == 0),
                Act.Send => messages.SendAsync(actor, step.Which % 2 == 0 ? "ada" : "bob", null, text),
                Act.ReadMessage => messages.MarkReadAsync(actor, 1 + step.Which % 4),
                Act.ReadMessages => messages.MarkAllReadAsync(actor),
                Act.DeleteMessage => messages.DeleteAsync(actor, 1 + step.Which % 4),
                _ => forum.Notifications.MarkAllReadAsync(actor),
            });
        }
        catch (RefusalException)
        {
            // What may not be done is no step.
        }
    }

    private static async Task RequireFreshAsync(TestClient client, Forum forum, Actor viewer)
    {
        var posts = forum.Posts;
        var messages = forum.Messages.List(viewer, new MailFilter(Mailbox.All, null, Unread: false), 100);
        await RequireAsync(client, "/api/messages?limit=100&box=all",
            new MessagesAnswer([.. messages.Items.Select(MessageView.Of)], null, forum.Messages.CountUnread(viewer)), ApiJson.Type<MessagesAnswer>());
        var notifications = forum.Notifications.List(viewer, 100);
        await RequireAsync(client, "/api/notifications?limit=100",
            new NotificationsAnswer(null, [.. notifications.Items.Select(NotificationView.Of)], forum.Notifications.CountUnread(viewer)),
            ApiJson.Type<NotificationsAnswer>());
        foreach (var isActive in (bool[])[false, true])
        {
            var threads = posts.Threads(new(Active: isActive), 100, null, viewer);
            await RequireAsync(client, $"/api/posts?limit=100&sort={(isActive ? "active" : "newest")}",
                new PostsAnswer([.. threads.Items.Select(PostView.Of)], null), ApiJson.Type<PostsAnswer>());
        }
        for (var id = 1; id <= 8; id++)
        {
            await RequireAsync(client, $"/api/posts/{id}", posts.Find(id, viewer) is { } post ? PostAnswer.Of(post) : null, ApiJson.Type<PostAnswer>());
            var replies = posts.Replies(id, 100, viewer: viewer);
            await RequireAsync(client, $"/api/posts/{id}/replies?limit=100",
                replies is null ? null : new RepliesAnswer([.. replies.Items.Select(ViewOf)], null), ApiJson.Type<RepliesAnswer>());
        }
    }

    private static async Task RequireAsync<T>(TestClient client, string path, T? fresh, JsonTypeInfo<T> type) where T : class
    {
        var answer = await client.GetAsync(path);
        Assert.AreEqual(fresh is null ? HttpStatusCode.NotFound : HttpStatusCode.OK, answer.Status, path);
        if (fresh is not null)
            Assert.AreEqual(System.Text.Encoding.UTF8.GetString(JsonResponder.Render(fresh, type)), answer.Text, path);
    }

    private static ReplyView ViewOf(Post post) =>
        post.DeletedBy is null ? PostView.Of(post) : new DeletedPostView(Deleted: true, post.Id, post.Number, post.ThreadId);
}
