using System.Collections.Frozen;

namespace TinyForum;

/// <summary>
/// A request that can't be granted, said in words its sender may read. The stores throw it and the HTTP boundary turns it into the
/// <c>fail</c> envelope; any other exception is a fault of the server and becomes "internal error".
/// </summary>
/// <param name="status">The HTTP status code. 200 for the refusals that keep it by the wire contract.</param>
/// <param name="message">What the caller is told.</param>
public sealed class Refusal(int status, string message) : Exception(message)
{
    /// <summary>The HTTP status code, 200 or 400 to 503.</summary>
    public int Status { get; } = status;

    /// <summary>For each field at fault, the rule it breaks; <see langword="null"/> unless the refusal is of that kind.</summary>
    public IReadOnlyDictionary<string, string>? Errors { get; init; }

    /// <summary>When it makes sense to try again, counted from now; sent as <c>Retry-After</c> in whole seconds, rounded up.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Headers that go with the answer.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>A 400 that names one field and the rule it breaks.</summary>
    public static Refusal Invalid(string field, string why) => Invalid(new Dictionary<string, string> { [field] = why });

    /// <summary>A 400 that names every field at fault with the rule it breaks.</summary>
    public static Refusal Invalid(IReadOnlyDictionary<string, string> errors) => new(400, "invalid input") { Errors = errors };

    /// <summary>A 404.</summary>
    public static Refusal NotFound(string what) => new(404, $"{what} does not exist");

    /// <summary>A 403.</summary>
    public static Refusal Forbidden(string why) => new(403, why);
}

/// <summary>The forum could not start, or a maintenance command not run: the message is one line for its operator.</summary>
/// <param name="message">What is wrong and, where it helps, what to do about it.</param>
/// <param name="innerException">The cause, if any.</param>
public sealed class StartException(string message, Exception? innerException = null) : Exception(message, innerException);
