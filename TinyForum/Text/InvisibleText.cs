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
            Rune next = default;
            if (at + length < text.Length)
                Rune.DecodeFromUtf16(text.AsSpan(at + length), out next, out _);
            isFlag = rune.Value == 0x1F3F4 || (isFlag && IsTag(rune));
            if (!UnicodeText.IsInvisible(rune))
                before = rune;
            else if (!(isFlag || (last == before && Selects(rune, before, next)) || (IsJoiner(rune) && IsJoined(rune, before, last, next))))
                return rune;
            last = rune;
        }
        return null;
    }

    // England's flag and others: a black one, tags that spell the region, and a tag that ends them.
    private static bool IsTag(Rune rune) => rune.Value is >= 0xE0020 and <= 0xE007F;

    /// <summary>Whether a character chooses among the forms that the character before it has.</summary>
    private static bool Selects(Rune rune, Rune before, Rune next) => rune.Value switch
    {
        0xFE0E or 0xFE0F => IsSymbol(before) || before.Value is 0x203C or 0x2049 or 0x2139 or 0x3030 or 0x303D || next.Value == 0x20E3, // a keycap
        (>= 0xFE00 and <= 0xFE0D) or (>= 0xE0100 and <= 0xE01EF) => IsIdeograph(before) || (rune.Value == 0xFE00 && IsSymbol(before)),
        (>= 0x180B and <= 0x180D) or 0x180F => before.Value is >= 0x1820 and <= 0x18AA,
        _ => false,
    };

    private static bool IsIdeograph(Rune rune) => rune.Value is (>= 0x3400 and <= 0x9FFF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x20000 and <= 0x3FFFF);

    // ZWNJ and ZWJ, and Mongolian's vowel separator.
    private static bool IsJoiner(Rune rune) => rune.Value is 0x200C or 0x200D or 0x180E;

    /// <summary>Whether a joiner stands between letters that join or parts of a symbol, or behind a virama at the end of a word.</summary>
    private static bool IsJoined(Rune joiner, Rune before, Rune last, Rune next) =>
        (Joins(last) && (Joins(next) || IsVirama(last))) || (joiner.Value == 0x200D && IsSymbol(before) && IsSymbol(next));

    // A letter or mark of a script whose letters join: from Hebrew and Arabic to those of India and its neighbours.
    private static bool Joins(Rune rune) => rune.Value is >= 0x590 and <= 0x1CFF && (Rune.IsLetter(rune) || UnicodeText.IsMark(rune));

    // The signs that take a letter's vowel, of the scripts in which a joiner shows which form it has then.
    private static bool IsVirama(Rune rune) => rune.Value is 0x94D or 0x9CD or 0xA4D or 0xACD or 0xB4D or 0xBCD or 0xC4D or 0xCCD or 0xD4D or 0xDCA;

    private static bool IsSymbol(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.OtherSymbol or UnicodeCategory.MathSymbol or UnicodeCategory.ModifierSymbol;
}
