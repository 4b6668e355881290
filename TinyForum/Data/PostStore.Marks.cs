namespace TinyForum.Data;

/// <summary>What of a post depends on who looks at it.</summary>
/// <param name="IsLiked">Whether the viewer likes it.</param>
/// <param name="Unread">For the head of a thread, how many visible posts of others the viewer has not read; else 0.</param>
internal readonly record struct PostMarks(bool IsLiked, long Unread);

/// <summary>What viewers like and have not read of posts that are there for anyone.</summary>
public sealed partial class PostStore
{
    // CROSS JOIN: in the order of the ids.
    private const string MarksOfThreads = $"""
        SELECT l.user_id IS NOT NULL, {Unread}
          FROM users me
         CROSS JOIN json_each($ids) i
         CROSS JOIN threads t ON t.id = i.value
          LEFT JOIN likes l ON l.post_id = t.id AND l.user_id = me.id
          LEFT JOIN reading r ON r.user_id = me.id AND r.thread_id = t.id
          LEFT JOIN posts seen ON seen.thread_id = r.thread_id AND seen.number = r.number AND seen.id > me.read_up_to
         WHERE me.id = $user
        """;

    private const string MarksOfReplies = """
        SELECT l.user_id IS NOT NULL, 0
          FROM users me
         CROSS JOIN json_each($ids) i
          LEFT JOIN likes l ON l.post_id = i.value AND l.user_id = me.id
         WHERE me.id = $user
        """;

    /// <summary>The marks of a viewer on posts, in their order; fewer if the viewer or one of the threads is not there.</summary>
    internal IReadOnlyList<PostMarks> Marks(IReadOnlyList<long> ids, bool areThreads, Actor viewer) => ids.Count == 0 ? [] : _database.Read(c => c.All(
        areThreads ? MarksOfThreads : MarksOfReplies, r => new PostMarks(r.GetBoolean(0), r.GetInt64(1)),
        ("$ids", $"[{string.Join(',', ids)}]"), ("$user", viewer.Id)));
}
