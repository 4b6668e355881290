using System.Text;

namespace TinyForum.Data;

/// <summary>A page of a list.</summary>
/// <param name="Items">The rows, at most as many as were asked for; fewer if their texts take about a megabyte.</param>
/// <param name="Next">The position of the next page, for the same method and filter; <see langword="null"/> on the last page.</param>
public record Page<T>(IReadOnlyList<T> Items, PagePosition? Next)
{
    internal static Page<T> Empty { get; } = new([], null);
}

/// <summary>
/// Gathers the rows of a page until it is full: there are as many as were asked for, or their long texts take
/// <see cref="PageText.MaxBytes"/>. A page has at least one row, however long.
/// </summary>
internal sealed class PageRows<T>(int limit) where T : notnull
{
    private readonly List<T> _rows = [];
    private long _bytes;
    private bool _isFull;

    /// <summary>How many rows to query: one more than there is room for, to learn whether more follow; 0 if the page is full.</summary>
    public long Wanted => _isFull ? 0 : limit + 1L - _rows.Count;

    /// <returns>Whether there was room for it.</returns>
    public bool Add(T row)
    {
        _bytes += PageText.BytesOf(row);
        _isFull = _rows.Count == limit || (_rows.Count > 0 && _bytes > PageText.MaxBytes);
        if (!_isFull)
            _rows.Add(row);
        return !_isFull;
    }

    public Page<T> ToPage(Func<T, long[]> key) => new(_rows, _isFull ? new PagePosition(key(_rows[^1])) : null);
}

/// <summary>The long texts of rows, by which pages are bounded.</summary>
internal static class PageText
{
    public const int MaxBytes = 1_000_000;

    /// <summary>The size of a row's long text in UTF-8; 0 for rows without one.</summary>
    public static int BytesOf(object row) => row switch
    {
        Post post => Encoding.UTF8.GetByteCount(post.Body),
        PostVersion version => Encoding.UTF8.GetByteCount(version.Body),
        Message message => Encoding.UTF8.GetByteCount(message.Body),
        _ => 0,
    };
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
