namespace TinyForum.Web;

/// <summary>What the stores and the API refuse with, in Chinese: <c>*</c> stands for whatever is told, which comes back in its order.</summary>
internal static class Refusals
{
    private static readonly (string English, string Chinese)[] Table =
    [
        ("is required", "必填"),
        ("the account was removed as spam: undo that first", "该账号已作为垃圾账号清理：请先撤销"),
        ("posts can't be edited while others of a new account have to wait for a moderator", "新账号的帖子尚需审核时不能编辑已通过的帖子"),
        ("there are * invitations already: remove one, or wait until one is used", "已有 * 个邀请链接：请删除一个，或等其被使用"),
        ("only the session that created this invitation can get its link again", "只有创建该邀请的会话才能再次取得链接"),
        ("the application waits for a moderator", "申请正在等待审核"),
        ("the application was declined: *", "申请未通过：*"),
        ("the application was declined", "申请未通过"),
        ("too many applications wait", "等待审核的申请过多"),
        ("is not valid, or not any more", "无效或已失效"),
        ("its author is suspended", "作者已被封禁"),
        ("registration is closed", "本论坛暂不接受注册"),
        ("registration is by invitation", "注册需要邀请"),
        ("an account can invite others after * days", "注册满 * 天后才可邀请他人"),
        ("somebody has taken the name meanwhile: decline it", "该用户名已被他人占用：请驳回"),
        ("* of your posts wait for a moderator already", "你已有 * 篇帖子在等待审核"),
        ("may have * links at most while the account is new", "新账号每帖最多 * 个链接"),
        ("may mention * users at most while the account is new", "新账号每帖最多提及 * 个用户"),
        ("a new account may write * * a day", "新账号每天最多发 * 个（*）"),
        ("a new account may write private messages only to users who have written to it", "新账号只能给来过信的用户发私信"),
        ("is reserved", "是保留名"),
        ("must not be blank", "不能为空白"),
        ("must be * to * characters", "长度须为 * 到 * 个字符"),
        ("must be at most * characters", "最多 * 个字符"),
        ("must be at most *", "最多 * 个"),
        ("must be * to *", "须在 * 到 * 之间"),
        ("must be read or write", "须为 read 或 write"),
        ("must be in the future", "须是将来的时间"),
        ("must be a time such as *", "须是形如 * 的时间"),
        ("must be given once", "只能出现一次"),
        ("the form must be UTF-8", "表单须为 UTF-8 编码"),
        ("must not be your own", "不能是你自己"),
        ("must be the id of a post in this thread", "须是本主题中帖子的编号"),
        ("must be the number of a post in this thread", "须是本主题中的楼层号"),
        ("must be the next of an earlier page of the same list", "须取自同一列表的前一页"),
        ("must be the id of a post", "须是帖子的编号"),
        ("must be the number of a reply", "须是楼层号"),
        ("must be the number of a part", "须是分卷号"),
        ("must be the forum's host", "须是本论坛的主机名"),
        ("must be *, * or *", "须为 *、* 或 *"),
        ("must be * or *", "须为 * 或 *"),
        ("each must be * to * letters, digits and '-'", "每个标签须为 * 到 * 个字母、数字或“-”"),
        ("must have a letter or digit", "须含字母或数字"),
        ("each must have a letter or digit", "每个标签须含字母或数字"),
        ("must be letters, digits, '_', '-' and '.' alone; a space is none of them", "只能含字母、数字、“_”、“-”和“.”，不能有空格"),
        ("must be letters, digits, '_', '-' and '.' alone; * is none of them", "只能含字母、数字、“_”、“-”和“.”；* 不在其中"),
        ("must end in a letter or digit", "须以字母或数字结尾"),
        ("must not be made of dots alone", "不能只有点"),
        ("must not mix digits of two scripts", "不能混用两种文字的数字"),
        ("must not mix * and * letters", "不能混用 * 和 * 字母"),
        ("must not have more than * combining marks on a letter", "一个字母最多带 * 个组合符号"),
        ("must not have the combining mark * other than on a letter", "组合符号 * 只能在字母上"),
        ("must not have the combining mark * twice on a letter", "组合符号 * 在一个字母上不能重复"),
        ("must not have *, which only stretches a word", "不能含 *，它只会拉长单词"),
        ("must not contain half a character (a lone surrogate) or U+FFFE", "不能含半个字符（孤立代理项）或 U+FFFE"),
        ("must not contain half a character (a lone surrogate)", "不能含半个字符（孤立代理项）"),
        ("must not contain control characters other than tab and newline; * is one", "除制表符和换行外不能含控制字符；* 就是"),
        ("must not contain line breaks, tabs or other control characters; * is one", "不能含换行、制表符等控制字符；* 就是"),
        ("must not contain invisible characters or such as turn the direction of text; * is one", "不能含不可见或改变文字方向的字符；* 就是"),
        ("must have at most * words", "最多 * 个词"),
        ("contains what this forum does not allow", "含有本论坛不允许的内容"),
        ("must have at most * characters with its repetitions written out, and no option x", "展开重复后最多 * 个字符，且不能有选项 x"),
        ("must not match an empty text", "不能与空文本匹配"),
        ("must be a regular expression: * at *", "须是正则表达式：* 位于 *"),
        ("must have no back-references, lookarounds or anything else that needs backtracking, and not be so large",
            "不能有反向引用、环视等需要回溯的内容，也不能过大"),
        ("must not take so long", "不能耗时过长"),
        ("must be the name of a host such as casino.example, without scheme, port and path", "须是主机名，如 casino.example，不含协议、端口和路径"),
        ("there are * filters already: remove one", "已有 * 条过滤规则：请先删除一条"),
        ("there is such a filter already", "已有这样的过滤规则"),
        ("filter does not exist", "没有这条过滤规则"),
        ("must have a word to look for, an author or a tag besides what is excluded", "除了排除的内容，还须有要找的词、作者或标签"),
        ("must have a word to look for: letters, *", "须有要找的词：字母、数字或表情；其他符号只能紧挨字母，如 C++、C#、.NET"),
        ("username already exists", "用户名已存在"),
        ("user does not exist", "没有这个用户"),
        ("username and password do not match", "用户名与密码不符"),
        ("wrong password", "密码错误"),
        ("password is not valid Unicode", "密码不是有效的 Unicode"),
        ("login required", "请先登录"),
        ("the token is not valid", "令牌无效"),
        ("the session, token or account has ended", "会话、令牌或账号已失效"),
        ("a token may not do this: log in", "令牌不能做此操作：请登录"),
        ("a token of scope * may not do this", "* 权限的令牌不能做此操作"),
        ("only the session that created this token can get its secret again", "只有创建此令牌的会话才能再次取得密钥"),
        ("there are * tokens already: remove one", "已有 * 个令牌：请先删除一个"),
        ("only a moderator may do this", "只有版主可以这样做"),
        ("only an admin may do this", "只有管理员可以这样做"),
        ("only an admin may suspend a moderator or an admin", "只有管理员可以封禁版主或管理员"),
        ("only its author or a moderator may do this", "只有作者或版主可以这样做"),
        ("only the user or an admin may do this", "只有本人或管理员可以这样做"),
        ("only threads have this", "只有主题才有此项"),
        ("this is the last admin: make another one first", "这是最后一位管理员：请先指定另一位"),
        ("system can't be suspended", "不能封禁 system"),
        ("system can't log in", "system 不能登录"),
        ("this account has no login of its own: another program logs it in", "此账号没有自己的登录方式：它由其他程序登录"),
        ("you are logged in by another program", "你已由其他程序登录"),
        ("there is no name left for this account", "此账号已无可用的名称"),
        ("the name of a login must be given once", "登录名只能给出一次"),
        ("the name of a login must be 1 to * characters", "登录名的长度须为 1 到 * 个字符"),
        ("this link has been used or has expired", "此链接已被使用或已过期"),
        ("this account has no password: another program logs it in", "此账号没有密码：它由其他程序登录"),
        ("system has no role", "system 没有角色"),
        ("you cannot suspend yourself", "不能封禁自己"),
        ("this account is suspended", "此账号已被封禁"),
        ("this account is suspended: lift that first", "此账号已被封禁：请先解除封禁"),
        ("this account is suspended until *: *", "此账号被封禁至 *：*"),
        ("this account is suspended: *", "此账号已被封禁：*"),
        ("you have reported this post already", "你已经举报过这个帖子"),
        ("a moderator deleted this post", "版主删除了此帖"),
        ("its author deleted this post", "作者删除了此帖"),
        ("the thread is locked", "主题已锁定"),
        ("the post has been changed since", "帖子已被他人修改"),
        ("the account has changed since", "账号信息已有变化"),
        ("others are editing the post", "其他人正在编辑此帖"),
        ("this user does not accept messages from you", "对方不接收你的私信"),
        ("what this refers to no longer exists", "所指的内容已不存在"),
        ("this Idempotency-Key was used for another request", "这份表单已用于另一次提交：请重新打开页面"),
        ("what was created with this Idempotency-Key has been deleted", "用这份表单创建的内容已被删除"),
        ("an export of this account is being made or sent already", "此账号的导出正在进行"),
        ("there is no room for the export", "没有空间存放导出文件"),
        ("too many *, try again later", "操作过于频繁，请稍后再试"),
        ("too many writes are waiting", "等待写入的请求过多"),
        ("too many answers wait to be read", "等待读取的答复过多"),
        ("too many bodies are arriving at once", "同时到达的请求过多"),
        ("the server is busy, try again later", "服务器繁忙，请稍后再试"),
        ("the server is shutting down", "服务器正在关闭"),
        ("the database is busy", "数据库繁忙"),
        ("the database is not available", "数据库不可用"),
        ("cross-site requests may not change anything", "不接受来自其他网站的修改请求"),
        ("over http a cookie is not enough for this: *", "在 http 下仅凭 cookie 不能这样做"),
        ("this server does not answer for that host", "本服务器不应答该主机名"),
        ("method not allowed", "不支持此方法"),
        ("not found", "没有找到"),
        ("* not found", "没有找到"),
        ("the body must be at most * bytes", "内容最多 * 字节"),
        ("the body must be sent as *", "内容须以 * 发送"),
        ("the body must have a Content-Length or a Transfer-Encoding, not both", "内容须有 Content-Length 或 Transfer-Encoding 之一"),
        ("the body needs a Content-Length", "内容须有 Content-Length"),
        ("the body needs a Content-Length and no Transfer-Encoding", "内容须有 Content-Length 而无 Transfer-Encoding"),
        ("the body must be sent without a Content-Encoding", "内容不能带 Content-Encoding"),
        ("the body did not arrive in time", "内容未及时到达"),
        ("the chunked body is malformed", "分块的内容格式不对"),
        ("the head of the request is too large", "请求头过大"),
        ("the body is shorter than its Content-Length", "内容比 Content-Length 短"),
        ("the body ends before its last chunk", "内容在最后一块之前中断"),
        ("the * is not percent-encoded UTF-8 (NUL and, in a path, an encoded / are refused)", "地址不是百分号编码的 UTF-8（不接受 NUL，路径中也不接受编码的 /）"),
        ("the request target must be a path that begins with /", "地址须以 / 开头"),
        ("the request target must be at most * bytes", "地址最多 * 字节"),
    ];

