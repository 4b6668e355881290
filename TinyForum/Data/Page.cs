namespace TinyForum.Data;

/// <summary>A page of a list.</summary>
/// <param name="Items">At most as many as were asked for.</param>
/// <param name="Next">Where the next page begins: for the same method with the same filter; <see langword="null"/> at the list's end.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, PagePosition? Next)
{
    /// <summary>A page of nothing.</summary>
    internal static Page<T> Empty { get; } = new([], null);

    /// <summary>Makes a page of what was asked for with one row more than <paramref name="limit"/>, to learn whether more follows.</summary>
    /// <param name="rows">The rows, of which the last may be one too many.</param>
    /// <param name="limit">How many the page has at most.</param>
    /// <param name="key">The sort key of a row.</param>
    internal static Page<T> Cut(List<T> rows, int limit, Func<T, long[]> key)
    {
        if (rows.Count <= limit)
            return new Page<T>(rows, null);
        rows.RemoveRange(limit, rows.Count - limit);
        return new Page<T>(rows, new PagePosition(key(rows[^1])));
    }
}

/// <summary>Where a page ended. Only the method that gave it knows what it means.</summary>
public sealed class PagePosition
{
    private readonly long[] _key;

    internal PagePosition(params long[] key) => _key = key;

    /// <summary>How many rows a page has unless its reader says otherwise.</summary>
    internal const int DefaultSize = 20;

    /// <summary>How many rows a page of the API has at most.</summary>
    internal const int MaxSize = 100;

    internal ReadOnlySpan<long> Key => _key;

    /// <summary>The key, which has so many numbers.</summary>
    /// <exception cref="ArgumentException">It has not: the position is of another list.</exception>
    internal long[] KeyOf(int numbers) => _key.Length == numbers ? _key : throw new ArgumentException("The position is of another list.");
}
