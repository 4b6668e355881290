namespace TinyForum.Web;

/// <summary>What pages say, in one language. Every language has every text: the compiler sees to that.</summary>
internal sealed record Words
{
    public required string Language { get; init; }
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
    public required string Deleted { get; init; }
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
    public required string EmptyForum { get; init; }
    public required string EmptyList { get; init; }
    public required string Member { get; init; }
    public required string Since { get; init; }
    public required string WriteMessage { get; init; }
    public required string Feed { get; init; }
    public required string Mistakes { get; init; }
    public required string LogInToReply { get; init; }
    public required string NotFound { get; init; }
    public required string From { get; init; }
    public required Func<long, string> Replies { get; init; }
    public required Func<long, string> UnreadCount { get; init; }
    public required Func<long, string> Likes { get; init; }
    public required Func<long, string> Posts { get; init; }

    public static Words English { get; } = new()
    {
        Language = "en",
        Other = "中文",
        Skip = "Skip to the content",
        Threads = "Threads",
        Active = "Latest replies",
        Newest = "Newest",
        Unread = "Unread",
        Tags = "Tags",
        Search = "Search",
        SearchHelp = "Words, \"a phrase\", author:name, tag:name; -word leaves out.",
        NothingFound = "Nothing found. Fewer words find more.",
        Partial = "The search ran out of time: these are the best of what it had found.",
        NewThread = "New thread",
        LogIn = "Log in",
        LogOut = "Log out",
        Register = "Register",
        Username = "Username",
        Password = "Password",
        NoAccount = "No account yet?",
        Messages = "Messages",
        Notifications = "Notifications",
        ModerationLog = "Moderation log",
        Title = "Title",
        Text = "Text",
        TagsHelp = "Up to five, with spaces or commas between them.",
        MarkdownHelp = "Markdown: *emphasis*, **strong**, `code`, > quote, - list, [link](https://…), @name.",
        Preview = "Preview",
        Post = "Post",
        Save = "Save",
        Send = "Send",
        To = "To",
        Subject = "Subject",
        Reply = "Reply",
        YourReply = "Your reply",
        Edit = "Edit",
        Delete = "Delete",
        Restore = "Restore",
        Like = "Like",
        Unlike = "Unlike",
        History = "History",
        Edited = "edited",
        Deleted = "This post was deleted.",
        InReplyTo = "in reply to",
        Pinned = "pinned",
        Locked = "locked",
        LockedHelp = "This thread is closed to replies.",
        Older = "Older",
        Newer = "Back to the first",
        First = "First page",
        Next = "Next page",
        Previous = "Previous page",
        MarkRead = "Mark as read",
        EmptyForum = "Nobody has written anything yet. Register, and begin the first thread.",
        EmptyList = "There is nothing here yet.",
        Member = "member",
        Since = "since",
        WriteMessage = "Write a message",
        Feed = "Feed",
        Mistakes = "This could not be done yet:",
        LogInToReply = "Log in to reply.",
        NotFound = "There is no such page.",
        From = "from",
        Replies = n => n == 1 ? "1 reply" : FormattableString.Invariant($"{n} replies"),
        UnreadCount = n => FormattableString.Invariant($"{n} unread"),
        Likes = n => n == 1 ? "1 like" : FormattableString.Invariant($"{n} likes"),
        Posts = n => n == 1 ? "1 post" : FormattableString.Invariant($"{n} posts"),
    };

    public static Words Chinese { get; } = new()
    {
        Language = "zh",
        Other = "English",
        Skip = "跳到正文",
        Threads = "主题",
        Active = "最新回复",
        Newest = "最新主题",
        Unread = "未读",
        Tags = "标签",
        Search = "搜索",
        SearchHelp = "词语、“短语”（用英文双引号）、author:用户名、tag:标签；-词 表示排除。",
        NothingFound = "没有找到。词越少，结果越多。",
        Partial = "搜索超时：以下是已找到的最佳结果。",
        NewThread = "发新主题",
        LogIn = "登录",
        LogOut = "退出",
        Register = "注册",
        Username = "用户名",
        Password = "密码",
        NoAccount = "还没有账号？",
        Messages = "私信",
        Notifications = "通知",
        ModerationLog = "管理日志",
        Title = "标题",
        Text = "正文",
        TagsHelp = "最多五个，用空格或逗号分隔。",
        MarkdownHelp = "Markdown：*强调*、**加粗**、`代码`、> 引用、- 列表、[链接](https://…)、@用户名。",
        Preview = "预览",
        Post = "发布",
        Save = "保存",
        Send = "发送",
        To = "收件人",
        Subject = "主题",
        Reply = "回复",
        YourReply = "你的回复",
        Edit = "编辑",
        Delete = "删除",
        Restore = "恢复",
        Like = "赞",
        Unlike = "取消赞",
        History = "历史",
        Edited = "编辑于",
        Deleted = "此帖已删除。",
        InReplyTo = "回复",
        Pinned = "置顶",
        Locked = "已锁定",
        LockedHelp = "此主题已关闭回复。",
        Older = "更早",
        Newer = "回到第一页",
        First = "第一页",
        Next = "下一页",
        Previous = "上一页",
        MarkRead = "标为已读",
        EmptyForum = "还没有人发言。注册后发布第一个主题吧。",
        EmptyList = "这里还没有内容。",
        Member = "成员",
        Since = "加入于",
        WriteMessage = "写私信",
        Feed = "订阅",
        Mistakes = "暂时无法完成：",
        LogInToReply = "登录后即可回复。",
        NotFound = "没有这个页面。",
        From = "来自",
        Replies = n => FormattableString.Invariant($"{n} 条回复"),
        UnreadCount = n => FormattableString.Invariant($"{n} 条未读"),
        Likes = n => FormattableString.Invariant($"{n} 个赞"),
        Posts = n => FormattableString.Invariant($"{n} 个帖子"),
    };
}
