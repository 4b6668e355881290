using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TinyForum.Data;
using TinyForum.Webhooks;

namespace TinyForum.Tests;

/// <summary>What happens is sent to webhooks: in order, at least once, and nowhere it must not go.</summary>
[TestClass]
public sealed class WebhookTests
{
    [TestMethod]
    public async Task Admins_manage_webhooks()
    {
        await using var forum = await StartAsync();
        var (ada, mod) = (await forum.UserAsync("ada", "admin"), await forum.UserAsync("mod", "moderator"));
        foreach (var (method, path) in ((string, string)[])
            [("GET", ""), ("POST", ""), ("GET", "/1"), ("PATCH", "/1"), ("DELETE", "/1"), ("GET", "/1/deliveries"), ("POST", "/1/test"),
                ("POST", "/1/deliveries/1/redeliver")])
        {
            (await mod.SendAsync(method, $"/api/webhooks{path}", new { })).Is(403);
            (await forum.Client().SendAsync(method, $"/api/webhooks{path}", new { })).Is(401);
            if (path.Length > 0)
                (await ada.SendAsync(method, $"/api/webhooks{path}", method == "GET" ? null : new { })).Is(404);
        }
        string[] kinds = ["thread.created", "thread.created"];
        var made = (await ada.PostAsync("/api/webhooks", new { url = "https://hooks.example/a?b=c", kinds })).Is(201);
        Assert.AreEqual("/api/webhooks/1", made.Header("Location"));
        StringAssert.Matches((string)made["webhook.secret"]!, new("^whsec_[A-Za-z0-9+/]{43}=$"));
        Assert.AreEqual("""["thread.created"]""", made["webhook.kinds"]!.ToJsonString());
        Assert.AreEqual("on", (string)made["webhook.state"]!);
        Assert.IsNull((await ada.GetAsync("/api/webhooks/1")).Is(200)["webhook.secret"], "shown once");
        Assert.IsFalse((await ada.GetAsync("/api/webhooks")).Is(200).Text.Contains("whsec_", StringComparison.Ordinal));
        var rotated = (await ada.PatchAsync("/api/webhooks/1", new { rotate_secret = true, kinds = Array.Empty<string>(), state = "off" })).Is(200);
        Assert.AreNotEqual((string)made["webhook.secret"]!, (string)rotated["webhook.secret"]!);
        Assert.AreEqual(WebhookStore.Kinds.Count, rotated["webhook.kinds"]!.AsArray().Count, "none are all");
        Assert.AreEqual("off", (string)rotated["webhook.state"]!);
        (await ada.PostAsync("/api/webhooks/1/test")).Is(409);
        (await ada.DeleteAsync("/api/webhooks/1")).Is(200);
        (await ada.GetAsync("/api/webhooks/1")).Is(404);
    }

    [TestMethod]
    [DataRow("ftp://hooks.example")]
    [DataRow("hooks.example")]
    [DataRow("https://")]
    [DataRow("https://ada:secret@hooks.example")]
    [DataRow("https://hooks.example/#part")]
    [DataRow("https://hooks.example/a b")]
    [DataRow("https://hooks.example/\n")]
    [DataRow("")]
    public async Task An_address_has_to_be_one(string url)
    {
        await using var forum = await StartAsync();
        var ada = await forum.UserAsync("ada", "admin");
        (await ada.PostAsync("/api/webhooks", new { url })).IsInvalid("url");
        (await ada.PostAsync("/api/webhooks", new { url = "https://hooks.example/" + new string('a', WebhookStore.MaxUrl) })).IsInvalid("url");
    }

    [TestMethod]
    public async Task Kinds_are_those_that_are_not_for_one_user_alone()
    {
        await using var forum = await StartAsync();
        var ada = await forum.UserAsync("ada", "admin");
        foreach (var kind in (string[])["message.created", "notification.created", "thread.create", "", "thread.created post.edited"])
            (await ada.PostAsync("/api/webhooks", new { url = "https://hooks.example", kinds = new[] { kind } })).IsInvalid("kinds");
        (await ada.PostAsync("/api/webhooks", new { url = "https://hooks.example" })).Is(201);
        (await ada.PatchAsync("/api/webhooks/1", new { kinds = new[] { "message.created" } })).IsInvalid("kinds");
        (await ada.PatchAsync("/api/webhooks/1", new { state = "gone" })).IsInvalid("state");
        (await ada.PatchAsync("/api/webhooks/1", new { url = "gone" })).IsInvalid("url");
    }

