using System.Collections.Frozen;

namespace TinyForum.Http;

/// <summary>A refusal that concerns only HTTP: framing, headers, limits. What the stores refuse has a <see cref="RefusalKind"/>.</summary>
/// <param name="status">The status code, 200 or 400 to 503. 200 is for the oldest refusals, which keep that status.</param>
/// <param name="message">The message for the caller.</param>
internal sealed class HttpRefusalException(int status, string message) : Exception(message)
{
    public int Status { get; } = status;

    /// <summary>How long to wait before trying again; sent as <c>Retry-After</c>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Headers that go with the answer.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = FrozenDictionary<string, string>.Empty;
}
