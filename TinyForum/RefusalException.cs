namespace TinyForum;

/// <summary>Why a request is refused.</summary>
public enum RefusalKind
{
    /// <summary>What was given breaks a rule; <see cref="RefusalException.Errors"/> says which, field by field.</summary>
    Invalid,

    /// <summary>The session or token that the actor came with has ended.</summary>
    Unauthenticated,

    /// <summary>The actor may not do this.</summary>
    Forbidden,

    /// <summary>It does not exist, or the actor may not see it.</summary>
    NotFound,

    /// <summary>It conflicts with the current state.</summary>
    Conflict,

    /// <summary>It was meant for an earlier version of what is to be changed.</summary>
    Stale,

    /// <summary>The idempotency key was used for another request.</summary>
    KeyReused,

    /// <summary>Too much work is waiting; it can be tried again.</summary>
    Busy,

    /// <summary>The database can't be used right now.</summary>
    Unavailable,
}

/// <summary>A request is refused; the message is safe to show to its sender. Every store throws it; any other exception is a fault of the server.</summary>
/// <param name="kind">Why.</param>
/// <param name="message">The message for the caller.</param>
public sealed class RefusalException(RefusalKind kind, string message) : Exception(message)
{
    /// <summary>Why.</summary>
    public RefusalKind Kind { get; } = kind;

    /// <summary>The rule that each invalid field breaks; <see langword="null"/> if the refusal is not about fields.</summary>
    public IReadOnlyDictionary<string, string>? Errors { get; init; }

    /// <summary>How long to wait before trying again; <see langword="null"/> if waiting does not help.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>One field breaks a rule.</summary>
    public static RefusalException Invalid(string field, string rule)
    {
        ArgumentNullException.ThrowIfNull(field);
        ArgumentNullException.ThrowIfNull(rule);
        return Invalid(new Dictionary<string, string> { [field] = rule });
    }

    /// <summary>Each of these fields breaks a rule.</summary>
    public static RefusalException Invalid(IReadOnlyDictionary<string, string> errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        return new(RefusalKind.Invalid, "invalid input") { Errors = errors };
    }

    /// <summary>There is no such thing.</summary>
    public static RefusalException NotFound(string what)
    {
        ArgumentNullException.ThrowIfNull(what);
        return new(RefusalKind.NotFound, $"{what} does not exist");
    }

    /// <summary>The actor may not do this.</summary>
    public static RefusalException Forbidden(string why)
    {
        ArgumentNullException.ThrowIfNull(why);
        return new(RefusalKind.Forbidden, why);
    }

    /// <summary>Refuses if any field breaks a rule, naming all that do.</summary>
    /// <param name="fields">Each field with the rule that it breaks, or <see langword="null"/> if it is valid.</param>
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
