using System.Globalization;
using System.Text;

namespace TinyForum.Tests;

/// <summary>
/// Mutants of the corpus against the real server. Seeded, so that what fails fails again: <c>TINYFORUM_FUZZ_SEED</c> and
/// <c>TINYFORUM_FUZZ_CASES</c> change where it starts and how far it goes.
/// </summary>
[TestClass]
public sealed class HostileFuzzTests(TestContext test)
{
    private static readonly int Seed = Setting("TINYFORUM_FUZZ_SEED", 20260131), Cases = Setting("TINYFORUM_FUZZ_CASES", 4000);

    private static readonly string[] Words =
    [
        "\r\n", "\n", "\r", "\r\n\r\n", " ", "\t", "\0", ":", ",", ";", "=", "/", "//", "..", "%",
        "%00", "%2F", "%ff", "%u0041", "?", "&", "#", "*", "@", "\u00FF", "\u0085",
        "HTTP/1.1", "HTTP/1.0", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS",
        "/api/posts", "/api/me", "/api/user/ada", "/api/logout/ada", "/api/search?q=\"", "http://",
        "Host: 127.0.0.1\r\n", "Host: a\r\n", "Content-Length: 41\r\n", "Content-Length: 5\r\n", "Content-Length: -1\r\n",
        "Transfer-Encoding: chunked\r\n", "Connection: close\r\n",
        "Connection: keep-alive\r\n", "Expect: 100-continue\r\n", "Cookie: tinyforum_session=", "Authorization: Bearer ",
        "If-None-Match: *\r\n", "Idempotency-Key: a\r\n", "Origin: null\r\n",
        "18446744073709551616", "-1", "0", "2147483648", "{\"", "\"}", "[", "\\ud800", "\\u0000", "1e999", "null",
    ];

    [TestMethod]
    public async Task No_mutant_does_more_than_be_answered()
    {
        await using var forum = await TestForum.StartAsync(o => o with { Connections = new() { MaxConnections = 5000 } });
        await forum.UserAsync("ada");
        var workers = Enumerable.Range(0, 4).Select(worker => Task.Run(() =>
        {
            for (var number = worker; number < Cases && !test.CancellationToken.IsCancellationRequested; number += 4)
                Try(forum, number);
        }));
        await Task.WhenAll(workers);
        (await forum.Client().GetAsync("/api/user/ada")).Is(200, "success");
        Assert.IsEmpty(Unobserved.Exceptions(), string.Join("\n\n", Unobserved.Exceptions()));
    }

    private static void Try(TestForum forum, int number)
    {
        var text = Mutant(new Random(Seed + number)).Replace("PORT", $"{forum.Url.Port}");
        var isHead = text.TrimStart('\r', '\n').StartsWith("HEAD ", StringComparison.Ordinal);
        try
        {
            using (var client = new RawClient(forum.Url))
            {
                client.SendExactly(text);
                client.Finish();
                foreach (var answer in client.ReadAnswers(isHead))
                    Check(answer);
            }
            using var healthy = new RawClient(forum.Url);
            healthy.SendExactly($"GET /api/sentinel{number} HTTP/1.1\r\nHost: {forum.Url.Authority}\r\nConnection: close\r\n\r\n");
            var next = healthy.ReadAnswers().Single();
            Assert.AreEqual(404, next.Status);
            next.IsEnvelope();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"case {number} of seed {Seed}: {e.Message}\n{Shown(text)}", e);
        }
    }

    private static void Check(RawAnswer answer)
    {
        if (answer.Field("Server") != "TinyForum")
        {
            // The listener's own.
            Assert.IsTrue(answer.Status is 100 or 400 or 404 or 411 or 501 or 505 || answer.IsAccident, answer.ToString());
            Assert.IsFalse(answer.IsJson);
            return;
        }
        Assert.IsTrue(answer.Status is >= 200 and < 500 or 503, answer.ToString());
        if (answer.Body.Length > 0)
            answer.IsEnvelope();
        else
            Assert.IsTrue(answer.Status is 204 or 304 || answer.Field("Content-Length") is not null, answer.ToString());
    }

    private static string Mutant(Random random)
    {
        var text = new StringBuilder(Pick(random));
        for (var changes = random.Next(1, 6); changes > 0; changes--)
        {
            var at = random.Next(text.Length + 1);
            var length = Math.Min(random.Next(1, 1 << random.Next(1, 8)), text.Length - at);
            switch (random.Next(8))
            {
                case 0:
                    text.Insert(at, (char)random.Next(256));
                    break;
                case 1 when at < text.Length:
                    text[at] = (char)(text[at] ^ (1 << random.Next(8)));
                    break;
                case 2:
                    text.Remove(at, length);
                    break;
                case 3:
                    text.Insert(random.Next(text.Length + 1), text.ToString(at, length));
                    break;
                case 4:
                    text.Length = at;
                    break;
                case 5:
                    var other = Pick(random);
                    text.Length = at;
                    text.Append(other.AsSpan(random.Next(other.Length)));
                    break;
                default:
                    text.Insert(at, Words[random.Next(Words.Length)]);
                    break;
            }
        }
        return text.ToString();
    }

    private static string Pick(Random random) => HostileRequests.All[random.Next(HostileRequests.All.Count)].Text;

    private static string Shown(string text) => string.Concat(text.Take(2000).Select(c => c is >= ' ' and <= '~' ? $"{c}" : $"\\x{(int)c:x2}"));

    private static int Setting(string name, int fallback) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : fallback;
}
