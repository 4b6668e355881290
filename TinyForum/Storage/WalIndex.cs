using System.Runtime.InteropServices;
using SQLitePCL;

namespace TinyForum.Storage;

/// <summary>
/// Watches for commits, by this process or another, without asking SQLite: it reads the checksum in the header of the WAL-index
/// (sqlite.org/walformat.html, section 2), which is memory that all connections to a database share and every commit rewrites.
/// <c>PRAGMA data_version</c> would tell the same, but takes two file locks and five calls: a tenth of the cost of an answer from memory.
/// </summary>
internal sealed unsafe class WalIndex
{
    private const int RegionSize = 32 * 1024;
    private const uint HeaderVersion = 3007000;
    private const int FilePointer = 7; // SQLITE_FCNTL_FILE_POINTER

    private readonly sqlite3 _database;
    private readonly byte* _header;

    private WalIndex(sqlite3 database, byte* header)
    {
        _database = database;
        _header = header;
    }

    /// <summary>A number that changes with every commit.</summary>
    /// <remarks>It is read from the copy of the header that is written last: a reader that begins after it has changed sees the commit.</remarks>
    /// <exception cref="ObjectDisposedException">The database was closed.</exception>
    public long Version
    {
        get
        {
            var isHeld = false;
            _database.DangerousAddRef(ref isHeld); // keeps the memory of a connection that is closed meanwhile
            try
            {
                return Volatile.Read(ref *(long*)(_header + 40));
            }
            finally
            {
                if (isHeld)
                    _database.DangerousRelease();
            }
        }
    }

    /// <summary>Finds the WAL-index of an open database, which must have been read from.</summary>
    /// <exception cref="NotSupportedException">There is none, or it has a later format.</exception>
    public static WalIndex Of(sqlite3 database)
    {
        Methods** file = null; // a sqlite3_file, whose only member is a pointer to its methods
        void* header = null;
        if (DatabaseFile.FileControl(database.DangerousGetHandle(), "main", FilePointer, &file) != raw.SQLITE_OK
            || (*file)->ShmMap(file, 0, RegionSize, 0, &header) != raw.SQLITE_OK
            || header is null || *(uint*)header != HeaderVersion)
            throw new NotSupportedException("the database has no WAL-index of a known format");
        return new WalIndex(database, (byte*)header);
    }

    /// <summary>
    /// Whether others have written to the log with another index than this: it begins anew, or goes on after the last frame that this index
    /// knows. A large write that was rolled back leaves the same trace.
    /// </summary>
    /// <param name="log">Its path. SQLite has no locks on it which closing it could drop.</param>
    public bool IsOvertaken(string log)
    {
        const int LogHeader = 32, FrameHeader = 24, SaltInLog = 16, SaltInFrame = 8, Salt = 8;
        if (!File.Exists(log))
            return false;
        using var file = File.OpenHandle(log, share: FileShare.ReadWrite | FileShare.Delete);
        Span<byte> header = stackalloc byte[LogHeader];
        if (RandomAccess.Read(file, header, 0) < LogHeader)
            return false;
        var isHeld = false;
        _database.DangerousAddRef(ref isHeld);
        try
        {
            var salt = new ReadOnlySpan<byte>(_header + 32, Salt);
            if (!header[SaltInLog..][..Salt].SequenceEqual(salt))
                return true;
            int pageSize = *(ushort*)(_header + 14);
            var next = LogHeader + *(uint*)(_header + 16) * (FrameHeader + (pageSize == 1 ? 65_536L : pageSize));
            return RandomAccess.Read(file, header[..FrameHeader], next) == FrameHeader && header[SaltInFrame..][..Salt].SequenceEqual(salt);
        }
        finally
        {
            if (isHeld)
                _database.DangerousRelease();
        }
    }

    /// <summary>sqlite3_io_methods (sqlite.org/c3ref/io_methods.html): a number and eighteen functions.</summary>
    [StructLayout(LayoutKind.Explicit)]
    private struct Methods
    {
        [FieldOffset(13 * 8)]
        public readonly delegate* unmanaged[Cdecl]<Methods**, int, int, int, void**, int> ShmMap;
    }
}
