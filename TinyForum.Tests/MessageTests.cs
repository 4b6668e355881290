using System.Text;
using System.Text.Json.Nodes;

namespace TinyForum.Tests;

[TestClass]
public sealed class MessageTests
{
    [TestMethod]
    public async Task A_message_is_as_the_contract_shows_it_to_both()
    {
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = time });
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        var sent = (await ada.PostAsync("/api/messages", new { to = "BOB", subject = "Tea", body = "At four?\n\t— A" })).Is(201);
        Assert.AreEqual("/api/messages/1", sent.Header("Location"));
        const string expected = """
            {
              "private_message": {
                "body": "At four?\n\t— A",
                "created_at": "2026-01-31T09:30:00.000Z",
                "from": {
                  "id": 2,
                  "username": "ada"
                },
                "id": 1,
                "subject": "Tea",
                "to": {
                  "id": 3,
                  "username": "bob"
                }
              },
              "status": "success"
            }

            """;
        Assert.AreEqual(expected, sent.Text);
        Assert.AreEqual(expected, (await ada.GetAsync("/api/messages/1")).Is(200).Text);
        Assert.AreEqual(expected, (await bob.GetAsync("/api/messages/1")).Is(200).Text);
        (await bob.PostAsync("/api/messages", new { to = "ada", body = "Yes" })).Is(201);
        Assert.IsNull((await ada.GetAsync("/api/messages/2"))["private_message.subject"]);
        var list = (await bob.GetAsync("/api/messages")).Is(200, "success");
        Assert.AreEqual("messages status unread", string.Join(' ', list.Json.AsObject().Select(m => m.Key)));
        Assert.IsTrue(JsonNode.DeepEquals(sent["private_message"], list["messages.0"]));
    }

    [TestMethod]
    public async Task Reading_is_said_and_not_guessed_and_both_see_when()
    {
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = time });
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        var (first, second) = (await SendAsync(ada, "bob"), await SendAsync(ada, "bob"));
        await bob.GetAsync($"/api/messages/{first}");
        Assert.AreEqual(2, (int?)(await bob.GetAsync("/api/messages"))["unread"]);
        (await ada.PutAsync($"/api/messages/{first}/read")).Is(200, "success"); // the sender's reading is nothing
        Assert.IsNull((await bob.GetAsync($"/api/messages/{first}"))["private_message.read_at"]);

        time.Advance(TimeSpan.FromMinutes(1));
        Assert.AreEqual(1, (int?)(await bob.PutAsync($"/api/messages/{first}/read")).Is(200, "success")["unread"]);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.AreEqual(1, (int?)(await bob.PutAsync($"/api/messages/{first}/read")).Is(200, "success")["unread"]);
        foreach (var client in (TestClient[])[ada, bob])
            Assert.AreEqual("2026-01-31T09:31:00.000Z", (string?)(await client.GetAsync($"/api/messages/{first}"))["private_message.read_at"]);
        await IdsAsync(bob, "?unread=true", second);

        Assert.AreEqual(0, (int?)(await bob.PutAsync("/api/messages/read")).Is(200, "success")["unread"]);
        Assert.AreEqual("2026-01-31T09:32:00.000Z", (string?)(await ada.GetAsync($"/api/messages/{second}"))["private_message.read_at"]);
        await IdsAsync(bob, "?unread=true");
    }

    [TestMethod]
    public async Task What_comes_while_all_are_being_marked_stays_unread()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        await SendAsync(ada, "bob");
        using var writer = await HeldWriter.HoldAsync(forum.Server.Database);
        var sending = forum.Server.Messages.SendAsync(Actors.Of(2), "bob", null, "x");
        var marking = forum.Server.Messages.MarkAllReadAsync(Actors.Of(3));
        await writer.ReleaseAsync();
        Assert.AreEqual(1, await marking);
        await IdsAsync(bob, "?unread=true", (await sending).Id);
    }

    [TestMethod]
    public async Task Marking_all_marks_thousands_and_what_comes_later_stays_unread()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        await Task.WhenAll(Enumerable.Range(0, 2_000).Select(_ => forum.Server.Messages.SendAsync(Actors.Of(2), "bob", null, "x")));
        Assert.AreEqual(2_000, (int?)(await bob.GetAsync("/api/messages?limit=1"))["unread"]);
        Assert.AreEqual(0, (int?)(await bob.PutAsync("/api/messages/read"))["unread"]);
        await IdsAsync(bob, "?unread=true");
        Assert.IsNotNull((await ada.GetAsync("/api/messages/1"))["private_message.read_at"]);
        await IdsAsync(bob, "?unread=true", [await SendAsync(ada, "bob")]);
    }

    [TestMethod]
    public async Task Anyone_elses_message_is_as_none_to_admins_too()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, eve) = (await forum.UserAsync("ada"), await forum.UserAsync("eve"));
        await forum.UserAsync("bob");
        var id = await SendAsync(ada, "bob");
        foreach (var role in (string[])["member", "moderator", "admin"])
        {
            await forum.Database.WriteAsync(c => c.Execute("UPDATE users SET role = $role WHERE username = 'eve'", ("$role", role)));
            foreach (var (method, suffix) in ((string, string)[])[("GET", ""), ("DELETE", ""), ("PUT", "/read")])
            {
                var theirs = (await eve.SendAsync(method, $"/api/messages/{id}{suffix}", null)).Is(404, "message does not exist");
                var none = (await eve.SendAsync(method, $"/api/messages/{long.MaxValue}{suffix}", null)).Is(404);
                Assert.AreEqual(none.Text, theirs.Text);
            }
            await IdsAsync(eve, "?box=all");
        }
        (await ada.GetAsync($"/api/messages/{id}")).Is(200);
        Assert.IsNull((await ada.GetAsync($"/api/messages/{id}"))["private_message.read_at"]);
    }

    [TestMethod]
    public async Task Deleting_takes_it_from_ones_own_side_alone()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        var id = await SendAsync(ada, "bob");
        (await ada.DeleteAsync($"/api/messages/{id}")).Is(200, "success");
        (await ada.DeleteAsync($"/api/messages/{id}")).Is(404);
        (await ada.GetAsync($"/api/messages/{id}")).Is(404);
        await IdsAsync(ada, "?box=all");
        await IdsAsync(bob, "", id);

        (await bob.DeleteAsync($"/api/messages/{id}")).Is(200, "success");
        Assert.AreEqual(0, (int?)(await bob.GetAsync("/api/messages"))["unread"]);
        Assert.AreEqual(0, forum.Database.Read(c => c.Number("SELECT count(*) FROM messages")));
    }

    [TestMethod]
    public async Task What_both_have_deleted_is_gone_from_the_file()
    {
        var folder = Directory.CreateTempSubdirectory("tinyforum-test-");
        var file = Path.Combine(folder.FullName, "forum.db");
        try
        {
            await using (var forum = await TestForum.StartAsync(o => o with { Database = file }))
            {
                var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
                for (var i = 0; i < 60; i++)
                {
                    // Every third goes on both sides; long ones take pages of their own.
                    var word = i % 3 == 0 ? $"burnt-{i:d2}." : $"kept-{i:d2}.";
                    var body = string.Concat(Enumerable.Repeat(word, i % 2 == 0 ? 3 : 600));
                    (await ada.PostAsync("/api/messages", new { to = "bob", subject = word, body }, ("Idempotency-Key", $"k{i}"))).Is(201);
                }
                for (var id = 1; id <= 60; id++)
                {
                    (await ada.DeleteAsync($"/api/messages/{id}")).Is(200);
                    if ((id - 1) % 3 == 0)
                        (await bob.DeleteAsync($"/api/messages/{id}")).Is(200);
                }
                // A late retry neither brings it back nor sends it again.
                var again = new { to = "bob", subject = "burnt-00.", body = string.Concat(Enumerable.Repeat("burnt-00.", 3)) };
                (await ada.PostAsync("/api/messages", again, ("Idempotency-Key", "k0"))).Is(409);
                Assert.HasCount(40, (await bob.GetAsync("/api/messages?limit=100"))["messages"]!.AsArray());
            }
            var bytes = await File.ReadAllBytesAsync(file); // closing folded the log into it
            Assert.IsGreaterThan(0, bytes.AsSpan().IndexOf("kept-01"u8));
            Assert.AreEqual(-1, bytes.AsSpan().IndexOf("burnt-"u8));
            CollectionAssert.AreEqual((string[])[file], Directory.GetFiles(folder.FullName));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [TestMethod]
    public async Task A_message_to_oneself_is_one_message_in_both_boxes()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        var id = await SendAsync(ada, "ada");
        foreach (var query in (string[])["", "?box=sent", "?box=all", "?with=ada", "?box=all&with=ada&unread=true", "?box=sent&unread=true"])
            await IdsAsync(ada, query, id);
        Assert.AreEqual(1, (int?)(await ada.GetAsync("/api/messages"))["unread"]);
        (await ada.DeleteAsync($"/api/messages/{id}")).Is(200);
        (await ada.GetAsync($"/api/messages/{id}")).Is(404);
        Assert.AreEqual(0, (int?)(await ada.GetAsync("/api/messages"))["unread"]);
    }

    [TestMethod]
    public async Task Lists_are_narrowed_by_box_correspondent_and_reading()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob, eve) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"), await forum.UserAsync("eve"));
        var toBob = await SendAsync(ada, "bob");
        var fromBob = await SendAsync(bob, "ada");
        var toEve = await SendAsync(ada, "eve");
        var fromEve = await SendAsync(eve, "ada");
        (await ada.PutAsync($"/api/messages/{fromBob}/read")).Is(200);
        await IdsAsync(ada, "", fromEve, fromBob);
        await IdsAsync(ada, "?box=inbox&unread=false", fromEve, fromBob);
        await IdsAsync(ada, "?box=sent", toEve, toBob);
        await IdsAsync(ada, "?box=all", fromEve, toEve, fromBob, toBob);
        await IdsAsync(ada, "?box=all&with=Bob", fromBob, toBob);
        await IdsAsync(ada, "?with=bob", fromBob);
        await IdsAsync(ada, "?box=sent&with=bob", toBob);
        await IdsAsync(ada, "?unread=true", fromEve);
        await IdsAsync(ada, "?box=all&unread=true", fromEve);
        await IdsAsync(ada, "?unread=true&with=bob");
        await IdsAsync(ada, "?unread=true&with=eve", fromEve);
        await IdsAsync(ada, "?box=sent&unread=true");
        await IdsAsync(ada, "?box=sent&unread=true&with=eve");
    }

    [TestMethod]
    [DataRow("?box=outbox", "box"), DataRow("?unread=yes", "unread"), DataRow("?limit=0", "limit"), DataRow("?limit=101", "limit")]
    [DataRow("?cursor=abc", "cursor"), DataRow("?box=sent&box=all", "box")]
    public async Task A_list_that_makes_no_sense_is_refused(string query, string field)
    {
        await using var forum = await TestForum.StartAsync();
        (await (await forum.UserAsync("ada")).GetAsync($"/api/messages{query}")).IsInvalid(field);
    }

    [TestMethod]
    public async Task Paging_skips_and_repeats_nothing_while_others_write_and_a_cursor_is_of_its_list()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        for (var i = 0; i < 5; i++)
            await SendAsync(ada, "bob");
        var first = (await bob.GetAsync("/api/messages?limit=2")).Is(200);
        var next = (string)first["next"]!;
        await SendAsync(ada, "bob");
        (await bob.DeleteAsync("/api/messages/4")).Is(200); // the last of the first page
        await IdsAsync(bob, $"?limit=2&cursor={next}", 3, 2);
        Assert.IsNull((await bob.GetAsync("/api/messages?limit=5"))["next"]);
        foreach (var other in (string[])["box=all", "unread=true", "with=ada"])
            (await bob.GetAsync($"/api/messages?limit=2&{other}&cursor={next}")).IsInvalid("cursor");
        (await ada.GetAsync($"/api/messages?cursor={next}")).IsInvalid("cursor");
    }

    [TestMethod]
    [DataRow("nobody"), DataRow("system"), DataRow("deleted"), DataRow(""), DataRow("no name at all")]
    public async Task Only_who_can_read_gets_messages(string to)
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/messages", new { to, body = "x" })).Is(404, "user does not exist");
        await IdsAsync(ada, $"?box=all&with={Uri.EscapeDataString(to)}");
    }

    [TestMethod]
    public async Task Texts_are_held_to_the_rules_all_at_once()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        var both = await ada.PostAsync("/api/messages", new { to = "nobody", subject = "a\nb", body = " " });
        both.IsInvalid("body", "must not be blank");
        both.IsInvalid("subject");
        (await ada.PostAsync("/api/messages", new { to = "ada", body = string.Concat(Enumerable.Repeat("😀", 8_193)) })).IsInvalid("body");
        (await ada.PostAsync("/api/messages", new { to = "ada", subject = "", body = "x" })).IsInvalid("subject");
        (await ada.PostAsync("/api/messages", new { to = "ada" })).IsInvalid("body", "is required");
        (await ada.PostAsync("/api/messages", new { body = "x" })).IsInvalid("to", "is required");
        (await ada.PostAsync("/api/messages", new { to = "ada", body = "x", cc = "bob" })).IsInvalid("cc");
        await IdsAsync(ada, "?box=all");
    }

    [TestMethod]
    [DataRow("Ælfrīċ", "Hwæt! þu eart ƿel"), DataRow("Жанна", "Привет, мир"), DataRow("יוסף", "שלום")]
    [DataRow("محمد", "سلام \u202Bعليكم\u202C"), DataRow("नेहा", "नमस्ते दुनिया")]
    [DataRow("สมชาย", "สวัสดี"), DataRow("太郎", "こんにちは、世界。\n𠮷野家"), DataRow("김철수", "안녕하세요")]
    [DataRow("Ｚｏｅ", "👩‍👩‍👧 e\u0301 \u2028 \"\\ /")]
    public async Task Names_and_texts_of_any_script_come_back_as_they_were_sent(string name, string text)
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, other) = (await forum.UserAsync("ada"), await forum.UserAsync(name));
        var longest = string.Concat(Enumerable.Repeat(text, 8_192 / text.EnumerateRunes().Count()));
        var id = (long)(await ada.PostAsync("/api/messages", new { to = name, body = longest })).Is(201)["private_message.id"]!;
        Assert.AreEqual(longest, (string?)(await other.GetAsync($"/api/messages/{id}"))["private_message.body"]);
        Assert.AreEqual(name, (string?)(await other.GetAsync($"/api/messages/{id}"))["private_message.to.username"]);
        await IdsAsync(ada, $"?box=sent&with={Uri.EscapeDataString(name)}", id);
        (await ada.PutAsync($"/api/blocks/{Uri.EscapeDataString(name)}")).Is(200);
        (await other.PostAsync("/api/messages", new { to = "ada", body = text })).Is(403);
    }

    [TestMethod]
    public async Task A_send_that_a_dozen_clients_try_at_once_with_one_key_is_one_message()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("ada");
        var bob = await forum.UserAsync("bob");
        var adas = await Task.WhenAll(Enumerable.Range(0, 12).Select(async _ =>
        {
            var client = forum.Client();
            (await client.PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200, "success");
            return client;
        }));
        var answers = await Task.WhenAll(adas.Select(a => a.PostAsync("/api/messages", new { to = "bob", body = "once" }, ("Idempotency-Key", "k"))));
        Assert.HasCount(1, answers.Select(a => Encoding.UTF8.GetString(a.Is(201).Bytes)).Distinct());
        Assert.AreEqual(11, answers.Count(a => a.Header("Idempotency-Replayed") == "true"));
        Assert.IsTrue(answers.All(a => a.Header("Location") == "/api/messages/1"));
        await IdsAsync(bob, "", 1);
        Assert.AreEqual(1, (int?)(await bob.GetAsync("/api/messages"))["unread"]);
        (await adas[0].PostAsync("/api/messages", new { to = "bob", body = "twice" }, ("Idempotency-Key", "k"))).Is(422);
        (await bob.PostAsync("/api/messages", new { to = "ada", body = "once" }, ("Idempotency-Key", "k"))).Is(201); // keys are each user's own
    }

    [TestMethod]
    [DataRow("GET", "/api/messages"), DataRow("POST", "/api/messages"), DataRow("GET", "/api/messages/1"), DataRow("DELETE", "/api/messages/1")]
    [DataRow("PUT", "/api/messages/1/read"), DataRow("PUT", "/api/messages/read"), DataRow("GET", "/api/blocks"), DataRow("PUT", "/api/blocks/ada")]
    [DataRow("DELETE", "/api/blocks/ada"), DataRow("GET", "/api/notifications"), DataRow("PUT", "/api/notifications/read")]
    public async Task Nobody_gets_in_without_logging_in(string method, string path)
    {
        await using var forum = await TestForum.StartAsync();
        (await forum.Client().SendAsync(method, path, null)).Is(401, "login required");
    }

    [TestMethod]
    public async Task What_an_erased_user_leaves_with_others_is_by_deleted()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob, eve) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"), await forum.UserAsync("eve"));
        var (kept, gone) = (await SendAsync(bob, "ada"), await SendAsync(ada, "bob"));
        var (alone, other) = (await SendAsync(bob, "bob"), await SendAsync(ada, "eve"));
        (await ada.DeleteAsync($"/api/messages/{gone}")).Is(200);
        await forum.Database.WriteAsync(c => c.Erase(userId: 3));
        await IdsAsync(ada, "?box=all", other, kept);
        Assert.AreEqual("deleted", (string?)(await ada.GetAsync($"/api/messages/{kept}"))["private_message.from.username"]);
        await IdsAsync(eve, "", other);
        Assert.AreEqual(0, forum.Database.Read(c => c.Number("SELECT count(*) FROM mailbox WHERE owner_id = 3")));
        Assert.AreEqual(2, forum.Database.Read(c => c.Number("SELECT count(*) FROM messages")), $"{gone} and {alone} go");
    }

    private static async Task<long> SendAsync(TestClient from, string to) =>
        (long)(await from.PostAsync("/api/messages", new { to, body = "Hello" })).Is(201, "success")["private_message.id"]!;

    private static async Task IdsAsync(TestClient client, string query, params long[] ids) => CollectionAssert.AreEqual(
        ids, (await client.GetAsync($"/api/messages{query}")).Is(200)["messages"]!.AsArray().Select(m => (long)m!["id"]!).ToArray(), query);
}
