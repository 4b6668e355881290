namespace TinyForum;

/// <summary>How much a <see cref="LogEntry"/> matters.</summary>
public enum LogSeverity
{
    /// <summary>All is as it should be: a request was answered, the server started.</summary>
    Information,

    /// <summary>Something to look at that does not keep the forum from working.</summary>
    Warning,

    /// <summary>A fault of the server.</summary>
    Error,
}

/// <summary>A line of the log.</summary>
/// <param name="Time">When, in UTC.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Message">What happened; of a request, its method and path without the query.</param>
/// <param name="Request">The request that the line is about, if it is about one.</param>
/// <param name="Exception">The fault, if it is about one.</param>
public sealed record LogEntry(DateTimeOffset Time, LogSeverity Severity, string Message, RequestSummary? Request = null, Exception? Exception = null);

/// <summary>A request that was answered, without anything secret: no query, no body, no credential.</summary>
/// <param name="Id">As the client got it in <c>X-Request-Id</c>.</param>
/// <param name="Method">The method, cut short if it is long.</param>
/// <param name="Path">The path as the client sent it, without the query, cut short if it is long; what is not visible ASCII is percent-encoded.</param>
/// <param name="Route">The pattern it was routed to, or <see langword="null"/>.</param>
/// <param name="Status">The answer's status code.</param>
/// <param name="Duration">From the request's head to the answer's last byte.</param>
/// <param name="UserId">Who called, if anyone is known.</param>
/// <param name="Remote">The address that the request came from.</param>
/// <param name="Bytes">The answer's size without its head.</param>
public sealed record RequestSummary(
    string Id, string Method, string Path, string? Route, int Status, TimeSpan Duration, long? UserId, string? Remote, long Bytes);