    [TestMethod]
    public async Task There_is_a_bound_on_webhooks_and_a_repeated_request_makes_one()
    {
        await using var forum = await StartAsync();
        var ada = await forum.UserAsync("ada", "admin");
        var first = (await ada.PostAsync("/api/webhooks", new { url = "https://hooks.example" }, ("Idempotency-Key", "a"))).Is(201);
        var second = (await ada.PostAsync("/api/webhooks", new { url = "https://hooks.example" }, ("Idempotency-Key", "a"))).Is(201);
        Assert.AreEqual(first.Text, second.Text);
        for (var i = 1; i < WebhookStore.Max; i++)
            (await ada.PostAsync("/api/webhooks", new { url = $"https://hooks.example/{i}" })).Is(201);
        (await ada.PostAsync("/api/webhooks", new { url = "https://hooks.example" })).Is(409);
    }

    [TestMethod]
    public async Task What_happens_is_sent_in_order_and_signed()
    {
        await using var receiver = new WebhookReceiver();
        await using var forum = await StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada", "admin"), await forum.UserAsync("bob"));
        var secret = (string)(await ada.PostAsync("/api/webhooks", new { url = receiver.Url })).Is(201)["webhook.secret"]!;
        (await bob.PostAsync("/api/posts", new { title = "Tea", body = "At four, @ada?" })).Is(201);
        (await bob.PostAsync("/api/messages", new { to = "ada", body = "psst" })).Is(201);
        (await ada.PutAsync("/api/posts/1/like")).Is(200);
        (await bob.PostAsync("/api/posts/1/report", new { reason = "Rude." })).Is(201);
        var messages = await receiver.WaitForAsync(3);
        Assert.AreEqual("thread.created post.liked report.created", string.Join(' ', messages.Select(m => m.Kind)));
        Assert.AreEqual(3, messages.Select(m => m.Id).Distinct().Count());
        foreach (var message in messages)
        {
            Assert.AreEqual("POST /hook HTTP/1.1", message.Request);
            Assert.AreEqual("application/json", message.Headers["Content-Type"]);
            Assert.AreEqual(Signature(secret, message), message.Headers["webhook-signature"]);
            Assert.AreEqual((string)message.Json["data"]!["created_at"]!, (string)message.Json["timestamp"]!);
        }
        Assert.AreEqual("At four, @ada?", (string)messages[0].Json["data"]!["post"]!["body"]!);
        Assert.AreEqual("Rude.", (string)messages[2].Json["data"]!["report"]!["reason"]!);
        var deliveries = await DeliveriesAsync(ada, d => d.Count == 3 && d.All(IsDelivered));
        CollectionAssert.AreEqual(messages.Reverse().Select(m => m.Id).ToArray(), deliveries.Select(d => (string)d["message_id"]!).ToArray());

        var next = (string)(await ada.PatchAsync("/api/webhooks/1", new { rotate_secret = true })).Is(200)["webhook.secret"]!;
        (await ada.PostAsync("/api/webhooks/1/test")).Is(202);
        var test = (await receiver.WaitForAsync(4))[3];
        Assert.AreEqual("webhook.test", test.Kind);
        Assert.AreEqual($"{Signature(next, test)} {Signature(secret, test)}", test.Headers["webhook-signature"], "both, for a day");
    }

