using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace TinyForum.Text;

/// <summary>
/// A valid username: how it is shown (NFC), the key by which it is unique, which ignores case and width, and what it looks like (see
/// <see cref="NameSkeleton"/>). A name uses one script, so that letters of another alphabet can't imitate one: UTS #39's "highly restrictive" level.
/// </summary>
internal sealed record Username(string Shown, string Key, string Skeleton)
{
    internal const int MaxLength = 32;

    // No valid name is longer: a composed letter is at most four characters of at most two chars. Longer texts are not normalised.
    internal const int MaxChars = MaxLength * 8;

    private const int MaxMarks = 4;

    // Their skeletons are themselves.
    private static readonly string[] Reserved = ["system", "deleted", "me"];

    private static readonly char[] Signs = ['-', '_', '.'];

    private static readonly string BadLength = $"must be 1 to {MaxLength} characters";

    private static readonly SearchValues<char> AsciiName =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.");

    /// <summary>The key by which a name is looked up, or null if no valid name is spelt like that. Takes anything a client sends.</summary>
    internal static string? KeyOf(string text) =>
        text.Length is 0 or > MaxChars || !UnicodeText.CanNormalize(text) ? null : UnicodeText.Key(text);

    /// <summary>Checks a name to be registered; <paramref name="why"/> is fit to be shown beside the field.</summary>
    internal static bool TryParse(string text, [NotNullWhen(true)] out Username? name, [NotNullWhen(false)] out string? why)
    {
        name = null;
        why = Check(text, out var shown, out var key);
        var skeleton = why is null ? NameSkeleton.Of(shown) : "";
        why ??= Reserved.Contains(key) || Reserved.Contains(skeleton) ? "is reserved" : null;
        if (why is null)
            name = new Username(shown, key, skeleton);
        return why is null;
    }

    /// <summary>
    /// Valid names that are like a text, the likest first, for somebody who can't be asked: an e-mail address without its domain, a hyphen for
    /// what is no part of a name, and numbers behind it.
    /// </summary>
    internal static IEnumerable<Username> Like(string text)
    {
        const int Counted = 20, Tries = 40;
        var stem = Stem(text) is var likest && TryParse(likest, out _, out _) ? likest : "user";
        for (var i = 1; i <= Tries; i++)
        {
            var number = i == 1 ? "" : (i <= Counted ? i : Random.Shared.Next(1_000, 1_000_000)).ToString(CultureInfo.InvariantCulture);
            var start = string.Concat(stem.EnumerateRunes().Take(MaxLength - number.Length));
            if (TryParse((number.Length == 0 ? start.TrimEnd(Signs) : start) + number, out var name, out _) || TryParse($"user{number}", out name, out _))
                yield return name;
        }
    }

    private static string Stem(string text)
    {
        var local = text.IndexOf('@', StringComparison.Ordinal) is > 0 and var at ? text[..at] : text;
        local = local[..Math.Min(local.Length, MaxChars)];
        if (!UnicodeText.CanNormalize(local))
            return "";
        var stem = new StringBuilder();
        foreach (var rune in local.Normalize(NormalizationForm.FormC).EnumerateRunes())
        {
            if (UnicodeText.InName(rune.Value).Kind != NameKind.None)
                stem.Append(rune);
            else if (stem.Length > 0 && stem[^1] != '-')
                stem.Append('-');
        }
        return string.Concat(stem.ToString().Trim(Signs).EnumerateRunes().Take(MaxLength)).TrimEnd(Signs);
    }

    private static string? Check(string text, out string shown, out string key)
    {
        shown = key = text;
        if (text.Length is 0 or > MaxChars)
            return BadLength;
        if (text.AsSpan().ContainsAnyExcept(AsciiName))
        {
            if (!UnicodeText.CanNormalize(text))
                return "must not contain half a character (a lone surrogate) or U+FFFE";
            shown = text.Normalize(NormalizationForm.FormC);
            key = UnicodeText.Key(text);
            // The compatibility form is checked too: a bold mathematical letter belongs to every script, the letter it stands for to one.
            if ((CheckCharacters(shown) ?? CheckCharacters(key) ?? CheckMarks(shown)) is { } why)
                return why;
        }
        else
            key = text.ToLowerInvariant();
        if (UnicodeText.Length(shown) > MaxLength)
            return BadLength;
        if (!key.AsSpan().ContainsAnyExcept('.'))
            return "must not be made of dots alone";
        return EndsInLetterOrDigit(shown) ? null : "must end in a letter or digit";
    }

