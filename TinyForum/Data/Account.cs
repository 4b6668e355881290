namespace TinyForum.Data;

/// <summary>An account with its profile and counts.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Username">The name as registered.</param>
/// <param name="Role">What it may do.</param>
/// <param name="DisplayName">The display name, if the user has set one.</param>
/// <param name="Bio">The user's own description, if there is one.</param>
/// <param name="CreatedAt">When it was registered.</param>
/// <param name="Posts">How many visible threads and replies it has written.</param>
/// <param name="UnreadMessages">How many private messages are unread; to be shown to its owner only.</param>
/// <param name="UnreadNotifications">How many notifications are unread; to be shown to its owner only.</param>
/// <param name="Suspension">Its suspension, if it is suspended.</param>
/// <param name="InvitedBy">Whose invitation it came with, if it did.</param>
public sealed record Account(
    long Id, string Username, Role Role, string? DisplayName, string? Bio, DateTimeOffset CreatedAt, long Posts,
    long UnreadMessages, long UnreadNotifications, Suspension? Suspension, User? InvitedBy);

/// <summary>The suspension of an account.</summary>
/// <param name="Reason">The reason.</param>
/// <param name="Until">When it ends; <see langword="null"/> if only a moderator can lift it.</param>
public sealed record Suspension(string Reason, DateTimeOffset? Until)
{
    /// <summary>An SQL condition on <c>users u</c>: the account is not suspended at <c>$now</c>.</summary>
    internal const string IsNotInForce = "(u.suspension IS NULL OR u.suspended_until <= $now)";
}
