using System.Runtime.InteropServices;
using SQLitePCL;
using TinyForum.Search;
using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>Registers <see cref="Relevance"/> as an SQL function, by way of a connection's fts5_api (sqlite.org/fts5.html, section 7).</summary>
internal static unsafe partial class RelevanceFunction
{
    /// <exception cref="NotSupportedException">The connection's SQLite has no FTS5 that accepts functions.</exception>
    public static void Register(Connection connection)
    {
        if (raw.sqlite3_prepare_v2(connection.Sqlite.Handle, "SELECT fts5(?1)", out var statement) != raw.SQLITE_OK)
            throw new NotSupportedException("this SQLite has no FTS5");
        nint api = 0;
        using (statement)
        {
            fixed (byte* type = "fts5_api_ptr\0"u8) // SQLite does not copy the type
            {
                _ = BindPointer(statement.DangerousGetHandle(), 1, &api, type, 0);
                _ = raw.sqlite3_step(statement);
            }
        }
        Relevance.Register(api);
    }

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_bind_pointer")]
    private static partial int BindPointer(nint statement, int index, void* pointer, byte* type, nint destructor);
}
