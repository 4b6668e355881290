using System.Text;
using System.Xml;
using TinyForum.Data;

namespace TinyForum.Api;

/// <summary>Writes feeds (Atom, RFC 4287).</summary>
/// <param name="origin">The scheme, host and port of the forum's addresses.</param>
/// <param name="basePath">What its paths begin with.</param>
/// <param name="html">The HTML of a post.</param>
internal sealed class AtomFeed(Uri origin, string basePath, Func<Post, string> html)
{
    internal const string ContentType = "application/atom+xml; charset=utf-8";

    private const string Namespace = "http://www.w3.org/2005/Atom";

    private static readonly XmlWriterSettings Settings = new()
    {
        Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        Indent = true,
        NewLineChars = "\n",
        NewLineHandling = NewLineHandling.Entitize,
    };

    private string Address => $"{origin.GetLeftPart(UriPartial.Authority)}{basePath}";

    /// <summary>The feed in UTF-8.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="title">Its title.</param>
    /// <param name="alternate">The path of what it is a feed of.</param>
    /// <param name="feed">Its posts.</param>
    /// <param name="since">When it was last changed if it never had a post.</param>
    public ReadOnlySpan<byte> Render(string path, string title, string alternate, PostFeed feed, DateTimeOffset since)
    {
        var buffer = new MemoryStream();
        using (var xml = XmlWriter.Create(buffer, Settings))
        {
            xml.WriteStartElement("feed", Namespace);
            xml.WriteAttributeString("xml", "base", null, $"{Address}/");
            Head(xml, path, title, feed.UpdatedAt ?? since);
            Link(xml, "self", path, "application/atom+xml");
            Link(xml, "alternate", alternate, "text/html");
            foreach (var post in feed.Posts)
                Entry(xml, post);
            xml.WriteEndElement();
            xml.WriteWhitespace(Settings.NewLineChars);
        }
        return buffer.GetBuffer().AsSpan(0, (int)buffer.Length);
    }

    private void Entry(XmlWriter xml, FeedPost entry)
    {
        var post = entry.Post;
        xml.WriteStartElement("entry", Namespace);
        Head(xml, $"/posts/{post.Id}", post.Head is null ? $"Re: {entry.Title}" : entry.Title, entry.UpdatedAt);
        Element(xml, "published", Rfc3339.Format(post.CreatedAt));
        xml.WriteStartElement("author", Namespace);
        Element(xml, "name", post.Author.Username);
        xml.WriteEndElement();
        Link(xml, "alternate", $"/posts/{post.Id}", "text/html");
        foreach (var tag in post.Head?.Tags ?? [])
        {
            xml.WriteStartElement("category", Namespace);
            xml.WriteAttributeString("term", tag);
            xml.WriteEndElement();
        }
        xml.WriteStartElement("content", Namespace);
        xml.WriteAttributeString("type", "html");
        xml.WriteString(Allowed(html(post)));
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    /// <summary>What feeds and entries have in common. The id is a tag URI (RFC 4151), which stays as it is whatever the scheme and the port.</summary>
    private void Head(XmlWriter xml, string path, string title, DateTimeOffset updatedAt)
    {
        var authority = origin.HostNameType == UriHostNameType.IPv6 ? origin.IdnHost.Trim('[', ']').Replace(':', '-').Trim('-') : origin.IdnHost;
        Element(xml, "id", $"tag:{authority},2026:{path}");
        Element(xml, "title", Allowed(title));
        Element(xml, "updated", Rfc3339.Format(updatedAt));
    }

    private void Link(XmlWriter xml, string relation, string path, string type)
    {
        xml.WriteStartElement("link", Namespace);
        xml.WriteAttributeString("rel", relation);
        xml.WriteAttributeString("type", type);
        xml.WriteAttributeString("href", $"{Address}{path}");
        xml.WriteEndElement();
    }

    private static void Element(XmlWriter xml, string name, string text) => xml.WriteElementString(name, Namespace, text);

    /// <summary>The text with U+FFFD for each character that XML may not have; surrogates come in pairs.</summary>
    private static string Allowed(string text) => text.All(IsAllowed) ? text : string.Concat(text.Select(c => IsAllowed(c) ? c : '\uFFFD'));

    private static bool IsAllowed(char c) => XmlConvert.IsXmlChar(c) || char.IsSurrogate(c);
}
