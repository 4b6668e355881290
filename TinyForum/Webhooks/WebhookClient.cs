using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using TinyForum.Data;

namespace TinyForum.Webhooks;

/// <summary>Sends messages to webhooks as Standard Webhooks has it. Thread-safe.</summary>
internal sealed class WebhookClient : IDisposable
{
    /// <summary>How long a try may take.</summary>
    internal static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    /// <summary>How long to wait for a connection to an address while there are others of the same name.</summary>
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(3);

    /// <summary>The most that is read of an answer, and of its headers; in KiB.</summary>
    internal const int MaxAnswerKiB = 64;

    private readonly HttpClient _http;
    private readonly IReadOnlyList<IPNetwork> _allowed;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;
    private readonly TimeProvider _clock;

    public WebhookClient(IReadOnlyList<IPNetwork> allowed, Func<string, CancellationToken, Task<IPAddress[]>> resolve, TimeProvider clock)
    {
        (_allowed, _resolve, _clock) = (allowed, resolve, clock);
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            ConnectCallback = ConnectAsync,
            MaxResponseHeadersLength = MaxAnswerKiB,
            MaxResponseDrainSize = MaxAnswerKiB * 1024,
            ResponseDrainTimeout = TimeSpan.FromSeconds(1),
            PooledConnectionLifetime = TimeSpan.FromMinutes(1), // a name may have another address by then
        })
        {
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Tries a delivery once. What goes wrong is in the result.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was requested.</exception>
    public async Task<TryResult> SendAsync(DueDelivery delivery, byte[] body, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(Timeout);
        try
        {
            using var request = Request(delivery, body);
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token).ConfigureAwait(false);
            return Result(delivery, answer);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new TryResult(delivery, DeliveryState.Waiting, Error: $"no answer within {Timeout.TotalSeconds} s");
        }
        catch (HttpRequestException e) when (e.InnerException is ForbiddenAddressException forbidden)
        {
            return new TryResult(delivery, DeliveryState.Refused, Error: forbidden.Message);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or InvalidOperationException or UriFormatException)
        {
            return new TryResult(delivery, DeliveryState.Waiting, Error: Explain(e));
        }
    }

    /// <summary>What signs a message (Standard Webhooks, "Signature scheme"): a signature for each secret.</summary>
    internal static string Sign(IEnumerable<string> secrets, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        byte[] signed = [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.")), .. body];
        return string.Join(' ', secrets.Select(secret => "v1," + Convert.ToBase64String(
            HMACSHA256.HashData(Convert.FromBase64String(secret[WebhookStore.SecretPrefix.Length..]), signed))));
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Request(DueDelivery delivery, byte[] body)
    {
        var timestamp = _clock.GetUtcNow().ToUnixTimeSeconds();
        var request = new HttpRequestMessage(HttpMethod.Post, delivery.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", "TinyForum");
        request.Headers.TryAddWithoutValidation("webhook-id", delivery.MessageId);
        request.Headers.TryAddWithoutValidation("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation("webhook-signature", Sign(delivery.Secrets, delivery.MessageId, timestamp, body));
        return request;
    }

    private TryResult Result(DueDelivery delivery, HttpResponseMessage answer)
    {
        var status = (int)answer.StatusCode;
        if (answer.IsSuccessStatusCode)
            return new TryResult(delivery, DeliveryState.Delivered, status);
        var retryAfter = answer.Headers.RetryAfter is { } header ? header.Delta ?? (header.Date - _clock.GetUtcNow()) : null;
        return new TryResult(
            delivery, status == 410 ? DeliveryState.Failed : DeliveryState.Waiting, status, $"answered {status}",
            retryAfter < TimeSpan.Zero ? null : retryAfter, IsThrottled: status is 429 or 502 or 504 || retryAfter is not null);
    }

    /// <summary>Connects to an address that was checked: a name could have another one the next time it is resolved.</summary>
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await _resolve(host, cancellation).ConfigureAwait(false);
        if (Array.Find(addresses, address => !WebhookAddress.IsAllowed(address, _allowed)) is { } forbidden)
            throw new ForbiddenAddressException($"{forbidden} is not a public address; --webhook-allow names networks that may be sent to");
        Exception? failure = null;
        for (var i = 0; i < addresses.Length; i++)
        {
            using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            if (i < addresses.Length - 1)
                attempt.CancelAfter(ConnectTime); // the next may answer: that an IPv6 address leads nowhere is common
            try
            {
                return await ConnectAsync(addresses[i], port, attempt.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                failure = e;
            }
        }
        throw failure ?? new SocketException((int)SocketError.HostNotFound);
    }

    private static async Task<Stream> ConnectAsync(IPAddress address, int port, CancellationToken cancellation)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        var socket = new Socket(plain.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(plain, port, cancellation).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static string Explain(Exception e) => e switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => "no secure connection could be made",
        HttpRequestException { InnerException: SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } }
            => "the name could not be resolved",
        HttpRequestException { InnerException: SocketException socket } => $"no connection could be made: {socket.SocketErrorCode}",
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => $"the answer's headers are longer than {MaxAnswerKiB} KiB",
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } => "the answer is no HTTP",
        _ => "the connection was ended without an answer",
    };
}

/// <summary>A webhook has an address that it may not have.</summary>
internal sealed class ForbiddenAddressException(string message) : Exception(message);
