namespace TinyForum.Tests.Support;

/// <summary>What moderators' acts left in the database, a line each.</summary>
internal static class ModerationRows
{
    /// <summary>Actor, action, post and reason.</summary>
    public static string[] Log(this TestForum forum) => [.. forum.Database.Read(c => c.All(
        "SELECT concat_ws(' ', actor_id, action, post_id, reason) FROM moderation_log ORDER BY id", r => r.GetString(0)))];

    /// <summary>Who was told, of what, of which post and by whom; moderation alone.</summary>
    public static string[] Notifications(this TestForum forum) => [.. forum.Database.Read(c => c.All("""
        SELECT concat_ws(' ', user_id, kind, post_id, from_id)
          FROM notifications
         WHERE kind NOT IN ('reply', 'mention')
         ORDER BY id
        """, r => r.GetString(0)))];
}
