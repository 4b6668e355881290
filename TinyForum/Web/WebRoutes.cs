using TinyForum.Api;
using static TinyForum.Api.Access;

namespace TinyForum.Web;

/// <summary>Every page and form, a line each.</summary>
internal static class WebRoutes
{
    public static IReadOnlyList<Endpoint> Of(Site site) =>
    [
        Show("/", ThreadPages.Front, query: ["sort", "author", "tag", "unread", "cursor"]),
        Show("/posts/{id}", ThreadPages.Show, query: ["after", "reply_to", "quote", "reported"]),
        Show("/posts/{id}/unread", ThreadPages.Unread, Reader, isKept: false),
        Show("/posts/{id}/history", HistoryPages.Show, query: ["cursor"]),
        Show("/tags", ThreadPages.Tags, query: ["cursor"]),
        Show("/user/{username}", AccountPages.User, query: ["cursor"]),
        Show("/user/{username}/posts", AccountPages.Posts, query: ["cursor"]),
        Show("/moderation-log", ModerationPages.Log, query: ["cursor"]),
        Show("/about", AboutPages.About),
        Show("/search", SearchPages.Search, isKept: false, isSearch: true, query: ["q", "cursor"]),
        Show("/notifications", SearchPages.Notifications, Reader, query: ["cursor"]),
        Show("/messages", MessagePages.List, Reader, isSecret: true, query: ["with", "cursor"]),
        Show("/messages/{id}", MessagePages.Find, Reader, isKept: false, isSecret: true),
        Show("/messages/new", MessagePages.New, Reader, isKept: false, query: ["to"]),
        Show("/posts/{id}/report", ModerationPages.Report, Reader, isKept: false),
        Show("/moderation", ModerationPages.Reports, Moderator, isKept: false, query: ["state", "cursor"]),
        Show("/moderation/held", HeldPages.Queue, Moderator, isKept: false, query: ["cursor"]),
        Show("/moderation/applications", ApplicationPages.List, Moderator, isKept: false, query: ["cursor"]),
        Show("/moderation/settings", PolicyPages.Show, Admin, isKept: false, query: ["done"]),
        Show("/held", HeldPages.Own, Reader, isKept: false, query: ["cursor"]),
        Show("/invitations", ApplicationPages.Invitations, Reader, isKept: false, isSecret: true),
        Show("/user/{username}/invited", ApplicationPages.Invited, query: ["cursor"]),
        Show("/moderation/suspended", SuspensionPages.List, Moderator, isKept: false, query: ["cursor"]),
        Show("/user/{username}/suspend", SuspensionPages.Suspend, Moderator, isKept: false),
        Show("/user/{username}/role", SuspensionPages.Role, Admin, isKept: false),
        Show("/settings", SettingsPages.Profile, Reader, isKept: false, isSecret: true, query: ["done"]),
        Show("/settings/password", SettingsPages.Password, Session, isKept: false, isSecret: true, query: ["done"]),
        Show("/settings/look", Preferences.Show, isKept: false, query: ["done"]),
        Show("/settings/erase", SettingsPages.End, Session, isKept: false, isSecret: true),
        Show("/sessions", CredentialPages.Sessions, Session, isKept: false, isSecret: true),
        Show("/tokens", CredentialPages.Tokens, Session, isKept: false, isSecret: true),
        Show("/blocks", CredentialPages.Blocks, Reader, isKept: false, isSecret: true, query: ["cursor"]),
        Show("/new", PostPages.New, Reader, isKept: false, query: ["tags"]),
        Show("/posts/{id}/edit", PostPages.Edit, Reader, isKept: false),
        Show("/posts/{id}/delete", PostPages.Delete, Reader, isKept: false),
        Show("/login", AccountPages.LogIn, isKept: false, query: ["next"]),
        Show("/register", AccountPages.Register, isKept: false, query: ["next", "invitation"]),
        Show("/setup", LinkPages.SetUp, isKept: false, isSecret: true, query: ["key"]),
        Show("/password-reset", LinkPages.Reset, isKept: false, isSecret: true, query: ["key"]),

        Do("/setup", LinkPages.DoSetUp, isSecret: true),
        Do("/password-reset", LinkPages.DoReset, isSecret: true),
        Do("/user/{username}/password-link", LinkPages.Make, isSecret: true),
        Do("/login", AccountPages.DoLogIn),
        Do("/register", AccountPages.DoRegister),
        Do("/logout", AccountPages.LogOut),
        Do("/language", Preferences.Switch),
        Do("/new", PostPages.Create),
        Do("/posts/{id}", PostPages.Reply),
        Do("/posts/{id}/edit", PostPages.Save),
        Do("/posts/{id}/delete", PostPages.DoDelete),
        Do("/posts/{id}/restore", PostPages.Restore),
        Do("/posts/{id}/like", PostPages.Like),
        Do("/posts/{id}/unlike", PostPages.Unlike),
        Do("/posts/{id}/read", PostPages.MarkRead),
        Do("/read", ThreadPages.MarkAllRead),
        Do("/posts/{id}/report", ModerationPages.SendReport),
        Do("/posts/{id}/pin", ModerationPages.Pin),
        Do("/posts/{id}/unpin", ModerationPages.Unpin),
        Do("/posts/{id}/lock", ModerationPages.Lock),
        Do("/posts/{id}/unlock", ModerationPages.Unlock),
        Do("/reports/{id}", ModerationPages.Resolve),
        Do("/user/{username}/suspend", SuspensionPages.DoSuspend),
        Do("/user/{username}/lift", SuspensionPages.Lift),
        Do("/user/{username}/spam", SuspensionPages.Spam),
        Do("/user/{username}/unspam", SuspensionPages.Unspam),
        Do("/moderation/held", HeldPages.RemoveNew),
        Do("/held/{id}/accept", HeldPages.Accept),
        Do("/held/{id}/decline", HeldPages.Decline),
        Do("/held/{id}/withdraw", HeldPages.Withdraw),
        Do("/applications/{id}/accept", ApplicationPages.Accept),
        Do("/applications/{id}/decline", ApplicationPages.Decline),
        Do("/invitations", ApplicationPages.Invite),
        Do("/invitations/{id}/end", ApplicationPages.EndInvitation),
        Do("/moderation/settings", PolicyPages.Save),
        Do("/user/{username}/role", SuspensionPages.SaveRole),
        Do("/notifications/read", SearchPages.MarkNotificationsRead),
        Do("/settings", SettingsPages.SaveProfile),
        Do("/settings/password", SettingsPages.SavePassword),
        Do("/settings/look", Preferences.Save),
        Do("/settings/erase", SettingsPages.Erase),
        Do("/sessions/end", CredentialPages.EndSessions),
        Do("/sessions/{id}/end", CredentialPages.EndSession),
        Do("/tokens", CredentialPages.CreateToken),
        Do("/tokens/{id}/end", CredentialPages.EndToken),
        Do("/blocks/{username}", CredentialPages.Block),
        Do("/blocks/{username}/remove", CredentialPages.Unblock),
        Do("/messages/new", MessagePages.Send),
        Do("/messages/read", MessagePages.MarkAllRead),
        Do("/messages/{id}/read", MessagePages.MarkRead),
        Do("/messages/{id}/delete", MessagePages.Delete),

        File(site.Style),
        File(site.Script),
        File(site.Icon),
        new("GET /robots.txt", Anyone, null, null, AboutPages.Robots, "", "", [], [], ContentType: "text/plain; charset=utf-8"),
        new("GET /sitemap.xml", Anyone, null, null, AboutPages.Sitemap, "", "", ["part"], [], Kept: true, IsFeed: true, ContentType: "application/xml"),
    ];

    private static Endpoint Show(
        string path, Func<Call, ValueTask> page, Access access = Anyone, bool isKept = true, bool isSearch = false, bool isSecret = false,
        string[]? query = null) =>
        new($"GET {path}", access, null, null, Numbered(page), "", "", query ?? [], [], Kept: isKept, IsPage: isKept, IsSearch: isSearch, IsSecret: isSecret,
            ContentType: Page.ContentType);

    private static Endpoint Do(string path, Func<Call, ValueTask> form, bool isSecret = false) =>
        new($"POST {path}", Anyone, null, null, Numbered(form), "", "", [], [], IsSecret: isSecret, IsForm: true, ContentType: Page.ContentType);

    /// <summary>Notes the newest event before anything is read for a page: what comes behind it may not be in the page.</summary>
    private static Func<Call, ValueTask> Numbered(Func<Call, ValueTask> page) => call =>
    {
        call.NewestEvent = call.Forum.Events.Range.Newest;
        return page(call);
    };

    private static Endpoint File(Asset asset) =>
        new($"GET {asset.Url.Path}", Anyone, null, null, asset.SendAsync, "", "", [], [], ContentType: asset.ContentType);
}
