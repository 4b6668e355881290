using System.Globalization;
using System.Text;

namespace TinyForum.Text;

/// <summary>What a character may be in a name.</summary>
internal enum NameKind { None, Letter, Mark, Digit, Sign }

/// <summary>Case folding, normalisation and the properties of characters that .NET does not have.</summary>
internal static class UnicodeText
{
    /// <summary>
    /// Throws if the runtime cannot normalise. In invariant globalisation mode, and so in an image without ICU,
    /// <see cref="string.Normalize()"/> returns text unchanged; two accounts could then have the same name.
    /// </summary>
    internal static void EnsureNormalizationWorks()
    {
        if ("\uFB01".Normalize(NormalizationForm.FormKC) != "fi" || "e\u0301".Normalize(NormalizationForm.FormC) != "\u00E9")
        {
            throw new PlatformNotSupportedException(
                "this runtime does not normalise Unicode text, on which the uniqueness of names rests: install ICU (libicu) and leave " +
                "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT (InvariantGlobalization) off.");
        }
    }

    /// <summary>
    /// The form in which names and tags are compared: NFKC with full case folding, both twice, since the result of one may need the other
    /// again (The Unicode Standard, 3.13, D146). The text must pass <see cref="CanNormalize"/>. Idempotent.
    /// </summary>
    internal static string Key(string text)
    {
        if (Ascii.IsValid(text))
            return text.ToLowerInvariant();
        var once = Fold(text.Normalize(NormalizationForm.FormKC)).Normalize(NormalizationForm.FormKC);
        return Fold(once).Normalize(NormalizationForm.FormKC);
    }

    internal static string Fold(string text)
    {
        var folded = new StringBuilder(text.Length);
        Span<char> to = stackalloc char[3];
        foreach (var rune in text.EnumerateRunes())
            folded.Append(to[..Fold(rune, to)]);
        return folded.ToString();
    }

    /// <summary>Folds the case of one character (CaseFolding.txt, C and F) and returns how many of the three chars it took.</summary>
    internal static int Fold(Rune rune, Span<char> to)
    {
        var c = rune.Value;
        var full = UnicodeTables.FullFolds.AsSpan();
        var (low, high) = (0, full.Length / 4 - 1);
        while (low <= high)
        {
            var at = (low + high) / 2;
            var row = full.Slice(at * 4, 4);
            if (row[0] == c)
            {
                (to[0], to[1], to[2]) = ((char)row[1], (char)row[2], (char)row[3]);
                return to[2] == 0 ? 2 : 3;
            }
            (low, high) = row[0] < c ? (at + 1, high) : (low, at - 1);
        }

        CharacterMap.TryFind(UnicodeTables.Folds, c, out var folded);
        return new Rune(folded).EncodeToUtf16(to);
    }

    /// <summary>What a character may be in a name, and its set of scripts, to be read with <see cref="Scripts"/>.</summary>
    internal static (NameKind Kind, int Set) InName(int c)
    {
        var at = UnicodeTables.Names.AsSpan().BinarySearch(((uint)c << 11) | 0x7FF);
        at = at < 0 ? ~at - 1 : at;
        var entry = at < 0 ? 0 : UnicodeTables.Names[at];
        return ((NameKind)(entry & 7), (int)((entry >> 3) & 0xFF));
    }

    /// <summary>
    /// The scripts and writing systems of a set (Script_Extensions, UAX #24, augmented as in UTS #39); its own script stands first.
    /// Empty for a character that goes with every script.
    /// </summary>
    internal static ReadOnlySpan<byte> Scripts(int set) =>
        UnicodeTables.Sets.AsSpan()[UnicodeTables.SetStarts[set]..UnicodeTables.SetStarts[set + 1]];

    internal static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    /// <summary>Whether a character shows nothing and takes no room: Default_Ignorable_Code_Point, and format characters that do not show.</summary>
    internal static bool IsInvisible(Rune rune) => rune.Value > 0x7F && CharacterMap.Contains(UnicodeTables.Invisible, rune.Value);

    /// <summary>Whether a character shows something.</summary>
    internal static bool Shows(Rune rune) =>
        !Rune.IsWhiteSpace(rune) && !IsInvisible(rune) && Array.IndexOf(UnicodeTables.Blank, rune.Value) < 0;

    /// <summary>Whether .NET can normalise the text: it throws on lone surrogates, and on U+FFFE although that is valid.</summary>
    internal static bool CanNormalize(ReadOnlySpan<char> text) => Length(text) >= 0 && !text.Contains('\uFFFE');

    /// <summary>The length in Unicode characters (scalar values), or -1 when a surrogate stands alone.</summary>
    internal static int Length(ReadOnlySpan<char> text)
    {
        var surrogates = text.IndexOfAnyInRange('\uD800', '\uDFFF');
        if (surrogates < 0)
            return text.Length;
        var length = surrogates;
        for (var rest = text[surrogates..]; !rest.IsEmpty; length++)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out var consumed) != System.Buffers.OperationStatus.Done)
                return -1;
            rest = rest[consumed..];
        }
        return length;
    }
}
