using System.Reflection;
using TinyForum.Data;
using TinyForum.Passwords;

namespace TinyForum.Tests;

/// <summary>What an embedder sets wrong is told by its name, before anything is opened.</summary>
[TestClass]
public sealed class OptionTests
{
    private static readonly ForumOptions Good = new() { Listen = ["http://127.0.0.1:0"], Database = null, Passwords = TestForum.CheapPasswords };

    /// <summary>Those of which every value is fine.</summary>
    private static readonly string[] Free =
    [
        "AnonymousLogout", "Authenticate", "Log", "Connections.LimitLoopback", "RateLimits.Enabled", "Policy.LimitNewAccounts", "Policy.NewAccountMessages",
    ];

    private static readonly TimeSpan Negative = TimeSpan.FromTicks(-1);

    private static readonly (string Option, ForumOptions[] Wrong)[] Wrong =
    [
        ("Listen", [.. Texts([null!, "", "5000", "https://127.0.0.1:5000", "http://[::1]:5000", "http://forum.example", "http://127.0.0.1:5000/forum"],
            text => Good with { Listen = [text] }), Good with { Listen = [] }, Good with { Listen = null! }]),
        ("Hosts", Texts([null!, "", "forum.example:80", "https://forum.example", "one.example two.example"],
            text => Good with { Hosts = ["good.example", text] })),
        ("Database", Texts(["", " ", "a\0b"], text => Good with { Database = text })),
        ("TrustedProxies", [Good with { TrustedProxies = null! }]),
        ("AuthHeader", [.. Texts(["", "Remote User", "Remote-User:", "Cookie", new('a', 65)],
            text => Good with { AuthHeader = text, TrustedProxies = ForumOptions.NearNetworks }), Good with { AuthHeader = "Remote-User" }]),
        ("CorsOrigins", [.. Texts([null!, "", "app.example", "https://app.example/path"], text => Good with { CorsOrigins = [text] }),
            Good with { CorsOrigins = null! }]),
        ("CookieName", Texts([null!, "", "__Host-a", "a b", "a=b", new('a', 65)], text => Good with { CookieName = text })),
        ("Title", Texts([null!, "", " ", "two\nlines"], text => Good with { Title = text })),
        ("Description", Texts(["", " ", "two\nlines"], text => Good with { Description = text })),
        ("StyleFile", Texts(["", " ", "a\0b"], text => Good with { StyleFile = text })),
        ("AboutFile", Texts(["", " ", "a\0b"], text => Good with { AboutFile = text })),
        ("BasePath", Texts([null!, "forum", "/a b", "/api", "/posts/forum"], text => Good with { BasePath = text })),
        ("PublicUrl", [.. new[] { "/forum", "ftp://forum.example", "https://forum.example/path", "https://user@forum.example" }
            .Select(text => Good with { PublicUrl = new Uri(text, UriKind.RelativeOrAbsolute) })]),
        ("Passwords", [Good with { Passwords = null! }]),
        ("Passwords.MemoryKiB", [With(new PasswordOptions { MemoryKiB = 7 }), With(new PasswordOptions { MemoryKiB = 2 << 20 })]),
        ("Passwords.Iterations", [With(new PasswordOptions { Iterations = 0 })]),
        ("Passwords.Parallelism", [With(new PasswordOptions { Parallelism = 0 }), With(new PasswordOptions { Parallelism = 65 })]),
        ("Passwords.MaxWaiting", [With(new PasswordOptions { MaxWaiting = -1 })]),
        ("Passwords.MaxWait", [With(new PasswordOptions { MaxWait = Negative }), With(new PasswordOptions { MaxWait = TimeSpan.MaxValue })]),
        ("Connections", [Good with { Connections = null! }]),
        ("Connections.MaxConnections", [With(new ConnectionLimits { MaxConnections = 0 })]),
        ("Connections.MaxConnectionsPerAddress", [With(new ConnectionLimits { MaxConnectionsPerAddress = -1 })]),
        ("Connections.IdleTimeout",
            [With(new ConnectionLimits { IdleTimeout = TimeSpan.Zero }), With(new ConnectionLimits { IdleTimeout = TimeSpan.MaxValue })]),
        ("Connections.RequestTimeout", [With(new ConnectionLimits { RequestTimeout = TimeSpan.Zero })]),
        ("Connections.SendTimeout", [With(new ConnectionLimits { SendTimeout = Negative })]),
        ("Connections.MaxRequestBytes", [With(new ConnectionLimits { MaxRequestBytes = 0 })]),
        ("Connections.SweepInterval", [With(new ConnectionLimits { SweepInterval = TimeSpan.Zero })]),
        ("Policy", [Good with { Policy = null! }]),
        ("Policy.Registration", [With(new ForumPolicy { Registration = (Registration)9 })]),
        ("Policy.HoldFirstPosts", [With(new ForumPolicy { HoldFirstPosts = -1 }), With(new ForumPolicy { HoldFirstPosts = 1_001 })]),
        ("Policy.NewAccountHours", [With(new ForumPolicy { NewAccountHours = -1 })]),
        ("Policy.NewAccountPosts", [With(new ForumPolicy { NewAccountPosts = -1 })]),
        ("Policy.NewAccountLinks", [With(new ForumPolicy { NewAccountLinks = -1 })]),
        ("Policy.NewAccountMentions", [With(new ForumPolicy { NewAccountMentions = -1 })]),
        ("Policy.NewAccountDailyThreads", [With(new ForumPolicy { NewAccountDailyThreads = -1 })]),
        ("Policy.NewAccountDailyPosts", [With(new ForumPolicy { NewAccountDailyPosts = int.MaxValue })]),
        ("Policy.InviteAfterDays", [With(new ForumPolicy { InviteAfterDays = 3_651 })]),
        ("RateLimits", [Good with { RateLimits = null! }]),
        ("RateLimits.FailedLogins", Limits(limit => new() { FailedLogins = limit })),
        ("RateLimits.FailedLoginsPerAddress", Limits(limit => new() { FailedLoginsPerAddress = limit })),
        ("RateLimits.Registrations", Limits(limit => new() { Registrations = limit })),
        ("RateLimits.Writes", Limits(limit => new() { Writes = limit })),
        ("RateLimits.Searches", Limits(limit => new() { Searches = limit })),
        ("DrainTimeout", [Good with { DrainTimeout = Negative }, Good with { DrainTimeout = TimeSpan.MaxValue }]),
        ("BackupEvery", [Good with { BackupEvery = TimeSpan.FromSeconds(59) }, Good with { BackupEvery = TimeSpan.MaxValue }]),
        ("BackupKeep", [Good with { BackupKeep = 0 }]),
        ("BackupDirectory", Texts(["", "\t"], text => Good with { BackupDirectory = text })),
        ("AnswerMemoryMiB", [Good with { AnswerMemoryMiB = 0 }]),
        ("KeepEvents", [Good with { KeepEvents = Negative }, Good with { KeepEvents = TimeSpan.MaxValue }]),
        ("WebhookAllow", [Good with { WebhookAllow = null! }]),
        ("TimeProvider", [Good with { TimeProvider = null! }]),
    ];

