using System.Net;
using System.Security.Cryptography;
using System.Text;
using TinyForum.Data;
using TinyForum.Http;

namespace TinyForum.Api;

/// <summary>
/// Whom another program has logged in: what the embedder's function says, or a header of a proxy that is trusted. Such a login lasts for the
/// request that brings it, and goes before a cookie and a token. Thread-safe.
/// </summary>
internal sealed class ExternalLogins
{
    private readonly ForumOptions _options;
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);

    private ExternalLogins(ForumOptions options) => _options = options;

    /// <summary>The logins that the options ask for, or <see langword="null"/>.</summary>
    public static ExternalLogins? Of(ForumOptions options) => options.Authenticate is null && options.AuthHeader is null ? null : new(options);

    /// <summary>Who is calling, or <see langword="null"/> if no other program says so.</summary>
    /// <exception cref="HttpRefusalException">400: what says so can be understood in two ways, or in none.</exception>
    public async ValueTask<ExternalIdentity?> FindAsync(Exchange exchange)
    {
        var identity = _options.Authenticate is { } authenticate ? await authenticate(RequestOf(exchange)).ConfigureAwait(false) : OfHeader(exchange);
        if (identity?.Role is { } role && !Enum.IsDefined(role))
            throw new InvalidOperationException($"{role} is no role");
        return identity is null or { IsSound: true } ? identity
            : throw new HttpRefusalException(400, $"the name of a login must be 1 to {ExternalIdentity.MaxSubject} characters");
    }

    /// <summary>What stands for the login as a credential: from it a token's secret can be made again, by the same process alone.</summary>
    public string CredentialOf(ExternalIdentity identity) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(_secret, Encoding.UTF8.GetBytes(identity.Subject)));

    /// <summary>
    /// A header that is sent twice is refused, whichever of the two is the proxy's; so is a comma, which proxies put between the values of two.
    /// An empty one says that nobody is logged in.
    /// </summary>
    private ExternalIdentity? OfHeader(Exchange exchange)
    {
        var name = _options.AuthHeader!;
        if (exchange.Header(name) is null || exchange.Remote is not { } peer || !ForwardedHeaders.IsTrusted(peer.Address, _options.TrustedProxies))
            return null;
        var values = exchange.HeaderLines.Where(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).ToList();
        if (values is not [var (_, value)] || value.Contains(',', StringComparison.Ordinal))
            throw new HttpRefusalException(400, "the name of a login must be given once");
        return value.Length == 0 ? null : new ExternalIdentity(RequestHead.Decode(value) ?? "");
    }

    private static AuthenticationRequest RequestOf(Exchange exchange) => new(
        exchange.Method, exchange.RawTarget.Split('?')[0], exchange.Remote?.Address ?? IPAddress.None,
        exchange.HeaderLines.Select(h => (h.Name, RequestHead.Decode(h.Value) ?? h.Value)));
}
