using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>The one way in for a change that someone makes.</summary>
internal static class ActorWrites
{
    /// <summary>As <see cref="Database.WriteAsync{T}"/>, if the actor still stands when the change is made (<see cref="Permissions"/>).</summary>
    /// <exception cref="RefusalException">Unauthenticated or Forbidden: the actor does not.</exception>
    public static Task<T> WriteAsync<T>(this Database database, Actor actor, TimeProvider clock, Func<Connection, T> change) =>
        database.WriteAsync(c =>
        {
            Permissions.RequireStanding(c, actor, clock.Now());
            return change(c);
        });

}
