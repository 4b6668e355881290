namespace TinyForum.Search;

/// <summary>
/// Where a page of a search ended: the window of posts being ranked, the last post's place in it, and all else that the ranking depends
/// on, so that a post written between two pages does not move the others.
/// </summary>
/// <param name="High">The window ends below this post.</param>
/// <param name="Low">It begins with this post; 0 until that is settled.</param>
/// <param name="Score">The last post's score.</param>
/// <param name="Id">The last post.</param>
/// <param name="Counts">Roughly how many posts have each term, as powers of two; one for each term that a query may have.</param>
internal sealed record SearchPosition(long High, long Low, double Score, long Id, IReadOnlyList<byte> Counts)
{
    public const int Numbers = 4 + SearchQuery.MaxTerms / sizeof(long);

    /// <summary>The lower end of the last window, which has no posts below it.</summary>
    public const long Lowest = 1;

    public static SearchPosition First(long high, IReadOnlyList<long> counts) =>
        new(high, 0, double.PositiveInfinity, long.MaxValue,
            [.. counts.Select(n => (byte)Math.Round(Math.Log2(n + 1))), .. new byte[SearchQuery.MaxTerms - counts.Count]]);

    public SearchPosition Older(long low) => this with { High = low, Low = 0, Score = double.PositiveInfinity, Id = long.MaxValue };

    public bool IsBefore(double score, long id) => (score, id).CompareTo((Score, Id)) < 0;

    /// <summary>The weights of the first terms, by their rarity.</summary>
    public double[] Weights(int terms) => [.. Counts.Take(terms).Select(n => Relevance.Weight(High, 1L << n))];

    public long[] ToNumbers()
    {
        var numbers = new long[Numbers];
        (numbers[0], numbers[1], numbers[2], numbers[3]) = (High, Low, BitConverter.DoubleToInt64Bits(Score), Id);
        for (var i = 0; i < Counts.Count; i++)
            numbers[4 + i / sizeof(long)] |= (long)Counts[i] << (8 * (i % sizeof(long)));
        return numbers;
    }

    public static SearchPosition Of(long[] numbers) =>
        new(numbers[0], numbers[1], BitConverter.Int64BitsToDouble(numbers[2]), numbers[3],
            [.. Enumerable.Range(0, SearchQuery.MaxTerms).Select(i => (byte)(numbers[4 + i / sizeof(long)] >> (8 * (i % sizeof(long)))))]);
}