    [TestMethod]
    public async Task A_library_of_others_verifies_the_signature()
    {
        using var folder = new TemporaryFolder();
        await using var receiver = new WebhookReceiver();
        await using var forum = await StartAsync();
        var ada = await forum.UserAsync("ada", "admin");
        var secret = (string)(await ada.PostAsync("/api/webhooks", new { url = receiver.Url })).Is(201)["webhook.secret"]!;
        (await ada.PostAsync("/api/posts", new { title = "Tea & 茶", body = "At \"four\" \ud83c\udf75" })).Is(201);
        var message = (await receiver.WaitForAsync(1))[0];
        if (await Tool.RunAsync("npm", ["install", "--silent", "--no-audit", "--no-fund", "--prefix", folder.Path, "standardwebhooks@1"]) is not { Code: 0 })
        {
            Assert.Inconclusive("NOT CHECKED: npm or its registry is not there");
            return;
        }
        await File.WriteAllTextAsync(folder["verify.cjs"], """
            const { Webhook } = require('standardwebhooks');
            const { secret, headers, body } = JSON.parse(require('fs').readFileSync(0));
            console.log(new Webhook(secret).verify(body, headers).type);
            try { new Webhook(secret).verify(body + ' ', headers); } catch (e) { console.log(e.message); }
            """);
        var input = JsonSerializer.Serialize(new { secret, headers = message.Headers, body = Encoding.UTF8.GetString(message.Body) });
        var verified = await Tool.RunAsync("node", [folder["verify.cjs"]], input);
        Assert.AreEqual("thread.created\nNo matching signature found\n", verified!.Value.Output);
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)] // where the roots that are trusted are read from a file that the environment names
    public async Task Over_https_the_receiver_has_to_have_a_certificate_that_is_trusted()
    {
        using var folder = new TemporaryFolder();
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await File.WriteAllTextAsync(folder["root.pem"], certificate.ExportCertificatePem());
        await using var receiver = new WebhookReceiver(certificate: certificate);
        foreach (var isTrusted in (bool[])[false, true])
        {
            var database = folder[$"{isTrusted}.db"];
            (string, string)[] environment = isTrusted ? [("SSL_CERT_FILE", folder["root.pem"])] : [];
            await using var process = await ServerProcess.StartAsync(database, null, environment, "--webhook-allow", "on");
            await RegisterAdminAsync(process, database);
            using var ada = new TestClient(process.Url);
            (await ada.PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200, "success");
            (await ada.PostAsync("/api/webhooks", new { url = receiver.Url })).Is(201);
            (await ada.PostAsync("/api/webhooks/1/test")).Is(202);
            var deliveries = await DeliveriesAsync(ada, d => (string?)d[0]["state"] != "waiting");
            Assert.AreEqual(isTrusted ? "delivered" : "failed", (string?)deliveries[0]["state"], deliveries[0].ToJsonString());
        }
        Assert.AreEqual("webhook.test", receiver.Received.Single().Kind);
    }

    [TestMethod]
    public async Task Who_asks_to_send_again_is_not_made_to_wait()
    {
        var time = new ManualTime();
        await using var receiver = new WebhookReceiver((_, to, _) => WebhookReceiver.AnswerAsync(to, "429 Later", "Retry-After: 36000"));
        await using var forum = await StartAsync(o => o with { TimeProvider = time });
        var ada = await AdminAsync(forum, receiver.Url, "thread.created");
        (await ada.PostAsync("/api/posts", new { title = "One", body = "1" })).Is(201);
        await receiver.WaitForAsync(1);
        await DeliveriesAsync(ada, d => d.Count == 1 && (long)d[0]["tries"]! == 1);
        (await ada.PostAsync("/api/webhooks/1/deliveries/1/redeliver")).Is(202);
        await receiver.WaitForAsync(2);
        await DeliveriesAsync(ada, d => (long)d[0]["tries"]! == 1 && d[0]["tried_at"] is not null);
        (await ada.PostAsync("/api/webhooks/1/test")).Is(202);
        Assert.AreEqual("webhook.test", (await receiver.WaitForAsync(3))[2].Kind);
    }

    [TestMethod]
    public async Task A_failed_try_is_repeated_with_the_same_id_and_later_events_wait()
    {
        var time = new ManualTime();
        var left = WebhookDeliveries.Waits.Count;
        await using var receiver = new WebhookReceiver((_, to, _) => WebhookReceiver.AnswerAsync(to, left-- > 0 ? "500 Oops" : "200 OK"));
        await using var forum = await StartAsync(o => o with { TimeProvider = time });
        var ada = await AdminAsync(forum, receiver.Url, "thread.created");
        (await ada.PostAsync("/api/posts", new { title = "One", body = "1" })).Is(201);
        (await ada.PostAsync("/api/posts", new { title = "Two", body = "2" })).Is(201);
        for (var tries = 1; tries <= WebhookDeliveries.Waits.Count; tries++)
        {
            await receiver.WaitForAsync(tries);
            var waits = await DeliveriesAsync(ada, d => (long)d[0]["tries"]! == tries);
            Assert.AreEqual(("waiting", 500L, "answered 500"), ((string)waits[0]["state"]!, (long)waits[0]["status_code"]!, (string)waits[0]["error"]!));
            var wait = DateTimeOffset.Parse((string)waits[0]["next_try_at"]!) - time.GetUtcNow();
            var least = WebhookDeliveries.Waits[tries - 1];
            Assert.IsTrue(wait > least - TimeSpan.FromSeconds(1) && wait <= least * 1.1 + TimeSpan.FromSeconds(1), $"{wait} for {least}");
            time.Advance(wait + TimeSpan.FromSeconds(1));
        }
        var messages = await receiver.WaitForAsync(WebhookDeliveries.Waits.Count + 2);
        Assert.AreEqual(2, messages.Select(m => m.Id).Distinct().Count());
        Assert.AreEqual("Two", (string)messages[^1].Json["data"]!["post"]!["title"]!);
        await DeliveriesAsync(ada, d => d.Count == 2 && d.All(IsDelivered));
    }

    [TestMethod]
    public async Task What_always_fails_is_given_up_the_admins_are_told_and_in_the_end_it_is_off()
    {
        var time = new ManualTime();
        await using var receiver = new WebhookReceiver((_, to, _) => WebhookReceiver.AnswerAsync(to, "503 No"));
        await using var forum = await StartAsync(o => o with { TimeProvider = time });
        var ada = await AdminAsync(forum, receiver.Url, "thread.created");
        (await ada.PostAsync("/api/posts", new { title = "One", body = "1" })).Is(201);
        (await ada.PostAsync("/api/posts", new { title = "Two", body = "2" })).Is(201);
        string state;
        for (var count = 1; (state = (string)(await ada.GetAsync("/api/webhooks/1"))["webhook.state"]!) == "on"; count++)
        {
            await receiver.WaitForAsync(count);
            await DeliveriesAsync(ada, d => d.Sum(delivery => (long)delivery["tries"]!) == count);
            time.Advance(TimeSpan.FromHours(30));
            Assert.IsTrue(count < 100, "it is never switched off");
            (await ada.PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200);
        }
        Assert.AreEqual("failed", state);
        var kinds = (await ada.GetAsync("/api/notifications")).Is(200)["notifications"]!.AsArray().Select(n => (string)n!["kind"]!).ToList();
        Assert.AreEqual("webhook.off", kinds[0]);
        var before = receiver.Received.Count;
        (await ada.PatchAsync("/api/webhooks/1", new { state = "on" })).Is(200);
        await receiver.WaitForAsync(before + 1); // goes on where it stopped
    }

    [TestMethod]
    public async Task Ten_tries_are_enough()
    {
        var time = new ManualTime();
        await using var receiver = new WebhookReceiver((_, to, _) => WebhookReceiver.AnswerAsync(to, "500 No"));
        await using var forum = await StartAsync(o => o with { TimeProvider = time });
        var ada = await AdminAsync(forum, receiver.Url, "thread.created");
        (await ada.PostAsync("/api/posts", new { title = "One", body = "1" })).Is(201);
        for (var count = 1; count <= WebhookDeliveries.Waits.Count + 1; count++)
        {
            await DeliveriesAsync(ada, d => d is [var only] && (long)only["tries"]! == count);
            if (count <= WebhookDeliveries.Waits.Count)
                time.Advance(WebhookDeliveries.Waits[count - 1] * 1.1);
        }
        await DeliveriesAsync(ada, d => (string)d[0]["state"]! == "failed");
        (await ada.PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200);
        Assert.AreEqual("webhook.failed", (string)(await ada.GetAsync("/api/notifications")).Is(200)["notifications"]![0]!["kind"]!);
        (await ada.PostAsync("/api/webhooks/1/deliveries/1/redeliver")).Is(202);
        var messages = await receiver.WaitForAsync(WebhookDeliveries.Waits.Count + 2);
        Assert.AreEqual(1, messages.Select(m => m.Id).Distinct().Count());
    }

    [TestMethod]
    public async Task Who_has_gone_is_not_bothered_again()
    {
        await using var receiver = new WebhookReceiver((_, to, _) => WebhookReceiver.AnswerAsync(to, "410 Gone"));
        await using var forum = await StartAsync();
        var ada = await AdminAsync(forum, receiver.Url);
        (await ada.PostAsync("/api/posts", new { title = "One", body = "1" })).Is(201);
        await DeliveriesAsync(ada, d => d is [var only] && (string)only["state"]! == "failed");
        Assert.AreEqual("gone", (string)(await ada.GetAsync("/api/webhooks/1"))["webhook.state"]!);
        (await ada.PostAsync("/api/posts", new { title = "Two", body = "2" })).Is(201);
        (await ada.PostAsync("/api/webhooks/1/deliveries/1/redeliver")).Is(409);
        Assert.AreEqual(1, receiver.Received.Count);
    }

    [TestMethod]
    [DataRow("410 Gone")]
    [DataRow("500 Oops")]
    public async Task What_an_address_answers_says_nothing_of_the_one_that_took_its_place_meanwhile(string status)
    {
        await using var next = new WebhookReceiver();
        TestClient? admin = null;
        await using var receiver = new WebhookReceiver(async (_, to, _) =>
        {
            (await admin!.PatchAsync("/api/webhooks/1", new { url = next.Url })).Is(200);
            await WebhookReceiver.AnswerAsync(to, status);
        });
        await using var forum = await StartAsync(o => o with { TimeProvider = new ManualTime() });
        admin = await AdminAsync(forum, receiver.Url, "thread.created");
        (await admin.PostAsync("/api/posts", new { title = "One", body = "1" })).Is(201);
        Assert.AreEqual("One", (string)(await next.WaitForAsync(1))[0].Json["data"]!["post"]!["title"]!);
        await DeliveriesAsync(admin, d => d is [var only] && IsDelivered(only));
        Assert.AreEqual("on", (string)(await admin.GetAsync("/api/webhooks/1"))["webhook.state"]!);
    }

    [TestMethod]
    public async Task What_was_passed_over_for_other_kinds_is_not_skipped()
    {
        await using var forum = await StartAsync();
        var ada = await forum.UserAsync("ada", "admin");
        (await ada.PostAsync("/api/posts", new { title = "One", body = "1" })).Is(201);
        await forum.Database.WriteAsync(c => c.Execute("""
            INSERT INTO webhooks (url, kinds, secret, state, position, leased_by, leased_until, created_at)
            VALUES ('http://127.0.0.1:1/', 'thread.created', 'whsec_', 'on', 0, 'test', $until, 0)
            """, ("$until", DateTimeOffset.UtcNow.AddSeconds(20).ToUnixTimeMilliseconds())));
        var deliveries = new WebhookDeliveries(forum.Database, TimeProvider.System, forum.Server.Notifications);
        var newest = forum.Server.Events.Range.Newest;
        Assert.IsNull((await deliveries.NextAsync(1, "test", last: null, (newest, "thread.created"))).Next);
        Assert.AreEqual("thread.created", (await deliveries.NextAsync(1, "test", last: null, (newest, "post.liked"))).Next?.Kind);
    }

    [TestMethod]
    public async Task A_lease_of_a_clock_that_was_set_back_holds_nothing_up()
    {
        await using var receiver = new WebhookReceiver();
        await using var forum = await StartAsync();
        var ada = await AdminAsync(forum, receiver.Url, "thread.created");
        var tomorrow = DateTimeOffset.UtcNow.AddDays(1).ToUnixTimeMilliseconds();
        await forum.Database.WriteAsync(c => c.Execute("UPDATE webhooks SET leased_by = 'another', leased_until = $tomorrow", ("$tomorrow", tomorrow)));
        (await ada.PostAsync("/api/posts", new { title = "One", body = "1" })).Is(201);
        await receiver.WaitForAsync(1);
    }

    [TestMethod]
    [DataRow("429 Slowly", "Retry-After: 3600", 3600)]
    [DataRow("503 Later", "Retry-After: Sat, 31 Jan 2026 10:30:00 GMT", 3600)]
    [DataRow("429 Slowly", "Retry-After: 99999999", 86400)]
    [DataRow("502 Bad Gateway", "X-Other: 1", 5)]
    [DataRow("302 Found", "Location: http://127.0.0.1:1/elsewhere", 5)]
    [DataRow("301 Moved", "Location: /elsewhere", 5)]
    [DataRow("100 Continue\r\n\r\nHTTP/1.1 500 Oops", "X-Other: 1", 5)]
    public async Task A_receiver_says_when_to_come_back(string status, string header, int seconds)
    {
        var time = new ManualTime();
        await using var receiver = new WebhookReceiver((_, to, _) => WebhookReceiver.AnswerAsync(to, status, header));
        await using var forum = await StartAsync(o => o with { TimeProvider = time });
        var ada = await AdminAsync(forum, receiver.Url);
        (await ada.PostAsync("/api/posts", new { title = "One", body = "1" })).Is(201);
        var waits = await DeliveriesAsync(ada, d => d is [var only] && (long)only["tries"]! == 1);
        var wait = (DateTimeOffset.Parse((string)waits[0]["next_try_at"]!) - time.GetUtcNow()).TotalSeconds;
        Assert.IsTrue(wait >= seconds - 1 && wait <= (seconds * 1.1) + 1, $"{wait}");
        Assert.AreEqual(1, receiver.Received.Count, "no redirect is followed");
    }

    [TestMethod]
    public async Task Receivers_that_hang_drip_reset_or_talk_nonsense_cost_only_themselves()
    {
        await using var hangs = new WebhookReceiver((_, _, ended) => Task.Delay(Timeout.Infinite, ended));
        await using var dripsHeaders = new WebhookReceiver((_, to, ended) => DripAsync(to, "HTTP/1.1 200 OK\r\n", ended));
        await using var dripsBody = new WebhookReceiver((_, to, ended) => DripAsync(to, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", ended));
        await using var resets = new WebhookReceiver((_, to, _) => { ((NetworkStream)to).Socket.LingerState = new(true, 0); return Task.CompletedTask; });
        await using var nonsense = new WebhookReceiver((_, to, ended) => to.WriteAsync("220 smtp.example\r\n\r\n"u8.ToArray(), ended).AsTask());
        await using var longHeaders = new WebhookReceiver(
            (_, to, _) => WebhookReceiver.AnswerAsync(to, "200 OK", $"X-Long: {new string('x', 200_000)}"));
        await using var good = new WebhookReceiver();
        await using var forum = await StartAsync();
        var ada = await forum.UserAsync("ada", "admin");
        foreach (var receiver in (WebhookReceiver[])[hangs, dripsHeaders, dripsBody, resets, nonsense, longHeaders, good])
            (await ada.PostAsync("/api/webhooks", new { url = receiver.Url, kinds = new[] { "thread.created" } })).Is(201);
        for (var i = 0; i < 3; i++)
            (await ada.PostAsync("/api/posts", new { title = $"{i}", body = "text" })).Is(201);
        await good.WaitForAsync(3);
        Assert.IsFalse((await DeliveriesAsync(ada, d => d.Count == 1, webhook: 1))[0]["tries"]!.GetValue<long>() > 0, "it still waits for its answer");
        foreach (var id in (int[])[1, 2, 4, 5, 6])
            await DeliveriesAsync(ada, d => (long)d[^1]["tries"]! >= 1 && (string)d[^1]["state"]! == "waiting" && d[^1]["error"] is not null, id);
        await DeliveriesAsync(ada, d => d.Count == 3 && d.All(IsDelivered), webhook: 3); // its status was a success
    }

    [TestMethod]
    public async Task A_long_post_is_cut_and_what_was_deleted_meanwhile_is_not_sent()
    {
        var isHeld = new TaskCompletionSource();
        await using var receiver = new WebhookReceiver(async (_, to, _) =>
        {
            await isHeld.Task;
            await WebhookReceiver.AnswerAsync(to, "200 OK");
        });
        await using var forum = await StartAsync();
        var (ada, bob) = (await forum.UserAsync("ada", "admin"), await forum.UserAsync("bob"));
        (await ada.PostAsync("/api/webhooks", new { url = receiver.Url, kinds = new[] { "thread.created", "user.registered" } })).Is(201);
        foreach (var sign in (string[])["a", "漢", "😀", "\""])
            (await bob.PostAsync("/api/posts", new { title = sign, body = string.Concat(Enumerable.Repeat(sign, 30_000 / sign.Length)) })).Is(201);
        (await bob.PostAsync("/api/posts", new { title = "gone", body = "secret words" })).Is(201);
        (await ada.DeleteAsync("/api/posts/5")).Is(200);
        isHeld.SetResult();
        var messages = await receiver.WaitForAsync(4);
        foreach (var message in messages.Take(4))
        {
            Assert.IsTrue(message.Body.Length is > 15_000 and <= 20_000, $"{message.Body.Length} bytes");
            Assert.IsTrue((bool)message.Json["truncated"]!);
            Assert.IsFalse(((string)message.Json["data"]!["post"]!["body"]!).Contains('\uFFFD'), "whole characters");
        }
        var deliveries = await DeliveriesAsync(ada, d => d.Count == 5 && (string)d[0]["state"]! == "failed");
        Assert.AreEqual("what it is about has gone", (string)deliveries[0]["error"]!);
        Assert.AreEqual(4, receiver.Received.Count);
    }

    [TestMethod]
    public async Task Deliveries_are_bounded()
    {
        await using var forum = await StartAsync();
        var ada = await forum.UserAsync("ada", "admin");
        (await ada.PostAsync("/api/webhooks", new { url = "https://hooks.example" })).Is(201);
        await forum.Database.WriteAsync(c =>
        {
            for (var i = 0; i < WebhookStore.MaxDeliveries + 100; i++)
                WebhookStore.Add(c, 1, null, "webhook.test", inOrder: false, now: 0);
            return true;
        });
        Assert.AreEqual(WebhookStore.MaxDeliveries, forum.Database.Read(c => c.Number("SELECT count(*) FROM deliveries")));
    }

    [TestMethod]
    public async Task A_forum_that_is_killed_again_and_again_sends_everything_in_order()
    {
        using var folder = new TemporaryFolder();
        var seen = new HashSet<string>();
        await using var receiver = new WebhookReceiver(async (_, to, ended) =>
        {
            await Task.Delay(Random.Shared.Next(20), ended); // so that some are killed in between
            await WebhookReceiver.AnswerAsync(to, "204 No Content");
        });
        var options = Options(folder["forum.db"]);
        for (var round = 0; round < 6; round++)
        {
            await using var process = await ServerProcess.StartAsync(options);
            if (round == 0)
                await RegisterAdminAsync(process, folder["forum.db"]);
            using var ada = new TestClient(process.Url);
            (await ada.PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200, "success");
            if (round == 0)
                (await ada.PostAsync("/api/webhooks", new { url = receiver.Url, kinds = new[] { "thread.created" } })).Is(201);
            for (var i = 0; i < 10; i++)
                (await ada.PostAsync("/api/posts", new { title = $"{round} {i}", body = "text" })).Is(201);
            if (round % 2 == 0)
                process.Signal("KILL"); // the others are stopped
        }
        await using (var process = await ServerProcess.StartAsync(options))
        {
            while (receiver.Received.Select(m => m.Id).Distinct().Count() < 60)
                await receiver.WaitForOneAsync();
        }
        var posts = receiver.Received.Where(m => seen.Add(m.Id)).Select(m => (long)m.Json["data"]!["post"]!["id"]!).ToArray();
        CollectionAssert.AreEqual(Enumerable.Range(1, 60).Select(i => (long)i).ToArray(), posts);
    }

    [TestMethod]
    public async Task Two_servers_on_a_database_send_once()
    {
        using var folder = new TemporaryFolder();
        await using var receiver = new WebhookReceiver();
        await using var one = await StartAsync(o => o with { Database = folder["forum.db"] });
        await using var two = await StartAsync(o => o with { Database = folder["forum.db"] });
        var ada = await one.UserAsync("ada", "admin");
        var elsewhere = two.Client();
        (await elsewhere.PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200, "success");
        (await ada.PostAsync("/api/webhooks", new { url = receiver.Url, kinds = new[] { "thread.created" } })).Is(201);
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async i =>
            (await (i % 2 == 0 ? ada : elsewhere).PostAsync("/api/posts", new { title = $"{i}", body = "text" })).Is(201)));
        var messages = await receiver.WaitForAsync(40);
        CollectionAssert.AreEqual(
            Enumerable.Range(1, 40).Select(i => (long)i).ToArray(), messages.Select(m => (long)m.Json["data"]!["post"]!["id"]!).ToArray());
        await DeliveriesAsync(ada, d => d.All(IsDelivered));
        Assert.AreEqual(40, receiver.Received.Count);
    }

    [TestMethod]
    [DataRow("http://127.0.0.1/")]
    [DataRow("http://2130706433/")]
    [DataRow("http://0x7f000001/")]
    [DataRow("http://0x7f.1/")]
    [DataRow("http://0177.0.0.1/")]
    [DataRow("http://127.1/")]
    [DataRow("http://0/")]
    [DataRow("http://[::1]/")]
    [DataRow("http://[::]/")]
    [DataRow("http://[::ffff:127.0.0.1]/")]
    [DataRow("http://[::ffff:a00:1]/")]
    [DataRow("http://[64:ff9b::7f00:1]/")]
    [DataRow("http://[64:ff9b:1::a00:1]/")]
    [DataRow("http://[2002:7f00:1::]/")]
    [DataRow("http://[fe80::1]/")]
    [DataRow("http://[fd00::1]/")]
    [DataRow("http://10.0.0.1/")]
    [DataRow("http://172.31.255.255/")]
    [DataRow("http://192.168.1.1/")]
    [DataRow("http://169.254.169.254/latest/meta-data")]
    [DataRow("http://100.64.0.1/")]
    [DataRow("http://224.0.0.1/")]
    [DataRow("http://255.255.255.255/")]
    [DataRow("http://192.0.2.1/")]
    [DataRow("http://１２７.０.０.１/")]
    [DataRow("http://localhost/")]
    [DataRow("http://two.example/")]
    [DataRow("https://mapped.example/")]
    public async Task An_address_that_is_not_public_is_refused(string url)
    {
        await using var forum = await StartAsync(o => o with
        {
            WebhookAllow = [],
            Resolve = (name, _) => Task.FromResult<IPAddress[]>(name switch
            {
                "two.example" => [IPAddress.Parse("93.184.216.34"), IPAddress.Parse("10.1.2.3")],
                "mapped.example" => [IPAddress.Parse("::ffff:192.168.0.1")],
                _ => [IPAddress.Loopback],
            }),
        });
        var ada = await forum.UserAsync("ada", "admin");
        (await ada.PostAsync("/api/webhooks", new { url })).Is(201);
        (await ada.PostAsync("/api/posts", new { title = "One", body = "1" })).Is(201);
        var refused = await DeliveriesAsync(ada, d => d is [var only] && (string)only["state"]! == "refused");
        Assert.AreEqual(1, (long)refused[0]["tries"]!);
        StringAssert.Contains((string)refused[0]["error"]!, "is not a public address; --webhook-allow");
    }

    [TestMethod]
    public async Task A_name_is_connected_to_at_the_address_that_was_checked()
    {
        await using var receiver = new WebhookReceiver();
        var asked = 0;
        await using var forum = await StartAsync(o => o with
        {
            WebhookAllow = [IPNetwork.Parse("127.0.0.1/32")],
            Resolve = (_, _) => Task.FromResult<IPAddress[]>([++asked == 1 ? IPAddress.Loopback : IPAddress.Parse("127.0.0.2")]),
        });
        var ada = await forum.UserAsync("ada", "admin");
        (await ada.PostAsync("/api/webhooks", new { url = $"http://changes.example:{receiver.Port}/hook" })).Is(201);
        (await ada.PostAsync("/api/posts", new { title = "One", body = "1" })).Is(201);
        Assert.AreEqual($"changes.example:{receiver.Port}", (await receiver.WaitForAsync(1))[0].Headers["Host"]);
        await DeliveriesAsync(ada, d => d.All(IsDelivered));
        (await ada.PostAsync("/api/posts", new { title = "Two", body = "2" })).Is(201);
        await DeliveriesAsync(ada, d => (string)d[0]["state"]! == "refused");
        Assert.AreEqual((2, 1), (asked, receiver.Received.Count));
    }

    [TestMethod]
    public async Task An_address_that_leads_nowhere_does_not_hide_the_next()
    {
        await using var receiver = new WebhookReceiver();
        using var hole = new Socket(SocketType.Stream, ProtocolType.Tcp); // does not accept, and has no room for more
        hole.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), receiver.Port));
        hole.Listen(0);
        var waiting = Enumerable.Range(0, 4).Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp)).ToList();
        waiting.ForEach(socket => _ = socket.ConnectAsync(hole.LocalEndPoint!));
        await using var forum = await StartAsync(o => o with
        {
            Resolve = (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("127.0.0.2"), IPAddress.Parse("::ffff:127.0.0.1")]),
        });
        var ada = await forum.UserAsync("ada", "admin");
        (await ada.PostAsync("/api/webhooks", new { url = $"http://two.example:{receiver.Port}/hook" })).Is(201);
        (await ada.PostAsync("/api/posts", new { title = "One", body = "1" })).Is(201);
        await receiver.WaitForAsync(1);
        Assert.AreEqual(1, (await DeliveriesAsync(ada, d => d.All(IsDelivered)))[0]["tries"]!.GetValue<int>());
        waiting.ForEach(socket => socket.Dispose());
    }

    [TestMethod]
    public void Only_public_addresses_are_allowed()
    {
        foreach (var text in (string[])["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"])
            Assert.IsTrue(WebhookAddress.IsAllowed(IPAddress.Parse(text), []), text);
        foreach (var text in (string[])
            ["::ffff:10.0.0.1", "::7f00:1", "2001:db8::1", "2001::1", "3fff::1", "fec0::1", "ff02::1", "198.18.0.1", "240.0.0.1", "100::1"])
            Assert.IsFalse(WebhookAddress.IsAllowed(IPAddress.Parse(text), []), text);
        Assert.IsTrue(WebhookAddress.IsAllowed(IPAddress.Parse("::ffff:10.0.0.1"), [IPNetwork.Parse("10.0.0.0/8")]));
    }

    internal static string Signature(string secret, ReceivedMessage message) => "v1," + Convert.ToBase64String(HMACSHA256.HashData(
        Convert.FromBase64String(secret["whsec_".Length..]),
        (byte[])[.. Encoding.UTF8.GetBytes($"{message.Id}.{message.Headers["webhook-timestamp"]}."), .. message.Body]));

    private static bool IsDelivered(JsonNode delivery) => (string)delivery["state"]! == "delivered";

    /// <summary>The deliveries, newest first, once they are as a test expects.</summary>
    private static async Task<IReadOnlyList<JsonNode>> DeliveriesAsync(TestClient admin, Func<IReadOnlyList<JsonNode>, bool> isSo, int webhook = 1)
    {
        for (var until = Environment.TickCount64 + 60_000; ; await Task.Yield())
        {
            var answer = await admin.GetAsync($"/api/webhooks/{webhook}/deliveries?limit=100");
            if ((int)answer.Status == 401) // the clock went on for longer than a session lasts
                answer = await (await LogInAsync(admin)).GetAsync($"/api/webhooks/{webhook}/deliveries?limit=100");
            var deliveries = answer.Is(200)["deliveries"]!.AsArray().Select(d => d!).ToList();
            if (deliveries.Count > 0 && isSo(deliveries))
                return deliveries;
            Assert.IsTrue(Environment.TickCount64 < until, string.Join('\n', deliveries.Select(d => d.ToJsonString())));
        }
    }

    private static async Task<TestClient> LogInAsync(TestClient admin)
    {
        (await admin.PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200, "success");
        return admin;
    }

    private static async Task DripAsync(Stream to, string begin, CancellationToken ended)
    {
        await to.WriteAsync(Encoding.ASCII.GetBytes(begin), ended);
        while (!ended.IsCancellationRequested)
        {
            await to.WriteAsync("x"u8.ToArray(), ended);
            await Task.Delay(50, ended);
        }
    }

    /// <summary>An admin with a webhook.</summary>
    private static async Task<TestClient> AdminAsync(TestForum forum, string url, params string[] kinds)
    {
        var ada = await forum.UserAsync("ada", "admin");
        (await ada.PostAsync("/api/webhooks", new { url, kinds })).Is(201);
        return ada;
    }

    private static async Task RegisterAdminAsync(ServerProcess process, string database)
    {
        using var client = new TestClient(process.Url);
        (await client.PostAsync("/api/register", new { username = "ada", password = "secret" })).Is(200, "success");
        Assert.AreEqual(0, (await ServerProcess.RunAsync(["user", "role", "ada", "admin", "--database", database])).Code);
    }

    private static ForumOptions Options(string? database) => new()
    {
        Listen = ["http://127.0.0.1:0"],
        Database = database,
        Passwords = TestForum.CheapPasswords,
        RateLimits = new() { Enabled = false },
        WebhookAllow = [IPNetwork.Parse("127.0.0.0/8")],
    };

    private static Task<TestForum> StartAsync(Func<ForumOptions, ForumOptions>? configure = null) =>
        TestForum.StartAsync(o => (configure ?? (same => same))(o with { WebhookAllow = [IPNetwork.Parse("127.0.0.0/8")] }));
}
