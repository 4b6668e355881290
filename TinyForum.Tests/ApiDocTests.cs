using System.Text.RegularExpressions;
using TinyForum.Api;
using TinyForum.Api.OpenApi;
using TinyForum.Data;

namespace TinyForum.Tests;

/// <summary>
/// Runs docs/api.md: every line of its shell blocks in order, as if typed. What follows a block is the answer to its last line, where
/// <c>…</c> stands for anything. With TINYFORUM_WRITE_DOCS set, answers that differ are written into the page instead, to be reviewed.
/// </summary>
[TestClass]
public sealed partial class ApiDocTests
{
    private const string Path = "docs/api.md";

    private static readonly Dictionary<string, string> Sections = Regex.Split(Repository.Read(Path), "^### `", RegexOptions.Multiline)
        .Skip(1).ToDictionary(s => s[..s.IndexOf('`')]);

    [TestMethod]
    public void Every_route_has_a_section_that_says_who_may_call_and_shows_a_call()
    {
        CollectionAssert.AreEquivalent(Routes.Table.Select(e => e.Pattern).ToArray(), Sections.Keys.ToArray());
        foreach (var endpoint in Routes.Table)
        {
            var section = Sections[endpoint.Pattern];
            StringAssert.Contains(section.Replace('\n', ' '), OpenApiTerms.Who(endpoint.Access), endpoint.Pattern);
            var operation = Contract.Document["paths"]![endpoint.Pattern.Split(' ')[1]]![endpoint.Pattern.Split(' ')[0].ToLowerInvariant()];
            Assert.IsTrue(
                Blocks().Matches(section).SelectMany(b => Lines(b)).Where(l => l.StartsWith("curl ")).Select(l => CurlCommand.Parse(l, []))
                    .Any(c => Contract.Operation(c.Method, c.Target) == operation),
                $"the section of {endpoint.Pattern} shows no call of it");
        }
    }

    [TestMethod]
    public async Task Every_line_does_what_the_page_shows()
    {
        await using var forum = await TestForum.StartAsync(
            o => o with { TimeProvider = new ManualTime(), Resolve = NeverAsync, PublicUrl = new("http://127.0.0.1:5000") });
        using var client = new TestClient(forum.Url, cookies: false);
        var shell = new Shell(forum, client);
        var page = Repository.Read(Path);
        string? mistake = null;
        foreach (Match block in Blocks().Matches(page))
        {
            foreach (var line in Lines(block))
                await shell.RunAsync(line);
            var shown = block.Groups["answer"].Value;
            if (!block.Groups["answer"].Success || Regex.IsMatch(shell.Output, $"^{Regex.Escape(shown).Replace("…", ".*?")}$", RegexOptions.Singleline))
                continue;
            mistake ??= $"{block.Groups["lines"].Value}is shown to answer\n{shown}and answered\n{shell.Output}";
            page = page.Replace(block.Value, block.Value.Replace(shown, shell.Output));
        }
        if (mistake is not null && Environment.GetEnvironmentVariable("TINYFORUM_WRITE_DOCS") is not null)
            await File.WriteAllTextAsync(System.IO.Path.Combine(Repository.Root, Path), page);
        if (mistake is not null)
            Assert.Fail(mistake);
    }

    private static async Task<System.Net.IPAddress[]> NeverAsync(string name, CancellationToken cancellation) // so that deliveries wait
    {
        await Task.Delay(Timeout.Infinite, cancellation);
        return [];
    }

    private static IEnumerable<string> Lines(Match block) =>
        block.Groups["lines"].Value.Replace("\\\n", "").Split('\n').Where(l => l.Length > 0);

