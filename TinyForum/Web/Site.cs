using System.Text;
using TinyForum.Api;
using TinyForum.Http;
using TinyForum.Text;

namespace TinyForum.Web;

/// <summary>The pages of a forum.</summary>
internal sealed class Site : Pages
{
    /// <param name="style">A style sheet that is added to the pages' own.</param>
    /// <param name="about">What the operator says about the forum, in Markdown.</param>
    public Site(string? style = null, string? about = null)
    {
        Style = Asset.Hashed("style", "css", "text/css; charset=utf-8", [.. Asset.Embedded("style.css"), .. Encoding.UTF8.GetBytes(style ?? "")]);
        About = about is null ? null : new Html(Markup.Html(about, static _ => null));
        Endpoints = WebRoutes.Of(this);
    }

    public Asset Style { get; }

    public Asset Script { get; } = Asset.Hashed("script", "js", "text/javascript; charset=utf-8", Asset.Embedded("script.js"));

    public Asset Icon { get; } = new(new("/favicon.svg"), "image/svg+xml", Asset.Embedded("icon.svg"), IsImmutable: false);

    public Html? About { get; }

    public override IReadOnlyList<Endpoint> Endpoints { get; }

    public override string VariantOf(Exchange exchange) => Preferences.VariantOf(exchange);

    public override ValueTask WriteRefusalAsync(Call call, string message, IReadOnlyDictionary<string, string>? errors) =>
        ErrorPages.Write(call, message, errors);
}
