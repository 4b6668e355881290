namespace TinyForum.Api;

/// <summary>The service itself: whether it is well.</summary>
internal static class Service
{
    public static ValueTask<Done> Health(Call call)
    {
        call.Forum.Database.Probe();
        return new(new Done());
    }
}
