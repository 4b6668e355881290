using System.Net;
using System.Reflection;
using System.Text;
using TinyForum.Api;
using TinyForum.Data;
using TinyForum.Maintenance;

namespace TinyForum.Tests;

/// <summary>A right counts at the moment of the change.</summary>
[TestClass]
public sealed class StandingTests(TestContext context)
{
    /// <summary>A good body for each route that takes one; <c>{id}</c> is 1 and <c>{username}</c> bob everywhere.</summary>
    private static readonly Dictionary<string, string> Bodies = new()
    {
        ["PATCH /api/me"] = """{"bio":"held"}""",
        ["PUT /api/me/password"] = """{"current":"secret","new":"another"}""",
        ["DELETE /api/me"] = """{"password":"secret"}""",
        ["POST /api/tokens"] = """{"name":"held","scope":"write"}""",
        ["POST /api/posts"] = """{"title":"held","body":"held"}""",
        ["PATCH /api/posts/{id}"] = """{"body":"held"}""",
        ["POST /api/preview"] = """{"body":"held"}""",
        ["POST /api/posts/{id}/replies"] = """{"body":"held"}""",
        ["PUT /api/posts/{id}/read"] = """{"number":0}""",
        ["POST /api/messages"] = """{"to":"bob","body":"held"}""",
        ["POST /api/posts/{id}/report"] = """{"reason":"held"}""",
        ["POST /api/webhooks"] = """{"url":"https://held.example"}""",
        ["PATCH /api/webhooks/{id}"] = """{"state":"off"}""",
        ["PUT /api/reports/{id}"] = """{"resolution":"held"}""",
        ["PUT /api/user/{username}/suspension"] = """{"reason":"held"}""",
        ["POST /api/filters"] = """{"kind":"host","pattern":"held.example","action":"hold"}""",
        ["POST /api/filters/test"] = """{"text":"held"}""",
        ["POST /api/held/spam"] = """{"registered_since":"2026-01-31T09:30:00Z"}""",
        ["POST /api/user/{username}/spam"] = """{"reason":"held"}""",
        ["POST /api/held/{id}/decline"] = """{"reason":"held"}""",
        ["POST /api/applications/{id}/decline"] = """{"reason":"held"}""",
        ["POST /api/invitations"] = """{"expires_in_days":1}""",
        ["PUT /api/settings"] = """{"registration":"closed"}""",
        ["PUT /api/user/{username}/role"] = """{"role":"admin"}""",
    };

    private static readonly IReadOnlyList<Endpoint> Changing =
        [.. Routes.Table.Where(e => e.Body is not null && e.Access is not (Access.Anyone or Access.Reader))];

    [TestMethod]
    public void Every_route_with_a_body_is_among_them() =>
        CollectionAssert.AreEquivalent(Changing.Select(e => e.Pattern).ToArray(), Bodies.Keys);

    [TestMethod]
    [DataRow("its session is ended", 401)]
    [DataRow("its token is revoked", 401)]
    [DataRow("its account is suspended", 401)]
    [DataRow("its account is erased", 401)]
    [DataRow("its role is taken away", 403)]
    public async Task Nothing_comes_of_a_request_whose_right_ended_while_its_body_was_held_back(string what, int status)
    {
        var byToken = what == "its token is revoked";
        foreach (var endpoint in Changing)
        {
            if (byToken && endpoint.Access == Access.Session || status == 403 && endpoint.Access is not (Access.Moderator or Access.Admin))
                continue;
            await using var forum = await TestForum.StartAsync();
            var (caller, bob) = (await forum.UserAsync("caller", "admin"), await forum.UserAsync("bob"));
            await forum.UserAsync("other", "admin");
            (await bob.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
            (await caller.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
            (await caller.PostAsync("/api/posts/1/report", new { reason = "r" })).Is(201);
            var login = (await caller.PostAsync("/api/login", new { username = "caller", password = "secret" })).Is(200);
            var session = login.Header("Set-Cookie")!.Split(';')[0];
            var token = (string)(await caller.PostAsync("/api/tokens", new { name = "t", scope = "write" })).Is(201)["token.token"]!;
            await forum.Settled();

            var held = new TaskCompletionSource();
            using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = forum.Server.Url };
            var (method, path) = (endpoint.Pattern.Split(' ')[0], endpoint.Pattern.Split(' ')[1]);
            path = path.Replace("{id}", path.Contains("report") ? "1" : "2").Replace("{username}", "bob");
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            request.Content = new HeldContent(Encoding.UTF8.GetBytes(Bodies[endpoint.Pattern]), held.Task);
            request.Headers.Add(byToken ? "Authorization" : "Cookie", byToken ? $"Bearer {token}" : session);
            var answering = client.SendAsync(request, context.CancellationToken);
            while (forum.Server.InFlight == 0)
                await Task.Yield();
            await End(forum, what);
            var between = Everything(forum);
            held.SetResult();
            using var answer = await answering;
            var said = $"{endpoint.Pattern}, {what}: {await answer.Content.ReadAsStringAsync(context.CancellationToken)}";
            var isUnproven = what == "its account is erased" && endpoint.Body!.Type.Name.StartsWith("Password"); // no password is right now
            Assert.IsTrue((int)answer.StatusCode == status || isUnproven && (int)answer.StatusCode == 403, said);
            await forum.Settled();
            Assert.AreEqual(between, Everything(forum), $"{endpoint.Pattern}, {what}");
        }
    }

    [TestMethod]
    public async Task No_store_makes_a_change_for_a_caller_whose_session_has_ended()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("ada", "admin");
        var gone = new Caller(2, "ada", Role.Admin, SessionId: 999, TokenId: null, MayWrite: true);
        var methods = Tasks(forum.Server).Where(m => m.Method.GetParameters()[0].ParameterType == typeof(Actor)).ToList();
        Assert.IsGreaterThan(24, methods.Count);
        foreach (var (store, method) in methods)
            Assert.AreEqual(RefusalKind.Unauthenticated, (await RefusalOf(store, method, gone))?.Kind, $"{store.GetType().Name}.{method.Name}");
    }

