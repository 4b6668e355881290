namespace TinyForum.Data;

/// <summary>Times as the tables store them: Unix milliseconds, UTC.</summary>
internal static class Clock
{
    public static long Now(this TimeProvider clock) => clock.GetUtcNow().ToUnixTimeMilliseconds();

    public static DateTimeOffset Time(long unixMilliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(unixMilliseconds);
}
