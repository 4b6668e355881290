using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>The filters at some time, ready to be tried on texts. Thread-safe.</summary>
internal sealed class FilterSet
{
    /// <summary>How long all filters may take for one text. What is not known by then counts as a match that holds.</summary>
    internal static readonly TimeSpan CheckTime = TimeSpan.FromSeconds(1);

    // Those that refuse come first: what one refuses need not be looked at by the others.
    private readonly Matcher[] _matchers;

    private FilterSet(IEnumerable<Matcher> matchers) => _matchers = [.. matchers.OrderByDescending(m => m.Filter!.Action).ThenBy(m => m.Filter!.Id)];

    /// <summary>No filters.</summary>
    public static FilterSet Empty { get; } = new([]);

    /// <summary>The set of these filters. What is ready in this one is taken over: a filter never changes.</summary>
    public FilterSet With(IReadOnlyList<Filter> filters)
    {
        var known = _matchers.ToDictionary(m => m.Filter!.Id);
        return new FilterSet(filters.Select(f => known.TryGetValue(f.Id, out var m) && (m.Kind, m.Pattern) == (f.Kind, f.Pattern)
            ? m.For(f) : new Matcher(f.Kind, f.Pattern, f)));
    }

    /// <summary>What the filters say of these fields.</summary>
    public FilterVerdict Check(TimeProvider clock, ReadOnlySpan<(string Field, string? Text)> fields)
    {
        if (_matchers.Length == 0)
            return FilterVerdict.None;
        var begin = clock.GetTimestamp();
        var verdict = FilterVerdict.None;
        var texts = new List<(string Field, FilteredText Text)>(fields.Length);
        foreach (var (field, text) in fields)
        {
            if (!string.IsNullOrEmpty(text))
                texts.Add((field, new FilteredText(text)));
        }
        foreach (var matcher in _matchers)
        {
            foreach (var (field, text) in texts)
            {
                var isMatch = clock.GetElapsedTime(begin) < CheckTime ? matcher.IsMatch(text) : null;
                if (isMatch == true && matcher.Filter!.Action == FilterAction.Refuse)
                    return new FilterVerdict(FilterAction.Refuse, matcher.Filter.Id, field);
                if (isMatch != false && verdict.Action is null)
                    verdict = new FilterVerdict(FilterAction.Hold, matcher.Filter!.Id, field);
            }
        }
        return verdict;
    }

    /// <summary>Which filters match a text.</summary>
    /// <param name="clock">The clock.</param>
    /// <param name="text">The text.</param>
    /// <param name="tried">One that does not exist yet.</param>
    public FilterTrial Try(TimeProvider clock, string text, (FilterKind Kind, string Pattern)? tried)
    {
        var begin = clock.GetTimestamp();
        var filtered = new FilteredText(text);
        var (matches, unfinished) = (new List<FilterMatch>(), new List<FilterMatch>());
        Matcher[] all = tried is { } one ? [new Matcher(one.Kind, one.Pattern, filter: null), .. _matchers] : _matchers;
        foreach (var matcher in all)
        {
            var (part, isFinished) = clock.GetElapsedTime(begin) < CheckTime ? matcher.Find(filtered) : (null, false);
            if (part is not null)
                matches.Add(new FilterMatch(matcher.Kind, matcher.Pattern, matcher.Filter, Cut(part)));
            else if (!isFinished)
                unfinished.Add(new FilterMatch(matcher.Kind, matcher.Pattern, matcher.Filter, null));
        }
        return new FilterTrial(matches, unfinished);
    }

    private static string Cut(string part) => part.Length <= FilterTrial.MaxPart ? part
        : part[..(char.IsHighSurrogate(part[FilterTrial.MaxPart - 1]) ? FilterTrial.MaxPart - 1 : FilterTrial.MaxPart)];

    private sealed class Matcher(FilterKind kind, string pattern, Filter? filter, TextPattern? compiled = null)
    {
        private readonly TextPattern? _pattern = compiled ?? (kind == FilterKind.Pattern ? new TextPattern(pattern) : null);
        private readonly string _host = kind == FilterKind.Host ? HostName.KeyOf(pattern) : "";

        public FilterKind Kind => kind;

        public string Pattern => pattern;

        public Filter? Filter => filter;

        public Matcher For(Filter other) => new(kind, pattern, other, _pattern);

        public bool? IsMatch(FilteredText text) => _pattern is null ? FindHost(text) is not null : _pattern.IsMatch(text);

        public (string? Part, bool IsFinished) Find(FilteredText text) => _pattern?.Find(text) ?? (FindHost(text), true);

        private string? FindHost(FilteredText text) => text.Hosts.FirstOrDefault(host => HostName.IsWithin(host, _host))
            ?? (text.Names.Any(name => HostName.IsNamedIn(name, _host)) ? _host : null);
    }
}
