namespace TinyForum.Data;

/// <summary>What an account may do besides writing and managing its own things.</summary>
public enum Role
{
    /// <summary>Nothing more.</summary>
    Member,

    /// <summary>Edits and deletes others' posts, pins and locks threads, resolves reports, suspends members.</summary>
    Moderator,

    /// <summary>All that a moderator may do, and assigns roles and suspends moderators.</summary>
    Admin,
}

/// <summary>An account as others see it.</summary>
/// <param name="Id">Its id; 1 is <c>system</c>, 0 is <c>deleted</c>, the author of what erased users leave behind.</param>
/// <param name="Username">The name as registered.</param>
public record User(long Id, string Username)
{
    internal const long DeletedId = 0, SystemId = 1;

    /// <summary>The name that is shown for what erased users leave behind.</summary>
    internal const string DeletedName = "deleted";

    /// <summary>An SQL condition on <c>users u</c>: an account that is being erased. It has no name any more, and a key that nobody's name has.</summary>
    internal const string IsBeingErased = "u.username_key < '!'";

    /// <summary>An SQL condition on <c>users u</c>: an account that can be found by its name, so not <c>deleted</c>.</summary>
    internal const string IsNamed = $"u.id > 0 AND NOT {IsBeingErased}";

    /// <summary>An SQL condition on <c>users u</c>: an account that someone registered, so neither <c>system</c> nor <c>deleted</c>.</summary>
    internal const string IsRegistered = $"u.id > 1 AND NOT {IsBeingErased}";
}

/// <summary>
/// Who performs an action. Every method that changes something on behalf of a user takes one, from
/// <see cref="UserStore.FindActor(string)"/> or a session, and checks the role that the account has when the change is made. A suspended
/// account changes nothing (<see cref="RefusalKind.Forbidden"/>), unless <see cref="EvenIfSuspended"/> is set.
/// </summary>
/// <param name="Id">The account.</param>
/// <param name="Username">Its name.</param>
/// <param name="Role">What it may do.</param>
public record Actor(long Id, string Username, Role Role) : User(Id, Username)
{
    /// <summary>The forum itself: it may do what an admin may, and the public log shows it as <c>system</c>.</summary>
    public static Actor System { get; } = new(SystemId, "system", Role.Admin);

    /// <summary>
    /// Whether changes are made although the account is suspended, which the forum itself never asks for. A program that embeds it may:
    /// <c>actor with { EvenIfSuspended = true }</c>. It gives no right besides.
    /// </summary>
    public bool EvenIfSuspended { get; init; }
}

/// <summary>An actor who is known by a session, a token, or another program's login.</summary>
/// <param name="Id">The account.</param>
/// <param name="Username">Its name.</param>
/// <param name="Role">What it may do.</param>
/// <param name="SessionId">The session; <see langword="null"/> otherwise.</param>
/// <param name="TokenId">The token; <see langword="null"/> otherwise.</param>
/// <param name="MayWrite">Whether it may change anything: false for a token of scope <c>read</c>.</param>
public sealed record Caller(long Id, string Username, Role Role, long? SessionId, long? TokenId, bool MayWrite) : Actor(Id, Username, Role)
{
    /// <summary>Whether another program logs the caller in, request by request: there is neither a session nor a token.</summary>
    public bool IsExternal => SessionId is null && TokenId is null;
}

/// <summary>The scopes of tokens as the tables and the API spell them.</summary>
internal static class ScopeName
{
    public const string Read = "read", Write = "write";

    public static string Of(bool mayWrite) => mayWrite ? Write : Read;
}

/// <summary>The roles as the tables and the API spell them.</summary>
internal static class RoleName
{
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<Role>().Select(Of)];

    public static string Of(Role role) => role switch { Role.Admin => "admin", Role.Moderator => "moderator", _ => "member" };

    /// <summary>The role with this name, or <see langword="null"/>.</summary>
    public static Role? Parse(string name) => name switch { "admin" => Role.Admin, "moderator" => Role.Moderator, "member" => Role.Member, _ => null };
}
