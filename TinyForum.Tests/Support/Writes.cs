using TinyForum.Storage;

namespace TinyForum.Tests.Support;

internal static class Writes
{
    /// <summary>As <see cref="Database.WriteAsync{T}"/>, for a write without a result.</summary>
    public static Task WriteAsync(this Database database, Action<Connection> write) => database.WriteAsync(c =>
    {
        write(c);
        return true;
    });
}
