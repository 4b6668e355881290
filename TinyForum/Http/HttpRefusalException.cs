using System.Collections.Frozen;

namespace TinyForum.Http;

/// <summary>A refusal that only HTTP knows of: its framing, its headers, its limits. What the stores refuse has a <see cref="RefusalKind"/>.</summary>
/// <param name="status">The status code, 200 or 400 to 503; 200 for the refusals that keep it by the wire contract.</param>
/// <param name="message">What the caller is told.</param>
internal sealed class HttpRefusalException(int status, string message) : Exception(message)
{
    public int Status { get; } = status;

    /// <summary>When it makes sense to try again, counted from now; sent as <c>Retry-After</c>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Headers that go with the answer.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = FrozenDictionary<string, string>.Empty;
}
