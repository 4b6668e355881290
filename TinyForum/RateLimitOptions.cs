namespace TinyForum;

/// <summary>How often something may be done: a number of times in a window, which begins with the first time.</summary>
/// <param name="Permits">How many times, 1 or more.</param>
/// <param name="Window">The length of the window.</param>
public sealed record RateLimit(int Permits, TimeSpan Window);

/// <summary>
/// The rate limits of each client; past one the answer is a 429. A client's address is an IPv4 address or an IPv6 /64 network. Callers
/// that connect directly from this machine may register and search without a limit, but not try passwords. One that is
/// <see langword="null"/> is off.
/// </summary>
public sealed record RateLimitOptions
{
    /// <summary>Whether there are rate limits.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Wrong passwords for an account from an address.</summary>
    public RateLimit? FailedLogins { get; init; } = new(10, TimeSpan.FromMinutes(5));

    /// <summary>Wrong passwords and unknown names from an address, whatever the account.</summary>
    public RateLimit? FailedLoginsPerAddress { get; init; } = new(100, TimeSpan.FromMinutes(5));

    /// <summary>New accounts from an address.</summary>
    public RateLimit? Registrations { get; init; } = new(30, TimeSpan.FromHours(1));

    /// <summary>Requests of a user that change something.</summary>
    public RateLimit? Writes { get; init; } = new(60, TimeSpan.FromMinutes(1));

    /// <summary>Searches from an address.</summary>
    public RateLimit? Searches { get; init; } = new(60, TimeSpan.FromMinutes(1));
}
