using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using TinyForum.Api.Endpoints;
using TinyForum.Api.Events;
using TinyForum.Http;

namespace TinyForum.Api;

/// <summary>The body of an answer: <c>{"...payload...", "status": "success"}</c>.</summary>
internal abstract record Success
{
    public string Status { get; } = "success";
}

internal sealed record Done : Success;

/// <summary>The types of all request and answer bodies, a line each. Members are in snake case, sorted; absent ones are omitted.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(Done))]
[JsonSerializable(typeof(Credentials))]
[JsonSerializable(typeof(RegistrationRequest))]
[JsonSerializable(typeof(ApplicationSent))]
[JsonSerializable(typeof(ApplicationsAnswer))]
[JsonSerializable(typeof(Refusal))]
[JsonSerializable(typeof(NewInvitation))]
[JsonSerializable(typeof(InvitationAnswer))]
[JsonSerializable(typeof(InvitationsAnswer))]
[JsonSerializable(typeof(InvitedAnswer))]
[JsonSerializable(typeof(HeldAnswer))]
[JsonSerializable(typeof(HeldPostsAnswer))]
[JsonSerializable(typeof(SettingsView))]
[JsonSerializable(typeof(SettingsAnswer))]
[JsonSerializable(typeof(SpamRequest))]
[JsonSerializable(typeof(NewSpamRequest))]
[JsonSerializable(typeof(NewSpamAnswer))]
[JsonSerializable(typeof(UserAnswer))]
[JsonSerializable(typeof(SetupRequest))]
[JsonSerializable(typeof(PasswordReset))]
[JsonSerializable(typeof(LinkAnswer))]
[JsonSerializable(typeof(MeAnswer))]
[JsonSerializable(typeof(NewThread))]
[JsonSerializable(typeof(NewReply))]
[JsonSerializable(typeof(PostEdit))]
[JsonSerializable(typeof(TextToShow))]
[JsonSerializable(typeof(PreviewAnswer))]
[JsonSerializable(typeof(ReadMark))]
[JsonSerializable(typeof(PostAnswer))]
[JsonSerializable(typeof(PostsAnswer))]
[JsonSerializable(typeof(RepliesAnswer))]
[JsonSerializable(typeof(VersionsAnswer))]
[JsonSerializable(typeof(LikesAnswer))]
[JsonSerializable(typeof(TagsAnswer))]
[JsonSerializable(typeof(ProfileAnswer))]
[JsonSerializable(typeof(ProfileChange))]
[JsonSerializable(typeof(RoleChange))]
[JsonSerializable(typeof(PasswordChange))]
[JsonSerializable(typeof(PasswordProof))]
[JsonSerializable(typeof(ExportAnswer))]
[JsonSerializable(typeof(SessionsAnswer))]
[JsonSerializable(typeof(NewToken))]
[JsonSerializable(typeof(TokenAnswer))]
[JsonSerializable(typeof(TokensAnswer))]
[JsonSerializable(typeof(MessageDraft))]
[JsonSerializable(typeof(MessageAnswer))]
[JsonSerializable(typeof(MessagesAnswer))]
[JsonSerializable(typeof(UnreadAnswer))]
[JsonSerializable(typeof(BlocksAnswer))]
[JsonSerializable(typeof(NotificationsAnswer))]
[JsonSerializable(typeof(SearchAnswer))]
[JsonSerializable(typeof(ReportRequest))]
[JsonSerializable(typeof(ReportAnswer))]
[JsonSerializable(typeof(ReportsAnswer))]
[JsonSerializable(typeof(ResolutionRequest))]
[JsonSerializable(typeof(SuspensionRequest))]
[JsonSerializable(typeof(SuspensionAnswer))]
[JsonSerializable(typeof(ModerationLogAnswer))]
[JsonSerializable(typeof(EventsAnswer))]
[JsonSerializable(typeof(EventRangeView))]
[JsonSerializable(typeof(NewWebhook))]
[JsonSerializable(typeof(WebhookChange))]
[JsonSerializable(typeof(WebhookAnswer))]
[JsonSerializable(typeof(WebhooksAnswer))]
[JsonSerializable(typeof(DeliveryAnswer))]
[JsonSerializable(typeof(DeliveriesAnswer))]
[JsonSerializable(typeof(WebhookBody))]
[JsonSerializable(typeof(NewFilter))]
[JsonSerializable(typeof(FilterTest))]
[JsonSerializable(typeof(FilterAnswer))]
[JsonSerializable(typeof(FiltersAnswer))]
[JsonSerializable(typeof(FilterTestAnswer))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    private static readonly JsonSerializerOptions Sorted = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectRequiredConstructorParameters = true,
        Encoder = Json.MinimalEncoder.Instance,
        TypeInfoResolver = new ApiJson().WithAddedModifier(Sort),
    };

    public static JsonTypeInfo<T> Type<T>() => (JsonTypeInfo<T>)Sorted.GetTypeInfo(typeof(T));

    private static void Sort(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object)
            return;
        var properties = type.Properties.OrderBy(p => p.Name, StringComparer.Ordinal).ToList();
        type.Properties.Clear();
        foreach (var property in properties)
            type.Properties.Add(property);
    }
}
