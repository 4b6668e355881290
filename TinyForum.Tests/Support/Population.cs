using TinyForum.Data;

namespace TinyForum.Tests.Support;

/// <summary>A forum with something of everything in it, and what anyone can ask it.</summary>
internal static class Population
{
    private static readonly string[] Anyones =
    [
        "/api/user/ada", "/api/user/ada/profile", "/api/user/bob/profile", "/api/posts", "/api/posts?limit=1", "/api/posts?sort=active", "/api/posts?tag=tea",
        "/api/posts?author=ada", "/api/posts/1", "/api/posts/2", "/api/posts/2/history", "/api/posts/3", "/api/posts/1/replies", "/api/posts/6", "/api/tags",
        "/api/search?q=green", "/api/search?q=%E8%8C%B6", "/api/moderation-log",
    ];

    private static readonly string[] Ones =
    [
        "/api/me", "/api/posts?unread=true", "/api/messages?box=all", "/api/messages?box=sent", "/api/messages?unread=true", "/api/messages/1",
        "/api/messages/2", "/api/blocks", "/api/notifications", "/api/posts/1",
    ];

    public static async Task FillAsync(TestForum forum)
    {
        var ada = await forum.UserAsync("ada");
        var bob = await forum.UserAsync("bob");
        var 李雷 = await forum.UserAsync("李雷");
        await forum.Server.Users.SetRoleAsync(Actor.System, "李雷", Data.Role.Moderator);
        (await ada.PostAsync("/api/posts", new { title = "Green tea 🍵", body = "绿茶 and\nblack \"tea\"\ttoo", tags = new[] { "tea", "drinks" } })).Is(201);
        (await bob.PostAsync("/api/posts/1/replies", new { body = "I like it, @ada" })).Is(201);
        (await bob.PostAsync("/api/posts/1/replies", new { body = "and white", reply_to = 2 })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "so do I" })).Is(201);
        (await bob.PostAsync("/api/posts", new { title = "Coffee", body = "beans", tags = new[] { "drinks" } })).Is(201);
        (await ada.PostAsync("/api/posts", new { title = "Gone", body = "soon", tags = new[] { "tea" } })).Is(201);
        (await ada.PostAsync("/api/posts/6/replies", new { body = "with this" })).Is(201);
        (await bob.PatchAsync("/api/posts/2", new { body = "I love it, @ada" })).Is(200);
        (await bob.DeleteAsync("/api/posts/3")).Is(200);
        (await 李雷.DeleteAsync("/api/posts/6?reason=spam")).Is(200);
        (await 李雷.PutAsync("/api/posts/5/pin")).Is(200);
        (await 李雷.PutAsync("/api/posts/1/lock")).Is(200);
        (await ada.PutAsync("/api/posts/2/like")).Is(200);
        (await bob.PutAsync("/api/posts/1/like")).Is(200);
        (await bob.PutAsync("/api/posts/1/read", new { number = 2 })).Is(200);
        (await ada.PostAsync("/api/messages", new { to = "bob", subject = "Hi", body = "How are you?" })).Is(201);
        (await bob.PostAsync("/api/messages", new { to = "ada", body = "Well" })).Is(201);
        (await bob.PutAsync("/api/messages/1/read")).Is(200);
        (await ada.DeleteAsync("/api/messages/1")).Is(200);
        (await ada.PutAsync("/api/blocks/" + Uri.EscapeDataString("李雷"))).Is(200);
        (await ada.PatchAsync("/api/me", new { display_name = "Ada", bio = "Countess" })).Is(200);
        await forum.Settled();
    }

    /// <summary>The answers to all there is to get, for nobody and for each user, one below the other.</summary>
    public static async Task<string> EverythingAsync(TestForum forum)
    {
        var all = new StringWriter();
        await AskAsync(forum.Client(), "nobody", Anyones);
        foreach (var name in (string[])["ada", "bob", "李雷"])
        {
            var client = forum.Client();
            (await client.PostAsync("/api/login", new { username = name, password = "secret" })).Is(200, "success");
            await AskAsync(client, name, Ones);
        }
        return all.ToString();

        async Task AskAsync(TestClient client, string name, string[] paths)
        {
            foreach (var path in paths)
            {
                var answer = await client.GetAsync(path);
                all.WriteLine($"{name}: {path}: {(int)answer.Status} {answer.Text}");
            }
        }
    }
}
