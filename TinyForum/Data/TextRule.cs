using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace TinyForum.Data;

/// <summary>
/// What a field of free text may hold. Text is stored and comes back exactly as sent, so a rule refuses and never repairs:
/// control characters (a carriage return among them), lone surrogates, and text that shows nothing.
/// </summary>
internal sealed record TextRule(int Min, int Max, bool Lines = false, bool Blank = false)
{
    internal static readonly TextRule Title = new(1, 150);
    internal static readonly TextRule PostBody = new(1, 32_000, Lines: true);
    internal static readonly TextRule MessageBody = new(1, 8_192, Lines: true);
    internal static readonly TextRule Subject = new(1, 150);
    internal static readonly TextRule Reason = new(1, 500, Lines: true);
    internal static readonly TextRule DisplayName = new(0, 50); // the empty one clears it
    internal static readonly TextRule Bio = new(0, 1_000, Lines: true);
    internal static readonly TextRule TokenName = new(1, 50);
    internal static readonly TextRule Password = new(5, 128, Blank: true);

    // C0, delete and C1. U+2028 and U+2029 are separators rather than controls and pass.
    private static readonly string Controls = string.Concat(Enumerable.Range(0, 0xA0).Select(c => (char)c).Where(char.IsControl));
    private static readonly SearchValues<char> AnyControl = SearchValues.Create(Controls);
    private static readonly SearchValues<char> ControlButLayout = SearchValues.Create(Controls.Replace("\t", "").Replace("\n", ""));

    /// <summary>Null if the text may stand in the field, or else why not, fit to be shown beside it.</summary>
    internal string? Check(string text)
    {
        var length = UnicodeText.Length(text);
        if (length < 0)
            return "must not contain half a character (a lone surrogate)";
        if (length < Min || length > Max)
            return Min == 0 ? $"must be at most {Max} characters" : $"must be {Min} to {Max} characters";
        if (text.AsSpan().IndexOfAny(Lines ? ControlButLayout : AnyControl) is >= 0 and var at)
        {
            return Lines
                ? $"must not contain control characters other than tab and newline; U+{(int)text[at]:X4} is one"
                : $"must not contain line breaks, tabs or other control characters; U+{(int)text[at]:X4} is one";
        }
        return Blank || length == 0 || Shows(text) ? null : "must not be blank";
    }

    private static bool Shows(string text)
    {
        foreach (var c in text)
        {
            // Format characters, the Hangul fillers and the empty Braille cell leave nothing to see either.
            if (!char.IsWhiteSpace(c) && char.GetUnicodeCategory(c) != UnicodeCategory.Format
                && c is not ('\u115F' or '\u1160' or '\u2800' or '\u3164' or '\uFFA0'))
            {
                return true;
            }
        }
        return false;
    }
}

/// <summary>
/// A tag: 1 to 20 letters, digits and hyphens of any script. One spelling a tag, for it has no other name to be shown by:
/// NFKC and lower case, not the folding of <see cref="Username"/>, which would show "strasse" for "straße".
/// </summary>
internal static class Tag
{
    /// <summary>How many characters a tag has at most.</summary>
    internal const int MaxLength = 20;

    internal static bool TryParse(string text, [NotNullWhen(true)] out string? tag, [NotNullWhen(false)] out string? why)
    {
        tag = null;
        why = "must be 1 to 20 letters, digits and '-'";
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