    [TestMethod]
    public void Every_option_is_among_them() =>
        CollectionAssert.AreEquivalent(Names(typeof(ForumOptions), "").ToArray(), Wrong.Select(w => w.Option).Concat(Free).ToArray());

    [TestMethod]
    public void A_wrong_option_is_named_with_its_rule()
    {
        foreach (var (option, all) in Wrong)
        {
            foreach (var options in all)
            {
                var e = Assert.ThrowsExactly<ArgumentException>(() => { _ = ForumServer.StartAsync(options); }, option);
                Assert.AreEqual("options", e.ParamName);
                Assert.MatchesRegex($@"^ForumOptions\.{option}(\.\w+)? must [^;]+$", e.Message);
            }
        }
    }

    [TestMethod]
    public async Task All_that_are_wrong_are_named_at_once_and_nothing_is_opened()
    {
        using var folder = new TemporaryFolder();
        var options = new ForumOptions
        {
            Database = folder["forum.db"], Title = "", BackupKeep = 0, Connections = new() { MaxConnections = -1 },
            RateLimits = new() { Writes = new(0, TimeSpan.Zero) },
        };
        var e = await Assert.ThrowsExactlyAsync<ArgumentException>(() => ForumServer.StartAsync(options));
        foreach (var name in (string[])["Title", "BackupKeep", "Connections.MaxConnections", "RateLimits.Writes.Permits", "RateLimits.Writes.Window"])
            Assert.Contains($"ForumOptions.{name} must", e.Message);
        Assert.DoesNotContain("ForumOptions.Database", e.Message);
        Assert.IsEmpty(Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public async Task What_lies_at_the_edge_of_a_rule_is_good()
    {
        await using var forum = await ForumServer.StartAsync(Good with
        {
            Hosts = ["forum.example", "127.0.0.2", "xn--fiq228c.example"],
            CorsOrigins = ["*", "https://app.example:8443"],
            CookieName = "a",
            Title = "论坛",
            BasePath = "/forum/",
            PublicUrl = new("https://forum.example"),
            BackupKeep = 1,
            AnswerMemoryMiB = 1,
            KeepEvents = TimeSpan.FromDays(100_000),
            DrainTimeout = TimeSpan.Zero,
            Connections = new() { MaxConnectionsPerAddress = 0, MaxConnections = 1 },
            RateLimits = new() { Writes = new(1, TimeSpan.FromDays(99_999)) },
        });
        Assert.IsTrue(File.Exists(forum.DatabasePath));
    }

    private static ForumOptions[] Texts(string[] wrong, Func<string, ForumOptions> with) => [.. wrong.Select(with)];

    private static ForumOptions With(PasswordOptions passwords) => Good with { Passwords = passwords };

    private static ForumOptions With(ForumPolicy policy) => Good with { Policy = policy };

    private static ForumOptions With(ConnectionLimits connections) => Good with { Connections = connections };

    private static ForumOptions[] Limits(Func<RateLimit, RateLimitOptions> with) =>
    [
        .. new[] { new RateLimit(0, TimeSpan.FromMinutes(1)), new RateLimit(1, TimeSpan.Zero), new RateLimit(1, TimeSpan.MaxValue) }
            .Select(limit => Good with { RateLimits = with(limit) }),
    ];

    /// <summary>The public options of a record and of the records in it.</summary>
    private static IEnumerable<string> Names(Type type, string path) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(p => p.CanWrite)
        .SelectMany(p => p.PropertyType.Assembly == typeof(ForumOptions).Assembly && p.PropertyType != typeof(RateLimit)
            ? Names(p.PropertyType, $"{path}{p.Name}.").Prepend(path + p.Name) : [path + p.Name]);
}