    [GeneratedRegex(@"^```sh\n(?<lines>.*?)^```\n(?:```(?:json|http|text)\n(?<answer>.*?)^```\n)?", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();

    /// <summary>Knows the few commands that the page is made of.</summary>
    private sealed class Shell(TestForum forum, TestClient client)
    {
        private readonly Dictionary<string, string> _variables = [];
        private readonly Dictionary<string, string> _jars = [];
        private Answer? _last;

        /// <summary>What the last command printed.</summary>
        public string Output { get; private set; } = "";

        public async Task RunAsync(string line)
        {
            if (line.Split(' ') is ["./run.sh", "user", "role", var name, var role])
                await forum.Server.Users.SetRoleAsync(Actor.System, name, Enum.Parse<Role>(role, ignoreCase: true));
            else if (line.Contains("/api/setup", StringComparison.Ordinal))
                await SetUpAsync(line);
            else if (Regex.Match(line, "^([A-Z]+)=…$") is { Success: true } assignment)
                _variables[assignment.Groups[1].Value] = Member(assignment.Groups[1].Value.ToLowerInvariant());
            else
                await CallAsync(CurlCommand.Parse(line, _variables));
        }

        /// <summary>The page's own forum is not empty by then.</summary>
        private async Task SetUpAsync(string line)
        {
            await using var empty = await TestForum.StartAsync(o => o with { TimeProvider = new ManualTime() });
            _variables["KEY"] = empty.Server.SetupUrl!.Query.Split('=')[1];
            var shell = new Shell(empty, empty.Client());
            await shell.CallAsync(CurlCommand.Parse(line, _variables));
            Output = shell.Output;
        }

        private async Task CallAsync(CurlCommand command)
        {
            var headers = command.Headers.Append(("User-Agent", "curl/8.5.0")).ToList();
            if (command.Streams)
            {
                Output = await StreamAsync(command);
                return;
            }
            if (command.SendJar is { } sent)
                headers.Add(("Cookie", _jars[sent]));
            _last = await client.SendAsync(command.Method, command.Target, command.Body, [.. headers]);
            var isRefused = (int)_last.Status >= 300 || (_last.IsJson && (string?)_last.Json["status"] == "fail");
            Assert.IsFalse(isRefused, $"{_last.Request}: {(int)_last.Status}\n{_last.Text}");
            if (command.StoreJar is { } stored)
                _jars[stored] = _last.Header("Set-Cookie")!.Split(';')[0];
            Output = command.ShowsHead
                ? $"HTTP/1.1 {(int)_last.Status} {_last.Status}\n{Head(_last)}\n{_last.Text}"
                : _last.Text;
        }

        /// <summary>The first three frames of a stream.</summary>
        private async Task<string> StreamAsync(CurlCommand command)
        {
            await using var events = await EventReader.OpenAsync(forum.Url, command.Target, command.Headers);
            return await events.ReadTextAsync(frames: 3);
        }

        /// <summary>A member of the last answer, or what a link in it has by that name.</summary>
        private string Member(string name) => Regex.Match(_last!.Text, $"(?:\"{name}\": \"|[?&]{name}=)([^\"&]+)").Groups[1].Value;

        private static string Head(Answer answer) => string.Concat(
            answer.Headers.Concat(answer.ContentHeaders).OrderBy(h => h.Key, StringComparer.Ordinal).Select(h => $"{h.Key}: {string.Join(", ", h.Value)}\n"));
    }

    /// <summary>A curl line of the simple kind.</summary>
    private sealed partial record CurlCommand(
        string Method, string Target, string? Body, (string, string)[] Headers, string? SendJar, string? StoreJar, bool ShowsHead, bool Streams)
    {
        public static CurlCommand Parse(string line, Dictionary<string, string> variables)
        {
            var words = new Queue<string>(Word().Matches(line).Select(w => Unquote(w.Value, variables)));
            Assert.AreEqual("curl", words.Dequeue(), line);
            string? method = null, url = null, body = null, query = null, sendJar = null, storeJar = null;
            var headers = new List<(string, string)>();
            var (showsHead, streams) = (false, false);
            while (words.TryDequeue(out var word))
            {
                switch (word)
                {
                    case "-i": showsHead = true; break;
                    case "-N": streams = true; break;
                    case "-X": method = words.Dequeue(); break;
                    case "-b": sendJar = words.Dequeue(); break;
                    case "-c": storeJar = words.Dequeue(); break;
                    case "-d": body = words.Dequeue(); Assert.AreEqual("", body, $"{line}: -d sends a form, --json JSON"); break;
                    case "-G": method = "GET"; break;
                    case "--data-urlencode":
                        query = words.Dequeue().Split('=', 2) is [var key, var text]
                        ? $"?{key}={Uri.EscapeDataString(text)}" : null; break;
                    case "--json": body = words.Dequeue(); break;
                    case "-H": headers.Add(words.Dequeue().Split(": ") is [var name, var value] ? (name, value) : throw new FormatException(line)); break;
                    default:
                        url = url is null && word.StartsWith(new ForumOptions().Listen[0] + "/")
                        ? word : throw new FormatException($"{line}: {word}"); break;
                }
            }
            method ??= body is null ? "GET" : "POST";
            Assert.IsTrue(body is not null || method is not ("POST" or "PUT"), $"{line}: without -d '' curl sends no Content-Length");
            return new CurlCommand(method, new Uri(url + query).PathAndQuery, body is "" ? null : body, [.. headers], sendJar, storeJar, showsHead, streams);
        }

        private static string Unquote(string word, Dictionary<string, string> variables) => word switch
        {
            ['\'', .. var text, '\''] => text,
            ['"', .. var text, '"'] => Regex.Replace(text.Replace("\\\"", "\""), @"\$([A-Z]+)", v => variables.GetValueOrDefault(v.Groups[1].Value, "")),
            _ => word,
        };

        [GeneratedRegex("""'[^']*'|"(?:[^"\\]|\\.)*"|[^\s'"]+""")]
        private static partial Regex Word();
    }
}
