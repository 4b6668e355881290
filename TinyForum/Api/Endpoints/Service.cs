using System.Buffers;
using TinyForum.Api.OpenApi;
using TinyForum.Data;

namespace TinyForum.Api.Endpoints;

/// <summary>The service itself: health, metrics, OpenAPI document.</summary>
internal static class Service
{
    public static ValueTask<Done> Health(Call call)
    {
        call.Forum.Database.Probe();
        return new(new Done());
    }

    public static ValueTask Metrics(Call call)
    {
        if (!call.IsDirectLoopback && call.Caller?.Role != Role.Admin)
            throw call.Caller is null ? ForumApi.LoginRequired() : Permissions.AdminsOnly();
        call.WriteMetrics(call.Exchange.Body);
        return default;
    }

    public static ValueTask OpenApi(Call call)
    {
        call.Exchange.Body.Write(OpenApiDocument.Of(call.Forum.Options.CookieName, call.Exchange.BasePath).Span);
        return default;
    }
}
