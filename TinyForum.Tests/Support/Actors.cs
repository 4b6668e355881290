using TinyForum.Data;

namespace TinyForum.Tests.Support;

/// <summary>Actors by their numbers alone: the stores look their roles up.</summary>
internal static class Actors
{
    public static Actor Of(long id) => new(id, "", Role.Member);
}
