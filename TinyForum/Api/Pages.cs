using TinyForum.Http;

namespace TinyForum.Api;

/// <summary>The pages for browsers, which are served beside the API.</summary>
internal abstract class Pages
{
    /// <summary>Every page and form.</summary>
    public abstract IReadOnlyList<Endpoint> Endpoints { get; }

    /// <summary>In what an answer to a request may differ from another with the same target, such as the language; empty for none.</summary>
    public abstract string VariantOf(Exchange exchange);

    /// <summary>Writes the page that says why a request was refused; the answer has its status.</summary>
    public abstract ValueTask WriteRefusalAsync(Call call, string message, IReadOnlyDictionary<string, string>? errors);
}
