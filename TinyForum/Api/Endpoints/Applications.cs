using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

internal sealed record Refusal(string? Reason = null);

internal sealed record ApplicationView(string CreatedAt, long Id, string Text, string Username)
{
    public static ApplicationView Of(Application application) =>
        new(Rfc3339.Format(application.CreatedAt), application.Id, application.Text, application.Username);
}

internal sealed record ApplicationsAnswer(IReadOnlyList<ApplicationView> Applications, string? Next) : Success;

/// <summary>Who wants to come in.</summary>
internal static class Applications
{
    public static ValueTask<ApplicationsAnswer> List(Call call) => call.Page(
        "applications", call.Forum.Registration.Applications, ApplicationView.Of, (applications, next) => new ApplicationsAnswer(applications, next));

    public static async ValueTask<UserAnswer> Accept(Call call) => new(UserView.Of(
        await call.Forum.Registration.AcceptAsync(call.User, call.Id).ConfigureAwait(false) ?? throw RefusalException.NotFound("application")));

    public static async ValueTask<Done> Decline(Call call, Refusal body) =>
        await call.Forum.Registration.DeclineAsync(call.User, call.Id, body.Reason).ConfigureAwait(false)
            ? new Done() : throw RefusalException.NotFound("application");
}
