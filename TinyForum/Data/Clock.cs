namespace TinyForum.Data;

/// <summary>Times as the tables store them: Unix milliseconds, UTC.</summary>
internal static class Clock
{
    /// <summary>Now.</summary>
    public static long Now(this TimeProvider clock) => clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The time that a table stores.</summary>
    public static DateTimeOffset Time(long unixMilliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(unixMilliseconds);
}