    [TestMethod]
    public async Task Of_many_who_make_tokens_beside_a_change_of_password_none_is_left_with_one()
    {
        for (var round = 0; round < 12; round++)
        {
            await using var forum = await TestForum.StartAsync(o => o with { RateLimits = new RateLimitOptions { Enabled = false } });
            var ada = await forum.UserAsync("ada");
            var others = Enumerable.Range(0, 16).Select(_ => forum.Client()).ToList();
            foreach (var other in others)
                (await other.PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200, "success");
            using var stop = new CancellationTokenSource();
            var making = others.Select(other => Task.Run(async () =>
            {
                while (!stop.IsCancellationRequested)
                    await other.PostAsync("/api/tokens", new { name = "t", scope = "write" });
            })).ToList();
            (await ada.PutAsync("/api/me/password", new { current = "secret", @new = "another" })).Is(200, "success");
            await stop.CancelAsync();
            await Task.WhenAll(making);
            Assert.IsEmpty(forum.Server.Tokens.List(Actors.Of(2)));
        }
    }

    /// <summary>What changes something and takes no actor: to register is for strangers, and the others are the embedder's own doing.</summary>
    private static readonly string[] WithoutActor =
    [
        "OneTimeLinks.SetPasswordAsync", "RegistrationStore.RegisterAsync", "SearchIndex.FindAsync", "SessionTable.StartAsync", "UserStore.RegisterAsync",
        "UserStore.SetPasswordAsync", "UserStore.VerifyPasswordAsync",
    ];

    [TestMethod]
    public async Task A_suspended_actor_changes_nothing_through_any_store_unless_the_embedder_says_so()
    {
        const string Suspended = "this account is suspended";
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("ada", "admin");
        await forum.UserAsync("bob", "admin");
        var ada = forum.Server.Users.FindActor("ada")!;
        await forum.Server.Moderation.SuspendAsync(Actor.System, ada, "spam");
        var before = Everything(forum);
        var methods = Tasks(forum.Server);
        foreach (var (store, method) in methods.Where(TakesActor))
        {
            var refusal = await RefusalOf(store, method, ada);
            Assert.AreEqual((RefusalKind.Forbidden, Suspended), (refusal?.Kind, refusal?.Message), $"{store.GetType().Name}.{method.Name}");
        }
        Assert.IsNull(await forum.Server.Sessions.StartAsync(ada, "127.0.0.1", "an example"));
        Assert.AreEqual(before, Everything(forum));
        CollectionAssert.AreEquivalent(
            WithoutActor, methods.Where(m => !TakesActor(m)).Select(m => $"{m.Store.GetType().Name}.{m.Method.Name}").ToArray());
        foreach (var (store, method) in methods.Where(TakesActor).OrderBy(m => m.Method.Name == "EraseAsync"))
        {
            var refusal = await RefusalOf(store, method, ada with { EvenIfSuspended = true });
            Assert.AreNotEqual(Suspended, refusal?.Message, $"{store.GetType().Name}.{method.Name}");
        }
        Assert.IsNull(forum.Server.Users.Find("ada"));

        static bool TakesActor((object Store, MethodInfo Method) m) => m.Method.GetParameters()[0].ParameterType == typeof(Actor);
    }

