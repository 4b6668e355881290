using Microsoft.Extensions.Logging;
using TinyForum;

namespace Club;

/// <summary>Writes what a forum tells to a logger.</summary>
public static class ForumLog
{
    public static void LogForum(this ILogger logger, LogEntry entry)
    {
        var level = entry.Severity switch { LogSeverity.Error => LogLevel.Error, LogSeverity.Warning => LogLevel.Warning, _ => LogLevel.Information };
        if (!logger.IsEnabled(level))
            return;
        if (entry.Request is { } r)
            logger.Log(level, entry.Exception, "{Method} {Path} {Status} {Duration} {Id}", r.Method, r.Path, r.Status, r.Duration, r.Id);
        else
            logger.Log(level, entry.Exception, "{Message}", entry.Message);
    }
}
