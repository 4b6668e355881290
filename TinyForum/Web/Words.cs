using System.Text.RegularExpressions;
using TinyForum.Text;

namespace TinyForum.Web;

/// <summary>What pages say, in one language. Every language has every text: the compiler sees to that.</summary>
internal sealed partial record Words
{
    private const int NameLength = TinyForum.Text.Username.MaxLength;

    private static readonly int PasswordLength = TextRule.Password.Min;

    public required string Language { get; init; }
    public required string Colon { get; init; }
    public required string Other { get; init; } // the other language, in itself
    public required string Skip { get; init; }
    public required string Threads { get; init; }
    public required string Active { get; init; }
    public required string Newest { get; init; }
    public required string Unread { get; init; }
    public required string Tags { get; init; }
    public required string Search { get; init; }
    public required string SearchHelp { get; init; }
    public required string NothingFound { get; init; }
    public required string Partial { get; init; }
    public required string NewThread { get; init; }
    public required string LogIn { get; init; }
    public required string LogOut { get; init; }
    public required string Register { get; init; }
    public required string Username { get; init; }
    public required string Password { get; init; }
    public required string NoAccount { get; init; }
    public required string HasAccount { get; init; }
    public required string LostPassword { get; init; }
    public required string SetPassword { get; init; }
    public required string PasswordIsSet { get; init; }
    public required string PasswordLink { get; init; }
    public required string PasswordLinkHelp { get; init; }
    public required string SetUp { get; init; }
    public required string SetUpHelp { get; init; }
    public required string UsernameHelp { get; init; }
    public required string NewPasswordHelp { get; init; }
    public required string ReportedBy { get; init; }
    public required string Messages { get; init; }
    public required string Notifications { get; init; }
    public required string ModerationLog { get; init; }
    public required string Title { get; init; }
    public required string Text { get; init; }
    public required string TagsHelp { get; init; }
    public required string MarkdownHelp { get; init; }
    public required string Preview { get; init; }
    public required string Post { get; init; }
    public required string Save { get; init; }
    public required string Send { get; init; }
    public required string To { get; init; }
    public required string Subject { get; init; }
    public required string Reply { get; init; }
    public required string YourReply { get; init; }
    public required string Edit { get; init; }
    public required string Delete { get; init; }
    public required string Restore { get; init; }
    public required string Like { get; init; }
    public required string Unlike { get; init; }
    public required string History { get; init; }
    public required string Edited { get; init; }
    public required string DeletedByAuthor { get; init; }
    public required string DeletedByModerator { get; init; }
    public required string DeleteHelp { get; init; }
    public required string Held { get; init; }

    public required string HeldHelp { get; init; }

    public required string Waits { get; init; }

    public required string Declined { get; init; }

    public required string Withdraw { get; init; }

    public required string HeldAsNew { get; init; }

    public required string HeldByFilter { get; init; }

    public required string Accept { get; init; }

    public required string Decline { get; init; }

    public required string Spam { get; init; }

    public required string Unspam { get; init; }

    public required string Applications { get; init; }

    public required string Application { get; init; }

    public required string ApplicationHelp { get; init; }

    public required string ApplicationSent { get; init; }

    public required string ApplicationSentHelp { get; init; }

    public required string Invitations { get; init; }

    public required string InvitationsHelp { get; init; }

    public required string InvitationOnce { get; init; }

    public required string Invitation { get; init; }

    public required string InvitationHelp { get; init; }

    public required string Invite { get; init; }

    public required string Invited { get; init; }

    public required string InvitedBy { get; init; }

    public required string RegistrationClosed { get; init; }

    public required string WithInvited { get; init; }

    public required string RemoveNew { get; init; }

    public required string LastHour { get; init; }

    public required string LastDay { get; init; }

    public required string LastWeek { get; init; }

    public required string Yes { get; init; }

    public required string No { get; init; }

