using System.Net.Sockets;
using System.Text;
using TinyForum.Data;

namespace TinyForum.Tests;

/// <summary>What happened is told in order, once, to those who may know it.</summary>
[TestClass]
public sealed class EventTests(TestContext context)
{
    [TestMethod]
    public async Task Everything_that_happens_is_in_the_list_in_order()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada", "admin"), await forum.UserAsync("bob"));
        (await bob.PostAsync("/api/posts", new { title = "Tea", body = "At four?" })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "Yes, @bob" })).Is(201);
        (await bob.PatchAsync("/api/posts/1", new { body = "At five?" })).Is(200);
        for (var again = 0; again < 2; again++) // what changes nothing is nothing that happened
        {
            (await ada.PutAsync("/api/posts/1/like")).Is(200);
            (await ada.PutAsync("/api/posts/1/pin")).Is(200);
            (await ada.PutAsync("/api/posts/1/lock")).Is(200);
        }
        (await ada.DeleteAsync("/api/posts/1/like")).Is(200);
        (await ada.DeleteAsync("/api/posts/1/pin")).Is(200);
        (await ada.DeleteAsync("/api/posts/1/lock")).Is(200);
        (await bob.PostAsync("/api/posts/2/report", new { reason = "Rude." })).Is(201);
        (await ada.PutAsync("/api/reports/1", new { resolution = "No." })).Is(200);
        (await ada.DeleteAsync("/api/posts/2")).Is(200);
        (await ada.PostAsync("/api/posts/2/restore")).Is(200);
        (await ada.PostAsync("/api/messages", new { to = "bob", body = "Hello" })).Is(201);
        (await ada.PutAsync("/api/user/bob/suspension", new { reason = "Rude." })).Is(200);
        (await ada.DeleteAsync("/api/user/bob/suspension")).Is(200);
        string[] all =
        [
            "user.registered", "user.registered", "thread.created", "reply.created", "notification.created", "post.edited", "post.liked",
            "thread.pinned", "notification.created", "thread.locked", "notification.created", "post.unliked",
            "thread.unpinned", "notification.created", "thread.unlocked", "notification.created", "report.created", "report.resolved",
            "post.deleted", "post.restored", "message.created", "user.suspended", "user.unsuspended",
        ];
        var told = await KindsAsync(ada);
        Assert.AreEqual(
            string.Join(' ', all.Where(k => k is not ("notification.created" or "message.created"))), string.Join(' ', told.Select(e => e.Kind)));
        Assert.AreEqual(
            string.Join(' ', all), string.Join(' ', forum.Database.Read(c => c.All("SELECT kind FROM events ORDER BY number", r => r.GetString(0)))));
        CollectionAssert.AreEqual(
            Enumerable.Range(1, all.Length).ToArray(), forum.Database.Read(c => c.All("SELECT number FROM events ORDER BY number", r => (int)r.GetInt64(0))));
    }

    [TestMethod]
    public async Task A_browser_reads_the_stream()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "Before", body = "b" })).Is(201);
        await using var visit = await Browser.VisitAsync(forum, o => o.BypassCSP = true); // answers of the API let no script run
        var page = await visit.OpenAsync("/healthz");
        await page.EvaluateAsync("""
            () => {
                told = [];
                source = new EventSource('/api/events?after=0&kinds=thread.created');
                for (const kind of ['hello', 'thread.created'])
                    source.addEventListener(kind, e => told.push(`${kind} ${e.lastEventId} ${JSON.parse(e.data).post?.title ?? ''}`));
            }
            """);
        await page.WaitForFunctionAsync("told.length == 2");
        (await ada.PostAsync("/api/posts", new { title = "Meanwhile 茶", body = "b" })).Is(201);
        await page.WaitForFunctionAsync("told.length == 3");
        Assert.AreEqual("hello  |thread.created 2 Before|thread.created 3 Meanwhile 茶", await page.EvaluateAsync<string>("told.join('|')"));
    }

    [TestMethod]
    public async Task What_is_private_is_told_to_whom_it_concerns()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob, mod) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"), await forum.UserAsync("mod", "moderator"));
        (await ada.PostAsync("/api/posts", new { title = "Tea", body = "@bob?" })).Is(201);
        (await ada.PostAsync("/api/messages", new { to = "bob", body = "psst" })).Is(201);
        (await bob.PostAsync("/api/posts/1/report", new { reason = "Rude." })).Is(201);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "deleted meanwhile" })).Is(201);
        (await ada.DeleteAsync("/api/posts/2")).Is(200);
        foreach (var (reader, kinds) in ((TestClient, string)[])
            [(forum.Client(), ""), (ada, ""), (bob, "notification.created message.created"), (mod, "report.created")])
        {
            const string Kinds = "message.created,notification.created,report.created,reply.created,post.deleted";
            var answer = (await reader.GetAsync($"/api/events?after=0&kinds={Kinds}")).Is(200);
            var told = answer["events"]!.AsArray().Select(e => (string)e!["kind"]!).Where(k => k != "post.deleted");
            Assert.AreEqual(kinds, string.Join(' ', told));
            Assert.DoesNotContain("deleted meanwhile", answer.Text);
        }
        await using var stream = await EventReader.OpenAsync(
            forum.Url, "/api/events?after=0&kinds=report.created,report.resolved,user.registered", ("Authorization", $"Bearer {await TokenAsync(mod)}"));
        await stream.NextAsync("hello");
        for (var i = 0; i < 3; i++)
            await stream.NextAsync("user.registered");
        (await mod.PutAsync("/api/reports/1", new { resolution = "It is not." })).Is(200);
        await forum.UserAsync("eve");
        Assert.AreEqual("eve", (string?)(await stream.NextAsync("user.registered"))["user"]!["username"], "a token that may only read reads no reports");
        using var client = new TestClient(forum.Url, cookies: false);
        var listed = await client.GetAsync("/api/events?after=0&kinds=report.created,report.resolved", ("Authorization", $"Bearer {await TokenAsync(mod)}"));
        Assert.IsEmpty(listed.Is(200)["events"]!.AsArray());
    }

    [TestMethod]
    public async Task A_stream_ends_when_its_token_does_and_not_while_its_session_is_used()
    {
        var clock = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = clock });
        var ada = await forum.UserAsync("ada");
        var token = (string)(await ada.PostAsync("/api/tokens", new { name = "t", scope = "read", expires_in_days = 1 })).Is(201)["token.token"]!;
        await using var ofToken = await OpenAsync(forum, token);
        using var browser = new TestClient(forum.Url, cookies: false);
        var login = (await browser.PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200);
        var cookie = ("Cookie", login.Header("Set-Cookie")!.Split(';')[0]);
        await using var ofSession = await EventReader.OpenAsync(forum.Url, "/api/events", cookie);
        await ofSession.NextAsync("hello");
        await ofToken.NextAsync("hello");
        clock.Advance(SessionTable.Lifetime - TimeSpan.FromHours(1));
        await ofToken.EndsAsync();
        (await browser.GetAsync("/api/me", cookie)).Is(200);
        await forum.Settled();
        clock.Advance(TimeSpan.FromHours(2));
        (await browser.PostAsync("/api/posts", new { title = "Tea", body = "At four?" }, cookie)).Is(201);
        await ofSession.NextAsync("thread.created");
        clock.Advance(SessionTable.Lifetime);
        await ofSession.EndsAsync();
    }

    [TestMethod]
    public async Task The_list_goes_on_where_it_ended_and_picks_kinds_and_threads()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        for (var i = 1; i <= 4; i++)
            (await ada.PostAsync("/api/posts", new { title = $"{i}", body = "text" })).Is(201);
        for (var i = 0; i < 3; i++)
            (await ada.PostAsync("/api/posts/2/replies", new { body = $"{i}" })).Is(201);
        var all = await KindsAsync(ada, "limit=3");
        CollectionAssert.AreEqual(Enumerable.Range(1, 8).Select(i => (long)i).ToArray(), all.Select(e => e.Number).ToArray());
        Assert.HasCount(4, await KindsAsync(ada, "limit=1&kinds=thread.created"));
        Assert.HasCount(4, await KindsAsync(ada, "thread=2"));
        Assert.HasCount(3, await KindsAsync(ada, "thread=2&kinds=reply.created,post.liked"));
        Assert.AreEqual(8, (int?)(await ada.GetAsync("/api/events?after=8")).Is(200)["newest"]);
        (await ada.GetAsync("/api/events?kinds=thread.created,tea")).Is(400);
        (await ada.GetAsync("/api/events?after=x")).Is(400);
        (await ada.GetAsync("/api/events?thread=-1")).Is(400);
    }

    [TestMethod]
    public async Task A_page_of_long_texts_ends_early()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        for (var i = 0; i < 40; i++)
            (await ada.PostAsync("/api/posts", new { title = $"{i}", body = new string('x', 32_000) })).Is(201);
        var answer = (await ada.GetAsync("/api/events?after=0&limit=100")).Is(200);
        Assert.IsLessThan(1_200_000, answer.Bytes.Length);
        Assert.HasCount(41, await KindsAsync(ada, "limit=100"));
    }

    [TestMethod]
    public async Task A_stream_greets_replays_and_goes_on_live()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "Tea", body = "At four?" })).Is(201);
        await using var stream = await EventReader.OpenAsync(forum.Url, "/api/events?after=0", ("Last-Event-ID", "1"));
        Assert.AreEqual("text/event-stream; charset=utf-8", stream.Response.Content.Headers.ContentType?.ToString());
        Assert.AreEqual("no", stream.Response.Headers.GetValues("X-Accel-Buffering").Single());
        Assert.IsTrue(stream.Response.Headers.CacheControl!.NoStore);
        var hello = await stream.NextAsync("hello");
        Assert.AreEqual((2, 1), ((int)hello["newest"]!, (int)hello["oldest"]!));
        Assert.AreEqual("At four?", (string?)(await stream.NextAsync("thread.created"))["post"]!["body"]);
        (await ada.PostAsync("/api/posts/1/replies", new { body = "No" })).Is(201);
        Assert.AreEqual("No", (string?)(await stream.NextAsync("reply.created"))["post"]!["body"]);
        Assert.AreEqual("3", stream.LastId);
    }

    [TestMethod]
    public async Task What_happens_after_a_greeting_is_not_lost_with_the_stream()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        string greeted;
        await using (var cut = await EventReader.OpenAsync(forum.Url, "/api/events"))
        {
            await cut.NextAsync("hello");
            greeted = cut.LastId;
        }
        (await ada.PostAsync("/api/posts", new { title = "Tea", body = "At four?" })).Is(201);
        await using var next = await EventReader.OpenAsync(forum.Url, "/api/events", ("Last-Event-ID", greeted));
        await next.NextAsync("hello");
        Assert.AreEqual("Tea", (string?)(await next.NextAsync("thread.created"))["post"]!["title"]);
    }

    [TestMethod]
    public async Task A_stream_tells_its_owner_of_messages_and_how_many_are_unread()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        await using var stream = await OpenAsync(forum, await TokenAsync(bob));
        await stream.NextAsync("hello");
        (await ada.PostAsync("/api/messages", new { to = "bob", body = "psst" })).Is(201);
        var told = await stream.NextAsync("message.created");
        Assert.AreEqual(("psst", 1), ((string?)told["message"]!["body"], (int)told["unread"]!));
        (await ada.PostAsync("/api/posts", new { title = "Tea", body = "@bob?" })).Is(201);
        await stream.NextAsync("thread.created");
        Assert.AreEqual("mention", (string?)(await stream.NextAsync("notification.created"))["notification"]!["kind"]);
    }

    [TestMethod]
    [DataRow("logout")]
    [DataRow("token")]
    [DataRow("password")]
    [DataRow("suspension")]
    [DataRow("erasure")]
    public async Task A_stream_ends_with_its_credential_in_every_process(string how)
    {
        using var folder = new TemporaryFolder();
        await using var forum = await TestForum.StartAsync(o => o with { Database = folder["forum.db"] });
        await using var other = await TestForum.StartAsync(o => o with { Database = folder["forum.db"] });
        var (ada, bob) = (await forum.UserAsync("ada", "admin"), await forum.UserAsync("bob"));
        using var browser = new TestClient(forum.Url, cookies: false);
        var login = (await browser.PostAsync("/api/login", new { username = "bob", password = "secret" })).Is(200, "success");
        var cookie = login.Header("Set-Cookie")!.Split(';')[0];
        var credential = how == "token" ? ("Authorization", $"Bearer {await TokenAsync(bob)}") : ("Cookie", cookie);
        await using var here = await EventReader.OpenAsync(forum.Url, "/api/events", credential);
        await using var there = await EventReader.OpenAsync(other.Url, "/api/events", credential);
        await here.NextAsync("hello");
        await there.NextAsync("hello");
        (await (how switch
        {
            "logout" => browser.PostAsync("/api/logout", null, ("Cookie", cookie)),
            "token" => bob.DeleteAsync("/api/tokens/1"),
            "password" => bob.PutAsync("/api/me/password", new { current = "secret", @new = "another secret" }),
            "suspension" => ada.PutAsync("/api/user/bob/suspension", new { reason = "Rude." }),
            _ => bob.DeleteAsync("/api/me", new { password = "secret" }),
        })).Is(200, "success");
        await here.EndsAsync();
        await there.EndsAsync();
    }

    [TestMethod]
    public async Task Each_process_on_a_database_tells_what_the_others_write()
    {
        using var folder = new TemporaryFolder();
        await using var forum = await TestForum.StartAsync(o => o with { Database = folder["forum.db"] });
        await using var other = await TestForum.StartAsync(o => o with { Database = folder["forum.db"] });
        var ada = await forum.UserAsync("ada");
        await using var stream = await EventReader.OpenAsync(other.Url, "/api/events");
        await stream.NextAsync("hello");
        (await ada.PostAsync("/api/posts", new { title = "Tea", body = "At four?" })).Is(201);
        Assert.AreEqual("Tea", (string?)(await stream.NextAsync("thread.created"))["post"]!["title"]);
    }

    [TestMethod]
    public async Task A_number_that_is_not_kept_or_not_yet_given_asks_to_begin_anew()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "Tea", body = "At four?" })).Is(201);
        await forum.Database.WriteAsync(c => c.Execute("DELETE FROM events WHERE number = 1"));
        (await ada.GetAsync("/api/events?after=0")).Is(400);
        foreach (var number in (string[])["0", "99"])
        {
            await using var stream = await EventReader.OpenAsync(forum.Url, "/api/events", ("Last-Event-ID", number));
            await stream.NextAsync("hello");
            Assert.AreEqual(2, (int)(await stream.NextAsync("resync"))["newest"]!);
            Assert.AreEqual("2", stream.LastId);
        }
    }

    [TestMethod]
    public async Task A_user_has_so_many_streams_and_the_next_is_told_when_to_come_again()
    {
        await using var forum = await TestForum.StartAsync();
        var token = await TokenAsync(await forum.UserAsync("ada"));
        var streams = new List<EventReader>();
        try
        {
            for (var i = 0; i < 32; i++)
            {
                streams.Add(await OpenAsync(forum, token));
                await streams[^1].NextAsync("hello");
            }
            await using (var refused = await OpenAsync(forum, token))
            {
                Assert.AreEqual(503, (int)refused.Response.StatusCode);
                Assert.IsNotNull(refused.Response.Headers.RetryAfter);
            }
            await using var stranger = await EventReader.OpenAsync(forum.Url, "/api/events");
            await stranger.NextAsync("hello");
        }
        finally
        {
            foreach (var stream in streams)
                await stream.DisposeAsync();
        }
    }

    [TestMethod]
    public async Task Who_comes_and_goes_during_a_flood_is_told_each_event_once()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        const int Posts = 200;
        var readers = Enumerable.Range(0, 8).Select(async seed =>
        {
            var (random, told, last) = (new Random(seed), new List<long>(), "1");
            while (told.Count < Posts)
            {
                await using var stream = await EventReader.OpenAsync(forum.Url, "/api/events?kinds=thread.created", ("Last-Event-ID", last));
                await stream.NextAsync("hello");
                for (var left = random.Next(1, 40); left > 0 && told.Count < Posts; left--)
                    told.Add((long)(await stream.NextAsync("thread.created"))["number"]!);
                last = stream.LastId is "" ? last : stream.LastId;
            }
            return told;
        }).ToArray();
        await Parallel.ForAsync(0, Posts, context.CancellationToken, async (i, _) =>
            (await ada.PostAsync("/api/posts", new { title = $"{i}", body = "text" })).Is(201));
        foreach (var told in await Task.WhenAll(readers))
            CollectionAssert.AreEqual(Enumerable.Range(2, Posts).Select(n => (long)n).ToArray(), told);
    }

    [TestMethod]
    public async Task A_killed_server_has_told_nothing_twice_and_loses_nothing()
    {
        using var folder = new TemporaryFolder();
        var options = new ForumOptions
        {
            Listen = ["http://127.0.0.1:0"],
            Database = folder["forum.db"],
            Passwords = TestForum.CheapPasswords,
            RateLimits = new() { Enabled = false },
        };
        var (told, answered, last) = (new List<long>(), new HashSet<long>(), "0");
        for (var round = 0; round < 20; round++)
        {
            await using var process = await ServerProcess.StartAsync(options);
            using var client = new TestClient(process.Url);
            if (round == 0)
                (await client.PostAsync("/api/register", new { username = "ada", password = "secret" })).Is(200, "success");
            (await client.PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200, "success");
            await using var stream = await EventReader.OpenAsync(process.Url, "/api/events", ("Last-Event-ID", last));
            await stream.NextAsync("hello");
            var writers = Enumerable.Range(0, 4).Select(_ => PostUntilKilledAsync(client, answered)).ToArray();
            for (var left = 5 + round; left > 0; left--)
            {
                if (await stream.NextAsync() is { Kind: not "user.registered" } frame)
                    told.Add((long)frame.Data["post"]!["id"]!);
            }
            process.Signal("KILL");
            while (await stream.NextAsync() is { } frame)
                told.Add((long)frame.Data["post"]!["id"]!);
            await Task.WhenAll(writers);
            await process.EndAsync();
            last = stream.LastId;
        }
        using var database = ForumDatabase.Open(folder["forum.db"]);
        told.AddRange(new EventLog(database, TimeProvider.System, TimeSpan.FromDays(7)).Read(long.Parse(last)).Select(e => e.PostId!.Value));
        CollectionAssert.AreEqual(database.Read(c => c.All("SELECT id FROM posts ORDER BY id", r => r.GetInt64(0))), told);
        Assert.IsTrue(answered.IsSubsetOf(told), "what was answered was told");
        Assert.AreEqual(told.Count + 1, database.Read(c => c.Number("SELECT max(number) FROM events")), "gapless");
    }

    [TestMethod]
    public async Task What_is_rolled_back_leaves_no_event_and_no_gap()
    {
        using var database = ForumDatabase.Open(null);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(async i =>
        {
            try
            {
                await database.WriteAsync(c =>
                {
                    EventLog.Add(c, new ForumEvent(0, EventKind.UserErased, DateTimeOffset.UnixEpoch, ItemId: i));
                    if (i % 3 == 0)
                        throw RefusalException.Invalid("x", "is odd");
                });
            }
            catch (RefusalException)
            {
            }
        }));
        await using var log = new EventLog(database, TimeProvider.System, TimeSpan.FromDays(7));
        var events = log.Read(0);
        CollectionAssert.AreEqual(Enumerable.Range(1, 66).Select(i => (long)i).ToArray(), events.Select(e => e.Number).ToArray());
        Assert.IsTrue(events.All(e => e.ItemId % 3 != 0));
    }

    [TestMethod]
    public async Task The_oldest_events_go_once_they_are_neither_young_nor_few()
    {
        var time = new ManualTime();
        using var database = ForumDatabase.Open(null);
        await using var log = new EventLog(database, time, TimeSpan.FromDays(7), keptAtLeast: 100);
        await AddAsync(700);
        time.Advance(TimeSpan.FromDays(8));
        await AddAsync(50);
        Assert.IsTrue(await log.SweepAsync(), "in small steps");
        Assert.IsFalse(await log.SweepAsync());
        Assert.AreEqual((651, 750), log.Range);
        time.Advance(TimeSpan.FromDays(1));
        await AddAsync(200);
        Assert.IsFalse(await log.SweepAsync());
        Assert.AreEqual((701, 950), log.Range, "what is young stays, however much it is");
        await Assert.ThrowsExactlyAsync<RefusalException>(async () => await log.ReadAsync(after: 5).GetAsyncEnumerator().MoveNextAsync());
        await using var slow = log.ReadAsync(after: 700, context.CancellationToken).GetAsyncEnumerator(context.CancellationToken);
        Assert.IsTrue(await slow.MoveNextAsync());
        await AddAsync(1_000);
        time.Advance(TimeSpan.FromDays(8));
        while (await log.SweepAsync())
        {
        }
        await Assert.ThrowsExactlyAsync<RefusalException>(
            async () =>
            {
                while (await slow.MoveNextAsync())
                    Assert.IsLessThan(951, slow.Current.Number, "nothing is left out");
            });

        Task AddAsync(int count) => database.WriteAsync(c =>
        {
            for (var i = 0; i < count; i++)
                EventLog.Add(c, new ForumEvent(0, EventKind.UserErased, time.GetUtcNow()));
        });
    }

    [TestMethod]
    public async Task A_clock_that_was_set_back_makes_no_gap()
    {
        var time = new ManualTime();
        await using var forum = await TestForum.StartAsync(o => o with { TimeProvider = time });
        await using var log = new EventLog(forum.Server.Database, time, TimeSpan.FromDays(1), keptAtLeast: 2);
        var ada = await forum.UserAsync("ada");
        foreach (var (step, title) in ((int, string)[])[(0, "1"), (2, "2"), (-2, "3"), (0, "4"), (0, "5")])
        {
            time.Advance(TimeSpan.FromHours(step));
            (await ada.PostAsync("/api/posts", new { title, body = "b" })).Is(201);
        }
        time.Advance(TimeSpan.FromHours(25)); // all but the second are old
        while (await log.SweepAsync())
        {
        }
        var kept = forum.Database.Read(c => c.All("SELECT number FROM events ORDER BY number", r => r.GetInt64(0)));
        CollectionAssert.AreEqual(new long[] { 3, 4, 5, 6 }, kept);
    }

    [TestMethod]
    public async Task An_embedder_without_a_token_ends_with_the_forum()
    {
        Task<int> reading;
        await using (var forum = await TestForum.StartAsync())
        {
            reading = CountAsync(forum.Server);
            (await (await forum.UserAsync("ada")).PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        }
        Assert.AreEqual(2, await reading.WaitAsync(TimeSpan.FromMinutes(1)));

        static async Task<int> CountAsync(ForumServer server)
        {
            var count = 0;
            await foreach (var _ in server.Events.ReadAsync(after: 0))
                count++;
            return count;
        }
    }

    [TestMethod]
    public async Task Streams_that_are_cut_off_together_hold_nobody_up()
    {
        await using var forum = await TestForum.StartAsync(o => o with { RateLimits = new() { Enabled = false } });
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        for (var round = 0; round < 12; round++)
        {
            var streams = await Task.WhenAll(Enumerable.Range(0, 400).Select(_ => GreetedAsync(forum.Url)));
            using var posting = new CancellationTokenSource();
            var posts = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
            {
                do
                    (await ada.PostAsync("/api/posts/1/replies", new { body = "r" })).Is(201);
                while (!posting.IsCancellationRequested);
            })).ToArray();
            for (var i = 0; i < 12; i++)
                await streams[^1].ReceiveAsync(new byte[64 * 1024]); // they are being told
            foreach (var stream in streams)
                stream.Close(timeout: 0); // at once, as a proxy's are
            await posting.CancelAsync();
            await Task.WhenAll(posts).WaitAsync(TimeSpan.FromMinutes(1));
            (await forum.Client().GetAsync("/healthz")).Is(200);
        }
    }

    /// <summary>Opens a stream and waits for its greeting.</summary>
    private static async Task<Socket> GreetedAsync(Uri url)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(url.Host, url.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET /api/events HTTP/1.1\r\nHost: {url.Authority}\r\nAccept: text/event-stream\r\n\r\n"));
        var buffer = new byte[4096];
        for (var read = 0; !buffer.AsSpan(0, read).ContainsAny("{"u8);)
            read += await socket.ReceiveAsync(buffer.AsMemory(read));
        return socket;
    }

    [TestMethod]
    public async Task History_is_read_beside_the_pages()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.Database.WriteAsync(c => c.Execute("""
            INSERT INTO events (kind, created_at)
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
            SELECT 'user.erased', 0 FROM n
            """));
        var end = new TaskCompletionSource<bool>();
        var pages = forum.Server.Forum.Pages.RunAsync(int.MaxValue, () => end.Task, CancellationToken.None);
        for (var i = 0; i < 50; i++)
        {
            await using var stream = await EventReader.OpenAsync(forum.Url, "/api/events?after=0&kinds=thread.created");
            await stream.NextAsync("hello");
        }
        var seen = forum.Server.Forum.Events.Range.Newest;
        await using (var other = await EventReader.OpenAsync(forum.Url, $"/api/events?after={seen - 2}"))
        {
            await other.NextAsync("hello");
            Assert.AreEqual(seen - 1, (long)(await other.NextAsync("user.erased"))["number"]!);
        }
        end.SetResult(true);
        await pages;
    }

    [TestMethod]
    public async Task The_first_stream_reads_its_history_by_itself()
    {
        await using var forum = await TestForum.StartAsync(o => o with { RateLimits = new() { Enabled = false } });
        var ada = await forum.UserAsync("ada");
        for (var i = 0; i < 100; i++)
            (await ada.PostAsync("/api/posts", new { title = $"{i}", body = new string('x', 30_000) })).Is(201);
        await using var slow = await EventReader.OpenAsync(forum.Url, "/api/events?after=0"); // and does not read
        await using var live = await EventReader.OpenAsync(forum.Url, "/api/events");
        await live.NextAsync("hello");
        (await ada.PostAsync("/api/posts", new { title = "now", body = "b" })).Is(201);
        Assert.AreEqual("now", (string?)(await live.NextAsync("thread.created"))["post"]!["title"]);
        await slow.NextAsync("hello");
        await slow.NextAsync("user.registered");
        for (var i = 0; i < 100; i++)
            Assert.AreEqual($"{i}", (string?)(await slow.NextAsync("thread.created"))["post"]!["title"]);
    }

    [TestMethod]
    public async Task An_embedder_follows_the_log_and_goes_on_by_number()
    {
        await using var forum = await TestForum.StartAsync();
        var events = forum.Server.Events;
        var ada = await forum.Server.Users.RegisterAsync("ada", "secret");
        await using (var first = events.ReadAsync(after: 0, context.CancellationToken).GetAsyncEnumerator(context.CancellationToken))
        {
            Assert.IsTrue(await first.MoveNextAsync());
            Assert.AreEqual((1, EventKind.UserRegistered), (first.Current.Number, first.Current.Kind));
            var next = first.MoveNextAsync();
            Assert.IsFalse(next.IsCompleted);
            await forum.Server.Posts.CreateThreadAsync(ada!, "Tea", "At four?"); // who is slow holds up nobody
            Assert.IsTrue(await next);
            Assert.AreEqual((2, EventKind.ThreadCreated, 1), (first.Current.Number, first.Current.Kind, first.Current.PostId));
        }
        await foreach (var happened in events.ReadAsync(after: 1, context.CancellationToken))
        {
            Assert.AreEqual(2, happened.Number);
            break;
        }
    }

    [TestMethod]
    public async Task A_reader_that_stops_reading_loses_its_stream_and_nobody_elses_time()
    {
        var held = new TaskCompletionSource();
        var stream = new Api.Events.EventStream(new HeldStream(held.Task), () => false, null, new(null, null));
        stream.Offer(new byte[1]);
        for (var i = 0; i < 16; i++)
        {
            Assert.IsFalse(stream.HasEnded);
            stream.Offer(new byte[64 * 1024]);
        }
        stream.Offer(new byte[1]);
        Assert.IsTrue(stream.HasEnded);
        held.SetResult();
        await stream.Ended;
    }

    [TestMethod]
    public async Task Of_an_erased_user_the_log_keeps_nothing()
    {
        await using var forum = await TestForum.StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada"), await forum.UserAsync("bob"));
        (await ada.PostAsync("/api/messages", new { to = "bob", body = "psst" })).Is(201);
        (await bob.DeleteAsync("/api/me", new { password = "secret" })).Is(200);
        Assert.AreEqual(0, forum.Database.Read(c => c.Number("SELECT count(*) FROM events WHERE user_id = 3")));
        var told = (await ada.GetAsync("/api/events?after=0")).Is(200);
        Assert.DoesNotContain("bob", told.Text);
        Assert.AreEqual("user.erased", (string?)told["events"]!.AsArray()[^1]!["kind"]);
    }

    private static async Task PostUntilKilledAsync(TestClient client, HashSet<long> answered)
    {
        try
        {
            for (; ; )
            {
                var post = (await client.PostAsync("/api/posts", new { title = "t", body = "text" })).Is(201);
                lock (answered)
                    answered.Add((long)post["post.id"]!);
            }
        }
        catch (HttpRequestException)
        {
            // The server is gone.
        }
    }

    private static async Task<string> TokenAsync(TestClient client) =>
        (string)(await client.PostAsync("/api/tokens", new { name = "events", scope = "read" })).Is(201)["token.token"]!;

    private static Task<EventReader> OpenAsync(TestForum forum, string token) =>
        EventReader.OpenAsync(forum.Url, "/api/events", ("Authorization", $"Bearer {token}"));

    private static async Task<List<(long Number, string Kind)>> KindsAsync(TestClient client, string query = "limit=100")
    {
        var all = new List<(long, string)>();
        for (long? after = 0; after is not null;)
        {
            var page = (await client.GetAsync($"/api/events?after={after}&{query}")).Is(200, "success");
            all.AddRange(page["events"]!.AsArray().Select(e => ((long)e!["number"]!, (string)e["kind"]!)));
            after = (long?)page["next"];
        }
        return all;
    }

    /// <summary>Takes what is written to it only when it is let.</summary>
    private sealed class HeldStream(Task held) : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => await held;
    }
}
