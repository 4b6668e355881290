namespace TinyForum;

/// <summary>How often something may be done: so many times in a window that begins with the first.</summary>
/// <param name="Permits">How many times, 1 or more.</param>
/// <param name="Window">In how long.</param>
public sealed record RateLimit(int Permits, TimeSpan Window);

/// <summary>
/// The limits that keep one client from taking what is everyone's; past one the answer is 429. A client's address is an IPv4 address or
/// an IPv6 network of 64 bits. Callers that connect straight from this machine have no limit by address.
/// </summary>
public sealed record RateLimitOptions
{
    /// <summary>Whether there are any limits.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Wrong passwords for an account from an address.</summary>
    public RateLimit FailedLogins { get; init; } = new(10, TimeSpan.FromMinutes(5));

    /// <summary>New accounts from an address.</summary>
    public RateLimit Registrations { get; init; } = new(30, TimeSpan.FromHours(1));

    /// <summary>Requests of a user that change something.</summary>
    public RateLimit Writes { get; init; } = new(60, TimeSpan.FromMinutes(1));

    /// <summary>Searches from an address.</summary>
    public RateLimit Searches { get; init; } = new(60, TimeSpan.FromMinutes(1));
}
