using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace TinyForum.Tests.Support;

/// <summary>An answer as it stood on the wire, read by the letter of RFC 9112: what does not parse fails the test.</summary>
internal sealed partial record RawAnswer(int Status, IReadOnlyList<(string Name, string Value)> Fields, string Body)
{
    private const string AccidentalBody = "0\r\n\r\n0\r\n\r\n";

    public bool IsJson => Field("Content-Type") == "application/json";

    /// <summary>Whether it is the one that HttpListener gives when a request without a target trips it up.</summary>
    public bool IsAccident => Status == 200 && Field("Server") == "Microsoft-NetCore/2.0";

    public bool Closes => Field("Connection")?.Equals("close", StringComparison.OrdinalIgnoreCase) == true;

    public string? Field(string name) => Fields.SingleOrDefault(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>Takes apart all that a connection gave, each character a byte.</summary>
    /// <param name="said">What came.</param>
    /// <param name="isHead">Whether the first answer is to a HEAD.</param>
    public static List<RawAnswer> ParseAll(string said, bool isHead = false)
    {
        var answers = new List<RawAnswer>();
        for (var rest = said; rest.Length > 0;)
        {
            var head = Head().Match(rest);
            Assert.IsTrue(head.Success, $"no answer of HTTP: {rest}\nin: {said}");
            var fields = head.Groups[2].Captures.Select(c => (c.Value[..c.Value.IndexOf(':')], c.Value[(c.Value.IndexOf(':') + 1)..].Trim())).ToList();
            var answer = new RawAnswer(int.Parse(head.Groups[1].Value, CultureInfo.InvariantCulture), fields, "");
            var length = answer.Status is < 200 or 204 or 304 || isHead ? 0 : int.Parse(answer.Field("Content-Length") ?? "0", CultureInfo.InvariantCulture);
            if (answer.Field("Transfer-Encoding") == "chunked" && answer.IsAccident && rest.AsSpan(head.Length).StartsWith(AccidentalBody))
                length = AccidentalBody.Length;
            else
                Assert.IsNull(answer.Field("Transfer-Encoding"), said);
            Assert.IsGreaterThanOrEqualTo(head.Length + length, rest.Length, $"shorter than its Content-Length: {said}");
            answers.Add(answer with { Body = rest.Substring(head.Length, length) });
            rest = rest[(head.Length + length)..];
            isHead = isHead && answer.Status < 200;
        }
        return answers;
    }

    /// <summary>Fails unless the body is the envelope, as every answer of the server's own is.</summary>
    public void IsEnvelope()
    {
        var json = (JsonObject)JsonNode.Parse(Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(Body)))!;
        Assert.IsTrue((string?)json["status"] is "success" or "fail" or "error", Body);
        StringAssert.EndsWith(Body, "\n}\n");
        Assert.AreEqual("TinyForum", Field("Server"));
    }

    [GeneratedRegex(@"\AHTTP/1\.1 ([1-5]\d\d) [ -~]*\r\n(?:([!#-'*+.0-9A-Z^-z|~-]+:[\t -~]*)\r\n)*\r\n")]
    private static partial Regex Head();
}
