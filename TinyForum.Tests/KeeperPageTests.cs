using TinyForum.Data;

namespace TinyForum.Tests;

/// <summary>The way in, what waits and spam, with pages, without scripts.</summary>
[TestClass]
public sealed class KeeperPageTests
{
    private static async Task<FormClient> UserAsync(TestForum forum, string name, string role = "member")
    {
        await forum.Server.Users.RegisterAsync(name, "secret");
        await forum.Server.Users.SetRoleAsync(Actor.System, name, RoleName.Parse(role)!.Value);
        var client = new FormClient(forum.Url);
        await client.SubmitAsync("/login", ("username", name), ("password", "secret"));
        return client;
    }

    private static Task<TestForum> StartAsync(ForumPolicy policy) => TestForum.StartAsync(o => o with { Policy = policy });

    [TestMethod]
    public async Task Somebody_applies_and_is_let_in_or_not()
    {
        await using var forum = await StartAsync(new ForumPolicy { Registration = Registration.Approval });
        using var mod = await UserAsync(forum, "mod", "moderator");
        using var ada = new FormClient(forum.Url);
        StringAssert.Contains((await ada.GetAsync("/register")).Text, "Why would you like to join?");
        var refused = await ada.SubmitAsync("/register", ("username", "ada"), ("password", "secret"), ("application", " "));
        Assert.AreEqual(400, refused.Status);
        StringAssert.Contains(refused.Text, "id=\"application-mistake\"");
        StringAssert.Contains(refused.Text, "value=\"ada\"");
        var sent = await ada.SubmitAsync("/register", ("username", "ada"), ("password", "secret"), ("application", "I like <b>trains</b>."));
        Assert.AreEqual(202, sent.Status);
        StringAssert.Contains(sent.Text, "Your application was sent");
        StringAssert.Contains((await ada.SubmitAsync("/login", ("username", "ada"), ("password", "secret"))).Text, "The application waits for a moderator");
        StringAssert.Contains((await ada.GetAsync("/register", "zh")).Text, "为什么想加入？");

        var list = await mod.GetAsync("/moderation/applications");
        StringAssert.Contains(list.Text, "I like &lt;b&gt;trains&lt;/b&gt;.");
        StringAssert.Contains(list.Text, "Moderation <span class=\"count\">1</span>");
        var tooLong = await mod.PostAsync("/applications/1/decline", ("reason", new string('x', 501)));
        StringAssert.Contains(tooLong.Text, $"value=\"{new string('x', 501)}\"");
        Assert.AreEqual("/moderation/applications", (await mod.PostAsync("/applications/1/decline", ("reason", "Say more"))).Path);
        StringAssert.Contains((await ada.SubmitAsync("/login", ("username", "ada"), ("password", "secret"))).Text, "The application was declined: Say more");
        await ada.SubmitAsync("/register", ("username", "ada"), ("password", "secret"), ("application", "More"));
        StringAssert.Contains((await mod.GetAsync("/moderation/applications")).Text, "formaction=\"/applications/2/accept\"");
        Assert.AreEqual("/moderation/applications", (await mod.PostAsync("/applications/2/accept", ("reason", ""))).Path);
        Assert.AreEqual("/", (await ada.SubmitAsync("/login", ("username", "ada"), ("password", "secret"))).Path);
        StringAssert.Contains((await ada.GetAsync("/moderation-log")).Text, "accepted an application");
        Assert.AreEqual(403, (await ada.GetAsync("/moderation/applications")).Status);
    }

    [TestMethod]
    public async Task A_closed_forum_has_no_form_and_one_by_invitation_takes_a_link()
    {
        await using var forum = await StartAsync(new ForumPolicy { Registration = Registration.Invite });
        using var root = await UserAsync(forum, "root", "admin");
        using var ada = new FormClient(forum.Url);
        var made = await root.SubmitAsync("/invitations", ("expires_in_days", "3"));
        var link = new Uri(made.Text.Split("<code>")[1].Split("</code>")[0]);
        Assert.AreEqual(forum.Url.Authority, link.Authority);
        Assert.DoesNotContain(link.Query, (await root.GetAsync("/invitations")).Text);
        StringAssert.Contains((await root.SubmitAsync("/invitations", ("expires_in_days", "99"))).Text, "id=\"expires_in_days-mistake\"");
        var refused = await ada.SubmitAsync("/register", ("username", "ada"), ("password", "secret"), ("invitation", "nonsense"));
        StringAssert.Contains(refused.Text, "id=\"invitation-mistake\"");
        var invited = await ada.GetAsync(link.PathAndQuery);
        var token = link.Query.Split('=')[1];
        StringAssert.Contains(invited.Text, $"value=\"{token}\"");
        Assert.AreEqual("/", (await ada.SubmitAsync(invited, ("invitation", token), ("username", "ada"), ("password", "secret"))).Path);
        StringAssert.Contains((await ada.GetAsync("/user/ada")).Text, "invited by <a href=\"/user/root\">");
        StringAssert.Contains((await ada.GetAsync("/user/root/invited")).Text, "href=\"/user/ada\"");
        Assert.AreEqual("/moderation/settings?done=true", (await root.SubmitAsync("/moderation/settings", ("registration", "closed"))).Path);
        using var eve = new FormClient(forum.Url);
        var closed = (await eve.GetAsync("/register")).Text;
        StringAssert.Contains(closed, "This forum takes no new members.");
        Assert.DoesNotContain("name=\"password\"", closed);
        StringAssert.Contains((await root.SubmitAsync("/moderation/settings", ("new_account_links", "many"))).Text, "id=\"new_account_links-mistake\"");
        Assert.AreEqual(403, (await ada.GetAsync("/moderation/settings")).Status);
    }

