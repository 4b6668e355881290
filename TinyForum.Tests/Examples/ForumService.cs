using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TinyForum;

namespace Club;

/// <summary>Runs a forum for as long as the host runs.</summary>
public sealed class ForumService(ForumOptions options, ILogger<ForumService> logger) : IHostedService
{
    private ForumServer? _forum;

    public ForumServer Forum => _forum ?? throw new InvalidOperationException("The forum has not been started.");

    public async Task StartAsync(CancellationToken cancellationToken) =>
        _forum = await ForumServer.StartAsync(options with { Log = logger.LogForum }, cancellationToken);

    public async Task StopAsync(CancellationToken cancellationToken) => await (_forum?.DisposeAsync() ?? ValueTask.CompletedTask);
}
