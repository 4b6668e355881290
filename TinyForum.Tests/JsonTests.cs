using System.Text;
using System.Text.Json;
using FsCheck.Fluent;
using TinyForum.Api;
using TinyForum.Api.Endpoints;
using TinyForum.Http;

namespace TinyForum.Tests;

[TestClass]
public sealed class JsonTests
{
    private static RefusalException Refused(byte[] body) => Assert.ThrowsExactly<RefusalException>(() => JsonBody.Read(body, ApiJson.Type<Credentials>()));

    [TestMethod]
    public void A_body_of_the_right_members_is_read_in_any_order() =>
        Assert.AreEqual(new Credentials("a\u00e9", "b"),
            JsonBody.Read(" {\"password\" : \"b\",\n\"user\\u006eame\":\"a\\u00e9\"} "u8, ApiJson.Type<Credentials>()));

    [TestMethod]
    [DataRow("""{"username":"a"}""", "password", "is required")]
    [DataRow("""{"username":"a","password":null}""", "password", "must not be null")]
    [DataRow("""{"username":"a","password":1}""", "password", "must be a string")]
    [DataRow("""{"username":"a","password":["b"]}""", "password", "must be a string")]
    [DataRow("""{"username":"a","password":{"b":1}}""", "password", "must be a string")]
    [DataRow("""{"username":"a","password":"b","password":"c"}""", "password", "must be given once")]
    [DataRow("""{"username":"a","password":"b","p\u0061ssword":"c"}""", "password", "must be given once", DisplayName = "twice, once escaped")]
    [DataRow("""{"username":"a","password":"b","x":1}""", "x", "is not a known field")]
    [DataRow("""{"username":"a","password":"b","Password":"c"}""", "Password", "is not a known field", DisplayName = "names have case")]
    [DataRow("""{"username":"\ud800","password":"b"}""", "username", "must not have lone surrogates")]
    [DataRow("""{"username":"\udc00\ud800","password":"b"}""", "username", "must not have lone surrogates")]
    public void What_is_wrong_with_a_member_is_told_by_its_name(string body, string field, string why) =>
        Assert.AreEqual(why, Refused(Encoding.UTF8.GetBytes(body)).Errors![field]);

    [TestMethod]
    [DataRow("", "the body is not valid JSON at line 1, byte 1")]
    [DataRow("{\"username\":\"a\",\n\"password\":b}", "the body is not valid JSON at line 2, byte 12")]
    [DataRow("""{"username":"a","password":"b"} x""", "the body is not valid JSON at line 1, byte 33", DisplayName = "trailing data")]
    [DataRow("""{"username":"a","password":"b"}{}""", "the body is not valid JSON at line 1, byte 32", DisplayName = "a second object")]
    [DataRow("""{"username":"a","password":"b",}""", "the body is not valid JSON at line 1, byte 32", DisplayName = "a trailing comma")]
    [DataRow("""{"username":"a",/**/"password":"b"}""", "the body is not valid JSON at line 1, byte 17", DisplayName = "a comment")]
    [DataRow("""{"x":[[[[[[[[[]]]]]]]]]}""", "the body is not valid JSON at line 1, byte 13", DisplayName = "too deep")]
    [DataRow("""["username"]""", "the body must be a JSON object")]
    [DataRow("\"a\"", "the body must be a JSON object")]
    [DataRow("null", "the body must be a JSON object")]
    [DataRow("""{"\ud800":1}""", "the body has a lone surrogate at line 1, byte 2")]
    public void What_is_no_JSON_is_told_by_its_position(string body, string message) =>
        Assert.AreEqual(message, Refused(Encoding.UTF8.GetBytes(body)).Message);

    [TestMethod]
    public void What_is_not_UTF_8_is_told_by_its_position()
    {
        Assert.AreEqual("the body is not UTF-8 at line 1, byte 14", Refused([.. "{\"username\":\""u8, 0xFF, .. "\"}"u8]).Message);
        Assert.AreEqual("the body is not UTF-8 at line 2, byte 1", Refused([.. "{\n"u8, 0xC0, 0xAF]).Message);
    }

    [TestMethod]
    public void All_mistakes_are_told_at_once() =>
        CollectionAssert.AreEqual(new[] { "password", "username", "x" }, Refused("""{"username":1,"x":2}"""u8.ToArray()).Errors!.Keys.ToArray());

    [TestMethod]
    public void No_bytes_do_more_than_be_refused() => Prop.ForAll<byte[]>(bytes =>
    {
        try
        {
            JsonBody.Read([.. "{\"username\":\""u8, .. bytes], ApiJson.Type<Credentials>());
            return false;
        }
        catch (RefusalException refusal)
        {
            return refusal.Kind == RefusalKind.Invalid;
        }
    }).Holds();

    [TestMethod]
    public void Nothing_is_escaped_that_JSON_does_not_demand()
    {
        var text = "\"\\/\b\f\n\r\t\u0000\u001f\u007f\u0085\u2028中😀é<>&'+\uE000";
        Assert.AreEqual("\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u007f\u0085\u2028中😀é<>&'+\uE000\"\n", Encoding.UTF8.GetString(Rendered(text)));
    }

    [TestMethod]
    public void Any_text_comes_back() => Prop.ForAll<string>(text =>
    {
        var whole = string.Concat((text ?? "").Where(c => !char.IsSurrogate(c)));
        return JsonSerializer.Deserialize<string>(Rendered(whole)) == whole;
    }).Holds();

    private static byte[] Rendered(string text)
    {
        using var buffer = new PooledBuffer();
        using (var writer = new Utf8JsonWriter(buffer, Json.WriterOptions))
            writer.WriteStringValue(text);
        return [.. buffer.Written.Span, (byte)'\n'];
    }
}
