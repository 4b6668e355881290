using System.Buffers.Text;
using System.Text.RegularExpressions;
using TinyForum.Api.Events;
using TinyForum.CommandLine;
using TinyForum.Data;
using TinyForum.Http;
using TinyForum.Http.Guard;
using TinyForum.Maintenance;
using TinyForum.Storage;
using TinyForum.Text;
using TinyForum.Webhooks;

namespace TinyForum.Tests;

/// <summary>The pages tell the numbers that the code goes by, and the code tells them from its constants.</summary>
[TestClass]
public sealed partial class DocNumberTests
{
    private const string Units = "[KMG]i?B|k|bytes|bits|characters|letters|ms|s|(?:idle )?seconds|minutes|hours|days"
        + "|requests|connections|tags|passes|failed logins";

    private static readonly ForumOptions Defaults = new();
    private static readonly ConnectionLimits Limits = Defaults.Connections;
    private static readonly RateLimit FailedLogins = Defaults.RateLimits.FailedLogins!;

    /// <summary>What a page says, with the number out of the code.</summary>
    private static readonly (string Page, string Phrase)[] Told =
    [
        ("README.md", $"serves on {Defaults.Listen[0]} with the database `{Defaults.Database}`"),
        ("README.md", $"forum={Defaults.Listen[0]}\n"),
        ("README.zh-CN.md", $"forum={Defaults.Listen[0]}\n"),

        ("docs/api.md", $"`limit` (1 to {PagePosition.MaxSize}, {PagePosition.DefaultSize} without it)"),
        ("docs/api.md", $"A username is 1 to {Username.MaxLength} letters and digits"),
        ("docs/api.md", $"a password {TextRule.Password.Min} to {TextRule.Password.Max} characters"),
        ("docs/api.md", $"`{new ForumOptions().CookieName}`, which ends {SessionTable.Lifetime.TotalDays} days after its last use"),
        ("docs/api.md", $"with up to {PostText.MaxTags} tags"),
        ("docs/api.md", $"It works once, for {OneTimeLinks.SetupLifetime.TotalHours} hours"),
        ("docs/security.md", $"longer than {ExternalIdentity.MaxSubject} characters"),
        ("docs/api.md", $"about {PageText.MaxBytes / 1_000_000} MB: go on"),

        ("docs/api.md", $"nothing else has for {EventStreams.Heartbeat.TotalSeconds} seconds"),
        ("docs/api.md", $"lags by {EventStream.MaxWaiting >> 20} MB"),
        ("docs/api.md", $"can have {OpenStreams.MaxOfAddress} streams, a user {OpenStreams.MaxOfUser}, all {OpenStreams.MaxInAll / 1_000},000"),

        ("docs/api.md", $"of at most {WebhookBody.MaxBytes / 1_000},000 bytes: a longer post is cut"),
        ("docs/api.md", $"no answer within {WebhookClient.Timeout.TotalSeconds} s, is tried again after "
            + $"{string.Join(", ", WebhookDeliveries.Waits.SkipLast(1).Select(Short))} and {Short(WebhookDeliveries.Waits[^1])}, or"),
        ("docs/api.md", $"has failed for {WebhookDeliveries.FailingTime.TotalDays} days, is switched off"),
        ("docs/api.md", $"There can be {WebhookStore.Max}."),
        ("docs/api.md", $"The newest {WebhookStore.MaxDeliveries / 1_000},000 are kept."),

        ("docs/api.md", $"A pattern has at most {TextRule.Pattern.Max} characters, and {TextPattern.MaxSize / 1_000},000 with its repetitions written"),
        ("docs/api.md", $"A pattern is given {TextPattern.MatchTime.TotalMilliseconds} ms, twice at most, all filters together "
            + $"{FilterSet.CheckTime.TotalSeconds} s"),
        ("docs/api.md", $"There can be {FilterStore.Max} filters."),
        ("docs/api.md", $"at most {FilterTrial.MaxPart} characters of it"),

        ("docs/http.md", $"has sent {Limits.MaxRequestBytes >> 20} MiB before a request begins"),
        ("docs/http.md", $"cuts off after {Limits.IdleTimeout.TotalSeconds} s what is silent, slow or unread"),
        ("docs/http.md", $"cuts off after {Limits.RequestTimeout.TotalSeconds} s what is silent, slow or unread"),
        ("docs/http.md", $"cuts off after {Limits.SendTimeout.TotalSeconds} s what is silent, slow or unread"),
        ("docs/http.md", $"408 after {Limits.BodyTimeout.TotalSeconds} s without a byte"),
        ("docs/http.md", $"one that drips is cut off at {Limits.RequestTimeout.TotalSeconds} s"),
        ("docs/http.md", $"paths end at {Boundary.MaxLoggedPath} characters and methods at {Boundary.MaxLoggedMethod}"),
        ("docs/http.md", $"ends with the connection after {ConnectionStream.MaxHead >> 10} KiB of a request's head"),
        ("docs/http.md", $"one write, up to {Exchange.SentWithHead >> 10} KiB"),
        ("docs/http.md", $"that is {Exchange.SentWithHead >> 10} KiB at most"),
        ("docs/http.md", $"a size is 1 to {ChunkedDecoder.MaxDigits} hexadecimal digits"),
        ("docs/http.md", $"may have {RequestBody.MaxLength >> 10} KiB as any body"),
        ("docs/http.md", $"all that is no content {ChunkedDecoder.MaxFraming >> 10} KiB"),
        ("docs/http.md", $"dropped first, up to {RequestBody.MaxDropped >> 20} MiB, within {Limits.BodyTimeout.TotalSeconds} s"),
        ("docs/http.md", $"does not pause for {Exchange.Quiet.TotalMilliseconds} ms"),
        ("docs/http.md", $"up to {RequestBody.MaxDroppedAfter >> 20} MiB within another {Limits.BodyTimeout.TotalSeconds} s"),
        ("docs/http.md", $"wait to be read may take {Limits.MaxAnswerMemory >> 20} MiB, and bodies that are arriving as much"),
        ("docs/http.md", $"longer than {ArrayBudget.Uncounted >> 10} KiB"),
        ("docs/http.md", $"closed when idle for {Limits.IdleTimeout.TotalSeconds} seconds"),
        ("docs/http.md", $"waits for its line end and is cut off after {Limits.RequestTimeout.TotalSeconds} s"),
        ("docs/http.md", $"Public answers over {ContentCodings.SmallestCompressed >> 10} KiB are compressed"),

        ("docs/api.md", $"the `reason` by logging in, for {RegistrationStore.DeclinedFor.TotalDays} days"),
        ("docs/api.md", $"`expires_in_days` (1 to {InvitationStore.MaxDays}, {InvitationStore.DefaultDays} without it)"),
        ("docs/api.md", $"have had an account for {Default("invite_after_days")} days"),
        ("docs/api.md", $"{InvitationStore.MaxPerUser} links of a user\nmay wait"),
        ("docs/api.md", $"until it is {Default("new_account_hours")} hours old and has {Default("new_account_posts")} posts"),
        ("docs/api.md", $"may write {Default("new_account_links")} links\nand {Default("new_account_mentions")} mentions a post, "
            + $"{Default("new_account_daily_threads")} threads and {Default("new_account_daily_posts")} posts in 24 hours"),
        ("docs/api.md", $"declined in the last {HeldPostStore.DeclinedFor.TotalDays} days"),
        ("docs/api.md", $"the `reason`, for {HeldPostStore.DeclinedFor.TotalDays} days"),

        ("docs/deploy.md", $"finishes what it accepted within {Defaults.DrainTimeout.TotalSeconds} seconds"),
        ("docs/deploy.md", $"A comment every {EventStreams.Heartbeat.TotalSeconds} seconds"),
        ("docs/deploy.md", $"it is cut to {Database.MaxIdleLog >> 20} MiB"),
        ("docs/deploy.md", $"fewer than {DescriptorBudget.Least} descriptors"),
        ("docs/deploy.md", $"{CommandLineProgram.InternalError} is the exit code of a bug"),
        ("docs/deploy.md", $"max_size {Web.Form.MaxLength >> 10}KiB\n"),
        ("docs/deploy.md", $"client_max_body_size {Web.Form.MaxLength >> 10}k;"),
        ("docs/deploy.md", $"tried again in {BackupSchedule.Retry.TotalMinutes} minutes"),
        ("docs/deploy.md", $"`the database is busy` after {Database.BusyTimeout.TotalSeconds} seconds"),

        ("docs/security.md", $"{Defaults.Passwords.MemoryKiB >> 10} MiB, {Defaults.Passwords.Iterations} passes"),
        ("docs/security.md", $"SHA-256 of {8 * Base64Url.DecodeFromChars(SessionTable.NewToken()).Length} random bits"),
        ("docs/security.md", $"{FailedLogins.Permits} failed logins in {FailedLogins.Window.TotalMinutes} minutes per account and address, "
            + $"and {Defaults.RateLimits.FailedLoginsPerAddress!.Permits} per address whatever the account"),
        ("docs/security.md", $"{SearchIndex.TimeLimit.TotalMilliseconds} ms for each"),
        ("docs/security.md", $"{Limits.RequestTimeout.TotalSeconds} s for a request's head, a stalled body or an unread answer"),
        ("docs/security.md", $"{Limits.SendTimeout.TotalSeconds} s for a request's head, a stalled body or an unread answer"),
    ];

