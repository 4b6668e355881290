namespace TinyForum.Data;

/// <summary>A page of a list.</summary>
/// <param name="Items">The rows, at most as many as were asked for.</param>
/// <param name="Next">The position of the next page, for the same method and filter; <see langword="null"/> on the last page.</param>
public record Page<T>(IReadOnlyList<T> Items, PagePosition? Next)
{
    internal static Page<T> Empty { get; } = new([], null);

    /// <summary>Makes a page from rows that were queried with <paramref name="limit"/> + 1, to learn whether more follow.</summary>
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

    internal const int DefaultSize = 20, MaxSize = 100; // rows of a page

    internal ReadOnlySpan<long> Key => _key;

    /// <exception cref="RefusalException">Invalid: it has another length, so the position is of another list.</exception>
    internal long[] KeyOf(int numbers) => _key.Length == numbers ? _key : throw OfAnotherList();

    internal static RefusalException OfAnotherList() => RefusalException.Invalid("cursor", "must be the next of an earlier page of the same list");
}
