using System.Globalization;
using System.Text;

namespace TinyForum.Text;

/// <summary>What became of a piece of a text.</summary>
internal enum PieceKind
{
    Same,
    Removed,
    Added,
}

/// <summary>A piece of two texts.</summary>
internal readonly record struct Piece(PieceKind Kind, string Text);

/// <summary>
/// What changed between two texts, word by word, in Chinese and Japanese character by character (E. W. Myers, "An O(ND) Difference Algorithm and
/// Its Variations", Algorithmica 1, 1986: the greedy algorithm). The work is bounded, that of all comparisons by one instance together: texts that
/// differ in too much are shown as replaced.
/// </summary>
internal sealed class TextDifference
{
    /// <summary>How many words may have been removed and added.</summary>
    internal const int MaxChanges = 500;

    /// <summary>How many pairs of words are compared, by an instance.</summary>
    internal const int MaxWork = 1_000_000;

    private int _work;

    /// <summary>The pieces that the old text is made of without those that were added, and the new one without those that were removed.</summary>
    public IReadOnlyList<Piece> Between(string before, string after)
    {
        var ids = new Dictionary<string, int>();
        var (old, now) = (Words(before, ids), Words(after, ids));
        var start = 0;
        while (start < old.Count && start < now.Count && old[start].Id == now[start].Id)
            start++;
        var (oldEnd, nowEnd) = (old.Count, now.Count);
        while (oldEnd > start && nowEnd > start && old[oldEnd - 1].Id == now[nowEnd - 1].Id)
            (oldEnd, nowEnd) = (oldEnd - 1, nowEnd - 1);

        var pieces = new Pieces();
        pieces.Add(PieceKind.Same, before.AsSpan(0, At(old, start, before)));
        foreach (var (kind, index) in Changes(old, now, start, oldEnd, nowEnd) ?? Replaced(start, oldEnd, nowEnd))
        {
            var (text, words) = kind == PieceKind.Added ? (after, now) : (before, old);
            pieces.Add(kind, text.AsSpan()[At(words, index, text)..At(words, index + 1, text)]);
        }
        pieces.Add(PieceKind.Same, before.AsSpan(At(old, oldEnd, before)));
        return pieces.ToList();
    }

    private static int At(List<(int Start, int Id)> words, int index, string text) => index < words.Count ? words[index].Start : text.Length;

    private static IEnumerable<(PieceKind Kind, int Index)> Replaced(int start, int oldEnd, int nowEnd) =>
        Enumerable.Range(start, oldEnd - start).Select(i => (PieceKind.Removed, i))
            .Concat(Enumerable.Range(start, nowEnd - start).Select(i => (PieceKind.Added, i)));

    /// <summary>The shortest way from one text to the other; <see langword="null"/> if looking for it takes too long.</summary>
    private List<(PieceKind Kind, int Index)>? Changes(
        List<(int Start, int Id)> old, List<(int Start, int Id)> now, int start, int oldEnd, int nowEnd)
    {
        var (width, height) = (oldEnd - start, nowEnd - start);
        var furthest = new int[(2 * MaxChanges) + 3]; // by diagonal: how far into the old text one gets with so many changes
        var history = new List<int[]>();
        for (var changes = 0; changes <= Math.Min(MaxChanges, width + height); changes++)
        {
            history.Add(furthest[(MaxChanges + 1 - changes)..(MaxChanges + 2 + changes)]);
            for (var diagonal = -changes; diagonal <= changes; diagonal += 2)
            {
                var x = IsDown(furthest, MaxChanges + 1, diagonal, changes)
                    ? furthest[MaxChanges + 2 + diagonal] : furthest[MaxChanges + diagonal] + 1;
                while (x < width && x - diagonal < height && old[start + x].Id == now[start + x - diagonal].Id)
                {
                    x++;
                    _work++;
                }
                if (++_work > MaxWork)
                    return null;
                furthest[MaxChanges + 1 + diagonal] = x;
                if (x >= width && x - diagonal >= height)
                    return Walk(history, width, height, start);
            }
        }
        return null;
    }

