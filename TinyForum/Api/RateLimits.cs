using System.Globalization;
using System.Threading.RateLimiting;
using TinyForum.Http;

namespace TinyForum.Api;

/// <summary>The rate limits (<see cref="RateLimitOptions"/>). An answer to a counted request says how much is left; past a limit it is a 429.</summary>
internal sealed class RateLimits(RateLimitOptions options, TimeProvider clock)
{
    private readonly WindowLimiter<(long UserId, AddressBlock From)>? _failedLogins =
        Of<(long UserId, AddressBlock From)>(options.Enabled, options.FailedLogins, clock);
    private readonly WindowLimiter<AddressBlock>? _failedLoginsByAddress = Of<AddressBlock>(options.Enabled, options.FailedLoginsPerAddress, clock);
    private readonly WindowLimiter<AddressBlock>? _registrations = Of<AddressBlock>(options.Enabled, options.Registrations, clock);
    private readonly WindowLimiter<long>? _writes = Of<long>(options.Enabled, options.Writes, clock);
    private readonly WindowLimiter<AddressBlock>? _searches = Of<AddressBlock>(options.Enabled, options.Searches, clock);

    /// <summary>Counts a call, after its caller has been found.</summary>
    /// <exception cref="HttpRefusalException">429: the user has written too often, or the address has searched too often.</exception>
    public void Count(Call call, bool changes)
    {
        if (_writes is not null && changes && call.Caller is { } caller)
            Tell(call, Granted(_writes.Take(caller.Id), "requests"));
        if (_searches is not null && call.Endpoint.IsSearch && !call.IsDirectLoopback)
            Tell(call, Granted(_searches.Take(AddressBlock.Of(call.ClientAddress)), "searches"));
    }

    /// <summary>Counts a registration, unless the returned lease is disposed.</summary>
    /// <exception cref="HttpRefusalException">429: the address has registered too many.</exception>
    public RateLimitLease? Registration(Call call) => _registrations is null || call.IsDirectLoopback ? null
        : Granted(_registrations.Take(AddressBlock.Of(call.ClientAddress)), "registrations").Lease;

    /// <summary>
    /// Counts a failed login before the password is tried, so that parallel attempts get no further than successive ones. Disposing the
    /// result takes it back if the password was right. A name that nobody has (<see langword="null"/>) counts for the address alone.
    /// </summary>
    /// <exception cref="HttpRefusalException">429: too many wrong passwords came from the address, for the account or in all.</exception>
    public IDisposable? FailedLogin(Call call, long? userId)
    {
        var from = AddressBlock.Of(call.ClientAddress); // on loopback, too: a proxy may not tell that it is one
        var ofAddress = _failedLoginsByAddress is null ? null : Granted(_failedLoginsByAddress.Take(from), "failed logins").Lease;
        if (_failedLogins is null || userId is not { } id)
            return ofAddress;
        var ofAccount = _failedLogins.Take((id, from));
        if (!ofAccount.Lease.IsAcquired)
            ofAddress?.Dispose();
        return new FailedLoginLease(ofAddress, Granted(ofAccount, "failed logins").Lease);
    }

    private static WindowLimiter<TKey>? Of<TKey>(bool isEnabled, RateLimit? limit, TimeProvider clock) where TKey : notnull =>
        isEnabled && limit is not null ? new(limit, clock) : null;

    private static Taken Granted(Taken taken, string what) => taken.Lease.IsAcquired ? taken
        : throw new HttpRefusalException(429, $"too many {what}, try again later") { RetryAfter = taken.Reset, Headers = Headers(taken) };

    private static void Tell(Call call, Taken taken)
    {
        foreach (var (name, value) in Headers(taken))
            call.Exchange.SetHeader(name, value);
    }

    private static Dictionary<string, string> Headers(Taken taken) => new()
    {
        ["RateLimit-Limit"] = taken.Limit.ToString(CultureInfo.InvariantCulture),
        ["RateLimit-Remaining"] = taken.Remaining.ToString(CultureInfo.InvariantCulture),
        ["RateLimit-Reset"] = Math.Ceiling(taken.Reset.TotalSeconds).ToString(CultureInfo.InvariantCulture),
    };

    private sealed class FailedLoginLease(RateLimitLease? ofAddress, RateLimitLease ofAccount) : IDisposable
    {
        public void Dispose()
        {
            ofAddress?.Dispose();
            ofAccount.Dispose();
        }
    }
}
