using System.Text;
using FsCheck.Fluent;
using TinyForum.Http;

namespace TinyForum.Tests;

[TestClass]
public sealed class RequestTargetTests
{
    [TestMethod]
    [DataRow("/", "", DisplayName = "the root")]
    [DataRow("/a/b", "a|b")]
    [DataRow("/a/", "a|")]
    [DataRow("//a", "|a")]
    [DataRow("/a/../b/./c", "a|..|b|.|c", DisplayName = "dots are not folded")]
    [DataRow("/%2e%2e/a", "..|a", DisplayName = "nor are encoded ones")]
    [DataRow("/a\\b", "a\\b", DisplayName = "a backslash is no slash")]
    [DataRow("/%E4%B8%AD", "中")]
    [DataRow("/\u00E4\u00B8\u00AD", "中", DisplayName = "bytes that came unencoded")]
    [DataRow("/a+b", "a+b", DisplayName = "a plus is a plus in a path")]
    [DataRow("/%u0041", null)]
    [DataRow("/%41", "A")]
    [DataRow("http://host:1/a", "a", DisplayName = "the absolute form")]
    [DataRow("http://host", "")]
    [DataRow("http://host?x", "")]
    [DataRow("/http://host/a", "http:||host|a")]
    [DataRow("/a%2Fb", null, DisplayName = "an encoded slash")]
    [DataRow("/a%00", null, DisplayName = "NUL")]
    [DataRow("/a%", null)]
    [DataRow("/a%4", null)]
    [DataRow("/a%4g", null)]
    [DataRow("/%ff", null, DisplayName = "not UTF-8")]
    [DataRow("/%c0%af", null, DisplayName = "an overlong slash")]
    [DataRow("/%ed%a0%80", null, DisplayName = "an encoded surrogate")]
    [DataRow("", null)]
    [DataRow("*", null)]
    [DataRow("host:80", null)]
    public void A_path_is_split_first_and_decoded_after(string raw, string? segments)
    {
        if (segments is null)
            Assert.AreEqual(RefusalKind.Invalid, Assert.ThrowsExactly<RefusalException>(() => RequestTarget.Parse(raw)).Kind);
        else
            Assert.AreEqual(segments, string.Join("|", RequestTarget.Parse(raw).Segments));
    }

    [TestMethod]
    [DataRow("/?a=1&b=2", "a", "1")]
    [DataRow("/?a=1&b=2", "b", "2")]
    [DataRow("/?a=1", "c", null)]
    [DataRow("/?a", "a", "")]
    [DataRow("/?&&a=b=c&", "a", "b=c")]
    [DataRow("/?a=b+c%2Bd%2Fe", "a", "b c+d/e")]
    [DataRow("/?%61=1", "a", "1")]
    public void A_query_is_taken_apart(string raw, string name, string? value) => Assert.AreEqual(value, RequestTarget.Parse(raw).Parameter(name));

    [TestMethod]
    public void A_parameter_that_is_given_twice_is_refused() =>
        Assert.AreEqual("must be given once", Assert.ThrowsExactly<RefusalException>(() => RequestTarget.Parse("/?a=1&%61=2").Parameter("a")).Errors!["a"]);

    [TestMethod]
    public void Any_text_comes_through_percent_encoding() => Prop.ForAll<string[]>(texts =>
    {
        var segments = texts.Select(t => string.Concat((t ?? "").Where(c => c is not ('/' or '\0') && !char.IsSurrogate(c)))).ToArray();
        if (segments.Length == 0)
            return true;
        var raw = "/" + string.Join('/', segments.Select(Uri.EscapeDataString));
        var rawBytes = "/" + string.Join('/',
            segments.Select(s => string.Concat(Encoding.UTF8.GetBytes(s.Replace("%", "%25").Replace("?", "%3F")).Select(b => (char)b))));
        return RequestTarget.Parse(raw).Segments.SequenceEqual(segments) && RequestTarget.Parse(rawBytes).Segments.SequenceEqual(segments);
    }).Holds();

    [TestMethod]
    public void No_text_does_more_than_be_refused() => Prop.ForAll<string>(text =>
    {
        try
        {
            RequestTarget.Parse("/" + text);
            return true;
        }
        catch (RefusalException refusal)
        {
            return refusal.Kind == RefusalKind.Invalid;
        }
    }).Holds();
}
