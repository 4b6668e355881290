using System.Buffers;
using System.Text;
using FsCheck.Fluent;
using TinyForum.Data;
using TinyForum.Web;

namespace TinyForum.Tests;

/// <summary>HTML by interpolated strings.</summary>
[TestClass]
public sealed class HtmlWriterTests
{
    [TestMethod]
    public void Each_hole_is_written_by_its_type()
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new HtmlWriter(output, "/forum");
        writer.Write($"<p title=\"{"a\"<b>&'"}\">{new Html("<b>x</b>")} {-7L} {Url.Post(3, "?a=1&b=2")} {Url.User("李 雷/x")} {(string?)null}</p>");
        Assert.AreEqual(
            "<p title=\"a&quot;&lt;b&gt;&amp;&#x27;\"><b>x</b> -7 /forum/posts/3?a=1&amp;b=2 /forum/user/%E6%9D%8E%20%E9%9B%B7%2Fx </p>",
            Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [TestMethod]
    public void A_name_has_a_direction_of_its_own_and_leads_to_its_users_page_if_there_is_one()
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new HtmlWriter(output, "/forum");
        writer.Write($"{new User(7, "נועה")} {new User(0, User.DeletedName)} {new Name("<a>")} {DateTimeOffset.UnixEpoch}");
        Assert.AreEqual(
            "<a href=\"/forum/user/%D7%A0%D7%95%D7%A2%D7%94\"><bdi>נועה</bdi></a> <bdi>deleted</bdi> <bdi>&lt;a&gt;</bdi> "
            + "<time datetime=\"1970-01-01T00:00:00Z\">1970-01-01<noscript> 00:00</noscript></time>",
            Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [TestMethod]
    public void Any_text_comes_back_from_the_HTML_as_it_was() => Prop.ForAll<string>(text =>
    {
        var output = new ArrayBufferWriter<byte>();
        new HtmlWriter(output, "").Write($"{text}");
        var html = Encoding.UTF8.GetString(output.WrittenSpan);
        Assert.IsLessThan(0, html.IndexOfAny(['<', '>', '"', '\'']));
        var whole = string.Concat((text ?? "").EnumerateRunes()); // half a character is U+FFFD
        Assert.AreEqual(whole, System.Net.WebUtility.HtmlDecode(html));
    }).Holds(cases: 1000);

    [TestMethod]
    public void Nothing_is_allocated_for_a_hole()
    {
        var output = new ArrayBufferWriter<byte>(1 << 20);
        var writer = new HtmlWriter(output, "/forum");
        var (text, time, html) = ("some <text> & \"more\", 茶, 😀", DateTimeOffset.UnixEpoch, new Html("<b>x</b>"));
        Write();
        output.ResetWrittenCount();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
            Write();
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Write() => writer.Write($"<p>{text} {123_456L} {html} {time} {Url.Post(3, "/edit")} {Url.Front}</p>");
    }
}
