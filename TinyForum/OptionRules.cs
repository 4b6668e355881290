using TinyForum.Api;
using TinyForum.CommandLine;
using TinyForum.Data;
using TinyForum.Http;
using TinyForum.Passwords;
using TinyForum.Web;

namespace TinyForum;

/// <summary>What the options of an embedded forum may be. All that are wrong are told at once, before anything is opened.</summary>
internal static class OptionRules
{
    private const string Absent = "must not be null", Blank = "must not be blank";

    private static readonly TimeSpan Longest = TimeSpan.FromDays(100_000), LongestTimer = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <exception cref="ArgumentException">The message names each option that breaks a rule, and the rule.</exception>
    public static void Check(ForumOptions options)
    {
        var broken = Of(options).Where(option => option.Broken is not null).Select(option => $"{nameof(ForumOptions)}.{option.Name} {option.Broken}");
        if (string.Join("; ", broken) is { Length: > 0 } all)
            throw new ArgumentException(all, nameof(options));
    }

    /// <summary>Every option that has a rule, with the rule if it is broken.</summary>
    internal static IEnumerable<(string Name, string? Broken)> Of(ForumOptions o) =>
    [
        (nameof(o.Listen), o.Listen is { Count: 0 } ? "must not be empty" : OfEach(o.Listen, Address)),
        (nameof(o.Hosts), o.Hosts is null ? null : OfEach(o.Hosts, host => OneOf(SettingValue.HostNames, host))),
        (nameof(o.Database), o.Database is null ? null : OfPath(o.Database)),
        (nameof(o.TrustedProxies), Present(o.TrustedProxies)),
        (nameof(o.AuthHeader), o.AuthHeader is null ? null : OfAuthHeader(o)),
        (nameof(o.CorsOrigins), OfEach(o.CorsOrigins, origin => OneOf(SettingValue.Origins, origin))),
        (nameof(o.CookieName), o.CookieName is null ? Absent : Rule(() => SettingValue.CookieName.Parse(o.CookieName))),
        (nameof(o.Title), o.Title is null ? Absent : OfText(o.Title)),
        (nameof(o.Description), o.Description is null ? null : OfText(o.Description)),
        (nameof(o.StyleFile), o.StyleFile is null ? null : OfPath(o.StyleFile)),
        (nameof(o.AboutFile), o.AboutFile is null ? null : OfPath(o.AboutFile)),
        (nameof(o.BasePath), o.BasePath is null ? Absent : OfBasePath(o.BasePath)),
        (nameof(o.PublicUrl), o.PublicUrl is null ? null : Rule(() => SettingValue.Origin.Parse(o.PublicUrl.OriginalString))),
        (nameof(o.DrainTimeout), Between(o.DrainTimeout, TimeSpan.Zero, LongestTimer)),
        (nameof(o.BackupEvery), o.BackupEvery is { } every ? Between(every, TimeSpan.FromMinutes(1), Longest) : null),
        (nameof(o.BackupKeep), AtLeast(1, o.BackupKeep)),
        (nameof(o.BackupDirectory), o.BackupDirectory is null ? null : OfPath(o.BackupDirectory)),
        (nameof(o.AnswerMemoryMiB), AtLeast(1, o.AnswerMemoryMiB)),
        (nameof(o.KeepEvents), Between(o.KeepEvents, TimeSpan.Zero, Longest)),
        (nameof(o.WebhookAllow), Present(o.WebhookAllow)),
        (nameof(o.TimeProvider), Present(o.TimeProvider)),
        (nameof(o.MaxBatch), AtLeast(1, o.MaxBatch)),
        (nameof(o.Resolve), Present(o.Resolve)),
        .. o.Passwords is null ? [(nameof(o.Passwords), Absent)] : OfPasswords(o.Passwords),
        .. o.Connections is null ? [(nameof(o.Connections), Absent)] : OfConnections(o.Connections),
        .. o.Policy is null ? [(nameof(o.Policy), Absent)] : OfPolicy(o.Policy),
        .. o.RateLimits is null ? [(nameof(o.RateLimits), Absent)] : OfRateLimits(o.RateLimits),
    ];

    private static IEnumerable<(string Name, string? Broken)> OfPasswords(PasswordOptions p)
    {
        const string All = nameof(ForumOptions.Passwords) + ".";
        var single = ((string Name, string? Broken)[])
        [
            (All + nameof(p.MemoryKiB), AtLeast(8, p.MemoryKiB)),
            (All + nameof(p.Iterations), AtLeast(1, p.Iterations)),
            (All + nameof(p.Parallelism), p.Parallelism is < 1 or > PhcString.MaxParallelism ? $"must be 1 to {PhcString.MaxParallelism}" : null),
            (All + nameof(p.MaxWaiting), AtLeast(0, p.MaxWaiting)),
            (All + nameof(p.MaxWait), Between(p.MaxWait, TimeSpan.Zero, LongestTimer)),
        ];
        var together = PhcString.Allows(p.MemoryKiB, p.Iterations, p.Parallelism) || Array.Exists(single, s => s.Broken is not null) ? null
            : PhcString.CostRule;
        return [.. single, (All + nameof(p.MemoryKiB), together)];
    }

