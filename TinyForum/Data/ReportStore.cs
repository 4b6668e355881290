using TinyForum.Storage;
using TinyForum.Text;

namespace TinyForum.Data;

/// <summary>A user's report of a post to the moderators.</summary>
/// <param name="Id">Its id.</param>
/// <param name="PostId">The post.</param>
/// <param name="Reporter">Who reported it.</param>
/// <param name="Reason">What is wrong with the post.</param>
/// <param name="CreatedAt">When it was reported.</param>
/// <param name="Resolution">What a moderator decided; <see langword="null"/> while the report is open.</param>
/// <param name="ResolvedBy">The moderator; <see langword="null"/> while the report is open.</param>
/// <param name="ResolvedAt">When it was resolved; <see langword="null"/> while the report is open.</param>
public sealed record Report(
    long Id, long PostId, User Reporter, string Reason, DateTimeOffset CreatedAt, string? Resolution, User? ResolvedBy, DateTimeOffset? ResolvedAt);

/// <summary>Which reports a list has.</summary>
public enum ReportState
{
    /// <summary>Those that wait for a moderator's decision.</summary>
    Open,

    /// <summary>Those that a moderator has resolved.</summary>
    Resolved,

    /// <summary>Both.</summary>
    All,
}

/// <summary>The reports of posts to the moderators. Thread-safe.</summary>
public sealed class ReportStore
{
    private const string Select = """
        SELECT r.id, r.post_id, u.id, u.username, r.reason, r.created_at, r.resolution, m.id, m.username, r.resolved_at
          FROM reports r
          JOIN users u ON u.id = r.reporter_id
          LEFT JOIN users m ON m.id = r.resolved_by
        """;

    private const string IsOpen = "r.resolved_at IS NULL AND r.id > $after", IsResolved = "r.resolved_at IS NOT NULL AND r.id < $after",
        IsAny = "r.id < $after", IsOfPost = " AND r.post_id = $post";

    private static readonly string Open = Sql(IsOpen, "r.id"), OpenOfPost = Sql(IsOpen + IsOfPost, "r.id");
    private static readonly string Resolved = Sql(IsResolved, "r.id DESC"), ResolvedOfPost = Sql(IsResolved + IsOfPost, "r.id DESC");
    private static readonly string All = Sql(IsAny, "r.id DESC"), AllOfPost = Sql(IsAny + IsOfPost, "r.id DESC");

    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly ModerationStore _moderation;
    private readonly PostStore _posts;
    private readonly IdempotencyKeys _keys;

    internal ReportStore(Database database, TimeProvider clock, ModerationStore moderation, PostStore posts, IdempotencyKeys keys) =>
        (_database, _clock, _moderation, _posts, _keys) = (database, clock, moderation, posts, keys);

    /// <summary>Reports a post.</summary>
    /// <param name="reporter">The actor.</param>
    /// <param name="postId">The post.</param>
    /// <param name="reason">What is wrong with it.</param>
    /// <param name="key">Repeating the call with the same key returns the first report.</param>
    /// <exception cref="RefusalException">
    /// Invalid: the reason breaks a rule. NotFound: there is no such post. Conflict: the actor's earlier report of it is still open.
    /// </exception>
    public Task<Report> CreateAsync(Actor reporter, long postId, string reason, IdempotencyKey? key = null)
    {
        ArgumentNullException.ThrowIfNull(reporter);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(postId);
        ArgumentNullException.ThrowIfNull(reason);
        RefusalException.ThrowIfInvalid(("reason", TextRule.Reason.Check(reason)));
        return _keys.CreateAsync(reporter, key, "report", c => Create(c, reporter, postId, reason), report => report.Id,
            (c, id) => Find(c, id) is { } report ? report with { Resolution = null, ResolvedBy = null, ResolvedAt = null } : null);
    }

    private Report Create(Connection connection, Actor reporter, long postId, string reason)
    {
        if (PostStore.Load(connection, postId, viewerId: null) is not { DeletedBy: null })
            throw RefusalException.NotFound("post");
        var id = connection.Number("""
            INSERT INTO reports (post_id, reporter_id, reason, created_at)
            VALUES ($post, $reporter, $reason, $now)
                ON CONFLICT (post_id, reporter_id) WHERE resolved_at IS NULL AND reporter_id > 0 DO NOTHING
            RETURNING id
            """, ("$post", postId), ("$reporter", reporter.Id), ("$reason", reason), ("$now", _clock.Now()));
        if (id is null)
            throw new RefusalException(RefusalKind.Conflict, "you have reported this post already");
        EventLog.Add(connection, new ForumEvent(0, EventKind.ReportCreated, _clock.GetUtcNow(), postId, ItemId: id));
        return Find(connection, id.Value)!;
    }

