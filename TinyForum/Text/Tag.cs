using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace TinyForum.Text;

/// <summary>
/// A tag: letters, digits and hyphens of any script. It is shown as it is compared, in NFKC and lower case. The folding of
/// <see cref="Username"/> would not do: it would show "strasse" for "straße".
/// </summary>
internal static class Tag
{
    internal const int MaxLength = 20;

    private static readonly string Rule = $"must be 1 to {MaxLength} letters, digits and '-'";

    internal static bool TryParse(string text, [NotNullWhen(true)] out string? tag, [NotNullWhen(false)] out string? why)
    {
        tag = null;
        why = Rule;
        if (text.Length is 0 or > MaxLength * 8 || !UnicodeText.CanNormalize(text))
            return false;
        var normal = Ascii.IsValid(text)
            ? text.ToLowerInvariant()
            : text.Normalize(NormalizationForm.FormKC).ToLowerInvariant().Normalize(NormalizationForm.FormKC);
        if (UnicodeText.Length(normal) > MaxLength)
            return false;
        var (markable, named) = (false, false);
        foreach (var rune in normal.EnumerateRunes())
        {
            var kind = UnicodeText.InName(rune.Value).Kind;
            if (kind == NameKind.None || (kind == NameKind.Sign && rune.Value != '-') || (kind == NameKind.Mark && !markable))
                return false;
            markable = kind is NameKind.Letter or NameKind.Mark;
            named |= kind != NameKind.Sign;
        }
        if (!named)
        {
            why = "must have a letter or digit";
            return false;
        }
        (tag, why) = (normal, null);
        return true;
    }
}