    private static int? Default(string name) => ForumPolicy.NumberOf(name).Default;

    /// <summary>Numbers that no constant is behind: what was measured, what the listener does, advice.</summary>
    private static readonly (string Page, string Phrase)[] Others =
    [
        ("docs/http.md", "2 MB of memory for each MB"),
        ("docs/http.md", "waits 44 ms for Nagle"),
        ("docs/http.md", "some 560 connections"),
        ("docs/http.md", "about 32 KB of headers"),
        ("docs/http.md", "at most 100 requests and 10 idle seconds"),
        ("docs/deploy.md", "keepalive 10s"),
        ("docs/deploy.md", "keepalive_timeout 10s"),
        ("docs/deploy.md", "timeout http-keep-alive 10s"),
        ("docs/deploy.md", "pool-purge-delay 5s max-reuse 100"),
        ("docs/deploy.md", "timeout connect 5s"),
        ("docs/deploy.md", "timeout client 60s"),
        ("docs/deploy.md", "timeout server 60s"),
        ("docs/deploy.md", "the three above wait 60 seconds, or for ever"),
        ("docs/deploy.md", "within 10 seconds and after 100 requests at most"),
        ("SECURITY.md", "90 days before you publish it"),
    ];

    private static string Short(TimeSpan time) => time.TotalHours >= 1 ? $"{time.TotalHours} h"
        : time.TotalMinutes >= 1 ? $"{time.TotalMinutes} min" : $"{time.TotalSeconds} s";

