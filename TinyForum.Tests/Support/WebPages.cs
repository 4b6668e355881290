using TinyForum.Api;
using TinyForum.Data;
using TinyForum.Web;

namespace TinyForum.Tests.Support;

/// <summary>Every page that there is, on a forum that has something of everything.</summary>
internal static class WebPages
{
    /// <summary>What is hard to lay out: a title of the greatest length without a space, a text from right to left, code that is wide.</summary>
    private static readonly string LongTitle = new('m', 150), RightToLeft = "شاي في الرابعة؟\n\n- كعك";

    private static readonly string Wide = $"```\n{new string('x', 300)}\n```\n\n| a | b |\n|---|--:|\n| {new string('y', 90)} | c |";

    /// <summary>Addresses of each page, by the pattern of its route. A test fails until a new page is here.</summary>
    private static readonly Dictionary<string, string[]> Addresses = new()
    {
        ["/"] = ["/", "/?sort=newest", "/?tag=%E8%8C%B6", "/?author=ada", "/?tag=nothing"],
        ["/posts/{id}"] = ["/posts/1", "/posts/1?after=50", "/posts/1?quote=2", "/posts/2", "/posts/3", "/posts/4"],
        ["/posts/{id}/history"] = ["/posts/1/history"],
        ["/posts/{id}/unread"] = ["/posts/1/unread"],
        ["/tags"] = ["/tags"],
        ["/user/{username}"] = ["/user/ada", "/user/root"],
        ["/user/{username}/posts"] = ["/user/root/posts"],
        ["/about"] = ["/about"],
        ["/moderation-log"] = ["/moderation-log"],
        ["/search"] = ["/search", "/search?q=tea", "/search?q=nothing"],
        ["/notifications"] = ["/notifications"],
        ["/messages"] = ["/messages", "/messages?with=ada"],
        ["/messages/{id}"] = ["/messages/{message}"],
        ["/messages/new"] = ["/messages/new", "/messages/new?to=bob"],
        ["/posts/{id}/report"] = ["/posts/2/report"],
        ["/moderation"] = ["/moderation", "/moderation?state=resolved"],
        ["/moderation/held"] = ["/moderation/held"],
        ["/moderation/applications"] = ["/moderation/applications"],
        ["/moderation/settings"] = ["/moderation/settings"],
        ["/held"] = ["/held"],
        ["/invitations"] = ["/invitations"],
        ["/user/{username}/invited"] = ["/user/root/invited", "/user/ada/invited"],
        ["/moderation/suspended"] = ["/moderation/suspended"],
        ["/user/{username}/suspend"] = ["/user/ada/suspend"],
        ["/user/{username}/role"] = ["/user/ada/role"],
        ["/settings"] = ["/settings"],
        ["/settings/password"] = ["/settings/password"],
        ["/settings/look"] = ["/settings/look"],
        ["/settings/erase"] = ["/settings/erase"],
        ["/sessions"] = ["/sessions"],
        ["/tokens"] = ["/tokens"],
        ["/blocks"] = ["/blocks"],
        ["/new"] = ["/new"],
        ["/posts/{id}/edit"] = ["/posts/{own}/edit"],
        ["/posts/{id}/delete"] = ["/posts/{own}/delete"],
        ["/login"] = ["/login", "/login?next=/new"],
        ["/register"] = ["/register", "/register?invitation=x"],
        ["/setup"] = ["/setup?key=used"],
        ["/password-reset"] = [$"/password-reset?key={PasswordKey}", "/password-reset?key=used"],
    };

    private const string PasswordKey = "key";

    /// <summary>Who looks at pages: nobody that is known, and one of each role.</summary>
    public static readonly string[] Readers = ["", "ada", "mod", "root"];

    /// <summary>The addresses of pages that a reader may see.</summary>
    public static IReadOnlyList<string> Of(string reader)
    {
        var i = Array.IndexOf(Readers, reader);
        var pages = new Site().Endpoints.Where(e => e.Pattern.StartsWith("GET ", StringComparison.Ordinal) && e.ContentType == Page.ContentType).ToList();
        var patterns = pages.Select(e => e.Pattern["GET ".Length..]);
        Assert.AreEqual("", string.Join(' ', patterns.Except(Addresses.Keys)), $"say in {nameof(WebPages)} where these pages are");
        return [.. pages.Where(e => MaySee(e.Access, i)).SelectMany(e => Addresses[e.Pattern["GET ".Length..]])
            .Select(path => path.Replace("{own}", $"{i}").Replace("{message}", $"{i}")), "/nothing"];
    }

