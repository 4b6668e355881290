using System.Buffers;

namespace TinyForum.Text;

/// <summary>
/// What a field of free text may hold. Text is stored and returned exactly as sent, so a rule refuses and never repairs. It refuses
/// control characters (carriage returns included), lone surrogates, and text with nothing visible; in a name (<paramref name="Shown"/>) also
/// invisible characters and those that turn the direction.
/// </summary>
internal sealed record TextRule(int Min, int Max, bool Lines = false, bool Blank = false, bool Shown = false)
{
    internal static readonly TextRule Title = new(1, 150);
    internal static readonly TextRule PostBody = new(1, 32_000, Lines: true);
    internal static readonly TextRule MessageBody = new(1, 8_192, Lines: true);
    internal static readonly TextRule Subject = new(1, 150);
    internal static readonly TextRule Reason = new(1, 500, Lines: true);
    internal static readonly TextRule Application = new(1, 2_000, Lines: true);
    internal static readonly TextRule DisplayName = new(0, 50, Shown: true); // the empty one clears it
    internal static readonly TextRule Bio = new(0, 1_000, Lines: true);
    internal static readonly TextRule TokenName = new(1, 50);
    internal static readonly TextRule Pattern = new(1, 500);
    internal static readonly TextRule Password = new(5, 128, Blank: true);

    // C0, delete and C1. U+2028 and U+2029 are separators rather than controls and pass, but not in a name.
    private static readonly string Controls = string.Concat(Enumerable.Range(0, 0xA0).Select(c => (char)c).Where(char.IsControl));
    private static readonly SearchValues<char> AnyControl = SearchValues.Create(Controls);
    private static readonly SearchValues<char> AnyBreak = SearchValues.Create(Controls + "\u2028\u2029");
    private static readonly SearchValues<char> ControlButLayout = SearchValues.Create(Controls.Replace("\t", "").Replace("\n", ""));

    /// <summary>The rule that a text breaks, if there is a text.</summary>
    internal string? CheckOptional(string? text) => text is null ? null : Check(text);

    /// <summary>The rule that a text breaks, fit to be shown beside its field; <see langword="null"/> if it breaks none.</summary>
    internal string? Check(string? text)
    {
        if (text is null)
            return "is required";
        var length = UnicodeText.Length(text);
        if (length < 0)
            return "must not contain half a character (a lone surrogate)";
        if (length < Min || length > Max)
            return Min == 0 ? $"must be at most {Max} characters" : $"must be {Min} to {Max} characters";
        if (text.AsSpan().IndexOfAny(Lines ? ControlButLayout : Shown ? AnyBreak : AnyControl) is >= 0 and var at)
        {
            return Lines
                ? $"must not contain control characters other than tab and newline; U+{(int)text[at]:X4} is one"
                : $"must not contain line breaks, tabs or other control characters; U+{(int)text[at]:X4} is one";
        }
        if (Shown && InvisibleText.Find(text) is { } invisible)
            return $"must not contain invisible characters or such as turn the direction of text; U+{invisible.Value:X4} is one";
        return Blank || length == 0 || InvisibleText.Shows(text) ? null : "must not be blank";
    }
}
