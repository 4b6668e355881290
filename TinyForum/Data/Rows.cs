using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>Reads columns as the types that the records use, and rows as pages.</summary>
internal static class Rows
{
    /// <summary>A page of the rows of a statement that ends in <c>LIMIT $limit</c>.</summary>
    public static Page<T> Page<T>(
        this Connection connection, string sql, Func<Row, T> map, int limit, Func<T, long[]> key,
        params ReadOnlySpan<(string Name, object? Value)> parameters) where T : notnull
    {
        var rows = new PageRows<T>(limit);
        connection.While(sql, row => rows.Add(map(row)), [.. parameters, ("$limit", rows.Wanted)]);
        return rows.ToPage(key);
    }

    /// <summary>A time, stored as Unix milliseconds.</summary>
    public static DateTimeOffset Time(this Row row, int column) => Clock.Time(row.GetInt64(column));

    public static DateTimeOffset? TimeOrNull(this Row row, int column) => row.IsDBNull(column) ? null : row.Time(column);

    public static long? NumberOrNull(this Row row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    public static string? TextOrNull(this Row row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    /// <summary>A user, whose id is in this column and whose name is in the next. One who is being erased is <c>deleted</c> already.</summary>
    public static User User(this Row row, int column) => row.GetString(column + 1) is var name && name == Data.User.DeletedName
        ? new(Data.User.DeletedId, name) : new(row.GetInt64(column), name);

    public static User? UserOrNull(this Row row, int column) => row.IsDBNull(column) ? null : row.User(column);
}
