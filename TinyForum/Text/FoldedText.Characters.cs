using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace TinyForum.Text;

// What characters are to search.
internal ref partial struct FoldedText
{
    private const char FirstMark = '\u0300';

    // What single characters fold to, in pages of 256 that are filled on first use: asking ICU costs a hundred times as much.
    // 0: not known yet. Space: ends a word. Nothing: is as if it were not there. Odd: needs a closer look.
    private static readonly char[]?[] Pages = new char[256][];
    private const char Space = ' ', Nothing = '\uFFFE', Odd = '\uFFFF';

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static char Simple(char c)
    {
        var page = Pages[c >> 8] ??= new char[256]; // racing threads compute the same page
        return page[c & 0xFF] is > '\0' and var known ? known : page[c & 0xFF] = Look(c);

        static char Look(char c)
        {
            if (char.IsSurrogate(c) || c >= '\uFFFE' || IsSign(c))
                return Odd;
            Span<char> buffer = stackalloc char[512];
            return FoldCluster([c], buffer) switch
            {
                [] => Nothing,
                [var folded] => Classify(new Rune(folded)) switch
                {
                    Kind.Separator => Space,
                    Kind.Ignored => Nothing,
                    Kind.Word => folded,
                    Kind.Alone when IsUnspaced(folded) => folded,
                    _ => Odd,
                },
                _ => Odd,
            };
        }
    }

    // NFKC, and what search takes each character for; once more if what folded to nothing stood between two that compose.
    [SkipLocalsInit]
    private static ReadOnlySpan<char> FoldCluster(ReadOnlySpan<char> cluster, Span<char> buffer)
    {
        Span<char> whole = stackalloc char[256];
        if (!cluster.TryNormalize(whole, out var length, NormalizationForm.FormKC))
            return cluster;
        var (end, hasGap, isClosed) = (0, false, false);
        foreach (var rune in whole[..length].EnumerateRunes())
        {
            var more = Fold(rune, buffer[end..]);
            end += more;
            hasGap |= more == 0;
            isClosed |= hasGap && more > 0;
        }
        return isClosed && !buffer[..end].IsNormalized(NormalizationForm.FormKC) ? FoldCluster(buffer[..end].ToString(), buffer) : buffer[..end];
    }

    private static int Fold(Rune rune, Span<char> to)
    {
        if (rune.IsBmp && Pages[rune.Value >> 8]?[rune.Value & 0xFF] is > Space and < Nothing and var known)
        {
            to[0] = known;
            return 1;
        }
        if (Rune.GetUnicodeCategory(rune) > UnicodeCategory.OtherNumber) // the last of letters, marks and numbers
            return rune.EncodeToUtf16(to);
        return UnicodeTables.Letters.TryMap(rune, to, out var length) ? length : UnicodeText.Fold(rune, to);
    }

    // How many chars at this place belong to the character before: marks, the second and third parts of a decomposed Hangul
    // syllable, and the voicing signs of halfwidth kana. 0 for none.
    private static int Extends(ReadOnlySpan<char> text, int at)
    {
        var c = text[at];
        if (c < FirstMark || IsPlainIdeograph(c) || c is (>= '\u3041' and <= '\u3096') or (>= '\u30A1' and <= '\u30FA'))
            return 0;
        if (c is (>= '\u1160' and <= '\u11FF') or (>= '\uD7B0' and <= '\uD7FF') or '\uFF9E' or '\uFF9F')
            return 1;
        return Rune.DecodeFromUtf16(text[at..], out var rune, out var length) == OperationStatus.Done && UnicodeText.IsMark(rune) ? length : 0;
    }

    // The common Han and Hangul characters that stand for themselves and fold to themselves.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsPlainIdeograph(char c) => c is (>= '\u4E00' and <= '\u9FFF') or (>= '\uAC00' and <= '\uD7A3');

    private static bool IsStop(char c) => c is '.' or '．';

    private static bool IsSign(char c) => c is '+' or '#' or '.' or '＋' or '＃' or '．';

    // Whether a full stop behind this ends or joins something.
    private static bool Continues(ReadOnlySpan<char> before) =>
        Rune.DecodeLastFromUtf16(before, out var last, out _) == OperationStatus.Done && (last.Value is '.' or '．' or '…' || Rune.GetUnicodeCategory(last)
            is UnicodeCategory.ClosePunctuation or UnicodeCategory.FinalQuotePunctuation || (Classify(last) == Kind.Word && !IsUnspaced(last.Value)));

    private static bool StartsWord(ReadOnlySpan<char> text, bool needsLetter) => Rune.DecodeFromUtf16(text, out var first, out _) == OperationStatus.Done
        && Classify(first) == Kind.Word && (!needsLetter || Rune.IsLetter(first));

    // Two make the flag of a country.
    private static bool IsRegional(Rune rune) => rune.Value is >= 0x1F1E6 and <= 0x1F1FF;

    private enum Kind { Separator, Ignored, Word, Alone }

    private static Kind Classify(Rune rune)
    {
        switch (Rune.GetUnicodeCategory(rune))
        {
            case UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.DecimalDigitNumber
                or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber
                or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark:
                return IsUnspaced(rune.Value) ? Kind.Alone : Kind.Word;
            case UnicodeCategory.OtherSymbol:
                return Kind.Alone;
            case UnicodeCategory.Format: // soft hyphens, joiners, direction marks; but the zero width space does separate words
                return rune.Value == 0x200B ? Kind.Separator : Kind.Ignored;
            case UnicodeCategory.ModifierSymbol when rune.Value is >= 0x1F3FB and <= 0x1F3FF: // skin tones
                return Kind.Ignored;
            case UnicodeCategory.OtherNotAssigned when rune.Value is >= 0x20000 and < 0x3FFFE: // planes reserved for future Han
                return Kind.Alone;
            default:
                return Kind.Separator;
        }
    }

    /// <summary>Blocks of the scripts whose characters are tokens of their own.</summary>
    internal static bool IsUnspaced(int c) => c is
        (>= 0x0E00 and <= 0x0EFF) or (>= 0x1000 and <= 0x109F)          // Thai, Lao, Myanmar
        or (>= 0x1100 and <= 0x11FF) or (>= 0x1780 and <= 0x17FF)       // Hangul Jamo, Khmer
        or (>= 0x1950 and <= 0x19FF) or (>= 0x1A20 and <= 0x1AAF)       // Tai Le, New Tai Lue, Tai Tham
        or (>= 0x1B00 and <= 0x1B7F)                                    // Balinese
        or (>= 0x2E80 and <= 0x2FDF) or (>= 0x3005 and <= 0x3007)       // radicals, iteration mark, ideographic zero
        or (>= 0x3021 and <= 0x31FF)                                    // kana, Bopomofo, compatibility Jamo, strokes
        or (>= 0x3400 and <= 0xA4CF)                                    // Han, Yi
        or (>= 0xA960 and <= 0xA9FF) or (>= 0xAA60 and <= 0xAADF)       // Jamo, Javanese, Myanmar, Tai Viet
        or (>= 0xAC00 and <= 0xD7FF) or (>= 0xF900 and <= 0xFAFF)       // Hangul syllables, compatibility Han
        or (>= 0x16FE0 and <= 0x1B2FF) or (>= 0x20000 and <= 0x3FFFF);  // Tangut, Khitan, more kana, Nüshu; more Han
}
