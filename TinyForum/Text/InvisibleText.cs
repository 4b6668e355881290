using System.Globalization;
using System.Text;

namespace TinyForum.Text;

/// <summary>Texts that show nothing, and characters in them that show nothing.</summary>
internal static class InvisibleText
{
    /// <summary>Whether a text shows anything.</summary>
    internal static bool Shows(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (UnicodeText.Shows(rune))
                return true;
        }
        return false;
    }

    /// <summary>The first invisible character of a text that writing does not need there; <see langword="null"/> if there is none.</summary>
    internal static Rune? Find(string text)
    {
        var (before, last, isFlag) = (new Rune(' '), new Rune(' '), false); // the last visible character, the last of all, a flag of tags
        for (int at = 0, length; at < text.Length; at += length)
        {
            Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out length);
            isFlag = rune.Value == 0x1F3F4 || (isFlag && IsTag(rune));
            if (!UnicodeText.IsInvisible(rune))
                before = rune;
            else if (!(isFlag || (IsSelector(rune) && last == before && UnicodeText.Shows(before))
                || (IsJoiner(rune) && (Joins(last) || (rune.Value == 0x200D && IsSymbol(before) && StartsWithSymbol(text.AsSpan(at + length)))))))
                return rune;
            last = rune;
        }
        return null;
    }

    // England's flag and others: a black one, tags that spell the region, and a tag that ends them.
    private static bool IsTag(Rune rune) => rune.Value is >= 0xE0020 and <= 0xE007F;

    // They choose among forms of the character before.
    private static bool IsSelector(Rune rune) =>
        rune.Value is (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0100 and <= 0xE01EF) or (>= 0x180B and <= 0x180D) or 0x180F;

    // ZWNJ and ZWJ, and Mongolian's vowel separator.
    private static bool IsJoiner(Rune rune) => rune.Value is 0x200C or 0x200D or 0x180E;

    // A letter or mark of a script whose letters join: from Hebrew and Arabic to those of India and its neighbours.
    private static bool Joins(Rune rune) => rune.Value is >= 0x590 and <= 0x1CFF && (Rune.IsLetter(rune) || UnicodeText.IsMark(rune));

    private static bool IsSymbol(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.OtherSymbol or UnicodeCategory.MathSymbol or UnicodeCategory.ModifierSymbol;

    private static bool StartsWithSymbol(ReadOnlySpan<char> text) =>
        Rune.DecodeFromUtf16(text, out var rune, out _) == System.Buffers.OperationStatus.Done && IsSymbol(rune);
}
