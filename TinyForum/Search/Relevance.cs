using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace TinyForum.Search;

/// <summary>
/// How well a post matches a search: BM25, as the auxiliary function <c>relevance(search, weights)</c> of FTS5 (sqlite.org/fts5.html,
/// section 7).
/// </summary>
/// <remarks>
/// FTS5's own <c>bm25()</c> walks all hits of each word to learn how rare it is, and looks up the length of every text that it ranks, each
/// on another page of the file. Here the rarity is a parameter and the length is part of the rowid, so that ranking reads nothing but the
/// words' own lists, from front to back.
/// </remarks>
internal static unsafe partial class Relevance
{
    // Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), 3.4: the usual k1 and b, with
    // fields weighted as in 3.6: a word in the title counts as three in the body.
    private const double K1 = 1.2, B = 0.75, TitleWeight = 3;

    // The average length of a post, in tokens. Only its order of magnitude matters.
    private const double AverageLength = 60;

    // A rowid is a post's id followed by this many bits for its length, on a logarithmic scale that doubles with every second step.
    internal const int LengthBits = 5;

    private const int Longest = (1 << LengthBits) - 1;

    internal static long Row(long postId, int tokens) => FirstRow(postId) + Math.Min((int)Math.Round(2 * Math.Log2(Math.Max(tokens, 1))), Longest);

    internal static long FirstRow(long postId) => postId << LengthBits;

    internal static long LastRow(long postId) => FirstRow(postId) + Longest;

    internal static long Post(long row) => row >> LengthBits;

    /// <summary>The weight of a term by its rarity, that is, by how many of all documents have it. An estimate is enough.</summary>
    internal static double Weight(long documents, long having) => Math.Log(1 + (Math.Max(documents - having, 0) + 0.5) / (having + 0.5));

    /// <summary>The weights of a query's terms, which are the first phrases of its MATCH expression, as <c>relevance()</c> takes them.</summary>
    internal static byte[] Parameter(ReadOnlySpan<double> weights) => MemoryMarshal.AsBytes(weights).ToArray();

    /// <summary>Registers the function with a connection, whose <c>fts5_api</c> is <paramref name="api"/>.</summary>
    /// <exception cref="NotSupportedException">Its FTS5 accepts no functions.</exception>
    internal static void Register(nint api)
    {
        var fts5 = (Fts5*)api;
        fixed (byte* name = "relevance\0"u8)
        {
            if (fts5 is null || fts5->CreateFunction(fts5, name, 0, &Score, 0) != raw.SQLITE_OK)
                throw new NotSupportedException("this SQLite's FTS5 takes no functions");
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Score(Extension* fts5, nint hit, nint context, int count, nint* values)
    {
        if (count != 1)
        {
            ResultErrorCode(context, raw.SQLITE_MISUSE);
            return;
        }
        var weights = (double*)ValueBlob(values[0]);
        var terms = Math.Min(ValueBytes(values[0]) / sizeof(double), SearchQuery.MaxTerms);
        var frequencies = stackalloc double[SearchQuery.MaxTerms];
        new Span<double>(frequencies, terms).Clear();

        int instances, phrase, column, offset;
        var code = fts5->InstanceCount(hit, &instances);
        for (var i = 0; i < instances && code == raw.SQLITE_OK; i++)
        {
            code = fts5->Instance(hit, i, &phrase, &column, &offset);
            if (code == raw.SQLITE_OK && phrase < terms)
                frequencies[phrase] += column == 0 ? TitleWeight : 1;
        }
        if (code != raw.SQLITE_OK)
        {
            ResultErrorCode(context, code);
            return;
        }

        var length = Math.Pow(2, (fts5->Row(hit) & Longest) / 2.0);
        var norm = K1 * (1 - B + B * length / AverageLength);
        var score = 0.0;
        for (var i = 0; i < terms; i++)
            score += weights[i] * frequencies[i] * (K1 + 1) / (frequencies[i] + norm);
        ResultDouble(context, score);
    }

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_value_blob"), SuppressGCTransition]
    private static partial void* ValueBlob(nint value);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_value_bytes"), SuppressGCTransition]
    private static partial int ValueBytes(nint value);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_result_double"), SuppressGCTransition]
    private static partial void ResultDouble(nint context, double value);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_result_error_code")]
    private static partial void ResultErrorCode(nint context, int code);

    /// <summary>fts5_api of fts5.h: a version and functions, of which this is the third.</summary>
    [StructLayout(LayoutKind.Explicit)]
    private struct Fts5
    {
        [FieldOffset(3 * 8)]
        public readonly delegate* unmanaged[Cdecl]<Fts5*, byte*, nint, delegate* unmanaged[Cdecl]<Extension*, nint, nint, int, nint*, void>,
            nint, int> CreateFunction;
    }

    /// <summary>Fts5ExtensionApi of fts5.h: what FTS5 tells a function about the hit that it is called for.</summary>
    [StructLayout(LayoutKind.Explicit)]
    private struct Extension
    {
        [FieldOffset(8 * 8)]
        public readonly delegate* unmanaged[Cdecl]<nint, int*, int> InstanceCount;

        [FieldOffset(9 * 8)]
        public readonly delegate* unmanaged[Cdecl]<nint, int, int*, int*, int*, int> Instance;

        [FieldOffset(10 * 8)]
        public readonly delegate* unmanaged[Cdecl]<nint, long> Row;
    }
}
