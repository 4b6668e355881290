using System.Text.RegularExpressions;

namespace TinyForum.Tests;

/// <summary>A folder is a room with one rule: which other rooms it may touch. docs/architecture.md says why.</summary>
[TestClass]
public sealed partial class LayoutTests
{
    /// <summary>Every room, and the rooms that its sources may name beside themselves.</summary>
    private static readonly Dictionary<string, string[]> Rooms = new()
    {
        ["Text"] = [],
        ["Concurrency"] = [],
        ["Passwords"] = ["Concurrency"],
        ["Storage"] = [],
        ["Search"] = ["Text"],
        ["Data"] = ["Text", "Concurrency", "Passwords", "Storage", "Search"],
        ["Maintenance"] = ["Storage", "Data"],
        ["Http"] = [],
        ["Api"] = ["Text", "Data", "Http"],
        ["Webhooks"] = ["Data"],
        ["Web"] = ["Text", "Data", "Http", "Api"],
        ["Telemetry"] = ["Api", "Http", "Webhooks"],
        ["CommandLine"] = ["Text", "Passwords", "Data", "Http", "Maintenance", "Storage"],
    };

    /// <summary>What every room may name of those that stand above them all, beside the options of its own.</summary>
    private static readonly string[] OfAll = ["RefusalException", "RefusalKind", "LogEntry", "LogSeverity", "RequestSummary", "StartException"];

    /// <summary>What of the rest some rooms may name.</summary>
    private static readonly Dictionary<string, string[]> Above = new()
    {
        ["Http"] = ["ConnectionLimits", "RateLimit"],
        ["Maintenance"] = ["ForumOptions"],
        ["Api"] = ["AuthenticationRequest", "Forum", "ForumOptions", "RateLimit", "RateLimitOptions"],
        ["Telemetry"] = ["Forum"],
        ["CommandLine"] = ["Forum", "ForumOptions", "ForumServer", "ConnectionLimits", "RateLimit", "RateLimitOptions"],
    };

    /// <summary>The rooms with SQL.</summary>
    private static readonly string[] OfSql = ["Data", "Storage", "Maintenance"];

    public static IEnumerable<object[]> Folders => Directory.GetDirectories(Product, "*", SearchOption.AllDirectories)
        .Where(folder => Directory.EnumerateFiles(folder, "*.cs").Any())
        .Select(folder => Path.GetRelativePath(Product, folder))
        .Where(folder => folder.Split('/')[0] is not ("bin" or "obj"))
        .Select(folder => new object[] { folder });

    private static string Product => Path.Combine(Repository.Root, "TinyForum");

    [TestMethod]
    [DynamicData(nameof(Folders))]
    public void A_room_touches_no_more_than_it_may(string folder)
    {
        var room = folder.Split('/')[0];
        Assert.IsTrue(Rooms.TryGetValue(room, out var allowed), $"{room} is no room: say in {nameof(LayoutTests)} what it may touch");
        var forbidden = Rooms.Keys.Except([room, .. allowed!]).ToHashSet();
        var above = Directory.GetFiles(Product, "*.cs").Select(Path.GetFileNameWithoutExtension)
            .Append("RateLimit").Append("LogSeverity").Append("RequestSummary").Append("RefusalKind")
            .Except(["Program", .. OfAll, .. Above.GetValueOrDefault(room, [])]);
        var mentionsAbove = new Regex($@"(?<![\w.])(nothing{string.Concat(above.Select(name => "|" + name))})(?![\w;])");
        foreach (var file in Directory.GetFiles(Path.Combine(Product, folder), "*.cs"))
        {
            var text = File.ReadAllText(file);
            StringAssert.Contains("\n" + text, $"\nnamespace TinyForum.{folder.Replace('/', '.')};\n", file);
            foreach (var mention in Mention().Matches(Code(text)).Select(m => m.Groups[1].Value))
                Assert.DoesNotContain(mention, forbidden, $"{file} may not touch {mention}");
            Assert.IsFalse(mentionsAbove.IsMatch(Code(text)), $"{file} may not touch {mentionsAbove.Match(Code(text)).Value}");
        }
    }

