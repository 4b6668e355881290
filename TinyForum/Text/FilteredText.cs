using System.Text;

namespace TinyForum.Text;

/// <summary>A text in the forms that filters are tried on, each made when it is needed.</summary>
internal sealed class FilteredText(string sent)
{
    // Nothing that is read has more marks on a letter (the stream-safe format of UAX #15), and putting them in order takes their square.
    private const int MaxMarks = 30;

    private (string Form, bool IsFolded)[]? _forms;
    private (string Shown, IReadOnlyList<string> Links)? _reading;
    private IReadOnlyCollection<string>? _hosts;
    private string[]? _names;

    /// <summary>The text as it was sent.</summary>
    public string Sent => sent;

    /// <summary>
    /// The text as it was sent; folded; and what readers see of its Markdown, folded: neither invisible nor wide characters, nor emphasis in
    /// the midst of a word hide anything.
    /// </summary>
    public IReadOnlyList<(string Form, bool IsFolded)> Forms => _forms ??= FormsOf(Fold(sent), Fold(Reading.Shown));

    /// <summary>The keys of the hosts that its links lead to (see <see cref="HostName.KeyOf"/>).</summary>
    public IReadOnlyCollection<string> Hosts => _hosts ??= Reading.Links.SelectMany(HostName.OfLink).ToHashSet();

    /// <summary>Its forms, folded as <see cref="HostName.Fold"/> does, to find the names of hosts in.</summary>
    public IReadOnlyList<string> Names => _names ??=
    [
        .. new[] { sent, Reading.Shown, HostName.Unescape(sent), string.Join('\n', Reading.Links.Select(HostName.Unescape)) }
            .Distinct().Select(HostName.Fold).Distinct(),
    ];

    private (string Shown, IReadOnlyList<string> Links) Reading => _reading ??= Markup.Read(sent);

    /// <summary>NFKC, without what does not show.</summary>
    internal static string Fold(string text) =>
        Ascii.IsValid(text) ? text : Visible(Visible(text).Normalize(NormalizationForm.FormKC));

    /// <summary>A text without what does not show, and without what .NET can't normalise.</summary>
    internal static string Visible(string text)
    {
        if (Ascii.IsValid(text))
            return text;
        var visible = new StringBuilder(text.Length);
        var marks = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value == 0xFFFE || UnicodeText.IsInvisible(rune))
                continue;
            marks = UnicodeText.IsMark(rune) ? marks + 1 : 0;
            if (marks <= MaxMarks)
                visible.Append(rune);
        }
        return visible.ToString();
    }

    private (string Form, bool IsFolded)[] FormsOf(string folded, string shown) =>
        shown == folded ? [(sent, false), (folded, true)] : [(sent, false), (folded, true), (shown, true)];
}