    [TestMethod]
    public async Task A_waiting_post_is_its_authors_alone_until_it_is_accepted_with_one_click()
    {
        await using var forum = await StartAsync(new ForumPolicy { HoldFirstPosts = 1 });
        using var mod = await UserAsync(forum, "mod", "moderator");
        using var ada = await UserAsync(forum, "ada");
        using var bob = await UserAsync(forum, "bob");
        await mod.SubmitAsync("/new", ("title", "Welcome"), ("body", "Hello"));
        Assert.AreEqual("/held", (await ada.SubmitAsync("/posts/1", ("body", "my *needle*"))).Path);
        Assert.AreEqual("/held", (await ada.SubmitAsync("/new", ("title", "needle too"), ("body", "text"), ("tags", "tea"))).Path);
        foreach (var path in (string[])["/", "/posts/1", "/search?q=needle", "/user/ada", "/user/ada/posts", "/tags", "/feed", "/posts/1/feed", "/held"])
        {
            var text = (await bob.GetAsync(path)).Text;
            Assert.IsFalse(text.Contains("needle</em>", StringComparison.Ordinal) || text.Contains("needle too", StringComparison.Ordinal), path);
        }
        StringAssert.Contains((await ada.GetAsync("/posts/1")).Text, "my <em>needle</em>");
        StringAssert.Contains((await ada.GetAsync("/")).Text, "1 of your posts waits for a moderator");
        var own = (await ada.GetAsync("/held")).Text;
        StringAssert.Contains(own, "Waits for a moderator");
        StringAssert.Contains(own, "needle too");

        StringAssert.Contains((await mod.GetAsync("/moderation/held")).Text, "formaction=\"/held/1/accept\"");
        Assert.AreEqual("/moderation/held", (await mod.PostAsync("/held/1/accept", ("reason", ""))).Path);
        StringAssert.Contains((await bob.GetAsync("/posts/1")).Text, "my <em>needle</em>");
        Assert.AreEqual("/moderation/held", (await mod.PostAsync("/held/2/decline", ("reason", "Wrong place"))).Path);
        own = (await ada.GetAsync("/held")).Text;
        StringAssert.Contains(own, "Declined");
        StringAssert.Contains(own, "Wrong place");
        StringAssert.Contains((await ada.GetAsync("/notifications")).Text, "declined a post");
        await ada.PressAsync("/held", "/held/2/withdraw");
        Assert.DoesNotContain("needle too", (await ada.GetAsync("/held")).Text);
        Assert.AreEqual("/posts/3", (await ada.SubmitAsync("/new", ("title", "free"), ("body", "text"))).Path);
    }

    [TestMethod]
    public async Task Spam_goes_with_one_click_and_comes_back_with_one()
    {
        await using var forum = await StartAsync(new ForumPolicy { HoldFirstPosts = 1 });
        using var mod = await UserAsync(forum, "mod", "moderator");
        using var eve = await UserAsync(forum, "eve");
        using var ada = await UserAsync(forum, "ada");
        await eve.SubmitAsync("/new", ("title", "cheap"), ("body", "pills"));
        await ada.SubmitAsync("/new", ("title", "honest"), ("body", "words"));
        StringAssert.Contains((await mod.GetAsync("/moderation/held")).Text, "formaction=\"/user/eve/spam\"");
        Assert.AreEqual("/user/eve", (await mod.PostAsync("/user/eve/spam")).Path);
        var queue = (await mod.GetAsync("/moderation/held")).Text;
        Assert.DoesNotContain("cheap", queue);
        StringAssert.Contains(queue, "honest");
        StringAssert.Contains((await eve.GetAsync("/held")).Text, "name=\"password\"", "it is logged out");
        await mod.PressAsync("/user/eve", "/user/eve/unspam");
        StringAssert.Contains((await mod.GetAsync("/moderation/held")).Text, "cheap");
        Assert.AreEqual("/moderation/held", (await mod.PostAsync("/moderation/held", ("hours", "1"))).Path);
        Assert.DoesNotContain("honest", (await mod.GetAsync("/moderation/held")).Text);
        StringAssert.Contains((await mod.GetAsync("/moderation/suspended")).Text, "action=\"/user/ada/unspam\"");
        Assert.AreEqual(403, (await ada.PostAsync("/user/mod/spam")).Status is var status && status is 401 or 403 ? 403 : status);
    }
}
