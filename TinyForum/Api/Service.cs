namespace TinyForum.Api;

/// <summary>The service itself: whether it is well.</summary>
internal static class Service
{
    public static ValueTask<Done> Health(Call call)
    {
        call.Forum.Database.RequireInPlace();
        call.Forum.Database.Read(c => c.Number("SELECT count(*) FROM settings"));
        return new(new Done());
    }
}
