using System.Globalization;
using TinyForum.Api;
using TinyForum.Data;

namespace TinyForum.Web;

/// <summary>Who may come in, and what new accounts may do, as admins set it.</summary>
internal static class PolicyPages
{
    public static ValueTask Show(Call call) => Show(call, Form.Empty, mistakes: null);

    public static async ValueTask Save(Call call)
    {
        var form = await Form.ReadAsync(call).ConfigureAwait(false);
        await Forms.SubmitAsync(call, form, async () =>
        {
            var mistakes = ForumPolicy.Numbers.Where(n => form.Has(n.Name) && Value(n, form[n.Name]) is null)
                .ToDictionary(n => n.Name, n => $"must be 0 to {n.Most}");
            if (mistakes.Count > 0)
                throw RefusalException.Invalid(mistakes);
            var current = call.Forum.Policy.Current;
            var change = ForumPolicy.Numbers.Where(n => form.Has(n.Name) && Value(n, form[n.Name]) != n.Of(current)) // the others go on as they are set
                .Aggregate(new ForumPolicy(), (policy, n) => n.With(policy, Value(n, form[n.Name])));
            await call.Forum.Policy.ChangeAsync(call.User, change).ConfigureAwait(false);
            return "/moderation/settings?done=true";
        }, mistakes => Show(call, form, mistakes)).ConfigureAwait(false);
    }

    private static ValueTask Show(Call call, Form form, IReadOnlyDictionary<string, string>? mistakes)
    {
        if (call.Caller is not null && call.Caller.Role != Role.Admin)
            throw Permissions.AdminsOnly();
        return Page.Write(call, w => w.Settings, page =>
        {
            var (o, w) = (page.Out, page.Words);
            ModerationPages.Begin(page, w.Settings);
            if (call.Flag("done"))
                o.Write($"<p class=\"done\" role=\"status\">{w.Done}</p>\n");
            Forms.Begin(page, new Url("/moderation/settings"), form, mistakes);
            if (call.Caller is null)
            {
                Forms.End(page, w.Save);
                return;
            }
            var policy = call.Forum.Policy.Current;
            foreach (var number in ForumPolicy.Numbers)
                Field(page, number, form.Or(number.Name, Text(number, policy)), mistakes);
            Forms.End(page, w.Save);
        });
    }

    private static void Field(Page page, ForumPolicy.Number number, string value, IReadOnlyDictionary<string, string>? mistakes)
    {
        var w = page.Words;
        var label = w.Policy(number.Name);
        if (number.Name == "registration")
            Forms.Choice(page, number.Name, label, value, [.. RegistrationName.All.Select(name => (name, w.RegistrationOf(name)))], mistakes);
        else if (number.Most == 1)
            Forms.Choice(page, number.Name, label, value, [("0", w.No), ("1", w.Yes)], mistakes);
        else
            Forms.Line(page, number.Name, label, value, mistakes, type: "number");
    }

    private static string Text(ForumPolicy.Number number, ForumPolicy policy) => number.Name == "registration"
        ? RegistrationName.Of(policy.Registration!.Value) : number.Of(policy)!.Value.ToString(CultureInfo.InvariantCulture);

    private static int? Value(ForumPolicy.Number number, string text) => number.Name == "registration" ? (int?)RegistrationName.Parse(text)
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= number.Most ? value : null;
}