    private static IEnumerable<(string Name, string? Broken)> OfConnections(ConnectionLimits c)
    {
        const string All = nameof(ForumOptions.Connections) + ".";
        var instant = TimeSpan.FromMilliseconds(1);
        return
        [
            (All + nameof(c.MaxConnections), AtLeast(1, c.MaxConnections)),
            (All + nameof(c.MaxConnectionsPerAddress), AtLeast(0, c.MaxConnectionsPerAddress)),
            (All + nameof(c.IdleTimeout), Between(c.IdleTimeout, instant, LongestTimer)),
            (All + nameof(c.RequestTimeout), Between(c.RequestTimeout, instant, LongestTimer)),
            (All + nameof(c.SendTimeout), Between(c.SendTimeout, instant, LongestTimer)),
            (All + nameof(c.MaxRequestBytes), AtLeast(1, c.MaxRequestBytes)),
            (All + nameof(c.SweepInterval), Between(c.SweepInterval, instant, LongestTimer)),
        ];
    }

    private static IEnumerable<(string Name, string? Broken)> OfRateLimits(RateLimitOptions r)
    {
        const string All = nameof(ForumOptions.RateLimits) + ".";
        return new (string Name, RateLimit? Limit)[]
        {
            (nameof(r.FailedLogins), r.FailedLogins), (nameof(r.FailedLoginsPerAddress), r.FailedLoginsPerAddress),
            (nameof(r.Registrations), r.Registrations), (nameof(r.Writes), r.Writes), (nameof(r.Searches), r.Searches),
        }.SelectMany(each => each.Limit is not { } limit ? [] : ((string, string?)[])
        [
            ($"{All}{each.Name}.{nameof(limit.Permits)}", AtLeast(1, limit.Permits)),
            ($"{All}{each.Name}.{nameof(limit.Window)}", Between(limit.Window, TimeSpan.FromMilliseconds(1), Longest)),
        ]);
    }

    private static IEnumerable<(string Name, string? Broken)> OfPolicy(ForumPolicy policy) => ForumPolicy.Numbers.Select(n => (
        $"{nameof(ForumOptions.Policy)}.{string.Concat(n.Name.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]))}", n.BrokenBy(policy)));

    private static string? Present(object? value) => value is null ? Absent : null;

    private static string? AtLeast(long least, long value) => value < least ? $"must be {least} or more" : null;

    private static string? Between(TimeSpan value, TimeSpan least, TimeSpan most) =>
        value < least || value > most ? $"must be {least:c} to {most:c}" : null;

    private static string? OfText(string text) =>
        string.IsNullOrWhiteSpace(text) ? Blank : text.Any(char.IsControl) ? "must not contain line breaks or other control characters" : null;

    private static string? OfPath(string path) =>
        string.IsNullOrWhiteSpace(path) ? Blank : path.Contains('\0') ? "must not contain a null character" : null;

    private static string? OfAuthHeader(ForumOptions o) => Rule(() => SettingValue.HeaderName.Parse(o.AuthHeader!))
        ?? (o.TrustedProxies is { Count: 0 } ? "must come with TrustedProxies" : null)
        ?? (o.Authenticate is null ? null : "must not come with Authenticate");

    private static string? OfBasePath(string path) => Rule(() => BasePath.Parse(path))
        ?? (ForumApi.Takes(new Site(null, null), BasePath.Parse(path)) ? "must not begin as the forum's own paths do" : null);

    /// <summary>The first rule that one of the items breaks, and what it is.</summary>
    private static string? OfEach(IReadOnlyList<string>? items, Func<string, string?> rule) => items is null ? Absent
        : items.Contains(null!) ? "must not contain null"
        : items.Select(item => rule(item) is { } broken ? $"{broken}, unlike \"{item}\"" : null).FirstOrDefault(broken => broken is not null);

    // A setting of the command line may be several words, and an item is one.
    private static string? OneOf(SettingValue<IReadOnlyList<string>> kind, string item) =>
        Rule(() => kind.Parse(item)) ?? (kind.Parse(item) is [var word] && word == item ? null : "must have one of them in each item");

    private static string? Address(string text)
    {
        try
        {
            _ = ListenAddress.Parse(text);
            return null;
        }
        catch (StartException)
        {
            return "must be addresses such as http://127.0.0.1:5000, with an IPv4 address, localhost or * as host and nothing behind the port";
        }
    }

    private static string? Rule(Action parse)
    {
        try
        {
            parse();
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }
}
