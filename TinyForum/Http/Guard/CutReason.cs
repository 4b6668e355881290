namespace TinyForum.Http.Guard;

/// <summary>Why <see cref="ConnectionGuard"/> ended a connection: which of the <see cref="ConnectionLimits"/> it broke, or that the server stops.</summary>
internal enum CutReason
{
    Idle,
    SlowRequest,
    TooManyBytes,
    SlowReader,
    TooManyConnections,
    TooManyFromAddress,
    Shutdown,
}
