using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace TinyForum.Text;

/// <summary>
/// A regular expression that somebody else wrote, for texts that others wrote: it takes time that grows with the text alone, and is given up
/// when it takes long. Thread-safe.
/// </summary>
internal sealed class TextPattern
{
    /// <summary>How large a pattern may be with its repetitions written out.</summary>
    internal const int MaxSize = 1_000;

    /// <summary>How long a text may be looked at, twice at most.</summary>
    internal static readonly TimeSpan MatchTime = TimeSpan.FromMilliseconds(100);

    private readonly string _pattern;
    private readonly Lazy<string> _folded;
    private Lazy<Regex> _ofSent, _ofFolded;

    internal TextPattern(string pattern)
    {
        _pattern = pattern;
        _folded = new Lazy<string>(() => Fold(pattern));
        Renew();
    }

    /// <summary>The rule that a pattern breaks; <see langword="null"/> if it breaks none.</summary>
    internal static string? Check(string pattern)
    {
        if (TextRule.Pattern.Check(pattern) is { } broken)
            return broken;
        if (PatternSize.Of(pattern) > MaxSize)
            return $"must have at most {MaxSize} characters with its repetitions written out, and no option x";
        try
        {
            var regex = Compile(pattern);
            return regex.IsMatch("") || regex.Match("a") is { Success: true, Length: 0 } ? "must not match an empty text" : null;
        }
        catch (RegexParseException e)
        {
            return $"must be a regular expression: {e.Error} at {e.Offset}";
        }
        catch (NotSupportedException)
        {
            return "must have no back-references, lookarounds or anything else that needs backtracking, and not be so large";
        }
        catch (RegexMatchTimeoutException)
        {
            return "must not take so long";
        }
    }

    /// <summary>Whether a text matches; <see langword="null"/> if that could not be told in time.</summary>
    internal bool? IsMatch(FilteredText text)
    {
        var (part, isFinished) = Try(text, (regex, form) => regex.IsMatch(form) ? "" : null);
        return part is not null ? true : isFinished ? false : null;
    }

    /// <summary>The part of a text that matches, if one does, and whether that could be told in time.</summary>
    internal (string? Part, bool IsFinished) Find(FilteredText text) =>
        Try(text, (regex, form) => regex.Match(form) is { Success: true } match ? match.Value : null);

    // Once more, because it may have been the machine that was slow: the time is that of a clock on the wall.
    private (string? Part, bool IsFinished) Try(FilteredText text, Func<Regex, string, string?> find, bool mayRetry = true)
    {
        foreach (var (form, isFolded) in text.Forms)
        {
            if (isFolded && form == text.Sent && _folded.Value == _pattern)
                continue;
            try
            {
                if (find((isFolded ? _ofFolded : _ofSent).Value, form) is { } part)
                    return (part, true);
            }
            catch (RegexMatchTimeoutException)
            {
                Renew(); // it has learnt much by then, which takes memory
                return mayRetry ? Try(text, find, mayRetry: false) : (null, false);
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                return (null, false); // another version of .NET accepted it
            }
        }
        return (null, true);
    }

    [MemberNotNull(nameof(_ofSent), nameof(_ofFolded))]
    private void Renew() => (_ofSent, _ofFolded) = (new(() => Compile(_pattern)), new(() => Compile(_folded.Value)));

    private static Regex Compile(string pattern) =>
        new(pattern, RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, MatchTime);

    /// <summary>
    /// A pattern for folded texts: without invisible characters, and with letters in their compatibility form. What means something to the
    /// engine is ASCII, and stays as it is; as the whole pattern does if the other would break a rule.
    /// </summary>
    private static string Fold(string pattern)
    {
        if (Ascii.IsValid(pattern))
            return pattern;
        var folded = new StringBuilder(pattern.Length);
        foreach (var rune in FilteredText.Visible(pattern).Normalize(NormalizationForm.FormC).EnumerateRunes())
        {
            var other = rune.ToString().Normalize(NormalizationForm.FormKC);
            folded.Append((folded.Length > 0 && folded[^1] == '\\') || !other.All(IsOfWord) ? rune.ToString() : other);
        }
        return folded.ToString() is var text && Check(text) is null ? text : pattern;
    }

    private static bool IsOfWord(char c) => char.IsLetter(c) || char.IsSurrogate(c)
        || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;
}
