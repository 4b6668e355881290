using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;

namespace TinyForum.Text;

/// <summary>
/// A text as search sees it: tokens without case, width or accents (<see cref="UnicodeTables.Letters"/>), with a space before and after each.
/// A phrase is then a plain substring, and FTS5's <c>ascii</c> tokenizer, which splits at ASCII characters only, yields the same tokens.
/// (<c>unicode61</c> would split at every letter that is newer than its Unicode 6.1.)
/// </summary>
/// <remarks>
/// Scripts without spaces between words (Chinese, Japanese, Thai, Khmer ...) and Korean yield one token per character, so that any
/// run of characters is a phrase. Other scripts yield one token per word. Symbols such as emoji are tokens of their own, and so are
/// the signs of names like C++, C# and .NET. Buffers are pooled: dispose.
/// </remarks>
internal ref partial struct FoldedText
{
    // Longer words are cut here, in the index and in queries alike. FTS5 has a limit too, but in bytes.
    private const int MaxWord = 64;

    // A letter and its marks are folded together, up to this many chars.
    private const int MaxCluster = 32;

    // How many chars more than two for each of its own a text may fold to: some characters stand for several words. Those that come after
    // that are left out. A query, which is short, never gets there.
    private const int MaxSurplus = 8_192;

    // The signs that are tokens. Private use characters end words in a text, so that nobody can type them. See SearchIndex for more of them.
    private const char PlusSign = '\uE002', NumberSign = '\uE003', FullStop = '\uE004';
    private const int MaxSigns = 3;

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
            if (at + 1 < text.Length && text[at + 1] >= FirstMark && Extends(text, at + 1) > 0)
                at += AddCluster(text, at);
            else if (c < 0x80)
            {
                if (char.IsAsciiLetterOrDigit(c))
                {
                    if (_word++ < MaxWord)
                        Put((char)(char.IsAsciiLetterUpper(c) ? c | 0x20 : c), at);
                    at++;
                }
                else if (c is '+' or '#' or '.')
                    at += AddSigns(text, at);
                else
                {
                    EndWord();
                    at++;
                }
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
                else if (folded != Nothing && _word++ < MaxWord)
                    Put(folded, at);
                at++;
            }
            else
                at += IsSign(c) ? AddSigns(text, at) : AddCluster(text, at);
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
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Put(char c, int origin)
    {
        if (_origins is not null)
            _origins[_length] = origin;
        _chars[_length++] = c;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void EndWord()
    {
        if (_word > 0)
        {
            EndToken();
            _word = 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void EndToken()
    {
        Tokens++;
        Put(' ', 0);
    }

    // C++, C# and .NET: plus and number signs behind a word, unless a single one joins two words, and a full stop before one. Returns
    // how many chars it took.
    [MethodImpl(MethodImplOptions.NoInlining)] // or else less of the loop is
    private int AddSigns(ReadOnlySpan<char> text, int at)
    {
        var isWord = _word > 0;
        EndWord();
        var isStop = IsStop(text[at]);
        var length = 1;
        while (!isStop && at + length < text.Length && IsSign(text[at + length]) && !IsStop(text[at + length]))
            length++;
        var isToken = isStop ? !isWord && StartsWord(text[(at + 1)..], needsLetter: true) && !Continues(text[..at])
            : isWord && (length > 1 || !StartsWord(text[(at + 1)..], needsLetter: false));
        if (isToken)
        {
            for (var i = 0; i < Math.Min(length, MaxSigns); i++)
                Put(isStop ? FullStop : text[at + i] is '+' or '＋' ? PlusSign : NumberSign, at + i);
            EndToken();
        }
        return length;
    }

    [SkipLocalsInit] // clearing the buffers would take longer than the rest
    private int AddCluster(ReadOnlySpan<char> text, int at)
    {
        if (Rune.DecodeFromUtf16(text[at..], out var rune, out var length) != OperationStatus.Done || rune.Value == 0xFFFE)
        {
            EndWord();
            return length;
        }
        if (IsRegional(rune) && Rune.DecodeFromUtf16(text[(at + length)..], out var second, out var both) == OperationStatus.Done && IsRegional(second))
        {
            EndWord();
            both += length;
            foreach (var c in text.Slice(at, both)) // a flag
                Put(c, at);
            EndToken();
            return both;
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
}
