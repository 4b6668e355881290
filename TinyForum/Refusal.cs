using System.Diagnostics.CodeAnalysis;

namespace TinyForum;

/// <summary>What the server will not do, with the HTTP status and the message that the client may see.</summary>
[SuppressMessage("Naming", "CA1710", Justification = "It reads better where it is thrown.")]
public sealed class Refusal(int status, string message) : Exception(message)
{
    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>When to try again, if that helps.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
