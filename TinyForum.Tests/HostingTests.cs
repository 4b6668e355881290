using System.Collections.Concurrent;
using Club;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace TinyForum.Tests;

/// <summary>What docs/embedding.md has a program write, as it stands there, at work.</summary>
[TestClass]
public sealed class HostingTests(TestContext context)
{
    [TestMethod]
    [DataRow("ForumService.cs")]
    [DataRow("ForumLog.cs")]
    public void The_page_on_embedding_has_each_example_to_the_letter(string file) =>
        Assert.Contains($"```csharp\n{Repository.Read($"TinyForum.Tests/Examples/{file}")}```\n", Repository.Read("docs/embedding.md"));

    [TestMethod]
    public async Task A_forum_starts_and_stops_with_its_host_and_tells_its_logger()
    {
        var log = new KeepingLogger<ForumService>();
        var services = new ServiceCollection();
        services.AddSingleton(new ForumOptions { Listen = ["http://127.0.0.1:0"], Database = null, Passwords = TestForum.CheapPasswords });
        services.AddSingleton<ILogger<ForumService>>(log);
        services.AddSingleton<ForumService>();
        services.AddHostedService(s => s.GetRequiredService<ForumService>());
        var service = (ForumService)services.Single(s => s.ServiceType == typeof(IHostedService)).ImplementationFactory!(new Provider(services, log));
        Assert.ThrowsExactly<InvalidOperationException>(() => service.Forum);
        await service.StopAsync(context.CancellationToken); // a host stops what it could not start

        await service.StartAsync(context.CancellationToken);
        var (database, url) = (service.Forum.DatabasePath, service.Forum.Url);
        using var client = new HttpClient { BaseAddress = url };
        await client.GetStringAsync("healthz?secret", context.CancellationToken);
        await service.StopAsync(context.CancellationToken);

        Assert.IsFalse(File.Exists(database));
        Assert.Contains(line => line.Level == LogLevel.Information && line.Text.StartsWith("GET /healthz 200 "), log.Lines);
        Assert.DoesNotContain(line => line.Text.Contains("secret"), log.Lines);
    }

    [TestMethod]
    public void A_logger_gets_the_severity_the_message_and_the_fault()
    {
        var log = new KeepingLogger<ForumService>();
        var fault = new InvalidOperationException();
        log.LogForum(new LogEntry(DateTimeOffset.UnixEpoch, LogSeverity.Error, "broken {0}", Exception: fault));
        log.LogForum(new LogEntry(DateTimeOffset.UnixEpoch, LogSeverity.Warning, "odd"));
        CollectionAssert.AreEqual(new[] { (LogLevel.Error, "broken {0}", fault), (LogLevel.Warning, "odd", (Exception?)null) }, log.Lines.ToArray());
    }

    /// <summary>As much of a container as the examples take.</summary>
    private sealed class Provider(IServiceCollection services, ILogger<ForumService> log) : IServiceProvider
    {
        public object? GetService(Type serviceType) => serviceType != typeof(ForumService) ? null
            : new ForumService((ForumOptions)services.Single(s => s.ServiceType == typeof(ForumOptions)).ImplementationInstance!, log);
    }

    private sealed class KeepingLogger<T> : ILogger<T>
    {
        public ConcurrentQueue<(LogLevel Level, string Text, Exception? Exception)> Lines { get; } = new();

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue((logLevel, formatter(state, exception), exception));
    }
}
