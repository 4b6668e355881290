using System.Text;

namespace TinyForum.Text;

/// <summary>
/// What a name looks like: the skeleton of UTS #39, 4, with its case folded. Two names of one skeleton are easily taken for each other.
/// </summary>
internal static class NameSkeleton
{
    private const int DotAbove = 0x307, MaxPrototype = 64;

    /// <summary>The skeleton of a name as it is shown. It leaves out what does not show, a dot above a letter that has one included.</summary>
    internal static string Of(string shown)
    {
        if (Ascii.IsValid(shown))
            return shown.Replace('I', 'l').ToLowerInvariant(); // the one prototype that plain letters have
        var skeleton = new StringBuilder();
        var isDotted = false;
        var lower = shown.Normalize(NormalizationForm.FormD).Replace("I\u0307", "i", StringComparison.Ordinal); // a dotted capital is no capital I
        foreach (var rune in Prototypes(lower).Normalize(NormalizationForm.FormD).EnumerateRunes())
        {
            if (isDotted && rune.Value == DotAbove)
                continue;
            isDotted = UnicodeText.IsMark(rune) ? isDotted : CharacterMap.Contains(UnicodeTables.SoftDotted, rune.Value);
            skeleton.Append(rune);
        }
        return UnicodeText.Fold(skeleton.ToString()).Normalize(NormalizationForm.FormD);
    }

    // What has no prototype has those of its compatibility form: a fullwidth letter looks like a plain one.
    private static string Prototypes(string text)
    {
        var prototypes = new StringBuilder();
        Span<char> to = stackalloc char[MaxPrototype];
        foreach (var rune in text.Normalize(NormalizationForm.FormD).EnumerateRunes())
        {
            if (UnicodeText.IsInvisible(rune))
                continue;
            if (UnicodeTables.Skeletons.TryMap(rune, to, out var length))
                prototypes.Append(to[..length]);
            else if (rune.IsAscii)
                prototypes.Append(rune);
            else
            {
                foreach (var part in rune.ToString().Normalize(NormalizationForm.FormKD).EnumerateRunes())
                    prototypes.Append(to[..(UnicodeTables.Skeletons.TryMap(part, to, out length) ? length : part.EncodeToUtf16(to))]);
            }
        }
        return prototypes.ToString();
    }
}
