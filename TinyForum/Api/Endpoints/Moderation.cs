using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

internal sealed record ReportRequest(string Reason);

internal sealed record ResolutionRequest(string Resolution);

internal sealed record SuspensionRequest(string Reason, string? Until = null, bool? Invited = null);

internal sealed record SpamRequest(string? Reason = null);

internal sealed record NewSpamRequest(string RegisteredSince, string? Reason = null);

internal sealed record NewSpamAnswer(long Accounts) : Success;

internal sealed record ReportView(
    long Id, long Post, UserView Reporter, string Reason, string CreatedAt, string? Resolution, UserView? ResolvedBy, string? ResolvedAt)
{
    public static ReportView Of(Report report) => new(
        report.Id, report.PostId, UserView.Of(report.Reporter), report.Reason, Rfc3339.Format(report.CreatedAt),
        report.Resolution, report.ResolvedBy is { } by ? UserView.Of(by) : null, report.ResolvedAt is { } at ? Rfc3339.Format(at) : null);
}

internal sealed record ReportAnswer(ReportView Report) : Success;

internal sealed record ReportsAnswer(IReadOnlyList<ReportView> Reports, string? Next) : Success;

internal sealed record SuspensionView(UserView User, string Reason, string? Until);

internal sealed record SuspensionAnswer(SuspensionView Suspension) : Success;

internal sealed record ModerationEntryView(long Id, UserView Actor, string Action, long? Post, UserView? User, string? Reason, string CreatedAt)
{
    public static ModerationEntryView Of(ModerationEntry entry) => new(
        entry.Id, UserView.Of(entry.Actor), entry.Action, entry.PostId, entry.User is { } user ? UserView.Of(user) : null,
        entry.Reason, Rfc3339.Format(entry.CreatedAt));
}

internal sealed record ModerationLogAnswer(IReadOnlyList<ModerationEntryView> Entries, string? Next) : Success;

/// <summary>Reports, suspensions and the public log of moderation.</summary>
internal static class Moderation
{
    public static async ValueTask<ReportAnswer> Report(Call call, ReportRequest body)
    {
        var key = call.IdempotencyKey();
        var report = await call.Forum.Reports.CreateAsync(call.User, call.Id, body.Reason, key).ConfigureAwait(false);
        return call.Created(new ReportAnswer(ReportView.Of(report)), $"/api/reports/{report.Id}", key);
    }

    public static ValueTask<ReportAnswer> FindReport(Call call) =>
        new(new ReportAnswer(ReportView.Of(call.Forum.Reports.Find(call.Id) ?? throw RefusalException.NotFound("report"))));

    public static ValueTask<ReportsAnswer> ListReports(Call call)
    {
        var state = call.Query(
            "state", ReportState.Open, ("open", ReportState.Open), ("resolved", ReportState.Resolved), ("all", ReportState.All));
        var post = call.Number("post", "the id of a post");
        return call.Page(
            $"reports {state} {post}", (size, from) => call.Forum.Reports.List(state, size, from, post),
            ReportView.Of, (reports, next) => new ReportsAnswer(reports, next));
    }

    public static async ValueTask<ReportAnswer> Resolve(Call call, ResolutionRequest body) => new(ReportView.Of(
        await call.Forum.Reports.ResolveAsync(call.User, call.Id, body.Resolution).ConfigureAwait(false) ?? throw RefusalException.NotFound("report")));

    public static async ValueTask<SuspensionAnswer> Suspend(Call call, SuspensionRequest body)
    {
        var user = User(call);
        var suspension = await call.Forum.Moderation.SuspendAsync(
            call.User, user, body.Reason, Until(body), body.Invited == true).ConfigureAwait(false);
        return new(new SuspensionView(UserView.Of(user), suspension.Reason, suspension.Until is { } end ? Rfc3339.Format(end) : null));
    }

    public static async ValueTask<Done> LiftSuspension(Call call)
    {
        await call.Forum.Moderation.LiftSuspensionAsync(call.User, User(call), call.Flag("invited")).ConfigureAwait(false);
        return new Done();
    }

    public static async ValueTask<Done> MarkSpam(Call call, SpamRequest body)
    {
        await call.Forum.Spam.MarkAsync(call.User, User(call), body.Reason).ConfigureAwait(false);
        return new Done();
    }

    public static async ValueTask<NewSpamAnswer> MarkNewSpam(Call call, NewSpamRequest body) => new(
        await call.Forum.Spam.MarkNewAsync(call.User, Time("registered_since", body.RegisteredSince), body.Reason).ConfigureAwait(false));

    public static async ValueTask<Done> UnmarkSpam(Call call)
    {
        await call.Forum.Spam.UndoAsync(call.User, User(call)).ConfigureAwait(false);
        return new Done();
    }

    public static ValueTask<ModerationLogAnswer> Log(Call call) => call.Page(
        "moderation-log", call.Forum.Moderation.List, ModerationEntryView.Of, (entries, next) => new ModerationLogAnswer(entries, next));

    private static User User(Call call) => call.Forum.Users.Find(call.Username) ?? throw RefusalException.NotFound("user");

    private static DateTimeOffset? Until(SuspensionRequest body) => body.Until is { } text ? Time("until", text) : null;

    private static DateTimeOffset Time(string field, string text) =>
        Rfc3339.TryParse(text, out var time) ? time : throw RefusalException.Invalid(field, "must be a time such as 2026-01-31T09:30:00Z");
}
