using System.Globalization;
using System.Reflection;
using TinyForum.Data;

namespace TinyForum.Tests;

/// <summary>What a program gets wrong in a call of a public method is told to it by name.</summary>
[TestClass]
public sealed class ArgumentTests(TestContext context)
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>What is looked up by a number that users give, so that any number is fine and may be refused.</summary>
    private static readonly string[] OfUsers = ["number", "replyTo", "days"];

    /// <summary>Ids of users: 0 is <c>deleted</c>.</summary>
    private static readonly string[] OfAccounts = ["UserStore.Find", "UserStore.FindAccount", "PostStore.AuthorFeed"];

    /// <summary>Numbers of which 0 comes before all.</summary>
    private static readonly string[] FromZero = ["after", "postId?"];

    [TestMethod]
    public async Task Null_is_refused_by_the_name_of_the_parameter()
    {
        await using var forum = await TestForum.StartAsync();
        var nullability = new NullabilityInfoContext();
        var tried = 0;
        foreach (var (target, method) in Methods(forum.Server))
        {
            foreach (var parameter in method.GetParameters()
                .Where(p => !p.ParameterType.IsValueType && nullability.Create(p).WriteState == NullabilityState.NotNull))
            {
                var e = Assert.ThrowsExactly<ArgumentNullException>(() => Call(target, method, parameter, null), Name(method, parameter));
                Assert.AreEqual(parameter.Name, e.ParamName, Name(method, parameter));
                tried++;
            }
        }
        Assert.IsGreaterThan(80, tried);
    }

    [TestMethod]
    public async Task A_number_that_is_none_of_the_forum_is_refused_by_the_name_of_the_parameter()
    {
        await using var forum = await TestForum.StartAsync();
        var tried = 0;
        foreach (var (target, method) in Methods(forum.Server))
        {
            foreach (var parameter in method.GetParameters().Where(p => IsNumber(p) && !OfUsers.Contains(p.Name)))
            {
                var isOptional = Nullable.GetUnderlyingType(parameter.ParameterType) is not null;
                var least = FromZero.Contains(parameter.Name + (isOptional && parameter.Name != "after" ? "?" : ""))
                    || OfAccounts.Contains($"{method.DeclaringType!.Name}.{method.Name}") && parameter.Name != "limit" ? 0 : 1;
                foreach (var wrong in (long[])[least - 1, -5, int.MinValue])
                {
                    var e = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
                        () => Call(target, method, parameter, ToNumber(parameter, wrong)), $"{Name(method, parameter)}: {wrong}");
                    Assert.AreEqual(parameter.Name, e.ParamName, Name(method, parameter));
                }
                if (least == 0)
                    Call(target, method, parameter, ToNumber(parameter, 0));
                tried++;
            }
        }
        Assert.IsGreaterThan(40, tried);
    }

    [TestMethod]
    public async Task A_value_that_its_enumeration_does_not_have_is_refused_by_the_name_of_the_parameter()
    {
        await using var forum = await TestForum.StartAsync();
        foreach (var (target, method) in Methods(forum.Server))
        {
            foreach (var parameter in method.GetParameters().Where(p => p.ParameterType.IsEnum))
            {
                var e = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
                    () => Call(target, method, parameter, Enum.ToObject(parameter.ParameterType, 99)), Name(method, parameter));
                Assert.AreEqual(parameter.Name, e.ParamName);
            }
        }
        var filter = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => forum.Server.Messages.List(Actor.System, new MailFilter((Mailbox)99)));
        Assert.AreEqual("filter", filter.ParamName);
    }

    [TestMethod]
    public async Task A_list_with_null_among_its_items_is_refused_by_the_name_of_the_parameter()
    {
        await using var forum = await TestForum.StartAsync();
        var tried = 0;
        foreach (var (target, method) in Methods(forum.Server))
        {
            foreach (var parameter in method.GetParameters().Where(p => p.ParameterType == typeof(IReadOnlyList<string>)))
            {
                var e = Assert.ThrowsExactly<ArgumentException>(
                    () => Call(target, method, parameter, new[] { "thread.created", null }), Name(method, parameter));
                Assert.AreEqual(parameter.Name, e.ParamName);
                tried++;
            }
        }
        Assert.AreEqual(5, tried);
    }

    [TestMethod]
    public async Task A_limit_and_an_id_may_be_as_large_as_a_number_can_be()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("ada", "admin");
        var ada = forum.Server.Users.FindActor("ada")!;
        var thread = await forum.Server.Posts.CreateThreadAsync(ada, "Hello", "First!");
        Assert.AreEqual(thread.Id, forum.Server.Posts.Threads(new(), int.MaxValue).Items.Single().Id);
        Assert.AreEqual(thread.Id, (await forum.Server.Search.FindAsync("first", int.MaxValue)).Items.Single().Post.Id);
        Assert.HasCount(1, forum.Server.Users.List(int.MaxValue).Items);
        Assert.IsNotEmpty(forum.Server.Events.Read(0, int.MaxValue));
        Assert.IsNull(forum.Server.Posts.Find(long.MaxValue));
        Assert.IsNull(forum.Server.Users.Find(long.MaxValue));
    }

    [TestMethod]
    public async Task The_farthest_times_are_an_end_of_a_suspension_or_refused_as_past()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("bob");
        var bob = forum.Server.Users.Find("bob")!;
        var suspension = await forum.Server.Moderation.SuspendAsync(Actor.System, bob, "spam", DateTimeOffset.MaxValue);
        Assert.AreEqual(9999, suspension.Until?.Year);
        Assert.AreEqual(suspension, forum.Server.Users.FindSuspension(bob));
        var refusal = await Assert.ThrowsExactlyAsync<RefusalException>(
            () => forum.Server.Moderation.SuspendAsync(Actor.System, bob, "spam", DateTimeOffset.MinValue));
        Assert.IsTrue(refusal.Errors!.ContainsKey("until"));
    }

    [TestMethod]
    public async Task A_call_that_is_cancelled_before_it_begins_does_nothing()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("ada");
        var (users, ada, cancelled) = (forum.Server.Users, forum.Server.Users.Find("ada")!, new CancellationToken(canceled: true));
        await Assert.ThrowsAsync<OperationCanceledException>(() => users.RegisterAsync("bob", "secret", cancelled));
        await Assert.ThrowsAsync<OperationCanceledException>(() => users.VerifyPasswordAsync(ada, "secret", cancelled));
        await Assert.ThrowsAsync<OperationCanceledException>(() => users.SetPasswordAsync(ada, "another", cancelled));
        await Assert.ThrowsAsync<OperationCanceledException>(() => ForumServer.StartAsync(new() { Database = null }, cancelled));
        await Assert.ThrowsAsync<OperationCanceledException>(
            async () => await forum.Server.Events.ReadAsync(cancellationToken: cancelled).GetAsyncEnumerator(context.CancellationToken).MoveNextAsync());
        Assert.IsNull(users.Find("bob"));
        Assert.IsTrue(await users.VerifyPasswordAsync(ada, "secret", context.CancellationToken));
    }

    /// <summary>Every public method that takes something, but those that the compiler writes for records.</summary>
    private static IEnumerable<(object? Target, MethodInfo Method)> Methods(ForumServer server)
    {
        var stores = typeof(ForumServer).GetProperties(Declared).Select(p => p.GetValue(server)).OfType<object>()
            .Where(store => store.GetType().Assembly == typeof(ForumServer).Assembly)
            .Append(new AuthenticationRequest("GET", "/", System.Net.IPAddress.Loopback, [])).ToDictionary(store => store.GetType());
        foreach (var type in typeof(ForumServer).Assembly.GetExportedTypes())
        {
            foreach (var method in type.GetMethods(Declared).Where(m => m.GetParameters().Length > 0 && !m.IsSpecialName && !IsOfARecord(m)))
            {
                Assert.IsTrue(method.IsStatic || stores.ContainsKey(type), $"{type.Name}.{method.Name}: {nameof(ForumServer)} does not lead to it");
                yield return (method.IsStatic ? null : stores[type], method);
            }
        }
    }

    private static bool IsOfARecord(MethodInfo method) =>
        method.Name is "Equals" or "Deconstruct" or "ToString" or "GetHashCode" or "PrintMembers" || method.Name.StartsWith('<');

    /// <summary>Calls a method with one wrong argument; the others are good, or good enough to be refused by the transaction.</summary>
    private static void Call(object? target, MethodInfo method, ParameterInfo wrong, object? value)
    {
        try
        {
            var result = method.Invoke(target, [.. method.GetParameters().Select(p => p.Name == wrong.Name ? value : Good(p))]);
            (result as Task)?.ContinueWith(t => t.Exception, TaskScheduler.Default); // who is asked for in vain is not to be told of again
        }
        catch (TargetInvocationException e) when (e.InnerException is not RefusalException)
        {
            throw e.InnerException!;
        }
        catch (TargetInvocationException)
        {
            // A rule of content comes after all of these.
        }
    }

    private static object? Good(ParameterInfo parameter) =>
        parameter.Name == "url" ? "https://hooks.example"
        : parameter.ParameterType == typeof(string) ? "text"
        : parameter.ParameterType == typeof(long) ? 1L
        : parameter.ParameterType == typeof(int) ? 1
        : parameter.ParameterType == typeof(User) ? new User(2, "ada")
        : parameter.ParameterType == typeof(Actor) ? new Actor(2, "ada", Role.Member)
        : parameter.ParameterType == typeof(ThreadFilter) ? new ThreadFilter()
        : parameter.ParameterType == typeof(MailFilter) ? new MailFilter()
        : parameter.HasDefaultValue || !parameter.ParameterType.IsValueType ? null
        : Activator.CreateInstance(parameter.ParameterType);

    private static bool IsNumber(ParameterInfo parameter) =>
        (Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType) is var type && (type == typeof(int) || type == typeof(long));

    private static object ToNumber(ParameterInfo parameter, long value) =>
        Convert.ChangeType(value, Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType, CultureInfo.InvariantCulture);

    private static string Name(MethodInfo method, ParameterInfo parameter) => $"{method.DeclaringType!.Name}.{method.Name}({parameter.Name})";
}
