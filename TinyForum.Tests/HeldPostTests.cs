using FsCheck.Fluent;
using TinyForum.Data;
using TinyForum.Maintenance;

namespace TinyForum.Tests;

/// <summary>What new accounts may do, and posts that wait for a moderator.</summary>
[TestClass]
public sealed class HeldPostTests
{
    /// <summary>Many posts a day, so that what is held is all that is looked at.</summary>
    private static readonly ForumPolicy Holding = new()
    {
        HoldFirstPosts = 1,
        NewAccountDailyPosts = 1_000,
        NewAccountDailyThreads = 1_000,
        NewAccountLinks = 1_000,
    };

    private static async Task<(TestForum Forum, TestClient Moderator, TestClient Ada)> StartAsync(ForumPolicy policy, TimeProvider? clock = null)
    {
        var forum = await TestForum.StartAsync(o => o with { Policy = policy, TimeProvider = clock ?? TimeProvider.System });
        return (forum, await forum.UserAsync("mod", "moderator"), await forum.UserAsync("ada"));
    }

    [TestMethod]
    public async Task A_first_post_waits_and_is_written_when_a_moderator_accepts_it()
    {
        var clock = new ManualTime();
        var (forum, moderator, ada) = await StartAsync(Holding, clock);
        await using var _ = forum;
        var bob = await forum.UserAsync("bob");
        var held = (await ada.PostAsync("/api/posts", new { title = "needle", body = "needle @bob", tags = new[] { "needle" } })).Is(202, "success");
        var id = (long)held["held.id"]!;
        Assert.AreEqual($"/api/held/{id}", held.Header("Location"));
        Assert.AreEqual(("new", "needle", "ada"), ((string?)held["held.cause"], (string?)held["held.title"], (string?)held["held.author.username"]));

        Assert.AreEqual(id, (long?)(await ada.GetAsync("/api/me/held")).Is(200)["held.0.id"]);
        (await ada.GetAsync($"/api/held/{id}")).Is(200, "success");
        (await bob.GetAsync($"/api/held/{id}")).Is(404);
        (await bob.GetAsync("/api/held")).Is(403);
        (await bob.PostAsync($"/api/held/{id}/accept")).Is(403);
        (await bob.DeleteAsync($"/api/held/{id}")).Is(404);
        (await ada.PostAsync($"/api/held/{id}/accept")).Is(403);
        Assert.AreEqual(id, (long?)(await moderator.GetAsync("/api/held")).Is(200)["held.0.id"]);
        Assert.AreEqual(0, (int?)(await ada.GetAsync("/api/user/ada/profile"))["profile.posts"]);

        clock.Advance(TimeSpan.FromHours(5));
        var post = (await moderator.PostAsync($"/api/held/{id}/accept")).Is(200, "success");
        Assert.AreEqual(("ada", "needle", "2026-01-31T14:30:00.000Z"),
            ((string?)post["post.author.username"], (string?)post["post.title"], (string?)post["post.created_at"]));
        Assert.AreEqual("needle", (string?)post["post.tags.0"]);
        (await moderator.PostAsync($"/api/held/{id}/accept")).Is(404);
        (await ada.GetAsync($"/api/held/{id}")).Is(404);
        Assert.AreEqual("accept_post", (string?)(await ada.GetAsync("/api/notifications"))["notifications.0.kind"]);
        Assert.AreEqual("mention", (string?)(await bob.GetAsync("/api/notifications"))["notifications.0.kind"]);
        Assert.AreEqual("accept_post", (string?)(await ada.GetAsync("/api/moderation-log"))["entries.0.action"]);
        (await ada.PostAsync("/api/posts", new { title = "second", body = "b" })).Is(201, "success");
        Assert.IsEmpty(forum.Database.Read(c => IntegrityCheck.Run(c)));
    }

