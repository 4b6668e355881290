namespace TinyForum.Web;

/// <summary>An address within the forum, in a link.</summary>
/// <param name="Path">How it begins.</param>
/// <param name="Id">The number that follows, if one does.</param>
/// <param name="Name">The name that follows, if one does.</param>
/// <param name="Rest">How it ends.</param>
internal readonly record struct Url(string Path, long? Id = null, string? Name = null, string? Rest = null)
{
    /// <summary>The path within the forum, for a redirection.</summary>
    public override string ToString() => FormattableString.Invariant($"{Path}{Id}{(Name is null ? "" : Uri.EscapeDataString(Name))}{Rest}");

    public static Url Front { get; } = new("/");

    public static Url Post(long id, string? rest = null) => new("/posts/", id, null, rest);

    public static Url User(string username, string? rest = null) => new("/user/", null, username, rest);

    public static Url Tag(string name) => new("/?tag=", null, name);
}
