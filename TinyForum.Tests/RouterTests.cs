using TinyForum.Http;

namespace TinyForum.Tests;

[TestClass]
public sealed class RouterTests
{
    private static Router<string> Router(params string[] patterns)
    {
        var router = new Router<string>();
        foreach (var pattern in patterns)
            router.Add(pattern, pattern);
        return router;
    }

    [TestMethod]
    [DataRow("GET", "/a", "GET /a", "", DisplayName = "a literal")]
    [DataRow("HEAD", "/a", "GET /a", "", DisplayName = "GET serves HEAD")]
    [DataRow("GET", "/a/7", "GET /a/{id}", "7", DisplayName = "a wildcard")]
    [DataRow("GET", "/a/read", "GET /a/{id}", "read", DisplayName = "a wildcard where the literal lacks the method")]
    [DataRow("PUT", "/a/read", "PUT /a/read", "", DisplayName = "a literal beats a wildcard")]
    [DataRow("PUT", "/a/7/read", "PUT /a/{id}/read", "7", DisplayName = "a wildcard in the middle")]
    [DataRow("GET", "/x/1/y/2", "GET /x/{a}/y/{b}", "1,2", DisplayName = "two wildcards")]
    public void A_path_leads_to_its_pattern(string method, string path, string pattern, string values)
    {
        foreach (var order in new[] { 1, -1 })
        {
            string[] patterns = ["GET /a", "GET /a/{id}", "PUT /a/read", "PUT /a/{id}/read", "GET /x/{a}/y/{b}"];
            if (order < 0)
                Array.Reverse(patterns);
            var match = Router(patterns).Match(method, path[1..].Split('/'));
            Assert.AreEqual(pattern, match.Endpoint);
            Assert.AreEqual(values, string.Join(",", match.Values));
        }
    }

    [TestMethod]
    [DataRow("GET", "/", null, DisplayName = "an unknown path")]
    [DataRow("GET", "/a/", null, DisplayName = "an empty segment is no value")]
    [DataRow("GET", "/a/7/8", null, DisplayName = "a longer path")]
    [DataRow("GET", "/A", null, DisplayName = "paths have case")]
    [DataRow("POST", "/a", "GET, HEAD, OPTIONS", DisplayName = "another method")]
    [DataRow("get", "/a", "GET, HEAD, OPTIONS", DisplayName = "methods have case")]
    [DataRow("DELETE", "/a/read", "GET, HEAD, OPTIONS, PUT", DisplayName = "all methods of all patterns that have the path")]
    [DataRow("OPTIONS", "/a/7", "GET, HEAD, OPTIONS", DisplayName = "OPTIONS")]
    public void What_no_pattern_serves_is_told_apart(string method, string path, string? allow)
    {
        var match = Router("GET /a", "GET /a/{id}", "PUT /a/read").Match(method, path[1..].Split('/'));
        Assert.IsNull(match.Endpoint);
        Assert.AreEqual(allow, match.Allow);
    }

    [TestMethod]
    [DataRow("FETCH /a")]
    [DataRow("/a")]
    [DataRow("GET a")]
    [DataRow("GET /a/")]
    [DataRow("GET /a//b")]
    [DataRow("GET /{")]
    [DataRow("GET /{}")]
    [DataRow("GET /{a}b")]
    [DataRow("GET /{Id}")]
    [DataRow("GET /{id}/{id}")]
    [DataRow("GET /a?b")]
    [DataRow("GET /a%20b")]
    [DataRow("GET /a b")]
    public void A_malformed_pattern_is_refused_when_registered(string pattern) =>
        Assert.ThrowsExactly<ArgumentException>(() => Router(pattern));

    [TestMethod]
    public void A_pattern_is_registered_once_and_its_wildcards_have_one_name()
    {
        Assert.ThrowsExactly<ArgumentException>(() => Router("GET /a", "GET /a"));
        Assert.ThrowsExactly<ArgumentException>(() => Router("GET /a/{id}", "PUT /a/{name}"));
    }
}