    [TestMethod]
    public async Task A_reply_waits_and_is_accepted_into_a_thread_that_was_locked_or_without_what_it_answers()
    {
        var (forum, moderator, ada) = await StartAsync(Holding);
        await using var _ = forum;
        (await moderator.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        (await moderator.PostAsync("/api/posts/1/replies", new { body = "r" })).Is(201);
        (await ada.PostAsync("/api/posts/9/replies", new { body = "r" })).Is(404);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "r", reply_to = 9 })).IsInvalid("reply_to");
        foreach (var body in (string[])["first", "second", "third"])
            (await ada.PostAsync("/api/posts/1/replies", new { body, reply_to = 2 })).Is(202);
        (await moderator.PutAsync("/api/posts/1/lock")).Is(200);
        (await moderator.DeleteAsync("/api/posts/2")).Is(200);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "r" })).Is(403, "the thread is locked");
        var accepted = (await moderator.PostAsync("/api/held/1/accept")).Is(200);
        Assert.AreEqual((2, 1), ((int?)accepted["post.number"], (int?)accepted["post.thread"]));
        Assert.IsNull(accepted["post.reply_to"]);
        (await moderator.DeleteAsync("/api/posts/1")).Is(200);
        (await moderator.PostAsync("/api/held/2/accept")).Is(404, "thread does not exist");
        (await moderator.PostAsync("/api/held/2/decline", new { reason = "the thread is gone" })).Is(200, "success");
        var declined = (await ada.GetAsync("/api/held/2")).Is(200);
        Assert.AreEqual(("the thread is gone", "second"), ((string?)declined["held.reason"], (string?)declined["held.body"]));
        Assert.AreEqual("decline_post", (string?)(await ada.GetAsync("/api/notifications"))["notifications.0.kind"]);
        (await moderator.PostAsync("/api/held/2/accept")).Is(404);
        (await ada.DeleteAsync("/api/held/2")).Is(200, "success");
        (await ada.DeleteAsync("/api/held/3")).Is(200, "success");
        Assert.IsEmpty((await moderator.GetAsync("/api/held"))["held"]!.AsArray());
        Assert.IsEmpty((await ada.GetAsync("/api/me/held"))["held"]!.AsArray());
    }

    [TestMethod]
    public async Task What_is_sent_again_under_its_key_is_what_it_has_become()
    {
        var (forum, moderator, ada) = await StartAsync(Holding);
        await using var _ = forum;
        var body = new { title = "t", body = "b" };
        (await ada.PostAsync("/api/posts", body, ("Idempotency-Key", "k"))).Is(202);
        var again = (await ada.PostAsync("/api/posts", body, ("Idempotency-Key", "k"))).Is(202);
        Assert.AreEqual("true", again.Header("Idempotency-Replayed"));
        Assert.HasCount(1, (await moderator.GetAsync("/api/held"))["held"]!.AsArray());
        var post = (await moderator.PostAsync("/api/held/1/accept")).Is(200);
        Assert.AreEqual((long?)post["post.id"], (long?)(await ada.PostAsync("/api/posts", body, ("Idempotency-Key", "k"))).Is(201)["post.id"]);
        (await ada.PostAsync("/api/posts", new { title = "other", body = "b" }, ("Idempotency-Key", "k"))).Is(422);
    }

    [TestMethod]
    public async Task Of_many_who_accept_at_once_one_does()
    {
        var (forum, moderator, ada) = await StartAsync(Holding);
        await using var _ = forum;
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(202);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => moderator.PostAsync("/api/held/1/accept")));
        Assert.AreEqual(1, answers.Count(a => (int)a.Status == 200));
        Assert.HasCount(1, (await moderator.GetAsync("/api/posts"))["posts"]!.AsArray());
    }

    [TestMethod]
    public async Task What_somebody_wrote_who_was_suspended_meanwhile_is_not_accepted()
    {
        var (forum, moderator, ada) = await StartAsync(Holding);
        await using var _ = forum;
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(202);
        (await moderator.PutAsync("/api/user/ada/suspension", new { reason = "r" })).Is(200);
        (await moderator.PostAsync("/api/held/1/accept")).Is(409, "its author is suspended");
    }

    [TestMethod]
    public async Task A_new_account_writes_few_links_mentions_threads_and_posts_until_it_is_old_enough()
    {
        var clock = new ManualTime();
        var (forum, moderator, ada) = await StartAsync(new ForumPolicy { LimitNewAccounts = true, HoldFirstPosts = 0, NewAccountPosts = 0 }, clock);
        await using var _ = forum;
        (string Text, string? Why)[] texts =
        [
            ("see https://a.example and www.b.example", null), ("https://a.example http://b.example <https://c.example>", "links"),
            ("[a](https://a.example) [b](mailto:b@b.example) [c](/c)", "links"), ("`ftp://a.example https://b.example https://c.example`", "links"),
            ("[x]: https://a.example\n\n[x] [x] [x]", "links"), ("@mod @ada", null), ("@mod @nobody @ada", "users"), ("`@mod @ada @bob`", null),
        ];
        foreach (var (text, why) in texts)
        {
            var answer = await ada.PostAsync("/api/preview", new { body = text });
            answer = await ada.PostAsync("/api/posts/1/replies", new { body = text });
            if (why is null)
                answer.Is(404);
            else
                answer.IsInvalid("body", $"may {(why == "links" ? "have" : "mention")} 2 {why} at most while the account is new");
        }
        for (var i = 0; i < 3; i++)
            (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(403, "a new account may write 3 threads a day");
        for (var i = 0; i < 7; i++)
            (await ada.PostAsync("/api/posts/1/replies", new { body = "b" })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "b" })).Is(403, "a new account may write 10 posts a day");
        (await ada.DeleteAsync("/api/posts/4")).Is(200);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "b" })).Is(403, "a new account may write 10 posts a day");
        (await ada.PatchAsync("/api/posts/1", new { body = texts[1].Text })).IsInvalid("body");
        (await moderator.PatchAsync("/api/posts/1", new { body = texts[1].Text })).Is(200);
        clock.Advance(TimeSpan.FromHours(24));
        (await ada.PostAsync("/api/posts", new { title = "t", body = texts[1].Text })).Is(201);
    }

    [TestMethod]
    public async Task A_new_account_writes_messages_only_to_who_has_written_to_it()
    {
        var (forum, moderator, ada) = await StartAsync(new ForumPolicy { LimitNewAccounts = true });
        await using var _ = forum;
        (await ada.PostAsync("/api/messages", new { to = "mod", body = "b" })).Is(403);
        (await ada.PostAsync("/api/messages", new { to = "ada", body = "b" })).Is(201);
        (await moderator.PostAsync("/api/messages", new { to = "ada", body = "b" })).Is(201);
        (await ada.PostAsync("/api/messages", new { to = "mod", body = "b" })).Is(201);
        await forum.Server.Policy.ChangeAsync(Actor.System, new ForumPolicy { LimitNewAccounts = false });
        (await ada.PostAsync("/api/messages", new { to = "mod", body = "b" })).Is(201);
    }

    [TestMethod]
    public async Task What_was_accepted_is_not_edited_while_others_wait_and_what_was_taken_back_counts_that_day()
    {
        var policy = new ForumPolicy { HoldFirstPosts = 2, NewAccountDailyThreads = 2, NewAccountDailyPosts = 1_000 };
        var (forum, moderator, ada) = await StartAsync(policy);
        await using var _ = forum;
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(202);
        (await moderator.PostAsync("/api/held/1/accept")).Is(200);
        (await ada.PatchAsync("/api/posts/1", new { body = "pills" })).Is(403);
        (await ada.PostAsync("/api/posts", new { title = "u", body = "b" })).Is(202);
        (await ada.DeleteAsync("/api/held/2")).Is(200);
        (await ada.DeleteAsync("/api/held/2")).Is(404);
        (await moderator.PostAsync("/api/held/2/accept")).Is(404);
        Assert.IsEmpty((await ada.GetAsync("/api/me/held"))["held"]!.AsArray());
        (await ada.PostAsync("/api/posts", new { title = "v", body = "b" })).Is(403, "a new account may write 2 threads a day");
        (await ada.PatchAsync("/api/me", new { bio = "https://a.example https://b.example https://c.example" })).IsInvalid("bio");
        (await ada.PostAsync("/api/posts/1/replies", new { body = "b" })).Is(202);
        (await moderator.PostAsync("/api/held/3/accept")).Is(200);
        (await ada.PatchAsync("/api/posts/1", new { body = "better" })).Is(200);
    }

    [TestMethod]
    public async Task One_who_is_held_has_a_bounded_number_of_posts_waiting()
    {
        var (forum, moderator, ada) = await StartAsync(Holding);
        await using var _ = forum;
        for (var i = 0; i < HeldPostStore.MaxPerUser; i++)
            (await ada.PostAsync("/api/posts", new { title = "t", body = $"b{i}" })).Is(202);
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(409);
        (await moderator.PostAsync("/api/held/1/decline", new { })).Is(200);
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(202);
    }

    private enum Act
    {
        Write,
        Answer,
        Accept,
        Decline,
        Withdraw,
        Spam,
        Unspam,
    }

    [TestMethod]
    public void What_waits_is_seen_and_counted_by_nobody_but_its_author_and_moderators()
    {
        var step = from act in Gen.Frequency((6, Gen.Constant(Act.Write)), (6, Gen.Constant(Act.Answer)), (4, Gen.Constant(Act.Accept)),
                (2, Gen.Constant(Act.Decline)), (1, Gen.Constant(Act.Withdraw)), (1, Gen.Constant(Act.Spam)), (1, Gen.Constant(Act.Unspam)))
                   from which in Gen.Choose(0, 1_000)
                   select (act, which);
        Prop.ForAll(Gen.ListOf(step).ToArbitrary(), steps => PlayAsync(steps).GetAwaiter().GetResult()).Holds(12, 25);
    }

    private static async Task PlayAsync(IReadOnlyList<(Act Act, int Which)> steps)
    {
        var (forum, moderator, ada) = await StartAsync(Holding with { HoldFirstPosts = 3 });
        await using var _ = forum;
        var bob = await forum.UserAsync("bob");
        (await moderator.PostAsync("/api/posts", new { title = "open", body = "b", tags = new[] { "news" } })).Is(201);
        var (hidden, shown, isSpam, number) = (new SortedDictionary<long, string>(), new HashSet<string>(), false, 0);
        foreach (var (act, which) in steps)
        {
            var id = hidden.Count == 0 ? 0 : hidden.Keys.ElementAt(which % hidden.Count);
            var word = $"needle{number++}x";
            switch (act)
            {
                case Act.Write or Act.Answer:
                    var answer = act == Act.Write ? await ada.PostAsync("/api/posts", new { title = word, body = $"{word} @bob @mod", tags = new[] { word } })
                        : await ada.PostAsync("/api/posts/1/replies", new { body = $"{word} @bob", reply_to = 1 });
                    if (isSpam)
                        Assert.AreEqual(401, (int)answer.Status);
                    else if ((int)answer.Status == 202)
                        hidden[(long)answer["held.id"]!] = word;
                    else
                        shown.Add((string)answer.Is(201)["post.body"]!);
                    break;
                case Act.Accept when id > 0:
                    if ((int)(await moderator.PostAsync($"/api/held/{id}/accept")).Status == 200)
                        hidden.Remove(id);
                    break;
                case Act.Decline when id > 0:
                    (await moderator.PostAsync($"/api/held/{id}/decline", new { })).Is(isSpam ? 404 : 200); // what is spam waits no more
                    if (!isSpam)
                        hidden.Remove(id);
                    break;
                case Act.Withdraw when id > 0 && !isSpam:
                    (await ada.DeleteAsync($"/api/held/{id}")).Is(200);
                    hidden.Remove(id);
                    break;
                case Act.Spam:
                    (await moderator.PostAsync("/api/user/ada/spam", new { })).Is(200);
                    isSpam = true;
                    break;
                case Act.Unspam:
                    (await moderator.DeleteAsync("/api/user/ada/spam")).Is(200);
                    if (isSpam)
                        (await ada.PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200);
                    isSpam = false;
                    break;
            }
            if (!isSpam)
            {
                var visible = forum.Database.Read(c => c.Number("SELECT count(*) FROM posts WHERE author_id = 3 AND deleted_at IS NULL"));
                Assert.AreEqual(visible, (long?)(await bob.GetAsync("/api/user/ada/profile"))["profile.posts"]);
            }
        }
        foreach (var reader in (TestClient[])[forum.Client(), bob])
        {
            foreach (var answer in await Everything.GetAsync(reader, 1, 2, 3))
            {
                foreach (var (id, word) in hidden)
                    Assert.DoesNotContain(word, answer.Text, $"{id} by {word}");
                if (isSpam)
                    Assert.DoesNotContain("needle", answer.Text);
            }
        }
        Assert.IsEmpty(forum.Database.Read(c => IntegrityCheck.Run(c)));
    }
}
