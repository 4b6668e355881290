namespace TinyForum.Data;

/// <summary>A page of a list.</summary>
/// <param name="Items">The rows, at most as many as were asked for.</param>
/// <param name="Next">The position of the next page, for the same method and filter; <see langword="null"/> on the last page.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, PagePosition? Next)
{
    /// <summary>An empty page.</summary>
    internal static Page<T> Empty { get; } = new([], null);

    /// <summary>Makes a page from rows that were queried with <paramref name="limit"/> + 1, to learn whether more follow.</summary>
    /// <param name="rows">The rows, one more than the page has if more follow.</param>
    /// <param name="limit">How many rows the page has at most.</param>
    /// <param name="key">The sort key of a row.</param>
    internal static Page<T> Cut(List<T> rows, int limit, Func<T, long[]> key)
    {
        if (rows.Count <= limit)
            return new Page<T>(rows, null);
        rows.RemoveRange(limit, rows.Count - limit);
        return new Page<T>(rows, new PagePosition(key(rows[^1])));
    }
}

/// <summary>Where a page ended. Opaque: only the method that returned it can read it.</summary>
public sealed class PagePosition
{
    private readonly long[] _key;

    internal PagePosition(params long[] key) => _key = key;

    /// <summary>How many rows a page has by default.</summary>
    internal const int DefaultSize = 20;

    /// <summary>The most rows that a page of the API can have.</summary>
    internal const int MaxSize = 100;

    internal ReadOnlySpan<long> Key => _key;

    /// <summary>The sort key, which has this many numbers.</summary>
    /// <exception cref="RefusalException">Invalid: it has another length, so the position is of another list.</exception>
    internal long[] KeyOf(int numbers) => _key.Length == numbers ? _key : throw OfAnotherList();

    internal static RefusalException OfAnotherList() => RefusalException.Invalid("cursor", "must be the next of an earlier page of the same list");
}
