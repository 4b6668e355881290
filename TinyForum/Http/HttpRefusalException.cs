using System.Collections.Frozen;

namespace TinyForum.Http;

/// <summary>A refusal that concerns only HTTP: framing, headers, limits. What the stores refuse has a <see cref="RefusalKind"/>.</summary>
/// <remarks>The <paramref name="status"/> 200 is for the oldest refusals, which keep it.</remarks>
internal sealed class HttpRefusalException(int status, string message) : Exception(message)
{
    public int Status { get; } = status;

    /// <summary>How long to wait before trying again; sent as <c>Retry-After</c>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public IReadOnlyDictionary<string, string> Headers { get; init; } = FrozenDictionary<string, string>.Empty;
}
