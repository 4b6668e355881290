namespace TinyForum;

/// <summary>What a connection may do before it is ended, on Linux. The times are below the 20 seconds the project promises.</summary>
public sealed record ConnectionLimits
{
    /// <summary>Connections in all; lowered, and said so, where the process may not have that many descriptors.</summary>
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>Connections of one remote address (an IPv6 /64); 0 for no limit, as behind a proxy on another machine.</summary>
    public int MaxConnectionsPerAddress { get; init; } = 256;

    /// <summary>Whether the limit per address holds for loopback too, where usually a proxy speaks for everybody.</summary>
    public bool LimitLoopback { get; init; }

    /// <summary>How long a connection may be silent before its first request and between two.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a client may take for a request's headers, and then be stalled in its body.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a body may be stalled before its request is answered 408, ahead of <see cref="RequestTimeout"/>.</summary>
    internal TimeSpan BodyTimeout => RequestTimeout * 2 / 3;

    /// <summary>How long a client may leave an answer unread.</summary>
    public TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Most that can arrive before the server begins a request: request line, headers, and all of a body, which comes unasked.</summary>
    public long MaxRequestBytes { get; init; } = 2 * 1024 * 1024;

    /// <summary>Time between two looks at the connections.</summary>
    public TimeSpan SweepInterval { get; init; } = TimeSpan.FromMilliseconds(100);
}
