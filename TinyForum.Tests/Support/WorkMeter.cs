using TinyForum.Storage;
using static SQLitePCL.raw;

namespace TinyForum.Tests.Support;

/// <summary>
/// How much each transaction of a database's writer does, in numbers that do not depend on the machine: steps of SQLite's virtual machine, and
/// pages looked at, those of long texts and of the full-text index included.
/// </summary>
internal sealed class WorkMeter
{
    private const int StepsBetween = 100;

    private readonly Lock _lock = new();
    private long _steps, _pages;
    private (long Steps, long Pages) _most;

    private WorkMeter()
    {
    }

    public static async Task<WorkMeter> AttachAsync(Database database)
    {
        var meter = new WorkMeter();
        await database.WriteAsync(c =>
        {
            var connection = c.Sqlite.Handle!;
            meter._pages = PagesOf(connection);
            sqlite3_progress_handler(connection, StepsBetween, _ =>
            {
                meter._steps += StepsBetween;
                return 0;
            }, null);
            sqlite3_commit_hook(connection, _ =>
            {
                meter.Committed(PagesOf(connection));
                return 0;
            }, null);
        });
        meter.Most();
        return meter;
    }

    /// <summary>The most that a transaction has done since this was last asked.</summary>
    public (long Steps, long Pages) Most()
    {
        lock (_lock)
        {
            var most = _most;
            _most = default;
            return most;
        }
    }

    private void Committed(long pages)
    {
        lock (_lock)
        {
            _most = (Math.Max(_most.Steps, _steps), Math.Max(_most.Pages, pages - _pages));
            (_steps, _pages) = (0, pages);
        }
    }

    private static long PagesOf(SQLitePCL.sqlite3 connection)
    {
        sqlite3_db_status(connection, SQLITE_DBSTATUS_CACHE_HIT, out var hits, out _, resetFlg: 0);
        sqlite3_db_status(connection, SQLITE_DBSTATUS_CACHE_MISS, out var misses, out _, resetFlg: 0);
        return (long)hits + misses;
    }
}
