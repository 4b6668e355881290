using TinyForum.Http;

namespace TinyForum.Api;

/// <summary>The pages for browsers, which are served beside the API.</summary>
/// <param name="Endpoints">Every page and form.</param>
/// <param name="VariantOf">In what an answer to a request may differ from another with the same target, such as the language; empty for none.</param>
/// <param name="WriteRefusal">Writes the page that says why a request was refused; the answer has its status.</param>
internal sealed record Pages(
    IReadOnlyList<Endpoint> Endpoints, Func<Exchange, string> VariantOf, Func<Call, string, ValueTask> WriteRefusal);
