namespace TinyForum;

/// <summary>How much a <see cref="LogEntry"/> matters.</summary>
public enum LogSeverity
{
    /// <summary>Normal operation: a request was answered, the server started.</summary>
    Information,

    /// <summary>Something to look into, while the forum keeps working.</summary>
    Warning,

    /// <summary>A fault of the server.</summary>
    Error,
}

/// <summary>An entry of the log.</summary>
/// <param name="Time">When, in UTC.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Message">What happened; for a request, its method and path without the query.</param>
/// <param name="Request">The request, if the entry is about one.</param>
/// <param name="Exception">The fault, if the entry is about one.</param>
public sealed record LogEntry(DateTimeOffset Time, LogSeverity Severity, string Message, RequestSummary? Request = null, Exception? Exception = null);

/// <summary>A request that was answered, without secrets: no query, no body, no credential.</summary>
/// <param name="Id">The id that the client got in <c>X-Request-Id</c>.</param>
/// <param name="Method">The method, truncated if it is long.</param>
/// <param name="Path">The path as sent, without the query, truncated if it is long; what is not visible ASCII is percent-encoded.</param>
/// <param name="Route">The pattern it was routed to, or <see langword="null"/>.</param>
/// <param name="Status">The answer's status code.</param>
/// <param name="Duration">The time from the request's head to the answer's last byte.</param>
/// <param name="UserId">The caller's id, if the caller was logged in.</param>
/// <param name="Remote">The address from which the request came.</param>
/// <param name="Bytes">The size of the answer's body.</param>
public sealed record RequestSummary(
    string Id, string Method, string Path, string? Route, int Status, TimeSpan Duration, long? UserId, string? Remote, long Bytes);
