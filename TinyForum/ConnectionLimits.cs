namespace TinyForum;

/// <summary>What a connection may do before it is ended, on Linux.</summary>
public sealed record ConnectionLimits
{
    /// <summary>The most connections in all; lowered, with a warning in the log, if the process may not have that many descriptors.</summary>
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>The most connections of one remote address (an IPv6 /64); 0 for no limit, as behind a proxy on another machine.</summary>
    public int MaxConnectionsPerAddress { get; init; } = 256;

    /// <summary>Whether the limit per address applies to loopback too, where usually one proxy connects for everybody.</summary>
    public bool LimitLoopback { get; init; }

    /// <summary>How long a connection may be idle before its first request and between two requests.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a client may take for a request's headers, and how long its body may stall.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a body may stall before its request gets a 408; it comes before <see cref="RequestTimeout"/> ends the connection.</summary>
    internal TimeSpan BodyTimeout => RequestTimeout * 2 / 3;

    /// <summary>How long a client may leave an answer unread.</summary>
    public TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The most bytes that can arrive before the server begins a request: request line, headers, and any body sent along.</summary>
    public long MaxRequestBytes { get; init; } = 2 * 1024 * 1024;

    /// <summary>The time between two sweeps over the connections.</summary>
    public TimeSpan SweepInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The memory for bodies that are arriving, of all connections together; one more gets a 503. Bytes.</summary>
    internal long MaxBodyMemory { get; init; } = 64 * 1024 * 1024;

    /// <summary>The memory for answers that are not sent yet, of all connections together; one more gets a 503. Bytes.</summary>
    internal long MaxAnswerMemory { get; init; } = 64 * 1024 * 1024;
}
