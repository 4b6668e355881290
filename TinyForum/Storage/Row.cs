using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace TinyForum.Storage;

/// <summary>
/// The row that a statement is at. Its columns are read through the pointer to the statement: <see cref="SqliteDataReader"/> counts a use of
/// its handle for each call, and calls twice or three times for a column, which was a sixth of the time of a list. To be used only while
/// the reader is at the row.
/// </summary>
internal readonly unsafe struct Row
{
    private static readonly nint Library = NativeLibrary.Load(GetNativeLibraryName(), typeof(Row).Assembly, null);
    private static readonly delegate* unmanaged<nint, int, long> Int64 = (delegate* unmanaged<nint, int, long>)Function("sqlite3_column_int64");
    private static readonly delegate* unmanaged<nint, int, double> Double = (delegate* unmanaged<nint, int, double>)Function("sqlite3_column_double");
    private static readonly delegate* unmanaged<nint, int, int> Type = (delegate* unmanaged<nint, int, int>)Function("sqlite3_column_type");
    private static readonly delegate* unmanaged<nint, int, int> Length = (delegate* unmanaged<nint, int, int>)Function("sqlite3_column_bytes");
    private static readonly delegate* unmanaged<nint, int, byte*> Text = (delegate* unmanaged<nint, int, byte*>)Function("sqlite3_column_text");
    private static readonly delegate* unmanaged<nint, int, byte*> Blob = (delegate* unmanaged<nint, int, byte*>)Function("sqlite3_column_blob");

    private readonly SqliteDataReader _reader;
    private readonly nint _statement;

    public Row(SqliteDataReader reader) => (_reader, _statement) = (reader, reader.Handle!.DangerousGetHandle());

    public int ColumnCount => _reader.FieldCount;

    public string NameOf(int column) => _reader.GetName(column);

    /// <summary>The value as SQLite holds it: <see cref="long"/>, <see cref="double"/>, <see cref="string"/>, a byte array, or <see cref="DBNull"/>.</summary>
    public object GetValue(int column) => _reader.GetValue(column);

    public bool IsDBNull(int column) => Type(_statement, column) == SQLITE_NULL;

    /// <summary>Whether it is an integer.</summary>
    public bool IsNumber(int column) => Type(_statement, column) == SQLITE_INTEGER;

    /// <exception cref="InvalidOperationException">It is NULL; so do the others.</exception>
    public long GetInt64(int column)
    {
        var value = Int64(_statement, column);
        return value == 0 && IsDBNull(column) ? throw IsNull(column) : value;
    }

    public int GetInt32(int column) => checked((int)GetInt64(column));

    public bool GetBoolean(int column) => GetInt64(column) != 0;

    public double GetDouble(int column)
    {
        var value = Double(_statement, column);
        return value == 0 && IsDBNull(column) ? throw IsNull(column) : value;
    }

    public string GetString(int column)
    {
        var text = Text(_statement, column);
        return text is null ? throw IsNull(column) : Encoding.UTF8.GetString(text, Length(_statement, column));
    }

    public byte[] GetBytes(int column) =>
        IsDBNull(column) ? throw IsNull(column) : new ReadOnlySpan<byte>(Blob(_statement, column), Length(_statement, column)).ToArray();

    private InvalidOperationException IsNull(int column) => new($"{NameOf(column)} is NULL");

    private static nint Function(string name) => NativeLibrary.GetExport(Library, name);
}