    /// <summary>Writes something of everything: each reader has a thread and a message, whose numbers are the reader's place among them.</summary>
    public static async Task FillAsync(TestForum forum)
    {
        var (ada, mod, root, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("mod", "moderator"), await forum.UserAsync("root", "admin"),
            await forum.UserAsync("bob"));
        (await ada.PostAsync("/api/posts", new { title = LongTitle, body = $"Tea for @root, @mod and @bob\n\n{Wide}", tags = (string[])["tea", "茶"] })).Is(201);
        (await mod.PostAsync("/api/posts", new { title = "شاي في الرابعة", body = RightToLeft })).Is(201);
        const string Marked = "> quoted\n\n# Heading\n\n### Another\n\n- [ ] a *list*\n- [x] done\n\n![picture](https://example.org/a.png)";
        (await root.PostAsync("/api/posts", new { title = "Tea", body = Marked })).Is(201);
        (await root.PostAsync("/api/posts", new { title = "Closed", body = "No more of this" })).Is(201);
        (await root.PutAsync("/api/posts/4/lock?reason=Enough")).Is(200);
        (await root.PutAsync("/api/posts/3/pin")).Is(200);
        (await ada.PatchAsync("/api/posts/1", new { body = $"Tea, still, for @root, @mod and @ada\n\n{Wide}" })).Is(200);
        for (var i = 0; i < 52; i++)
            (await (i % 2 == 0 ? bob : root).PostAsync("/api/posts/1/replies", new { body = i == 1 ? RightToLeft : $"Reply {i} to @ada, @mod" })).Is(201);
        (await bob.PutAsync("/api/posts/1/like")).Is(200);
        (await bob.DeleteAsync("/api/posts/7")).Is(200);
        (await mod.DeleteAsync("/api/posts/6?reason=Rude")).Is(200);
        (await bob.PostAsync("/api/posts/1/report", new { reason = $"Rude.\n\n{LongTitle}" })).Is(201);
        (await ada.PostAsync("/api/posts/4/report", new { reason = "Wrong place" })).Is(201);
        (await mod.PutAsync("/api/reports/2", new { resolution = "It is not" })).Is(200);
        await forum.UserAsync("eve");
        (await mod.PutAsync("/api/user/eve/suspension", new { reason = LongTitle, until = "2100-01-01T00:00:00Z" })).Is(200);
        (await ada.PatchAsync("/api/me", new { bio = $"I like tea\n\n{Wide}", display_name = LongTitle[..30] })).Is(200);
        await forum.Database.WriteAsync(c => c.Execute(
            "INSERT INTO one_time_links (digest, user_id, created_at, expires_at) SELECT $digest, id, 0, 9e15 FROM users WHERE username = 'bob'",
            ("$digest", SessionTable.Digest(PasswordKey))));
        foreach (var to in Readers.Skip(1))
            (await bob.PostAsync("/api/messages", new { to, subject = to == "ada" ? LongTitle : null, body = $"psst\n\n{RightToLeft}\n\n{Wide}" })).Is(201);
        await FillQueuesAsync(forum, root, ada);
    }

    private static async Task FillQueuesAsync(TestForum forum, TestClient root, TestClient ada)
    {
        var invitation = (string)(await root.PostAsync("/api/invitations", new { })).Is(201)["invitation.token"]!;
        (await root.PostAsync("/api/invitations", new { })).Is(201);
        (await root.PutAsync("/api/settings", new { registration = "approval", hold_first_posts = 1_000, new_account_mentions = 9 })).Is(200);
        (await forum.Client().PostAsync("/api/register", new { username = "guest", password = "secret", invitation })).Is(200);
        (await forum.Client().PostAsync("/api/register", new { username = "mia", password = "secret", application = $"Trains.\n\n{LongTitle}" })).Is(202);
        (await ada.PostAsync("/api/posts", new { title = LongTitle, body = $"@root\n\n{Wide}", tags = (string[])["tea", "茶"] })).Is(202);
        (await ada.PostAsync("/api/posts/1/replies", new { body = RightToLeft })).Is(202);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "Oops" })).Is(202);
        (await root.PostAsync("/api/held/3/decline", new { reason = LongTitle })).Is(200);
        (await root.DeleteAsync("/api/settings")).Is(200);
    }

    private static bool MaySee(Access access, int reader) => access switch
    {
        Access.Anyone => true,
        Access.Moderator => reader >= 2,
        Access.Admin => reader >= 3,
        _ => reader >= 1,
    };
}
