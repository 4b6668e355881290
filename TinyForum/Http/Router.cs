using System.Buffers;

namespace TinyForum.Http;

/// <summary>
/// Finds the endpoint for a method and path in a table of patterns such as <c>"GET /api/posts/{id}"</c>, as Go's <c>http.ServeMux</c> does:
/// <c>{name}</c> matches one segment, literals take precedence whatever the order of registration, and GET also serves HEAD.
/// </summary>
internal sealed class Router<T> where T : class
{
    private static readonly SearchValues<char> NotInLiterals = SearchValues.Create("{}%?# ");
    private static readonly string[] KnownMethods = ["GET", "POST", "PUT", "PATCH", "DELETE"];

    // By number of segments; among those, paths with earlier literals first.
    private readonly SortedDictionary<int, List<Path>> _paths = [];

    /// <exception cref="ArgumentException">The pattern is malformed or already registered.</exception>
    public void Add(string pattern, T endpoint)
    {
        var space = pattern.IndexOf(' ', StringComparison.Ordinal);
        var method = space < 0 ? "" : pattern[..space];
        if (!KnownMethods.Contains(method))
            throw new ArgumentException($"the pattern \"{pattern}\" must begin with {string.Join(", ", KnownMethods)} and a space", nameof(pattern));
        var path = Path.Parse(pattern[(space + 1)..], pattern);
        if (!_paths.TryGetValue(path.Segments.Length, out var candidates))
            _paths.Add(path.Segments.Length, candidates = []);
        var known = candidates.Find(p => p.Segments.SequenceEqual(path.Segments));
        if (known is null)
        {
            candidates.Add(known = path);
            candidates.Sort(Path.MoreLiteralFirst);
        }
        if (!known.Names.SequenceEqual(path.Names))
            throw new ArgumentException($"the pattern \"{pattern}\" names its wildcards unlike {known.Text}", nameof(pattern));
        if (!known.Methods.TryAdd(method, endpoint))
            throw new ArgumentException($"the pattern \"{pattern}\" is registered twice", nameof(pattern));
    }

    public RouteMatch<T> Match(string method, ReadOnlySpan<string> segments)
    {
        SortedSet<string>? allowed = null;
        foreach (var path in _paths.TryGetValue(segments.Length, out var candidates) ? candidates : [])
        {
            if (!path.Matches(segments))
                continue;
            if (path.Methods.TryGetValue(method == "HEAD" ? "GET" : method, out var endpoint))
                return new RouteMatch<T>(endpoint, path.Text, path.Values(segments), null);
            (allowed ??= new SortedSet<string>(StringComparer.Ordinal) { "OPTIONS" }).UnionWith(path.Methods.Keys);
        }
        if (allowed?.Contains("GET") == true)
            allowed.Add("HEAD");
        return new RouteMatch<T>(null, null, [], allowed is null ? null : string.Join(", ", allowed));
    }

    private sealed class Path
    {
        public required string Text { get; init; }

        /// <summary>The segments: a literal, or <see langword="null"/> for a wildcard.</summary>
        public required string?[] Segments { get; init; }

        public required string[] Names { get; init; }

        public required int[] Wildcards { get; init; }

        public Dictionary<string, T> Methods { get; } = new(StringComparer.Ordinal);

        public static Path Parse(string text, string pattern)
        {
            if (!text.StartsWith('/'))
                throw new ArgumentException($"the path of \"{pattern}\" must begin with /", nameof(pattern));
            var segments = text[1..].Split('/');
            var names = new List<string>();
            var literals = new string?[segments.Length];
            for (var i = 0; i < segments.Length; i++)
            {
                var segment = segments[i];
                if (segment is ['{', .. var name, '}'] && name.Length > 0 && name.All(char.IsAsciiLetterLower) && !names.Contains(name))
                    names.Add(name);
                else if ((segment.Length == 0 && text != "/") || segment.AsSpan().ContainsAny(NotInLiterals))
                    throw new ArgumentException($"the path of \"{pattern}\" has a malformed segment \"{segment}\"", nameof(pattern));
                else
                    literals[i] = segment;
            }
            var wildcards = literals.Index().Where(s => s.Item is null).Select(s => s.Index);
            return new Path { Text = text, Segments = literals, Names = [.. names], Wildcards = [.. wildcards] };
        }

        public bool Matches(ReadOnlySpan<string> segments)
        {
            for (var i = 0; i < Segments.Length; i++)
            {
                if (Segments[i] is { } literal ? literal != segments[i] : segments[i].Length == 0)
                    return false;
            }
            return true;
        }

        public string[] Values(ReadOnlySpan<string> segments)
        {
            var values = new string[Wildcards.Length];
            for (var i = 0; i < values.Length; i++)
                values[i] = segments[Wildcards[i]];
            return values;
        }

        public static int MoreLiteralFirst(Path x, Path y)
        {
            for (var i = 0; i < x.Segments.Length; i++)
            {
                if (x.Segments[i] is null != y.Segments[i] is null)
                    return x.Segments[i] is null ? 1 : -1;
            }
            return string.CompareOrdinal(x.Text, y.Text);
        }
    }
}

/// <summary>
/// The endpoint with its pattern's path and the decoded values of the wildcards; or else the methods that the path has, or nothing if no
/// pattern has that path.
/// </summary>
internal readonly record struct RouteMatch<T>(T? Endpoint, string? Path, string[] Values, string? Allow) where T : class;
