namespace TinyForum;

/// <summary>Why a request is refused.</summary>
public enum RefusalKind
{
    /// <summary>What was given breaks a rule; <see cref="RefusalException.Errors"/> says which, field by field.</summary>
    Invalid,

    /// <summary>The actor may not do this.</summary>
    Forbidden,

    /// <summary>There is no such thing, or none that the actor may see.</summary>
    NotFound,

    /// <summary>It does not go with what is there or has been done.</summary>
    Conflict,

    /// <summary>It was meant for an earlier version of what is there.</summary>
    Stale,

    /// <summary>The idempotency key came with another request before.</summary>
    KeyReused,

    /// <summary>Too much is waiting already; it can be tried again.</summary>
    Busy,

    /// <summary>The database can't be used right now.</summary>
    Unavailable,
}

/// <summary>
/// A request that can't be granted, said in words its sender may read. Every store throws it; any other exception is a fault of the server.
/// </summary>
/// <param name="kind">Why.</param>
/// <param name="message">What the caller is told.</param>
public sealed class RefusalException(RefusalKind kind, string message) : Exception(message)
{
    /// <summary>Why.</summary>
    public RefusalKind Kind { get; } = kind;

    /// <summary>For each field at fault, the rule it breaks; <see langword="null"/> unless the refusal names fields.</summary>
    public IReadOnlyDictionary<string, string>? Errors { get; init; }

    /// <summary>When it makes sense to try again, counted from now; <see langword="null"/> if waiting does not help.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>One field breaks a rule.</summary>
    public static RefusalException Invalid(string field, string rule) => Invalid(new Dictionary<string, string> { [field] = rule });

    /// <summary>Each of these fields breaks a rule.</summary>
    public static RefusalException Invalid(IReadOnlyDictionary<string, string> errors) => new(RefusalKind.Invalid, "invalid input") { Errors = errors };

    /// <summary>There is no such thing.</summary>
    public static RefusalException NotFound(string what) => new(RefusalKind.NotFound, $"{what} does not exist");

    /// <summary>The actor may not do this.</summary>
    public static RefusalException Forbidden(string why) => new(RefusalKind.Forbidden, why);

    /// <summary>Refuses if any field breaks a rule, and names them all.</summary>
    /// <param name="fields">Each field with the rule it breaks, or with <see langword="null"/> if it breaks none.</param>
    internal static void ThrowIfInvalid(params ReadOnlySpan<(string Field, string? Rule)> fields)
    {
        Dictionary<string, string>? errors = null;
        foreach (var (field, rule) in fields)
        {
            if (rule is not null)
                (errors ??= []).Add(field, rule);
        }
        if (errors is not null)
            throw Invalid(errors);
    }
}