    /// <summary>Whether the furthest way to a diagonal comes from the one above it, by a word that was added.</summary>
    private static bool IsDown(int[] furthest, int middle, int diagonal, int changes) =>
        diagonal == -changes || (diagonal != changes && furthest[middle + diagonal - 1] < furthest[middle + diagonal + 1]);

    /// <summary>Goes back along the way that was found.</summary>
    private static List<(PieceKind Kind, int Index)> Walk(List<int[]> history, int width, int height, int start)
    {
        var way = new List<(PieceKind, int)>();
        var (x, y) = (width, height);
        for (var changes = history.Count - 1; changes > 0; changes--)
        {
            var (furthest, diagonal) = (history[changes], x - y);
            var isDown = IsDown(furthest, changes, diagonal, changes);
            var beforeX = isDown ? furthest[changes + diagonal + 1] : furthest[changes + diagonal - 1];
            var beforeY = beforeX - (isDown ? diagonal + 1 : diagonal - 1);
            for (; x > beforeX && y > beforeY && (x, y) != (isDown ? beforeX : beforeX + 1, isDown ? beforeY + 1 : beforeY); x--, y--)
                way.Add((PieceKind.Same, start + x - 1));
            way.Add(isDown ? (PieceKind.Added, start + y - 1) : (PieceKind.Removed, start + x - 1));
            (x, y) = (beforeX, beforeY);
        }
        for (; x > 0; x--)
            way.Add((PieceKind.Same, start + x - 1));
        way.Reverse();
        return way;
    }

    /// <summary>The words of a text, where they begin; equal ones have equal numbers.</summary>
    private static List<(int Start, int Id)> Words(string text, Dictionary<string, int> ids)
    {
        var words = new List<(int, int)>();
        var known = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var at = 0; at < text.Length;)
        {
            var end = at + LengthOfWord(text.AsSpan(at));
            if (!known.TryGetValue(text.AsSpan(at..end), out var id))
                known[text.AsSpan(at..end)] = id = ids.Count;
            words.Add((at, id));
            at = end;
        }
        return words;
    }

    private static int LengthOfWord(ReadOnlySpan<char> text)
    {
        var length = 0;
        while (length < text.Length)
        {
            var isRune = Rune.DecodeFromUtf16(text[length..], out var rune, out var read) == System.Buffers.OperationStatus.Done;
            if (!isRune || !(Rune.IsLetterOrDigit(rune) || IsMark(rune)) || (IsIdeograph(rune) && length == 0))
                return length == 0 ? StringInfo.GetNextTextElementLength(text) : length; // an emoji and its skin tone are one
            if (IsIdeograph(rune))
                return length;
            length += read;
        }
        return length;
    }

    private static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    /// <summary>Whether words are written without spaces in its script.</summary>
    private static bool IsIdeograph(Rune rune) => rune.Value is >= 0x2E80 and <= 0x9FFF or >= 0xAC00 and <= 0xD7AF or >= 0xF900 and <= 0xFAFF
        or >= 0x20000 and <= 0x3FFFF or >= 0x0E00 and <= 0x0EFF;

    /// <summary>Puts pieces of a kind together.</summary>
    private sealed class Pieces
    {
        private readonly List<Piece> _pieces = [];
        private readonly Dictionary<PieceKind, StringBuilder> _open = [];

        public void Add(PieceKind kind, ReadOnlySpan<char> text)
        {
            if (text.IsEmpty)
                return;
            if (kind == PieceKind.Same)
                Close(PieceKind.Removed, PieceKind.Added);
            else
                Close(PieceKind.Same);
            if (!_open.TryGetValue(kind, out var open))
                _open.Add(kind, open = new StringBuilder());
            open.Append(text);
        }

        public List<Piece> ToList()
        {
            Close(PieceKind.Same, PieceKind.Removed, PieceKind.Added);
            return _pieces;
        }

        private void Close(params ReadOnlySpan<PieceKind> kinds)
        {
            foreach (var kind in kinds)
            {
                if (_open.Remove(kind, out var text))
                    _pieces.Add(new Piece(kind, text.ToString()));
            }
        }
    }
}
