namespace TinyForum.Data;

/// <summary>What a filter looks for.</summary>
public enum FilterKind
{
    /// <summary>A regular expression of .NET, without case and without backtracking.</summary>
    Pattern,

    /// <summary>The name of a host, which is linked to or named, or of one below it.</summary>
    Host,
}

/// <summary>What becomes of a text that matches a filter.</summary>
public enum FilterAction
{
    /// <summary>A new post waits for a moderator; anything else, which can't wait, is refused.</summary>
    Hold,

    /// <summary>It is refused.</summary>
    Refuse,
}

/// <summary>What admins do not want to be written.</summary>
/// <param name="Id">Its id; later ones are higher.</param>
/// <param name="Kind">What it looks for.</param>
/// <param name="Pattern">The regular expression as it was sent, or the host's name in lower case.</param>
/// <param name="Action">What becomes of a text that matches.</param>
/// <param name="Creator">Who made it; <see langword="null"/> if that account has been erased.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record Filter(long Id, FilterKind Kind, string Pattern, FilterAction Action, User? Creator, DateTimeOffset CreatedAt);

/// <summary>A filter that a text was tried on.</summary>
/// <param name="Kind">What it looks for.</param>
/// <param name="Pattern">The regular expression or the host's name.</param>
/// <param name="Filter">The filter; <see langword="null"/> for one that does not exist yet.</param>
/// <param name="Part">The part of the text that matches, cut at <see cref="FilterTrial.MaxPart"/>; <see langword="null"/> if it was not told in time.</param>
public sealed record FilterMatch(FilterKind Kind, string Pattern, Filter? Filter, string? Part);

/// <summary>What filters make of a text.</summary>
/// <param name="Matches">Those that match.</param>
/// <param name="Unfinished">Those of which it could not be told in time, which counts as a match that holds.</param>
public sealed record FilterTrial(IReadOnlyList<FilterMatch> Matches, IReadOnlyList<FilterMatch> Unfinished)
{
    /// <summary>The most characters of a matching part that are told.</summary>
    public const int MaxPart = 100;
}

/// <summary>The kinds of filters as the table and the API spell them.</summary>
internal static class FilterKindName
{
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<FilterKind>().Select(Of)];

    public static string Of(FilterKind kind) => kind == FilterKind.Host ? "host" : "pattern";

    /// <summary>The kind with this name, or <see langword="null"/>.</summary>
    public static FilterKind? Parse(string? name) => name switch { "host" => FilterKind.Host, "pattern" => FilterKind.Pattern, _ => null };
}

/// <summary>The actions of filters as the table and the API spell them.</summary>
internal static class FilterActionName
{
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<FilterAction>().Select(Of)];

    public static string Of(FilterAction action) => action == FilterAction.Refuse ? "refuse" : "hold";

    /// <summary>The action with this name, or <see langword="null"/>.</summary>
    public static FilterAction? Parse(string? name) => name switch { "refuse" => FilterAction.Refuse, "hold" => FilterAction.Hold, _ => null };
}