    /// <summary>The report with that id, or <see langword="null"/>.</summary>
    public Report? Find(long id)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return _database.Read(c => Find(c, id));
    }

    /// <summary>How many reports are open, counting no further than <paramref name="most"/>.</summary>
    internal long CountOpen(int most) => _database.Read(c => c.Number("""
        SELECT count(*)
          FROM (SELECT 1
                  FROM reports INDEXED BY reports_open
                 WHERE resolved_at IS NULL
                   AND id > 0
                 LIMIT $most)
        """, ("$most", most))) ?? 0;

    /// <summary>A page of reports: open ones oldest first, since they wait longest; others newest first.</summary>
    /// <param name="state">Which reports.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="from">The <see cref="Page{T}.Next"/> of the page before.</param>
    /// <param name="postId">Only those of this post.</param>
    public Page<Report> List(
        ReportState state, int limit = PagePosition.DefaultSize, PagePosition? from = null, long? postId = null)
    {
        ArgumentCheck.ThrowIfUndefined(state);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        ArgumentOutOfRangeException.ThrowIfNegative(postId ?? 0, nameof(postId));
        return _database.Read(c =>
        {
            var (sql, start) = (state, postId) switch
            {
                (ReportState.Open, null) => (Open, 0),
                (ReportState.Open, _) => (OpenOfPost, 0),
                (ReportState.Resolved, null) => (Resolved, long.MaxValue),
                (ReportState.Resolved, _) => (ResolvedOfPost, long.MaxValue),
                (_, null) => (All, long.MaxValue),
                _ => (AllOfPost, long.MaxValue),
            };
            return c.Page(sql, Map, limit, last => [last.Id], ("$after", from?.KeyOf(1)[0] ?? start), ("$post", postId));
        });
    }

    /// <summary>Resolves a report, or changes the resolution of a resolved one; the public log gets an entry.</summary>
    /// <returns>The report, or <see langword="null"/> if there is none with that id.</returns>
    /// <exception cref="RefusalException">Invalid: the resolution breaks a rule. Forbidden: the actor is not a moderator.</exception>
    public Task<Report?> ResolveAsync(Actor moderator, long id, string resolution)
    {
        ArgumentNullException.ThrowIfNull(moderator);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        ArgumentNullException.ThrowIfNull(resolution);
        RefusalException.ThrowIfInvalid(("resolution", TextRule.Reason.Check(resolution)));
        return _database.WriteAsync(moderator, _clock, c =>
        {
            Permissions.RequireModerator(c, moderator);
            var post = c.Number("""
                UPDATE reports
                   SET resolution = $resolution, resolved_by = $moderator, resolved_at = $now
                 WHERE id = $id
                   AND resolution IS NOT $resolution
                RETURNING post_id
                """, ("$resolution", resolution), ("$moderator", moderator.Id), ("$now", _clock.Now()), ("$id", id));
            if (post is not null)
            {
                _moderation.Log(c, moderator, "resolve_report", post, null, resolution);
                EventLog.Add(c, new ForumEvent(0, EventKind.ReportResolved, _clock.GetUtcNow(), post, ItemId: id));
            }
            return Find(c, id);
        });
    }

    /// <summary>
    /// Resolves the open reports of a post together, the oldest first, up to one of them and no more than a page has: those that a moderator
    /// has seen. Does nothing if somebody else has resolved them. The public log gets an entry.
    /// </summary>
    /// <param name="moderator">The actor.</param>
    /// <param name="id">The last of the reports.</param>
    /// <param name="resolution">What the moderator decided.</param>
    /// <param name="deletes">Whether the post is deleted in the same transaction, if it is not yet.</param>
    /// <returns>How many were resolved.</returns>
    /// <exception cref="RefusalException">
    /// Invalid: the resolution breaks a rule. Forbidden: the actor is not a moderator. NotFound: there is no such report.
    /// </exception>
    internal async Task<int> ResolveOpenAsync(Actor moderator, long id, string resolution, bool deletes)
    {
        RefusalException.ThrowIfInvalid(("resolution", TextRule.Reason.Check(resolution)));
        var (resolved, unfinished) = await _database.WriteAsync(moderator, _clock, c =>
        {
            Permissions.RequireModerator(c, moderator);
            var post = (Find(c, id) ?? throw RefusalException.NotFound("report")).PostId;
            var open = c.All(OpenOfPost, r => r.GetInt64(0), ("$after", 0), ("$post", post), ("$limit", PagePosition.DefaultSize));
            open.RemoveAll(each => each > id);
            if (open.Count == 0)
                return (0, (long?)null);
            foreach (var each in open)
            {
                c.Execute("""
                    UPDATE reports
                       SET resolution = $resolution, resolved_by = $moderator, resolved_at = $now
                     WHERE id = $id
                    """, ("$resolution", resolution), ("$moderator", moderator.Id), ("$now", _clock.Now()), ("$id", each));
                EventLog.Add(c, new ForumEvent(0, EventKind.ReportResolved, _clock.GetUtcNow(), post, ItemId: each));
            }
            var reported = PostStore.Load(c, post, viewerId: null, ofDeletedThreads: true);
            var goes = deletes && reported is { DeletedBy: not Side.Moderator } // also what its author has deleted, and could restore
                && (reported.DeletedBy is null || reported.Author.Id != moderator.Id);
            var isDone = !goes || _posts.Delete(c, moderator, post, resolution);
            _moderation.Log(c, moderator, "resolve_report", post, null, resolution);
            return (open.Count, isDone ? null : post);
        }).ConfigureAwait(false);
        if (unfinished is { } left)
            await _posts.FinishAsync(left).ConfigureAwait(false);
        return resolved;
    }

    private static string Sql(string which, string order) => $"""
        {Select}
         WHERE {which}
         ORDER BY {order}
         LIMIT $limit
        """;

    private static Report? Find(Connection connection, long id) => connection.First($"{Select} WHERE r.id = $id", Map, ("$id", id));

    private static Report Map(Row row) => new(
        row.GetInt64(0), row.GetInt64(1), row.User(2), row.GetString(4), row.Time(5), row.TextOrNull(6), row.UserOrNull(7), row.TimeOrNull(9));
}
