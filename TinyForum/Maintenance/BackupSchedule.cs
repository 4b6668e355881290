using System.Globalization;
using TinyForum.Storage;

namespace TinyForum.Maintenance;

/// <summary>
/// Backs the database up at regular intervals, counted from the newest existing backup, so that restarts neither add nor skip one. The
/// files are named by their time, <c>forum-20260131T093000Z.db</c>, and the oldest are removed; no other file in the folder is touched.
/// </summary>
internal sealed class BackupSchedule : IAsyncDisposable
{
    private const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'", Extension = ".db", Unfinished = ".partial";

    internal static readonly TimeSpan Retry = TimeSpan.FromMinutes(10);
    internal static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly string _database;
    private readonly ForumOptions _options;
    private readonly TimeSpan _every;
    private readonly string _folder;
    private readonly string _prefix;
    private readonly ITimer _timer;
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;
    private DateTimeOffset? _last;

    /// <param name="database">The database's full path.</param>
    /// <param name="every">The time between two backups, one minute at least.</param>
    /// <param name="options">The folder, how many to keep, the clock and the log.</param>
    public BackupSchedule(string database, TimeSpan every, ForumOptions options)
    {
        (_database, _options) = (database, options);
        _every = every > Shortest ? every : Shortest;
        _folder = options.BackupDirectory ?? Path.Combine(Path.GetDirectoryName(database)!, "backups");
        _prefix = Path.GetFileNameWithoutExtension(database) + "-";
        _timer = options.TimeProvider.CreateTimer(_ => _running = Task.Run(Run), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Wait(Due());
    }

    /// <summary>Ends the schedule, and a backup that is being made.</summary>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync().ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _stopping.Dispose();
    }

    private void Run()
    {
        try
        {
            if (Due() > TimeSpan.Zero) // timers can't wait much longer than a month, and clocks get set
            {
                Wait(Due());
                return;
            }
            Directory.CreateDirectory(_folder);
            var now = _options.TimeProvider.GetUtcNow();
            var file = Path.Combine(_folder, _prefix + now.ToString(TimeFormat, CultureInfo.InvariantCulture) + Extension);
            Backup.Save(_database, file, force: true, cancellation: _stopping.Token);
            _last = now;
            foreach (var old in Own(Extension, now).SkipLast(_options.BackupKeep).Concat(Own(Extension + Unfinished, DateTimeOffset.MaxValue)))
                File.Delete(old);
            Wait(Due());
            _options.Tell(LogSeverity.Information, $"backed up to {file}"); // last: whoever reads this line may rely on the next backup being scheduled
        }
        catch (OperationCanceledException)
        {
            // Shutting down.
        }
        catch (Exception e)
        {
            Wait(Retry < _every ? Retry : _every);
            var isOfTheMachine = e is DatabaseException or IOException or UnauthorizedAccessException;
            _options.Tell(LogSeverity.Error, $"the backup failed: {e.Message}", isOfTheMachine ? null : e);
        }
    }

    /// <remarks>
    /// Files with a time in the future are of a clock that has been set right since. They neither put off the next backup nor count as
    /// ones to keep, and what this object has made itself is counted from in spite of those whose time has come.
    /// </remarks>
    private TimeSpan Due()
    {
        var now = _options.TimeProvider.GetUtcNow();
        if (!Directory.Exists(_folder))
            return TimeSpan.Zero;
        var newest = _last is { } own && own <= now ? own : Own(Extension, now).Select(f => Time(f, Extension)!.Value).LastOrDefault();
        return newest + _every > now ? newest + _every - now : TimeSpan.Zero;
    }

    private void Wait(TimeSpan due)
    {
        if (!_stopping.IsCancellationRequested)
            _timer.Change(due < LongestWait ? due : LongestWait, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The backups in the folder up to a time, oldest first.</summary>
    private List<string> Own(string extension, DateTimeOffset until) =>
        [.. Directory.EnumerateFiles(_folder).Where(f => Time(f, extension) <= until).Order(StringComparer.Ordinal)];

    private DateTimeOffset? Time(string file, string extension)
    {
        var name = Path.GetFileName(file);
        return name.StartsWith(_prefix, StringComparison.Ordinal) && name.EndsWith(extension, StringComparison.Ordinal)
            && DateTimeOffset.TryParseExact(name.AsSpan()[_prefix.Length..^extension.Length], TimeFormat, CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal, out var time) ? time : null;
    }
}
