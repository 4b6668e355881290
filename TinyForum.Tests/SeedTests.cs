using System.Text.RegularExpressions;

namespace TinyForum.Tests;

[TestClass]
public sealed class SeedTests
{
    private static readonly Regex Exchange = new("""
        ^\$ curl -i -X (?<method>\w+) -H "Content-Type: application/json"(?: -d '(?<body>[^']*)')? http://127\.0\.0\.1:5000(?<path>\S+)
        HTTP/1\.0 (?<status>\d+) .*?

        (?<answer>\{.*?^\}
        )
        """.ReplaceLineEndings("\n"), RegexOptions.Multiline | RegexOptions.Singleline);

    [TestMethod]
    public async Task The_transcript_gets_its_answers_to_the_letter()
    {
        var transcript = Repository.Read("docs/seed.md").ReplaceLineEndings("\n");
        var exchanges = Exchange.Matches(transcript);
        Assert.HasCount(Regex.Count(transcript, @"^\$ curl", RegexOptions.Multiline), exchanges, "every request of the transcript is understood");

        await using var forum = await TestForum.StartAsync();
        using var client = new TestClient(forum.Url, cookies: false); // as curl in the transcript, which says nothing of who is calling
        foreach (Match exchange in exchanges)
        {
            var body = exchange.Groups["body"];
            var answer = await client.SendAsync(
                exchange.Groups["method"].Value, exchange.Groups["path"].Value, body.Success ? body.Value : null);
            Assert.AreEqual(exchange.Groups["answer"].Value, answer.Text, exchange.Value);
            Assert.AreEqual(int.Parse(exchange.Groups["status"].Value), (int)answer.Status, exchange.Value);
            Assert.AreEqual("application/json", answer.Header("Content-Type"));
        }
    }
}