    // The marks of the last letter belong to it.
    private static bool EndsInLetterOrDigit(string text)
    {
        var kind = NameKind.None;
        foreach (var rune in text.EnumerateRunes())
            kind = UnicodeText.InName(rune.Value).Kind;
        return kind is NameKind.Letter or NameKind.Mark or NameKind.Digit;
    }

    private static string? CheckMarks(string text)
    {
        var ofLetter = new HashSet<Rune>();
        foreach (var rune in text.Normalize(NormalizationForm.FormKD).EnumerateRunes())
        {
            if (rune.Value is 0x640 or 0x7FA)
                return $"must not have {Describe(rune)}, which only stretches a word";
            if (!UnicodeText.IsMark(rune))
                ofLetter.Clear();
            else if (!ofLetter.Add(rune))
                return $"must not have the combining mark {Describe(rune)} twice on a letter";
        }
        return null;
    }

    private static string? CheckCharacters(string text)
    {
        Span<byte> scripts = stackalloc byte[32]; // the scripts that every character so far goes with
        var left = -1;                            // how many of them, -1 while any script will do
        var (marks, markable, zero) = (0, false, -1);

        foreach (var rune in text.EnumerateRunes())
        {
            var (kind, set) = UnicodeText.InName(rune.Value);
            switch (kind)
            {
                case NameKind.None:
                    return $"must be letters, digits, '_', '-' and '.' alone; {Describe(rune)} is none of them";
                case NameKind.Mark when !markable:
                    return $"must not have the combining mark {Describe(rune)} other than on a letter";
                case NameKind.Mark when ++marks > MaxMarks:
                    return $"must not have more than {MaxMarks} combining marks on a letter";
                case NameKind.Digit when zero >= 0 && zero != Zero(rune):
                    return "must not mix digits of two scripts";
                case NameKind.Digit:
                    zero = Zero(rune);
                    break;
            }
            marks = kind == NameKind.Mark ? marks : 0;
            markable = kind is NameKind.Mark or NameKind.Letter;

            var goesWith = UnicodeText.Scripts(set);
            if (goesWith.IsEmpty)
                continue;
            if (left < 0)
            {
                goesWith.CopyTo(scripts);
                left = goesWith.Length;
                continue;
            }
            var kept = 0;
            for (var i = 0; i < left; i++)
            {
                if (goesWith.Contains(scripts[i]))
                    scripts[kept++] = scripts[i];
            }
            if (kept == 0)
                return $"must not mix {UnicodeTables.Scripts[Opponent(text, goesWith)]} and {UnicodeTables.Scripts[goesWith[0]]} letters";
            left = kept;
        }
        return null;
    }

    // The script to name beside the one that did not fit: the first that never goes with it, or else the one before it.
    private static int Opponent(string text, ReadOnlySpan<byte> misfit)
    {
        var last = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var scripts = UnicodeText.Scripts(UnicodeText.InName(rune.Value).Set);
            if (scripts.SequenceEqual(misfit))
                break;
            if (!scripts.IsEmpty)
            {
                last = scripts[0];
                if (!scripts.ContainsAny(misfit))
                    break;
            }
        }
        return last;
    }

    // The zero of the digit's decimal system (UTS #39, 5.3). Fullwidth digits count as ASCII.
    private static int Zero(Rune digit) => digit.Value is >= 0xFF10 and <= 0xFF19 ? '0' : digit.Value - (int)Rune.GetNumericValue(digit);

    private static string Describe(Rune rune) => rune.Value == ' ' ? "a space" : Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse or UnicodeCategory.NonSpacingMark
        or UnicodeCategory.EnclosingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.OtherLetter or UnicodeCategory.ModifierLetter
        ? $"U+{rune.Value:X4}" : $"'{rune}'";
}