    private static readonly (string[] English, string[] Chinese)[] Parts = [.. Table.Select(row => (row.English.Split('*'), row.Chinese.Split('*')))];

    /// <summary>A message in Chinese; as it is if there is none.</summary>
    public static string Chinese(string message)
    {
        foreach (var (english, chinese) in Parts)
        {
            if (Holes(message, english) is { } holes)
                return string.Concat(chinese.Select((part, i) => i == 0 ? part : holes.ElementAtOrDefault(i - 1) + part));
        }
        return message;
    }

    /// <summary>What stands between the parts of a text; <see langword="null"/> if it is made of others.</summary>
    private static List<string>? Holes(string text, string[] parts)
    {
        if (!text.StartsWith(parts[0], StringComparison.Ordinal))
            return null;
        var holes = new List<string>();
        var at = parts[0].Length;
        for (var i = 1; i < parts.Length; i++)
        {
            var isLast = i == parts.Length - 1;
            var next = isLast ? text.Length - parts[i].Length : text.IndexOf(parts[i], at, StringComparison.Ordinal);
            if (next < at || (isLast && !text.EndsWith(parts[i], StringComparison.Ordinal)))
                return null;
            holes.Add(text[at..next]);
            at = next + parts[i].Length;
        }
        return at == text.Length ? holes : null;
    }
}
