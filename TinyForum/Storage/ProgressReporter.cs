using System.Diagnostics;

namespace TinyForum.Storage;

/// <summary>Reports progress every two seconds; what is done sooner reports nothing.</summary>
internal sealed class ProgressReporter(Action<string>? tell)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private long _last = Stopwatch.GetTimestamp();

    public bool IsDue => tell is not null && Stopwatch.GetElapsedTime(_last) >= Interval;

    public void Tell(string how)
    {
        _last = Stopwatch.GetTimestamp();
        tell?.Invoke(how);
    }
}