    [TestMethod]
    public async Task The_last_admin_who_can_act_is_neither_demoted_nor_suspended_nor_erased()
    {
        await using var forum = await TestForum.StartAsync();
        _ = forum.Server;
        var (ada, bob) = (await forum.UserAsync("ada", "admin"), await forum.UserAsync("bob", "admin"));
        (await ada.PutAsync("/api/user/bob/suspension", new { reason = "r" })).Is(200);
        (await ada.PutAsync("/api/user/ada/role", new { role = "member" })).Is(409);
        (await ada.DeleteAsync("/api/me", new { password = "secret" })).Is(409);
        (await ada.GetAsync("/api/me")).Is(200);
        var refusal = await Assert.ThrowsExactlyAsync<RefusalException>(
            () => forum.Server.Moderation.SuspendAsync(Actor.System, forum.Server.Users.Find("ada")!, "r"));
        Assert.AreEqual(RefusalKind.Conflict, refusal.Kind);

        (await ada.PutAsync("/api/user/bob/role", new { role = "member" })).Is(200); // one who cannot act is not the last
        (await ada.DeleteAsync("/api/user/bob/suspension")).Is(200);
        (await ada.PutAsync("/api/user/bob/role", new { role = "admin" })).Is(200);
        (await ada.DeleteAsync("/api/me", new { password = "secret" })).Is(200);
    }

    /// <summary>Every public method of every store that returns a task.</summary>
    private static List<(object Store, MethodInfo Method)> Tasks(ForumServer server)
    {
        const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        return [.. typeof(ForumServer).GetProperties(Declared).Select(p => p.GetValue(server)!)
            .Where(store => store.GetType().Assembly == typeof(ForumServer).Assembly)
            .SelectMany(store => store.GetType().GetMethods(Declared)
                .Where(m => typeof(Task).IsAssignableFrom(m.ReturnType) && m.GetParameters().Length > 0).Select(m => (store, m)))];
    }

    private static async Task<RefusalException?> RefusalOf(object store, MethodInfo method, Actor actor)
    {
        try
        {
            await (Task)method.Invoke(store, [actor, .. method.GetParameters().Skip(1).Select(Argument)])!;
            return null;
        }
        catch (RefusalException e)
        {
            return e;
        }

        static object? Argument(ParameterInfo parameter) =>
            parameter.Name == "url" ? "https://hooks.example"
            : parameter.ParameterType == typeof(string) ? "text"
            : parameter.ParameterType == typeof(long) ? 1L
            : parameter.ParameterType == typeof(bool) ? true
            : parameter.ParameterType == typeof(User) ? new User(2, "ada")
            : parameter.ParameterType == typeof(Role) ? Role.Member
            : parameter.ParameterType == typeof(ForumPolicy) ? new ForumPolicy()
            : parameter.HasDefaultValue || !parameter.ParameterType.IsValueType ? null
            : Activator.CreateInstance(parameter.ParameterType);
    }

    private static async Task End(TestForum forum, string what)
    {
        var users = forum.Server.Users;
        var caller = users.FindActor("caller")!;
        await (what switch
        {
            "its session is ended" => forum.Server.Sessions.EndAllAsync(Actor.System, caller),
            "its token is revoked" => forum.Database.WriteAsync(c => c.Execute("DELETE FROM tokens WHERE user_id = 2")),
            "its account is suspended" => forum.Server.Moderation.SuspendAsync(Actor.System, caller, "spam"),
            "its account is erased" => users.EraseAsync(caller),
            _ => (Task)users.SetRoleAsync(Actor.System, "caller", Role.Member),
        });
    }

    /// <summary>All rows, but for when credentials were used.</summary>
    private static string Everything(TestForum forum)
    {
        using var stream = new MemoryStream();
        forum.Database.Read(c => ExportImport.Export(c, stream));
        var access = forum.Database.Read(c => c.All(
            "SELECT 's' || id FROM sessions UNION ALL SELECT 't' || id FROM tokens ORDER BY 1", r => r.GetString(0)));
        return Encoding.UTF8.GetString(stream.ToArray()) + string.Join(' ', access);
    }

    /// <summary>A body of which the last byte is not sent yet.</summary>
    private sealed class HeldContent : HttpContent
    {
        private readonly byte[] _body;
        private readonly Task _released;

        public HeldContent(byte[] body, Task released)
        {
            (_body, _released) = (body, released);
            Headers.ContentType = new("application/json");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(_body.AsMemory(0, _body.Length - 1));
            await stream.FlushAsync();
            await _released;
            await stream.WriteAsync(_body.AsMemory(_body.Length - 1));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _body.Length;
            return true;
        }
    }
}
