using System.Buffers;
using System.Globalization;
using System.Text;
using System.Xml;
using TinyForum.Api;

namespace TinyForum.Web;

/// <summary>What the forum says about itself, to people and to search engines.</summary>
internal static class AboutPages
{
    /// <summary>How many ids a part of the site map covers, so that it stays small.</summary>
    internal const int SitemapPart = 2_000;

    /// <summary>How many parts a site map may have (sitemaps.org, "Sitemap index files").</summary>
    private const int MaxParts = 50_000;

    public static ValueTask About(Call call) => Page.Write(call, w => w.About, page =>
    {
        var (o, w) = (page.Out, page.Words);
        o.Write($"<h1 dir=\"auto\">{call.Forum.Options.Title}</h1>\n<p dir=\"auto\">{page.Description}</p>\n");
        if (page.Site.About is { } about)
            o.Write($"<div class=\"text\" dir=\"auto\">\n{about}</div>\n");
        o.Write($"<ul>\n<li><a href=\"{new Url("/moderation-log")}\">{w.ModerationLog}</a></li>\n<li><a href=\"{new Url("/feed")}\">{w.Feed}</a></li>\n");
        o.Write($"<li><a href=\"{new Url("/api/openapi.json")}\">{w.Interface}</a></li>\n</ul>\n");
    });

    public static ValueTask Robots(Call call)
    {
        var basePath = call.Exchange.BasePath;
        call.Exchange.Body.Write(Encoding.UTF8.GetBytes($"""
            User-agent: *
            Disallow: {basePath}/search
            Disallow: {basePath}/login
            Disallow: {basePath}/register
            Disallow: {basePath}/setup
            Disallow: {basePath}/password-reset
            Sitemap: {AddressOf(call, "/sitemap.xml")}

            """));
        return default;
    }

    /// <summary>The parts of the site map, or one of them (sitemaps.org, protocol 0.9).</summary>
    public static ValueTask Sitemap(Call call)
    {
        var buffer = new MemoryStream();
        using (var xml = XmlWriter.Create(buffer, new XmlWriterSettings { Encoding = new UTF8Encoding(false) }))
        {
            if (call.Number("part", "the number of a part") is { } part)
                Part(call, xml, part);
            else
                Parts(call, xml);
        }
        call.Exchange.Body.Write(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
        return default;
    }

    private static void Parts(Call call, XmlWriter xml)
    {
        Begin(xml, "sitemapindex");
        var last = call.Forum.Posts.LastThread() / SitemapPart;
        for (var part = Math.Max(0, last - MaxParts + 1); part <= last; part++)
            Entry(xml, "sitemap", AddressOf(call, string.Create(CultureInfo.InvariantCulture, $"/sitemap.xml?part={part}")));
        xml.WriteEndElement();
    }

    private static void Part(Call call, XmlWriter xml, long part)
    {
        Begin(xml, "urlset");
        Entry(xml, "url", AddressOf(call, "/"));
        if (part <= call.Forum.Posts.LastThread() / SitemapPart)
        {
            foreach (var (thread, changedAt) in call.Forum.Posts.ThreadsBetween(part * SitemapPart, (part + 1) * SitemapPart))
                Entry(xml, "url", AddressOf(call, string.Create(CultureInfo.InvariantCulture, $"/posts/{thread}")), changedAt);
        }
        xml.WriteEndElement();
    }

    private static void Begin(XmlWriter xml, string name) => xml.WriteStartElement(name, "http://www.sitemaps.org/schemas/sitemap/0.9");

    private static void Entry(XmlWriter xml, string name, string address, DateTimeOffset? changedAt = null)
    {
        xml.WriteStartElement(name);
        xml.WriteElementString("loc", address);
        if (changedAt is { } time)
            xml.WriteElementString("lastmod", Rfc3339.Format(time));
        xml.WriteEndElement();
    }

    private static string AddressOf(Call call, string path) => $"{call.Origin.GetLeftPart(UriPartial.Authority)}{call.Exchange.BasePath}{path}";
}
