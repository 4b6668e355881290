
namespace TinyForum.Tests;

[TestClass]
public sealed class BlockTests
{
    [TestMethod]
    public async Task A_block_stops_messages_from_the_blocked_and_not_to_them_until_it_is_lifted()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        (await ada.PutAsync("/api/blocks/BOB")).Is(200, "success");
        (await bob.PostAsync("/api/messages", new { to = "ada", body = "x" })).Is(403, "this user does not accept messages from you");
        (await ada.PostAsync("/api/messages", new { to = "bob", body = "x" })).Is(201);
        (await ada.DeleteAsync("/api/blocks/Bob")).Is(200, "success");
        (await bob.PostAsync("/api/messages", new { to = "ada", body = "x" })).Is(201);
        Assert.HasCount(1, (await ada.GetAsync("/api/messages"))["messages"]!.AsArray());
    }

    [TestMethod]
    public async Task Blocking_and_unblocking_again_changes_nothing()
    {
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = time });
        var ada = await forum.UserAsync("ada");
        await forum.UserAsync("bob");
        (await ada.DeleteAsync("/api/blocks/bob")).Is(200);
        (await ada.PutAsync("/api/blocks/bob")).Is(200);
        time.Advance(TimeSpan.FromHours(1));
        (await ada.PutAsync("/api/blocks/bob")).Is(200);
        Assert.AreEqual("""
            {
              "blocks": [
                {
                  "created_at": "2026-01-31T09:30:00.000Z",
                  "user": {
                    "id": 3,
                    "username": "bob"
                  }
                }
              ],
              "status": "success"
            }

            """, (await ada.GetAsync("/api/blocks")).Is(200).Text);
        (await ada.DeleteAsync("/api/blocks/bob")).Is(200);
        (await ada.DeleteAsync("/api/blocks/bob")).Is(200);
        Assert.IsEmpty((await ada.GetAsync("/api/blocks"))["blocks"]!.AsArray());
    }

    [TestMethod]
    public async Task Nobody_and_oneself_cannot_be_blocked()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PutAsync("/api/blocks/nobody")).Is(404, "user does not exist");
        (await ada.DeleteAsync("/api/blocks/nobody")).Is(404, "user does not exist");
        (await ada.PutAsync("/api/blocks/deleted")).Is(404, "user does not exist");
        (await ada.PutAsync("/api/blocks/Ada")).IsInvalid("username", "must not be your own");
        Assert.IsEmpty((await ada.GetAsync("/api/blocks"))["blocks"]!.AsArray());
    }

    [TestMethod]
    public async Task The_list_is_ones_own_and_comes_in_pages()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        var eve = await forum.UserAsync("eve");
        foreach (var name in (string[])["b1", "b2", "b3"])
        {
            await forum.UserAsync(name);
            (await ada.PutAsync($"/api/blocks/{name}")).Is(200);
        }
        var first = (await ada.GetAsync("/api/blocks?limit=2")).Is(200);
        var second = (await ada.GetAsync($"/api/blocks?limit=2&cursor={first["next"]}")).Is(200);
        var names = first["blocks"]!.AsArray().Concat(second["blocks"]!.AsArray()).Select(b => (string)b!["user"]!["username"]!);
        Assert.AreEqual("b1 b2 b3", string.Join(' ', names));
        Assert.IsNull(second["next"]);
        Assert.IsEmpty((await eve.GetAsync("/api/blocks"))["blocks"]!.AsArray());
        (await eve.GetAsync($"/api/blocks?cursor={first["next"]}")).IsInvalid("cursor");
        (await eve.PutAsync("/api/blocks/ada")).Is(200);
        Assert.HasCount(3, (await ada.GetAsync("/api/blocks"))["blocks"]!.AsArray());
    }
}
