using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace TinyForum.Text;

/// <summary>A tag: letters, digits and hyphens of any script.</summary>
/// <param name="Shown">The tag as it was written, in NFC.</param>
/// <param name="Key">By which it is compared, whatever its case and width; see <see cref="UnicodeText.Key"/>.</param>
internal sealed record Tag(string Shown, string Key)
{
    internal const int MaxLength = 20;

    private static readonly string Rule = $"must be 1 to {MaxLength} letters, digits and '-'";

    /// <summary>The key of what may be a tag; <see langword="null"/> if no tag is written like that.</summary>
    internal static string? KeyOf(string text) => text.Length <= MaxLength * 8 && UnicodeText.CanNormalize(text) ? UnicodeText.Key(text) : null;

    internal static bool TryParse(string text, [NotNullWhen(true)] out Tag? tag, [NotNullWhen(false)] out string? why)
    {
        tag = null;
        why = Rule;
        if (text.Length is 0 or > MaxLength * 8 || !UnicodeText.CanNormalize(text))
            return false;
        var shown = text.Normalize(NormalizationForm.FormC);
        var key = UnicodeText.Key(text);
        if (UnicodeText.Length(shown) > MaxLength || !IsMadeOfNameCharacters(shown) || !IsMadeOfNameCharacters(key))
            return false;
        if (key.AsSpan().IndexOfAnyExcept('-') < 0)
        {
            why = "must have a letter or digit";
            return false;
        }
        (tag, why) = (new Tag(shown, key), null);
        return true;
    }

    private static bool IsMadeOfNameCharacters(string text)
    {
        var markable = false;
        foreach (var rune in text.EnumerateRunes())
        {
            var kind = UnicodeText.InName(rune.Value).Kind;
            if (kind == NameKind.None || (kind == NameKind.Sign && rune.Value != '-') || (kind == NameKind.Mark && !markable))
                return false;
            markable = kind is NameKind.Letter or NameKind.Mark;
        }
        return true;
    }
}