    [TestMethod]
    public void The_page_on_the_architecture_has_the_same_table()
    {
        var rows = Row().Matches(Repository.Read("docs/architecture.md")).Select(r => $"{r.Groups[1].Value}: {r.Groups[2].Value.Replace("`", "")}");
        var rooms = Rooms.Select(r => $"{r.Key}: {(r.Value.Length == 0 ? "nothing" : string.Join(", ", r.Value))}");
        CollectionAssert.AreEquivalent(rooms.ToArray(), rows.ToArray());
    }

    [TestMethod]
    public void No_line_is_longer_than_the_editorconfig_says()
    {
        var max = int.Parse(MaxLength().Match(Repository.Read(".editorconfig")).Groups[1].Value);
        var sources = Directory.GetDirectories(Repository.Root, "TinyForum*")
            .SelectMany(folder => Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories))
            .Where(file => Path.GetRelativePath(Repository.Root, file).Split('/')[1] is not ("bin" or "obj"))
            .ToList();
        Assert.IsGreaterThan(150, sources.Count);
        var tooLong = sources.SelectMany(file => File.ReadLines(file).Index().Where(l => l.Item.Length > max).Select(l => $"{file}:{l.Index + 1}"));
        Assert.AreEqual("", string.Join('\n', tooLong));
    }

    [TestMethod]
    public void SQL_is_written_in_the_rooms_of_the_database_alone()
    {
        var sources = Directory.GetFiles(Product, "*.cs", SearchOption.AllDirectories)
            .Where(file => Path.GetRelativePath(Product, file).Split('/')[0] is not ("bin" or "obj") and var room && !OfSql.Contains(room))
            .ToList();
        Assert.IsGreaterThan(40, sources.Count);
        foreach (var file in sources)
            Assert.IsFalse(Sql().IsMatch(File.ReadAllText(file)), $"{file}: {Sql().Match(File.ReadAllText(file)).Value}");
    }

    [TestMethod]
    [DataRow("r => c.Number(\"SELECT count(*) FROM users\")", true)]
    [DataRow("Script(\"PRAGMA user_version\")", true)]
    [DataRow("\"\"\"\n    DELETE FROM posts\n    \"\"\"", true)]
    [DataRow("\"ALTER TABLE users ADD x\"", true)]
    [DataRow("\"WITH x AS (SELECT 1) SELECT * FROM x\"", true)]
    [DataRow("\"DELETE /api/posts/{id}\"", false)]
    [DataRow("Method is \"SELECT\" or \"UPDATE\"", false)]
    public void What_is_SQL_is_told(string code, bool isSql) => Assert.AreEqual(isSql, Sql().IsMatch(code));

    /// <summary>A source without its comments and strings.</summary>
    private static string Code(string text) => Regex.Replace(text, "\"\"\"[\\s\\S]*?\"\"\"|//[^\n]*|\"(?:\\\\.|[^\"\\\\\n])*\"", "");

    [GeneratedRegex(@"^\| `(\w+)/` \| .+ \| (.+) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("max_line_length = ([0-9]+)")]
    private static partial Regex MaxLength();

    [GeneratedRegex(@"(?:\bTinyForum\.|(?<![\w.]))(Text|Concurrency|Passwords|Storage|Search|Data|Maintenance|Http|Api|Telemetry|CommandLine)(?:\.[A-Z]|;)")]
    private static partial Regex Mention();

    [GeneratedRegex(@"""\s*(?:SELECT|INSERT (?:OR \w+ )?INTO|REPLACE INTO|WITH (?:RECURSIVE )?\w+ AS|UPDATE|DELETE FROM|EXPLAIN|ANALYZE|REINDEX|SAVEPOINT|"
        + @"(?:CREATE|ALTER|DROP) (?:TABLE|INDEX|VIRTUAL|VIEW|TRIGGER|TEMP|UNIQUE)|"
        + @"PRAGMA|VACUUM|BEGIN|COMMIT|ROLLBACK|ATTACH)\b(?!"")|;\s*(?:PRAGMA|VACUUM)\b")]
    private static partial Regex Sql();
}
