using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

internal sealed record HeldView(
    UserView Author, string Body, string Cause, string CreatedAt, string? DeclinedAt, long Id, string? Reason, long? ReplyTo, IReadOnlyList<string>? Tags,
    long? Thread, string? Title)
{
    public static HeldView Of(HeldPost held) => new(
        UserView.Of(held.Author), held.Body, HeldPostStore.NameOf(held.Cause), Rfc3339.Format(held.CreatedAt),
        held.DeclinedAt is { } at ? Rfc3339.Format(at) : null, held.Id, held.Reason, held.ReplyTo, held.Tags, held.ThreadId, held.Title);
}

internal sealed record HeldAnswer(HeldView Held) : Success;

internal sealed record HeldPostsAnswer(IReadOnlyList<HeldView> Held, string? Next) : Success;

/// <summary>Posts that wait for a moderator.</summary>
internal static class Held
{
    /// <summary>The answer to a post that was submitted.</summary>
    /// <returns>A <see cref="PostAnswer"/>, or a <see cref="HeldAnswer"/>.</returns>
    public static Success Submitted(Call call, Submission submission, IdempotencyKey? key)
    {
        if (submission.Post is { } post)
            return PostAnswer.Created(call, post, key);
        var answer = call.Created(new HeldAnswer(HeldView.Of(submission.Held!)), $"/api/held/{submission.Held!.Id}", key);
        return answer;
    }

    public static ValueTask<HeldPostsAnswer> List(Call call) => call.Page(
        "held", call.Forum.Held.List, HeldView.Of, (held, next) => new HeldPostsAnswer(held, next));

    public static ValueTask<HeldPostsAnswer> ListOwn(Call call) => call.Page(
        $"held of {call.User.Id}", (size, from) => call.Forum.Held.ListOwn(call.User, size, from), HeldView.Of,
        (held, next) => new HeldPostsAnswer(held, next));

    public static ValueTask<HeldAnswer> Find(Call call) => new(new HeldAnswer(HeldView.Of(call.Forum.Held.Find(call.User, call.Id) ?? throw NotFound())));

    public static async ValueTask<PostAnswer> Accept(Call call) =>
        PostAnswer.Of(await call.Forum.Held.AcceptAsync(call.User, call.Id).ConfigureAwait(false) ?? throw NotFound());

    public static async ValueTask<Done> Decline(Call call, Refusal body) =>
        await call.Forum.Held.DeclineAsync(call.User, call.Id, body.Reason).ConfigureAwait(false) ? new Done() : throw NotFound();

    public static async ValueTask<Done> Withdraw(Call call) =>
        await call.Forum.Held.WithdrawAsync(call.User, call.Id).ConfigureAwait(false) ? new Done() : throw NotFound();

    private static RefusalException NotFound() => RefusalException.NotFound("held post");
}