    public required Func<long, string> DeleteThreadHelp { get; init; } // with how many replies it goes
    public required string ReasonHelp { get; init; }
    public required string InReplyTo { get; init; }
    public required string Pinned { get; init; }
    public required string Locked { get; init; }
    public required string LockedHelp { get; init; }
    public required string Older { get; init; }
    public required string Newer { get; init; }
    public required string First { get; init; }
    public required string Next { get; init; }
    public required string Previous { get; init; }
    public required string MarkRead { get; init; }
    public required string MarkAllRead { get; init; }
    public required string DeletedThread { get; init; }
    public required string Conversation { get; init; }
    public required string EmptyForum { get; init; }
    public required string EmptyList { get; init; }
    public required string Member { get; init; }
    public required string Since { get; init; }
    public required string Begun { get; init; }
    public required string WriteMessage { get; init; }
    public required string Feed { get; init; }
    public required string Mistakes { get; init; }
    public required string LogInToReply { get; init; }
    public required string NotFound { get; init; }
    public required string TooLong { get; init; } // of a form
    public required string LoggedInAs { get; init; } // the name follows
    public required string GoOn { get; init; }
    public required string From { get; init; }
    public required string About { get; init; }
    public required string Interface { get; init; }
    public required string Description { get; init; }
    public required string InternalError { get; init; }
    public required string Request { get; init; }
    public required Func<long, string> ComeBack { get; init; }
    public required string FirstUnread { get; init; }
    public required string Latest { get; init; }
    public required string NewFromHere { get; init; }
    public required string Quote { get; init; }
    public required string AllPosts { get; init; }
    public required string Settings { get; init; }
    public required string Profile { get; init; }
    public required string Look { get; init; }
    public required string LanguageName { get; init; }
    public required string OwnName { get; init; }
    public required string Theme { get; init; }
    public required string ThemeOfSystem { get; init; }
    public required string ThemeLight { get; init; }
    public required string ThemeDark { get; init; }
    public required string Sessions { get; init; }
    public required string Tokens { get; init; }
    public required string Blocks { get; init; }
    public required string YourData { get; init; }
    public required string Done { get; init; }
    public required string DisplayName { get; init; }
    public required string DisplayNameHelp { get; init; }
    public required string Bio { get; init; }
    public required string CurrentPassword { get; init; }
    public required string NewPassword { get; init; }
    public required string PasswordHelp { get; init; }
    public required string ExportHelp { get; init; }
    public required string Export { get; init; }
    public required string Erase { get; init; }
    public required string EraseHelp { get; init; }
    public required string LastUsed { get; init; }
    public required string ThisSession { get; init; }
    public required string LogOutEverywhere { get; init; }
    public required string BlocksHelp { get; init; }
    public required string Block { get; init; }
    public required string Unblock { get; init; }
    public required string TokensHelp { get; init; }
    public required string TokenOnce { get; init; }
    public required string Expires { get; init; }
    public required string TokenName { get; init; }
    public required string Scope { get; init; }
    public required string ScopeRead { get; init; }
    public required string ScopeWrite { get; init; }
    public required string Days { get; init; }
    public required string DaysHelp { get; init; }
    public required string MakeToken { get; init; }
    public required string YourText { get; init; }
    public required string Moderator { get; init; }
    public required string Admin { get; init; }
    public required string Moderation { get; init; }
    public required string Report { get; init; }
    public required string ReportHelp { get; init; }
    public required string Reason { get; init; }
    public required string OpenReports { get; init; }
    public required string ResolvedReports { get; init; }
    public required string NoReports { get; init; }
    public required string Resolved { get; init; }
    public required string Resolution { get; init; }
    public required string Dismiss { get; init; }
    public required string DeletePost { get; init; }
    public required string DeletedByReport { get; init; }
    public required string DismissedReport { get; init; }
    public required string Suspend { get; init; }
    public required string Suspended { get; init; }
    public required string SuspendHelp { get; init; }
    public required string Until { get; init; }
    public required string UntilHelp { get; init; }
    public required string Lift { get; init; }
    public required string Role { get; init; }
    public required string Pin { get; init; }
    public required string Unpin { get; init; }
    public required string Lock { get; init; }
    public required string Unlock { get; init; }
    public required string Version { get; init; }
    public required string FirstAdmin { get; init; }
    public required string Answers { get; init; }
    public required Func<string, string> Refusal { get; init; } // what a refusal says
    public required Func<string, string> Happened { get; init; } // what a notification or the moderation log says by its kind
    public required string NewReply { get; init; }
    public required string NewReplies { get; init; } // # stands for the number
    public required string NewsThread { get; init; }
    public required string NewsThreads { get; init; }
    public required string Keys { get; init; }
    public required string KeyStep { get; init; }
    public required string KeyUp { get; init; }
    public required string KeyHelp { get; init; }
    public required string UseKeys { get; init; }
    public required string Close { get; init; }
    public required string Reported { get; init; }
    public required Func<long, string> Replies { get; init; }
    public required Func<long, string> UnreadCount { get; init; }
    public required Func<long, string> Likes { get; init; }
    public required Func<long, string> Posts { get; init; }

    public required Func<long, string> HeldCount { get; init; }

    /// <summary>What one of the forum's settings is called.</summary>
    public required Func<string, string> Policy { get; init; }

    /// <summary>Who may register.</summary>
    public required Func<string, string> RegistrationOf { get; init; }

    /// <summary>A refusal as a sentence.</summary>
    public string Sentence(string message)
    {
        var text = Time().Replace(Refusal(message), "$1 $2 UTC");
        return text.Length == 0 || !char.IsLetterOrDigit(text[^1]) ? text : $"{char.ToUpperInvariant(text[0])}{text.AsSpan(1)}{(Language == "zh" ? "。" : ".")}";
    }

    [GeneratedRegex(@"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(?:\.\d+)?Z")]
    private static partial Regex Time();

    /// <summary>What a moderator said, who may have left that to us, in English.</summary>
    public string Said(string text) => text == English.DeletedByReport ? DeletedByReport : text == English.DismissedReport ? DismissedReport : text;

    /// <summary>What somebody with a role is called.</summary>
    public string RoleOf(Data.Role role) => role switch
    {
        Data.Role.Admin => Admin,
        Data.Role.Moderator => Moderator,
        _ => Member,
    };

    /// <summary>What a field of a form is called.</summary>
    public string Field(string name) => name switch
    {
        "title" => Title,
        "body" => Text,
        "tags" => Tags,
        "username" => Username,
        "password" => Password,
        "to" => To,
        "subject" => Subject,
        "q" => Search,
        "reason" => Reason,
        "application" => Application,
        "invitation" => Invitation,
        "until" => Until,
        "resolution" => Resolution,
        "role" => Role,
        "display_name" => DisplayName,
        "bio" => Bio,
        "current" => CurrentPassword,
        "new" => NewPassword,
        "name" => TokenName,
        "scope" => Scope,
        "expires_in_days" => Days,
        "reply_to" => InReplyTo,
        _ => Policy(name),
    };
}
