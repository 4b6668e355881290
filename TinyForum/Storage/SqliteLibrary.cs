using static SQLitePCL.raw;

namespace TinyForum.Storage;

/// <summary>How SQLite works in this process.</summary>
internal static class SqliteLibrary
{
    /// <summary>
    /// Tells SQLite that no two threads use a connection at the same time (sqlite.org/threadsafe.html, multi-thread), and that nobody asks how
    /// much memory it takes: the locks for both were a fifth of the time of a list. For programs of which this is all that uses SQLite: it
    /// counts for the whole process, and not once a connection has been opened.
    /// </summary>
    public static void GiveEachConnectionToOneThread()
    {
        SQLitePCL.Batteries_V2.Init();
        _ = sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
        _ = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    }
}
