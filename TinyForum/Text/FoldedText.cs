using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace TinyForum.Text;

/// <summary>
/// A text as search sees it: tokens without case, width or accents, with a space before and after each. A phrase is then a plain
/// substring, and FTS5's <c>ascii</c> tokenizer, which splits at ASCII characters only, yields the same tokens. (<c>unicode61</c>
/// would split at every letter that is newer than its Unicode 6.1.)
/// </summary>
/// <remarks>
/// Scripts without spaces between words (Chinese, Japanese, Thai, Khmer ...) and Korean yield one token per character, so that any
/// run of characters is a phrase. Other scripts yield one token per word. Symbols such as emoji are tokens of their own.
/// Buffers are pooled: dispose.
/// </remarks>
internal ref struct FoldedText
{
    // Longer words are cut here, in the index and in queries alike. FTS5 has a limit too, but in bytes.
    private const int MaxWord = 64;

    // A letter and its marks are folded together, up to this many chars.
    private const int MaxCluster = 32;

    // How many chars more than two for each of its own a text may fold to: some characters stand for several words. Those that come after
    // that are left out. A query, which is short, never gets there.
    private const int MaxSurplus = 8_192;

    // What single characters fold to, in pages of 256 that are filled on first use: asking ICU costs a hundred times as much.
    // 0: not known yet. Space: ends a word. Odd: needs a closer look.
    private static readonly char[]?[] Pages = new char[256][];
    private const char Space = ' ', Odd = '\uFFFF';

    private char[] _chars;
    private int[]? _origins;
    private int _length, _word, _surplus;

    /// <summary>Folds a text; with origins, <see cref="Origin"/> tells where a token stood in it.</summary>
    internal FoldedText(ReadOnlySpan<char> text, bool origins = false)
    {
        _chars = ArrayPool<char>.Shared.Rent(2 * text.Length + 16);
        _origins = origins ? ArrayPool<int>.Shared.Rent(_chars.Length) : null;
        _chars[_length++] = ' ';
        for (var at = 0; at < text.Length;)
        {
            var c = text[at];
            if (at + 1 < text.Length && Extends(text, at + 1) > 0)
                at += AddCluster(text, at);
            else if (c < 0x80)
            {
                if (char.IsAsciiLetterOrDigit(c))
                {
                    if (_word++ < MaxWord)
                        Put((char)(char.IsAsciiLetterUpper(c) ? c | 0x20 : c), at);
                }
                else
                    EndWord();
                at++;
            }
            else if (IsPlainIdeograph(c))
            {
                EndWord();
                Put(c, at++);
                EndToken();
            }
            else if (Simple(c) is not Odd and var folded)
            {
                if (folded == Space)
                    EndWord();
                else if (folded >= '\u0E00' && IsUnspaced(folded))
                {
                    EndWord();
                    Put(folded, at);
                    EndToken();
                }
                else if (_word++ < MaxWord)
                    Put(folded, at);
                at++;
            }
            else
                at += AddCluster(text, at);
        }
        EndWord();
    }

    /// <summary>" token token ", or one space when there are none.</summary>
    internal readonly ReadOnlySpan<char> Chars => _chars.AsSpan(0, _length);

    /// <summary>How many tokens there are.</summary>
    internal int Tokens { get; private set; }

    /// <summary>Where in the text the folded character at this index comes from.</summary>
    internal readonly int Origin(int index) => _origins![index];

    public void Dispose()
    {
        ArrayPool<char>.Shared.Return(_chars);
        if (_origins is not null)
            ArrayPool<int>.Shared.Return(_origins);
        (_chars, _origins, _length) = ([], null, 0);
    }

    // Two chars for each char of the text: itself and the space after a token. AddCluster makes room for what expands.
    private void Put(char c, int origin)
    {
        if (_origins is not null)
            _origins[_length] = origin;
        _chars[_length++] = c;
    }

    private void EndWord()
    {
        if (_word > 0)
        {
            EndToken();
            _word = 0;
        }
    }

    private void EndToken()
    {
        Tokens++;
        Put(' ', 0);
    }

    [SkipLocalsInit] // clearing the buffers would take longer than the rest
    private int AddCluster(ReadOnlySpan<char> text, int at)
    {
        if (Rune.DecodeFromUtf16(text[at..], out var rune, out var length) != OperationStatus.Done || rune.Value == 0xFFFE)
        {
            EndWord();
            return length;
        }
        while (at + length < text.Length && Extends(text, at + length) is > 0 and var more && length + more <= MaxCluster)
            length += more;

        Span<char> buffer = stackalloc char[512];
        var folded = FoldCluster(text.Slice(at, length), buffer);
        if (folded.Length > 2 * length && (_surplus += folded.Length - 2 * length) > MaxSurplus)
        {
            EndWord();
            return length;
        }
        Reserve(2 * (folded.Length + text.Length - at) + 16);
        foreach (var part in folded.EnumerateRunes())
            Add(part, at);
        return length;
    }

    private static char Simple(char c)
    {
        var page = Pages[c >> 8] ??= new char[256]; // racing threads compute the same page
        return page[c & 0xFF] is > '\0' and var known ? known : page[c & 0xFF] = Look(c);

        static char Look(char c)
        {
            if (char.IsSurrogate(c) || c >= '\uFFFE')
                return Odd;
            Span<char> buffer = stackalloc char[64];
            return FoldCluster([c], buffer) is not [var folded] ? Odd
                : Classify(new Rune(folded)) switch
                {
                    Kind.Separator => Space,
                    Kind.Word => folded,
                    Kind.Alone when IsUnspaced(folded) => folded,
                    _ => Odd,
                };
        }
    }

    private void Reserve(int more)
    {
        if (_length + more > _chars.Length)
            Grow(ref _chars, _length, _length + more);
        if (_origins is not null && _length + more > _origins.Length)
            Grow(ref _origins, _length, _length + more);
    }

    private static void Grow<T>(ref T[] array, int used, int size)
    {
        var larger = ArrayPool<T>.Shared.Rent(size);
        array.AsSpan(0, used).CopyTo(larger);
        ArrayPool<T>.Shared.Return(array);
        array = larger;
    }

    private void Add(Rune rune, int origin)
    {
        Span<char> chars = stackalloc char[2];
        var encoded = chars[..rune.EncodeToUtf16(chars)];
        switch (Classify(rune))
        {
            case Kind.Word when _word + encoded.Length <= MaxWord:
                foreach (var c in encoded)
                    Put(c, origin);
                _word += encoded.Length;
                break;
            case Kind.Word:
                _word = MaxWord;
                break;
            case Kind.Alone:
                EndWord();
                foreach (var c in encoded)
                    Put(c, origin);
                EndToken();
                break;
            case Kind.Separator:
                EndWord();
                break;
        }
    }

    // Removes compatibility forms and accents. Hangul syllables and voiced kana, which decomposition takes apart, are recomposed.
    [SkipLocalsInit]
    private static ReadOnlySpan<char> FoldCluster(ReadOnlySpan<char> cluster, Span<char> buffer)
    {
        Span<char> apart = stackalloc char[256];
        if (!cluster.TryNormalize(apart, out var length, NormalizationForm.FormKD))
            return cluster;
        var kept = 0;
        foreach (var c in apart[..length])
        {
            if (!IsAccent(c))
                apart[kept++] = c;
        }
        Span<char> whole = stackalloc char[256];
        if (!apart[..kept].TryNormalize(whole, out length, NormalizationForm.FormC))
            return cluster;
        var end = 0;
        foreach (var rune in whole[..length].EnumerateRunes())
        {
            var folded = rune.Value == 'ı' ? new Rune('i') : rune; // its capital is a plain I
            end += UnicodeText.Fold(folded, buffer[end..]);
        }
        return buffer[..end];
    }

    // How many chars at this place belong to the character before: marks, the second and third parts of a decomposed Hangul
    // syllable, and the voicing signs of halfwidth kana. 0 for none.
    private static int Extends(ReadOnlySpan<char> text, int at)
    {
        var c = text[at];
        if (c < 0x300 || IsPlainIdeograph(c))
            return 0;
        if (c is (>= '\u1160' and <= '\u11FF') or (>= '\uD7B0' and <= '\uD7FF') or '\uFF9E' or '\uFF9F')
            return 1;
        return Rune.DecodeFromUtf16(text[at..], out var rune, out var length) == OperationStatus.Done && IsMark(rune) ? length : 0;
    }

    private static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    // The common Han, kana and Hangul characters that stand for themselves and fold to themselves.
    private static bool IsPlainIdeograph(char c) => c is (>= '\u3041' and <= '\u3096') or (>= '\u30A1' and <= '\u30FA')
        or (>= '\u4E00' and <= '\u9FFF') or (>= '\uAC00' and <= '\uD7A3');

    // Marks that writers leave out or readers overlook: those of Latin, Greek and Cyrillic, and the points of Hebrew and Arabic.
    // The vowel signs of Indic and other scripts are letters in all but name and stay.
    private static bool IsAccent(char c) => c is (>= '\u0300' and <= '\u036F') or (>= '\u0483' and <= '\u0489')
        or (>= '\u0591' and <= '\u05BD') or '\u05BF' or '\u05C1' or '\u05C2' or '\u05C4' or '\u05C5' or '\u05C7'
        or (>= '\u064B' and <= '\u0652') or '\u0670' or (>= '\u06D6' and <= '\u06DC')
        or (>= '\u1AB0' and <= '\u1AFF') or (>= '\u1DC0' and <= '\u1DFF') or (>= '\u20D0' and <= '\u20FF') or (>= '\uFE20' and <= '\uFE2F');

    private enum Kind { Separator, Ignored, Word, Alone }

    private static Kind Classify(Rune rune)
    {
        switch (Rune.GetUnicodeCategory(rune))
        {
            case UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.DecimalDigitNumber
                or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber
                or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark:
                return IsInvisible(rune.Value) ? Kind.Ignored : IsUnspaced(rune.Value) ? Kind.Alone : Kind.Word;
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

    // Arabic's tatweel stretches a word; variation selectors choose among forms of one character.
    private static bool IsInvisible(int c) =>
        c is 0x0640 or (>= 0x180B and <= 0x180F) or (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0100 and <= 0xE01EF);

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