    [TestMethod]
    public void What_a_page_tells_is_what_the_code_goes_by()
    {
        var wrong = Told.Concat(Others).Where(t => !Page(t.Page).Contains(Spaced(t.Phrase)));
        Assert.AreEqual("", string.Join('\n', wrong.Select(t => $"{t.Page} does not say: {t.Phrase}")));
    }

    [TestMethod]
    [DataRow("docs/api.md")]
    [DataRow("docs/architecture.md")]
    [DataRow("docs/deploy.md")]
    [DataRow("docs/http.md")]
    [DataRow("docs/security.md")]
    public void Every_quantity_on_a_page_is_in_the_lists_above(string page)
    {
        var phrases = Told.Concat(Others).Where(t => t.Page == page).Select(t => Spaced(t.Phrase));
        var rest = phrases.Aggregate(Page(page), (text, phrase) => text.Replace(phrase, ""));
        Assert.AreEqual("", string.Join('\n', Quantity().Matches(rest)));
    }

    /// <remarks>Not in the passwords' room, whose numbers are those of RFC 9106.</remarks>
    [TestMethod]
    public void No_text_in_the_code_has_a_quantity_of_its_own()
    {
        var sources = Directory.GetFiles(Path.Combine(Repository.Root, "TinyForum"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/") && !file.Contains("/Passwords/")).ToList();
        Assert.IsGreaterThan(80, sources.Count);
        var literals = sources.SelectMany(file => Literal().Matches(File.ReadAllText(file)), (file, text) => (file, text.Value));
        var found = literals.Where(l => Quantity().IsMatch(l.Value) || Range().IsMatch(l.Value));
        Assert.AreEqual("", string.Join('\n', found));
    }

    private static string Page(string page) => Spaced(Repository.Read(page));

    private static string Spaced(string text) => Regex.Replace(text, @"\s+", " ");

    [GeneratedRegex($@"(?<![\w.])\d[\d,.]*(?: to \d+)? ?(?:{Units})\b")]
    private static partial Regex Quantity();

    [GeneratedRegex(@"\d to \d")]
    private static partial Regex Range();

    [GeneratedRegex(@"""[^""\n]+""")]
    private static partial Regex Literal();
}
